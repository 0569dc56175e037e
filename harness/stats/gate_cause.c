/* SPDX-License-Identifier: MIT */
/* gate_cause: one indicator per cause, sorted by strength. */
#include "harness/stats/gate_cause.h"

#include <math.h>
#include <stdlib.h>

#include "harness/stats/estimate.h"
#include "harness/stats/location.h"
#include "harness/stats/placement_share.h"
#include "harness/stats/trend.h"

const char *assay_gate_cause_name(enum assay_gate_cause cause)
{
	static const char *const names[ASSAY_CAUSES] = {
		"preemption", "steal",   "drift",   "placement",
		"bimodal",    "margins", "too-few", "noise",
	};
	return names[cause];
}

const char *assay_gate_cause_text(enum assay_gate_cause cause)
{
	static const char *const texts[ASSAY_CAUSES] = {
		[ASSAY_CAUSE_PREEMPTION] = "many samples were interrupted by other work",
		[ASSAY_CAUSE_STEAL] = "the hypervisor took time away",
		[ASSAY_CAUSE_DRIFT] = "the machine changed speed along the way",
		[ASSAY_CAUSE_PLACEMENT] = "launches differ by the placement of their code",
		[ASSAY_CAUSE_BIMODAL] = "launches fall into two groups",
		[ASSAY_CAUSE_MARGINS] = "the difference lies between the margins",
		[ASSAY_CAUSE_TOO_FEW] = "the pairs ended before the last look",
		[ASSAY_CAUSE_NOISE] = "launches differ too much",
	};
	return texts[cause];
}

static void add(struct assay_gate_causes *ret, enum assay_gate_cause cause, double strength)
{
	ret->found[ret->n].cause = cause;
	ret->found[ret->n++].strength = fmin(1, strength);
}

/* Adds a cause whose amount counts from `least` and is all there is at `full`. */
static void add_share(struct assay_gate_causes *ret, enum assay_gate_cause cause, double share,
		      double least, double full)
{
	if (share >= least) /* never for NaN */
		add(ret, cause, share / full);
}

/* |tau| of y[n] where its trend is beyond chance, else 0. */
static enum assay_code trend_of(const double *y, size_t n, double *ret, struct assay_err *err)
{
	struct assay_trend_test test;
	enum assay_code code = assay_mann_kendall(y, n, &test, err);
	*ret = 0;
	if (code == ASSAY_OK && n >= 8 && test.p_two_sided < 0.01)
		*ret = fabs(test.s) / ((double)n * (double)(n - 1) / 2);
	return code;
}

/* Sum of squares about the mean of sorted x[n]. */
static double squares_about_mean(const double *x, size_t n)
{
	double sd = assay_sd(x, n);
	return n ? sd * sd * (double)(n - 1) : 0;
}

/* The largest share of the variance of sorted x[n] that two groups of a fifth or more explain. */
static double two_groups(const double *sorted, size_t n)
{
	size_t least = (n + 4) / 5;
	double all = squares_about_mean(sorted, n), inside = all;
	for (size_t k = least; n >= 10 && k <= n - least; k++)
		inside = fmin(inside, squares_about_mean(sorted, k) +
					      squares_about_mean(sorted + k, n - k));
	return all > 0 ? 1 - inside / all : 0;
}

/* Pairs in which everything is known. All arrays are of n; level and variants only where given. */
struct complete {
	double *d, *log_a, *log_b, *level;
	unsigned *variant_a, *variant_b;
	size_t n;
};

static void complete_pairs(const struct assay_gate_evidence *evidence, struct complete *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < evidence->n; i++) {
		double d = evidence->d[i], a = evidence->log_a ? evidence->log_a[i] : 0;
		double b = evidence->log_b ? evidence->log_b[i] : 0;
		if (isnan(d) || !isfinite(a) || !isfinite(b))
			continue;
		ret->d[ret->n] = d;
		ret->log_a[ret->n] = a;
		ret->log_b[ret->n] = b;
		ret->level[ret->n] = (a + b) / 2;
		ret->variant_a[ret->n] = evidence->variant_a ? evidence->variant_a[i] : 0;
		ret->variant_b[ret->n++] = evidence->variant_b ? evidence->variant_b[i] : 0;
	}
}

