/* SPDX-License-Identifier: MIT */
/* adaptive: Kubernetes' algorithm with a target that losses lower and quiet raises. */
#include "suites/scaling/scaler.h"

const struct assay_subject assay_subject_scaling_adaptive = {
	.interface = SCALING_SCALER,
	.brief = "Kubernetes' algorithm with a target that losses lower and quiet raises",
	.ops = &scaler_adaptive_ops,
};
