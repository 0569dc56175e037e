/* SPDX-License-Identifier: MIT */
/* avx512_nt: stream kernels on 512-bit vectors with non-temporal stores. */
#include "suites/memory/memory.h"
#include "suites/memory/stream_avx512.h"

STREAM_AVX512 static ASSAY_NOIPA void stream_write(double *a, double value, size_t n)
{
	stream_avx512_write(a, value, n, true);
}

STREAM_AVX512 static ASSAY_NOIPA void stream_copy(double *a, const double *b, size_t n)
{
	stream_avx512_copy(a, b, n, true);
}

STREAM_AVX512 static ASSAY_NOIPA void stream_triad(double *a, const double *b, const double *c,
						   double scale, size_t n)
{
	stream_avx512_triad(a, b, c, scale, n, true);
}

static const struct stream_kernel ops = {
	/* No read: from ordinary memory a load is the same load with any hint. */
	.write = stream_write,
	.copy = stream_copy,
	.triad = stream_triad,
};

static enum assay_code probe(struct assay_err *err)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f"))
		return ASSAY_OK;
	return assay_fail(err, ASSAY_SKIP, "this processor has no AVX-512F");
}

const struct assay_subject assay_subject_memory_avx512_nt = {
	.interface = MEMORY_STREAM_KERNEL,
	.brief = "512-bit vectors, non-temporal stores",
	.ops = &ops,
	.probe = probe,
};
