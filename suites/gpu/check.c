/* SPDX-License-Identifier: MIT */
/* check: the oracle of suites/gpu: transfers and kernels of a device against the host's own. */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/gpu/check_queue.h"
#include "suites/gpu/kernels.h"

enum { ROUNDS = 6, MAX_ITEMS = 100000, GUARD_ITEMS = 64 };
#define POISON 0xa5

/* What one round works with: three device arrays and their host sides, longer than needed. */
struct trial {
	struct gpu_session session;
	struct gpu_kernel *triad;
	struct gpu_buffer *buffers[3];
	float *a, *b, *c;
};

static enum assay_code prepare(struct trial *t, struct assay_err *err)
{
	size_t bytes = (MAX_ITEMS + GUARD_ITEMS) * sizeof(float);
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_triad, &t->triad, err);
	for (int i = 0; i < 3 && code == ASSAY_OK; i++)
		code = ops->alloc(t->session.device, GPU_PLAIN, bytes, &t->buffers[i], err);
	t->a = malloc(bytes);
	t->b = malloc(bytes);
	t->c = malloc(bytes);
	if (code == ASSAY_OK && (!t->a || !t->b || !t->c))
		code = assay_fail(err, ASSAY_ENOMEM, "gpu check: out of memory");
	return code;
}

static void finish(struct trial *t)
{
	free(t->a);
	free(t->b);
	free(t->c);
	if (!t->session.device)
		return;
	for (int i = 0; i < 3; i++)
		t->session.ops->release(t->session.device, t->buffers[i]);
	t->session.ops->unbuild(t->session.device, t->triad);
	gpu_close(&t->session);
}

/* What is uploaded comes back. */
static enum assay_code check_transfer(struct trial *t, size_t n, struct assay_err *err)
{
	enum assay_code code = gpu_upload(&t->session, t->buffers[0], t->b, n * 4, err);
	memset(t->a, POISON, n * 4);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->a, t->buffers[0], n * 4, err);
	if (code == ASSAY_OK && memcmp(t->a, t->b, n * 4) != 0)
		return assay_fail(err, ASSAY_ECHECK, "%zu floats came back changed", n);
	return code;
}

/* Nothing behind the n-th element was touched. */
static enum assay_code check_guard(const float *a, size_t n, struct assay_err *err)
{
	const unsigned char *bytes = (const unsigned char *)(a + n);
	for (size_t i = 0; i < GUARD_ITEMS * sizeof(float); i++)
		if (bytes[i] != POISON)
			return assay_fail(err, ASSAY_ECHECK, "triad of %zu wrote behind its end",
					  n);
	return ASSAY_OK;
}

static enum assay_code check_triad(struct trial *t, size_t n, float s, struct assay_err *err)
{
	size_t guarded = (n + GUARD_ITEMS) * sizeof(float);
	const struct gpu_arg args[] = {
		{GPU_BUFFER, {.buffer = t->buffers[0]}}, {GPU_BUFFER, {.buffer = t->buffers[1]}},
		{GPU_BUFFER, {.buffer = t->buffers[2]}}, {GPU_FLOAT, {.f = s}},
		{GPU_UINT, {.u = (uint32_t)n}},
	};
	const struct gpu_launch launch = gpu_over(t->triad, args, 5, n);
	double ns;
	memset(t->a, POISON, guarded);
	enum assay_code code = gpu_upload(&t->session, t->buffers[0], t->a, guarded, err);
	if (code == ASSAY_OK)
		code = gpu_upload(&t->session, t->buffers[1], t->b, n * 4, err);
	if (code == ASSAY_OK)
		code = gpu_upload(&t->session, t->buffers[2], t->c, n * 4, err);
	if (code == ASSAY_OK)
		code = gpu_run(&t->session, &launch, &ns, err);
	memset(t->a, 0, guarded);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->a, t->buffers[0], guarded, err);
	if (code == ASSAY_OK)
		code = gpu_stream_check(&gpu_kernel_triad, t->a, t->b, t->c, s, n, 0, err);
	if (code == ASSAY_OK)
		code = check_guard(t->a, n, err);
	if (code == ASSAY_OK && ns < 0)
		return assay_fail(err, ASSAY_ECHECK, "a kernel ran for %g ns", ns);
	return code;
}

static enum assay_code check(const struct assay_subject *subject, uint64_t seed,
			     struct assay_err *err)
{
	struct trial t = {.session.ops = subject->ops};
	struct assay_rng rng;
	if (!t.session.ops->computes)
		return ASSAY_OK;
	assay_rng_init(&rng, seed);
	enum assay_code code = prepare(&t, err);
	for (int round = 0; round < ROUNDS && code == ASSAY_OK; round++) {
		/* One element, then odd lengths that no work-group size divides. */
		size_t n = round == 0 ? 1 : 1 + (size_t)assay_rng_below(&rng, MAX_ITEMS);
		float s = (float)(4 * assay_rng_unit(&rng) - 2);
		gpu_fill(t.b, n, assay_rng_next(&rng));
		gpu_fill(t.c, n, assay_rng_next(&rng));
		code = check_transfer(&t, n, err);
		if (code == ASSAY_OK)
			code = check_triad(&t, n, s, err);
	}
	if (code != ASSAY_OK)
		code = assay_context(err, code, "%s", gpu_text(&t.session));
	finish(&t);
	if (code == ASSAY_OK)
		code = gpu_check_queues(subject->ops, assay_rng_next(&rng), err);
	/* Others may have the memory: nothing is wrong with the device. */
	if (code == ASSAY_ENOMEM && err)
		err->code = ASSAY_SKIP;
	return code == ASSAY_ENOMEM ? ASSAY_SKIP : code;
}

const struct assay_suite assay_suite_gpu = {
	.brief = "kernels on devices with memory of their own, timed by the device",
	.interface = "device",
	.check = check,
};
