/* SPDX-License-Identifier: MIT */
/* peer: another project's allocator, opened at run time beside the C library's own. */
#ifndef ASSAY_SUITES_MEMORY_PEER_H
#define ASSAY_SUITES_MEMORY_PEER_H

#include "suites/memory/memory.h"

/* The functions of a peer's library, as it names them. */
struct memory_peer {
	const char *library; /* "libjemalloc.so.2" */
	const char *package; /* where it comes from, for the reason when it is missing */
	const char *alloc;   /* void *(size_t) */
	const char *release; /* called as void (void *, size_t, int) or shorter */
};

/*
 * Open the library so that it uses its own malloc and nobody else does (RTLD_LOCAL with
 * RTLD_DEEPBIND), and put its two functions at *ret_alloc and *ret_release. ASSAY_SKIP with the
 * reason when it is not there. The library stays open until the process ends: its threads' caches
 * could not be taken away. Call before threads start.
 */
enum assay_code memory_peer_open(const struct memory_peer *peer, void **ret_alloc,
				 void **ret_release, struct assay_err *err);
/* A further function of a library that memory_peer_open() has opened; NULL when it has none. */
void *memory_peer_symbol(const struct memory_peer *peer, const char *name);

#endif
