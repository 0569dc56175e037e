/* SPDX-License-Identifier: MIT */
/* thresholds: CPU 80 %, memory 85 %, latency 200 ms, queue 20; cooldown 60 and 300 s. */
#include "suites/scaling/scaler.h"

const struct assay_subject assay_subject_scaling_thresholds = {
	.interface = SCALING_SCALER,
	.brief = "CPU 80 %, memory 85 %, latency 200 ms, queue 20; cooldown 60 and 300 s",
	.ops = &scaler_thresholds_ops,
};
