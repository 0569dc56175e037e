/* SPDX-License-Identifier: MIT */
/* clairvoyant: knows the rate that comes: a bound, no policy. */
#include "suites/scaling/scaler.h"

const struct assay_subject assay_subject_scaling_clairvoyant = {
	.interface = SCALING_SCALER,
	.brief = "knows the rate that comes: a bound, no policy",
	.ops = &scaler_clairvoyant_ops,
	.is_bound = true,
};
