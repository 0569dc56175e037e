/* SPDX-License-Identifier: MIT */
/* comm_sum: 32 floats at a time in registers, each input read once, each output written once. */
#include "suites/scaling/comm_sum.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

void comm_sum_scalar(const float *const *from, float *const *to, unsigned n, size_t begin,
		     size_t end)
{
	for (size_t i = begin; i < end; i++) {
		float sum = from[0][i];
		for (unsigned k = 1; k < n; k++)
			sum += from[k][i];
		for (unsigned k = 0; k < n; k++)
			to[k][i] = sum;
	}
}

#if defined(__x86_64__)

enum { STEP = 32 };

__attribute__((target("avx2"))) static inline void sum_step(const float *const *from, unsigned n,
							    size_t i, __m256 sum[4])
{
	for (int v = 0; v < 4; v++)
		sum[v] = _mm256_loadu_ps(from[0] + i + 8 * v);
	for (unsigned k = 1; k < n; k++)
		for (int v = 0; v < 4; v++)
			sum[v] = _mm256_add_ps(sum[v], _mm256_loadu_ps(from[k] + i + 8 * v));
}

__attribute__((target("avx2"))) static size_t sum_stored(const float *const *from, float *const *to,
							 unsigned n, size_t begin, size_t end)
{
	for (; begin + STEP <= end; begin += STEP) {
		__m256 sum[4];
		sum_step(from, n, begin, sum);
		for (unsigned k = 0; k < n; k++)
			for (int v = 0; v < 4; v++)
				_mm256_storeu_ps(to[k] + begin + 8 * v, sum[v]);
	}
	return begin;
}

__attribute__((target("avx2"))) static size_t
sum_streamed(const float *const *from, float *const *to, unsigned n, size_t begin, size_t end)
{
	for (; begin + STEP <= end; begin += STEP) {
		__m256 sum[4];
		sum_step(from, n, begin, sum);
		for (unsigned k = 0; k < n; k++)
			for (int v = 0; v < 4; v++)
				_mm256_stream_ps(to[k] + begin + 8 * v, sum[v]);
	}
	_mm_sfence(); /* such stores are ordered by nothing else */
	return begin;
}

void comm_sum(const float *const *from, float *const *to, unsigned n, size_t begin, size_t end,
	      bool stream)
{
	if (__builtin_cpu_supports("avx2"))
		begin = stream ? sum_streamed(from, to, n, begin, end)
			       : sum_stored(from, to, n, begin, end);
	comm_sum_scalar(from, to, n, begin, end);
}

#else

void comm_sum(const float *const *from, float *const *to, unsigned n, size_t begin, size_t end,
	      bool stream)
{
	(void)stream;
	comm_sum_scalar(from, to, n, begin, end);
}

#endif
