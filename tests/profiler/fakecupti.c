/* SPDX-License-Identifier: MIT */
/*
 * fakecupti: a stand-in for libcupti.so.13 that writes records, of the true sizes, of what the stand-in for the CUDA
 * driver does. Its clock is another one than the host's. $FAKE_CUPTI says what goes wrong:
 *   enable=39   cuptiActivityEnable gives 39
 *   drop=7      every 7th record of work is dropped, and counted
 *   cut=1       the last record of each buffer is incomplete
 *   untimed=1   kernels have no times, as when the device's memory is full
 *   mute=1      no call carries the number it should carry
 */
#include "tests/profiler/fakecupti.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "tests/suites/gpu/fakecuda.h"

enum { KINDS = 64, OWN_BYTES = 1 << 16 };
static const uint64_t ahead_ns = 1000000000000000;

static struct {
	cupti_request_fn request;
	cupti_complete_fn complete;
	bool on[KINDS];
	uint64_t pushed[8];
	size_t depth;
	uint8_t *buffer;
	size_t size, used, last; /* last: how long the last record is */
	size_t dropped, written;
} state;

long fake_cupti_setting(const char *name)
{
	char wanted[32];
	const char *text = getenv("FAKE_CUPTI");
	snprintf(wanted, sizeof(wanted), "%s=", name);
	const char *found = text ? strstr(text, wanted) : NULL;
	return found && (found == text || found[-1] == ',')
		       ? strtol(found + strlen(wanted), NULL, 10)
		       : 0;
}

/* Of CUDA 13; ours are their beginnings. */
static size_t size_of(uint32_t kind)
{
	switch (kind) {
	case CUPTI_KIND_KERNEL:
		return 216;
	case CUPTI_KIND_COPY:
		return 96;
	case CUPTI_KIND_PEER_COPY:
		return 96;
	case CUPTI_KIND_FILL:
		return 88;
	case CUPTI_KIND_MEMORY:
		return 128;
	case CUPTI_KIND_GRAPH:
		return 56;
	case CUPTI_KIND_OVERHEAD:
		return 56;
	case CUPTI_KIND_EXTERNAL:
		return 24;
	case CUPTI_KIND_DRIVER:
		return 40;
	default:
		return 0;
	}
}

static void hand_over(void)
{
	if (!state.buffer)
		return;
	size_t valid = state.used;
	if (fake_cupti_setting("cut") && valid)
		valid -= state.last / 2;
	uint8_t *buffer = state.buffer;
	state.buffer = NULL;
	state.complete(NULL, 0, buffer, state.size, valid);
}

static void put(const void *record, size_t known)
{
	uint32_t kind;
	memcpy(&kind, record, sizeof(kind));
	size_t size = size_of(kind);
	if (!state.on[kind])
		return;
	/* Less than the buffer holds, so that several are needed. */
	if (state.buffer && state.used + size > OWN_BYTES)
		hand_over();
	if (!state.buffer) {
		size_t most;
		state.request(&state.buffer, &state.size, &most);
		state.used = 0;
	}
	if (!state.buffer || state.size < size) {
		state.dropped++;
		return;
	}
	memset(state.buffer + state.used, 0, size);
	memcpy(state.buffer + state.used, record, known);
	state.used += size;
	state.last = size;
}

static void see_call(const struct fake_activity *a)
{
	const struct cupti_external external = {CUPTI_KIND_EXTERNAL, CUPTI_EXTERNAL_OURS,
						state.depth ? state.pushed[state.depth - 1] : 0,
						a->correlation};
	const struct cupti_record call = {CUPTI_KIND_DRIVER};
	if (state.depth && !fake_cupti_setting("mute"))
		put(&external, sizeof(external));
	put(&call, sizeof(call));
}

static void see_memory(const struct fake_activity *a, uint64_t at_ns)
{
	const struct cupti_memory m = {.kind = CUPTI_KIND_MEMORY,
				       .operation = a->what == FAKE_FREE ? CUPTI_MEMORY_RELEASE : 1,
				       .correlation = a->correlation,
				       .bytes = a->bytes,
				       .at = at_ns,
				       .device = a->device};
	put(&m, sizeof(m));
}

