/* SPDX-License-Identifier: MIT */
/* toolkit: one walk over the places that toolkits are in. */
#include "harness/machine/toolkit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "harness/base/str.h"

enum { MOST_MINOR = 19 };

/* What is done with a file that is there; true: go on. */
typedef bool (*see_fn)(void *context, const char *path, int major);

static bool look_in(const char *folder, const char *name, int major, see_fn see, void *context)
{
	static const char *const below[] = {"", "/lib64", "/lib", "/targets/x86_64-linux/lib",
					    "/extras/CUPTI/lib64"};
	char path[ASSAY_TOOLKIT_PATH];
	for (size_t i = 0; folder && i < ASSAY_COUNT_OF(below); i++) {
		int length = snprintf(path, sizeof(path), "%s%s/%s.so.%d", folder, below[i], name,
				      major);
		if (length > 0 && (size_t)length < sizeof(path) && access(path, R_OK) == 0 &&
		    !see(context, path, major))
			return false;
	}
	return true;
}

static bool look_everywhere(const char *root, const char *name, int major, see_fn see,
			    void *context)
{
	char folder[ASSAY_TOOLKIT_PATH];
	bool on = look_in(getenv("CUDA_HOME"), name, major, see, context) &&
		  look_in(getenv("CUDA_PATH"), name, major, see, context);
	snprintf(folder, sizeof(folder), "%s/cuda", root);
	on = on && look_in(folder, name, major, see, context);
	for (int minor = MOST_MINOR; on && minor >= 0; minor--) {
		snprintf(folder, sizeof(folder), "%s/cuda-%d.%d", root, major, minor);
		on = look_in(folder, name, major, see, context);
	}
	return on;
}

struct found {
	char *path;
	size_t size;
	bool any;
};

static bool take_first(void *context, const char *path, int major)
{
	struct found *found = context;
	(void)major;
	found->any = strlen(path) < found->size;
	if (found->any)
		assay_copy(found->path, found->size, path);
	return !found->any;
}

bool assay_toolkit_find(const char *root, const char *name, int major, char *path, size_t size)
{
	struct found found = {path, size, false};
	look_everywhere(root, name, major, take_first, &found);
	return found.any;
}

struct listing {
	struct assay_toolkit *list;
	size_t n, most;
};

static bool add(void *context, const char *path, int major)
{
	struct listing *l = context;
	char real[PATH_MAX];
	if (!realpath(path, real) || strlen(real) >= sizeof(l->list->path))
		return true;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->list[i].path, real) == 0)
			return true;
	if (l->n == l->most)
		return false;
	l->list[l->n].major = major;
	assay_copy(l->list[l->n].path, sizeof(l->list->path), real);
	l->n++;
	return true;
}

size_t assay_toolkit_list(const char *root, const char *name, struct assay_toolkit *ret,
			  size_t most)
{
	struct listing l = {ret, 0, most};
	for (int major = ASSAY_TOOLKIT_NEWEST; major >= ASSAY_TOOLKIT_OLDEST; major--)
		if (!look_everywhere(root, name, major, add, &l))
			break;
	return l.n;
}
