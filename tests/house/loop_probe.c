/* SPDX-License-Identifier: MIT */
/* loop_probe: bodies whose machine code loop.sh reads. */
#include "harness/bench.h"

void probe_loop(struct assay_run *run);
double probe_keep_double(double x);
float probe_keep_float(float x);
uint64_t probe_keep_integer(uint64_t x);

void probe_loop(struct assay_run *run)
{
	ASSAY_LOOP (run)
		__asm__ volatile("");
}

double probe_keep_double(double x)
{
	return assay_keep(x + x);
}

float probe_keep_float(float x)
{
	return assay_keep(x + x);
}

uint64_t probe_keep_integer(uint64_t x)
{
	return assay_keep(x + x);
}
