/* SPDX-License-Identifier: MIT */
/* smooth_weighted: smooth weighted round robin; see smooth.h. Two passes, sixteen backends at a time. */
#include <stdlib.h>

#include "suites/concurrency/smooth.h"

/* Four numbers at a time, which every x86-64 and ARMv8 processor has. */
typedef int32_t four __attribute__((vector_size(16)));
enum { FOURS = 4, LANES = 4 * FOURS, SHUT = -(1 << 29) };

struct smooth {
	size_t padded; /* n, rounded up to LANES; the rest is shut */
	int32_t total;
	int32_t *current, *step; /* SHUT and 0 while shut */
	int32_t *kept;           /* its current value meanwhile */
};

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	struct smooth *s = calloc(1, sizeof(*s));
	b->own = s;
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for weights");
	s->padded = (b->n + LANES - 1) / LANES * LANES;
	s->current = aligned_alloc(sizeof(four), 3 * s->padded * sizeof(*s->current));
	if (!s->current)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for weights");
	s->step = s->current + s->padded;
	s->kept = s->step + s->padded;
	for (size_t i = 0; i < s->padded; i++) {
		s->current[i] = SHUT;
		s->step[i] = s->kept[i] = 0;
	}
	double total = 0;
	for (size_t i = 0; i < b->n; i++)
		total += b->backends[i].share;
	if (total >= -(SHUT + 1) / 2)
		return assay_fail(err, ASSAY_EUSAGE, "the weights add up to %g: at most %d", total,
				  -SHUT / 2);
	return ASSAY_OK;
}

/* Also where only a count changed, which means nothing here. */
static void changed(struct balancer *b, int which)
{
	struct smooth *s = b->own;
	if (which >= 0)
		return;
	s->total = 0;
	for (size_t i = 0; i < b->n; i++) {
		bool open = b->backends[i].open, was_open = s->step[i] != 0;
		int32_t weight = (int32_t)b->backends[i].share;
		if (open && !was_open)
			s->current[i] = s->kept[i];
		if (was_open && !open) {
			s->kept[i] = s->current[i];
			s->current[i] = SHUT;
		}
		s->step[i] = !open ? 0 : weight < 1 ? 1 : weight;
		s->total += s->step[i];
	}
}

static four larger(four a, four b)
{
	four mask = a > b;
	return (a & mask) | (b & ~mask);
}

/* Add the weights; the largest value then. A running maximum for each lane, so that none waits. */
static int32_t advance(struct smooth *s)
{
	four *current = (four *)s->current, best[FOURS];
	const four *step = (const four *)s->step;
	for (size_t k = 0; k < FOURS; k++)
		best[k] = (four){SHUT, SHUT, SHUT, SHUT};
	for (size_t i = 0; i < s->padded / 4; i += FOURS)
		for (size_t k = 0; k < FOURS; k++) {
			current[i + k] += step[i + k];
			best[k] = larger(current[i + k], best[k]);
		}
	best[0] = larger(larger(best[0], best[1]), larger(best[2], best[3]));
	int32_t most = best[0][0];
	for (size_t lane = 1; lane < 4; lane++)
		most = best[0][lane] > most ? best[0][lane] : most;
	return most;
}

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	struct smooth *s = b->own;
	int32_t best = advance(s);
	const four *at = (const four *)s->current;
	four wanted = {best, best, best, best};
	for (;; at += FOURS) {
		four hit = (at[0] == wanted) | (at[1] == wanted) | (at[2] == wanted) |
			   (at[3] == wanted);
		uint64_t half[2];
		memcpy(half, &hit, sizeof(half));
		if (half[0] | half[1])
			break;
	}
	size_t i = (size_t)((const int32_t *)at - s->current);
	while (s->current[i] != best)
		i++;
	s->current[i] -= s->total;
	return (int)i;
}

static void done(struct balancer *b)
{
	struct smooth *s = b->own;
	if (s)
		free(s->current);
	free(s);
}

int32_t smooth_current(const struct balancer *b, size_t i)
{
	const struct smooth *s = b->own;
	return s->current[i];
}

const struct balancer_policy smooth_policy = {
	.init = init, .pick = pick, .changed = changed, .done = done, .weighted = true};

const struct assay_subject assay_subject_concurrency_smooth_weighted = {
	.interface = BALANCER_INTERFACE,
	.brief = "smooth weighted round robin, as nginx has it",
	.ops = &smooth_policy,
};
