/* SPDX-License-Identifier: MIT */
/* toolkit: where NVIDIA's libraries lie, of which a machine may have several versions or none. */
#ifndef ASSAY_SUITES_GPU_TOOLKIT_H
#define ASSAY_SUITES_GPU_TOOLKIT_H

#include <stdbool.h>
#include <stddef.h>

/* Versions of CUDA that are looked for, oldest and newest. */
enum { TOOLKIT_OLDEST = 12, TOOLKIT_NEWEST = 19 };

/*
 * The file `name`.so.`major` ("libnvrtc") in $CUDA_HOME, $CUDA_PATH or /usr/local/cuda, in each of them itself, lib64 and
 * lib. False: there is none; the dynamic linker may still know one.
 */
bool toolkit_find(const char *name, int major, char *path, size_t size);

#endif
