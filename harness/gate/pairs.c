/* SPDX-License-Identifier: MIT */
/* pairs: equal series meet by their key, so that files from different places can be compared. */
#include "harness/gate/pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/store.h"

#define CONFIDENCE 0.99

struct keyed {
	uint8_t key[32];
	const struct assay_result *result;
	bool met;
};

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static enum assay_code key_all(const struct assay_result *results, size_t n, struct keyed **ret,
			       struct assay_err *err)
{
	*ret = calloc(n + 1, sizeof(**ret));
	if (!*ret)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu results", n);
	for (size_t i = 0; i < n; i++) {
		(*ret)[i].result = &results[i];
		enum assay_code code = assay_series_key(&results[i], (*ret)[i].key, err);
		if (code != ASSAY_OK)
			return code;
	}
	return ASSAY_OK;
}

static char worse_grade(char x, char y)
{
	/* An unknown grade counts as 'C', as in assay_drift_allowance(). */
	x = x >= 'A' && x <= 'D' ? x : 'C';
	y = y >= 'A' && y <= 'D' ? y : 'C';
	return x > y ? x : y;
}

static enum assay_code compare_pair(struct assay_pairs *pairs, struct assay_pair *pair,
				    struct assay_err *err)
{
	const struct assay_result *a = pair->a, *b = pair->b;
	struct assay_side side_a = {&a->samples, &a->estimate},
			  side_b = {&b->samples, &b->estimate};
	pair->allowance = assay_drift_allowance(worse_grade(a->noise, b->noise));
	pairs->allowance = fmax(pairs->allowance, pair->allowance);
	struct assay_compare_policy policy = {pairs->margin, pairs->confidence, pair->allowance};
	return assay_compare(&side_a, &side_b, a->metric.better, &policy, &pair->comparison, err);
}

/* Is a result of this metric asked for? Of what was not measured the primary one speaks for all. */
static bool asked_for(const struct assay_result *r, const char *metric, bool measured)
{
	return !metric || strcmp(metric, r->metric.name) == 0 || (r->primary && !measured);
}

/* One of a and b may be NULL. */
static enum assay_code match_one(struct assay_pairs *pairs, const struct assay_result *a,
				 const struct assay_result *b, const char *metric,
				 struct assay_err *err)
{
	bool measured_a = a && assay_status_measured(a->status);
	bool measured_b = b && assay_status_measured(b->status);
	struct assay_pair pair = {.a = a, .b = b};
	if (!asked_for(a ? a : b, metric, measured_a || measured_b))
		return ASSAY_OK;
	if (measured_a && measured_b) {
		enum assay_code code = compare_pair(pairs, &pair, err);
		pairs->compared[pairs->n_compared++] = pair;
		return code;
	}
	if (measured_a)
		pairs->lost[pairs->n_lost++] = pair;
	else if (measured_b)
		pairs->found[pairs->n_found++] = pair;
	else
		pairs->neither[pairs->n_neither++] = pair;
	return ASSAY_OK;
}

/* One table per metric: the same figure stands together, then by case as loaded. */
static int by_metric(const void *x, const void *y)
{
	const struct assay_pair *p = x, *q = y;
	const struct assay_metric_info *a = &p->a->metric, *b = &q->a->metric;
	int order = p->a->primary != q->a->primary ? q->a->primary - p->a->primary
						   : strcmp(a->name, b->name);
	if (!order)
		order = strcmp(a->unit, b->unit);
	if (!order)
		order = (int)a->better - (int)b->better;
	return order ? order : (p->a > q->a) - (p->a < q->a);
}

static int as_loaded(const void *x, const void *y)
{
	const struct assay_result *b = ((const struct assay_pair *)x)->b;
	const struct assay_result *other = ((const struct assay_pair *)y)->b;
	return (b > other) - (b < other);
}

static enum assay_code match_all(struct assay_pairs *pairs, struct keyed *a, size_t na,
				 struct keyed *b, size_t nb, const char *metric,
				 struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	qsort(b, nb, sizeof(*b), by_key);
	for (size_t i = 0; i < na && code == ASSAY_OK; i++) {
		struct keyed *met = bsearch(&a[i], b, nb, sizeof(*b), by_key);
		if (met)
			met->met = true;
		code = match_one(pairs, a[i].result, met ? met->result : NULL, metric, err);
	}
	for (size_t i = 0; i < nb && code == ASSAY_OK; i++)
		if (!b[i].met)
			code = match_one(pairs, NULL, b[i].result, metric, err);
	if (code != ASSAY_OK)
		return code;
	qsort(pairs->compared, pairs->n_compared, sizeof(*pairs->compared), by_metric);
	qsort(pairs->found, pairs->n_found, sizeof(*pairs->found), as_loaded);
	qsort(pairs->neither, pairs->n_neither, sizeof(*pairs->neither), as_loaded);
	return ASSAY_OK;
}

