/* SPDX-License-Identifier: MIT */
/* fakecuda_stream: streams, events, modules, launches and graphs of the stand-in for the CUDA driver. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "suites/gpu/gpu.h"
#include "tests/suites/gpu/fakecuda.h"

enum command_type { COPY, FILL, LAUNCH, RECORD, WAIT_EVENT, WAIT_VALUE, GRAPH };

struct launch {
	const struct gpu_kernel_source *source;
	size_t items;
	union gpu_host_arg args[GPU_MAX_ARGS];
};

struct command {
	struct command *next;
	uint32_t correlation;
	enum command_type type;
	void *to;
	const void *from;
	size_t bytes;
	uint32_t value;
	struct CUevent_st *event;
	struct launch launch;
	struct CUgraph_st *graph;
};

struct CUstream_st {
	struct CUstream_st *next;
	struct command *first, **end;
	struct CUgraph_st *capturing;
	bool draining;
	int device;
	uint32_t number;
};

/* Shared with the commands that speak of it. */
struct CUevent_st {
	int users;
	bool timed, done;
	struct CUstream_st *stream;
	uint64_t ns;
};

struct CUmod_st {
	char *image;
};

/* A graph and its executable are the same thing here; shared with the runs of it that are not done. */
struct CUgraph_st {
	int users;
	size_t n;
	struct launch *launches;
};

/* How long a launch takes where time is not the CPU's: noise of this launch, and of the whole process. */
static void work(size_t items)
{
	uint64_t process = (uint64_t)fake.seed * 0x2545f4914f6cdd1d;
	double noise = 1e-3 * (double)fake.noise_permille;
	fake.worked_ns += (double)items * (1 + noise * fake_noise(&fake.random)) *
			  (1 + noise / 2 * fake_noise(&process));
}

static uint64_t device_ns(void)
{
	uint64_t past_ns =
		fake.noise_permille ? (uint64_t)fake.worked_ns : assay_now_ns() - fake.epoch_ns;
	return past_ns * (uint64_t)fake.slow_permille / 1000;
}

static void event_drop(struct CUevent_st *event)
{
	if (--event->users > 0)
		return;
	free(event);
	fake.alive--;
}

static void graph_drop(struct CUgraph_st *graph)
{
	if (--graph->users > 0)
		return;
	free(graph->launches);
	free(graph);
	fake.alive--;
}

/* One launch; false: it never ends. */
static bool run(const struct launch *launch)
{
	fake.launches++;
	if (fake.hang_after && fake.launches >= fake.hang_after) {
		fake.hung = true;
		return false;
	}
	if (fake.lost_after && fake.launches >= fake.lost_after) {
		fake.lost = true;
		return true;
	}
	launch->source->host(launch->args, launch->items);
	work(launch->items);
	if (strcmp(launch->source->name, "clocks") == 0) {
		uint64_t *passed = launch->args[0].memory;
		bool slow = fake.throttled && ++fake.looks % fake.throttled == 0;
		passed[0] = passed[1] * (uint64_t)fake.clock_permille / (slow ? 2000 : 1000);
	}
	if (fake.nan_after && fake.launches >= fake.nan_after)
		*(float *)launch->args[strcmp(launch->source->params, "bbbu") == 0 ? 2 : 0].memory =
			NAN;
	if (fake.wrong_after && fake.launches >= fake.wrong_after)
		*(unsigned char *)launch->args[strcmp(launch->source->params, "bbbu") == 0 ? 2 : 0]
			 .memory ^= 0x40;
	return true;
}

/* Where devices work on something together, none is done before the others have begun. */
static bool may_end(const struct launch *launch)
{
	return strcmp(launch->source->name, "dot_product") != 0 ||
	       __builtin_popcount(fake.together_now) >= fake.together;
}

