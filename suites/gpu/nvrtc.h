/* SPDX-License-Identifier: MIT */
/*
 * nvrtc: kernels as text to the code of one exact NVIDIA device, by the compiler library NVRTC, opened at run time.
 * What was compiled once is kept in a file: then neither the compiler nor its library is needed again.
 */
#ifndef ASSAY_SUITES_GPU_NVRTC_H
#define ASSAY_SUITES_GPU_NVRTC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct _nvrtcProgram;

enum { NVRTC_OK = 0, NVRTC_COMPILATION = 6 };

/* Every function: X(field, symbol, parameters). All return a status. */
#define NVRTC_CALLS(X)                                                                      \
	X(version, nvrtcVersion, (int *, int *))                                            \
	X(count_archs, nvrtcGetNumSupportedArchs, (int *))                                  \
	X(list_archs, nvrtcGetSupportedArchs, (int *))                                      \
	X(create, nvrtcCreateProgram,                                                       \
	  (struct _nvrtcProgram **, const char *, const char *, int, const char *const *,   \
	   const char *const *))                                                            \
	X(destroy, nvrtcDestroyProgram, (struct _nvrtcProgram **))                          \
	X(compile, nvrtcCompileProgram, (struct _nvrtcProgram *, int, const char *const *)) \
	X(log_size, nvrtcGetProgramLogSize, (struct _nvrtcProgram *, size_t *))             \
	X(log, nvrtcGetProgramLog, (struct _nvrtcProgram *, char *))                        \
	X(cubin_size, nvrtcGetCUBINSize, (struct _nvrtcProgram *, size_t *))                \
	X(cubin, nvrtcGetCUBIN, (struct _nvrtcProgram *, char *))

#define NVRTC_FIELD(field, symbol, parameters) unsigned(*field) parameters;
struct nvrtc {
	void *library;      /* NULL: not opened yet */
	char path[512];     /* of the library, or its bare name */
	char identity[600]; /* tells this library from its other versions without opening it */
	int major, minor;   /* known when it is open */
	NVRTC_CALLS(NVRTC_FIELD)
};

/*
 * Find the newest NVRTC that code for a driver of this version (12040 is 12.4) may come from; it is opened only
 * where its file cannot be told from the outside. Looked for as assay_toolkit_find() does, then where the dynamic
 * linker looks. ASSAY_SKIP says what was found.
 */
enum assay_code nvrtc_find(int driver_version, struct nvrtc *ret, struct assay_err *err);
/* Open the library at `path`, if it is not open. */
enum assay_code nvrtc_load(struct nvrtc *nvrtc, struct assay_err *err);
void nvrtc_unload(struct nvrtc *nvrtc);

/* Code for one device. Free `bytes`. */
struct cubin {
	unsigned char *bytes;
	size_t size;
	bool cached; /* it came from a file */
};

/*
 * Compile `text`, in our dialect, for exactly `arch` (90 is sm_90), or take what was compiled before. `name` is for
 * messages. `ret_log`, unless NULL, gets registers and spills as the assembler reports them (free it) and
 * always compiles. ASSAY_SKIP: this NVRTC does not know the device. ASSAY_EIO with the log: the text is wrong.
 */
enum assay_code nvrtc_compile(struct nvrtc *nvrtc, uint32_t arch, const char *name,
			      const char *text, struct cubin *ret, char **ret_log,
			      struct assay_err *err);

/*
 * The cache: a file a piece of code, in $XDG_CACHE_HOME/assay or ~/.cache/assay, named by the SHA-256 of what
 * went into it and checked by another of its content. Anything that is not as it should be is no hit.
 */
bool cubin_cached(const unsigned char key[32], struct cubin *ret);
/* Keep it, if there is a place to; where not, it will be compiled again. */
void cubin_keep(const unsigned char key[32], const struct cubin *cubin);

#endif
