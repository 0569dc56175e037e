/* SPDX-License-Identifier: MIT */
/* avx2: stream kernels on 256-bit vectors with ordinary stores. */
#include "suites/memory/memory.h"
#include "suites/memory/stream_avx2.h"

STREAM_AVX2 static ASSAY_NOIPA double stream_read(const double *a, size_t n)
{
	return stream_avx2_read(a, n);
}

STREAM_AVX2 static ASSAY_NOIPA void stream_write(double *a, double value, size_t n)
{
	stream_avx2_write(a, value, n, false);
}

STREAM_AVX2 static ASSAY_NOIPA void stream_copy(double *a, const double *b, size_t n)
{
	stream_avx2_copy(a, b, n, false);
}

STREAM_AVX2 static ASSAY_NOIPA void stream_triad(double *a, const double *b, const double *c,
						 double scale, size_t n)
{
	stream_avx2_triad(a, b, c, scale, n, false);
}

static const struct stream_kernel ops = {
	.read = stream_read,
	.write = stream_write,
	.copy = stream_copy,
	.triad = stream_triad,
};

static enum assay_code probe(struct assay_err *err)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return ASSAY_OK;
	return assay_fail(err, ASSAY_SKIP, "this processor has no AVX2 with FMA");
}

const struct assay_subject assay_subject_memory_avx2 = {
	.interface = MEMORY_STREAM_KERNEL,
	.brief = "256-bit vectors, ordinary stores",
	.ops = &ops,
	.probe = probe,
};
