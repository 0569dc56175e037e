/* SPDX-License-Identifier: MIT */
/*
 * edf: weighted round robin by earliest deadline first: a backend of weight w is due again 1/w later;
 * ties go to the one that has waited longest [Envoy, EdfScheduler]. Deadlines are fractions k/w,
 * compared exactly: sums of binary 1/w would swap picks. Backends of one weight are due in the order in
 * which they were last picked, so that a ring will do for them, and the heap is of weights.
 */
#include <stdlib.h>

#include "suites/concurrency/balancer.h"

/* The backends of one weight; of these, `next` is due first. */
struct due {
	uint64_t turns; /* its deadline: turns / weight */
	uint64_t weight;
	uint64_t order;          /* when it was picked last */
	uint32_t begin, n, next; /* its ring is member[begin] to member[begin + n - 1] */
};

struct member {
	uint64_t weight, order;
	uint32_t backend;
};

struct edf {
	uint64_t order;
	struct due *heap; /* behind the members */
	size_t n;         /* weights, at most as many as there are members */
	struct member member[];
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

static int by_weight(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	return x->weight != y->weight ? (x->weight > y->weight) - (x->weight < y->weight)
				      : (x->order > y->order) - (x->order < y->order);
}

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	struct edf *e = calloc(1, sizeof(*e) + b->n * (sizeof(e->member[0]) + sizeof(e->heap[0])));
	b->own = e;
	if (!e)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu deadlines", b->n);
	e->heap = (struct due *)(void *)&e->member[b->n];
	for (size_t i = 0; i < b->n; i++)
		e->member[i] =
			(struct member){whole(b->backends[i].share), e->order++, (uint32_t)i};
	qsort(e->member, b->n, sizeof(e->member[0]), by_weight);
	for (size_t i = 0; i < b->n; i++) {
		const struct member *m = &e->member[i];
		if (i == 0 || m->weight != m[-1].weight)
			e->heap[e->n++] = (struct due){1, m->weight, m->order, (uint32_t)i, 0, 0};
		e->heap[e->n - 1].n++;
	}
	for (size_t i = e->n / 2; i-- > 0;)
		sink(e->heap, e->n, i);
	return ASSAY_OK;
}

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	struct edf *e = b->own;
	for (;;) {
		struct due *first = &e->heap[0];
		struct member *ring = &e->member[first->begin], *m = &ring[first->next];
		m->order = e->order++;
		if (++first->next == first->n) {
			first->next = 0;
			first->turns++;
		}
		first->order = ring[first->next].order;
		sink(e->heap, e->n, 0);
		if (b->backends[m->backend].open) /* else its turn is over all the same */
			return (int)m->backend;
	}
}

static const struct balancer_policy policy = {.init = init, .pick = pick, .weighted = true};

const struct assay_subject assay_subject_concurrency_edf = {
	.interface = BALANCER_INTERFACE,
	.brief = "weighted round robin by earliest deadline, as Envoy has it",
	.ops = &policy,
};
