/* SPDX-License-Identifier: MIT */
/* kernels: plain code beside code for vectors, on data that stay in a cache; one operation is one row. */
#include <stdlib.h>

#include "suites/scaling/kernel_way.h"

struct state {
	float *memory, *in, *out;
};

static void setup(struct assay_run *run)
{
	const struct kernel *k = &kernels[(size_t)assay_axis(run, "kernel")];
	size_t rows = (size_t)assay_axis(run, "rows");
	struct state *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	assay_set_state(run, s);
	if (rows < 1 || rows > 1000000) {
		assay_skip(run, "rows must be 1 to 1000000");
		return;
	}
	s->memory = malloc((k->shared + rows * (k->in + k->out)) * sizeof(*s->memory));
	if (!assay_check(run, s->memory != NULL, "out of memory"))
		return;
	s->in = s->memory + k->shared;
	s->out = s->in + rows * k->in;
	if (k->fill_shared)
		k->fill_shared(s->memory);
	for (size_t r = 0; r < rows; r++)
		k->fill(s->in + r * k->in, assay_seed(run), r);
	assay_set_flops_per_op(run, k->flops);
	assay_set_ops_per_iteration(run, rows);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (s)
		free(s->memory);
	free(s);
}

static void body(struct assay_run *run)
{
	const struct kernel_way *way = assay_subject(run);
	kernel_rows *code = way->code()->rows[(size_t)assay_axis(run, "kernel")];
	const struct state *s = assay_state(run);
	size_t rows = (size_t)assay_axis(run, "rows");

	ASSAY_LOOP (run) {
		code(s->memory, s->in, s->out, rows);
		assay_clobber();
	}
}

const struct assay_bench assay_bench_scaling_kernels = {
	.brief = "workloads in plain code and in code for vectors, one row; one thread",
	.claim = "S2.simd",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = SCALING_KERNEL,
	.axes = ASSAY_AXES({"kernel", "name", KERNEL_WORDS, NULL}, {"rows", "count", "64", NULL}),
	.thorough = true,
};
