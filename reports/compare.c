/* SPDX-License-Identifier: MIT */
/* compare: the runs of a report side by side: series by series, suite by suite, fact by fact. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/machine/environment.h"
#include "reports/model.h"

#define MARGIN 0.02 /* what `assay compare` takes as well */

/* The primary result of a case, the run it is of, and its pair with the reference. */
struct entry {
	const struct assay_result *result;
	size_t run;
	const struct assay_pair *pair; /* NULL: none */
};

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "out of memory for a comparison of runs");
}

void assay_report_compare_done(struct assay_report_model *model)
{
	struct assay_report_comparison *c = model->comparison;
	for (size_t r = 0; c && c->pairs && r < model->n_runs; r++)
		assay_pairs_done(&c->pairs[r]);
}

static bool same_machine(const struct assay_report_run *a, const struct assay_report_run *b)
{
	return memcmp(a->info->fingerprint, b->info->fingerprint, sizeof(a->info->fingerprint)) ==
	       0;
}

static enum assay_code match_runs(struct assay_report_model *model, struct assay_err *err)
{
	struct assay_report_comparison *c = model->comparison;
	const struct assay_report_run *base = &model->runs[c->reference];
	enum assay_code rc = ASSAY_OK;
	for (size_t r = 0; r < model->n_runs && rc == ASSAY_OK; r++) {
		const struct assay_report_run *run = &model->runs[r];
		bool hardware = !same_machine(base, run);
		c->hardware |= hardware;
		if (r != c->reference)
			rc = assay_pairs_match(base->results, base->n_results, run->results,
					       run->n_results, hardware, NULL, MARGIN, &c->pairs[r],
					       err);
	}
	return rc;
}

/* ---- lines ---- */

static int by_case(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	int order = assay_report_suite_order(a->result->suite, b->result->suite);
	if (order == 0)
		order = strcmp(a->result->benchmark, b->result->benchmark);
	if (order == 0)
		order = assay_compare_names(a->result->name, b->result->name);
	return order ? order : (a->run > b->run) - (a->run < b->run);
}

/* The primary results of one run with their pairs, which lead to results by address. Returns how many. */
static size_t list_run(const struct assay_report_model *model, size_t r, struct entry *entries,
		       const struct assay_pair **pair_of)
{
	const struct assay_report_run *run = &model->runs[r];
	const struct assay_pairs *pairs = &model->comparison->pairs[r];
	size_t n = 0;
	for (size_t i = 0; i < run->n_results; i++)
		pair_of[i] = NULL;
	for (size_t i = 0; i < pairs->n_compared; i++)
		pair_of[pairs->compared[i].b - run->results] = &pairs->compared[i];
	for (size_t i = 0; i < run->n_results; i++)
		if (run->results[i].primary)
			entries[n++] = (struct entry){&run->results[i], r, pair_of[i]};
	return n;
}

/* The primary results of all runs by case and run, or NULL. */
static struct entry *list_entries(const struct assay_report_model *model, size_t *ret_n)
{
	size_t most = 1, n = 0;
	for (size_t r = 0; r < model->n_runs; r++)
		most += model->runs[r].n_results;
	struct entry *entries = calloc(most, sizeof(*entries));
	ASSAY_AUTO_FREE const struct assay_pair **pair_of =
		calloc(most, sizeof(const struct assay_pair *));
	if (!pair_of) {
		free(entries);
		return NULL;
	}
	for (size_t r = 0; entries && r < model->n_runs; r++)
		n += list_run(model, r, entries + n, pair_of);
	if (entries)
		qsort(entries, n, sizeof(*entries), by_case);
	*ret_n = n;
	return entries;
}

static double gain_of(const struct assay_report_cell *cell, bool is_reference)
{
	const struct assay_result *r = cell->result;
	if (is_reference)
		return r && assay_status_measured(r->status) && isfinite(r->estimate.median) ? 1
											     : NAN;
	double ratio = cell->pair ? cell->pair->comparison.ratio : NAN;
	if (!(ratio > 0) || !isfinite(ratio))
		return NAN;
	return assay_report_higher_is_better(&r->metric) ? ratio : 1 / ratio;
}

static enum assay_code fill_line(struct assay_report_model *model, struct assay_report_line *line,
				 const struct entry *entries, size_t n, struct assay_err *err)
{
	const struct assay_report_comparison *c = model->comparison;
	line->first = entries[0].result;
	line->counts = !*line->first->subject || assay_report_ranked(line->first);
	line->cells = assay_report_grab(model, model->n_runs * sizeof(*line->cells));
	if (!line->cells)
		return no_memory(err);
	for (size_t i = 0; i < n; i++) {
		line->cells[entries[i].run].result = entries[i].result;
		line->cells[entries[i].run].pair = entries[i].pair;
	}
	for (size_t r = 0; r < model->n_runs; r++)
		line->cells[r].gain = gain_of(&line->cells[r], r == c->reference);
	return ASSAY_OK;
}

