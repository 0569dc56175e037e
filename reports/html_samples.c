/* SPDX-License-Identifier: MIT */
/* html_samples: behind the figures of a benchmark: how its samples are spread, in which order they came, its past. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/html.h"
#include "reports/strip.h"
#include "reports/words.h"

enum { NAME_LIMIT = 120, MOST_OF_ONE = 8 };

static const struct assay_report_history *history_of(const struct assay_report_run *run,
						     const struct assay_result *result)
{
	for (size_t i = 0; i < run->n_history; i++)
		if (strcmp(run->history[i].series->name, result->name) == 0 &&
		    strcmp(run->history[i].series->metric, result->metric.name) == 0)
			return &run->history[i];
	return NULL;
}

static bool drawable(const struct assay_result *result)
{
	double lo, hi;
	size_t beyond;
	return assay_strip_range(result, &lo, &hi, &beyond);
}

/* Cases in doubt come first, then the best of each group, then the others. */
static int urgency(const struct assay_report_row *row)
{
	bool doubt = row->result->status == ASSAY_STATUS_UNSTABLE || row->result->flags;
	return doubt ? 0 : row->best ? 1 : 2;
}

/* Rows to draw, in the order of the table; returns how many of `candidates`. */
static size_t choose(const struct assay_report_bench *bench, size_t most,
		     const struct assay_report_row **ret, size_t *ret_candidates)
{
	size_t n = 0, taken = 0;
	bool chosen[MOST_OF_ONE * 64] = {false};
	size_t rows = bench->n_measured < ASSAY_COUNT_OF(chosen) ? bench->n_measured
								 : ASSAY_COUNT_OF(chosen);
	*ret_candidates = 0;
	for (size_t r = 0; r < bench->n_measured; r++)
		*ret_candidates += drawable(bench->rows[r].result);
	for (int u = 0; u <= 2; u++)
		for (size_t r = 0; r < rows && taken < most; r++)
			if (urgency(&bench->rows[r]) == u && drawable(bench->rows[r].result)) {
				chosen[r] = true;
				taken++;
			}
	for (size_t r = 0; r < rows; r++)
		if (chosen[r])
			ret[n++] = &bench->rows[r];
	return n;
}

static void range_cell(struct assay_str *to, const struct assay_result *r)
{
	double lo, hi;
	size_t beyond;
	char low[64], high[64];
	if (!assay_strip_range(r, &lo, &hi, &beyond))
		return;
	assay_str_add(to, "<td class=\"soft\"");
	assay_html_sort_key(to, lo);
	assay_str_add(to, ">");
	assay_escape_html(to, assay_report_value(lo, r->metric.unit, low, sizeof(low)), 0);
	assay_str_add(to, " to ");
	assay_escape_html(to, assay_report_value(hi, r->metric.unit, high, sizeof(high)), 0);
	if (beyond)
		assay_str_add(to, "<span class=\"why\">%zu beyond, at the edge</span>", beyond);
	assay_str_add(to, "</td>");
}

/* "5 launches, 3 of 120 preempted" */
static void order_words(struct assay_str *to, const struct assay_samples *s)
{
	size_t preempted = 0;
	for (size_t i = 0; s->flags && i < s->n; i++)
		preempted += (s->flags[i] & ASSAY_SAMPLE_PREEMPTED) != 0;
	assay_str_add(to, "<span class=\"why\">");
	if (s->launches)
		assay_str_add(to, "%zu launch%s, ", s->launches, s->launches == 1 ? "" : "es");
	if (preempted)
		assay_str_add(to, "%zu of %zu preempted</span>", preempted, s->n);
	else
		assay_str_add(to, "%zu samples</span>", s->n);
}

static void history_cell(struct assay_str *to, const struct assay_report_run *run,
			 const struct assay_result *result)
{
	const struct assay_report_history *history = history_of(run, result);
	assay_str_add(to, "<td class=\"past\">");
	size_t n = history ? assay_strip_history(to, history, run->info) : 0;
	if (n == 0) {
		assay_str_add(to, "<span class=\"soft\">no other run</span></td>");
		return;
	}
	assay_str_add(to, "<span class=\"why\">%zu runs", n);
	for (size_t i = 0; history->changes && i < history->changes->n; i++) {
		const struct assay_change_point *change = &history->changes->points[i];
		if (memcmp(change->fingerprint, run->info->fingerprint, 32) != 0 ||
		    !isfinite(change->ratio) || !isfinite(change->lo) || !isfinite(change->hi))
			continue;
		assay_str_add(to, "; ");
		assay_report_ratio(to, change->ratio, 3);
		assay_str_add(to, "× ");
		assay_report_ratios(to, change->lo, change->hi, 3);
		assay_str_add(to, " %s", assay_change_state_name(change->state));
	}
	assay_str_add(to, "</span></td>");
}

static void sample_row(struct assay_str *to, const struct assay_report_run *run,
		       const struct assay_report_bench *bench, const struct assay_result *result,
		       bool history)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	assay_report_case(&words, bench, result);
	assay_str_add(to, "<tr><th scope=\"row\" class=\"case\">");
	assay_escape_html(to, words.length ? words.text : result->name, NAME_LIMIT);
	assay_str_add(to, "</th><td>");
	assay_strip_density(to, result);
	assay_str_add(to, "</td>");
	range_cell(to, result);
	assay_str_add(to, "<td>");
	assay_strip_order(to, result);
	order_words(to, &result->samples);
	assay_str_add(to, "</td>");
	if (history)
		history_cell(to, run, result);
	assay_str_add(to, "</tr>\n");
}

size_t assay_html_samples(struct assay_str *to, const struct assay_report_run *run,
			  const struct assay_report_bench *bench, size_t most)
{
	const struct assay_report_row *rows[MOST_OF_ONE];
	size_t candidates,
		n = choose(bench, most < MOST_OF_ONE ? most : MOST_OF_ONE, rows, &candidates);
	bool history = false;
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct assay_report_history *h = history_of(run, rows[i]->result);
		history |= h && h->series->n > 1;
	}
	assay_str_add(to, "<details><summary>Samples%s</summary>\n", history ? " and history" : "");
	assay_html_open_table(to, "Samples of single cases");
	assay_str_add(to,
		      "<thead><tr><th scope=\"col\">case</th><th scope=\"col\">distribution</th>"
		      "<th scope=\"col\">from, to</th><th scope=\"col\">in run order</th>%s"
		      "</tr></thead>\n<tbody>\n",
		      history ? "<th scope=\"col\">history</th>" : "");
	for (size_t i = 0; i < n; i++)
		sample_row(to, run, bench, rows[i]->result, history);
	assay_html_close_table(to);
	assay_str_add(to,
		      "<p class=\"note\">The tick is the median, the bar its 95 %% interval. Each "
		      "axis is its own. Lines part launches; squares are preempted samples.%s",
		      history ? " In a history a dotted line is a proposed change of level, a "
				"whole one is confirmed; the last dot is this run."
			      : "");
	if (candidates > n)
		assay_str_add(to, " %zu of %zu cases: those in doubt and the best first.", n,
			      candidates);
	assay_str_add(to, "</p>\n</details>\n");
	return n;
}
