/* SPDX-License-Identifier: MIT */
/* opencl_load: opens the OpenCL library and chooses a device. */
#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/str.h"
#include "suites/gpu/opencl.h"

enum { MAX_PLATFORMS = 16, MAX_DEVICES = 16 };
/* The largest last cache of a GPU, that of AMD's MI300X [CDNA 3 white paper, 2023]. */
#define LARGEST_CACHE_BYTES ((uint64_t)256 << 20)

enum assay_code opencl_load(const char *library, struct opencl *ret, struct assay_err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} calls[] = {
#define OPENCL_SYMBOL(result, field, symbol, parameters) {#symbol, offsetof(struct opencl, field)},
		OPENCL_CALLS(OPENCL_SYMBOL)};
	*ret = (struct opencl){.library = dlopen(library, RTLD_NOW | RTLD_LOCAL)};
	if (!ret->library)
		return assay_fail(err, ASSAY_SKIP,
				  "no OpenCL (%s): install ocl-icd-libopencl1 and a driver",
				  dlerror());
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		void *function = dlsym(ret->library, calls[i].symbol);
		if (!function) {
			opencl_unload(ret);
			return assay_fail(err, ASSAY_SKIP, "%s has no %s", library,
					  calls[i].symbol);
		}
		/* POSIX wants dlsym's object pointer to be usable as a function pointer. */
		memcpy((char *)ret + calls[i].offset, &function, sizeof(function));
	}
	return ASSAY_OK;
}

void opencl_unload(struct opencl *cl)
{
	if (cl && cl->library)
		dlclose(cl->library);
	if (cl)
		*cl = (struct opencl){0};
}

static void describe(const struct opencl *cl, struct opencl_choice *choice)
{
	char platform[64] = "", name[96] = "", driver[32] = "";
	cl->get_platform_info(choice->platform, OPENCL_PLATFORM_NAME, sizeof(platform), platform,
			      NULL);
	cl->get_device_info(choice->device, OPENCL_DEVICE_NAME, sizeof(name), name, NULL);
	cl->get_device_info(choice->device, OPENCL_DRIVER_VERSION, sizeof(driver), driver, NULL);
	cl->get_device_info(choice->device, OPENCL_DEVICE_MAX_COMPUTE_UNITS, sizeof(choice->units),
			    &choice->units, NULL);
	cl->get_device_info(choice->device, OPENCL_DEVICE_MAX_MEM_ALLOC_SIZE,
			    sizeof(choice->max_alloc_bytes), &choice->max_alloc_bytes, NULL);
	cl->get_device_info(choice->device, OPENCL_DEVICE_GLOBAL_MEM_SIZE,
			    sizeof(choice->memory_bytes), &choice->memory_bytes, NULL);
	char extensions[8192] = "";
	cl->get_device_info(choice->device, OPENCL_DEVICE_EXTENSIONS, sizeof(extensions) - 1,
			    extensions, NULL);
	choice->half = strstr(extensions, "cl_khr_fp16") != NULL;
	choice->doubles = strstr(extensions, "cl_khr_fp64") != NULL;
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	assay_str_add(&text, "%s: %s, driver %s, %u compute units",
		      platform[0] ? platform : "OpenCL", name[0] ? name : "unnamed device",
		      driver[0] ? driver : "unknown", choice->units);
	assay_sanitise(choice->text, sizeof(choice->text), assay_str_text(&text));
}

/*
 * What OpenCL calls the cache of global memory is the last one of a CPU. Of GPUs it is what the driver likes: the first of
 * a compute unit of AMD's (16 KiB where 4 MiB and more follow), those of all multiprocessors of NVIDIA's, the last of
 * Intel's.
 */
static void describe_cache(const struct opencl *cl, opencl_bits type, struct opencl_choice *choice)
{
	if (type != OPENCL_DEVICE_TYPE_CPU)
		choice->cache_most_bytes = LARGEST_CACHE_BYTES;
	else
		cl->get_device_info(choice->device, OPENCL_DEVICE_GLOBAL_MEM_CACHE_SIZE,
				    sizeof(choice->cache_bytes), &choice->cache_bytes, NULL);
}

/* All devices of one type, platform after platform; how many there are, and device `number` of them. */
static unsigned find_type(const struct opencl *cl, struct _cl_platform_id *const *platforms,
			  uint32_t n, opencl_bits type, unsigned number,
			  struct opencl_choice *choice)
{
	unsigned found = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct _cl_device_id *devices[MAX_DEVICES];
		uint32_t count = 0;
		if (cl->get_devices(platforms[i], type, MAX_DEVICES, devices, &count) !=
		    OPENCL_SUCCESS)
			continue;
		if (count > MAX_DEVICES)
			count = MAX_DEVICES;
		if (number >= found && number - found < count) {
			choice->platform = platforms[i];
			choice->device = devices[number - found];
		}
		found += count;
	}
	return found;
}

enum assay_code opencl_choose(const struct opencl *cl, unsigned number, struct opencl_choice *ret,
			      struct assay_err *err)
{
	static const opencl_bits types[] = {OPENCL_DEVICE_TYPE_GPU, OPENCL_DEVICE_TYPE_ACCELERATOR,
					    OPENCL_DEVICE_TYPE_CPU};
	struct _cl_platform_id *platforms[MAX_PLATFORMS];
	uint32_t n = 0;
	*ret = (struct opencl_choice){0};
	int32_t status = cl->get_platforms(MAX_PLATFORMS, platforms, &n);
	if (status == OPENCL_PLATFORM_NOT_FOUND || (status == OPENCL_SUCCESS && n == 0))
		return assay_fail(err, ASSAY_SKIP,
				  "OpenCL has no platform: install the driver of your device, or "
				  "pocl-opencl-icd for the CPU");
	if (status != OPENCL_SUCCESS)
		return assay_fail(err, ASSAY_SKIP, "OpenCL: clGetPlatformIDs gives %d", status);
	if (n > MAX_PLATFORMS)
		n = MAX_PLATFORMS;
	size_t kinds = 0;
	while (kinds < ASSAY_COUNT_OF(types) && ret->devices == 0)
		ret->devices = find_type(cl, platforms, n, types[kinds++], number, ret);
	if (ret->device) {
		describe(cl, ret);
		describe_cache(cl, types[kinds - 1], ret);
		return ASSAY_OK;
	}
	if (ret->devices > 0)
		return assay_fail(err, ASSAY_SKIP, "OpenCL has %u device(s), no number %u",
				  ret->devices, number);
	return assay_fail(err, ASSAY_SKIP, "OpenCL has %u platform(s) but no device", n);
}
