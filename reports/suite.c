/* SPDX-License-Identifier: MIT */
/* suite: the results of one suite as benchmarks with axes, ranked rows, and reasons for gaps. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "reports/model.h"

bool assay_report_number(const char *text, double *ret)
{
	uint64_t size;
	if (assay_parse_size(text, &size, NULL) == ASSAY_OK) {
		*ret = (double)size;
		return true;
	}
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end || !isfinite(value))
		return false;
	*ret = value;
	return true;
}

bool assay_report_higher_is_better(const struct assay_metric_info *metric)
{
	if (metric->better != ASSAY_BETTER_BY_UNIT)
		return metric->better == ASSAY_HIGHER;
	size_t n = strlen(metric->unit);
	return n >= 2 && strcmp(metric->unit + n - 2, "/s") == 0;
}

bool assay_report_comparable(const struct assay_report_bench *bench,
			     const struct assay_report_row *row)
{
	return assay_status_measured(row->result->status) &&
	       isfinite(row->result->estimate.median) &&
	       strcmp(row->result->metric.unit, bench->metric.unit) == 0;
}

bool assay_report_is_map(const struct assay_report_bench *bench)
{
	size_t ends = 0, varying = 0;
	for (size_t a = 0; a < bench->n_axes; a++) {
		const char *name = bench->axes[a].name;
		varying += bench->axes[a].varies;
		ends += bench->axes[a].varies &&
			(strcmp(name, "from") == 0 || strcmp(name, "to") == 0);
	}
	return ends == 2 && varying == 2;
}

static enum assay_code no_memory(struct assay_err *err, const char *what)
{
	return assay_fail(err, ASSAY_ENOMEM, "out of memory for the %s of a report", what);
}

/* Axes: the union of the parameters' names in order of appearance, then the threads. */
static enum assay_code find_axes(struct assay_report_model *model, struct assay_report_bench *bench,
				 const struct assay_result **results, size_t n,
				 struct assay_err *err)
{
	size_t most = 1;
	for (size_t i = 0; i < n; i++)
		most += results[i]->n_params;
	struct assay_report_axis *axes = calloc(most, sizeof(*axes));
	if (!axes)
		return no_memory(err, "axes");
	for (size_t i = 0; i < n; i++) {
		for (size_t p = 0; p < results[i]->n_params; p++) {
			const char *name = results[i]->params[p].name;
			size_t at = 0;
			while (at < bench->n_axes && strcmp(axes[at].name, name) != 0)
				at++;
			if (at < bench->n_axes || strcmp(name, "threads") == 0)
				continue;
			axes[bench->n_axes++].name = name;
		}
	}
	axes[bench->n_axes++].name = "threads";
	bench->axes = assay_report_grab(model, bench->n_axes * sizeof(*axes));
	if (bench->axes)
		memcpy(bench->axes, axes, bench->n_axes * sizeof(*axes));
	free(axes);
	return bench->axes ? ASSAY_OK : no_memory(err, "axes");
}

static bool same_case(const struct assay_result *a, const struct assay_result *b)
{
	return strcmp(a->name, b->name) == 0;
}

/* Metrics other than the primary one of their case, in order of appearance. */
static enum assay_code find_beside(struct assay_report_model *model,
				   struct assay_report_bench *bench,
				   const struct assay_result **results, size_t n,
				   struct assay_err *err)
{
	bench->beside = assay_report_grab(model, n * sizeof(*bench->beside));
	if (!bench->beside)
		return no_memory(err, "metrics");
	for (size_t i = 1; i < n; i++) {
		if (!same_case(results[i], results[i - 1]))
			continue;
		size_t at = 0;
		while (at < bench->n_beside &&
		       strcmp(bench->beside[at].name, results[i]->metric.name) != 0)
			at++;
		bench->beside[at] = results[i]->metric;
		bench->n_beside += at == bench->n_beside;
	}
	return ASSAY_OK;
}

/* "null", "stream_null": by convention of the suites' file names. */
static bool is_called(const char *subject, const char *what)
{
	size_t n = strlen(subject), tail = strlen(what);
	if (n < tail || strcmp(subject + n - tail, what) != 0)
		return false;
	return n == tail || subject[n - tail - 1] == '_';
}

