/* SPDX-License-Identifier: MIT */
/* gate_math: tests at two margins on each side, spent over looks, corrected over survivors. */
#include "harness/stats/gate_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/distribution.h"
#include "harness/stats/estimate.h"
#include "harness/stats/location.h"
#include "harness/stats/multiplicity.h"
#include "harness/stats/ranks.h"

static const char *const preset_names[] = {
	[ASSAY_GATE_STRICT] = "strict",
	[ASSAY_GATE_NORMAL] = "normal",
	[ASSAY_GATE_LOOSE] = "loose",
};

struct assay_gate_policy assay_gate_policy(enum assay_gate_preset preset)
{
	static const double margins[][2] = {
		[ASSAY_GATE_STRICT] = {0.005, 0.02},
		[ASSAY_GATE_NORMAL] = {0.01, 0.03},
		[ASSAY_GATE_LOOSE] = {0.02, 0.05},
	};
	return (struct assay_gate_policy){
		.m0 = margins[preset][0],
		.m1 = margins[preset][1],
		.alpha = 0.01,
		.screen_level = 0.05,
		.ok_level = 0.05,
		.screen_pairs = 6,
		.looks = 7,
		.look_pairs = {8, 12, 18, 27, 40, 60, 90},
		.red_share = {0.02, 0.10, 0.18, 0.20, 0.20, 0.15, 0.15},
		.ok_share = {0.10, 0.15, 0.20, 0.20, 0.15, 0.10, 0.10},
	};
}

bool assay_gate_preset_parse(const char *name, enum assay_gate_preset *ret)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(preset_names); i++) {
		if (strcmp(name, preset_names[i]) != 0)
			continue;
		*ret = (enum assay_gate_preset)i;
		return true;
	}
	return false;
}

static enum assay_code check_looks(const struct assay_gate_policy *policy, struct assay_err *err)
{
	double red = 0, ok = 0;
	if (policy->looks < 1 || policy->looks > ASSAY_GATE_LOOKS)
		return assay_fail(err, ASSAY_EUSAGE, "gate: %zu looks; 1 to %d are possible",
				  policy->looks, ASSAY_GATE_LOOKS);
	for (size_t i = 0; i < policy->looks; i++) {
		if (policy->look_pairs[i] <= (i ? policy->look_pairs[i - 1] : 0))
			return assay_fail(err, ASSAY_EUSAGE,
					  "gate: look %zu has %zu pairs, no more than the one "
					  "before",
					  i + 1, policy->look_pairs[i]);
		if (!(policy->red_share[i] >= 0 && policy->ok_share[i] >= 0))
			return assay_fail(err, ASSAY_EUSAGE,
					  "gate: look %zu spends a share below 0", i + 1);
		red += policy->red_share[i];
		ok += policy->ok_share[i];
	}
	if (!assay_at_most(red, 1) || !assay_at_most(ok, 1))
		return assay_fail(err, ASSAY_EUSAGE,
				  "gate: the looks spend %g and %g of their levels, more than all",
				  red, ok);
	return ASSAY_OK;
}

static bool is_level(double level)
{
	return level > 0 && level < 1;
}

enum assay_code assay_gate_policy_check(const struct assay_gate_policy *policy,
					struct assay_err *err)
{
	if (!(policy->m0 >= 0 && policy->m0 < policy->m1 && policy->m1 < 1))
		return assay_fail(err, ASSAY_EUSAGE,
				  "gate: margins m0 = %g and m1 = %g; 0 <= m0 < m1 < 1 is needed",
				  policy->m0, policy->m1);
	if (!(policy->accepted >= 0 && isfinite(policy->accepted)))
		return assay_fail(err, ASSAY_EUSAGE,
				  "gate: an accepted ratio of 1 + %g; at least 1 is needed",
				  policy->accepted);
	if (!is_level(policy->alpha) || !is_level(policy->screen_level) ||
	    !is_level(policy->ok_level))
		return assay_fail(err, ASSAY_EUSAGE,
				  "gate: levels %g, %g and %g; each must be between 0 and 1",
				  policy->alpha, policy->screen_level, policy->ok_level);
	if (policy->screen_pairs < 1)
		return assay_fail(err, ASSAY_EUSAGE, "gate: no pairs to screen with");
	return check_looks(policy, err);
}

/* Samples without any of the `unwanted` flags, to ret[]; how many. */
static size_t keep(const double *x, const uint8_t *flags, size_t n, unsigned unwanted, double *ret)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!isnan(x[i]) && !(flags && (flags[i] & unwanted)))
			ret[kept++] = x[i];
	return kept;
}

