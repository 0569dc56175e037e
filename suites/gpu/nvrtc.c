/* SPDX-License-Identifier: MIT */
/* nvrtc: finds the compiler library that fits the driver, and compiles with it. */
#include "suites/gpu/nvrtc.h"

#include <dlfcn.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/str.h"
#include "harness/machine/toolkit.h"
#include "suites/gpu/dialect.h"

enum { LOG_SHOWN = 300 };

/* What tells versions of the library apart is path, size and time of its file. */
static bool find_file(int major, struct nvrtc *ret)
{
	struct stat file;
	if (!assay_toolkit_find(ASSAY_TOOLKIT_ROOT, "libnvrtc", major, ret->path,
				sizeof(ret->path)) ||
	    stat(ret->path, &file) != 0)
		return false;
	snprintf(ret->identity, sizeof(ret->identity), "%s %lld %lld.%09ld", ret->path,
		 (long long)file.st_size, (long long)file.st_mtim.tv_sec,
		 (long)file.st_mtim.tv_nsec);
	return true;
}

/* Where the dynamic linker looks, only opening tells. */
static bool find_linked(int major, struct nvrtc *ret)
{
	struct assay_err err = {0};
	snprintf(ret->path, sizeof(ret->path), "libnvrtc.so.%d", major);
	if (nvrtc_load(ret, &err) != ASSAY_OK)
		return false;
	snprintf(ret->identity, sizeof(ret->identity), "%s %d.%d", ret->path, ret->major,
		 ret->minor);
	return true;
}

enum assay_code nvrtc_find(int driver_version, struct nvrtc *ret, struct assay_err *err)
{
	int driver_major = driver_version / 1000;
	*ret = (struct nvrtc){0};
	for (int major = driver_major; major >= ASSAY_TOOLKIT_OLDEST; major--)
		if (find_file(major, ret) || find_linked(major, ret))
			return ASSAY_OK;
	for (int major = driver_major + 1; major <= ASSAY_TOOLKIT_NEWEST; major++)
		if (find_file(major, ret))
			return assay_fail(err, ASSAY_SKIP,
					  "the driver knows CUDA %d.%d and the compiler is %s: "
					  "update the driver, or install a toolkit %d",
					  driver_major, driver_version % 1000 / 10, ret->path,
					  driver_major);
	return assay_fail(err, ASSAY_SKIP,
			  "no libnvrtc.so.%d: install the toolkit's NVRTC, or set CUDA_HOME "
			  "to the folder it is in",
			  driver_major);
}

enum assay_code nvrtc_load(struct nvrtc *nvrtc, struct assay_err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} calls[] = {
#define NVRTC_SYMBOL(field, symbol, parameters) {#symbol, offsetof(struct nvrtc, field)},
		NVRTC_CALLS(NVRTC_SYMBOL)};
	if (nvrtc->library)
		return ASSAY_OK;
	/* Unloading it would lose what it keeps for next time. */
	nvrtc->library = dlopen(nvrtc->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!nvrtc->library)
		return assay_fail(err, ASSAY_SKIP, "no NVRTC (%s)", dlerror());
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		void *function = dlsym(nvrtc->library, calls[i].symbol);
		if (!function) {
			nvrtc_unload(nvrtc);
			return assay_fail(err, ASSAY_SKIP, "%s has no %s", nvrtc->path,
					  calls[i].symbol);
		}
		memcpy((char *)nvrtc + calls[i].offset, &function, sizeof(function));
	}
	if (nvrtc->version(&nvrtc->major, &nvrtc->minor) != NVRTC_OK) {
		nvrtc_unload(nvrtc);
		return assay_fail(err, ASSAY_SKIP, "%s does not say its version", nvrtc->path);
	}
	return ASSAY_OK;
}

void nvrtc_unload(struct nvrtc *nvrtc)
{
	if (nvrtc->library)
		dlclose(nvrtc->library);
	nvrtc->library = NULL;
}

