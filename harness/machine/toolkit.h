/* SPDX-License-Identifier: MIT */
/* toolkit: where NVIDIA's libraries lie, of which a machine may have several versions or none. */
#ifndef ASSAY_MACHINE_TOOLKIT_H
#define ASSAY_MACHINE_TOOLKIT_H

#include <stdbool.h>
#include <stddef.h>

/* Versions of CUDA that are looked for, oldest and newest. */
enum { ASSAY_TOOLKIT_OLDEST = 12, ASSAY_TOOLKIT_NEWEST = 19, ASSAY_TOOLKIT_PATH = 512 };

/* Where toolkits are installed when nobody says otherwise. */
#define ASSAY_TOOLKIT_ROOT "/usr/local"

/*
 * The file `name`.so.`major` ("libnvrtc") in $CUDA_HOME, $CUDA_PATH, `root`/cuda or else `root`/cuda-MAJOR.MINOR, the newest first;
 * in each of them in all folders where toolkits and wheels keep libraries. False: there is none; the dynamic linker
 * may still know one.
 */
bool assay_toolkit_find(const char *root, const char *name, int major, char *path, size_t size);

/* A library of a toolkit: its file, without links in its way, and the version in its name. */
struct assay_toolkit {
	char path[ASSAY_TOOLKIT_PATH];
	int major;
};
/* All files that assay_toolkit_find() looks at, of every version, newest first, each once; how many of ret[most] there are. */
size_t assay_toolkit_list(const char *root, const char *name, struct assay_toolkit *ret,
			  size_t most);

#endif
