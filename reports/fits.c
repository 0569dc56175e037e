/* SPDX-License-Identifier: MIT */
/* fits: gather the points of each series, fit, say it or say why not. */
#include "reports/fits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/estimate.h"
#include "harness/stats/scaling_interval.h"

enum { MAX_POINTS = 4096 };

/* Above this share of all cores' time one looks at the baseline, however wide the interval. */
#define SUSPICIOUS 1.05
/* How far beyond the most threads measured something may be said. */
#define REACH 2

static const struct assay_bootstrap_plan plan = {.seed = 1, .resamples = 2000, .confidence = 0.95};

struct series {
	bool medians; /* no samples at hand: a point is a case, too few to judge by */
	struct assay_scaling_point points[MAX_POINTS];
	size_t n;
	double most;      /* threads */
	size_t left_out;  /* cases without a core for each thread */
	double efficient; /* the highest efficiency above 100 %, and at how many threads */
	unsigned efficient_at;
};

size_t assay_report_beside(const struct assay_report_bench *bench, const char *name)
{
	size_t i = 0;
	while (i < bench->n_beside && strcmp(bench->beside[i].name, name) != 0)
		i++;
	return i;
}

/* Do two rows differ in their threads only? Threads are the last axis. */
static bool same_series(const struct assay_report_bench *bench, const struct assay_report_row *a,
			const struct assay_report_row *b)
{
	if (strcmp(a->result->subject, b->result->subject) != 0)
		return false;
	for (size_t i = 0; i + 1 < bench->n_axes; i++)
		if (strcmp(a->values[i], b->values[i]) != 0)
			return false;
	return true;
}

static bool leads(const struct assay_report_bench *bench, size_t r)
{
	for (size_t i = 0; i < r; i++)
		if (same_series(bench, &bench->rows[i], &bench->rows[r]))
			return false;
	return bench->rows[r].ranked;
}

static void add_point(struct series *s, unsigned threads, double speedup)
{
	if (s->n < MAX_POINTS && speedup > 0)
		s->points[s->n++] = (struct assay_scaling_point){threads, speedup};
}

/* The median of one launch; `first` to `end` of its samples. */
static double launch_median(const double *values, size_t first, size_t end)
{
	size_t n = end - first;
	double *sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		return NAN;
	memcpy(sorted, values + first, n * sizeof(*sorted));
	assay_sort(sorted, n);
	double median = assay_quantile(sorted, n, 0.5);
	free(sorted);
	return median;
}

/* Every launch is a point, since layout and start-up vary between launches; without samples, the median. */
static void add_result(struct series *s, const struct assay_result *r)
{
	const struct assay_samples *samples = &r->samples;
	if (r->flags & ASSAY_RESULT_UNPINNED) {
		s->left_out++;
		return;
	}
	s->most = fmax(s->most, r->threads);
	double efficiency = r->estimate.median / r->threads;
	/* More than chance, or than the interval of a few samples could show. */
	bool above = r->estimate.lo > r->threads || efficiency > SUSPICIOUS;
	if (above && efficiency > s->efficient) {
		s->efficient = efficiency;
		s->efficient_at = r->threads;
	}
	if (!samples->values || samples->launches < 2) {
		s->medians = true;
		add_point(s, r->threads, r->estimate.median);
		return;
	}
	for (size_t l = 0, first = 0; l < samples->launches; first = samples->launch_end[l++])
		if (samples->launch_end[l] > first && samples->launch_end[l] <= samples->n)
			add_point(s, r->threads,
				  launch_median(samples->values, first, samples->launch_end[l]));
}

static void gather(const struct assay_report_bench *bench, size_t leader, size_t speedup,
		   struct series *s)
{
	*s = (struct series){0};
	for (size_t i = leader; i < bench->n_measured; i++) {
		const struct assay_report_row *row = &bench->rows[i];
		const struct assay_result *beside = row->beside[speedup];
		if (same_series(bench, row, &bench->rows[leader]) && beside &&
		    beside->estimate.median > 0)
			add_result(s, beside);
	}
}

static void say_amdahl(struct assay_str *to, const struct series *s)
{
	struct assay_amdahl fit;
	struct assay_amdahl_range range;
	struct assay_err err = {0};
	if (assay_amdahl_fit(s->points, s->n, 0, &fit, &err) != ASSAY_OK) {
		assay_str_add(to, "not fitted: %s", err.text);
		return;
	}
	if (fit.serial_fraction > 1) {
		assay_str_add(to, "slower the more threads: Amdahl's law has nothing to say");
		return;
	}
	bool seen = fit.serial_fraction > 0;
	assay_str_add(to, "Amdahl's law: %s %.1f %%", seen ? "serial part" : "no serial part seen,",
		      100 * fit.serial_fraction);
	if (assay_amdahl_interval(s->points, s->n, 0, &plan, &range, &err) == ASSAY_OK)
		assay_str_add(to, " [%.1f, %.1f]", 100 * range.lo.serial_fraction,
			      100 * range.hi.serial_fraction);
	else if (!s->medians)
		assay_str_add(to, " (%s)", err.text);
	if (seen)
		assay_str_add(to, ", at %.0f threads a speedup of %.3g", REACH * s->most,
			      assay_amdahl_speedup(&fit, REACH * s->most));
}