/* Causes that show in the values themselves. Sorts the arrays of *pairs. */
static enum assay_code look_at_values(struct complete *pairs, struct assay_gate_causes *ret,
				      struct assay_err *err)
{
	struct assay_placement a, b;
	double drift;
	enum assay_code code = trend_of(pairs->level, pairs->n, &drift, err);
	if (code == ASSAY_OK)
		code = assay_placement_of(pairs->log_a, pairs->variant_a, pairs->n, &a, err);
	if (code == ASSAY_OK)
		code = assay_placement_of(pairs->log_b, pairs->variant_b, pairs->n, &b, err);
	if (code != ASSAY_OK)
		return code;
	add_share(ret, ASSAY_CAUSE_DRIFT, drift, 1e-9, 1);
	add_share(ret, ASSAY_CAUSE_PLACEMENT, fmax(a.share, b.share), 0.5, 1);
	assay_sort(pairs->d, pairs->n);
	assay_sort(pairs->log_a, pairs->n);
	assay_sort(pairs->log_b, pairs->n);
	double groups =
		fmax(two_groups(pairs->d, pairs->n),
		     fmax(two_groups(pairs->log_a, pairs->n), two_groups(pairs->log_b, pairs->n)));
	add_share(ret, ASSAY_CAUSE_BIMODAL, groups, 0.85, 1);
	return ASSAY_OK;
}

static void sort_causes(struct assay_gate_causes *causes)
{
	for (size_t i = 1; i < causes->n; i++) {
		for (size_t j = i; j > 0; j--) {
			if (causes->found[j].strength <= causes->found[j - 1].strength)
				break;
			__typeof__(causes->found[0]) swap = causes->found[j];
			causes->found[j] = causes->found[j - 1];
			causes->found[j - 1] = swap;
		}
	}
}

static void put_first(struct assay_gate_causes *causes, enum assay_gate_cause cause)
{
	for (size_t i = causes->n++; i > 0; i--)
		causes->found[i] = causes->found[i - 1];
	causes->found[0].cause = cause;
	causes->found[0].strength = 1;
}

enum assay_code assay_gate_causes(const struct assay_gate_policy *policy,
				  const struct assay_gate_evidence *evidence,
				  struct assay_gate_causes *ret, struct assay_err *err)
{
	size_t n = evidence->n;
	ASSAY_AUTO_FREE double *doubles = malloc((4 * n + 1) * sizeof(*doubles));
	ASSAY_AUTO_FREE unsigned *variants = malloc((2 * n + 1) * sizeof(*variants));
	if (!doubles || !variants)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu pairs", n);
	struct complete pairs = {doubles,         doubles + n, doubles + 2 * n,
				 doubles + 3 * n, variants,    variants + n};
	struct assay_location location;
	*ret = (struct assay_gate_causes){.n = 0};
	complete_pairs(evidence, &pairs);
	enum assay_code code = assay_hodges_lehmann(pairs.d, pairs.n, 0.95, &location, err);
	if (code != ASSAY_OK)
		return code;
	add_share(ret, ASSAY_CAUSE_PREEMPTION, evidence->preempted_share, 0.1, 0.5);
	add_share(ret, ASSAY_CAUSE_STEAL, evidence->steal_share, 0.01, 0.1);
	size_t measured = pairs.n;
	code = look_at_values(&pairs, ret, err);
	if (code != ASSAY_OK)
		return code;
	sort_causes(ret);
	if (measured >= 6 && location.hi - location.lo < log1p(policy->m1) - log1p(policy->m0))
		put_first(ret, ASSAY_CAUSE_MARGINS);
	if (measured < policy->look_pairs[policy->looks - 1])
		add(ret, ASSAY_CAUSE_TOO_FEW, 0);
	if (ret->n == 0)
		add(ret, ASSAY_CAUSE_NOISE, 0);
	return ASSAY_OK;
}
