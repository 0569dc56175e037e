/* SPDX-License-Identifier: MIT */
/*
 * launch: what it costs to have a kernel of one addition run: `queue` puts launches behind each other and waits for
 * the last, `wait` waits for each, `graph` puts so many of them into the stream by one call. By the host's clock.
 */
#include <stdlib.h>

#include "suites/gpu/kernels.h"

enum { QUEUE, WAIT, GRAPH, MAX_NODES = 1000 };

struct launching {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_buffer *counter;
	struct gpu_graph *graph;
	struct gpu_arg arg;
	struct gpu_launch launch;
	int way;
	size_t nodes; /* launches of an iteration */
	uint64_t batch;
};

static enum assay_code set_counter(struct launching *t, struct assay_err *err)
{
	const float zero = 0;
	return gpu_upload(&t->session, t->counter, &zero, sizeof(zero), err);
}

static enum assay_code open_all(struct launching *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	struct gpu_launch nodes[MAX_NODES];
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_count, &t->kernel, err);
	if (code == ASSAY_OK)
		code = ops->alloc(t->session.device, GPU_PLAIN, sizeof(float), &t->counter, err);
	if (code != ASSAY_OK)
		return code;
	t->arg = (struct gpu_arg){GPU_BUFFER, {.buffer = t->counter}};
	t->launch = (struct gpu_launch){t->kernel, &t->arg, 1, {1, 1}, {1, 1}};
	/* The first launch of all compiles or loads, on some devices, and is nobody's figure. */
	code = ops->launch(t->session.stream, &t->launch, err);
	if (code == ASSAY_OK)
		code = ops->wait(t->session.stream, err);
	if (t->way == GRAPH && code == ASSAY_OK)
		code = gpu_needs(&t->session, GPU_HAS_GRAPHS, err);
	for (size_t i = 0; i < t->nodes; i++)
		nodes[i] = t->launch;
	if (t->way == GRAPH && code == ASSAY_OK)
		code = ops->graph_new(t->session.stream, nodes, t->nodes, &t->graph, err);
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct launching *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->way = (int)assay_axis(run, "way");
	double nodes = assay_axis(run, "nodes");
	if (!(nodes >= 1 && nodes <= MAX_NODES)) {
		assay_skip(run, "nodes must be 1 to %d", MAX_NODES);
		return;
	}
	t->nodes = (size_t)nodes;
	assay_set_ops_per_iteration(run, t->nodes);
	gpu_passed(run, &t->session, open_all(t, &err), &err);
}

static void teardown(struct assay_run *run)
{
	struct launching *t = assay_state(run);
	if (!t)
		return;
	if (t->session.device) {
		t->session.ops->graph_free(t->graph);
		t->session.ops->release(t->session.device, t->counter);
		t->session.ops->unbuild(t->session.device, t->kernel);
	}
	gpu_close(&t->session);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	struct launching *t = assay_state(run);
	struct assay_err err = {0};
	t->batch = n;
	gpu_passed(run, &t->session, set_counter(t, &err), &err);
}

static enum assay_code iterate(struct launching *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = ASSAY_OK;
	if (t->graph)
		return ops->graph_run(t->session.stream, t->graph, err);
	for (size_t i = 0; i < t->nodes && code == ASSAY_OK; i++) {
		code = ops->launch(t->session.stream, &t->launch, err);
		if (t->way == WAIT && code == ASSAY_OK)
			code = ops->wait(t->session.stream, err);
	}
	return code;
}

/* Every launch has counted once. Floats count exactly up to 2^24. */
static void check_count(struct assay_run *run, struct launching *t)
{
	struct assay_err err = {0};
	float counted = 0;
	double want = (double)t->batch * (double)t->nodes;
	enum assay_code code =
		gpu_download(&t->session, &counted, t->counter, sizeof(counted), &err);
	if (gpu_passed(run, &t->session, code, &err) && t->session.ops->computes)
		assay_check(run, counted == want, "%g launches counted %g", want, (double)counted);
}

static void body(struct assay_run *run)
{
	struct launching *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	uint64_t left = t->batch;
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = iterate(t, &err);
		/* The end of the last one belongs to the batch. */
		if (--left == 0 && code == ASSAY_OK)
			code = t->session.ops->wait(t->session.stream, &err);
	}
	if (gpu_passed(run, &t->session, code, &err))
		check_count(run, t);
}

const struct assay_bench assay_bench_gpu_launch = {
	.brief = "one launch of a kernel that adds one: queued, waited for, or a node of a graph",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"way", "name", "queue,wait,graph", NULL},
			   {"nodes", "count", "1,10,100,1000", "1,100"}),
	.max_ops = 256,
	.version = 1,
	.thorough = true,
};
