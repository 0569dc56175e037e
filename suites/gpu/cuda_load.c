/* SPDX-License-Identifier: MIT */
/* cuda_load: opens the CUDA driver's library, and turns its statuses into sentences. */
#include <dlfcn.h>
#include <string.h>

#include "suites/gpu/cuda.h"

/* What a status asks of whoever reads it. */
static const struct {
	unsigned status;
	const char *advice;
} advices[] = {
	{CUDRV_STUB_LIBRARY,
	 "the toolkit's stub stands where the driver's library should be: take "
	 "its folder out of the library path"},
	{CUDRV_DEVICE_UNAVAILABLE, "another process holds the device, or the MIG instance is gone"},
	{CUDRV_NO_DEVICE, "nvidia-smi says whether the driver sees one"},
	{CUDRV_INVALID_IMAGE,
	 "the driver is older than the toolkit that compiled the kernel, or "
	 "the cached code is damaged: update the driver"},
	{CUDRV_NO_BINARY_FOR_GPU, "the kernel was compiled for another device"},
	{CUDRV_ECC_UNCORRECTABLE, "the device's memory failed; nvidia-smi -q -d ECC counts it"},
	{CUDRV_UNSUPPORTED_PTX, "the driver is older than the toolkit: update the driver"},
	{CUDRV_ILLEGAL_ADDRESS,
	 "a kernel reached outside its buffers; the device is lost to this "
	 "process"},
	{CUDRV_LAUNCH_TIMEOUT, "a kernel ran longer than the watchdog of the display allows"},
	{CUDRV_LAUNCH_FAILED, "the device is lost to this process; dmesg may have an Xid of it"},
	{CUDRV_NOT_PERMITTED, "ask the administrator for access to the device"},
	{CUDRV_SYSTEM_NOT_READY, "start the fabric manager of this machine"},
	{CUDRV_DRIVER_MISMATCH,
	 "the kernel's part of the driver is of another version than the "
	 "library: restart the machine"},
	{CUDRV_UNKNOWN, "after a suspend, reload the module nvidia_uvm"},
};

enum assay_code cuda_failed(const struct cuda *cuda, const char *call, unsigned status,
			    struct assay_err *err)
{
	const char *name = NULL, *text = NULL, *advice = NULL;
	enum assay_code code = status == CUDRV_OUT_OF_MEMORY ? ASSAY_ENOMEM : ASSAY_EIO;
	cuda->error_name(status, &name);
	cuda->error_text(status, &text);
	for (size_t i = 0; i < ASSAY_COUNT_OF(advices); i++)
		if (advices[i].status == status)
			advice = advices[i].advice;
	return assay_fail(err, code, "CUDA: %s gives %u (%s: %s)%s%s", call, status,
			  name ? name : "unnamed", text ? text : "no text", advice ? "; " : "",
			  advice ? advice : "");
}

/* Every function of the library, or the name of the first that it lacks. */
static const char *find_calls(struct cuda *cuda)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} calls[] = {
#define CUDA_SYMBOL(field, symbol, parameters) {#symbol, offsetof(struct cuda, field)},
		CUDA_CALLS(CUDA_SYMBOL)};
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		void *function = dlsym(cuda->library, calls[i].symbol);
		if (!function)
			return calls[i].symbol;
		/* POSIX wants dlsym's object pointer to be usable as a function pointer. */
		memcpy((char *)cuda + calls[i].offset, &function, sizeof(function));
	}
	return NULL;
}

enum assay_code cuda_load(const char *library, struct cuda *ret, struct assay_err *err)
{
	*ret = (struct cuda){.library = dlopen(library, RTLD_NOW | RTLD_LOCAL)};
	if (!ret->library)
		return assay_fail(err, ASSAY_SKIP,
				  "no CUDA driver (%s): install the driver of an NVIDIA device",
				  dlerror());
	const char *missing = find_calls(ret);
	if (missing)
		return assay_fail(err, ASSAY_SKIP,
				  "%s has no %s: the driver is older than CUDA 11.7, update it",
				  library, missing);
	unsigned status = ret->init(0);
	if (status == CUDRV_SUCCESS)
		status = ret->driver_version(&ret->version);
	if (status != CUDRV_SUCCESS) {
		cuda_failed(ret, "cuInit", status, err);
		if (err)
			err->code = ASSAY_SKIP;
		return ASSAY_SKIP;
	}
	return ASSAY_OK;
}