double assay_gate_launch(const double *x, const uint8_t *flags, size_t n, enum assay_better better,
			 double *scratch, bool *ret_preempted_used)
{
	size_t kept = keep(x, flags, n, ASSAY_SAMPLE_REJECTED | ASSAY_SAMPLE_PREEMPTED, scratch);
	size_t all = 0;
	*ret_preempted_used = false;
	if (kept < 2) {
		all = keep(x, flags, n, ASSAY_SAMPLE_REJECTED, scratch);
		*ret_preempted_used = all > kept;
		kept = all;
	}
	assay_sort(scratch, kept);
	return assay_quantile(scratch, kept, better == ASSAY_HIGHER ? 0.75 : 0.25);
}

double assay_gate_difference(double a, double b, enum assay_better better)
{
	if (!(a > 0 && b > 0) || isinf(a) || isinf(b))
		return NAN;
	double d = log(b / a);
	return better == ASSAY_HIGHER ? -d : d;
}

/* p-values of one series against the four margins. */
struct margins {
	double slower; /* than m0: small when it is */
	double faster;
	double not_slower; /* than m1: small when it is not */
	double not_faster;
};

static enum assay_code test_margins(const struct assay_gate_policy *policy, const double *d,
				    size_t n, struct margins *ret, struct assay_err *err)
{
	double m0 = log1p(policy->m0), m1 = log1p(policy->m1), known = log1p(policy->accepted);
	ASSAY_AUTO_FREE double *valid = malloc((n + 1) * sizeof(*valid));
	if (!valid)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu pairs", n);
	size_t kept = keep(d, NULL, n, 0, valid);
	const double centres[] = {known + m0, -m0, known + m1, -m1};
	struct assay_rank_test tests[4];
	enum assay_code code = assay_signed_ranks(valid, kept, centres, 4, tests, err);
	if (code != ASSAY_OK)
		return code;
	*ret = (struct margins){tests[0].p_greater, tests[1].p_less, tests[2].p_less,
				tests[3].p_greater};
	return ASSAY_OK;
}

enum assay_code assay_gate_screen(const struct assay_gate_policy *policy, const double *d, size_t n,
				  struct assay_gate_state *ret, struct assay_err *err)
{
	struct margins p;
	*ret = (struct assay_gate_state){
		.p_slower = 1, .p_faster = 1, .adjusted_p_slower = 1, .adjusted_p_faster = 1};
	enum assay_code code = test_margins(policy, d, n, &p, err);
	if (code != ASSAY_OK)
		return code;
	ret->not_slower = assay_at_most(p.not_slower, policy->screen_level);
	ret->not_faster = assay_at_most(p.not_faster, policy->screen_level);
	ret->pursued = assay_at_most(p.faster, policy->screen_level);
	ret->survived = !ret->not_slower || ret->pursued;
	if (!ret->survived)
		ret->verdict = ASSAY_GATE_OK;
	/* What goes on is judged by its fresh pairs alone, an apparent improvement too: they may show the contrary. */
	if (ret->survived)
		ret->not_slower = ret->not_faster = false;
	return ASSAY_OK;
}

/* The smallest p over the looks, each against its share of the level. */
static double spend(double so_far, double p, double share)
{
	return share > 0 ? fmin(so_far, p / share) : so_far;
}

/* One more look at a series that is still open. */
static enum assay_code update(const struct assay_gate_policy *policy, size_t look,
			      const struct assay_gate_series *series, struct assay_err *err)
{
	struct assay_gate_state *state = series->state;
	struct margins p;
	enum assay_code code = test_margins(series->policy ? series->policy : policy, series->d,
					    series->n, &p, err);
	if (code != ASSAY_OK)
		return code;
	double level = policy->ok_level * policy->ok_share[look];
	state->p_slower = spend(state->p_slower, p.slower, policy->red_share[look]);
	state->p_faster = spend(state->p_faster, p.faster, policy->red_share[look]);
	state->not_slower |= assay_at_most(p.not_slower, level);
	state->not_faster |= assay_at_most(p.not_faster, level);
	return ASSAY_OK;
}

/* Holm over all survivors. A decided one keeps the p it stopped with: more pairs could only lower it. */
static enum assay_code adjust(const struct assay_gate_series *series, size_t count,
			      struct assay_err *err)
{
	ASSAY_AUTO_FREE double *slower = malloc((2 * count + 1) * sizeof(*slower));
	if (!slower)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu benchmarks", count);
	double *faster = slower + count;
	for (size_t i = 0; i < count; i++) {
		slower[i] = series[i].state->survived ? series[i].state->p_slower : NAN;
		faster[i] = series[i].state->survived ? series[i].state->p_faster : NAN;
	}
	enum assay_code code = assay_holm(slower, count, slower, err);
	if (code == ASSAY_OK)
		code = assay_holm(faster, count, faster, err);
	for (size_t i = 0; i < count && code == ASSAY_OK; i++) {
		if (!series[i].state->survived)
			continue;
		series[i].state->adjusted_p_slower = slower[i];
		series[i].state->adjusted_p_faster = faster[i];
	}
	return code;
}

