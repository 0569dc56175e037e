/* SPDX-License-Identifier: MIT */
/* params_add: 32 floats at a time in registers: everything is read once and written once. */
#include "suites/scaling/params_add.h"

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void add_scalar(float *values, const float *gradient, float *into, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++) {
		values[i] += gradient[i];
		if (into)
			into[i] = values[i];
	}
}

#if defined(__x86_64__)

enum { STEP = 32, LANES = 8, VECTORS = STEP / LANES };

__attribute__((target("avx2"))) static size_t add_stored(float *values, const float *gradient,
							 float *into, size_t begin, size_t end)
{
	for (; begin + STEP <= end; begin += STEP)
		for (size_t at = begin; at < begin + STEP; at += LANES) {
			__m256 sum = _mm256_add_ps(_mm256_loadu_ps(values + at),
						   _mm256_loadu_ps(gradient + at));
			_mm256_storeu_ps(values + at, sum);
			if (into)
				_mm256_storeu_ps(into + at, sum);
		}
	return begin;
}

__attribute__((target("avx2"))) static size_t add_streamed(float *values, const float *gradient,
							   float *into, size_t begin, size_t end)
{
	for (; begin + STEP <= end; begin += STEP)
		for (size_t at = begin; at < begin + STEP; at += LANES) {
			__m256 sum = _mm256_add_ps(_mm256_loadu_ps(values + at),
						   _mm256_loadu_ps(gradient + at));
			_mm256_storeu_ps(values + at, sum);
			_mm256_stream_ps(into + at, sum);
		}
	_mm_sfence(); /* such stores are ordered by nothing else */
	return begin;
}

void params_add(float *values, const float *gradient, float *into, size_t begin, size_t end,
		bool stream)
{
	if (__builtin_cpu_supports("avx2")) {
		stream = stream && into && (uintptr_t)(into + begin) % sizeof(__m256) == 0;
		begin = stream ? add_streamed(values, gradient, into, begin, end)
			       : add_stored(values, gradient, into, begin, end);
	}
	add_scalar(values, gradient, into, begin, end);
}

#else

void params_add(float *values, const float *gradient, float *into, size_t begin, size_t end,
		bool stream)
{
	(void)stream;
	add_scalar(values, gradient, into, begin, end);
}

#endif
