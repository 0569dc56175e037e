/* SPDX-License-Identifier: MIT */
/* clock: what the clock can resolve, by trial. */
#include "harness/base/clock.h"

uint64_t assay_clock_tick_ns(void)
{
	uint64_t best = UINT64_MAX;
	uint64_t last = assay_now_ns();
	for (int i = 0; i < 2000; i++) {
		uint64_t now = assay_now_ns();
		if (now > last && now - last < best)
			best = now - last;
		last = now;
	}
	return best == UINT64_MAX ? 1 : best;
}