static void decide(const struct assay_gate_policy *policy, struct assay_gate_state *state)
{
	if (assay_at_most(state->adjusted_p_slower, policy->alpha))
		state->verdict = ASSAY_GATE_REGRESSED;
	else if (assay_at_most(state->adjusted_p_faster, policy->alpha))
		state->verdict = ASSAY_GATE_IMPROVED;
	else if (state->not_slower && (!state->pursued || state->not_faster))
		state->verdict = ASSAY_GATE_OK;
}

void assay_gate_end(struct assay_gate_state *state)
{
	if (state->verdict == ASSAY_GATE_OPEN)
		state->verdict = state->not_slower ? ASSAY_GATE_OK : ASSAY_GATE_INCONCLUSIVE;
}

enum assay_code assay_gate_look(const struct assay_gate_policy *policy, size_t look,
				const struct assay_gate_series *series, size_t count,
				struct assay_err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct assay_gate_state *state = series[i].state;
		if (!state->survived || state->verdict != ASSAY_GATE_OPEN)
			continue;
		enum assay_code code = update(policy, look, &series[i], err);
		if (code != ASSAY_OK)
			return code;
	}
	enum assay_code code = adjust(series, count, err);
	for (size_t i = 0; i < count && code == ASSAY_OK; i++) {
		struct assay_gate_state *state = series[i].state;
		if (!state->survived || state->verdict != ASSAY_GATE_OPEN)
			continue;
		decide(policy, state);
		if (look + 1 == policy->looks)
			assay_gate_end(state);
	}
	return code;
}

/* Pairs after which a difference of `gap` is seen with z standard errors; infinite for no gap. */
static double pairs_for(double z, double spread, double gap)
{
	return gap > 0 ? z * spread / gap * (z * spread / gap) : INFINITY;
}

/* Pairs below which not even all of one sign reach the level. */
static double least_pairs(double level)
{
	return ceil(-log2(level));
}

/* How far the noise lets one see. `spread` is the standard error of the estimate times sqrt(n). */
static void look_ahead(const struct assay_gate_policy *policy, double centre, double spread,
		       size_t survivors, struct assay_gate_estimate *ret)
{
	size_t last = policy->looks - 1;
	double family = (double)(survivors ? survivors : 1);
	double red = policy->alpha / family * policy->red_share[last];
	double ok = policy->ok_level * policy->ok_share[last];
	double power = assay_normal_quantile(0.9), known = log1p(policy->accepted);
	double m0 = known + log1p(policy->m0), m1 = known + log1p(policy->m1);
	double z_red = power - assay_normal_quantile(red);
	double z_ok = power - assay_normal_quantile(ok);
	ret->detectable = exp(m0 + z_red * spread / sqrt((double)policy->look_pairs[last]));
	double n_red = fmax(pairs_for(z_red, spread, centre - m0), least_pairs(red));
	double n_ok = fmax(pairs_for(z_ok, spread, m1 - centre), least_pairs(ok));
	double n = fmax(ceil(fmin(n_red, n_ok)), (double)ret->n + 1);
	ret->deciding_n = n < 1e9 ? (size_t)n : 0;
}

enum assay_code assay_gate_estimate(const struct assay_gate_policy *policy, const double *d,
				    size_t n, size_t survivors, struct assay_gate_estimate *ret,
				    struct assay_err *err)
{
	struct assay_location location;
	*ret = (struct assay_gate_estimate){NAN, NAN, NAN, 0, NAN, 0};
	ASSAY_AUTO_FREE double *valid = malloc((n + 1) * sizeof(*valid));
	if (!valid)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu pairs", n);
	ret->n = keep(d, NULL, n, 0, valid);
	enum assay_code code = assay_hodges_lehmann(valid, ret->n, 0.95, &location, err);
	if (code != ASSAY_OK)
		return code;
	ret->ratio = exp(location.estimate);
	ret->lo = exp(location.lo);
	ret->hi = exp(location.hi);
	if (ret->n < 6) /* 95 % is out of reach, and the width means nothing */
		return ASSAY_OK;
	double z = -assay_normal_quantile((1 - location.coverage) / 2);
	double spread = (location.hi - location.lo) / 2 / z * sqrt((double)ret->n);
	look_ahead(policy, location.estimate, spread, survivors, ret);
	return ASSAY_OK;
}