/* Whether the command is done: false when something holds the stream back. */
static bool perform(struct command *c)
{
	switch (c->type) {
	case COPY:
		memcpy(c->to, c->from, c->bytes);
		return true;
	case FILL:
		memset(c->to, (int)c->value, c->bytes);
		return true;
	case LAUNCH:
		return may_end(&c->launch) && run(&c->launch);
	case GRAPH:
		for (size_t i = 0; i < c->graph->n; i++)
			if (!run(&c->graph->launches[i]))
				return false;
		graph_drop(c->graph);
		return true;
	case RECORD:
		c->event->ns = device_ns();
		c->event->done = true;
		event_drop(c->event);
		return true;
	case WAIT_EVENT:
		if (!c->event->done && c->event->stream)
			fake_drain(c->event->stream);
		if (!c->event->done)
			return false;
		event_drop(c->event);
		return true;
	case WAIT_VALUE:
		return (int32_t)(*(volatile uint32_t *)c->to - c->value) >= 0;
	}
	return true;
}

/* Who profiles sees calls, and work by its begin and end; waiting and events are neither. */
static void tell(const struct CUstream_st *stream, const struct command *c, uint64_t begin_ns)
{
	static const enum fake_what whats[] = {[COPY] = FAKE_COPY,
					       [FILL] = FAKE_FILL,
					       [LAUNCH] = FAKE_KERNEL,
					       [GRAPH] = FAKE_GRAPH};
	if (!fake.see || c->type == RECORD || c->type == WAIT_EVENT || c->type == WAIT_VALUE)
		return;
	const struct fake_activity a = {
		.moment = begin_ns ? FAKE_DONE : FAKE_CALLED,
		.what = whats[c->type],
		.correlation = c->correlation,
		.device = (uint32_t)stream->device,
		.stream = stream->number,
		.name = c->type == LAUNCH ? c->launch.source->name : NULL,
		.from = c->from,
		.to = c->to,
		.bytes = c->bytes,
		.items = c->launch.items,
		.begin_ns = begin_ns,
		.end_ns = assay_now_ns(),
	};
	fake.see(&a);
}

unsigned fake_drain(struct CUstream_st *stream)
{
	if (stream->draining)
		return CUDRV_NOT_READY;
	stream->draining = true;
	while (stream->first && !fake.hung && fake_state() == CUDRV_SUCCESS) {
		struct command *c = stream->first;
		uint64_t begin_ns = fake.see ? assay_now_ns() : 0;
		if (!perform(c))
			break;
		if (begin_ns)
			tell(stream, c, begin_ns);
		stream->first = c->next;
		free(c);
	}
	if (!stream->first)
		stream->end = &stream->first;
	stream->draining = false;
	unsigned status = fake_state();
	if (status != CUDRV_SUCCESS)
		return status;
	return stream->first ? CUDRV_NOT_READY : CUDRV_SUCCESS;
}

void fake_drain_all(void)
{
	for (struct CUstream_st *s = fake.all_streams; s; s = s->next)
		fake_drain(s);
}

static unsigned put(struct CUstream_st *stream, struct command what)
{
	const unsigned status = fake_state();
	if (status != CUDRV_SUCCESS)
		return status;
	if (stream->device != fake.current)
		return CUDRV_INVALID_CONTEXT;
	if (stream->capturing)
		return CUDRV_CAPTURE_UNSUPPORTED;
	struct command *c = malloc(sizeof(*c));
	if (!c)
		return CUDRV_OUT_OF_MEMORY;
	*c = what;
	c->next = NULL;
	c->correlation = ++fake.correlations;
	tell(stream, c, 0);
	*stream->end = c;
	stream->end = &c->next;
	return CUDRV_SUCCESS;
}

/* Where the real driver waits, however long that takes: what would never come back says so here. */
static unsigned drain_as_one_call(struct CUstream_st *stream)
{
	const long fail_at = fake.fail_at;
	fake.fail_at = 0;
	const unsigned status = fake_drain(stream);
	fake.fail_at = fail_at;
	return status == CUDRV_NOT_READY ? CUDRV_LAUNCH_TIMEOUT : status;
}

