/* SPDX-License-Identifier: MIT */
/*
 * stream: arrays in device memory read and written by one launch after the other, none waiting for the host. `hot`
 * takes the same arrays again and again; `cold` takes turns among so many that each has left the device's last
 * cache before it comes again.
 */
#include <stdlib.h>

#include "suites/gpu/kernels.h"

#define SCALE  3.0f
#define POISON 0xa5

enum { HOT, COLD, MAX_SETS = 4096, CACHES = 3 /* between two uses of an array */, MAX_OPS = 64 };

/* The arrays of one launch. */
struct set {
	struct gpu_buffer *buffers[3];
	struct gpu_arg args[5];
	struct gpu_launch launch;
};

struct streaming {
	struct gpu_session session;
	const struct gpu_stream_kernel *kind;
	struct gpu_kernel *kernel;
	size_t n, bytes, n_sets, next;
	struct set *sets;
	uint64_t batch;
};

/* How many sets put CACHES times the last cache between two uses of one. */
static enum assay_code count_sets(struct streaming *t, bool cold, struct assay_err *err)
{
	const struct gpu_info *info = t->session.ops->info(t->session.device);
	const double set_bytes = (double)t->kind->arrays * (double)t->bytes;
	const uint64_t cache = info->cache_bytes ? info->cache_bytes : info->cache_most_bytes;
	t->n_sets = 1;
	if (!cold)
		return ASSAY_OK;
	if (cache == 0)
		return assay_fail(err, ASSAY_SKIP,
				  "how large its cache is the device does not say");
	double sets = CACHES * (double)cache / set_bytes + 2;
	if (sets > MAX_SETS)
		return assay_fail(err, ASSAY_SKIP, "size is too small to leave a cache of %llu KiB",
				  (unsigned long long)(cache >> 10));
	if (info->memory_bytes && sets * 3 * (double)t->bytes > 0.9 * (double)info->memory_bytes)
		return assay_fail(err, ASSAY_SKIP, "%g arrays of this size do not fit the device",
				  3 * sets);
	t->n_sets = (size_t)sets;
	return ASSAY_OK;
}

static enum assay_code make_set(struct streaming *t, struct set *set, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (int i = 0; i < 3 && code == ASSAY_OK; i++) {
		code = t->session.ops->alloc(t->session.device, GPU_PLAIN, t->bytes,
					     &set->buffers[i], err);
		set->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = set->buffers[i]}};
	}
	set->args[3] = (struct gpu_arg){GPU_FLOAT, {.f = SCALE}};
	set->args[4] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->n}};
	set->launch = gpu_over(t->kernel, set->args, 5, t->n);
	if (t->kind->source == &gpu_kernel_dot && set->launch.groups[0] > GPU_DOT_GROUPS)
		set->launch.groups[0] = GPU_DOT_GROUPS;
	return code;
}

/* Random data in, poison where the answer goes, one run, the answer out and compared. */
static enum assay_code verify(struct streaming *t, struct set *set, float *const host[3],
			      struct assay_err *err)
{
	double ns;
	enum assay_code code = ASSAY_OK;
	memset(host[0], POISON, t->bytes);
	for (int i = 0; i < 3 && code == ASSAY_OK; i++)
		code = gpu_upload(&t->session, set->buffers[i], host[i], t->bytes, err);
	if (code == ASSAY_OK)
		code = gpu_run(&t->session, &set->launch, &ns, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, host[0], set->buffers[0], t->bytes, err);
	if (code == ASSAY_OK && t->session.ops->computes)
		code = gpu_stream_check(t->kind->source, host[0], host[1], host[2], SCALE, t->n,
					set->launch.groups[0], err);
	return code;
}

static enum assay_code open_all(struct streaming *t, bool cold, uint64_t seed,
				struct assay_err *err)
{
	float *host[3];
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = t->session.ops->build(t->session.device, t->kind->source, &t->kernel, err);
	if (code == ASSAY_OK)
		code = count_sets(t, cold, err);
	if (code != ASSAY_OK)
		return code;
	t->sets = calloc(t->n_sets, sizeof(*t->sets));
	for (int i = 0; i < 3; i++)
		host[i] = malloc(t->bytes);
	if (!t->sets || !host[0] || !host[1] || !host[2])
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	for (int i = 1; i < 3 && code == ASSAY_OK; i++)
		gpu_fill(host[i], t->n, seed + (uint64_t)i);
	for (size_t i = 0; i < t->n_sets && code == ASSAY_OK; i++) {
		code = make_set(t, &t->sets[i], err);
		if (code == ASSAY_OK)
			code = verify(t, &t->sets[i], host, err);
	}
	for (int i = 0; i < 3; i++)
		free(host[i]);
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct streaming *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->kind = &gpu_stream_kernels[(size_t)assay_axis(run, "kernel")];
	t->n = (size_t)assay_axis(run, "size") / sizeof(float);
	t->bytes = t->n * sizeof(float);
	if (t->n < GPU_DOT_GROUPS || t->n > UINT32_MAX) {
		assay_skip(run, "size must be 4 KiB to 16 GiB an array");
		return;
	}
	assay_set_bytes_per_op(run, (double)t->kind->arrays * (double)t->bytes);
	assay_set_flops_per_op(run, (double)t->kind->flops * (double)t->n);
	gpu_passed(run, &t->session,
		   open_all(t, (int)assay_axis(run, "cache") == COLD, assay_seed(run), &err), &err);
}

static void teardown(struct assay_run *run)
{
	struct streaming *t = assay_state(run);
	if (!t)
		return;
	if (t->session.device) {
		for (size_t i = 0; t->sets && i < t->n_sets; i++)
			for (int k = 0; k < 3; k++)
				t->session.ops->release(t->session.device, t->sets[i].buffers[k]);
		t->session.ops->unbuild(t->session.device, t->kernel);
	}
	gpu_close(&t->session);
	free(t->sets);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	struct streaming *t = assay_state(run);
	t->batch = n;
}

static void body(struct assay_run *run)
{
	struct streaming *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(run, &t->session, true, &err);
	ASSAY_LOOP (run) {
		/* Where the last batch ended: so that short batches are as cold as long ones. */
		const struct gpu_launch *launch = &t->sets[t->next].launch;
		t->next = t->next + 1 < t->n_sets ? t->next + 1 : 0;
		if (code == ASSAY_OK)
			code = t->session.ops->launch(t->session.stream, launch, &err);
	}
	if (gpu_end(run, &t->session, code, &err))
		gpu_of_limit(run, &t->session, GPU_LIMIT_MEMORY,
			     (double)t->batch * (double)t->kind->arrays * (double)t->bytes);
}

const struct assay_bench assay_bench_gpu_stream = {
	.brief =
		"copy, scale, add, triad and dot product in device memory, in its cache and out of it",
	.source = "McCalpin, STREAM, 1995; Deakin et al., BabelStream, 2018",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"kernel", "name", GPU_STREAM_WORDS, NULL},
			   {"cache", "name", "hot,cold", NULL}, {"size", "bytes", "16Mi", NULL}),
	.unit = "B/s",
	.max_ops = MAX_OPS,
	.version = 2,
	.thorough = true,
};
