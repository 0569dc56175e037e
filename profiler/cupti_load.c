/* SPDX-License-Identifier: MIT */
/* cupti_load: finds the profiling library that fits the driver, and turns its statuses into sentences. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/attr.h"
#include "harness/base/str.h"
#include "harness/machine/toolkit.h"
#include "profiler/cupti.h"

int cupti_driver_version(void)
{
	int version = 0;
	unsigned (*ask)(int *);
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
	void *symbol = driver ? dlsym(driver, "cuDriverGetVersion") : NULL;
	/* POSIX wants dlsym's object pointer to be usable as a function pointer. */
	memcpy(&ask, &symbol, sizeof(ask));
	if (symbol && ask(&version) != 0)
		version = 0;
	if (driver)
		dlclose(driver);
	return version;
}

/* Its helpers are found beside it when it is opened by this path. */
static bool find_file(int major, char *path, size_t size)
{
	return assay_toolkit_find(ASSAY_TOOLKIT_ROOT, "libcupti", major, path, size);
}

/* Where the dynamic linker looks, only opening tells. */
static bool find_linked(int major, char *path, size_t size)
{
	snprintf(path, size, "libcupti.so.%d", major);
	return dlopen(path, RTLD_NOW | RTLD_LOCAL) != NULL;
}

enum assay_code cupti_find(int driver_version, char *path, size_t size, struct assay_err *err)
{
	int driver_major = driver_version / 1000;
	for (int major = driver_major; major >= ASSAY_TOOLKIT_OLDEST; major--)
		if (find_file(major, path, size) || find_linked(major, path, size))
			return ASSAY_OK;
	if (find_file(driver_major + 1, path, size))
		return assay_fail(err, ASSAY_SKIP,
				  "the driver knows CUDA %d and %.80s is newer: update the driver",
				  driver_major, path);
	return assay_fail(err, ASSAY_SKIP,
			  "no libcupti.so.%d: install the toolkit's CUPTI, or set CUDA_HOME to the "
			  "folder it is in",
			  driver_major);
}

enum assay_code cupti_load(int driver_version, struct cupti *ret, struct assay_err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} calls[] = {
#define CUPTI_SYMBOL(field, symbol, parameters) {#symbol, offsetof(struct cupti, field)},
		CUPTI_TRACE_CALLS(CUPTI_SYMBOL)};
	*ret = (struct cupti){0};
	enum assay_code rc = cupti_find(driver_version, ret->path, sizeof(ret->path), err);
	if (rc != ASSAY_OK)
		return rc;
	ret->library = dlopen(ret->path, RTLD_NOW | RTLD_LOCAL);
	if (!ret->library)
		return assay_fail(err, ASSAY_SKIP, "no CUPTI (%s)", dlerror());
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		void *function = dlsym(ret->library, calls[i].symbol);
		if (!function)
			return assay_fail(err, ASSAY_SKIP,
					  "%.80s has no %s: take that of a newer toolkit",
					  ret->path, calls[i].symbol);
		memcpy((char *)ret + calls[i].offset, &function, sizeof(function));
	}
	return ASSAY_OK;
}

#define PERMISSION                                                                             \
	"ERR_NVGPUCTRPERM: run as root or with CAP_PERFMON, or load the driver with 'options " \
	"nvidia NVreg_RestrictProfilingToAdminUsers=0'"

static const struct {
	unsigned status;
	const char *advice; /* instead of the library's own words */
} advices[] = {
	{CUPTI_NOT_COMPATIBLE, "the driver is too old for this CUPTI: update it"},
	{CUPTI_HARDWARE_BUSY,
	 "another process has the counters: end it (ncu, DCGM: dcgmi profile "
	 "--pause)"},
	{CUPTI_NOT_SUPPORTED, "this device or driver does not have it"},
	{CUPTI_VIRTUAL_DEVICE, "a virtual GPU shows no counters"},
	{CUPTI_NO_PRIVILEGES, PERMISSION},
	{CUPTI_OLD_INTERFACE, "another profiler uses the old interface of CUPTI in this process"},
	{CUPTI_SUBSCRIBER_BUSY,
	 "another profiler (ncu, nsys, cuda-gdb) has CUPTI, which serves one "
	 "at a time"},
	{CUPTI_VIRTUAL_NO_PRIVILEGES,
	 "counters are switched off for this virtual GPU: set "
	 "enable_profiling for it on the host"},
	{CUPTI_CONFIDENTIAL, "no counters under confidential computing"},
	{CUPTI_MIG_DEVICE, "no counters on this MIG instance: profile the whole device"},
	{CUPTI_WSL_DEVICE, "no counters under WSL: allow them in the NVIDIA control panel"},
	{CUPTI_INVALID_CHIP, "this CUPTI does not know the device: update the toolkit"},
};

enum assay_code cupti_failed(const char *call, unsigned status, const char *text,
			     struct assay_err *err)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(advices); i++)
		if (advices[i].status == status)
			return assay_fail(err, ASSAY_SKIP, "CUPTI: %s", advices[i].advice);
	return assay_fail(err, ASSAY_SKIP, "CUPTI: %s gives %u (%.60s)", call, status,
			  text ? text : "no text");
}
