/* SPDX-License-Identifier: MIT */
/* tbbmalloc: the allocator of oneTBB, opened at run time. */
#include "suites/memory/peer.h"

/* The library's functions stand in the vtable themselves, so that no call passes through ours. It
 * is filled once by probe(), before any thread starts. */
static struct allocator ops = {.keeps_content = true};
static int (*command)(int what, void *parameter);

/* TBBMALLOC_CLEAN_ALL_BUFFERS of its header, which is not needed for anything else. */
enum { CLEAN_ALL_BUFFERS = 0 };

static void trim(void)
{
	command(CLEAN_ALL_BUFFERS, NULL);
}

static enum assay_code probe(struct assay_err *err)
{
	static const struct memory_peer peer = {
		.library = "libtbbmalloc.so.2",
		.package = "libtbbmalloc2",
		.alloc = "scalable_malloc",
		.release = "scalable_free", /* it has no sized one */
	};
	void *alloc, *release;
	enum assay_code code = memory_peer_open(&peer, &alloc, &release, err);

	if (code == ASSAY_OK) {
		memcpy(&ops.alloc, &alloc, sizeof(alloc));
		memcpy(&ops.release, &release, sizeof(release));
		void *symbol = memory_peer_symbol(&peer, "scalable_allocation_command");
		memcpy(&command, &symbol, sizeof(symbol));
		ops.trim = command ? trim : NULL;
	}
	return code;
}

const struct assay_subject assay_subject_memory_tbbmalloc = {
	.brief = "the allocator of oneTBB",
	.ops = &ops,
	.probe = probe,
};
