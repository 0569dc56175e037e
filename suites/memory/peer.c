/* SPDX-License-Identifier: MIT */
/* peer: opening another project's allocator. */
#include "suites/memory/peer.h"

#include <dlfcn.h>

enum assay_code memory_peer_open(const struct memory_peer *peer, void **ret_alloc,
				 void **ret_release, struct assay_err *err)
{
	if (ASSAY_SANITIZED)
		return assay_fail(err, ASSAY_SKIP,
				  "%s is not loaded in a sanitizer build: both replace malloc",
				  peer->library);
	void *library = dlopen(peer->library, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	if (!library) {
		const char *why = dlerror();
		return assay_fail(err, ASSAY_SKIP, "%s (Debian package %s)",
				  why ? why : peer->library, peer->package);
	}
	void *alloc = dlsym(library, peer->alloc);
	void *release = dlsym(library, peer->release);
	if (!alloc || !release) {
		dlclose(library);
		return assay_fail(err, ASSAY_SKIP, "%s has no symbol %s", peer->library,
				  alloc ? peer->release : peer->alloc);
	}
	*ret_alloc = alloc;
	*ret_release = release;
	return ASSAY_OK;
}

void *memory_peer_symbol(const struct memory_peer *peer, const char *name)
{
	void *library = dlopen(peer->library, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);

	return library ? dlsym(library, name) : NULL;
}
