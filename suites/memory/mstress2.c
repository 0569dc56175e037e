/* SPDX-License-Identifier: MIT */
/*
 * mstress2: blocks of a program's sizes, some kept, all of them passing through one table that every thread
 * exchanges with: whoever finds a block releases it. After mimalloc's mstress, with threads that live on.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "suites/memory/churn_bench.h"

enum { SHARED = 4096, MOST_BYTES = 4096 };

/* The beginning of every block: what is needed to check and to release it. */
struct passing {
	uint32_t size;
	uint32_t check; /* follows from size and address */
};

struct stress {
	_Atomic(struct passing *) shared[SHARED];
	atomic_ullong wrong;
	struct memory_watch watch;
};

static uint32_t check_of(const struct passing *p)
{
	return p->size * 2654435761u ^ (uint32_t)((uintptr_t)p >> 4);
}

static void release(struct stress *s, const struct allocator *a, struct passing *p)
{
	if (a->keeps_content && p->check != check_of(p)) {
		atomic_fetch_add(&s->wrong, 1); /* its size is not to be believed either */
		return;
	}
	a->release(p, a->keeps_content ? p->size : sizeof(*p));
}

static void setup(struct assay_run *run)
{
	struct stress *s = calloc(1, sizeof(*s));

	assay_set_state(run, s);
	if (assay_check(run, s != NULL, "no memory") && memory_needs_exchange(run))
		memory_watch_begin(&s->watch, run,
				   sizeof(*s) + assay_threads(run) * churn_own_bytes(SHARED));
}

static void teardown(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct stress *s = assay_state(run);

	for (size_t i = 0; s && i < SHARED; i++)
		if (atomic_load(&s->shared[i]))
			release(s, a, atomic_load(&s->shared[i]));
	free(s);
}

/* Steps drawn beforehand; the slots of the churn itself stay empty. */
static void thread_setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct churn *churn = NULL;
	enum assay_code code = churn_new(SHARED, LAW_PROGRAM, MOST_BYTES,
					 assay_seed(run) + assay_thread(run), &churn, &err);

	assay_check(run, code == ASSAY_OK, "%s", err.text);
	assay_set_thread_state(run, churn);
}

static void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct stress *s = assay_state(run);
	struct churn *churn = assay_thread_state(run);
	size_t at = churn->at, before = at;
	uint64_t refused = 0;
	long faults = memory_faults();

	ASSAY_LOOP (run) {
		const struct churn_step *step = &churn->steps[at++ % CHURN_STEPS];
		struct passing *p = assay_keep(a->alloc(step->size));
		if (__builtin_expect(!p, 0)) {
			refused++;
			continue;
		}
		memset(p, (int)at, step->size);
		p->size = step->size;
		p->check = check_of(p);
		p = atomic_exchange_explicit(&s->shared[step->slot], p, memory_order_acq_rel);
		if (p)
			release(s, a, p);
	}
	churn->at = at;
	churn_report(run, churn, &s->watch, SHARED, faults, at - before);
	assay_check(run, !refused, "%llu allocations were refused", (unsigned long long)refused);
	assay_check(run, atomic_load(&s->wrong) == 0, "%llu blocks changed while they passed",
		    (unsigned long long)atomic_load(&s->wrong));
}

const struct assay_bench assay_bench_memory_mstress2 = {
	.brief = "a program's sizes through one table that all threads exchange with",
	.source = "after mstress of mimalloc-bench; https://github.com/daanx/mimalloc-bench",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.thread_teardown = churn_thread_teardown,
	.threads = "1..ncores:x2",
	.thorough = true,
	.version = 1, /* faults are those of one thread */
};