static void see_work(const struct fake_activity *a, uint64_t begin_ns, uint64_t end_ns)
{
	const struct cupti_kernel kernel = {.kind = CUPTI_KIND_KERNEL,
					    .registers = 32,
					    .begin = begin_ns,
					    .end = end_ns,
					    .device = a->device,
					    .stream = a->stream,
					    .grid = {(int32_t)(a->items / 256 + 1), 1, 1},
					    .block = {256, 1, 1},
					    .correlation = a->correlation,
					    .name = a->name};
	const struct cupti_copy copy = {.kind = CUPTI_KIND_COPY,
					.what = 1,
					.from = 2,
					.to = 3,
					.bytes = a->bytes,
					.begin = begin_ns,
					.end = end_ns,
					.device = a->device,
					.stream = a->stream,
					.correlation = a->correlation};
	const struct cupti_fill fill = {.kind = CUPTI_KIND_FILL,
					.bytes = a->bytes,
					.begin = begin_ns,
					.end = end_ns,
					.device = a->device,
					.stream = a->stream,
					.correlation = a->correlation};
	const struct cupti_graph graph = {.kind = CUPTI_KIND_GRAPH,
					  .correlation = a->correlation,
					  .begin = begin_ns,
					  .end = end_ns,
					  .device = a->device,
					  .stream = a->stream};
	if (a->what == FAKE_KERNEL)
		put(&kernel, sizeof(kernel));
	else if (a->what == FAKE_COPY)
		put(&copy, sizeof(copy));
	else if (a->what == FAKE_FILL)
		put(&fill, sizeof(fill));
	else if (a->what == FAKE_GRAPH)
		put(&graph, sizeof(graph));
}

static void see(const struct fake_activity *a)
{
	long drop = fake_cupti_setting("drop");
	bool timed = !fake_cupti_setting("untimed");
	if (a->moment == FAKE_CALLED) {
		see_call(a);
	} else if (drop && ++state.written % (size_t)drop == 0) {
		state.dropped++;
	} else if (a->what == FAKE_ALLOC || a->what == FAKE_FREE) {
		see_memory(a, a->begin_ns + ahead_ns);
	} else {
		see_work(a, timed ? a->begin_ns + ahead_ns : 0, timed ? a->end_ns + ahead_ns : 0);
	}
}

FAKE unsigned cuptiGetVersion(uint32_t *version)
{
	*version = 130001;
	return CUPTI_OK;
}

FAKE unsigned cuptiGetResultString(unsigned status, const char **text)
{
	*text = "CUPTI_ERROR_OF_THE_STAND_IN";
	return CUPTI_OK;
}

FAKE unsigned cuptiGetTimestamp(uint64_t *now)
{
	*now = assay_now_ns() + ahead_ns;
	return CUPTI_OK;
}

FAKE unsigned cuptiActivityRegisterCallbacks(cupti_request_fn request, cupti_complete_fn complete)
{
	state.request = request;
	state.complete = complete;
	return CUPTI_OK;
}

FAKE unsigned cuptiActivityEnable(unsigned kind)
{
	void (*watch)(fake_watch_fn);
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
	void *symbol = driver ? dlsym(driver, "fake_cuda_watch") : NULL;
	if (fake_cupti_setting("enable"))
		return (unsigned)fake_cupti_setting("enable");
	if (!symbol)
		return CUPTI_UNKNOWN;
	memcpy(&watch, &symbol, sizeof(watch));
	watch(see);
	state.on[kind] = true;
	return CUPTI_OK;
}

FAKE unsigned cuptiActivityDisable(unsigned kind)
{
	state.on[kind] = false;
	return CUPTI_OK;
}

FAKE unsigned cuptiActivityEnableDriverApi(uint32_t call, uint8_t enable)
{
	return CUPTI_OK;
}

FAKE unsigned cuptiActivityFlushAll(uint32_t flag)
{
	const struct cupti_overhead overhead = {.kind = CUPTI_KIND_OVERHEAD,
						.what = 1 << 16,
						.begin = assay_now_ns() + ahead_ns,
						.end = assay_now_ns() + ahead_ns + 10};
	put(&overhead, sizeof(overhead));
	hand_over();
	return CUPTI_OK;
}

FAKE unsigned cuptiActivityGetNextRecord(uint8_t *buffer, size_t valid,
					 struct cupti_record **record)
{
	uint8_t *at = *record ? (uint8_t *)*record + size_of((*record)->kind) : buffer;
	if (at == buffer + valid)
		return CUPTI_LIMIT_REACHED;
	if ((size_t)(buffer + valid - at) < sizeof(uint32_t) ||
	    (size_t)(buffer + valid - at) < size_of(((struct cupti_record *)at)->kind))
		return CUPTI_INVALID_KIND;
	*record = (struct cupti_record *)at;
	return CUPTI_OK;
}

FAKE unsigned cuptiActivityGetNumDroppedRecords(struct CUctx_st *context, uint32_t stream,
						size_t *dropped)
{
	*dropped = state.dropped;
	state.dropped = 0;
	return CUPTI_OK;
}

FAKE unsigned cuptiActivityPushExternalCorrelationId(unsigned kind, uint64_t id)
{
	if (state.depth == ASSAY_COUNT_OF(state.pushed))
		return CUPTI_OUT_OF_MEMORY;
	state.pushed[state.depth++] = id;
	return CUPTI_OK;
}

FAKE unsigned cuptiActivityPopExternalCorrelationId(unsigned kind, uint64_t *id)
{
	if (!state.depth)
		return 18; /* CUPTI_ERROR_QUEUE_EMPTY */
	*id = state.pushed[--state.depth];
	return CUPTI_OK;
}