bool assay_report_ranked(const struct assay_result *result)
{
	return *result->subject && !is_called(result->subject, "null") &&
	       !is_called(result->subject, "bound");
}

static double half_width(const struct assay_estimate *e)
{
	return e->n >= 2 ? assay_plus_minus(e->median, e->lo, e->hi) : NAN;
}

static enum assay_code fill_row(struct assay_report_model *model,
				const struct assay_report_bench *bench,
				struct assay_report_row *row, const struct assay_result *result,
				struct assay_err *err)
{
	row->result = result;
	row->values = assay_report_grab(model, bench->n_axes * sizeof(*row->values));
	row->beside = assay_report_grab(model, bench->n_beside * sizeof(*row->beside));
	if (!row->values || !row->beside)
		return no_memory(err, "cases");
	row->threads = assay_report_printf(model, "%u", result->threads);
	if (!row->threads)
		return no_memory(err, "cases");
	for (size_t a = 0; a < bench->n_axes; a++) {
		row->values[a] = "";
		for (size_t p = 0; p < result->n_params; p++)
			if (strcmp(result->params[p].name, bench->axes[a].name) == 0)
				row->values[a] = result->params[p].value;
	}
	row->values[bench->n_axes - 1] = row->threads;
	row->ranked = assay_report_ranked(result);
	row->half_width = half_width(&result->estimate);
	row->relative = NAN;
	return ASSAY_OK;
}

static void fill_beside(const struct assay_report_bench *bench, struct assay_report_row *row,
			const struct assay_result *result)
{
	for (size_t i = 0; i < bench->n_beside; i++)
		if (strcmp(bench->beside[i].name, result->metric.name) == 0)
			row->beside[i] = result;
}

static enum assay_code fill_rows(struct assay_report_model *model, struct assay_report_bench *bench,
				 const struct assay_result **results, size_t n,
				 struct assay_err *err)
{
	bench->rows = assay_report_grab(model, n * sizeof(*bench->rows));
	if (!bench->rows)
		return no_memory(err, "cases");
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && same_case(results[i], results[i - 1])) {
			fill_beside(bench, &bench->rows[bench->n_rows - 1], results[i]);
			continue;
		}
		enum assay_code rc =
			fill_row(model, bench, &bench->rows[bench->n_rows], results[i], err);
		if (rc != ASSAY_OK)
			return rc;
		bench->n_rows++;
		bench->n_measured += assay_status_measured(results[i]->status);
		bench->has_subjects |= *results[i]->subject != '\0';
	}
	return ASSAY_OK;
}

static void look_at_axes(struct assay_report_bench *bench)
{
	for (size_t a = 0; a < bench->n_axes; a++) {
		bench->axes[a].numeric = true;
		for (size_t r = 0; r < bench->n_rows; r++) {
			double number;
			const char *value = bench->rows[r].values[a];
			bench->axes[a].numeric &= assay_report_number(value, &number);
			bench->axes[a].varies |= strcmp(value, bench->rows[0].values[a]) != 0;
		}
	}
}

static int compare_values(const struct assay_report_axis *axis, const char *a, const char *b)
{
	double na, nb;
	if (!axis->numeric || !assay_report_number(a, &na) || !assay_report_number(b, &nb))
		return strcmp(a, b);
	return na < nb ? -1 : na > nb;
}

static int compare_axes(const struct assay_report_bench *bench, const struct assay_report_row *a,
			const struct assay_report_row *b)
{
	int order = 0;
	for (size_t i = 0; order == 0 && i < bench->n_axes; i++)
		order = compare_values(&bench->axes[i], a->values[i], b->values[i]);
	return order;
}

/* Where a row stands among the subjects of its case: less is earlier. */
static double badness(const struct assay_report_bench *bench, const struct assay_report_row *row)
{
	if (!row->ranked || !assay_report_comparable(bench, row))
		return DBL_MAX;
	double median = row->result->estimate.median;
	return assay_report_higher_is_better(&bench->metric) ? -median : median;
}

