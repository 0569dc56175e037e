/* SPDX-License-Identifier: MIT */
/* walk: a random order of lines as a cycle. Launches go on where the last one ended, so that a long walk meets lines anew. */
#include "suites/gpu/walk.h"

#include <stdlib.h>

#include "harness/base/rng.h"

enum assay_code gpu_walk_open(struct gpu_walk *w, size_t most_lines, struct assay_err *err)
{
	const struct gpu_ops *ops = w->session.ops;
	enum assay_code code = gpu_open(&w->session, err);
	if (code == ASSAY_OK)
		code = ops->build(w->session.device, &gpu_kernel_chase, &w->kernel, err);
	if (code == ASSAY_OK)
		code = ops->alloc(w->session.device, GPU_PLAIN, most_lines * GPU_LINE_BYTES,
				  &w->buffers[0], err);
	if (code == ASSAY_OK)
		code = ops->alloc(w->session.device, GPU_PLAIN, sizeof(uint32_t), &w->buffers[1],
				  err);
	w->order = calloc(most_lines, sizeof(*w->order));
	w->next = calloc(most_lines, GPU_LINE_BYTES);
	if (code == ASSAY_OK && (!w->order || !w->next))
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	for (int i = 0; i < 2; i++)
		w->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = w->buffers[i]}};
	w->launch = (struct gpu_launch){w->kernel, w->args, 3, {1, 1}, {1, 1}};
	return code;
}

void gpu_walk_close(struct gpu_walk *w)
{
	gpu_close_with(&w->session, w->kernel, w->buffers, 2);
	free(w->order);
	free(w->next);
}

/* A random permutation of all lines but the first is a random cycle [Durstenfeld, CACM 7(7), 1964]. */
static void draw(struct gpu_walk *w, uint64_t seed)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < w->lines; i++)
		w->order[i] = (uint32_t)(i * GPU_LINE_WORDS);
	for (size_t i = w->lines - 1; i > 1; i--) {
		size_t other = 1 + (size_t)assay_rng_below(&rng, i);
		uint32_t kept = w->order[i];
		w->order[i] = w->order[other];
		w->order[other] = kept;
	}
	for (size_t i = 0; i < w->lines; i++)
		w->next[w->order[i]] = w->order[(i + 1) % w->lines];
}

enum assay_code gpu_walk_lay(struct gpu_walk *w, size_t lines, uint64_t seed, struct assay_err *err)
{
	const uint32_t begin = 0;
	w->lines = lines;
	w->done = 0;
	draw(w, seed);
	enum assay_code code =
		gpu_upload(&w->session, w->buffers[0], w->next, lines * GPU_LINE_BYTES, err);
	return code == ASSAY_OK ? gpu_upload(&w->session, w->buffers[1], &begin, sizeof(begin), err)
				: code;
}

void gpu_walk_set_steps(struct gpu_walk *w, uint32_t steps)
{
	w->args[2] = (struct gpu_arg){GPU_UINT, {.u = steps}};
}

enum assay_code gpu_walk_check(struct gpu_walk *w, uint64_t launches, struct assay_err *err)
{
	uint32_t got = UINT32_MAX;
	w->done += launches * w->args[2].value.u;
	const uint32_t want = w->order[w->done % w->lines];
	enum assay_code code = gpu_download(&w->session, &got, w->buffers[1], sizeof(got), err);
	if (code == ASSAY_OK && w->session.ops->computes && got != want)
		return assay_fail(err, ASSAY_ECHECK, "%llu steps end at word %u, not at %u",
				  (unsigned long long)w->done, got, want);
	return code;
}

enum assay_code gpu_walk_run(struct gpu_walk *w, double *ret_ns, struct assay_err *err)
{
	enum assay_code code = gpu_run(&w->session, &w->launch, ret_ns, err);
	return code == ASSAY_OK ? gpu_walk_check(w, 1, err) : code;
}
