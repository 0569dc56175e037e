/* SPDX-License-Identifier: MIT */
/* leak_detector: a window of epochs, and the looks at it. */
#include "suites/memory/leak_detector.h"

#include <string.h>

#include "harness/stats/trend.h"

/* Looks overlap and there are many of them: each has to be far surer than 95 %. */
#define CONFIDENCE 0.9998

enum assay_code leak_epoch(struct leak_detector *detector, double live, bool *ret,
			   struct assay_err *err)
{
	double epoch[LEAK_WINDOW];
	struct assay_line line;

	*ret = false;
	if (detector->n == LEAK_WINDOW) {
		memmove(detector->live, detector->live + 1,
			(LEAK_WINDOW - 1) * sizeof(*detector->live));
		detector->n--;
	}
	detector->live[detector->n++] = live;
	if (detector->n < LEAK_EPOCHS_AT_LEAST)
		return ASSAY_OK;
	for (size_t i = 0; i < detector->n; i++)
		epoch[i] = (double)i;
	enum assay_code code =
		assay_theil_sen(epoch, detector->live, detector->n, CONFIDENCE, &line, err);
	if (code != ASSAY_OK)
		return code;
	detector->slope = line.slope;
	detector->in_a_row = line.lo > 0 ? detector->in_a_row + 1 : 0;
	*ret = detector->in_a_row >= LEAK_LOOKS;
	return ASSAY_OK;
}
