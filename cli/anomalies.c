/* SPDX-License-Identifier: MIT */
/* anomalies: look at runs in the order of time and at samples in the order they were taken. */
#include "cli/anomalies.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/stats/anomaly.h"
#include "harness/stats/estimate.h"

/* Of what is usual; what is nearer is no news, however quiet the series is. */
#define RUN_LEAST    0.01
#define SAMPLE_LEAST 0.05

enum { MOST_PER_SERIES = 64, LAUNCH_LEAST = 8 };

/* One that stands out: a run (n_samples 0), or samples from..to of n_samples of a run. */
struct finding {
	const struct assay_history *series;
	int64_t run;
	size_t from, to, n_samples, preempted;
	size_t launch, launches;
	double value, usual, spreads;
};

struct findings {
	struct finding *all;
	size_t n;
	size_t series, short_series; /* looked at; with too few runs on any machine */
	size_t results;              /* whose samples were looked at */
};

static enum assay_code add(struct findings *f, const struct finding *one, struct assay_err *err)
{
	void *grown = reallocarray(f->all, f->n + 1, sizeof(*f->all));
	if (!grown)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for what stands out");
	f->all = grown;
	f->all[f->n++] = *one;
	return ASSAY_OK;
}

/* The runs of one machine, the one of point `who`; those of others are gaps. Returns how many it has. */
static size_t runs_of(const struct assay_history *s, size_t who, double *x)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++) {
		bool same = assay_history_measured(&s->points[i]) &&
			    memcmp(s->points[i].fingerprint, s->points[who].fingerprint, 32) == 0;
		x[i] = same ? s->points[i].median : NAN;
		n += same;
	}
	return n;
}

static bool first_of_its_machine(const struct assay_history *s, size_t at)
{
	if (!assay_history_measured(&s->points[at]))
		return false;
	for (size_t i = 0; i < at; i++)
		if (assay_history_measured(&s->points[i]) &&
		    memcmp(s->points[i].fingerprint, s->points[at].fingerprint, 32) == 0)
			return false;
	return true;
}

static double least_of_runs(const double *x, size_t n, double *scratch)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (isfinite(x[i]))
			scratch[kept++] = x[i];
	assay_sort(scratch, kept);
	return RUN_LEAST * fabs(assay_median(scratch, kept));
}

static enum assay_code look_at_runs(struct findings *f, const struct assay_history *s, size_t limit,
				    struct assay_err *err)
{
	ASSAY_AUTO_FREE double *x = calloc(2 * s->n + 1, sizeof(*x));
	struct assay_anomaly found[MOST_PER_SERIES];
	size_t shown = limit && s->n > limit ? s->n - limit : 0, most = 0, n;
	enum assay_code rc = x ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "no memory for runs");
	for (size_t who = 0; rc == ASSAY_OK && who < s->n; who++) {
		if (!first_of_its_machine(s, who))
			continue;
		size_t runs = runs_of(s, who, x);
		most = runs > most ? runs : most;
		rc = assay_anomalies(x, s->n, least_of_runs(x, s->n, x + s->n), found,
				     MOST_PER_SERIES, &n, err);
		for (size_t i = 0; rc == ASSAY_OK && i < n && i < MOST_PER_SERIES; i++)
			for (size_t k = found[i].from; rc == ASSAY_OK && k <= found[i].to; k++)
				if (k >= shown && isfinite(x[k]))
					rc = add(f,
						 &(struct finding){.series = s,
								   .run = s->points[k].run,
								   .value = x[k],
								   .usual = found[i].usual,
								   .spreads = found[i].spreads},
						 err);
	}
	f->series++;
	f->short_series += most < ASSAY_ANOMALY_LEAST;
	return rc;
}

/* Samples as shares of their launch's median: launches differ, and that is no anomaly within one. */
static bool normalise(const struct assay_samples *s, double *x, double *scratch)
{
	size_t from = 0;
	for (size_t l = 0; l < s->launches; l++) {
		size_t n = s->launch_end[l] - from;
		memcpy(scratch, s->values + from, n * sizeof(*x));
		assay_sort(scratch, n);
		double median = assay_median(scratch, n);
		if (n < LAUNCH_LEAST || !(median > 0))
			return false;
		for (size_t i = from; i < from + n; i++)
			x[i] = s->values[i] / median;
		from += n;
	}
	return from == s->n && s->n > 0;
}

