/* SPDX-License-Identifier: MIT */
/* mimalloc: Microsoft's mimalloc, opened at run time. */
#include "suites/memory/peer.h"

/* The library's functions stand in the vtable themselves, so that no call passes through ours. It
 * is filled once by probe(), before any thread starts. */
static struct allocator ops = {.keeps_content = true};
static void (*collect)(bool force);

static void trim(void)
{
	collect(true);
}

static enum assay_code probe(struct assay_err *err)
{
	static const struct memory_peer peer = {
		.library = "libmimalloc.so.2",
		.package = "libmimalloc2.0",
		.alloc = "mi_malloc",
		.release = "mi_free_size", /* told the size, which is its fastest way */
	};
	void *alloc, *release;
	enum assay_code code = memory_peer_open(&peer, &alloc, &release, err);

	if (code == ASSAY_OK) {
		memcpy(&ops.alloc, &alloc, sizeof(alloc));
		memcpy(&ops.release, &release, sizeof(release));
		void *symbol = memory_peer_symbol(&peer, "mi_collect");
		memcpy(&collect, &symbol, sizeof(symbol));
		ops.trim = collect ? trim : NULL;
	}
	return code;
}

const struct assay_subject assay_subject_memory_mimalloc = {
	.brief = "Microsoft's mimalloc",
	.ops = &ops,
	.probe = probe,
};