FAKE unsigned cuStreamCreate(struct CUstream_st **ret, unsigned flags)
{
	const unsigned status = fake_state();
	if (status != CUDRV_SUCCESS)
		return status;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return CUDRV_OUT_OF_MEMORY;
	(*ret)->end = &(*ret)->first;
	(*ret)->device = fake.current;
	(*ret)->next = fake.all_streams;
	fake.all_streams = *ret;
	(*ret)->number = ++fake.streams;
	fake.alive++;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuStreamDestroy_v2(struct CUstream_st *stream)
{
	fake_drain(stream);
	while (stream->first) {
		struct command *c = stream->first;
		stream->first = c->next;
		if (c->type == RECORD || c->type == WAIT_EVENT)
			event_drop(c->event);
		if (c->type == GRAPH)
			graph_drop(c->graph);
		free(c);
	}
	struct CUstream_st **link = &fake.all_streams;
	while (*link != stream)
		link = &(*link)->next;
	*link = stream->next;
	free(stream);
	fake.alive--;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuStreamQuery(struct CUstream_st *stream)
{
	return fake_drain(stream);
}

FAKE unsigned cuStreamWaitEvent(struct CUstream_st *stream, struct CUevent_st *event,
				unsigned flags)
{
	unsigned status = put(stream, (struct command){.type = WAIT_EVENT, .event = event});
	if (status == CUDRV_SUCCESS)
		event->users++;
	return status;
}

FAKE unsigned cuStreamWaitValue32_v2(struct CUstream_st *stream, cuda_address address,
				     uint32_t value, unsigned flags)
{
	return put(stream, (struct command){.type = WAIT_VALUE,
					    .to = (void *)(uintptr_t)address,
					    .value = value});
}

FAKE unsigned cuEventCreate(struct CUevent_st **ret, unsigned flags)
{
	const unsigned status = fake_state();
	if (status != CUDRV_SUCCESS)
		return status;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return CUDRV_OUT_OF_MEMORY;
	(*ret)->users = 1;
	(*ret)->timed = !(flags & CUDRV_EVENT_DISABLE_TIMING);
	fake.alive++;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuEventDestroy_v2(struct CUevent_st *event)
{
	event_drop(event);
	return CUDRV_SUCCESS;
}

FAKE unsigned cuEventRecord(struct CUevent_st *event, struct CUstream_st *stream)
{
	const bool idle = !stream->first;
	unsigned status = put(stream, (struct command){.type = RECORD, .event = event});
	if (status != CUDRV_SUCCESS)
		return status;
	event->users++;
	event->done = false;
	event->stream = stream;
	/* A device that has nothing to do comes to it at once, as the real one does. */
	if (idle)
		drain_as_one_call(stream);
	return CUDRV_SUCCESS;
}

FAKE unsigned cuEventElapsedTime(float *ms, struct CUevent_st *first, struct CUevent_st *last)
{
	const unsigned status = fake_state();
	if (!first->timed || !last->timed)
		return CUDRV_INVALID_HANDLE;
	if (!first->done || !last->done)
		return CUDRV_NOT_READY;
	*ms = (float)((double)(int64_t)(last->ns - first->ns) / 1e6);
	return status;
}

FAKE unsigned cuMemcpyHtoDAsync_v2(cuda_address to, const void *from, size_t bytes,
				   struct CUstream_st *stream)
{
	if (!fake_holds(to, bytes))
		return CUDRV_INVALID_VALUE;
	return put(stream, (struct command){.type = COPY,
					    .to = (void *)(uintptr_t)to,
					    .from = from,
					    .bytes = bytes});
}

FAKE unsigned cuMemcpyDtoHAsync_v2(void *to, cuda_address from, size_t bytes,
				   struct CUstream_st *stream)
{
	if (!fake_holds(from, bytes))
		return CUDRV_INVALID_VALUE;
	unsigned status = put(stream, (struct command){.type = COPY,
						       .to = to,
						       .from = (void *)(uintptr_t)from,
						       .bytes = bytes});
	if (status != CUDRV_SUCCESS || fake_is_pinned(to))
		return status;
	/* The real one returns when the bytes are there [CUDA Driver API, "API synchronization behavior"]. */
	return drain_as_one_call(stream);
}

FAKE unsigned cuMemcpyDtoDAsync_v2(cuda_address to, cuda_address from, size_t bytes,
				   struct CUstream_st *stream)
{
	if (!fake_holds(from, bytes) || !fake_holds(to, bytes))
		return CUDRV_INVALID_VALUE;
	return put(stream, (struct command){.type = COPY,
					    .to = (void *)(uintptr_t)to,
					    .from = (void *)(uintptr_t)from,
					    .bytes = bytes});
}

FAKE unsigned cuDeviceCanAccessPeer(int *possible, int device, int other)
{
	*possible = device != other && fake.peers;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuCtxEnablePeerAccess(struct CUctx_st *other, unsigned flags)
{
	return fake_state();
}

FAKE unsigned cuMemcpyPeerAsync(cuda_address to, struct CUctx_st *to_context, cuda_address from,
				struct CUctx_st *from_context, size_t bytes,
				struct CUstream_st *stream)
{
	if (to_context == from_context)
		return CUDRV_INVALID_CONTEXT;
	return cuMemcpyDtoDAsync_v2(to, from, bytes, stream);
}

FAKE unsigned cuMemsetD8Async(cuda_address to, unsigned char byte, size_t bytes,
			      struct CUstream_st *stream)
{
	if (!fake_holds(to, bytes))
		return CUDRV_INVALID_VALUE;
	return put(stream, (struct command){.type = FILL,
					    .to = (void *)(uintptr_t)to,
					    .bytes = bytes,
					    .value = byte});
}

/* Images are those of fakenvrtc: "FAKECUBIN sm_90" and the text. */
FAKE unsigned cuModuleLoadData(struct CUmod_st **ret, const void *image)
{
	static const char head[] = "FAKECUBIN sm_";
	const unsigned status = fake_state();
	if (fake.image_status || status != CUDRV_SUCCESS)
		return fake.image_status ? (unsigned)fake.image_status : status;
	if (strncmp(image, head, sizeof(head) - 1) != 0)
		return CUDRV_INVALID_IMAGE;
	long arch = strtol((const char *)image + sizeof(head) - 1, NULL, 10);
	char *copy = strdup(image);
	if (!copy)
		return CUDRV_OUT_OF_MEMORY;
	*ret = calloc(1, sizeof(**ret));
	if (arch != fake.arch || !*ret) {
		free(copy);
		free(*ret);
		return arch != fake.arch ? CUDRV_NO_BINARY_FOR_GPU : CUDRV_OUT_OF_MEMORY;
	}
	(*ret)->image = copy;
	fake.alive++;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuModuleUnload(struct CUmod_st *module)
{
	free(module->image);
	free(module);
	fake.alive--;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuModuleGetFunction(struct CUfunc_st **ret, struct CUmod_st *module, const char *name)
{
	char signature[80];
	const struct gpu_kernel_source *source = gpu_kernel_find(name);
	snprintf(signature, sizeof(signature), "GPU_KERNEL void %s(", name);
	if (!source || !source->host || !strstr(module->image, signature))
		return CUDRV_NOT_FOUND;
	const unsigned status = fake_state();
	if (status != CUDRV_SUCCESS)
		return status;
	*ret = (struct CUfunc_st *)source;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuFuncGetAttribute(int *value, unsigned attribute, struct CUfunc_st *function)
{
	*value = attribute == CUDRV_FUNC_REGISTERS ? 32 : 0;
	return CUDRV_SUCCESS;
}

static unsigned add_to_graph(struct CUgraph_st *graph, const struct launch *launch)
{
	struct launch *more = realloc(graph->launches, (graph->n + 1) * sizeof(*more));
	if (!more)
		return CUDRV_OUT_OF_MEMORY;
	graph->launches = more;
	graph->launches[graph->n++] = *launch;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuLaunchKernel(struct CUfunc_st *function, unsigned groups_x, unsigned groups_y,
			     unsigned groups_z, unsigned size_x, unsigned size_y, unsigned size_z,
			     unsigned shared_bytes, struct CUstream_st *stream, void **params,
			     void **extra)
{
	const struct gpu_kernel_source *source = (const struct gpu_kernel_source *)function;
	struct launch launch = {.source = source,
				.items = (size_t)groups_x * groups_y * groups_z * size_x * size_y *
					 size_z};
	const unsigned status = fake_state();
	if (status != CUDRV_SUCCESS)
		return status;
	if (launch.items == 0 || size_x * size_y * size_z > 1024)
		return CUDRV_INVALID_VALUE;
	for (size_t i = 0; source->params[i]; i++) {
		cuda_address address;
		if (source->params[i] != 'b') {
			memcpy(&launch.args[i], params[i], sizeof(uint32_t));
			continue;
		}
		memcpy(&address, params[i], sizeof(address));
		if (!fake_holds(address, 1))
			return CUDRV_INVALID_VALUE;
		launch.args[i].memory = (void *)(uintptr_t)address;
	}
	if (stream->capturing)
		return add_to_graph(stream->capturing, &launch);
	const char *blocking = getenv("CUDA_LAUNCH_BLOCKING");
	for (uint64_t begin_ns = assay_now_ns();
	     assay_now_ns() - begin_ns < 1000 * (uint64_t)fake.dear_us;)
		continue;
	fake.together_now |= strcmp(source->name, "dot_product") == 0 ? 1u << fake.current : 0;
	unsigned put_status = put(stream, (struct command){.type = LAUNCH, .launch = launch});
	if (put_status != CUDRV_SUCCESS || !blocking || blocking[0] != '1')
		return put_status;
	return drain_as_one_call(stream);
}

FAKE unsigned cuStreamBeginCapture_v2(struct CUstream_st *stream, unsigned mode)
{
	const unsigned status = fake_state();
	if (status != CUDRV_SUCCESS)
		return status;
	stream->capturing = calloc(1, sizeof(*stream->capturing));
	if (!stream->capturing)
		return CUDRV_OUT_OF_MEMORY;
	stream->capturing->users = 1;
	fake.alive++;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuStreamEndCapture(struct CUstream_st *stream, struct CUgraph_st **ret)
{
	*ret = stream->capturing;
	stream->capturing = NULL;
	return *ret ? fake_state() : CUDRV_CAPTURE_UNMATCHED;
}

FAKE unsigned cuGraphInstantiateWithFlags(struct CUgraphExec_st **ret, struct CUgraph_st *graph,
					  unsigned long long flags)
{
	const unsigned status = fake_state();
	struct CUgraph_st *copy = status == CUDRV_SUCCESS ? calloc(1, sizeof(*copy)) : NULL;
	if (!copy)
		return status != CUDRV_SUCCESS ? status : CUDRV_OUT_OF_MEMORY;
	copy->users = 1;
	for (size_t i = 0; i < graph->n; i++)
		add_to_graph(copy, &graph->launches[i]);
	fake.alive++;
	*ret = (struct CUgraphExec_st *)copy;
	return CUDRV_SUCCESS;
}

FAKE unsigned cuGraphDestroy(struct CUgraph_st *graph)
{
	graph_drop(graph);
	return CUDRV_SUCCESS;
}

FAKE unsigned cuGraphExecDestroy(struct CUgraphExec_st *graph)
{
	return cuGraphDestroy((struct CUgraph_st *)graph);
}

FAKE unsigned cuGraphLaunch(struct CUgraphExec_st *graph, struct CUstream_st *stream)
{
	struct CUgraph_st *run = (struct CUgraph_st *)graph;
	unsigned status = put(stream, (struct command){.type = GRAPH, .graph = run});
	run->users += status == CUDRV_SUCCESS;
	return status;
}