static struct finding describe(const struct assay_history *series, int64_t run,
			       const struct assay_result *r, const struct assay_anomaly *a)
{
	const struct assay_samples *s = &r->samples;
	struct finding one = {
		.series = series,
		.run = run,
		.from = a->from,
		.to = a->to,
		.n_samples = s->n,
		.launches = s->launches,
		.value = (a->usual + a->off) * r->estimate.median,
		.usual = a->usual * r->estimate.median,
		.spreads = a->spreads,
	};
	while (one.launch < s->launches && s->launch_end[one.launch] <= a->from)
		one.launch++;
	for (size_t i = a->from; i <= a->to; i++)
		one.preempted += (s->flags[i] & ASSAY_SAMPLE_PREEMPTED) != 0;
	return one;
}

static enum assay_code look_at_samples(struct findings *f, const struct assay_history *series,
				       int64_t run, const struct assay_result *r,
				       struct assay_err *err)
{
	const struct assay_samples *s = &r->samples;
	ASSAY_AUTO_FREE double *x = calloc(2 * s->n + 1, sizeof(*x));
	struct assay_anomaly found[MOST_PER_SERIES];
	size_t n = 0;
	if (!x)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu samples", s->n);
	if (!normalise(s, x, x + s->n))
		return ASSAY_OK;
	f->results++;
	enum assay_code rc =
		assay_anomalies(x, s->n, SAMPLE_LEAST, found, MOST_PER_SERIES, &n, err);
	for (size_t i = 0; rc == ASSAY_OK && i < n && i < MOST_PER_SERIES; i++) {
		struct finding one = describe(series, run, r, &found[i]);
		rc = add(f, &one, err);
	}
	return rc;
}

static bool shown(const struct assay_history *s, int64_t run, size_t limit)
{
	for (size_t i = limit && s->n > limit ? s->n - limit : 0; i < s->n; i++)
		if (s->points[i].run == run && assay_history_measured(&s->points[i]))
			return true;
	return false;
}

static bool wanted(const struct history_view *view, const char *metric)
{
	return view->measured->primary || metric;
}

static enum assay_code look_into_run(struct findings *f, struct assay_store *store,
				     const struct history_views *views, const char *metric,
				     int64_t run, size_t limit, struct assay_err *err)
{
	struct assay_result_list list;
	enum assay_code rc = assay_store_results(store, run, NULL, ASSAY_LOAD_SAMPLES, &list, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t v = 0; rc == ASSAY_OK && v < views->n; v++) {
		const struct assay_history *s = views->views[v].measured;
		if (!wanted(&views->views[v], metric) || !shown(s, run, limit))
			continue;
		for (size_t i = 0; rc == ASSAY_OK && i < list.n; i++)
			if (strcmp(list.results[i].name, s->name) == 0 &&
			    strcmp(list.results[i].metric.name, s->metric) == 0)
				rc = look_at_samples(f, s, run, &list.results[i], err);
	}
	assay_result_list_done(&list);
	return rc;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Each run once, whatever the number of series. */
static enum assay_code look_into_runs(struct findings *f, struct assay_store *store,
				      const struct history_views *views, const char *metric,
				      size_t limit, struct assay_err *err)
{
	size_t most = 0, n = 0;
	for (size_t v = 0; v < views->n; v++)
		most += views->views[v].measured->n;
	ASSAY_AUTO_FREE int64_t *runs = calloc(most + 1, sizeof(*runs));
	enum assay_code rc = runs ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "no memory for runs");
	for (size_t v = 0; rc == ASSAY_OK && v < views->n; v++)
		for (size_t i = 0; i < views->views[v].measured->n; i++)
			runs[n++] = views->views[v].measured->points[i].run;
	if (n)
		qsort(runs, n, sizeof(*runs), by_id);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++)
		if (i == 0 || runs[i] != runs[i - 1])
			rc = look_into_run(f, store, views, metric, runs[i], limit, err);
	return rc;
}

