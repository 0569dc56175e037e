/* SPDX-License-Identifier: MIT */
/* chase: setting up, checking and giving back memory with a chain through it. */
#include "suites/memory/chase.h"

#include <stdlib.h>

/* Beyond what a cache close by can hold a whole walk takes seconds and warms nothing: its beginning has to do. */
#define WALKED_BYTES ((size_t)32 << 20)
#define WALKED_STEPS ((size_t)1 << 16)

enum assay_code chase_open(struct chase *chase, enum pages_kind kind, size_t size,
			   enum chain_order order, uint64_t seed, struct assay_err *err)
{
	*chase = (struct chase){.lines = size / CHAIN_LINE_BYTES};
	if (!chase->lines)
		return assay_fail(err, ASSAY_SKIP, "a chain needs at least one line of %d bytes",
				  CHAIN_LINE_BYTES);
	enum assay_code code = pages_map(kind, size, &chase->pages, err);
	if (code == ASSAY_OK) {
		pages_touch(&chase->pages);
		code = pages_confirm(&chase->pages, kind, err);
	}
	if (code == ASSAY_OK)
		code = chain_build(chase->pages.base, chase->lines, order, seed, err);
	return code;
}

void chase_done(struct chase *chase)
{
	pages_done(&chase->pages);
}

void memory_settle(struct assay_run *run, enum assay_code code, const struct assay_err *err)
{
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err->text);
	else
		assay_check(run, code == ASSAY_OK, "%s", err->text);
}

void chase_setup(struct assay_run *run, enum chain_order order)
{
	struct assay_err err = {0};
	struct chase *chase = calloc(1, sizeof(*chase));

	assay_set_state(run, chase);
	if (assay_check(run, chase != NULL, "no memory"))
		memory_settle(run,
			      chase_open(chase, (enum pages_kind)assay_axis(run, "pages"),
					 (size_t)assay_axis(run, "size"), order, assay_seed(run),
					 &err),
			      &err);
}

void chase_thread_setup(struct assay_run *run)
{
	const struct chase *chase = assay_state(run);
	void *base = chase->pages.base;
	size_t bytes = chase->lines * CHAIN_LINE_BYTES;
	bool right = bytes <= WALKED_BYTES ? chain_is_one_cycle(base, chase->lines)
					   : chain_goes_on(base, bytes, WALKED_STEPS);

	assay_check(run, right, "the chain does not visit each of its %zu lines exactly once",
		    chase->lines);
	assay_set_thread_state(run, chase->pages.base);
}

void chase_teardown(struct assay_run *run)
{
	struct chase *chase = assay_state(run);

	if (chase)
		chase_done(chase);
	free(chase);
}
