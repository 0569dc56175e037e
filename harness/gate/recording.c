/* SPDX-License-Identifier: MIT */
/* recording: launches kept, written, read, and replayed as gates. */
#include "harness/gate/recording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/rng.h"
#include "harness/stats/estimate.h"
#include "harness/stats/ranks.h"

#define PEER_LEVEL 0.05

void assay_gate_recording_done(struct assay_gate_recording *recording)
{
	for (size_t i = 0; i < recording->n; i++) {
		free(recording->cases[i].name);
		free(recording->cases[i].launches);
	}
	free(recording->cases);
	*recording = (struct assay_gate_recording){0};
}

/* ---- as JSON ---- */

static json_t *launch_json(const struct assay_recorded_launch *launch)
{
	json_t *numbers = json_array();
	json_array_append_new(numbers, assay_json_real(launch->summary));
	for (size_t i = 0; i < ASSAY_RECORDED_SAMPLES; i++)
		json_array_append_new(numbers, assay_json_real(launch->samples[i]));
	return numbers;
}

json_t *assay_gate_recording_json(const struct assay_gate_recording *recording)
{
	json_t *cases = json_array();
	for (size_t i = 0; i < recording->n; i++) {
		const struct assay_recorded_case *c = &recording->cases[i];
		json_t *launches = json_array();
		for (size_t k = 0; k < c->n; k++)
			json_array_append_new(launches, launch_json(&c->launches[k]));
		json_array_append_new(
			cases, json_pack("{s:o, s:s, s:o}", "name", assay_json_text(c->name),
					 "better", c->better == ASSAY_HIGHER ? "higher" : "lower",
					 "launches", launches));
	}
	return json_pack("{s:o}", "cases", cases);
}

static bool read_launch(const json_t *numbers, struct assay_recorded_launch *ret)
{
	size_t n = json_array_size(numbers);
	if (n != 1 && n != ASSAY_RECORDED_SAMPLES + 1)
		return false;
	ret->summary = json_number_value(json_array_get(numbers, 0));
	for (size_t i = 0; i < ASSAY_RECORDED_SAMPLES; i++)
		ret->samples[i] = n > 1 ? json_number_value(json_array_get(numbers, i + 1)) : NAN;
	return ret->summary > 0;
}

static enum assay_code read_case(const json_t *json, struct assay_recorded_case *ret,
				 struct assay_err *err)
{
	const char *name, *better;
	json_t *launches;
	if (json_unpack((json_t *)(uintptr_t)json, "{s:s, s:s, s:o}", "name", &name, "better",
			&better, "launches", &launches) != 0)
		return assay_fail(err, ASSAY_EPARSE,
				  "a case of the recording lacks name, better or launches");
	ret->name = strdup(name);
	ret->better = strcmp(better, "higher") == 0 ? ASSAY_HIGHER : ASSAY_LOWER;
	ret->n = json_array_size(launches);
	ret->launches = calloc(ret->n + 1, sizeof(*ret->launches));
	if (!ret->name || !ret->launches)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a recording");
	for (size_t i = 0; i < ret->n; i++)
		if (!read_launch(json_array_get(launches, i), &ret->launches[i]))
			return assay_fail(err, ASSAY_EPARSE,
					  "launch %zu of '%.100s' is not 1 or %d positive numbers",
					  i, name, ASSAY_RECORDED_SAMPLES + 1);
	return ASSAY_OK;
}

enum assay_code assay_gate_recording_read(const json_t *json, struct assay_gate_recording *ret,
					  struct assay_err *err)
{
	const json_t *cases = json_object_get(json, "cases");
	size_t n = json_array_size(cases);
	ret->cases = calloc(n + 1, sizeof(*ret->cases));
	if (!ret->cases)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a recording");
	for (ret->n = 0; ret->n < n; ret->n++) {
		struct assay_recorded_case *c = &ret->cases[ret->n];
		enum assay_code rc = read_case(json_array_get(cases, ret->n), c, err);
		if (rc == ASSAY_OK)
			continue;
		free(c->name);
		free(c->launches);
		return rc;
	}
	return ASSAY_OK;
}

/* ---- replay ---- */

struct replay {
	const struct assay_gate_recording *recording;
	const struct assay_gate_experiment *experiment;
	struct assay_rng rng;
	size_t *which; /* case of each benchmark of the gate */
	size_t *next;  /* launch it takes next */
	struct assay_gate_trial *trials;
	size_t launches;
};

/* Worse by the injected ratio. */
static double worsened(const struct replay *r, size_t item, double value, enum assay_better better)
{
	double ratio = 1 + r->experiment->injected;
	if (item != 0)
		return value;
	return better == ASSAY_HIGHER ? value / ratio : value * ratio;
}

static const struct assay_recorded_launch *take(struct replay *r, size_t item)
{
	const struct assay_recorded_case *c = &r->recording->cases[r->which[item]];
	return &c->launches[r->next[item]++ % c->n];
}

static enum assay_code launch(void *context, size_t item, enum assay_gate_which side, uint64_t seed,
			      struct assay_gate_launch *ret, struct assay_err *err)
{
	struct replay *r = context;
	(void)seed;
	(void)err;
	ret->better = r->recording->cases[r->which[item]].better;
	ret->summary = take(r, item)->summary;
	if (side == ASSAY_GATE_CAND)
		ret->summary = worsened(r, item, ret->summary, ret->better);
	ret->samples = 1;
	r->launches++;
	return ASSAY_OK;
}

