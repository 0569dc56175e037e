/* SPDX-License-Identifier: MIT */
/* strip: effects, densities, samples in order and histories, a few hundred bytes each. */
#include "reports/strip.h"

#include <math.h>
#include <string.h>

#include "harness/gate/history.h"

enum {
	WIDTH = 160,
	HEIGHT = 24,
	BINS = 32,
	MOST_DOTS = 80,
	MOST_POINTS = 60,
	EFFECT_WIDTH = 120,
};
#define REACH 12 /* median absolute deviations */

/* ---- effects ---- */

static double effect_x(double ratio, double reach)
{
	double at = ratio > 0 ? log(ratio) / log(reach) : -1;
	return EFFECT_WIDTH / 2.0 * (1 + 0.97 * fmin(fmax(at, -1), 1));
}

void assay_strip_effect(struct assay_str *to, double ratio, double lo, double hi, double reach)
{
	assay_str_add(to,
		      "<svg class=\"effect\" viewBox=\"0 0 %d 14\" aria-hidden=\"true\"><path "
		      "class=\"zero\" d=\"M%d 0v14\"/>",
		      EFFECT_WIDTH, EFFECT_WIDTH / 2);
	if (isfinite(lo) && isfinite(hi))
		assay_str_add(to, "<path d=\"M%.1f 7H%.1f\"/>", effect_x(lo, reach),
			      effect_x(hi, reach));
	if (isfinite(ratio))
		assay_str_add(to, "<circle cx=\"%.1f\" cy=\"7\" r=\"3\"/>", effect_x(ratio, reach));
	assay_str_add(to, "</svg>");
}

/* ---- samples ---- */

static size_t count_finite(const struct assay_samples *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += isfinite(s->values[i]);
	return n;
}

bool assay_strip_range(const struct assay_result *result, double *ret_lo, double *ret_hi,
		       size_t *ret_beyond)
{
	const struct assay_samples *s = &result->samples;
	double lo = INFINITY, hi = -INFINITY;
	*ret_beyond = 0;
	if (count_finite(s) < ASSAY_STRIP_LEAST)
		return false;
	for (size_t i = 0; i < s->n; i++) {
		if (!isfinite(s->values[i]))
			continue;
		lo = fmin(lo, s->values[i]);
		hi = fmax(hi, s->values[i]);
	}
	double median = result->estimate.median, reach = REACH * result->estimate.mad;
	if (isfinite(median) && reach > 0) {
		lo = fmax(lo, median - reach);
		hi = fmin(hi, median + reach);
	}
	for (size_t i = 0; i < s->n; i++)
		*ret_beyond += isfinite(s->values[i]) && (s->values[i] < lo || s->values[i] > hi);
	*ret_lo = lo;
	*ret_hi = hi;
	return hi > lo;
}

/* 0 to 1, on the edge when beyond. */
static double share(double value, double lo, double hi)
{
	return fmin(fmax((value - lo) / (hi - lo), 0), 1);
}

/* How much of the samples lies in each bin, smoothed by three passes of (1, 2, 1) / 4; the greatest is 1. */
static void fill_bins(const struct assay_samples *s, double lo, double hi, double bins[BINS])
{
	for (size_t i = 0; i < s->n; i++)
		if (isfinite(s->values[i]))
			bins[(int)fmin(share(s->values[i], lo, hi) * BINS, BINS - 1)] += 1;
	for (int pass = 0; pass < 3; pass++) {
		double before = 0;
		for (int b = 0; b < BINS; b++) {
			double here = bins[b], after = b + 1 < BINS ? bins[b + 1] : 0;
			bins[b] = (before + 2 * here + after) / 4;
			before = here;
		}
	}
	double most = 0;
	for (int b = 0; b < BINS; b++)
		most = fmax(most, bins[b]);
	for (int b = 0; b < BINS; b++)
		bins[b] /= most;
}

/* The estimate above the density: interval as a bar, median as a tick. */
static void add_estimate(struct assay_str *to, const struct assay_estimate *e, double lo, double hi)
{
	if (isfinite(e->lo) && isfinite(e->hi))
		assay_str_add(to, "<path class=\"interval\" d=\"M%.0f 3H%.0f\"/>",
			      WIDTH * share(e->lo, lo, hi), WIDTH * share(e->hi, lo, hi));
	if (isfinite(e->median))
		assay_str_add(to, "<path class=\"median\" d=\"M%.1f 0v%d\"/>",
			      WIDTH * share(e->median, lo, hi), HEIGHT);
}

bool assay_strip_density(struct assay_str *to, const struct assay_result *result)
{
	double lo, hi, bins[BINS] = {0};
	size_t beyond;
	if (!assay_strip_range(result, &lo, &hi, &beyond))
		return false;
	fill_bins(&result->samples, lo, hi, bins);
	assay_str_add(to,
		      "<svg class=\"strip\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\"><path "
		      "class=\"density\" d=\"M0 %d",
		      WIDTH, HEIGHT, HEIGHT);
	int at = 0;
	for (int b = 0; b < BINS; b++) {
		int height = (int)lround(bins[b] * (HEIGHT - 6));
		assay_str_add(to, "%s%d%s%d", b ? " " : "l", b ? WIDTH / BINS : WIDTH / BINS / 2,
			      at < height ? "" : " ", at - height);
		at = height;
	}
	assay_str_add(to, "V%dz\"/>", HEIGHT);
	add_estimate(to, &result->estimate, lo, hi);
	assay_str_add(to, "</svg>");
	return true;
}

