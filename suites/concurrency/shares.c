/* SPDX-License-Identifier: MIT */
/* shares: Jain's index over the threads of a window. */
#include "suites/concurrency/shares.h"

#include <stdlib.h>

bool shares_init(struct shares *s, unsigned threads)
{
	*s = (struct shares){.threads = threads, .ops = calloc(threads, sizeof(*s->ops))};
	return s->ops != NULL;
}

void shares_done(struct shares *s)
{
	free(s->ops);
}

void shares_report(struct shares *s, struct assay_run *run, unsigned thread, uint64_t ops)
{
	if (s->threads < 2)
		return;
	atomic_store_explicit(&s->ops[thread], ops, memory_order_relaxed);
	/* release: the own count before; acquire: those of the others */
	if (atomic_fetch_add_explicit(&s->arrived, 1, memory_order_acq_rel) + 1 < s->threads)
		return;
	double sum = 0, squares = 0;
	for (unsigned i = 0; i < s->threads; i++) {
		double n = (double)atomic_load_explicit(&s->ops[i], memory_order_relaxed);
		sum += n;
		squares += n * n;
	}
	/* relaxed: the next window begins only when all have left this one */
	atomic_store_explicit(&s->arrived, 0, memory_order_relaxed);
	if (squares > 0)
		assay_metric(run, "fairness", "ratio", ASSAY_HIGHER,
			     sum * sum / squares / s->threads);
}
