/* SPDX-License-Identifier: MIT */
/*
 * exchange: bytes between devices, straight from one to another or through the host's memory. `copy` has them go from the
 * first device to the second; `allreduce` leaves the sum of all devices' arrays on each of them, by a ring [Patarasuk &
 * Yuan, JPDC 69(2), 2009]. By the host's clock. Elements are small whole numbers, so that sums are exact.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/gpu/kernels.h"

enum { COPY, ALLREDUCE, MAX_DEVICES = 8, LIMIT = 4 /* of an element */ };
#define POISON 0xa5

struct node {
	struct gpu_session session;
	struct gpu_kernel *add;
	struct gpu_buffer *in[MAX_DEVICES], *out[MAX_DEVICES]; /* a part each */
	struct gpu_buffer *received;
};

struct ring {
	struct node nodes[MAX_DEVICES];
	size_t n_devices, n; /* floats of a part */
	int way;
	bool through_host;
	float *host[MAX_DEVICES]; /* of a part, for each device that receives */
	float *want;              /* all parts */
};

/* A part of the device before is put where this one has room for it; through the host in two steps. */
static enum assay_code fetch(struct ring *t, size_t d, struct gpu_buffer *to,
			     struct gpu_buffer *from, struct assay_err *err)
{
	struct node *self = &t->nodes[d],
		    *before = &t->nodes[(d + t->n_devices - 1) % t->n_devices];
	const struct gpu_ops *ops = self->session.ops;
	const size_t bytes = t->n * sizeof(float);
	if (!t->through_host)
		return ops->copy_peer(self->session.stream, to, before->session.device, from, bytes,
				      err);
	enum assay_code code = ops->read(before->session.stream, t->host[d], from, bytes, err);
	if (code == ASSAY_OK)
		code = ops->wait(before->session.stream, err);
	return code == ASSAY_OK ? ops->write(self->session.stream, to, t->host[d], bytes, err)
				: code;
}

static enum assay_code wait_all(struct ring *t, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t d = 0; d < t->n_devices && code == ASSAY_OK; d++)
		code = t->nodes[d].session.ops->wait(t->nodes[d].session.stream, err);
	return code;
}

/* Sums of a part go round: each device adds its own to what it receives. */
static enum assay_code reduce_step(struct ring *t, size_t step, struct assay_err *err)
{
	const size_t devices = t->n_devices;
	enum assay_code code = ASSAY_OK;
	for (size_t d = 0; d < devices && code == ASSAY_OK; d++) {
		struct node *self = &t->nodes[d], *before = &t->nodes[(d + devices - 1) % devices];
		size_t part = (d + 2 * devices - 1 - step) % devices;
		struct gpu_buffer *from = step == 0 ? before->in[part] : before->out[part];
		const struct gpu_arg args[] = {{GPU_BUFFER, {.buffer = self->out[part]}},
					       {GPU_BUFFER, {.buffer = self->in[part]}},
					       {GPU_BUFFER, {.buffer = self->received}},
					       {GPU_FLOAT, {.f = 1}},
					       {GPU_UINT, {.u = (uint32_t)t->n}}};
		const struct gpu_launch launch = gpu_over(self->add, args, 5, t->n);
		code = fetch(t, d, self->received, from, err);
		if (code == ASSAY_OK)
			code = self->session.ops->launch(self->session.stream, &launch, err);
	}
	return code == ASSAY_OK ? wait_all(t, err) : code;
}

/* Whole sums go round: device d has that of part d + 1 to begin with. */
static enum assay_code gather_step(struct ring *t, size_t step, struct assay_err *err)
{
	const size_t devices = t->n_devices;
	enum assay_code code = ASSAY_OK;
	for (size_t d = 0; d < devices && code == ASSAY_OK; d++) {
		size_t part = (d + devices - step) % devices;
		code = fetch(t, d, t->nodes[d].out[part],
			     t->nodes[(d + devices - 1) % devices].out[part], err);
	}
	return code == ASSAY_OK ? wait_all(t, err) : code;
}

static enum assay_code exchange(struct ring *t, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	if (t->way == COPY) {
		code = fetch(t, 1, t->nodes[1].out[0], t->nodes[0].in[0], err);
		return code == ASSAY_OK ? wait_all(t, err) : code;
	}
	for (size_t step = 0; step + 1 < t->n_devices && code == ASSAY_OK; step++)
		code = reduce_step(t, step, err);
	for (size_t step = 0; step + 1 < t->n_devices && code == ASSAY_OK; step++)
		code = gather_step(t, step, err);
	return code;
}

/* Did everybody get what they should? */
static enum assay_code check(struct ring *t, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	const size_t bytes = t->n * sizeof(float), parts = t->way == COPY ? 1 : t->n_devices;
	for (size_t d = t->way == COPY; d < t->n_devices && code == ASSAY_OK; d++)
		for (size_t part = 0; part < parts && code == ASSAY_OK; part++) {
			struct node *self = &t->nodes[d];
			memset(t->host[d], POISON, bytes);
			code = gpu_download(&self->session, t->host[d], self->out[part], bytes,
					    err);
			if (code == ASSAY_OK && self->session.ops->computes &&
			    memcmp(t->host[d], t->want + part * t->n, bytes) != 0)
				code = assay_fail(err, ASSAY_ECHECK,
						  "part %zu on device %zu is not what was sent",
						  part, d);
		}
	return code;
}

