/* SPDX-License-Identifier: MIT */
/*
 * join_idle: the backend that has been idle for longest, and any when none is idle [Lu et al.,
 * "Join-Idle-Queue", Performance Evaluation 68(11), 2011].
 */
#include <stdlib.h>

#include "suites/concurrency/balancer.h"

/* A list of the idle, oldest first; n stands for its end. */
struct idle {
	uint32_t *next, *before;
	bool *listed;
};

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	struct idle *q = calloc(1, sizeof(*q));
	b->own = q;
	if (q) {
		q->next = calloc(2 * (b->n + 1), sizeof(*q->next));
		q->listed = calloc(b->n, sizeof(*q->listed));
	}
	if (!q || !q->next || !q->listed)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a list of idle backends");
	q->before = q->next + b->n + 1;
	q->next[b->n] = q->before[b->n] = (uint32_t)b->n;
	return ASSAY_OK;
}

static void list(struct idle *q, uint32_t end, uint32_t i, bool wanted)
{
	if (q->listed[i] == wanted)
		return;
	q->listed[i] = wanted;
	if (wanted) {
		q->before[i] = q->before[end];
		q->next[i] = end;
		q->next[q->before[end]] = i;
		q->before[end] = i;
	} else {
		q->next[q->before[i]] = q->next[i];
		q->before[q->next[i]] = q->before[i];
	}
}

static void changed(struct balancer *b, int which)
{
	size_t from = which < 0 ? 0 : (size_t)which, to = which < 0 ? b->n : from + 1;
	for (size_t i = from; i < to; i++)
		list(b->own, (uint32_t)b->n, (uint32_t)i,
		     b->backends[i].open && !b->backends[i].in_flight);
}

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	const struct idle *q = b->own;
	uint32_t oldest = q->next[b->n];
	if (oldest < b->n)
		return (int)oldest;
	return (int)b->open[assay_rng_below(&b->rng, b->n_open)];
}

static void done(struct balancer *b)
{
	struct idle *q = b->own;
	if (!q)
		return;
	free(q->next);
	free(q->listed);
	free(q);
}

static const struct balancer_policy policy = {
	.init = init, .pick = pick, .changed = changed, .done = done};

const struct assay_subject assay_subject_concurrency_join_idle = {
	.interface = BALANCER_INTERFACE,
	.brief = "the one idle for longest, any when none is",
	.ops = &policy,
};
