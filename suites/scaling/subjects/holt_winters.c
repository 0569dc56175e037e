/* SPDX-License-Identifier: MIT */
/* holt_winters: forecast of the season by Holt-Winters, down through the same window. */
#include "suites/scaling/scaler.h"

const struct assay_subject assay_subject_scaling_holt_winters = {
	.interface = SCALING_SCALER,
	.brief = "forecast of the season by Holt-Winters, down through the same window",
	.ops = &scaler_holt_winters_ops,
};