/* What the code depends on, and nothing else. */
static void make_key(const struct nvrtc *nvrtc, uint32_t arch, const char *text,
		     unsigned char key[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx hash;
	char what[sizeof(nvrtc->identity) + 32];
	int length = snprintf(what, sizeof(what), "cubin 1 sm_%u %s", arch, nvrtc->identity);
	sha256_init(&hash);
	/* With their ends, so that no two lists of texts read the same. */
	sha256_update(&hash, (size_t)length + 1, (const uint8_t *)what);
	sha256_update(&hash, sizeof(GPU_DIALECT_CUDA), (const uint8_t *)GPU_DIALECT_CUDA);
	sha256_update(&hash, strlen(text) + 1, (const uint8_t *)text);
	sha256_digest(&hash, SHA256_DIGEST_SIZE, key);
}

static bool knows_arch(const struct nvrtc *nvrtc, uint32_t arch)
{
	int archs[64], count = 0;
	if (nvrtc->count_archs(&count) != NVRTC_OK || count < 1 ||
	    count > (int)ASSAY_COUNT_OF(archs) || nvrtc->list_archs(archs) != NVRTC_OK)
		return false;
	for (int i = 0; i < count; i++)
		if (archs[i] == (int)arch)
			return true;
	return false;
}

/* The compiler's log; NULL when there is none. Free it. */
static char *take_log(const struct nvrtc *nvrtc, struct _nvrtcProgram *program)
{
	size_t size = 0;
	if (nvrtc->log_size(program, &size) != NVRTC_OK || size == 0)
		return NULL;
	char *log = calloc(1, size + 1);
	if (log && nvrtc->log(program, log) != NVRTC_OK)
		log[0] = '\0';
	return log;
}

static enum assay_code refused(const struct nvrtc *nvrtc, struct _nvrtcProgram *program,
			       const char *name, unsigned status, struct assay_err *err)
{
	char clean[LOG_SHOWN] = "";
	char *log = take_log(nvrtc, program);
	for (char *c = log; c && *c; c++)
		if (*c == '\n')
			*c = ' ';
	if (log)
		assay_sanitise(clean, sizeof(clean), log);
	free(log);
	return assay_fail(err, ASSAY_EIO, "NVRTC: kernel %s does not compile (%u): %s", name,
			  status, clean[0] ? clean : "the compiler left no log");
}

static enum assay_code take_cubin(const struct nvrtc *nvrtc, struct _nvrtcProgram *program,
				  const char *name, struct cubin *ret, struct assay_err *err)
{
	if (nvrtc->cubin_size(program, &ret->size) != NVRTC_OK || ret->size == 0)
		return assay_fail(err, ASSAY_EIO, "NVRTC: kernel %s: no code came out", name);
	ret->bytes = malloc(ret->size);
	if (!ret->bytes)
		return assay_fail(err, ASSAY_ENOMEM, "NVRTC: out of memory");
	if (nvrtc->cubin(program, (char *)ret->bytes) != NVRTC_OK) {
		free(ret->bytes);
		*ret = (struct cubin){0};
		return assay_fail(err, ASSAY_EIO, "NVRTC: kernel %s: its code is unreadable", name);
	}
	return ASSAY_OK;
}

static enum assay_code compile_program(const struct nvrtc *nvrtc, struct _nvrtcProgram *program,
				       uint32_t arch, const char *name, struct cubin *ret,
				       char **ret_log, struct assay_err *err)
{
	char architecture[40];
	snprintf(architecture, sizeof(architecture), "--gpu-architecture=sm_%u", arch);
	const char *const options[] = {architecture, "--std=c++17", "--ptxas-options=-v"};
	/* The assembler's report is asked for only where somebody reads it. */
	int n = ret_log ? 3 : 2;
	unsigned status = nvrtc->compile(program, n, options);
	if (status != NVRTC_OK)
		return refused(nvrtc, program, name, status, err);
	if (ret_log)
		*ret_log = take_log(nvrtc, program);
	return take_cubin(nvrtc, program, name, ret, err);
}

static enum assay_code compile(struct nvrtc *nvrtc, uint32_t arch, const char *name,
			       const char *text, struct cubin *ret, char **ret_log,
			       struct assay_err *err)
{
	struct assay_str source = {0};
	struct _nvrtcProgram *program = NULL;
	enum assay_code code = nvrtc_load(nvrtc, err);
	if (code != ASSAY_OK)
		return code;
	if (!knows_arch(nvrtc, arch))
		return assay_fail(err, ASSAY_SKIP,
				  "NVRTC %d.%d does not compile for sm_%u: use a toolkit of the "
				  "device's time, or OpenCL",
				  nvrtc->major, nvrtc->minor, arch);
	assay_str_add(&source, "%s#line 1\n%s", GPU_DIALECT_CUDA, text);
	unsigned status = source.failed ? 1
					: nvrtc->create(&program, assay_str_text(&source), name, 0,
							NULL, NULL);
	if (status == NVRTC_OK) {
		code = compile_program(nvrtc, program, arch, name, ret, ret_log, err);
		nvrtc->destroy(&program);
	} else {
		code = assay_fail(err, ASSAY_EIO, "NVRTC: kernel %s: no program (%u)", name,
				  status);
	}
	assay_str_done(&source);
	return code;
}

enum assay_code nvrtc_compile(struct nvrtc *nvrtc, uint32_t arch, const char *name,
			      const char *text, struct cubin *ret, char **ret_log,
			      struct assay_err *err)
{
	unsigned char key[SHA256_DIGEST_SIZE];
	*ret = (struct cubin){0};
	make_key(nvrtc, arch, text, key);
	if (!ret_log && cubin_cached(key, ret))
		return ASSAY_OK;
	enum assay_code code = compile(nvrtc, arch, name, text, ret, ret_log, err);
	if (code == ASSAY_OK)
		cubin_keep(key, ret);
	return code;
}
