/* SPDX-License-Identifier: MIT */
/*
 * multi: products of arrays summed over several devices at once: each takes its share, the host adds up their sums.
 * `strong` shares one array out, `weak` gives each device one of that size. By the host's clock, from the first launch
 * to the sum. Elements are small whole numbers, so that sums are exact in any order.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/gpu/kernels.h"

enum { STRONG, WEAK, MAX_DEVICES = 8, LIMIT = 4 /* of an element */ };

struct share {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[3];
	struct gpu_arg args[5];
	struct gpu_launch launch;
	float sums[GPU_DOT_GROUPS];
};

struct shared {
	struct share shares[MAX_DEVICES];
	size_t n_devices, n, groups; /* the last two of a device */
	double want;
};

static enum assay_code open_share(struct shared *t, unsigned number, float *const host[2],
				  struct assay_err *err)
{
	struct share *s = &t->shares[number];
	const size_t bytes[3] = {t->groups * sizeof(float), t->n * sizeof(float),
				 t->n * sizeof(float)};
	enum assay_code code = gpu_open_number(&s->session, number, err);
	const struct gpu_ops *ops = s->session.ops;
	if (code == ASSAY_OK)
		code = ops->build(s->session.device, &gpu_kernel_dot, &s->kernel, err);
	for (int i = 0; i < 3 && code == ASSAY_OK; i++) {
		code = ops->alloc(s->session.device, GPU_PLAIN, bytes[i], &s->buffers[i], err);
		if (code == ASSAY_OK && i > 0)
			code = gpu_upload(&s->session, s->buffers[i], host[i - 1], bytes[i], err);
		s->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = s->buffers[i]}};
	}
	s->args[3] = (struct gpu_arg){GPU_FLOAT, {.f = 1}};
	s->args[4] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->n}};
	s->launch = gpu_over(s->kernel, s->args, 5, t->groups * GPU_GROUP_ITEMS);
	return code;
}

/* Whole numbers of either sign; the sum of their products. */
static double fill_whole(float *const host[2], size_t n, struct assay_rng *rng)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 2; k++)
			host[k][i] = (float)assay_rng_below(rng, 2 * LIMIT + 1) - LIMIT;
		sum += (double)host[0][i] * host[1][i];
	}
	return sum;
}

/*
 * One sum over all devices, which start one after the other and run side by side. Nothing is read before the last has
 * started: a read into memory that is not pinned may hold the caller until it is done.
 */
static enum assay_code add_up(struct shared *t, double *ret, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	double sum = 0;
	for (size_t d = 0; d < t->n_devices && code == ASSAY_OK; d++) {
		struct share *s = &t->shares[d];
		code = s->session.ops->launch(s->session.stream, &s->launch, err);
	}
	for (size_t d = 0; d < t->n_devices && code == ASSAY_OK; d++) {
		struct share *s = &t->shares[d];
		code = s->session.ops->read(s->session.stream, s->sums, s->buffers[0],
					    t->groups * sizeof(float), err);
	}
	for (size_t d = 0; d < t->n_devices && code == ASSAY_OK; d++) {
		struct share *s = &t->shares[d];
		code = s->session.ops->wait(s->session.stream, err);
		for (size_t i = 0; i < t->groups; i++)
			sum += s->sums[i];
	}
	*ret = sum;
	return code;
}

static enum assay_code open_all(struct shared *t, uint64_t seed, struct assay_err *err)
{
	struct assay_rng rng;
	unsigned devices = 0;
	const struct gpu_ops *ops = t->shares[0].session.ops;
	enum assay_code code = ops->count(&devices, err);
	if (code == ASSAY_OK && devices < t->n_devices)
		code = assay_fail(err, ASSAY_SKIP, "%zu devices wanted, there are %u", t->n_devices,
				  devices);
	if (code != ASSAY_OK)
		return code;
	assay_rng_init(&rng, seed);
	float *host[2] = {malloc(t->n * sizeof(float)), malloc(t->n * sizeof(float))};
	if (!host[0] || !host[1])
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	for (unsigned d = 0; d < t->n_devices && code == ASSAY_OK; d++) {
		t->want += fill_whole(host, t->n, &rng);
		code = open_share(t, d, host, err);
	}
	free(host[0]);
	free(host[1]);
	return code;
}

static void settle(struct assay_run *run, struct shared *t, enum assay_code code, double sum,
		   struct assay_err *err)
{
	const struct gpu_session *session = &t->shares[0].session;
	if (gpu_passed(run, session, code, err) && session->ops->computes)
		assay_check(run, sum == t->want, "the sum is %.17g, expected %.17g", sum, t->want);
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct shared *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	for (size_t d = 0; d < MAX_DEVICES; d++)
		t->shares[d].session.ops = assay_subject(run);
	double devices = assay_axis(run, "devices");
	size_t n = (size_t)assay_axis(run, "size") / sizeof(float);
	/* Sums of a group stay whole numbers that a float holds. */
	size_t most = (size_t)GPU_DOT_GROUPS << 19;
	if (!(devices >= 1 && devices <= MAX_DEVICES) || n < MAX_DEVICES || n > most) {
		assay_skip(run, "devices must be 1 to %d, size %zu bytes to 2 GiB", MAX_DEVICES,
			   MAX_DEVICES * sizeof(float));
		return;
	}
	t->n_devices = (size_t)devices;
	t->n = (int)assay_axis(run, "way") == STRONG ? n / t->n_devices : n;
	t->groups = (t->n + GPU_GROUP_ITEMS - 1) / GPU_GROUP_ITEMS;
	if (t->groups > GPU_DOT_GROUPS)
		t->groups = GPU_DOT_GROUPS;
	assay_set_bytes_per_op(run, 2.0 * devices * (double)t->n * sizeof(float));
	double sum = 0;
	enum assay_code code = open_all(t, assay_seed(run), &err);
	if (code == ASSAY_OK)
		code = add_up(t, &sum, &err);
	settle(run, t, code, sum, &err);
}

static void teardown(struct assay_run *run)
{
	struct shared *t = assay_state(run);
	if (!t)
		return;
	for (size_t d = 0; d < t->n_devices; d++) {
		struct share *s = &t->shares[d];
		if (!s->session.device)
			continue;
		for (int i = 0; i < 3; i++)
			s->session.ops->release(s->session.device, s->buffers[i]);
		s->session.ops->unbuild(s->session.device, s->kernel);
		gpu_close(&s->session);
	}
	free(t);
}

static void body(struct assay_run *run)
{
	struct shared *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	double sum = t->want;
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = add_up(t, &sum, &err);
	}
	settle(run, t, code, sum, &err);
}

const struct assay_bench assay_bench_gpu_multi = {
	.brief = "one sum of products over several devices, shared out or one array each",
	.claim = "S4.gpus",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"way", "name", "strong,weak", NULL},
			   {"devices", "count", "1,2,4,8", "1,2"},
			   {"size", "bytes", "64Mi", "16Mi"}),
	.unit = "B/s",
	.max_ops = 64,
	.version = 2,
	.thorough = true,
};
