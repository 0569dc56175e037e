/* SPDX-License-Identifier: MIT */
/*
 * shares SECONDS: a program whose functions take known shares of its CPU time: the same work in each, called
 * five, three and two times in turn, for so many seconds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/attr.h"

enum { STEPS = 20000 };

/* A function of its own each time, of the same instructions. */
#define WORK(name)                                                  \
	static ASSAY_NOIPA uint64_t name(uint64_t x)                \
	{                                                           \
		for (int i = 0; i < STEPS; i++) {                   \
			x = x * 6364136223846793005u + (uint64_t)i; \
			__asm__ volatile("" : "+r"(x));             \
		}                                                   \
		return x;                                           \
	}
WORK(five_tenths)
WORK(three_tenths)
WORK(two_tenths)

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
	uint64_t x = 1;
	while ((double)clock() / CLOCKS_PER_SEC < seconds)
		for (int i = 0; i < 10; i++)
			for (int k = 0; k < 10; k++)
				x = k < 5   ? five_tenths(x)
				    : k < 8 ? three_tenths(x)
					    : two_tenths(x);
	printf("%llu\n", (unsigned long long)x);
	return 0;
}
