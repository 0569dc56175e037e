/* SPDX-License-Identifier: MIT */
/* triad: one operation is one kernel launch that computes a[i] = b[i] + s * c[i], and its end. */
#include <math.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/gpu/kernels.h"

#define SCALE  3.0f
#define POISON 0xa5

struct triad {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[3];
	struct gpu_arg args[5];
	struct gpu_launch launch;
	size_t n;
	bool held; /* until a launch is there */
	uint64_t batch;
};

static enum assay_code open_device(struct triad *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_triad, &t->kernel, err);
	for (int i = 0; i < 3 && code == ASSAY_OK; i++) {
		code = ops->alloc(t->session.device, GPU_PLAIN, t->n * sizeof(float),
				  &t->buffers[i], err);
		t->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->buffers[i]}};
	}
	t->args[3] = (struct gpu_arg){GPU_FLOAT, {.f = SCALE}};
	t->args[4] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->n}};
	t->launch = gpu_over(t->kernel, t->args, 5, t->n);
	return code;
}

/* Random data in, poison where the answer goes, one run, the answer out and compared. */
static enum assay_code verify(struct triad *t, float *const host[3], uint64_t seed,
			      struct assay_err *err)
{
	size_t bytes = t->n * sizeof(float);
	double ns;
	t->held = t->session.ops->info(t->session.device)->spans_early;
	memset(host[0], POISON, bytes);
	gpu_fill(host[1], t->n, seed);
	gpu_fill(host[2], t->n, seed + 1);
	enum assay_code code = ASSAY_OK;
	for (int i = 0; i < 3 && code == ASSAY_OK; i++)
		code = gpu_upload(&t->session, t->buffers[i], host[i], bytes, err);
	if (code == ASSAY_OK)
		code = gpu_run(&t->session, &t->launch, &ns, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, host[0], t->buffers[0], bytes, err);
	if (code == ASSAY_OK)
		code = gpu_clocks_warm(&t->session, err);
	if (code == ASSAY_OK && t->session.ops->computes)
		code = gpu_stream_check(&gpu_kernel_triad, host[0], host[1], host[2], SCALE, t->n,
					0, err);
	return code;
}

static void setup(struct assay_run *run)
{
	struct triad *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->n = (size_t)assay_axis(run, "size") / sizeof(float);
	if (!assay_check(run, t->n > 0 && t->n <= UINT32_MAX,
			 "size must be 4 bytes to 16 GiB an array"))
		return;
	assay_set_bytes_per_op(run, 3.0 * (double)t->n * sizeof(float));
	assay_set_flops_per_op(run, 2.0 * (double)t->n);
	struct assay_err err = {0};
	if (!gpu_passed(run, &t->session, open_device(t, &err), &err))
		return;
	float *host[3];
	for (int i = 0; i < 3; i++)
		host[i] = malloc(t->n * sizeof(float));
	if (assay_check(run, host[0] && host[1] && host[2], "out of memory"))
		gpu_passed(run, &t->session, verify(t, host, assay_seed(run), &err), &err);
	for (int i = 0; i < 3; i++)
		free(host[i]);
}

static void teardown(struct assay_run *run)
{
	struct triad *t = assay_state(run);
	if (t)
		gpu_close_with(&t->session, t->kernel, t->buffers, 3);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	struct triad *t = assay_state(run);
	t->batch = n;
}

static void body(struct assay_run *run)
{
	struct triad *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	double device_ns = 0;
	uint64_t host_ns = 0;
	ASSAY_LOOP (run) {
		double ns = 0;
		enum assay_code one = t->held ? gpu_hold(&t->session, &err) : ASSAY_OK;
		uint64_t begin = assay_now_ns();
		if (one == ASSAY_OK)
			one = gpu_run(&t->session, &t->launch, &ns, &err);
		host_ns += assay_now_ns() - begin;
		device_ns += ns;
		if (one != ASSAY_OK)
			code = one;
	}
	double roundtrip_ns = (double)host_ns / (double)t->batch;
	double kernel_ns = device_ns / (double)t->batch;
	if (code == ASSAY_OK)
		code = gpu_clocks_look(&t->session, &err);
	if (!gpu_passed(run, &t->session, code, &err))
		return;
	/* The null device has no clock: its time is the harness's own, by the host's. */
	if (isnan(device_ns))
		return;
	assay_set_elapsed_ns(run, device_ns);
	gpu_state_clock(run, &t->session);
	t->session.batch_ns = device_ns;
	gpu_of_limit(run, &t->session, GPU_LIMIT_MEMORY,
		     3.0 * (double)t->n * sizeof(float) * (double)t->batch);
	assay_metric(run, "roundtrip", "ns", ASSAY_LOWER, roundtrip_ns);
	assay_metric(run, "overhead", "ns", ASSAY_LOWER, roundtrip_ns - kernel_ns);
}

const struct assay_bench assay_bench_gpu_triad = {
	.brief = "a[i] = b[i] + s*c[i] on floats in device memory, timed by the device",
	.source = "McCalpin, STREAM, 1995; Deakin et al., BabelStream, 2018",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"size", "bytes", "1Mi,16Mi,64Mi", "16Mi"}),
	.unit = "B/s",
	.max_ops = 256,
	.version = 2,
};