/* compare.py: repetitions of one process against those of the next. */
static enum assay_code peer_flags(struct replay *r, size_t item, bool *ret, struct assay_err *err)
{
	enum { N = ASSAY_RECORDED_SAMPLES };
	enum assay_better better = r->recording->cases[r->which[item]].better;
	double a[N], b[N];
	struct assay_rank_test test;
	memcpy(a, take(r, item)->samples, sizeof(a));
	memcpy(b, take(r, item)->samples, sizeof(b));
	for (size_t i = 0; i < N; i++)
		b[i] = worsened(r, item, b[i], better);
	enum assay_code rc = assay_rank_sum(b, N, a, N, &test, err);
	if (rc != ASSAY_OK || isnan(test.p_two_sided)) {
		*ret = false; /* the samples were not recorded */
		return rc;
	}
	assay_sort(a, N);
	assay_sort(b, N);
	double difference = assay_median(b, N) - assay_median(a, N);
	*ret = test.p_two_sided < PEER_LEVEL &&
	       (better == ASSAY_HIGHER ? difference < 0 : difference > 0);
	return rc;
}

static void begin_gate(struct replay *r)
{
	const struct assay_gate_experiment *x = r->experiment;
	for (size_t i = 0; i < x->benchmarks; i++) {
		free(r->trials[i].pairs);
		r->trials[i] = (struct assay_gate_trial){.policy = x->policy};
		r->which[i] = (size_t)assay_rng_below(&r->rng, r->recording->n);
		if (i == 0 && x->case_index != SIZE_MAX)
			r->which[i] = x->case_index;
		r->next[i] = (size_t)assay_rng_below(&r->rng, r->recording->cases[r->which[i]].n);
	}
}

static void count_gate(const struct replay *r, struct assay_gate_score *score)
{
	bool injected = r->experiment->injected > 0, red = false;
	for (size_t i = injected; i < r->experiment->benchmarks; i++)
		red |= r->trials[i].state.verdict == ASSAY_GATE_REGRESSED;
	score->red += red;
	if (!injected)
		return;
	enum assay_gate_verdict first = r->trials[0].state.verdict;
	score->caught += first == ASSAY_GATE_REGRESSED;
	score->undecided += first == ASSAY_GATE_INCONCLUSIVE;
	score->missed += first == ASSAY_GATE_OK || first == ASSAY_GATE_IMPROVED;
}

static enum assay_code one_gate(struct replay *r, struct assay_gate_score *score,
				struct assay_err *err)
{
	const struct assay_gate_experiment *x = r->experiment;
	const struct assay_gate_source source = {.launch = launch, .context = r};
	const struct assay_gate_session_options options = {
		.policy = x->policy,
		.seed = assay_rng_next(&r->rng),
	};
	struct assay_gate_tally tally;
	bool red = false, flag = false;
	begin_gate(r);
	enum assay_code rc =
		assay_gate_session(&source, &options, r->trials, x->benchmarks, &tally, err);
	for (size_t i = 0; rc == ASSAY_OK && i < x->benchmarks; i++) {
		rc = peer_flags(r, i, &flag, err);
		if (i == 0 && x->injected > 0)
			score->peer_caught += flag;
		else
			red |= flag;
	}
	score->peer_red += red;
	count_gate(r, score);
	return rc;
}

static enum assay_code check(const struct assay_gate_recording *recording,
			     const struct assay_gate_experiment *x, struct assay_err *err)
{
	size_t longest = x->policy.screen_pairs + x->policy.look_pairs[x->policy.looks - 1];
	if (!recording->n || !x->benchmarks || !x->gates)
		return assay_fail(err, ASSAY_EUSAGE, "nothing to replay");
	for (size_t i = 0; i < recording->n; i++)
		if (recording->cases[i].n < longest)
			return assay_fail(err, ASSAY_EUSAGE,
					  "%zu launches of '%.100s' were recorded; %zu are needed",
					  recording->cases[i].n, recording->cases[i].name, longest);
	return ASSAY_OK;
}

enum assay_code assay_gate_replay(const struct assay_gate_recording *recording,
				  const struct assay_gate_experiment *x,
				  struct assay_gate_score *ret, struct assay_err *err)
{
	*ret = (struct assay_gate_score){0};
	enum assay_code rc = check(recording, x, err);
	if (rc != ASSAY_OK)
		return rc;
	struct replay r = {
		.recording = recording,
		.experiment = x,
		.which = calloc(2 * x->benchmarks, sizeof(*r.which)),
		.trials = calloc(x->benchmarks, sizeof(*r.trials)),
	};
	if (r.which && r.trials)
		r.next = r.which + x->benchmarks;
	else
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for a replay");
	assay_rng_init(&r.rng, x->seed);
	for (size_t i = 0; rc == ASSAY_OK && i < x->gates; i++)
		rc = one_gate(&r, ret, err);
	double gates = (double)x->gates;
	double *const shares[] = {&ret->red,    &ret->caught,   &ret->undecided,
				  &ret->missed, &ret->peer_red, &ret->peer_caught};
	for (size_t i = 0; i < ASSAY_COUNT_OF(shares); i++)
		*shares[i] /= gates;
	ret->launches = (double)r.launches / gates / (double)x->benchmarks;
	assay_gate_trials_done(r.trials, r.trials ? x->benchmarks : 0);
	free(r.trials);
	free(r.which);
	return rc;
}