/* "the run", or "41-47/90 launch 2/3 !" where some were preempted; counted from 1. */
static const char *where(const struct finding *one, char text[120])
{
	if (!one->n_samples) {
		snprintf(text, 120, "the run");
		return text;
	}
	int n = snprintf(text, 120, "%zu", one->from + 1);
	if (one->to > one->from)
		n += snprintf(text + n, 120 - (size_t)n, "-%zu", one->to + 1);
	n += snprintf(text + n, 120 - (size_t)n, "/%zu", one->n_samples);
	if (one->launches > 1)
		n += snprintf(text + n, 120 - (size_t)n, " launch %zu/%zu", one->launch + 1,
			      one->launches);
	if (one->preempted)
		snprintf(text + n, 120 - (size_t)n, " !");
	return text;
}

/* The table is narrow: that a time is one of an operation goes without saying. */
static void short_value(double value, const char *unit, char text[40])
{
	assay_format_value(value, unit, text, 40);
	char *per = strstr(text, "/op");
	if (per && !per[3])
		*per = '\0';
}

static void print_table(const struct findings *f)
{
	const char *const columns[] = {"/series", ">run",    "samples", ">value",
				       ">usual",  ">off by", ">spreads"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	bool marked = false;
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *one = &f->all[i];
		marked |= one->n_samples && one->preempted;
		char run[24], what[120], value[40], usual[40], off[24], spreads[24] = "-";
		snprintf(run, sizeof(run), "%" PRId64, one->run);
		short_value(one->value, one->series->unit, value);
		short_value(one->usual, one->series->unit, usual);
		snprintf(off, sizeof(off), "%+.1f %%", 100 * (one->value / one->usual - 1));
		if (isfinite(one->spreads))
			snprintf(spreads, sizeof(spreads), "%.1f", one->spreads);
		const char *cells[] = {
			one->series->name, run, where(one, what), value, usual, off, spreads};
		cli_table_row(table, cells);
	}
	if (f->n)
		cli_table_print(table, stdout);
	else
		cli_table_free(table);
	printf("%s%zu stand out in %zu series and in the samples of %zu results\n",
	       f->n ? "\n" : "", f->n, f->series, f->results);
	if (marked)
		puts("! some of these samples were preempted");
	if (f->short_series)
		printf("%zu series have fewer than %d runs on one machine: nothing is said of their runs\n",
		       f->short_series, ASSAY_ANOMALY_LEAST);
}

static enum assay_code print_json(const struct findings *f, FILE *out, struct assay_err *err)
{
	json_t *array = json_array();
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *one = &f->all[i];
		json_t *json =
			json_pack("{s:o, s:o, s:I, s:s, s:o, s:o, s:o}", "name",
				  assay_json_text(one->series->name), "metric",
				  assay_json_text(one->series->metric), "run", (json_int_t)one->run,
				  "what", one->n_samples ? "samples" : "run", "value",
				  assay_json_real(one->value), "usual", assay_json_real(one->usual),
				  "spreads", assay_json_real(one->spreads));
		if (one->n_samples && json) {
			json_object_set_new(json, "from", json_integer((json_int_t)one->from));
			json_object_set_new(json, "to", json_integer((json_int_t)one->to));
			json_object_set_new(json, "launch", json_integer((json_int_t)one->launch));
			json_object_set_new(json, "preempted",
					    json_integer((json_int_t)one->preempted));
		}
		json_array_append_new(array, json);
	}
	return assay_json_document(json_pack("{s:s, s:o, s:I, s:I, s:I}", "schema", "assay/1",
					     "anomalies", array, "series", (json_int_t)f->series,
					     "series_too_short", (json_int_t)f->short_series,
					     "results", (json_int_t)f->results),
				   out, err);
}

enum assay_code anomalies_show(const struct cli *cli, struct assay_store *store,
			       const struct history_views *views, const char *metric, size_t limit,
			       struct assay_err *err)
{
	struct findings f = {0};
	enum assay_code rc = ASSAY_OK;
	for (size_t v = 0; rc == ASSAY_OK && v < views->n; v++)
		for (size_t b = 0; rc == ASSAY_OK && b < views->views[v].n_bases; b++)
			if (wanted(&views->views[v], metric))
				rc = look_at_runs(&f, views->views[v].bases[b].series, limit, err);
	if (rc == ASSAY_OK)
		rc = look_into_runs(&f, store, views, metric, limit, err);
	if (rc == ASSAY_OK && cli->json)
		rc = print_json(&f, cli->json, err);
	if (rc == ASSAY_OK && !cli->json_is_stdout)
		print_table(&f);
	free(f.all);
	return rc;
}
