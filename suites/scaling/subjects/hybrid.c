/* SPDX-License-Identifier: MIT */
/* hybrid: the higher of Kubernetes' algorithm and the forecast. */
#include "suites/scaling/scaler.h"

const struct assay_subject assay_subject_scaling_hybrid = {
	.interface = SCALING_SCALER,
	.brief = "the higher of Kubernetes' algorithm and the forecast",
	.ops = &scaler_hybrid_ops,
};
