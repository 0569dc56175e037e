/* SPDX-License-Identifier: MIT */
/*
 * alloc: a buffer of the device taken and given back: from the driver each time, from the driver's pool in the order
 * of a stream, and from a list of our own that keeps what was given back. By the host's clock.
 */
#include <stdlib.h>

#include "suites/gpu/kernels.h"

#define POISON 0xa5

enum { PLAIN, POOL, OWN };
/* Buffers that are held at a time, so that a pool of one is not enough. */
enum { HELD = 8 };

struct allocating {
	struct gpu_session session;
	struct gpu_buffer *held[HELD];
	struct gpu_buffer *kept[HELD]; /* of our own list, given back */
	size_t n_kept, bytes;
	int way;
};

static enum assay_code take(struct allocating *t, struct gpu_buffer **ret, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	if (t->way == POOL)
		return ops->pool_alloc(t->session.stream, t->bytes, ret, err);
	if (t->way == OWN && t->n_kept > 0) {
		*ret = t->kept[--t->n_kept];
		return ASSAY_OK;
	}
	return ops->alloc(t->session.device, GPU_PLAIN, t->bytes, ret, err);
}

static void give(struct allocating *t, struct gpu_buffer *buffer)
{
	if (t->way == POOL)
		t->session.ops->pool_release(t->session.stream, buffer);
	else if (t->way == OWN)
		t->kept[t->n_kept++] = buffer;
	else
		t->session.ops->release(t->session.device, buffer);
}

/* All at once, each with a number of its own at both ends, all read back: they do not overlap. */
static enum assay_code verify(struct allocating *t, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	size_t n = 0;
	unsigned char *bytes = malloc(t->bytes);
	if (!bytes)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	for (; n < HELD && code == ASSAY_OK; n++) {
		code = take(t, &t->held[n], err);
		if (code != ASSAY_OK)
			break;
		memset(bytes, (int)n + 1, t->bytes);
		code = gpu_upload(&t->session, t->held[n], bytes, t->bytes, err);
	}
	for (size_t i = 0; i < n && code == ASSAY_OK; i++) {
		memset(bytes, POISON, t->bytes);
		code = gpu_download(&t->session, bytes, t->held[i], t->bytes, err);
		if (code == ASSAY_OK && t->session.ops->computes &&
		    (bytes[0] != i + 1 || bytes[t->bytes - 1] != i + 1))
			code = assay_fail(err, ASSAY_ECHECK, "buffer %zu has another one's content",
					  i);
	}
	for (size_t i = 0; i < n; i++)
		give(t, t->held[i]);
	free(bytes);
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct allocating *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->way = (int)assay_axis(run, "from");
	t->bytes = (size_t)assay_axis(run, "size");
	if (t->bytes < 1) {
		assay_skip(run, "size must be at least a byte");
		return;
	}
	assay_set_ops_per_iteration(run, HELD);
	enum assay_code code = gpu_open(&t->session, &err);
	if (code == ASSAY_OK && t->way == POOL)
		code = gpu_needs(&t->session, GPU_HAS_POOL, &err);
	if (code == ASSAY_OK)
		code = verify(t, &err);
	gpu_passed(run, &t->session, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct allocating *t = assay_state(run);
	if (!t)
		return;
	for (size_t i = 0; i < t->n_kept; i++)
		t->session.ops->release(t->session.device, t->kept[i]);
	gpu_close(&t->session);
	free(t);
}

static void body(struct assay_run *run)
{
	struct allocating *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	ASSAY_LOOP (run) {
		size_t n = 0;
		while (n < HELD && code == ASSAY_OK) {
			code = take(t, &t->held[n], &err);
			n += code == ASSAY_OK;
		}
		while (n > 0)
			give(t, t->held[--n]);
	}
	if (code == ASSAY_OK)
		code = t->session.ops->wait(t->session.stream, &err);
	gpu_passed(run, &t->session, code, &err);
}

const struct assay_bench assay_bench_gpu_alloc = {
	.brief = "a buffer of the device taken and given back, eight held at a time",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"from", "name", "plain,pool,own", NULL},
			   {"size", "bytes", "64Ki,16Mi", "1Mi"}),
	.max_ops = 4096,
	.version = 1,
	.thorough = true,
};
