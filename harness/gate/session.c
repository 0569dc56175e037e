/* SPDX-License-Identifier: MIT */
/* session: rounds of pairs, the screen, the looks. */
#include "harness/gate/session.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"

/* A pair that was lost is tried again this often before its place stays empty. */
enum { RETRIES = 2 };

struct session {
	const struct assay_gate_source *source;
	const struct assay_gate_session_options *options;
	struct assay_gate_trial *trials;
	size_t n;
	struct assay_gate_tally *tally;
	struct assay_rng rng;
	uint32_t *order;
	uint64_t began_ns;
	size_t pairs_done;
};

static bool over(struct session *s)
{
	s->tally->interrupted |= s->options->interrupted && *s->options->interrupted;
	if (s->options->budget_ns && assay_now_ns() - s->began_ns >= s->options->budget_ns)
		s->tally->out_of_time = true;
	return s->tally->interrupted || s->tally->out_of_time;
}

static bool failed(const struct assay_gate_trial *trial)
{
	return trial->status != ASSAY_STATUS_OK;
}

static bool open(const struct assay_gate_trial *trial)
{
	return !failed(trial) && trial->state.verdict == ASSAY_GATE_OPEN;
}

/* A side that ended badly settles the case, unless the machine slept meanwhile. */
static void note_status(struct assay_gate_trial *trial, enum assay_gate_which side,
			const struct assay_gate_launch *launch)
{
	if (launch->status == ASSAY_STATUS_OK || launch->suspended || failed(trial))
		return;
	trial->status = launch->status;
	trial->failed_side = side;
	assay_copy(trial->reason, sizeof(trial->reason), launch->reason);
}

static enum assay_code prepare(struct session *s, size_t item, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (int side = 0; s->source->prepare && side < 2 && rc == ASSAY_OK; side++) {
		struct assay_gate_launch launch = {.summary = NAN};
		rc = s->source->prepare(s->source->context, item, (enum assay_gate_which)side,
					&launch, err);
		if (rc == ASSAY_OK)
			note_status(&s->trials[item], (enum assay_gate_which)side, &launch);
	}
	return rc;
}

static enum assay_code launch(struct session *s, size_t item, enum assay_gate_which side,
			      uint64_t seed, struct assay_gate_launch *ret, struct assay_err *err)
{
	struct assay_gate_trial *trial = &s->trials[item];
	*ret = (struct assay_gate_launch){.summary = NAN};
	s->tally->launches++;
	enum assay_code rc = s->source->launch(s->source->context, item, side, seed, ret, err);
	if (rc != ASSAY_OK)
		return rc;
	trial->better = ret->better;
	trial->samples += ret->samples;
	trial->preempted += ret->preempted;
	trial->steal_ticks += ret->steal_ticks;
	trial->ticks += ret->ticks;
	s->tally->suspended += ret->suspended;
	note_status(trial, side, ret);
	return ASSAY_OK;
}

/* One attempt at a pair; *ret_usable says whether it counts. */
static enum assay_code attempt(struct session *s, size_t item, struct assay_gate_pair *ret,
			       bool *ret_usable, struct assay_err *err)
{
	struct assay_gate_launch launches[2];
	uint64_t seed = assay_rng_next(&s->rng);
	bool cand_first = assay_rng_next(&s->rng) >> 63;
	*ret_usable = false;
	for (int turn = 0; turn < 2; turn++) {
		enum assay_gate_which side =
			(turn == 0) == cand_first ? ASSAY_GATE_CAND : ASSAY_GATE_BASE;
		enum assay_code rc = launch(s, item, side, seed, &launches[side], err);
		if (rc != ASSAY_OK || failed(&s->trials[item]))
			return rc;
	}
	const struct assay_gate_launch *a = &launches[ASSAY_GATE_BASE],
				       *b = &launches[ASSAY_GATE_CAND];
	*ret = (struct assay_gate_pair){a->summary, b->summary, a->variant, b->variant, cand_first};
	*ret_usable = !a->suspended && !b->suspended &&
		      !isnan(assay_gate_difference(a->summary, b->summary, a->better));
	return ASSAY_OK;
}

static enum assay_code add_pair(struct assay_gate_trial *trial, struct assay_gate_pair pair,
				struct assay_err *err)
{
	struct assay_gate_pair *grown =
		realloc(trial->pairs, (trial->n + 1) * sizeof(*trial->pairs));
	if (!grown)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for pairs");
	trial->pairs = grown;
	grown[trial->n++] = pair;
	return ASSAY_OK;
}

static enum assay_code take_pair(struct session *s, size_t item, struct assay_err *err)
{
	struct assay_gate_trial *trial = &s->trials[item];
	struct assay_gate_pair pair = {0};
	bool usable = false;
	if (!trial->n) {
		enum assay_code rc = prepare(s, item, err);
		if (rc != ASSAY_OK || failed(trial))
			return rc;
	}
	for (int i = 0; !usable && i <= RETRIES; i++) {
		enum assay_code rc = attempt(s, item, &pair, &usable, err);
		if (rc != ASSAY_OK || failed(trial))
			return rc;
		trial->lost += !usable;
		if (!usable && over(s))
			break;
	}
	if (!usable)
		pair.base = pair.cand = NAN;
	s->pairs_done++;
	return add_pair(trial, pair, err);
}

