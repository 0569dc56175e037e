/* SPDX-License-Identifier: MIT */
/* lock_run: sets up a lock, and sees that it has excluded. */
#include "suites/concurrency/lock_run.h"

#include <stdlib.h>

#include "harness/base/rng.h"

static bool prepare_parts(struct lock_run *l, struct assay_run *run, double inside_ns,
			  double outside_ns, double reads)
{
	struct assay_rng rng;
	assay_rng_init(&rng, assay_seed(run));
	l->parts = aligned_alloc(_Alignof(struct lock_part), l->threads * sizeof(*l->parts));
	if (!l->parts)
		return false;
	memset(l->parts, 0, l->threads * sizeof(*l->parts));
	uint32_t inside = think_turns(inside_ns), outside = think_turns(outside_ns);
	for (unsigned i = 0; i < l->threads; i++) {
		struct lock_part *part = &l->parts[i];
		part->inside =
			(struct think){.random = (uint32_t)assay_rng_next(&rng), .turns = inside};
		part->outside =
			(struct think){.random = (uint32_t)assay_rng_next(&rng), .turns = outside};
		for (size_t k = 0; k < LOCK_RUN_PATTERN; k++)
			part->reads[k] = assay_rng_unit(&rng) < reads;
	}
	return shares_init(&l->shares, l->threads);
}

void lock_run_setup(struct assay_run *run, double inside_ns, double outside_ns, double reads)
{
	struct lock_run *l = aligned_alloc(_Alignof(struct lock_run), sizeof(*l));
	struct assay_err err = {0};
	if (!assay_check(run, l, "out of memory"))
		return;
	memset(l, 0, sizeof(*l));
	assay_set_state(run, l);
	l->ops = assay_subject(run);
	l->threads = assay_threads(run);
	ASSAY_AUTO_FREE int *cpus = calloc(l->threads, sizeof(*cpus));
	if (!assay_check(run, cpus && prepare_parts(l, run, inside_ns, outside_ns, reads),
			 "out of memory"))
		return;
	for (unsigned i = 0; i < l->threads; i++)
		cpus[i] = assay_cpu(run, i);
	enum assay_code code = lock_new(l->ops, l->threads, cpus, &l->lock, &err);
	assay_check(run, code == ASSAY_OK, "%s", err.text);
}

void lock_run_teardown(struct assay_run *run)
{
	struct lock_run *l = assay_state(run);
	if (!l)
		return;
	uint64_t changes = 0, torn = 0;
	for (unsigned i = 0; l->parts && i < l->threads; i++) {
		changes += l->parts[i].changes;
		torn += l->parts[i].torn;
	}
	if (!l->ops->excludes_nobody)
		assay_check(run, l->first == changes && l->second == changes && torn == 0,
			    "%llu changes counted, %llu made; %llu seen half done",
			    (unsigned long long)l->first, (unsigned long long)changes,
			    (unsigned long long)torn);
	lock_free(l->ops, l->lock);
	shares_done(&l->shares);
	free(l->parts);
	free(l);
}
