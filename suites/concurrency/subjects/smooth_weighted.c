/* SPDX-License-Identifier: MIT */
/* smooth_weighted: smooth weighted round robin; see smooth.h. Two passes the compiler vectorises. */
#include <stdlib.h>

#include "suites/concurrency/smooth.h"

enum { LANES = 16, SHUT = -(1 << 29) };

struct smooth {
	size_t padded; /* n, rounded up to LANES; the rest is never the largest */
	int32_t total;
	int32_t *current, *step, *bias; /* step: the weight, 0 while shut; bias: SHUT while shut */
};

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	struct smooth *s = calloc(1, sizeof(*s));
	b->own = s;
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for weights");
	s->padded = (b->n + LANES - 1) / LANES * LANES;
	s->current = calloc(3 * s->padded, sizeof(*s->current));
	if (!s->current)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for weights");
	s->step = s->current + s->padded;
	s->bias = s->step + s->padded;
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
	for (size_t i = 0; i < s->padded; i++) {
		bool open = i < b->n && b->backends[i].open;
		int32_t weight = open ? (int32_t)b->backends[i].share : 0;
		s->step[i] = open && weight < 1 ? 1 : weight;
		s->bias[i] = open ? 0 : SHUT;
		s->total += s->step[i];
	}
}

/* A largest value for each lane, so that no comparison waits for the one before. */
static int32_t advance(struct smooth *s)
{
	int32_t best[LANES], *restrict current = s->current;
	const int32_t *restrict step = s->step, *restrict bias = s->bias;
	for (size_t lane = 0; lane < LANES; lane++)
		best[lane] = INT32_MIN;
	for (size_t i = 0; i < s->padded; i += LANES)
		for (size_t lane = 0; lane < LANES; lane++) {
			int32_t stepped = current[i + lane] + step[i + lane];
			int32_t value = stepped + bias[i + lane];
			current[i + lane] = stepped;
			best[lane] = value > best[lane] ? value : best[lane];
		}
	for (size_t lane = 1; lane < LANES; lane++)
		best[0] = best[lane] > best[0] ? best[lane] : best[0];
	return best[0];
}

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	struct smooth *s = b->own;
	int32_t best = advance(s);
	size_t block = 0;
	for (;; block += LANES) {
		int32_t hit = 0;
		for (size_t i = 0; i < LANES; i++)
			hit |= -(s->current[block + i] + s->bias[block + i] == best);
		if (hit)
			break;
	}
	while (s->current[block] + s->bias[block] != best)
		block++;
	s->current[block] -= s->total;
	return (int)block;
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
