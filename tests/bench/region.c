/* SPDX-License-Identifier: MIT */
/*
 * region: what a region costs, with and without a listener: a loop with one in each iteration beside the
 * same loop without, in turns. The listener's part runs in this program started again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "profiler/preload.h"
#include "profiler/region.h"
#include "tests/bench/child.h"

enum { ROUNDS = 41, STEPS = 200000 };

static ASSAY_NOIPA uint64_t without(uint64_t n)
{
	uint64_t x = 1;
	for (uint64_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + i;
		__asm__ volatile("" : "+r"(x) : : "memory");
	}
	return x;
}

static ASSAY_NOIPA uint64_t with(uint64_t n)
{
	uint64_t x = 1;
	for (uint64_t i = 0; i < n; i++) {
		ASSAY_REGION("bench");
		x = x * 6364136223846793005u + i;
		__asm__ volatile("" : "+r"(x) : : "memory");
	}
	return x;
}

static double timed(uint64_t (*loop)(uint64_t))
{
	uint64_t began = assay_now_ns(), x = loop(STEPS);
	double ns = (double)(assay_now_ns() - began) / STEPS;
	return x == 42 ? ns + 1 : ns;
}

static double cost_ns(void)
{
	double costs[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		double plain = timed(without);
		costs[i] = timed(with) - plain;
	}
	return median_of(costs, ROUNDS);
}

int main(int argc, char **argv)
{
	static const char *const again[] = {"/proc/self/exe", "on", NULL};
	struct child child;
	double on = -1, off = cost_ns();
	(void)argv;
	if (argc > 1) {
		printf("%f\n", off);
		return 0;
	}
	setenv(PRELOAD_REGION_ENV, "/dev/null", 1);
	if (!child_start(&child, again, false) || fscanf(child.lines, "%lf", &on) != 1 ||
	    child_finish(&child) != 0)
		return 2;
	printf("a region nobody listens to  %6.2f ns; at most 2: %s\n", off,
	       off <= 2 ? "met" : "MISSED");
	printf("a region with a listener    %6.2f ns; at most 60: %s\n", on,
	       on <= 60 ? "met" : "MISSED");
	return !(off <= 2 && on <= 60);
}
