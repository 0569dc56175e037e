/* SPDX-License-Identifier: MIT */
/* clairvoyant: knows the rate that comes: a bound for what policies achieve, though not for what they cost. */
#include "suites/scaling/scaler.h"

const struct assay_subject assay_subject_scaling_clairvoyant = {
	.interface = SCALING_SCALER,
	.brief = "knows the rate that comes: a bound, no policy",
	.ops = &scaler_clairvoyant_ops,
};
