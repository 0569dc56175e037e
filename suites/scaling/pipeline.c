/* SPDX-License-Identifier: MIT */
/*
 * pipeline: one operation is a step of training with all parts together: experience added, a batch of it drawn by
 * priority, a gradient from it pushed to the parameter server, the parameters pulled, and now and then a checkpoint.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/bench.h"
#include "suites/scaling/experience.h"
#include "suites/scaling/params.h"
#include "suites/scaling/snapshot.h"

enum {
	ENTRIES = 65536,
	SHARDS = 4,
	ACTORS = 8,    /* entries added in a step */
	BATCH = 64,    /* drawn in a step */
	EVERY = 100,   /* steps between checkpoints */
	PARAMS = 4096, /* floats */
};

struct state {
	const struct params_ops *ops;
	struct params *params;
	struct params_link *link;
	struct replay *replay;
	struct assay_rng rng;
	char folder[160], path[192];
	float *gradient, *pulled, *restored;
	struct replay_draw draws[BATCH];
	uint64_t steps, checkpoints, step_saved;
	double sum; /* of all gradients' first elements */
	double saved_sum;
};

static void add_experience(struct state *s)
{
	for (int i = 0; i < ACTORS; i++) {
		uint64_t words[REPLAY_WORDS];
		for (int k = 0; k < REPLAY_WORDS; k++)
			words[k] = assay_rng_next(&s->rng);
		replay_add(s->replay, words, 1 + (uint32_t)(words[0] % 1000));
	}
}

/* Whole numbers from 0 to 3, so that sums are exact and the end can be checked. */
static void compute_gradient(struct state *s)
{
	memset(s->gradient, 0, PARAMS * sizeof(float));
	for (int i = 0; i < BATCH; i++)
		for (int k = 0; k < REPLAY_WORDS; k++)
			s->gradient[(i * REPLAY_WORDS + k) % PARAMS] +=
				(float)(s->draws[i].words[k] & 3);
	for (int i = 0; i < BATCH; i++)
		replay_set_priority(s->replay, &s->draws[i],
				    1 + (uint32_t)(s->draws[i].words[0] >> 44) % 1000);
}

static enum assay_code step(struct state *s, struct assay_err *err)
{
	add_experience(s);
	if (replay_draw(s->replay, &s->rng, BATCH, s->draws) != BATCH)
		return assay_fail(err, ASSAY_ECHECK, "the buffer gave fewer than %d entries",
				  BATCH);
	compute_gradient(s);
	enum assay_code code = s->ops->push(s->link, s->gradient, err);
	if (code == ASSAY_OK)
		code = s->ops->pull(s->link, s->pulled, err);
	if (code != ASSAY_OK)
		return code;
	s->sum += (double)s->gradient[0];
	if (++s->steps % EVERY)
		return ASSAY_OK;
	s->checkpoints++;
	s->step_saved = s->steps;
	s->saved_sum = s->ops->sums ? s->sum : (double)s->gradient[0];
	return snapshot_write(s->path, SNAPSHOT_UNSYNCED, s->steps, s->pulled,
			      PARAMS * sizeof(float), err);
}

static enum assay_code begin(struct state *s, uint64_t seed, struct assay_err *err)
{
	const char *tmp = getenv("TMPDIR");
	assay_rng_init(&s->rng, seed);
	s->gradient = aligned_alloc(64, PARAMS * sizeof(float));
	s->pulled = aligned_alloc(64, PARAMS * sizeof(float));
	s->restored = aligned_alloc(64, PARAMS * sizeof(float));
	if (!s->gradient || !s->pulled || !s->restored)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	snprintf(s->folder, sizeof(s->folder), "%s/assay-pipeline-XXXXXX",
		 tmp && *tmp == '/' && strlen(tmp) < 100 ? tmp : "/tmp");
	if (!mkdtemp(s->folder)) {
		s->folder[0] = '\0';
		return assay_fail(err, ASSAY_SKIP, "no folder can be made for checkpoints");
	}
	snprintf(s->path, sizeof(s->path), "%s/state", s->folder);
	enum assay_code code = replay_new(ENTRIES, SHARDS, true, &s->replay, err);
	for (int i = 0; code == ASSAY_OK && i < BATCH; i++)
		add_experience(s);
	if (code == ASSAY_OK)
		code = s->ops->start(PARAMS, &s->params, err);
	return code == ASSAY_OK ? s->ops->connect(s->params, &s->link, err) : code;
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	assay_set_state(run, s);
	s->ops = assay_subject(run);
	enum assay_code code = begin(s, assay_seed(run), &err);
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else
		assay_check(run, code == ASSAY_OK, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	if (s->link)
		s->ops->disconnect(s->link);
	if (s->params)
		s->ops->stop(s->params);
	replay_free(s->replay);
	if (s->folder[0]) {
		unlink(s->path);
		rmdir(s->folder);
	}
	free(s->gradient);
	free(s->pulled);
	free(s->restored);
	free(s);
}

/* The parameters are the sum of all that was pushed, and the last checkpoint has those of its step. */
static enum assay_code verify(struct state *s, struct assay_err *err)
{
	if (!s->ops->computes)
		return ASSAY_OK; /* the bound, whose sum is nobody else's */
	double due = s->ops->sums ? s->sum : (double)s->gradient[0];
	/* Beyond 2^24 a float no longer counts by one. */
	if (s->sum < 16777216 && (double)s->pulled[0] != due)
		return assay_fail(err, ASSAY_ECHECK, "parameter 0 is %g after %llu steps, not %g",
				  (double)s->pulled[0], (unsigned long long)s->steps, due);
	if (s->checkpoints == 0)
		return ASSAY_OK;
	uint64_t at;
	enum assay_code code =
		snapshot_read(s->path, &at, s->restored, PARAMS * sizeof(float), err);
	if (code == ASSAY_OK && at != s->step_saved)
		return assay_fail(err, ASSAY_ECHECK, "the checkpoint is of step %llu, not %llu",
				  (unsigned long long)at, (unsigned long long)s->step_saved);
	if (code == ASSAY_OK && s->sum < 16777216 && (double)s->restored[0] != s->saved_sum)
		return assay_fail(err, ASSAY_ECHECK, "parameter 0 of the checkpoint is %g, not %g",
				  (double)s->restored[0], s->saved_sum);
	return code;
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = step(s, &err);
	}
	if (code == ASSAY_OK)
		code = verify(s, &err);
	if (assay_check(run, code == ASSAY_OK, "%s", err.text))
		assay_counter(run, "checkpoints", s->checkpoints);
}

const struct assay_bench assay_bench_scaling_pipeline = {
	.brief =
		"a training step with all parts together: buffer, gradient, parameter server, checkpoint",
	.claim = "S0.integrated",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = SCALING_PARAMS,
	.thorough = true,
	.version = 1,
};
