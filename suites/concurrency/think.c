/* SPDX-License-Identifier: MIT */
/* think: how long one turn of the loop takes here. */
#include "suites/concurrency/think.h"

#include "harness/base/clock.h"

enum { TURNS = 20000, ROUNDS = 7 };

uint32_t think_turns(double ns)
{
	uint64_t best = UINT64_MAX;
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t began = assay_now_ns();
		for (uint32_t i = 0; i < TURNS; i++)
			__asm__ volatile("" : "+r"(i));
		uint64_t took = assay_now_ns() - began;
		best = took < best ? took : best;
	}
	double turns = best ? ns * TURNS / (double)best : 0;
	return turns < 1 ? 0 : turns > INT32_MAX ? INT32_MAX : (uint32_t)turns;
}
