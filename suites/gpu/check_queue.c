/* SPDX-License-Identifier: MIT */
/* check_queue: the oracle of what a device does beside computing: order, graphs, gates, kinds of memory. */
#include <stdlib.h>

#include "suites/gpu/check_queue.h"
#include "suites/gpu/kernels.h"

enum { ITEMS = 5000, BYTES = ITEMS * sizeof(float), GRAPH_NODES = 5, GRAPH_RUNS = 3 };
#define POISON 0xa5

struct trial {
	struct gpu_session session;
	struct gpu_kernel *count, *copy;
	struct gpu_buffer *from, *to;
	struct gpu_arg args[5];
	struct gpu_launch copying, counting;
	float in[ITEMS], out[ITEMS];
};

static enum assay_code prepare(struct trial *t, uint64_t seed, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_count, &t->count, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_copy, &t->copy, err);
	if (code == ASSAY_OK)
		code = ops->alloc(t->session.device, GPU_PLAIN, BYTES, &t->from, err);
	if (code == ASSAY_OK)
		code = ops->alloc(t->session.device, GPU_PLAIN, BYTES, &t->to, err);
	if (code != ASSAY_OK)
		return code;
	gpu_fill(t->in, ITEMS, seed);
	t->args[0] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->to}};
	t->args[1] = t->args[2] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->from}};
	t->args[3] = (struct gpu_arg){GPU_FLOAT, {.f = 1}};
	t->args[4] = (struct gpu_arg){GPU_UINT, {.u = ITEMS}};
	t->copying = gpu_over(t->copy, t->args, 5, ITEMS);
	t->counting = gpu_over(t->count, t->args, 1, 1);
	return ASSAY_OK;
}

static void finish(struct trial *t)
{
	const struct gpu_ops *ops = t->session.ops;
	if (t->session.device) {
		ops->release(t->session.device, t->from);
		ops->release(t->session.device, t->to);
		ops->unbuild(t->session.device, t->count);
		ops->unbuild(t->session.device, t->copy);
	}
	gpu_close(&t->session);
	free(t);
}

/* What came out is what went in. */
static enum assay_code same(const struct trial *t, const char *what, enum assay_code code,
			    struct assay_err *err)
{
	if (code == ASSAY_OK && memcmp(t->in, t->out, BYTES) != 0)
		return assay_fail(err, ASSAY_ECHECK, "%s: %d floats came out changed", what, ITEMS);
	return code;
}

/* fill() and copy() do all bytes they are told, and no more. */
static enum assay_code check_copies(struct trial *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	const unsigned char *bytes = (const unsigned char *)t->out;
	size_t part = BYTES - 3;
	enum assay_code code = gpu_upload(&t->session, t->from, t->in, BYTES, err);
	if (code == ASSAY_OK)
		code = ops->fill(t->session.stream, t->to, POISON, BYTES, err);
	if (code == ASSAY_OK)
		code = ops->copy(t->session.stream, t->to, t->from, part, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->out, t->to, BYTES, err);
	if (code != ASSAY_OK)
		return code;
	if (memcmp(t->in, t->out, part) != 0)
		return assay_fail(err, ASSAY_ECHECK, "a copy of %zu bytes differs", part);
	for (size_t i = part; i < BYTES; i++)
		if (bytes[i] != POISON)
			return assay_fail(err, ASSAY_ECHECK, "behind %zu bytes copied is %#x", part,
					  bytes[i]);
	return ASSAY_OK;
}

/* A second stream reads what the first one has yet to compute, and is told to wait for it. */
static enum assay_code check_order(struct trial *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	struct gpu_stream *second = NULL;
	enum assay_code code = ops->stream_new(t->session.device, &second, err);
	memset(t->out, POISON, BYTES);
	if (code == ASSAY_OK)
		code = ops->fill(t->session.stream, t->to, POISON, BYTES, err);
	for (int i = 0; i < 8 && code == ASSAY_OK; i++)
		code = ops->launch(t->session.stream, &t->copying, err);
	if (code == ASSAY_OK)
		code = ops->after(second, t->session.stream, err);
	if (code == ASSAY_OK)
		code = ops->read(second, t->out, t->to, BYTES, err);
	if (code == ASSAY_OK)
		code = ops->wait(second, err);
	if (code == ASSAY_OK)
		code = ops->wait(t->session.stream, err);
	ops->stream_free(second);
	return same(t, "in a stream after another", code, err);
}

static enum assay_code run_graph(struct trial *t, struct gpu_graph *graph, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	float *zero = t->out;
	zero[0] = 0;
	enum assay_code code = gpu_upload(&t->session, t->to, zero, sizeof(*zero), err);
	for (int i = 0; i < GRAPH_RUNS && code == ASSAY_OK; i++)
		code = ops->graph_run(t->session.stream, graph, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->out, t->to, sizeof(*t->out), err);
	if (code == ASSAY_OK && t->out[0] != GRAPH_NODES * GRAPH_RUNS)
		return assay_fail(err, ASSAY_ECHECK, "%d runs of a graph of %d nodes counted %g",
				  GRAPH_RUNS, GRAPH_NODES, (double)t->out[0]);
	return code;
}

