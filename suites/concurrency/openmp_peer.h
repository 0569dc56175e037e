/* SPDX-License-Identifier: MIT */
/* openmp_peer: an OpenMP runtime opened at run time and called as a compiler calls it. */
#ifndef ASSAY_SUITES_CONCURRENCY_OPENMP_PEER_H
#define ASSAY_SUITES_CONCURRENCY_OPENMP_PEER_H

#include <stddef.h>

#include "harness/base/err.h"

/* One function of the runtime, and where its address goes. */
struct openmp_symbol {
	const char *name;
	void **at;
};

/*
 * Open the first of `libraries` (NULL-terminated) that is there and fill in all `symbols`.
 * ASSAY_SKIP with the reason: none is there (install `package`), one lacks a function, assay was
 * built without OpenMP, or ThreadSanitizer is at work. It stays open until the process ends, since
 * its threads do. Not two at once: a process has one OpenMP runtime.
 */
enum assay_code openmp_open(const char *const *libraries, const char *package,
			    const struct openmp_symbol *symbols, size_t n, struct assay_err *err);

#endif
