/* SPDX-License-Identifier: MIT */
/* object_bench: open and close. */
#include "suites/memory/object_bench.h"

void object_bench_setup(struct assay_run *run, size_t least)
{
	const struct object_pool *ops = assay_subject(run);
	struct assay_err err = {0};
	void *pool = NULL;

	if (assay_axis(run, "size") < (double)least) {
		assay_skip(run, "size must be at least %zu", least);
		return;
	}
	enum assay_code code = ops->open((size_t)assay_axis(run, "size"), &pool, &err);
	assay_set_state(run, pool);
	assay_check(run, code == ASSAY_OK, "%s", err.text);
}

void object_bench_teardown(struct assay_run *run)
{
	const struct object_pool *ops = assay_subject(run);

	if (assay_state(run))
		ops->close(assay_state(run));
}
