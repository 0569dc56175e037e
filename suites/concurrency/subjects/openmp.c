/* SPDX-License-Identifier: MIT */
/* openmp: the tasks of the compiler's OpenMP runtime (libgomp with gcc, libomp with clang). */
#include "suites/concurrency/openmp_tasks.h"

static enum assay_code openmp_probe(struct assay_err *err)
{
	if (!concurrency_openmp_ops.run)
		return assay_fail(err, ASSAY_SKIP, "built without OpenMP (option 'openmp')");
	if (ASSAY_TSAN)
		return assay_fail(
			err, ASSAY_SKIP,
			"ThreadSanitizer does not see how the OpenMP runtime synchronises");
	return ASSAY_OK;
}

const struct assay_subject assay_subject_concurrency_openmp = {
	.brief = "task and taskwait of the compiler's OpenMP runtime",
#if defined(__clang__)
	.version = "libomp of clang " __clang_version__,
#else
	.version = "libgomp of gcc " __VERSION__,
#endif
	.ops = &concurrency_openmp_ops,
	.probe = openmp_probe,
};
