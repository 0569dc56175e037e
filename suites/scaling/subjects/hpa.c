/* SPDX-License-Identifier: MIT */
/* hpa: Kubernetes' algorithm: CPU at 80 %, tolerance, windows, limits of change. */
#include "suites/scaling/scaler.h"

const struct assay_subject assay_subject_scaling_hpa = {
	.interface = SCALING_SCALER,
	.brief = "Kubernetes' algorithm: CPU at 80 %, tolerance, windows, limits of change",
	.ops = &scaler_hpa_ops,
};
