/* SPDX-License-Identifier: MIT */
/* neon: stream kernels on the 128-bit vectors that every aarch64 processor has. */
#include <arm_neon.h>

#include "suites/memory/memory.h"

/* Doubles in a vector, and in one turn of the loop. */
enum { LANES = 2, TURN = 4 * LANES };

static ASSAY_NOIPA double stream_read(const double *a, size_t n)
{
	float64x2_t s0 = vdupq_n_f64(0), s1 = s0, s2 = s0, s3 = s0;
	size_t i = 0;

	for (; i + TURN <= n; i += TURN) {
		s0 = vaddq_f64(s0, vld1q_f64(a + i));
		s1 = vaddq_f64(s1, vld1q_f64(a + i + LANES));
		s2 = vaddq_f64(s2, vld1q_f64(a + i + 2 * LANES));
		s3 = vaddq_f64(s3, vld1q_f64(a + i + 3 * LANES));
	}
	double sum = vaddvq_f64(vaddq_f64(vaddq_f64(s0, s1), vaddq_f64(s2, s3)));
	for (; i < n; i++)
		sum += a[i];
	return sum;
}

static ASSAY_NOIPA void stream_write(double *a, double value, size_t n)
{
	float64x2_t v = vdupq_n_f64(value);
	size_t i = 0;

	for (; i + TURN <= n; i += TURN)
		for (size_t k = 0; k < TURN; k += LANES)
			vst1q_f64(a + i + k, v);
	for (; i < n; i++)
		a[i] = value;
}

static ASSAY_NOIPA void stream_copy(double *a, const double *b, size_t n)
{
	size_t i = 0;

	for (; i + TURN <= n; i += TURN)
		for (size_t k = 0; k < TURN; k += LANES)
			vst1q_f64(a + i + k, vld1q_f64(b + i + k));
	for (; i < n; i++)
		a[i] = b[i];
}

static ASSAY_NOIPA void stream_triad(double *a, const double *b, const double *c, double scale,
				     size_t n)
{
	size_t i = 0;

	for (; i + TURN <= n; i += TURN)
		for (size_t k = 0; k < TURN; k += LANES)
			vst1q_f64(a + i + k,
				  vfmaq_n_f64(vld1q_f64(b + i + k), vld1q_f64(c + i + k), scale));
	for (; i < n; i++)
		a[i] = b[i] + scale * c[i];
}

static const struct stream_kernel ops = {
	.read = stream_read,
	.write = stream_write,
	.copy = stream_copy,
	.triad = stream_triad,
};

const struct assay_subject assay_subject_memory_neon = {
	.interface = MEMORY_STREAM_KERNEL,
	.brief = "128-bit vectors, ordinary stores",
	.ops = &ops,
};
