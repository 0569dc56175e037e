/* SPDX-License-Identifier: MIT */
/*
 * edf: weighted round robin by earliest deadline first: a backend of weight w is due again 1/w later;
 * ties go to the one that has waited longest [Envoy, EdfScheduler]. Deadlines are fractions k/w,
 * compared exactly: sums of binary 1/w would swap picks.
 */
#include <stdlib.h>

#include "suites/concurrency/balancer.h"

struct due {
	uint64_t turns; /* deadline: turns / weight */
	uint64_t weight;
	uint64_t order;
	uint32_t backend;
};

struct edf {
	uint64_t order;
	struct due heap[];
};

static bool is_before(const struct due *a, const struct due *b)
{
	unsigned __int128 left = (unsigned __int128)a->turns * b->weight,
			  right = (unsigned __int128)b->turns * a->weight;
	return left < right || (left == right && a->order < b->order);
}

static void sink(struct due *heap, size_t n, size_t at)
{
	struct due moving = heap[at];
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!is_before(&heap[child], &moving))
			break;
		heap[at] = heap[child];
	}
	heap[at] = moving;
}

/* Fractions of a weight count, to a thousandth. */
static uint64_t whole(double share)
{
	uint64_t weight = (uint64_t)(share * 1000 + 0.5);
	return weight ? weight : 1;
}

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	struct edf *e = calloc(1, sizeof(*e) + b->n * sizeof(e->heap[0]));
	b->own = e;
	if (!e)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu deadlines", b->n);
	for (size_t i = 0; i < b->n; i++)
		e->heap[i] = (struct due){1, whole(b->backends[i].share), e->order++, (uint32_t)i};
	for (size_t i = b->n / 2; i-- > 0;)
		sink(e->heap, b->n, i);
	return ASSAY_OK;
}

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	struct edf *e = b->own;
	for (;;) {
		struct due *first = &e->heap[0];
		uint32_t backend = first->backend;
		first->turns++;
		first->order = e->order++;
		sink(e->heap, b->n, 0);
		if (b->backends[backend].open) /* else its turn is over all the same */
			return (int)backend;
	}
}

static const struct balancer_policy policy = {.init = init, .pick = pick, .weighted = true};

const struct assay_subject assay_subject_concurrency_edf = {
	.interface = BALANCER_INTERFACE,
	.brief = "weighted round robin by earliest deadline, as Envoy has it",
	.ops = &policy,
};
