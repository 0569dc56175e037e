/* SPDX-License-Identifier: MIT */
/* check_team: the oracle of teams: several sizes against a plain reference in double. */
#include <math.h>

#include "harness/base/rng.h"
#include "suites/scaling/kmeans.h"
#include "suites/scaling/scaling.h"

enum { ROUNDS = 3, MAX_POINTS = 3000 };

static double distance(const struct kmeans *km, size_t point, size_t centroid)
{
	double sum = 0;
	for (size_t j = 0; j < KMEANS_D; j++) {
		double d = (double)km->points[point * KMEANS_D + j] -
			   km->centroids[j * KMEANS_K + centroid];
		sum += d * d;
	}
	return sum;
}

/* The serial code itself is right: no centroid is nearer than the one it names, but for rounding. */
static enum assay_code check_serial(const struct kmeans *km, struct assay_err *err)
{
	for (size_t i = 0; i < km->n; i++) {
		uint32_t label = km->serial_labels[i];
		if (label >= KMEANS_K)
			return assay_fail(err, ASSAY_ECHECK,
					  "serial code: point %zu gets centroid %u", i, label);
		double mine = distance(km, i, label);
		for (size_t k = 0; k < KMEANS_K; k++)
			if (distance(km, i, k) < mine * (1 - 1e-5))
				return assay_fail(
					err, ASSAY_ECHECK,
					"serial code: point %zu is nearer to %zu than to %u", i, k,
					label);
	}
	return ASSAY_OK;
}

static enum assay_code run_rounds(const struct team_ops *ops, struct team *team, struct kmeans *km,
				  struct assay_err *err)
{
	enum assay_code code = ops->run(team, kmeans_fill_part, km, err);
	if (code != ASSAY_OK)
		return code;
	kmeans_step_serial(km);
	code = check_serial(km, err);
	for (int round = 0; round < ROUNDS && code == ASSAY_OK; round++) {
		kmeans_poison(km);
		code = ops->run(team, kmeans_step_part, km, err);
		kmeans_merge(km);
		if (code == ASSAY_OK)
			code = kmeans_compare(km, err);
	}
	return code;
}

static enum assay_code check_team(const struct team_ops *ops, unsigned threads, size_t n,
				  uint64_t seed, struct assay_err *err)
{
	struct team *team = NULL;
	struct kmeans *km = NULL;
	enum assay_code code = kmeans_new(n, threads, seed, &km, err);
	if (code == ASSAY_OK)
		code = ops->start(threads, NULL, &team, err);
	if (code == ASSAY_OK)
		code = run_rounds(ops, team, km, err);
	ops->stop(team);
	kmeans_free(km);
	return assay_context(err, code, "team of %u, %zu points", threads, n);
}

enum assay_code scaling_check_team(const struct team_ops *ops, uint64_t seed, struct assay_err *err)
{
	static const unsigned teams[] = {1, 2, 3, 7};
	struct assay_rng rng;
	enum assay_code code = ASSAY_OK;
	if (!ops->computes)
		return ASSAY_OK;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < ASSAY_COUNT_OF(teams) && code == ASSAY_OK; i++) {
		size_t n = 1 + (size_t)assay_rng_below(&rng, MAX_POINTS);
		code = check_team(ops, teams[i], n, assay_rng_next(&rng), err);
		/* Fewer points than workers: some get nothing. */
		if (code == ASSAY_OK)
			code = check_team(ops, teams[i], i, assay_rng_next(&rng), err);
	}
	return code;
}
