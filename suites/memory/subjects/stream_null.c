/* SPDX-License-Identifier: MIT */
/* stream_null: stream kernels that do nothing: what a call and the checks around it cost. */
#include "suites/memory/memory.h"

static double stream_read(const double *a, size_t n)
{
	(void)a;
	(void)n;
	return 0;
}

static void stream_write(double *a, double value, size_t n)
{
	(void)a;
	(void)value;
	(void)n;
}

static void stream_copy(double *a, const double *b, size_t n)
{
	(void)a;
	(void)b;
	(void)n;
}

static void stream_triad(double *a, const double *b, const double *c, double scale, size_t n)
{
	(void)a;
	(void)b;
	(void)c;
	(void)scale;
	(void)n;
}

static const struct stream_kernel ops = {
	.read = stream_read,
	.write = stream_write,
	.copy = stream_copy,
	.triad = stream_triad,
	.is_null = true,
};

const struct assay_subject assay_subject_memory_stream_null = {
	.interface = MEMORY_STREAM_KERNEL,
	.brief = "no kernel at all: the cost of the call",
	.ops = &ops,
	.is_null = true,
};
