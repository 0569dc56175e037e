/* SPDX-License-Identifier: MIT */
/*
 * fakecuda: a stand-in for libcuda.so.1 that does on this CPU what the real one does on a device, so that all of the
 * CUDA path runs where no device is. Copies are real; a kernel is its host version, found by name. Nothing is done
 * when it is asked for: a stream is a list that is worked off when somebody looks whether it is empty, so that
 * memory given back too early, a forgotten wait or a wrong order show. $FAKE_CUDA ("devices=2,oom=1048576")
 * sets what it has and what goes wrong; see fakecuda.h.
 */
#include "tests/suites/gpu/fakecuda.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"

struct fake fake;
static const char fake_numbers[16];

static const struct {
	const char *name;
	size_t offset;
	long standard;
} settings[] = {
	{"devices", offsetof(struct fake, devices), 1},
	{"driver", offsetof(struct fake, driver), 13000},
	{"arch", offsetof(struct fake, arch), 90},
	{"memory", offsetof(struct fake, memory_bytes), 1L << 33},
	{"init", offsetof(struct fake, init), 0},
	{"pools", offsetof(struct fake, pools), 1},
	{"oom", offsetof(struct fake, oom_bytes), 0},
	{"lost", offsetof(struct fake, lost_after), 0},
	{"status", offsetof(struct fake, lost_status), CUDRV_LAUNCH_FAILED},
	{"hang", offsetof(struct fake, hang_after), 0},
	{"wrong", offsetof(struct fake, wrong_after), 0},
	{"nan", offsetof(struct fake, nan_after), 0},
	{"slow", offsetof(struct fake, slow_permille), 1000},
	{"image", offsetof(struct fake, image_status), 0},
	{"clock", offsetof(struct fake, clock_permille), 1500},
	{"noise", offsetof(struct fake, noise_permille), 0},
	{"seed", offsetof(struct fake, seed), 1},
	{"fail", offsetof(struct fake, fail_at), 0},
	{"peers", offsetof(struct fake, peers), 1},
	{"throttled", offsetof(struct fake, throttled), 0},
	{"cache", offsetof(struct fake, cache_status), 0},
	{"mig", offsetof(struct fake, mig), 0},
	{"dear", offsetof(struct fake, dear_us), 0},
	{"together", offsetof(struct fake, together), 0},
};

/* What the environment says now; a counter of calls starts anew. */
static void read_settings(void)
{
	const char *text = getenv("FAKE_CUDA");
	size_t used = fake.used_bytes;
	int alive = fake.alive;
	int current = fake.current, contexts[ASSAY_COUNT_OF(fake.contexts)];
	memcpy(contexts, fake.contexts, sizeof(contexts));
	struct CUstream_st *streams = fake.all_streams;
	fake = (struct fake){.used_bytes = used,
			     .pinned = fake.pinned,
			     .alive = alive,
			     .current = current,
			     .all_streams = streams,
			     .epoch_ns = assay_now_ns(),
			     .see = fake.see};
	memcpy(fake.contexts, contexts, sizeof(contexts));
	for (size_t i = 0; i < ASSAY_COUNT_OF(settings); i++) {
		char wanted[32];
		long value = settings[i].standard;
		snprintf(wanted, sizeof(wanted), "%s=", settings[i].name);
		const char *found = text ? strstr(text, wanted) : NULL;
		if (found && (found == text || found[-1] == ','))
			value = strtol(found + strlen(wanted), NULL, 10);
		memcpy((char *)&fake + settings[i].offset, &value, sizeof(value));
	}
}

/* About normal, mean 0 and deviation 1: the sum of twelve uniform numbers [SplitMix64 by S. Vigna]. */
double fake_noise(uint64_t *state)
{
	double sum = -6;
	for (int i = 0; i < 12; i++) {
		uint64_t z = *state += 0x9e3779b97f4a7c15;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		sum += (double)((z ^ z >> 31) >> 11) * 0x1p-53;
	}
	return sum;
}

/* Once a device is lost it stays lost: every call says so. */
unsigned fake_state(void)
{
	bool fails = fake.fail_at && ++fake.calls == fake.fail_at;
	return fake.lost || fails ? (unsigned)fake.lost_status : CUDRV_SUCCESS;
}

FAKE unsigned cuInit(unsigned flags)
{
	read_settings();
	if (flags != 0)
		return CUDRV_INVALID_VALUE;
	fake.random = (uint64_t)fake.seed;
	fake.initialised = fake.init == 0;
	return (unsigned)fake.init;
}

FAKE unsigned cuDriverGetVersion(int *version)
{
	*version = (int)fake.driver;
	return CUDRV_SUCCESS;
}

