/* SPDX-License-Identifier: MIT */
/* params_shm: parameters in shared memory; a worker adds its gradient and copies the sum out in one pass. */
#include "suites/scaling/params_stripes.h"

static const struct params_ops ops = {
	.computes = true,
	.sums = true,
	.start = params_stripes_start,
	.connect = params_stripes_connect,
	.push = params_stripes_push,
	.pull = params_stripes_pull,
	.exchange = params_stripes_exchange,
	.disconnect = params_stripes_disconnect,
	.stop = params_stripes_stop,
};

const struct assay_subject assay_subject_scaling_params_shm = {
	.interface = SCALING_PARAMS,
	.brief = "parameters in shared memory, in stripes with a lock each",
	.ops = &ops,
};