/* One more pair of every case that is open, in an order of its own. */
static enum assay_code one_round(struct session *s, struct assay_err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (open(&s->trials[i]))
			s->order[n++] = (uint32_t)i;
	assay_rng_shuffle(&s->rng, s->order, n);
	for (size_t k = 0; k < n; k++) {
		if (over(s))
			return ASSAY_OK;
		if (s->source->progress)
			s->source->progress(s->source->context, s->order[k], s->pairs_done, n);
		enum assay_code rc = take_pair(s, s->order[k], err);
		if (rc == ASSAY_EINTR) /* in the middle of a pair: over() says the rest */
			s->tally->interrupted = true;
		else if (rc != ASSAY_OK)
			return rc;
	}
	return ASSAY_OK;
}

void assay_gate_trial_differences(const struct assay_gate_trial *trial, size_t from, size_t to,
				  double *ret)
{
	for (size_t i = from; i < to; i++)
		*ret++ = assay_gate_difference(trial->pairs[i].base, trial->pairs[i].cand,
					       trial->better);
}

static enum assay_code screen(struct session *s, struct assay_err *err)
{
	size_t most = s->options->policy.screen_pairs;
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < most && !over(s); i++)
		rc = one_round(s, err);
	ASSAY_AUTO_FREE double *d = calloc(most + 1, sizeof(*d));
	if (rc == ASSAY_OK && !d)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for a screen");
	for (size_t i = 0; rc == ASSAY_OK && i < s->n; i++) {
		struct assay_gate_trial *trial = &s->trials[i];
		if (failed(trial))
			continue;
		assay_gate_trial_differences(trial, 0, trial->n, d);
		trial->screening = trial->n;
		rc = assay_gate_screen(&trial->policy, d, trial->n, &trial->state, err);
		s->tally->survivors += trial->state.survived;
	}
	return rc;
}

static enum assay_code look(struct session *s, size_t number, struct assay_err *err)
{
	struct assay_gate_series *series = calloc(s->n + 1, sizeof(*series));
	double *d = NULL;
	size_t total = 0, used = 0, n = 0;
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; i < s->n; i++)
		total += s->trials[i].n;
	d = calloc(total + 1, sizeof(*d));
	if (!series || !d)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for a look");
	for (size_t i = 0; rc == ASSAY_OK && i < s->n; i++) {
		struct assay_gate_trial *trial = &s->trials[i];
		if (failed(trial) || !trial->state.survived)
			continue;
		size_t fresh = trial->n - trial->screening;
		assay_gate_trial_differences(trial, trial->screening, trial->n, d + used);
		series[n++] =
			(struct assay_gate_series){d + used, fresh, &trial->state, &trial->policy};
		used += fresh;
	}
	if (rc == ASSAY_OK)
		rc = assay_gate_look(&s->options->policy, number, series, n, err);
	free(series);
	free(d);
	return rc;
}

static bool any_open(const struct session *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (open(&s->trials[i]))
			return true;
	return false;
}

static enum assay_code confirm(struct session *s, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	size_t taken = 0;
	for (size_t k = 0; k < s->options->policy.looks && any_open(s); k++) {
		for (; taken < s->options->policy.look_pairs[k] && rc == ASSAY_OK && !over(s);
		     taken++)
			rc = one_round(s, err);
		if (rc != ASSAY_OK || over(s))
			break;
		rc = look(s, k, err);
		if (rc != ASSAY_OK)
			break;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (!open(&s->trials[i]))
			continue;
		s->trials[i].cut_short = true;
		assay_gate_end(&s->trials[i].state);
	}
	return rc;
}

enum assay_code assay_gate_session(const struct assay_gate_source *source,
				   const struct assay_gate_session_options *options,
				   struct assay_gate_trial *trials, size_t n,
				   struct assay_gate_tally *ret, struct assay_err *err)
{
	*ret = (struct assay_gate_tally){0};
	struct session s = {
		.source = source,
		.options = options,
		.trials = trials,
		.n = n,
		.tally = ret,
		.order = calloc(n + 1, sizeof(*s.order)),
		.began_ns = assay_now_ns(),
	};
	if (!s.order)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a gate");
	assay_rng_init(&s.rng, options->seed);
	enum assay_code rc = screen(&s, err);
	if (rc == ASSAY_OK)
		rc = confirm(&s, err);
	free(s.order);
	return rc;
}

void assay_gate_trials_done(struct assay_gate_trial *trials, size_t n)
{
	for (size_t i = 0; trials && i < n; i++)
		free(trials[i].pairs);
}
