/* SPDX-License-Identifier: MIT */
/* cuda_info: what an NVIDIA device is, what it lacks, and what it cannot go beyond, by what its driver says of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/attr.h"
#include "harness/base/str.h"
#include "suites/gpu/kernels.h"
#include "suites/gpu/link.h"
#include "suites/gpu/subjects/cuda_device.h"
#include "suites/gpu/tensor_text.h"

/*
 * Results of multiply-adds of a multiprocessor in a clock: CUDA C++ Programming Guide, table "Throughput of Native
 * Arithmetic Instructions"; those of two 16-bit floats in a word count twice. 0: not published there for this device, or by
 * several instructions. fp64 follows from fp32, because the driver tells the ratio.
 */
static const struct rates {
	uint32_t arch;
	uint16_t fp32, fp16, int32;
} rates[] = {
	{60, 64, 128, 0},   {61, 128, 2, 0},    {62, 128, 256, 0},  {70, 64, 128, 64},
	{72, 64, 128, 64},  {75, 64, 128, 64},  {80, 64, 256, 64},  {86, 128, 128, 64},
	{87, 128, 128, 64}, {89, 128, 128, 64}, {90, 128, 256, 64}, {100, 128, 0, 0},
	{103, 128, 0, 0},   {110, 128, 0, 0},   {120, 128, 0, 0},   {121, 128, 0, 0},
};

static uint32_t attribute(const struct gpu_device *device, unsigned which)
{
	int value = 0;
	if (device->cuda.device_attribute(&value, which, device->number) != CUDRV_SUCCESS)
		return 0;
	return value > 0 ? (uint32_t)value : 0;
}

static void arithmetic_limits(const struct gpu_device *device, struct gpu_info *info)
{
	/* A multiply-add is two operations. */
	const double clocks = 2e3 * attribute(device, CUDRV_CLOCK_RATE) * info->units;
	const uint32_t ratio = attribute(device, CUDRV_SINGLE_TO_DOUBLE);
	for (size_t i = 0; i < ASSAY_COUNT_OF(rates); i++) {
		const struct rates *r = &rates[i];
		if (r->arch != info->arch)
			continue;
		info->limits[GPU_LIMIT_FP32] = clocks * r->fp32;
		info->limits[GPU_LIMIT_FP64] = ratio ? clocks * r->fp32 / ratio : 0;
		info->limits[GPU_LIMIT_FP16] = clocks * r->fp16;
		info->limits[GPU_LIMIT_INT32] = clocks * r->int32;
	}
}

static void find_limits(struct gpu_device *device, struct gpu_info *info)
{
	char bus[32] = "";
	/* Memory moves twice a clock. */
	info->limits[GPU_LIMIT_MEMORY] = 2e3 * attribute(device, CUDRV_MEMORY_CLOCK_RATE) *
					 attribute(device, CUDRV_MEMORY_BUS_WIDTH) / 8;
	if (device->cuda.device_bus(bus, (int)sizeof(bus) - 1, device->number) == CUDRV_SUCCESS)
		info->limits[GPU_LIMIT_LINK] = gpu_link_limit(GPU_PCI_DEVICES, bus);
	arithmetic_limits(device, info);
	info->no_limit = "the driver does not tell it, or NVIDIA publishes no rate for this device";
	if (!info->instance)
		return;
	/* Several share both; units are the instance's own. */
	info->limits[GPU_LIMIT_MEMORY] = info->limits[GPU_LIMIT_LINK] = 0;
	info->no_limit = "a MIG instance shares the memory's width and the link with others";
}

/* "CUDA_LAUNCH_BLOCKING", for people who look for a fault: the driver returns from a launch when the kernel has ended. */
static bool launches_block(void)
{
	const char *set = getenv("CUDA_LAUNCH_BLOCKING");
	return set && set[0] && strcmp(set, "0") != 0;
}

static void find_lacks(const struct gpu_device *device, struct gpu_info *info)
{
	/* Whoever waits for a launch behind a closed gate cannot open it. */
	if (launches_block())
		info->lacks[GPU_HAS_GATES] =
			"CUDA_LAUNCH_BLOCKING is set: each launch is waited for";
	if (!attribute(device, CUDRV_MEMORY_POOLS))
		info->lacks[GPU_HAS_POOL] = "the device has no pool of memory in stream order";
	if (info->arch < 53)
		info->lacks[GPU_HAS_HALF] =
			"devices before sm_53 do not compute with 16-bit floats";
	if (info->arch < TENSOR_ARCH)
		info->lacks[GPU_HAS_MATRIX] =
			"our kernels for matrix units are for devices from sm_80 on";
	if (info->instance)
		info->lacks[GPU_HAS_PEERS] = "MIG instances do not reach each other";
}

void cuda_describe(struct gpu_device *device)
{
	struct gpu_info *info = &device->info;
	char name[96] = "", text[sizeof(info->text)];
	size_t bytes = 0;
	device->cuda.device_name(name, (int)sizeof(name) - 1, device->number);
	device->cuda.device_memory(&bytes, device->number);
	/* With MIG the driver's devices are instances: name, memory and multiprocessors are theirs. */
	info->instance = strstr(name, " MIG ") != NULL;
	info->units = attribute(device, CUDRV_MULTIPROCESSOR_COUNT);
	info->arch = attribute(device, CUDRV_CAPABILITY_MAJOR) * 10 +
		     attribute(device, CUDRV_CAPABILITY_MINOR);
	info->memory_bytes = info->max_alloc_bytes = bytes;
	info->cache_bytes = attribute(device, CUDRV_L2_CACHE_SIZE);
	info->compiler = device->nvrtc.path;
	info->spans_early = true;
	find_limits(device, info);
	find_lacks(device, info);
	snprintf(text, sizeof(text),
		 "CUDA: %s, sm_%u, driver of CUDA %d.%d, %u multiprocessors, %llu MiB%s",
		 name[0] ? name : "unnamed device", info->arch, device->cuda.version / 1000,
		 device->cuda.version % 1000 / 10, info->units, (unsigned long long)(bytes >> 20),
		 attribute(device, CUDRV_ECC_ENABLED) ? ", ECC" : "");
	assay_sanitise(info->text, sizeof(info->text), text);
}
