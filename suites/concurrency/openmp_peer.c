/* SPDX-License-Identifier: MIT */
/* openmp_peer: opening the runtime. */
#include "suites/concurrency/openmp_peer.h"

#include <dlfcn.h>
#include <stdbool.h>

#if ASSAY_TSAN
#define WATCHED 1
#elif defined(__has_feature)
#define WATCHED __has_feature(thread_sanitizer)
#else
#define WATCHED 0
#endif

enum assay_code openmp_open(const char *const *libraries, const char *package,
			    const struct openmp_symbol *symbols, size_t n, struct assay_err *err)
{
	void *library = NULL;
	if (!ASSAY_OPENMP)
		return assay_fail(err, ASSAY_SKIP, "built without OpenMP (option 'openmp')");
	if (WATCHED)
		return assay_fail(
			err, ASSAY_SKIP,
			"ThreadSanitizer does not see how the OpenMP runtime synchronises");
	for (; *libraries && !library; libraries++)
		library = dlopen(*libraries, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return assay_fail(err, ASSAY_SKIP, "%s; install %s", dlerror(), package);
	for (size_t i = 0; i < n; i++) {
		*symbols[i].at = dlsym(library, symbols[i].name);
		if (!*symbols[i].at)
			return assay_fail(err, ASSAY_SKIP, "the runtime has no %s",
					  symbols[i].name);
	}
	return ASSAY_OK;
}