/* Is it drawn, and is its flag as asked? */
static bool is_dot(const struct assay_samples *s, size_t i, bool flagged)
{
	bool marked = s->flags && (s->flags[i] & ASSAY_SAMPLE_PREEMPTED);
	return marked == flagged && isfinite(s->values[i]);
}

/*
 * The samples whose flag is as asked, of many every so manyth, as dots: round ends of lines of no length. Square ends
 * need a length: those of none have no direction, and on paper [ISO 32000-1, 8.5.3.2] they are not there.
 */
static void add_dots(struct assay_str *to, const struct assay_samples *s, bool flagged, double lo,
		     double hi)
{
	size_t n = 0, seen = 0;
	for (size_t i = 0; i < s->n; i++)
		n += is_dot(s, i, flagged);
	if (n == 0)
		return;
	size_t step = (n + MOST_DOTS - 1) / MOST_DOTS;
	assay_str_add(to, "<path class=\"%s\" d=\"", flagged ? "preempted" : "dots");
	for (size_t i = 0; i < s->n; i++)
		if (is_dot(s, i, flagged) && seen++ % step == 0)
			assay_str_add(to, "M%.0f %.0fh%s",
				      2 + (WIDTH - 4) * (double)i /
						      (double)(s->n > 1 ? s->n - 1 : 1),
				      (HEIGHT - 3) - (HEIGHT - 6) * share(s->values[i], lo, hi),
				      flagged ? ".1" : "0");
	assay_str_add(to, "\"/>");
}

bool assay_strip_order(struct assay_str *to, const struct assay_result *result)
{
	const struct assay_samples *s = &result->samples;
	double lo, hi;
	size_t beyond;
	if (!assay_strip_range(result, &lo, &hi, &beyond))
		return false;
	assay_str_add(to, "<svg class=\"strip\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\">", WIDTH,
		      HEIGHT);
	for (size_t l = 0; l + 1 < s->launches; l++)
		if (s->launch_end[l] > 0 && s->launch_end[l] < s->n)
			assay_str_add(to, "<path class=\"launch\" d=\"M%.1f 0v%d\"/>",
				      2 + (WIDTH - 4) * (s->launch_end[l] - 0.5) /
						      (double)(s->n - 1),
				      HEIGHT);
	add_dots(to, s, false, lo, hi);
	add_dots(to, s, true, lo, hi);
	assay_str_add(to, "</svg>");
	return true;
}

/* ---- history ---- */

bool assay_strip_is_here(const struct assay_history_point *point, const struct assay_run_info *run)
{
	return assay_history_measured(point) &&
	       memcmp(point->fingerprint, run->fingerprint, sizeof(point->fingerprint)) == 0;
}

/* Where a history is drawn: its newest points, from least to greatest. */
struct past {
	const struct assay_history *series;
	const struct assay_run_info *run;
	size_t from, drawn;
	double lo, hi;
};

static double past_x(const struct past *p, size_t i)
{
	size_t n = p->series->n - p->from;
	return 3 + (WIDTH - 6) * (double)(i - p->from) / (double)(n > 1 ? n - 1 : 1);
}

static void past_dot(struct assay_str *to, const struct past *p, size_t i)
{
	assay_str_add(to, "M%.0f %.0fh0", past_x(p, i),
		      (HEIGHT - 3) -
			      (HEIGHT - 6) * share(p->series->points[i].median, p->lo, p->hi));
}

static void find_past(struct past *p)
{
	p->from = p->series->n > MOST_POINTS ? p->series->n - MOST_POINTS : 0;
	p->lo = INFINITY;
	p->hi = -INFINITY;
	for (size_t i = p->from; i < p->series->n; i++) {
		if (!assay_strip_is_here(&p->series->points[i], p->run))
			continue;
		p->lo = fmin(p->lo, p->series->points[i].median);
		p->hi = fmax(p->hi, p->series->points[i].median);
		p->drawn++;
	}
	p->hi = p->hi > p->lo ? p->hi : p->lo + 1;
}

/* The point of the run that is the first at a new level, unless it is not drawn. */
static void add_change(struct assay_str *to, const struct past *p,
		       const struct assay_change_point *change)
{
	for (size_t i = p->from + 1; i < p->series->n; i++) {
		if (p->series->points[i].run != change->run ||
		    !assay_strip_is_here(&p->series->points[i], p->run))
			continue;
		assay_str_add(to, "<path class=\"change%s\" d=\"M%.1f 0v%d\"/>",
			      change->state == ASSAY_CHANGE_CONFIRMED   ? " confirmed"
			      : change->state == ASSAY_CHANGE_DISMISSED ? " dismissed"
									: "",
			      past_x(p, i) - 1, HEIGHT);
	}
}

size_t assay_strip_history(struct assay_str *to, const struct assay_report_history *history,
			   const struct assay_run_info *run)
{
	struct past p = {.series = history->series, .run = run};
	find_past(&p);
	if (p.drawn < 2)
		return 0;
	assay_str_add(to, "<svg class=\"strip\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\">", WIDTH,
		      HEIGHT);
	for (size_t i = 0; history->changes && i < history->changes->n; i++)
		add_change(to, &p, &history->changes->points[i]);
	assay_str_add(to, "<path class=\"dots\" d=\"");
	for (size_t i = p.from; i < p.series->n; i++)
		if (assay_strip_is_here(&p.series->points[i], run))
			past_dot(to, &p, i);
	assay_str_add(to, "\"/>");
	for (size_t i = p.from; i < p.series->n; i++) {
		if (p.series->points[i].run != run->id)
			continue;
		assay_str_add(to, "<path class=\"here\" d=\"");
		past_dot(to, &p, i);
		assay_str_add(to, "\"/>");
	}
	assay_str_add(to, "</svg>");
	return p.drawn;
}
