/* SPDX-License-Identifier: MIT */
/* peer: dlopen and dlsym, with a reason a user can act on. */
#include "suites/cache/peer.h"

#include <dlfcn.h>
#include <string.h>

enum assay_code peer_open(const char *library, const char *package,
			  const struct peer_symbol *symbols, struct assay_err *err)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		const char *why = dlerror();
		return assay_fail(err, ASSAY_SKIP, "%s; install %s", why ? why : library, package);
	}
	for (; symbols->name; symbols++) {
		void *found = dlsym(handle, symbols->name);
		if (!found) {
			dlclose(handle);
			return assay_fail(err, ASSAY_SKIP, "%s has no %s", library, symbols->name);
		}
		memcpy(symbols->to, &found, sizeof(found));
	}
	return ASSAY_OK;
}
