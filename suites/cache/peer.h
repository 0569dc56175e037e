/* SPDX-License-Identifier: MIT */
/* peer: another project's library, opened at run time so that neither build nor other subjects need it. */
#ifndef ASSAY_SUITES_CACHE_PEER_H
#define ASSAY_SUITES_CACHE_PEER_H

#include "harness/base/err.h"

/* A function of the library and where its address goes. */
struct peer_symbol {
	const char *name;
	void *to; /* points to a function pointer */
};

/*
 * Open `library` and find all symbols; the list ends with a NULL name. ASSAY_SKIP with the package to
 * install, or the symbol it lacks. The library stays open as long as the process.
 */
enum assay_code peer_open(const char *library, const char *package,
			  const struct peer_symbol *symbols, struct assay_err *err);

#endif
