/* SPDX-License-Identifier: MIT */
/* pages: anonymous memory on pages of a known kind, as the kernel confirms it. */
#ifndef ASSAY_SUITES_MEMORY_PAGES_H
#define ASSAY_SUITES_MEMORY_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* In the order of an axis "4k,huge". */
enum pages_kind { PAGES_4K, PAGES_HUGE };

struct pages {
	void *base;   /* aligned to a huge page */
	size_t bytes; /* what was asked for, rounded up to whole huge pages */
};

/*
 * Map `bytes` of memory for pages of `kind`, not touched yet: whoever touches it first, with
 * pages_touch() or otherwise, decides where it lies. ASSAY_SKIP when this kernel has no such pages.
 */
enum assay_code pages_map(enum pages_kind kind, size_t bytes, struct pages *ret,
			  struct assay_err *err);
/* Write to every page. */
void pages_touch(const struct pages *pages);
/*
 * Is all of the touched memory on pages of `kind`? Reads AnonHugePages of its mappings in
 * /proc/self/smaps. ASSAY_SKIP with what was found instead.
 */
enum assay_code pages_confirm(const struct pages *pages, enum pages_kind kind,
			      struct assay_err *err);
/* Unmap; zero-initialised and already unmapped ones are fine. */
void pages_done(struct pages *pages);

#endif
