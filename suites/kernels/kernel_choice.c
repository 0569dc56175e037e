/* SPDX-License-Identifier: MIT */
/* kernel_choice: the widest vectors that this machine has. */
#include "suites/kernels/kernel.h"

extern const struct kernel_code kernel_vector_baseline;
#if defined(__x86_64__)
extern const struct kernel_code kernel_vector_avx2;
#endif

const struct kernel_code *const *kernel_vectors(void)
{
	static const struct kernel_code *const plain[] = {&kernel_vector_baseline, NULL};
#if defined(__x86_64__)
	static const struct kernel_code *const wide[] = {&kernel_vector_avx2,
							 &kernel_vector_baseline, NULL};
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return wide;
#endif
	return plain;
}

const struct kernel_code *kernel_vector(void)
{
	return kernel_vectors()[0];
}
