/* SPDX-License-Identifier: MIT */
/* clocks: looks at the clock of a device, and the time of nothing. */
#include "suites/gpu/clocks.h"

#include <math.h>

#include "harness/base/clock.h"
#include "suites/gpu/kernels.h"

enum { EMPTIES = 9, LOOK_NS = 50000, SETTLE_NS = 5000000, MOST_NS = 500000000, AGREEING = 3 };

/* On a CPU both clocks are the same: a cycle is a nanosecond. */
static void clocks_host(const union gpu_host_arg *args, size_t items)
{
	uint64_t *out = args[0].memory;
	(void)items;
	out[0] = out[1] = args[1].u;
}

const struct gpu_kernel_source gpu_kernel_clocks = {
	"clocks",
	"GPU_KERNEL void clocks(GPU_GLOBAL unsigned *out, unsigned ns)\n"
	"{\n"
	"\tunsigned long long begin, from, to, cycles;\n"
	"\tif (GPU_ID != 0)\n"
	"\t\treturn;\n"
	/* Time goes on in steps: from one step to another. */
	"\tasm volatile(\"mov.u64 %0, %%globaltimer;\" : \"=l\"(begin));\n"
	"\tdo {\n"
	"\t\tasm volatile(\"mov.u64 %0, %%globaltimer;\" : \"=l\"(from));\n"
	"\t} while (from == begin);\n"
	"\tcycles = clock64();\n"
	"\tdo {\n"
	"\t\tasm volatile(\"mov.u64 %0, %%globaltimer;\" : \"=l\"(to));\n"
	"\t} while (to - from < ns);\n"
	"\tcycles = clock64() - cycles;\n"
	"\tto -= from;\n"
	"\tout[0] = (unsigned)cycles;\n"
	"\tout[1] = (unsigned)(cycles >> 32);\n"
	"\tout[2] = (unsigned)to;\n"
	"\tout[3] = (unsigned)(to >> 32);\n"
	"}\n",
	"bu", clocks_host, 50};

static enum assay_code look(struct gpu_session *s, uint32_t ns, struct assay_err *err)
{
	struct gpu_clocks *c = &s->clocks;
	uint64_t passed[2] = {0, 0}; /* cycles, nanoseconds */
	const struct gpu_arg args[] = {{GPU_BUFFER, {.buffer = c->out}}, {GPU_UINT, {.u = ns}}};
	const struct gpu_launch launch = {c->kernel, args, 2, {1, 1}, {1, 1}};
	enum assay_code code = s->ops->launch(s->stream, &launch, err);
	if (code == ASSAY_OK)
		code = gpu_download(s, passed, c->out, sizeof(passed), err);
	if (code != ASSAY_OK)
		return code;
	c->hz = passed[1] ? 1e9 * (double)passed[0] / (double)passed[1] : 0;
	if (c->hz > c->most_hz)
		c->most_hz = c->hz;
	return ASSAY_OK;
}

static void sort_few(double *x, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && x[k - 1] > x[k]; k--) {
			double kept = x[k];
			x[k] = x[k - 1];
			x[k - 1] = kept;
		}
}

/* One launch of one work item that adds one. */
static enum assay_code measure_floor(struct gpu_session *s, struct assay_err *err)
{
	struct gpu_clocks *c = &s->clocks;
	double ns[EMPTIES];
	const struct gpu_arg arg = {GPU_BUFFER, {.buffer = c->counter}};
	const struct gpu_launch launch = {c->empty, &arg, 1, {1, 1}, {1, 1}};
	/* The first one loads the kernel. */
	enum assay_code code = gpu_run(s, &launch, &ns[0], err);
	for (size_t i = 0; i < EMPTIES && code == ASSAY_OK; i++)
		code = gpu_run(s, &launch, &ns[i], err);
	if (code != ASSAY_OK)
		return code;
	sort_few(ns, EMPTIES);
	c->floor_ns = ns[EMPTIES / 2];
	return ASSAY_OK;
}

static enum assay_code wait_for_clock(struct gpu_session *s, struct assay_err *err)
{
	const uint64_t begin_ns = assay_now_ns();
	double before = 0;
	enum assay_code code = ASSAY_OK;
	for (int agreeing = 0; agreeing < AGREEING && code == ASSAY_OK;) {
		code = look(s, SETTLE_NS, err);
		agreeing = fabs(s->clocks.hz - before) <= 0.01 * before ? agreeing + 1 : 0;
		before = s->clocks.hz;
		if (assay_now_ns() - begin_ns > MOST_NS)
			break;
	}
	return code;
}

enum assay_code gpu_clocks_settle(struct gpu_session *s, struct assay_err *err)
{
	struct gpu_clocks *c = &s->clocks;
	if (c->ready || !s->ops->computes)
		return ASSAY_OK;
	c->ready = true;
	c->floor_ns = NAN;
	enum assay_code code = s->ops->build(s->device, &gpu_kernel_count, &c->empty, err);
	if (code == ASSAY_OK)
		code = s->ops->alloc(s->device, GPU_PLAIN, sizeof(float), &c->counter, err);
	if (code == ASSAY_OK)
		code = measure_floor(s, err);
	if (code != ASSAY_OK || gpu_needs(s, GPU_HAS_CLOCK, NULL) != ASSAY_OK)
		return code;
	code = s->ops->build(s->device, &gpu_kernel_clocks, &c->kernel, err);
	if (code == ASSAY_OK)
		code = s->ops->alloc(s->device, GPU_PLAIN, 2 * sizeof(uint64_t), &c->out, err);
	return code == ASSAY_OK ? wait_for_clock(s, err) : code;
}

enum assay_code gpu_clocks_warm(struct gpu_session *s, struct assay_err *err)
{
	return gpu_needs(s, GPU_HAS_CLOCK, NULL) == ASSAY_OK ? gpu_clocks_settle(s, err) : ASSAY_OK;
}

enum assay_code gpu_clocks_look(struct gpu_session *s, struct assay_err *err)
{
	struct gpu_clocks *c = &s->clocks;
	if (!c->kernel)
		return ASSAY_OK;
	enum assay_code code = look(s, LOOK_NS, err);
	c->throttled += code == ASSAY_OK && c->hz < GPU_THROTTLED * c->most_hz;
	return code;
}

void gpu_clocks_done(struct gpu_session *s)
{
	s->ops->release(s->device, s->clocks.out);
	s->ops->release(s->device, s->clocks.counter);
	s->ops->unbuild(s->device, s->clocks.kernel);
	s->ops->unbuild(s->device, s->clocks.empty);
	s->clocks = (struct gpu_clocks){0};
}

bool gpu_clocks_too_short(struct gpu_clocks *c, double batch_ns)
{
	bool below = c->ready && !isnan(c->floor_ns) && batch_ns < GPU_FLOORS * c->floor_ns;
	c->below = below ? c->below + 1 : 0;
	return c->below >= GPU_BELOW;
}
