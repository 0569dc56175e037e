/* SPDX-License-Identifier: MIT */
/*
 * stream_avx2: stream kernels on 256-bit vectors, once for ordinary and once for non-temporal stores:
 * `direct` is a constant in each of the two subjects. Unaligned ends are done one double at a time.
 */
#ifndef ASSAY_SUITES_MEMORY_STREAM_AVX2_H
#define ASSAY_SUITES_MEMORY_STREAM_AVX2_H

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_AVX2 __attribute__((target("avx2,fma")))
/* Doubles in a vector, and vectors in one turn of the loop. */
enum { STREAM_AVX2_LANES = 4, STREAM_AVX2_TURN = 4 * STREAM_AVX2_LANES };

/* Elements before the first aligned vector of `a`, at most n. */
static inline size_t stream_avx2_head(const double *a, size_t n)
{
	size_t bytes = -(uintptr_t)a & (4 * sizeof(double) - 1);
	size_t head = bytes / sizeof(double);

	return head < n ? head : n;
}

STREAM_AVX2 static inline __attribute__((always_inline)) void
stream_avx2_store(double *to, __m256d value, bool direct)
{
	if (direct)
		_mm256_stream_pd(to, value);
	else
		_mm256_store_pd(to, value);
}

/* Non-temporal stores are ordered by nothing but this. */
static inline void stream_avx2_finish(bool direct)
{
	if (direct)
		_mm_sfence();
}

STREAM_AVX2 static inline double stream_avx2_read(const double *a, size_t n)
{
	__m256d s0 = _mm256_setzero_pd(), s1 = s0, s2 = s0, s3 = s0;
	double lane[STREAM_AVX2_LANES], sum = 0;
	size_t i = 0, head = stream_avx2_head(a, n);

	for (; i < head; i++)
		sum += a[i];
	for (; i + STREAM_AVX2_TURN <= n; i += STREAM_AVX2_TURN) {
		s0 = _mm256_add_pd(s0, _mm256_load_pd(a + i));
		s1 = _mm256_add_pd(s1, _mm256_load_pd(a + i + STREAM_AVX2_LANES));
		s2 = _mm256_add_pd(s2, _mm256_load_pd(a + i + 2 * STREAM_AVX2_LANES));
		s3 = _mm256_add_pd(s3, _mm256_load_pd(a + i + 3 * STREAM_AVX2_LANES));
	}
	_mm256_storeu_pd(lane, _mm256_add_pd(_mm256_add_pd(s0, s1), _mm256_add_pd(s2, s3)));
	for (size_t k = 0; k < STREAM_AVX2_LANES; k++)
		sum += lane[k];
	for (; i < n; i++)
		sum += a[i];
	return sum;
}

STREAM_AVX2 static inline __attribute__((always_inline)) void
stream_avx2_write(double *a, double value, size_t n, bool direct)
{
	__m256d v = _mm256_set1_pd(value);
	size_t i = 0, head = stream_avx2_head(a, n);

	for (; i < head; i++)
		a[i] = value;
	for (; i + STREAM_AVX2_TURN <= n; i += STREAM_AVX2_TURN)
		for (size_t k = 0; k < STREAM_AVX2_TURN; k += STREAM_AVX2_LANES)
			stream_avx2_store(a + i + k, v, direct);
	for (; i < n; i++)
		a[i] = value;
	stream_avx2_finish(direct);
}

STREAM_AVX2 static inline __attribute__((always_inline)) void
stream_avx2_copy(double *a, const double *b, size_t n, bool direct)
{
	size_t i = 0, head = stream_avx2_head(a, n);

	for (; i < head; i++)
		a[i] = b[i];
	for (; i + STREAM_AVX2_TURN <= n; i += STREAM_AVX2_TURN)
		for (size_t k = 0; k < STREAM_AVX2_TURN; k += STREAM_AVX2_LANES)
			stream_avx2_store(a + i + k, _mm256_loadu_pd(b + i + k), direct);
	for (; i < n; i++)
		a[i] = b[i];
	stream_avx2_finish(direct);
}

STREAM_AVX2 static inline __attribute__((always_inline)) void
stream_avx2_triad(double *a, const double *b, const double *c, double scale, size_t n, bool direct)
{
	__m256d s = _mm256_set1_pd(scale);
	size_t i = 0, head = stream_avx2_head(a, n);

	for (; i < head; i++)
		a[i] = b[i] + scale * c[i];
	for (; i + STREAM_AVX2_TURN <= n; i += STREAM_AVX2_TURN)
		for (size_t k = 0; k < STREAM_AVX2_TURN; k += STREAM_AVX2_LANES)
			stream_avx2_store(a + i + k,
					  _mm256_fmadd_pd(s, _mm256_loadu_pd(c + i + k),
							  _mm256_loadu_pd(b + i + k)),
					  direct);
	for (; i < n; i++)
		a[i] = b[i] + scale * c[i];
	stream_avx2_finish(direct);
}

#endif /* __x86_64__ */

#endif