static void say_usl(struct assay_str *to, const struct series *s)
{
	struct assay_usl fit;
	struct assay_usl_range range;
	struct assay_err err = {0};
	if (assay_usl_fit(s->points, s->n, 0, &fit, &err) != ASSAY_OK) {
		assay_str_add(to, "; not fitted: %s", err.text);
		return;
	}
	assay_str_add(to, "; universal scalability law: contention %.2g", fit.contention);
	bool known = assay_usl_interval(s->points, s->n, 0, &plan, &range, &err) == ASSAY_OK;
	if (known)
		assay_str_add(to, " [%.2g, %.2g]", range.lo.contention, range.hi.contention);
	assay_str_add(to, ", coherency %.2g", fit.coherency);
	if (known)
		assay_str_add(to, " [%.2g, %.2g]", range.lo.coherency, range.hi.coherency);
	else if (!s->medians)
		assay_str_add(to, " (%s)", err.text);
	if (fit.peak_threads <= REACH * s->most)
		assay_str_add(to, ", peak at %.0f threads", fit.peak_threads);
	else
		assay_str_add(to, ", no peak up to %.0f threads", REACH * s->most);
}

static void say_gustafson(struct assay_str *to, const struct series *s)
{
	struct assay_gustafson fit;
	struct assay_gustafson_range range;
	struct assay_err err = {0};
	if (assay_gustafson_fit(s->points, s->n, 0, &fit, &err) != ASSAY_OK) {
		assay_str_add(to, "not fitted: %s", err.text);
		return;
	}
	assay_str_add(to, "Gustafson's law: serial part %.1f %%", 100 * fit.serial_fraction);
	if (assay_gustafson_interval(s->points, s->n, 0, &plan, &range, &err) == ASSAY_OK)
		assay_str_add(to, " [%.1f, %.1f]", 100 * range.lo, 100 * range.hi);
	else if (!s->medians)
		assay_str_add(to, " (%s)", err.text);
}

static void say_doubts(struct assay_str *to, const struct series *s)
{
	if (s->efficient > 0)
		assay_str_add(to,
			      "; efficiency of %.0f %% at %u thread%s: above 100 %% suspect the "
			      "baseline",
			      100 * s->efficient, s->efficient_at, s->efficient_at > 1 ? "s" : "");
	if (s->left_out)
		assay_str_add(to, "; %zu case%s without a core for each thread left out",
			      s->left_out, s->left_out > 1 ? "s" : "");
}

static void say_series(struct assay_str *to, const struct assay_report_bench *bench, size_t r,
		       const struct series *s, bool scaled)
{
	assay_str_add(to, "%s", bench->rows[r].result->subject);
	for (size_t i = 0; i + 1 < bench->n_axes; i++)
		if (bench->axes[i].varies)
			assay_str_add(to, " %s %s", bench->axes[i].name, bench->rows[r].values[i]);
	assay_str_add(to, ": ");
	if (scaled) {
		say_gustafson(to, s);
	} else {
		say_amdahl(to, s);
		say_usl(to, s);
	}
	say_doubts(to, s);
	assay_str_add(to, "\n");
}

static bool has_axis(const struct assay_report_bench *bench, const char *name)
{
	for (size_t i = 0; i < bench->n_axes; i++)
		if (strcmp(bench->axes[i].name, name) == 0)
			return true;
	return false;
}

void assay_report_fits(struct assay_str *to, const struct assay_report_bench *bench)
{
	size_t speedup = assay_report_beside(bench, "speedup");
	size_t scaled = assay_report_beside(bench, "scaled_speedup");
	size_t metric = speedup < bench->n_beside ? speedup : scaled;
	/* Of these a speed-up on one thread is one of something else: ranks, a device. */
	bool others = has_axis(bench, "ranks") || strcmp(bench->suite, "scaling") != 0;
	for (size_t r = 0; metric < bench->n_beside && r < bench->n_measured; r++) {
		struct series series;
		if (!leads(bench, r))
			continue;
		gather(bench, r, metric, &series);
		if (others && series.most <= 1)
			continue;
		say_series(to, bench, r, &series, metric == scaled);
	}
	assay_report_pareto(to, bench);
}