static enum assay_code check_graph(struct trial *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	struct gpu_launch nodes[GRAPH_NODES];
	struct gpu_graph *graph = NULL;
	if (gpu_needs(&t->session, GPU_HAS_GRAPHS, NULL) != ASSAY_OK)
		return ASSAY_OK;
	for (int i = 0; i < GRAPH_NODES; i++)
		nodes[i] = t->counting;
	/* Loaded before: not every driver can do that while it records. */
	enum assay_code code = ops->launch(t->session.stream, &t->counting, err);
	if (code == ASSAY_OK)
		code = ops->wait(t->session.stream, err);
	if (code == ASSAY_OK)
		code = ops->graph_new(t->session.stream, nodes, GRAPH_NODES, &graph, err);
	if (code == ASSAY_OK)
		code = run_graph(t, graph, err);
	ops->graph_free(graph);
	return code;
}

/* Nothing happens behind a closed gate, and all of it when it opens. */
static enum assay_code check_gate(struct trial *t, float *pinned, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	struct gpu_gate *gate = NULL;
	memset(pinned, POISON, BYTES);
	memcpy(t->out, pinned, BYTES);
	enum assay_code code = ops->fill(t->session.stream, t->to, 0, BYTES, err);
	if (code == ASSAY_OK)
		code = ops->gate_close(t->session.stream, &gate, err);
	if (code != ASSAY_OK)
		return code;
	code = ops->launch(t->session.stream, &t->copying, err);
	if (code == ASSAY_OK)
		code = ops->read(t->session.stream, pinned, t->to, BYTES, err);
	bool held = memcmp(pinned, t->out, BYTES) == 0;
	enum assay_code opened = ops->gate_open(gate, code == ASSAY_OK ? err : NULL);
	if (code == ASSAY_OK)
		code = opened;
	if (code == ASSAY_OK)
		code = ops->wait(t->session.stream, err);
	memcpy(t->out, pinned, BYTES);
	if (code == ASSAY_OK && !held)
		return assay_fail(err, ASSAY_ECHECK, "a closed gate let work through");
	return same(t, "behind a gate", code, err);
}

/* Pinned memory is read and written by the device as other memory of the host is. */
static enum assay_code check_pinned(struct trial *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	void *pinned = NULL;
	if (gpu_needs(&t->session, GPU_HAS_PINNED, NULL) != ASSAY_OK)
		return ASSAY_OK;
	enum assay_code code = ops->pin(t->session.device, BYTES, &pinned, err);
	if (code != ASSAY_OK)
		return code;
	memcpy(pinned, t->in, BYTES);
	code = gpu_upload(&t->session, t->from, pinned, BYTES, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->out, t->from, BYTES, err);
	code = same(t, "from pinned memory", code, err);
	if (code == ASSAY_OK && gpu_needs(&t->session, GPU_HAS_GATES, NULL) == ASSAY_OK)
		code = check_gate(t, pinned, err);
	ops->unpin(t->session.device, pinned);
	return code;
}

/* A kernel reads the host's memory where it lies. */
static enum assay_code check_mapped(struct trial *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	struct gpu_buffer *mapped = NULL;
	struct gpu_launch launch = t->copying;
	struct gpu_arg args[5];
	double ns;
	if (gpu_needs(&t->session, GPU_HAS_MAPPED, NULL) != ASSAY_OK)
		return ASSAY_OK;
	enum assay_code code = ops->alloc(t->session.device, GPU_MAPPED, BYTES, &mapped, err);
	if (code != ASSAY_OK)
		return code;
	memcpy(args, t->args, sizeof(args));
	args[1].value.buffer = mapped;
	launch.args = args;
	memcpy(ops->mapped(mapped), t->in, BYTES);
	code = ops->fill(t->session.stream, t->to, POISON, BYTES, err);
	if (code == ASSAY_OK)
		code = gpu_run(&t->session, &launch, &ns, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->out, t->to, BYTES, err);
	ops->release(t->session.device, mapped);
	return same(t, "from mapped memory", code, err);
}

static enum assay_code check_pool(struct trial *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	struct gpu_buffer *buffer = NULL;
	if (gpu_needs(&t->session, GPU_HAS_POOL, NULL) != ASSAY_OK)
		return ASSAY_OK;
	memset(t->out, POISON, BYTES);
	enum assay_code code = ops->pool_alloc(t->session.stream, BYTES, &buffer, err);
	if (code != ASSAY_OK)
		return code;
	code = gpu_upload(&t->session, buffer, t->in, BYTES, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->out, buffer, BYTES, err);
	ops->pool_release(t->session.stream, buffer);
	return same(t, "in memory of the pool", code, err);
}

enum assay_code gpu_check_queues(const struct gpu_ops *ops, uint64_t seed, struct assay_err *err)
{
	enum assay_code (*const parts[])(struct trial *, struct assay_err *) = {
		check_copies, check_order, check_graph, check_pinned, check_mapped, check_pool};
	struct trial *t = calloc(1, sizeof(*t));
	if (!t)
		return assay_fail(err, ASSAY_ENOMEM, "gpu check: out of memory");
	t->session.ops = ops;
	enum assay_code code = prepare(t, seed, err);
	for (size_t i = 0; i < ASSAY_COUNT_OF(parts) && code == ASSAY_OK; i++)
		code = parts[i](t, err);
	if (code != ASSAY_OK)
		code = assay_context(err, code, "%s", gpu_text(&t->session));
	finish(t);
	return code;
}
