/* SPDX-License-Identifier: MIT */
/* scalar: stream kernels one double at a time, kept from being vectorised or turned into memcpy. */
#include "suites/memory/memory.h"

#if defined(__x86_64__)
#define FLOAT_REGISTER "+x"
#elif defined(__aarch64__)
#define FLOAT_REGISTER "+w"
#else
#define FLOAT_REGISTER "+m"
#endif
/* The value passes through one scalar register, which neither a vector nor a call to memcpy can. */
#define SCALAR(value) __asm__("" : FLOAT_REGISTER(value))
#define UNROLL        8

static ASSAY_NOIPA double stream_read(const double *a, size_t n)
{
	double sum[UNROLL] = {0};
	size_t i = 0;

	/* As many sums as additions can be under way. */
	for (; i + UNROLL <= n; i += UNROLL)
		for (size_t k = 0; k < UNROLL; k++) {
			double value = a[i + k];
			SCALAR(value);
			sum[k] += value;
		}
	for (; i < n; i++)
		sum[0] += a[i];
	return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

static ASSAY_NOIPA void stream_write(double *a, double value, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		SCALAR(value);
		a[i] = value;
	}
}

static ASSAY_NOIPA void stream_copy(double *a, const double *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double value = b[i];
		SCALAR(value);
		a[i] = value;
	}
}

static ASSAY_NOIPA void stream_triad(double *a, const double *b, const double *c, double scale,
				     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double value = b[i] + scale * c[i];
		SCALAR(value);
		a[i] = value;
	}
}

static const struct stream_kernel ops = {
	.read = stream_read,
	.write = stream_write,
	.copy = stream_copy,
	.triad = stream_triad,
};

const struct assay_subject assay_subject_memory_scalar = {
	.interface = MEMORY_STREAM_KERNEL,
	.brief = "one double at a time, ordinary stores",
	.ops = &ops,
};