static int by_rank(const void *pa, const void *pb, void *context)
{
	const struct assay_report_row *a = pa, *b = pb;
	bool ma = assay_status_measured(a->result->status);
	bool mb = assay_status_measured(b->result->status);
	if (ma != mb)
		return ma ? -1 : 1;
	int order = compare_axes(context, a, b);
	if (order)
		return order;
	double ba = badness(context, a), bb = badness(context, b);
	if (ba < bb || ba > bb)
		return ba < bb ? -1 : 1;
	order = strcmp(a->result->subject, b->result->subject);
	return order ? order : strcmp(a->result->name, b->result->name);
}

/* Rank the rows [from, to) of one group; the best stands first. */
static void rank_group(struct assay_report_bench *bench, size_t from, size_t to)
{
	size_t ranked = 0;
	for (size_t i = from; i < to; i++)
		ranked += bench->rows[i].ranked && assay_report_comparable(bench, &bench->rows[i]);
	double best = bench->rows[from].result->estimate.median;
	if (ranked < 2 || !(best > 0))
		return;
	bool higher = assay_report_higher_is_better(&bench->metric);
	bench->has_relative = true;
	bench->rows[from].best = true;
	for (size_t i = from; i < to; i++) {
		struct assay_report_row *row = &bench->rows[i];
		double median = row->result->estimate.median;
		if (row->ranked && assay_report_comparable(bench, row) && median > 0)
			row->relative = higher ? best / median : median / best;
	}
}