/* Mean and spread of the logarithms; the reference's own is 1 by definition. */
static struct assay_report_mean mean_of(const struct assay_report_across *suite, size_t run,
					size_t reference)
{
	struct assay_report_mean mean = {.gain = NAN, .lo = NAN, .hi = NAN, .spread = NAN};
	double sum = 0, squares = 0;
	for (size_t i = 0; i < suite->n_lines; i++) {
		const struct assay_report_line *line = &suite->lines[i];
		double gain = line->cells[run].gain;
		if (!line->counts)
			continue;
		if (isnan(gain)) {
			mean.missing += !isnan(line->cells[reference].gain);
			continue;
		}
		sum += log(gain);
		squares += log(gain) * log(gain);
		mean.n++;
		mean.lo = fmin(mean.lo, gain);
		mean.hi = fmax(mean.hi, gain);
	}
	double n = (double)mean.n;
	if (mean.n)
		mean.gain = exp(sum / n);
	if (mean.n > 1)
		mean.spread = exp(sqrt(fmax(squares - sum * sum / n, 0) / (n - 1)));
	return mean;
}

static enum assay_code fill_suite(struct assay_report_model *model,
				  struct assay_report_across *suite, const struct entry *entries,
				  size_t n, struct assay_err *err)
{
	suite->suite = entries[0].result->suite;
	suite->lines = assay_report_grab(model, n * sizeof(*suite->lines));
	suite->means = assay_report_grab(model, model->n_runs * sizeof(*suite->means));
	if (!suite->lines || !suite->means)
		return no_memory(err);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n; to++)
			if (strcmp(entries[to].result->name, entries[from].result->name) != 0)
				break;
		enum assay_code rc = fill_line(model, &suite->lines[suite->n_lines++],
					       &entries[from], to - from, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	for (size_t r = 0; r < model->n_runs; r++)
		suite->means[r] = mean_of(suite, r, model->comparison->reference);
	return ASSAY_OK;
}

static enum assay_code fill_suites(struct assay_report_model *model, struct assay_err *err)
{
	struct assay_report_comparison *c = model->comparison;
	size_t n = 0;
	ASSAY_AUTO_FREE struct entry *entries = list_entries(model, &n);
	c->suites = assay_report_grab(model, (n + 1) * sizeof(*c->suites));
	if (!entries || !c->suites)
		return no_memory(err);
	enum assay_code rc = ASSAY_OK;
	for (size_t from = 0, to; from < n && rc == ASSAY_OK; from = to) {
		for (to = from + 1; to < n; to++)
			if (strcmp(entries[to].result->suite, entries[from].result->suite) != 0)
				break;
		rc = fill_suite(model, &c->suites[c->n_suites++], &entries[from], to - from, err);
	}
	return rc;
}

/* ---- environment ---- */

static const struct assay_report_fact *find_fact(const struct assay_report_run *run,
						 const char *key)
{
	for (size_t i = 0; i < run->n_environment; i++)
		if (strcmp(run->environment[i].key, key) == 0)
			return &run->environment[i];
	return NULL;
}

static bool same_fact(const struct assay_report_fact *a, const struct assay_report_fact *b)
{
	if (!a || !b)
		return a == b;
	if (!a->value || !b->value)
		return !a->value && !b->value; /* both unavailable, whatever the reason */
	return strcmp(a->value, b->value) == 0;
}

/* Of one key, unless it was looked at with an earlier run. */
static enum assay_code add_difference(struct assay_report_model *model, size_t run, const char *key,
				      struct assay_err *err)
{
	struct assay_report_comparison *c = model->comparison;
	struct assay_report_difference *d = &c->differences[c->n_differences];
	bool differs = false;
	for (size_t r = 0; r < run; r++)
		if (find_fact(&model->runs[r], key))
			return ASSAY_OK;
	for (size_t r = 0; r < model->n_runs; r++)
		differs |= !same_fact(find_fact(&model->runs[r], key),
				      find_fact(&model->runs[0], key));
	if (!differs)
		return ASSAY_OK;
	d->key = key;
	d->facts =
		assay_report_grab(model, model->n_runs * sizeof(const struct assay_report_fact *));
	if (!d->facts)
		return no_memory(err);
	for (size_t r = 0; r < model->n_runs; r++)
		d->facts[r] = find_fact(&model->runs[r], key);
	c->n_differences++;
	return ASSAY_OK;
}

static enum assay_code fill_differences(struct assay_report_model *model, struct assay_err *err)
{
	struct assay_report_comparison *c = model->comparison;
	size_t most = 1;
	for (size_t r = 0; r < model->n_runs; r++)
		most += model->runs[r].n_environment;
	c->differences = assay_report_grab(model, most * sizeof(*c->differences));
	if (!c->differences)
		return no_memory(err);
	enum assay_code rc = ASSAY_OK;
	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t i = 0; i < model->runs[r].n_environment && rc == ASSAY_OK; i++) {
			const char *key = model->runs[r].environment[i].key;
			if (assay_environment_is_stable(key))
				rc = add_difference(model, r, key, err);
		}
	return rc;
}

enum assay_code assay_report_compare(struct assay_report_model *model, struct assay_err *err)
{
	struct assay_report_comparison *c = assay_report_grab(model, sizeof(*c));
	if (!c)
		return no_memory(err);
	model->comparison = c;
	c->pairs = assay_report_grab(model, model->n_runs * sizeof(*c->pairs));
	if (!c->pairs)
		return no_memory(err);
	enum assay_code rc = match_runs(model, err);
	if (rc == ASSAY_OK)
		rc = fill_suites(model, err);
	if (rc == ASSAY_OK)
		rc = fill_differences(model, err);
	return rc;
}