static const struct {
	unsigned status;
	const char *name, *text;
} statuses[] = {
	{CUDRV_SUCCESS, "CUDA_SUCCESS", "no error"},
	{CUDRV_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
	{CUDRV_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
	{CUDRV_STUB_LIBRARY, "CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"},
	{CUDRV_DEVICE_UNAVAILABLE, "CUDA_ERROR_DEVICE_UNAVAILABLE", "device busy or unavailable"},
	{CUDRV_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
	{CUDRV_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
	{CUDRV_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image for the device"},
	{CUDRV_ECC_UNCORRECTABLE, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error"},
	{CUDRV_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access"},
	{CUDRV_LAUNCH_TIMEOUT, "CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out"},
	{CUDRV_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
	{CUDRV_NOT_PERMITTED, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"},
};

/* As the real one, NULL for a status it does not know. */
FAKE unsigned cuGetErrorName(unsigned status, const char **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < ASSAY_COUNT_OF(statuses); i++)
		if (statuses[i].status == status)
			*ret = statuses[i].name;
	return *ret ? CUDRV_SUCCESS : CUDRV_INVALID_VALUE;
}

FAKE unsigned cuGetErrorString(unsigned status, const char **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < ASSAY_COUNT_OF(statuses); i++)
		if (statuses[i].status == status)
			*ret = statuses[i].text;
	return *ret ? CUDRV_SUCCESS : CUDRV_INVALID_VALUE;
}

FAKE unsigned cuDeviceGetCount(int *count)
{
	*count = (int)fake.devices;
	return fake.initialised ? fake_state() : CUDRV_NOT_INITIALIZED;
}

FAKE unsigned cuDeviceGet(int *device, int ordinal)
{
	*device = ordinal;
	return ordinal >= 0 && ordinal < fake.devices ? CUDRV_SUCCESS : CUDRV_INVALID_DEVICE;
}

FAKE unsigned cuDeviceGetName(char *name, int length, int device)
{
	snprintf(name, (size_t)length, "Fake device %d%s", device, fake.mig ? " MIG 1g.10gb" : "");
	return CUDRV_SUCCESS;
}

FAKE unsigned cuDeviceTotalMem_v2(size_t *bytes, int device)
{
	*bytes = (size_t)fake.memory_bytes;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuDeviceGetPCIBusId(char *text, int length, int device)
{
	snprintf(text, (size_t)length, "0000:%02x:00.0", device + 1);
	return CUDRV_SUCCESS;
}

FAKE unsigned cuDeviceGetAttribute(int *value, unsigned attribute, int device)
{
	switch (attribute) {
	case CUDRV_MAX_THREADS_PER_BLOCK:
		*value = 1024;
		break;
	case CUDRV_CLOCK_RATE:
		*value = 1000000;
		break;
	case CUDRV_MULTIPROCESSOR_COUNT:
		*value = fake.mig ? 1 : 4;
		break;
	case CUDRV_SINGLE_TO_DOUBLE:
		*value = 2;
		break;
	case CUDRV_ECC_ENABLED:
		*value = 1;
		break;
	case CUDRV_MEMORY_CLOCK_RATE: /* with the width, 200 GB/s */
		*value = 1000000;
		break;
	case CUDRV_MEMORY_BUS_WIDTH:
		*value = 800;
		break;
	case CUDRV_L2_CACHE_SIZE:
		*value = 1 << 20;
		break;
	case CUDRV_CAPABILITY_MAJOR:
		*value = (int)(fake.arch / 10);
		break;
	case CUDRV_CAPABILITY_MINOR:
		*value = (int)(fake.arch % 10);
		break;
	case CUDRV_MEMORY_POOLS:
		*value = (int)fake.pools;
		break;
	default:
		return CUDRV_INVALID_VALUE;
	}
	return CUDRV_SUCCESS;
}

/* The context of a device is the address of its number. */
FAKE unsigned cuDevicePrimaryCtxRetain(struct CUctx_st **context, int device)
{
	unsigned status = fake_state();
	*context = NULL;
	if (status != CUDRV_SUCCESS)
		return status;
	*context = (struct CUctx_st *)&fake_numbers[device];
	fake.contexts[device]++;
	fake.alive++;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuDevicePrimaryCtxRelease_v2(int device)
{
	fake.contexts[device]--;
	fake.alive--;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuCtxSetCurrent(struct CUctx_st *context)
{
	const char *number = (const char *)context;
	if (number < fake_numbers || number >= fake_numbers + fake.devices)
		return CUDRV_INVALID_CONTEXT;
	fake.current = (int)(number - fake_numbers);
	return CUDRV_SUCCESS;
}

FAKE unsigned cuCtxResetPersistingL2Cache(void)
{
	return (unsigned)fake.cache_status;
}

/* For profilers: not among the calls of the suite. */
FAKE unsigned cuCtxGetCurrent(struct CUctx_st **context);
FAKE unsigned cuCtxGetDevice(int *device);
FAKE unsigned cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active);

FAKE unsigned cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active)
{
	*flags = 0;
	*active = fake.contexts[device] > 0;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuCtxGetCurrent(struct CUctx_st **context)
{
	*context = (struct CUctx_st *)&fake_numbers[fake.current];
	return CUDRV_SUCCESS;
}

FAKE unsigned cuCtxGetDevice(int *device)
{
	*device = fake.current;
	return CUDRV_SUCCESS;
}

/* Memory is the host's, with a head that says how much it is and a poison that no right answer has. */
struct head {
	size_t bytes;
	uint64_t mark;
};
enum { POISON = 0xcd };
static const uint64_t mark_alive = 0x66616b65206d656d;

static unsigned take(size_t bytes, void **ret)
{
	unsigned status = fake_state();
	if (status != CUDRV_SUCCESS)
		return status;
	if (bytes == 0)
		return CUDRV_INVALID_VALUE;
	if ((fake.oom_bytes && bytes >= (size_t)fake.oom_bytes) ||
	    fake.used_bytes + bytes > (size_t)fake.memory_bytes)
		return CUDRV_OUT_OF_MEMORY;
	struct head *head = malloc(sizeof(*head) + bytes);
	if (!head)
		return CUDRV_OUT_OF_MEMORY;
	*head = (struct head){bytes, mark_alive};
	memset(head + 1, POISON, bytes);
	fake.used_bytes += bytes;
	fake.alive++;
	*ret = head + 1;
	return CUDRV_SUCCESS;
}

static unsigned give(void *memory)
{
	struct head *head = (struct head *)memory - 1;
	if (!memory || head->mark != mark_alive)
		return CUDRV_INVALID_VALUE;
	head->mark = 0;
	fake.used_bytes -= head->bytes;
	fake.alive--;
	free(head);
	return CUDRV_SUCCESS;
}

bool fake_holds(cuda_address address, size_t bytes)
{
	const struct head *head = (const struct head *)(uintptr_t)address - 1;
	return address && head->mark == mark_alive && bytes <= head->bytes;
}

FAKE unsigned cuMemGetInfo_v2(size_t *left, size_t *all)
{
	*all = (size_t)fake.memory_bytes;
	*left = *all - fake.used_bytes;
	return CUDRV_SUCCESS;
}

FAKE void fake_cuda_watch(fake_watch_fn see)
{
	fake.see = see;
}

static void tell_memory(enum fake_what what, size_t bytes)
{
	struct fake_activity a = {.what = what,
				  .device = (uint32_t)fake.current,
				  .bytes = bytes,
				  .correlation = ++fake.correlations};
	if (!fake.see)
		return;
	fake.see(&a);
	a.moment = FAKE_DONE;
	a.begin_ns = a.end_ns = assay_now_ns();
	fake.see(&a);
}

FAKE unsigned cuMemAlloc_v2(cuda_address *ret, size_t bytes)
{
	void *memory = NULL;
	unsigned status = take(bytes, &memory);
	*ret = (uintptr_t)memory;
	tell_memory(FAKE_ALLOC, bytes);
	return status;
}

FAKE unsigned cuMemFree_v2(cuda_address address)
{
	fake_drain_all();
	tell_memory(FAKE_FREE, 0);
	return give((void *)(uintptr_t)address);
}

FAKE unsigned cuMemAllocAsync(cuda_address *ret, size_t bytes, struct CUstream_st *stream)
{
	return cuMemAlloc_v2(ret, bytes);
}

FAKE unsigned cuMemFreeAsync(cuda_address address, struct CUstream_st *stream)
{
	fake_drain(stream);
	return cuMemFree_v2(address);
}

struct pinned {
	struct pinned *next;
	const char *memory;
	size_t bytes;
};

FAKE unsigned cuMemHostAlloc(void **ret, size_t bytes, unsigned flags)
{
	struct pinned *pinned = malloc(sizeof(*pinned));
	unsigned status = pinned ? take(bytes, ret) : CUDRV_OUT_OF_MEMORY;
	if (status != CUDRV_SUCCESS) {
		free(pinned);
		return status;
	}
	*pinned = (struct pinned){fake.pinned, *ret, bytes};
	fake.pinned = pinned;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuMemFreeHost(void *memory)
{
	fake_drain_all();
	for (struct pinned **p = &fake.pinned; *p; p = &(*p)->next)
		if ((*p)->memory == memory) {
			struct pinned *found = *p;
			*p = found->next;
			free(found);
			break;
		}
	return give(memory);
}

bool fake_is_pinned(const void *memory)
{
	const struct pinned *p = fake.pinned;
	while (p && (uintptr_t)memory - (uintptr_t)p->memory >= p->bytes)
		p = p->next;
	return p != NULL;
}

FAKE unsigned cuMemHostGetDevicePointer_v2(cuda_address *ret, void *memory, unsigned flags)
{
	*ret = (uintptr_t)memory;
	return fake_holds(*ret, 1) ? fake_state() : CUDRV_INVALID_VALUE;
}

FAKE int fake_cuda_alive(void)
{
	return fake.alive;
}
