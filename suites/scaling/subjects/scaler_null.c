/* SPDX-License-Identifier: MIT */
/* scaler_null: leaves everything as it is: the cost of the harness. */
#include "suites/scaling/scaler.h"

const struct assay_subject assay_subject_scaling_scaler_null = {
	.interface = SCALING_SCALER,
	.brief = "leaves everything as it is: the cost of the harness",
	.ops = &scaler_none_ops,
	.is_null = true,
};