static void rank(struct assay_report_bench *bench)
{
	qsort_r(bench->rows, bench->n_rows, sizeof(*bench->rows), by_rank, bench);
	size_t group = 0;
	for (size_t from = 0, to; from < bench->n_rows; from = to, group++) {
		bool measured = from < bench->n_measured;
		for (to = from + 1; measured && to < bench->n_measured; to++)
			if (compare_axes(bench, &bench->rows[from], &bench->rows[to]) != 0)
				break;
		for (size_t i = from; i < to; i++)
			bench->rows[i].group = group;
		if (measured)
			rank_group(bench, from, to);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum assay_code find_subjects(struct assay_report_model *model,
				     struct assay_report_bench *bench,
				     const struct assay_result **results, size_t n,
				     struct assay_err *err)
{
	bench->subjects = assay_report_grab(model, n * sizeof(*bench->subjects));
	if (!bench->subjects)
		return no_memory(err, "subjects");
	size_t all = 0;
	for (size_t i = 0; i < n; i++)
		if (assay_report_ranked(results[i]))
			bench->subjects[all++] = results[i]->subject;
	qsort(bench->subjects, all, sizeof(*bench->subjects), by_name);
	for (size_t i = 0; i < all; i++)
		if (i == 0 || strcmp(bench->subjects[i], bench->subjects[i - 1]) != 0)
			bench->subjects[bench->n_subjects++] = bench->subjects[i];
	return ASSAY_OK;
}

static enum assay_code reduce_bench(struct assay_report_model *model,
				    struct assay_report_bench *bench,
				    const struct assay_result **results, size_t n,
				    struct assay_err *err)
{
	bench->suite = results[0]->suite;
	bench->name = results[0]->benchmark;
	enum assay_code rc = find_axes(model, bench, results, n, err);
	if (rc == ASSAY_OK)
		rc = find_beside(model, bench, results, n, err);
	if (rc == ASSAY_OK)
		rc = find_subjects(model, bench, results, n, err);
	if (rc == ASSAY_OK)
		rc = fill_rows(model, bench, results, n, err);
	if (rc != ASSAY_OK)
		return rc;
	bench->metric = bench->rows[0].result->metric;
	for (size_t i = bench->n_rows; i-- > 0;)
		if (assay_status_measured(bench->rows[i].result->status))
			bench->metric = bench->rows[i].result->metric;
	look_at_axes(bench);
	rank(bench);
	return ASSAY_OK;
}

/* A gap and its reason, before gaps with the same reason become one problem. */
struct gap {
	const struct assay_report_bench *bench;
	const struct assay_result *result;
};

static int gravity(enum assay_status status)
{
	return status == ASSAY_STATUS_SKIPPED ? 2 : status == ASSAY_STATUS_UNSTABLE ? 1 : 0;
}

static const char *skip_figures(const char *text)
{
	return text + strspn(text, "0123456789.");
}

/* Like strcmp, but figures do not count: "known to 5 %" and "known to 71 %" say the same. */
static int compare_words(const char *a, const char *b)
{
	for (;; a++, b++) {
		a = skip_figures(a);
		b = skip_figures(b);
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	}
}

static int by_reason(const void *pa, const void *pb)
{
	const struct gap *a = pa, *b = pb;
	int order = gravity(a->result->status) - gravity(b->result->status);
	if (order)
		return order;
	if (a->bench != b->bench)
		return a->bench < b->bench ? -1 : 1;
	if (a->result->status != b->result->status)
		return a->result->status < b->result->status ? -1 : 1;
	order = compare_words(a->result->reason, b->result->reason);
	return order ? order : strcmp(a->result->name, b->result->name);
}

static bool same_reason(const struct gap *a, const struct gap *b)
{
	return a->bench == b->bench && a->result->status == b->result->status &&
	       compare_words(a->result->reason, b->result->reason) == 0;
}

static void group_gaps(struct assay_report_suite *suite, const struct gap *gaps, size_t n,
		       const struct assay_result **cases)
{
	for (size_t i = 0; i < n; i++) {
		cases[i] = gaps[i].result;
		if (i == 0 || !same_reason(&gaps[i], &gaps[i - 1]))
			suite->problems[suite->n_problems++] = (struct assay_report_problem){
				.bench = gaps[i].bench,
				.status = gaps[i].result->status,
				.reason = gaps[i].result->reason,
				.cases = &cases[i],
			};
		struct assay_report_problem *problem = &suite->problems[suite->n_problems - 1];
		problem->n_cases++;
		problem->alike |= strcmp(problem->reason, gaps[i].result->reason) != 0;
	}
}

static enum assay_code find_problems(struct assay_report_model *model,
				     struct assay_report_suite *suite, struct assay_err *err)
{
	size_t n = 0, at = 0;
	for (size_t b = 0; b < suite->n_benches; b++)
		for (size_t r = 0; r < suite->benches[b].n_rows; r++)
			n += suite->benches[b].rows[r].result->status != ASSAY_STATUS_OK;
	struct gap *gaps = assay_report_grab(model, n * sizeof(*gaps));
	const struct assay_result **cases =
		assay_report_grab(model, n * sizeof(const struct assay_result *));
	suite->problems = assay_report_grab(model, n * sizeof(*suite->problems));
	if (!gaps || !cases || !suite->problems)
		return no_memory(err, "reasons");
	for (size_t b = 0; b < suite->n_benches; b++) {
		const struct assay_report_bench *bench = &suite->benches[b];
		for (size_t r = 0; r < bench->n_rows; r++)
			if (bench->rows[r].result->status != ASSAY_STATUS_OK)
				gaps[at++] = (struct gap){bench, bench->rows[r].result};
	}
	qsort(gaps, n, sizeof(*gaps), by_reason);
	group_gaps(suite, gaps, n, cases);
	return ASSAY_OK;
}

enum assay_code assay_report_reduce_suite(struct assay_report_model *model,
					  struct assay_report_suite *suite,
					  const struct assay_result **results, size_t n,
					  struct assay_err *err)
{
	size_t benches = 0;
	for (size_t i = 0; i < n; i++)
		benches += i == 0 || strcmp(results[i]->benchmark, results[i - 1]->benchmark) != 0;
	suite->name = results[0]->suite;
	suite->benches = assay_report_grab(model, benches * sizeof(*suite->benches));
	if (!suite->benches)
		return no_memory(err, "benchmarks");
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1;
		     to < n && strcmp(results[to]->benchmark, results[from]->benchmark) == 0;)
			to++;
		enum assay_code rc = reduce_bench(model, &suite->benches[suite->n_benches++],
						  results + from, to - from, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	return find_problems(model, suite, err);
}
