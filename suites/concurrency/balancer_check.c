/* SPDX-License-Identifier: MIT */
/*
 * balancer_check: the oracle of balancers. Random requests, failures, health and times against plain
 * rules: who may be picked is worked out anew each time; weights give shares; keys stay.
 */
#include <inttypes.h>
#include <math.h>

#include "suites/concurrency/balancer.h"

enum { BACKENDS = 12, STEPS = 4000, OPEN_MAX = 64, ROUNDS = 6 };

struct trial {
	struct balancer *b;
	struct balancer_backend is[BACKENDS];
	uint32_t in_flight[BACKENDS];
	bool healthy[BACKENDS];
	uint64_t fails[BACKENDS], failed_ns[BACKENDS], away_until[BACKENDS];
	size_t n;
	double panic_share;
	int open[OPEN_MAX];
	size_t n_open;
	uint64_t now_ns;
	struct assay_rng rng;
};

/* The rules of balancer.h, said once more, slowly. */
static bool may_pick(const struct trial *t, size_t i, bool backup)
{
	size_t healthy = 0;
	for (size_t k = 0; k < t->n; k++)
		healthy += t->healthy[k];
	bool panic = (double)healthy < t->panic_share * (double)t->n;
	bool away = t->away_until[i] > t->now_ns;
	return t->is[i].backup == backup && (!t->is[i].limit || t->in_flight[i] < t->is[i].limit) &&
	       (panic || (t->healthy[i] && !away));
}

static bool any(const struct trial *t, bool backup)
{
	for (size_t i = 0; i < t->n; i++)
		if (may_pick(t, i, backup))
			return true;
	return false;
}

static enum assay_code step_pick(struct trial *t, struct assay_err *err)
{
	bool backup = !any(t, false);
	int i = balancer_pick(t->b, assay_rng_next(&t->rng), t->now_ns);
	if (i == BALANCER_NONE)
		return !backup || any(t, true)
			       ? assay_fail(err, ASSAY_ECHECK, "no backend, where there is one")
			       : ASSAY_OK;
	if (i < 0 || (size_t)i >= t->n || !may_pick(t, (size_t)i, backup))
		return assay_fail(err, ASSAY_ECHECK, "backend %d, which may not be picked now", i);
	t->in_flight[i]++;
	t->open[t->n_open++] = i;
	return ASSAY_OK;
}

static void note_failure(struct trial *t, size_t i)
{
	const struct balancer_backend *is = &t->is[i];
	if (!is->max_fails || t->away_until[i] > t->now_ns)
		return;
	if (!t->fails[i] || t->now_ns - t->failed_ns[i] > is->fail_ns) {
		t->fails[i] = 0;
		t->failed_ns[i] = t->now_ns;
	}
	if (++t->fails[i] == is->max_fails) {
		t->away_until[i] = t->now_ns + is->fail_ns;
		t->fails[i] = 0;
	}
}

static void step_end(struct trial *t)
{
	size_t which = assay_rng_below(&t->rng, t->n_open);
	int i = t->open[which];
	bool ok = assay_rng_below(&t->rng, 4) != 0;
	t->open[which] = t->open[--t->n_open];
	t->in_flight[i]--;
	balancer_end(t->b, i, t->now_ns, 1 + assay_rng_below(&t->rng, 1000), ok);
	if (!ok)
		note_failure(t, (size_t)i);
}

static enum assay_code step(struct trial *t, struct assay_err *err)
{
	size_t i = assay_rng_below(&t->rng, t->n);
	switch (assay_rng_below(&t->rng, 16)) {
	case 0:
		t->healthy[i] = !t->healthy[i];
		balancer_set_healthy(t->b, i, t->healthy[i]);
		return ASSAY_OK;
	case 1:
		balancer_report(t->b, i, assay_rng_unit(&t->rng));
		return ASSAY_OK;
	default:
		t->now_ns += assay_rng_below(&t->rng, 20);
		if (t->n_open < OPEN_MAX && (!t->n_open || assay_rng_below(&t->rng, 2)))
			return step_pick(t, err);
		step_end(t);
		return ASSAY_OK;
	}
}