/* A device's parts: random, and added to what is wanted; poison where the answer goes. */
static enum assay_code open_parts(struct ring *t, size_t d, struct assay_rng *rng,
				  struct assay_err *err)
{
	struct node *self = &t->nodes[d];
	const struct gpu_ops *ops = self->session.ops;
	const size_t bytes = t->n * sizeof(float);
	enum assay_code code = ASSAY_OK;
	for (size_t part = 0; part < t->n_devices && code == ASSAY_OK; part++) {
		for (size_t i = 0; i < t->n; i++) {
			float x = (float)assay_rng_below(rng, 2 * LIMIT + 1) - LIMIT;
			t->host[d][i] = x;
			if (t->way == ALLREDUCE || d == 0)
				t->want[part * t->n + i] += x;
		}
		code = ops->alloc(self->session.device, GPU_PLAIN, bytes, &self->in[part], err);
		if (code == ASSAY_OK)
			code = gpu_upload(&self->session, self->in[part], t->host[d], bytes, err);
		if (code == ASSAY_OK)
			code = ops->alloc(self->session.device, GPU_PLAIN, bytes, &self->out[part],
					  err);
		if (code == ASSAY_OK)
			code = ops->fill(self->session.stream, self->out[part], POISON, bytes, err);
	}
	return code == ASSAY_OK ? ops->wait(self->session.stream, err) : code;
}

static enum assay_code open_node(struct ring *t, size_t d, struct assay_rng *rng,
				 struct assay_err *err)
{
	struct node *self = &t->nodes[d];
	const struct gpu_ops *ops = self->session.ops;
	enum assay_code code = gpu_open_number(&self->session, (unsigned)d, err);
	if (code == ASSAY_OK && !t->through_host)
		code = gpu_needs(&self->session, GPU_HAS_PEERS, err);
	if (code == ASSAY_OK)
		code = ops->build(self->session.device, &gpu_kernel_add, &self->add, err);
	if (code == ASSAY_OK)
		code = ops->alloc(self->session.device, GPU_PLAIN, t->n * sizeof(float),
				  &self->received, err);
	return code == ASSAY_OK ? open_parts(t, d, rng, err) : code;
}

static enum assay_code open_all(struct ring *t, uint64_t seed, struct assay_err *err)
{
	struct assay_rng rng;
	unsigned devices = 0;
	enum assay_code code = t->nodes[0].session.ops->count(&devices, err);
	if (code == ASSAY_OK && devices < t->n_devices)
		code = assay_fail(err, ASSAY_SKIP, "%zu devices wanted, there are %u", t->n_devices,
				  devices);
	assay_rng_init(&rng, seed);
	t->want = calloc(t->n_devices * t->n, sizeof(float));
	if (code == ASSAY_OK && !t->want)
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	for (size_t d = 0; d < t->n_devices && code == ASSAY_OK; d++) {
		t->host[d] = malloc(t->n * sizeof(float));
		if (!t->host[d])
			code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	for (size_t d = 0; d < t->n_devices && code == ASSAY_OK; d++)
		code = open_node(t, d, &rng, err);
	if (code == ASSAY_OK)
		code = exchange(t, err);
	return code == ASSAY_OK ? check(t, err) : code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct ring *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	for (size_t d = 0; d < MAX_DEVICES; d++)
		t->nodes[d].session.ops = assay_subject(run);
	double devices = assay_axis(run, "devices"), size = assay_axis(run, "size");
	if (!(devices >= 2 && devices <= MAX_DEVICES) || !(size >= 4 * MAX_DEVICES)) {
		assay_skip(run, "devices must be 2 to %d, size at least %d bytes", MAX_DEVICES,
			   4 * MAX_DEVICES);
		return;
	}
	t->n_devices = (size_t)devices;
	t->way = (int)assay_axis(run, "way");
	t->through_host = assay_axis(run, "through") != 0;
	if (t->way == COPY && t->n_devices != 2) {
		assay_skip(run, "a copy is between two devices");
		return;
	}
	/* A copy's part is all of it. */
	t->n = (size_t)size / sizeof(float) / (t->way == COPY ? 1 : t->n_devices);
	assay_set_bytes_per_op(run, (double)(t->way == COPY ? 1 : t->n_devices) * (double)t->n *
					    sizeof(float));
	gpu_passed(run, &t->nodes[0].session, open_all(t, assay_seed(run), &err), &err);
}

static void teardown(struct assay_run *run)
{
	struct ring *t = assay_state(run);
	if (!t)
		return;
	for (size_t d = 0; d < t->n_devices; d++) {
		struct node *self = &t->nodes[d];
		free(t->host[d]);
		if (!self->session.device)
			continue;
		const struct gpu_ops *ops = self->session.ops;
		for (size_t part = 0; part < t->n_devices; part++) {
			ops->release(self->session.device, self->in[part]);
			ops->release(self->session.device, self->out[part]);
		}
		ops->release(self->session.device, self->received);
		ops->unbuild(self->session.device, self->add);
		gpu_close(&self->session);
	}
	free(t->want);
	free(t);
}

static void body(struct assay_run *run)
{
	struct ring *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = exchange(t, &err);
	}
	if (code == ASSAY_OK)
		code = check(t, &err);
	gpu_passed(run, &t->nodes[0].session, code, &err);
}

const struct assay_bench assay_bench_gpu_exchange = {
	.brief = "bytes from device to device, and sums of all on each",
	.source = "Patarasuk & Yuan, JPDC 69(2), 2009",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"way", "name", "copy,allreduce", NULL},
			   {"through", "name", "peer,host", NULL},
			   {"devices", "count", "2,4,8", "2"}, {"size", "bytes", "64Mi", "16Mi"}),
	.unit = "B/s",
	.max_ops = 64,
	.version = 2,
	.thorough = true,
};
