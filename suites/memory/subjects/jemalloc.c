/* SPDX-License-Identifier: MIT */
/* jemalloc: the allocator of FreeBSD and Meta, opened at run time. */
#include "suites/memory/peer.h"

/* Filled once by probe(), before any thread starts. */
static struct {
	struct allocator ops;
	void (*sdallocx)(void *ptr, size_t size, int flags);
	int (*mallctl)(const char *name, void *old, size_t *old_size, void *new, size_t new_size);
} peer_of = {.ops = {.keeps_content = true}};

/* One jump more than the other peers, and still faster than plain free, which looks the size up. */
static void release_sized(void *ptr, size_t size)
{
	peer_of.sdallocx(ptr, size, 0);
}

/* The thread's cache first, then the pages of all arenas (4096 stands for all of them). */
static void trim(void)
{
	peer_of.mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
	peer_of.mallctl("arena.4096.purge", NULL, NULL, NULL, 0);
}

static enum assay_code probe(struct assay_err *err)
{
	static const struct memory_peer peer = {
		.library = "libjemalloc.so.2",
		.package = "libjemalloc2",
		.alloc = "malloc",
		.release = "sdallocx",
	};
	void *alloc, *release;
	enum assay_code code = memory_peer_open(&peer, &alloc, &release, err);

	if (code == ASSAY_OK) {
		memcpy(&peer_of.ops.alloc, &alloc, sizeof(alloc));
		memcpy(&peer_of.sdallocx, &release, sizeof(release));
		peer_of.ops.release = release_sized;
		void *mallctl = memory_peer_symbol(&peer, "mallctl");
		memcpy(&peer_of.mallctl, &mallctl, sizeof(mallctl));
		peer_of.ops.trim = mallctl ? trim : NULL;
	}
	return code;
}

/* jemalloc keeps its thread caches in static TLS, of which a program reserves too little for a
 * library that arrives late; only the dynamic loader can be told, and only before it starts. */
static const char *const environment[] = {
	"GLIBC_TUNABLES=glibc.rtld.optional_static_tls=8192",
	NULL,
};

const struct assay_subject assay_subject_memory_jemalloc = {
	.brief = "jemalloc 5, sized release",
	.ops = &peer_of.ops,
	.probe = probe,
	.environment = environment,
};
