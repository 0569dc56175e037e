/* SPDX-License-Identifier: MIT */
/* tcmalloc: gperftools' tcmalloc, opened at run time. */
#include "suites/memory/peer.h"

/* The library's functions stand in the vtable themselves, so that no call passes through ours. It
 * is filled once by probe(), before any thread starts. */
static struct allocator ops = {.keeps_content = true};

static enum assay_code probe(struct assay_err *err)
{
	static const struct memory_peer peer = {
		.library = "libtcmalloc_minimal.so.4",
		.package = "libtcmalloc-minimal4",
		.alloc = "tc_malloc",
		.release = "tc_free_sized", /* told the size, which is its fastest way */
	};
	void *alloc, *release;
	enum assay_code code = memory_peer_open(&peer, &alloc, &release, err);

	if (code == ASSAY_OK) {
		memcpy(&ops.alloc, &alloc, sizeof(alloc));
		memcpy(&ops.release, &release, sizeof(release));
		void *trim = memory_peer_symbol(&peer, "MallocExtension_ReleaseFreeMemory");
		memcpy(&ops.trim, &trim, sizeof(trim));
	}
	return code;
}

const struct assay_subject assay_subject_memory_tcmalloc = {
	.brief = "gperftools' tcmalloc",
	.ops = &ops,
	.probe = probe,
};