static enum assay_code check_rules(const struct balancer_policy *policy, struct assay_rng *rng,
				   struct assay_err *err)
{
	struct trial t = {.n = 1 + assay_rng_below(rng, BACKENDS), .now_ns = 1000};
	t.panic_share = assay_rng_below(rng, 2) ? 0 : 0.5;
	assay_rng_init(&t.rng, assay_rng_next(rng));
	for (size_t i = 0; i < t.n; i++) {
		t.healthy[i] = true;
		t.is[i] = (struct balancer_backend){.weight = (double)assay_rng_below(rng, 10),
						    .limit = (uint32_t)assay_rng_below(rng, 6),
						    .backup = i > 0 && assay_rng_below(rng, 4) == 0,
						    .max_fails = (uint32_t)assay_rng_below(rng, 3),
						    .fail_ns = 200};
	}
	struct balancer_config config = {.backends = t.is,
					 .n = t.n,
					 .seed = assay_rng_next(rng),
					 .table = 251,
					 .panic_share = t.panic_share};
	enum assay_code rc = balancer_new(policy, &config, &t.b, err);
	for (int i = 0; i < STEPS && rc == ASSAY_OK; i++)
		rc = assay_context(err, step(&t, err), "step %d of %zu backends", i, t.n);
	balancer_free(t.b);
	return rc;
}

/* Over whole rounds of the weights, each gets its share exactly, give or take one. */
static enum assay_code check_weights(const struct balancer_policy *policy, struct assay_rng *rng,
				     struct assay_err *err)
{
	struct balancer_backend is[BACKENDS] = {0};
	struct balancer_config config = {.backends = is, .n = 2 + assay_rng_below(rng, 8)};
	uint32_t counts[BACKENDS] = {0}, total = 0;
	struct balancer *b;
	for (size_t i = 0; i < config.n; i++) {
		is[i].weight = 1 + (double)assay_rng_below(rng, 5);
		total += (uint32_t)is[i].weight;
	}
	enum assay_code rc = balancer_new(policy, &config, &b, err);
	if (rc != ASSAY_OK)
		return rc;
	for (uint32_t i = 0; i < 100 * total; i++) {
		int which = balancer_pick(b, 0, i);
		counts[which]++;
		balancer_end(b, which, i, 1, true);
	}
	for (size_t i = 0; i < config.n && rc == ASSAY_OK; i++)
		if (fabs(counts[i] - 100 * is[i].weight) > 2)
			rc = assay_fail(err, ASSAY_ECHECK,
					"backend %zu of weight %g got %u of %u requests", i,
					is[i].weight, counts[i], 100 * total);
	balancer_free(b);
	return rc;
}

static enum assay_code check_keys(const struct balancer_policy *policy, struct assay_rng *rng,
				  struct assay_err *err)
{
	struct balancer_backend is[BACKENDS] = {0};
	struct balancer_config config = {.backends = is, .n = BACKENDS, .table = 251};
	struct balancer *b = NULL;
	enum assay_code rc = balancer_new(policy, &config, &b, err);
	for (int i = 0; i < 200 && rc == ASSAY_OK; i++) {
		uint64_t key = assay_rng_next(rng) | 1;
		int first = balancer_pick(b, key, 0), second = balancer_pick(b, key, 0);
		if (first != second)
			rc = assay_fail(err, ASSAY_ECHECK,
					"key %" PRIx64 " went to backend %d and then to %d", key,
					first, second);
		balancer_end(b, first, 0, 1, true);
		balancer_end(b, second, 0, 1, true);
	}
	balancer_free(b);
	return rc;
}

enum assay_code balancer_check(const struct balancer_policy *policy, uint64_t seed,
			       struct assay_err *err)
{
	struct assay_rng rng;
	enum assay_code rc = ASSAY_OK;
	assay_rng_init(&rng, seed);
	for (int round = 0; round < ROUNDS && rc == ASSAY_OK; round++) {
		rc = check_rules(policy, &rng, err);
		if (rc == ASSAY_OK && policy->weighted)
			rc = check_weights(policy, &rng, err);
		if (rc == ASSAY_OK && policy->keyed)
			rc = check_keys(policy, &rng, err);
	}
	return rc;
}
