/* SPDX-License-Identifier: MIT */
/* params_view: parameters in shared memory that workers read where they are, as Hogwild! does [Niu et al., 2011]. */
#include "suites/scaling/params_stripes.h"

static const struct params_ops ops = {
	.computes = true,
	.sums = true,
	.start = params_stripes_start,
	.connect = params_stripes_connect,
	.push = params_stripes_push,
	.pull = params_stripes_pull,
	.view = params_stripes_view,
	.disconnect = params_stripes_disconnect,
	.stop = params_stripes_stop,
};

const struct assay_subject assay_subject_scaling_params_view = {
	.interface = SCALING_PARAMS,
	.brief = "the same, read in place while others add: nothing is copied",
	.ops = &ops,
};
