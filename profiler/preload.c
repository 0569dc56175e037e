/* SPDX-License-Identifier: MIT */
/* preload: find our libraries from where the program itself is. */
#include "profiler/preload.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From the folder of the program: as built, as installed. */
static const char *const places[] = {"../profiler", "../../profiler", ASSAY_PRELOAD_PLACE};

enum assay_code preload_pair(const char *library, struct assay_str *pair, struct assay_err *err)
{
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (n <= 0)
		return assay_fail(err, ASSAY_SKIP, "/proc is not there to find %s by", library);
	program[n] = '\0';
	*strrchr(program, '/') = '\0';
	for (size_t i = 0; i < ASSAY_COUNT_OF(places); i++) {
		ASSAY_AUTO(assay_str_done) struct assay_str path = {0};
		assay_str_add(&path, "%s/%s/%s", program, places[i], library);
		ASSAY_AUTO_FREE char *real = realpath(assay_str_text(&path), NULL);
		if (!real)
			continue;
		if (strpbrk(real, " :"))
			return assay_fail(err, ASSAY_SKIP,
					  "the path '%.200s' cannot be preloaded: it holds a space "
					  "or a colon",
					  real);
		const char *before = getenv("LD_PRELOAD");
		assay_str_add(pair, "LD_PRELOAD=%s%s%s", real, before && *before ? ":" : "",
			      before ? before : "");
		return pair->failed ? assay_fail(err, ASSAY_ENOMEM, "out of memory") : ASSAY_OK;
	}
	return assay_fail(err, ASSAY_SKIP, "%s is not installed beside this program", library);
}