enum assay_code assay_pairs_match(const struct assay_result *a, size_t n_a,
				  const struct assay_result *b, size_t n_b, bool hardware,
				  const char *metric, double margin, struct assay_pairs *ret,
				  struct assay_err *err)
{
	*ret = (struct assay_pairs){
		.margin = margin, .confidence = CONFIDENCE, .hardware = hardware};
	ASSAY_AUTO_FREE struct keyed *keyed_a = NULL;
	ASSAY_AUTO_FREE struct keyed *keyed_b = NULL;
	enum assay_code code = key_all(a, n_a, &keyed_a, err);
	if (code == ASSAY_OK)
		code = key_all(b, n_b, &keyed_b, err);
	if (code != ASSAY_OK)
		return code;
	ret->compared = calloc(n_a + 1, sizeof(struct assay_pair));
	ret->lost = calloc(n_a + 1, sizeof(struct assay_pair));
	ret->found = calloc(n_a + n_b + 1, sizeof(struct assay_pair));
	ret->neither = calloc(n_a + n_b + 1, sizeof(struct assay_pair));
	if (!ret->compared || !ret->lost || !ret->found || !ret->neither)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu results", n_a);
	return match_all(ret, keyed_a, n_a, keyed_b, n_b, metric, err);
}

void assay_pairs_done(struct assay_pairs *pairs)
{
	free(pairs->compared);
	free(pairs->lost);
	free(pairs->found);
	free(pairs->neither);
	*pairs = (struct assay_pairs){0};
}

static const char binding_prefix[] = "/binding:";

static bool same_but_for_binding(const struct assay_result *a, const char *at_a,
				 const struct assay_result *b)
{
	const char *at_b = strstr(b->name, binding_prefix);
	return at_b && at_a - a->name == at_b - b->name &&
	       strncmp(a->name, b->name, (size_t)(at_a - a->name)) == 0 &&
	       strcmp(at_a + 1 + strcspn(at_a + 1, "/"), at_b + 1 + strcspn(at_b + 1, "/")) == 0 &&
	       strcmp(a->metric.name, b->metric.name) == 0;
}

static void name_binding(const char *name, char to[16])
{
	const char *at = strstr(name, binding_prefix) + sizeof(binding_prefix) - 1;
	snprintf(to, 16, "%.*s", (int)strcspn(at, "/"), at);
}

size_t assay_pairs_bound_apart(const struct assay_pairs *pairs, char a[16], char b[16])
{
	size_t n = 0;
	for (size_t i = 0; i < pairs->n_lost; i++) {
		const struct assay_result *lost = pairs->lost[i].a;
		const char *at = strstr(lost->name, binding_prefix);
		for (size_t j = 0; at && j < pairs->n_found; j++) {
			const struct assay_result *found = pairs->found[j].b;
			if (!same_but_for_binding(lost, at, found))
				continue;
			if (n++ == 0) {
				name_binding(lost->name, a);
				name_binding(found->name, b);
			}
			break;
		}
	}
	return n;
}

const char *assay_pair_word(const struct assay_pairs *pairs, const struct assay_pair *pair)
{
	enum assay_verdict verdict = pair->comparison.verdict;
	if (verdict == ASSAY_SAME || verdict == ASSAY_UNSURE)
		return assay_verdict_name(verdict);
	if (pairs->hardware)
		return pair->comparison.ratio < 1 ? "lower" : "higher";
	const char *unit = pair->a->metric.unit;
	bool speed = strncmp(unit, "ns", 2) == 0 || strstr(unit, "/s");
	if (speed)
		return assay_verdict_name(verdict);
	return verdict == ASSAY_FASTER ? "better" : "worse";
}

double assay_pairs_geomean(const struct assay_pairs *pairs, size_t from, size_t to, size_t *ret_n)
{
	double sum = 0;
	size_t n = 0;
	for (size_t i = from; i < to; i++) {
		double ratio = pairs->compared[i].comparison.ratio;
		if (ratio > 0 && isfinite(ratio)) {
			sum += log(ratio);
			n++;
		}
	}
	*ret_n = n;
	return n ? exp(sum / (double)n) : NAN;
}
