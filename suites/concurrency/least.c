/* SPDX-License-Identifier: MIT */
/* least: the key is the number's bits, which order like the number, and below them when it was picked. */
#include "suites/concurrency/least.h"

#include "suites/concurrency/argmin.h"

struct least {
	struct argmin tree;
	float (*measure)(const struct backend *);
	uint32_t picks;   /* wraps: then some ties are broken the other way once */
	uint32_t *picked; /* the pick at which each was picked last */
};

enum assay_code least_init(struct balancer *b, float (*measure)(const struct backend *),
			   struct assay_err *err)
{
	struct least *l = calloc(1, sizeof(*l));
	b->own = l;
	if (l) {
		l->measure = measure;
		l->picked = calloc(b->n, sizeof(*l->picked));
	}
	if (!l || !l->picked || !argmin_init(&l->tree, b->n))
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu backends", b->n);
	return ASSAY_OK;
}

static void set_key(struct balancer *b, struct least *l, size_t i)
{
	uint64_t key = UINT64_MAX;
	if (b->backends[i].open) {
		float number = l->measure(&b->backends[i]);
		uint32_t bits;
		memcpy(&bits, &number, sizeof(bits));
		key = (uint64_t)bits << 32 | l->picked[i];
	}
	argmin_set(&l->tree, i, key);
}

int least_pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	struct least *l = b->own;
	uint32_t i = argmin_first(&l->tree);
	l->picked[i] = ++l->picks;
	return (int)i;
}

void least_changed(struct balancer *b, int i)
{
	struct least *l = b->own;
	if (i >= 0)
		set_key(b, l, (size_t)i);
	else
		for (size_t each = 0; each < b->n; each++)
			set_key(b, l, each);
}

void least_done(struct balancer *b)
{
	struct least *l = b->own;
	if (!l)
		return;
	argmin_done(&l->tree);
	free(l->picked);
	free(l);
}
