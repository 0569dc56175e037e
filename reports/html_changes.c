/* SPDX-License-Identifier: MIT */
/* html_changes: what changed between two runs on one machine: words only where the figures carry them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "reports/escape.h"
#include "reports/html.h"
#include "reports/strip.h"
#include "reports/words.h"

enum { NAME_LIMIT = 160, MOST_ROWS = 300, LEAST_ROWS = 60 };
#define LEAST_REACH 1.05 /* of the axis of effects, so that noise does not fill it */
#define MOST_REACH  8.0

/* The pairs of one kind, the largest change first. */
struct heap {
	const struct assay_pair **pairs;
	size_t n;
};

static double size_of(const struct assay_pair *pair)
{
	double ratio = pair->comparison.ratio;
	return ratio > 0 && isfinite(ratio) ? fabs(log(ratio)) : -1;
}

static int by_size(const void *pa, const void *pb)
{
	const struct assay_pair *a = *(const struct assay_pair *const *)pa;
	const struct assay_pair *b = *(const struct assay_pair *const *)pb;
	double sa = size_of(a), sb = size_of(b);
	if (sa > sb || sa < sb)
		return sa > sb ? -1 : 1;
	return (a > b) - (a < b);
}

/* Those with this verdict. Metrics beside the primary one count only where something changed. */
static struct heap gather(const struct assay_pairs *pairs, enum assay_verdict verdict)
{
	struct heap heap = {calloc(pairs->n_compared + 1, sizeof(const struct assay_pair *)), 0};
	bool changed = verdict == ASSAY_SLOWER || verdict == ASSAY_FASTER;
	for (size_t i = 0; heap.pairs && i < pairs->n_compared; i++) {
		const struct assay_pair *pair = &pairs->compared[i];
		if (pair->comparison.verdict == verdict && (changed || pair->a->primary))
			heap.pairs[heap.n++] = pair;
	}
	if (heap.n)
		qsort(heap.pairs, heap.n, sizeof(const struct assay_pair *), by_size);
	return heap;
}

/* How far the axis must go to hold every interval of what is shown. */
static double reach_of(const struct heap *heaps, size_t n)
{
	double reach = LEAST_REACH;
	for (size_t h = 0; h < n; h++) {
		for (size_t i = 0; i < heaps[h].n; i++) {
			const struct assay_comparison *c = &heaps[h].pairs[i]->comparison;
			double ends[] = {c->ratio, c->lo, c->hi};
			for (size_t e = 0; e < ASSAY_COUNT_OF(ends); e++)
				if (ends[e] > 0 && isfinite(ends[e]))
					reach = fmax(reach, fmax(ends[e], 1 / ends[e]));
		}
	}
	return fmin(reach * 1.02, MOST_REACH);
}

static const char *symbol(const struct assay_pair *pair)
{
	switch (pair->comparison.verdict) {
	case ASSAY_SAME:
		return "≈";
	case ASSAY_UNSURE:
		return "?";
	default:
		return pair->comparison.verdict == ASSAY_SLOWER ? "▲" : "▼";
	}
}

/* What tells the case: its name, and its metric unless it is the primary one. */
static void name_cell(struct assay_str *to, const struct assay_result *r)
{
	assay_str_add(to, "<th scope=\"row\" class=\"case\">");
	assay_html_name(to, r->name, NAME_LIMIT);
	if (!r->primary) {
		assay_str_add(to, " <span class=\"soft\">(");
		assay_escape_html(to, r->metric.name, NAME_LIMIT);
		assay_str_add(to, ")</span>");
	}
	assay_str_add(to, "</th>");
}

static void value_cell(struct assay_str *to, const struct assay_result *r)
{
	char text[64];
	assay_report_value(r->estimate.median, r->metric.unit, text, sizeof(text));
	assay_str_add(to, "<td class=\"r\"");
	if (isfinite(r->estimate.median))
		assay_str_add(to, " data-v=\"%.6g\"", r->estimate.median);
	assay_str_add(to, ">");
	assay_escape_html(to, text, 0);
	assay_str_add(to, "</td>");
}

/* Two runs, and what their figures say. */
struct change {
	const struct assay_report_run *base, *run;
	const struct assay_pairs *pairs;
	const char *letter; /* of `run` */
	size_t most;        /* rows of a table */
};

/* What a gate of these two runs decided on the series, newest first; NULL when none did. */
static const struct assay_stored_verdict *gate_said(const struct change *x,
						    const struct assay_result *r)
{
	for (size_t i = 0; i < x->run->n_verdicts; i++) {
		const struct assay_stored_verdict *v = &x->run->verdicts[i];
		if (v->against == x->base->info->id && strcmp(v->name, r->name) == 0 &&
		    strcmp(v->metric, r->metric.name) == 0)
			return v;
	}
	return NULL;
}

static void gate_words(struct assay_str *to, const struct change *x, const struct assay_result *r)
{
	const struct assay_stored_verdict *v = gate_said(x, r);
	if (!v)
		return;
	assay_str_add(to, "<span class=\"why\">gate: ");
	assay_escape_html(to, v->decision, NAME_LIMIT);
	if (*v->reason) {
		assay_str_add(to, ", ");
		assay_escape_html(to, v->reason, NAME_LIMIT);
	}
	assay_str_add(to, "</span>");
}

static void ratio_cells(struct assay_str *to, const struct assay_comparison *c)
{
	bool known = isfinite(c->ratio);
	assay_str_add(to, known ? "<td class=\"r value\">" : "<td class=\"r\">–");
	if (known)
		assay_report_ratio(to, c->ratio, 3);
	assay_str_add(to, "</td><td class=\"soft\">");
	if (isfinite(c->lo) && isfinite(c->hi))
		assay_report_ratios(to, c->lo, c->hi, 3);
	else
		assay_str_add(to, "–");
	assay_str_add(to, "<span class=\"why\">%zu and %zu launch%s</span></td>", c->launches_a,
		      c->launches_b, c->launches_a == 1 && c->launches_b == 1 ? "" : "es");
}

static void change_row(struct assay_str *to, const struct change *x, const struct assay_pair *pair,
		       double reach)
{
	const struct assay_pairs *pairs = x->pairs;
	const struct assay_comparison *c = &pair->comparison;
	const char *word = assay_pair_word(pairs, pair);
	assay_str_add(to, "<tr class=\"%s\" data-s=\"%s\">", assay_verdict_name(c->verdict), word);
	name_cell(to, pair->a);
	value_cell(to, pair->a);
	value_cell(to, pair->b);
	assay_str_add(to, "<td class=\"plot\">");
	assay_strip_effect(to, c->ratio, c->lo, c->hi, reach);
	assay_str_add(to, "</td>");
	ratio_cells(to, c);
	assay_str_add(to, "<td class=\"verdict\">%s %s", symbol(pair), word);
	if (*c->reason) {
		assay_str_add(to, "<span class=\"why\">");
		assay_escape_html(to, c->reason, NAME_LIMIT);
		assay_str_add(to, "</span>");
	}
	gate_words(to, x, pair->a);
	assay_str_add(to, "</td></tr>\n");
}

static void change_table(struct assay_str *to, const struct change *x, const struct heap *heaps,
			 size_t n, const char *label)
{
	double reach = reach_of(heaps, n);
	size_t rows = 0, all = 0;
	assay_html_open_table(to, label);
	assay_str_add(
		to,
		"<thead><tr><th scope=\"col\">case</th><th scope=\"col\" class=\"r\">A</th>"
		"<th scope=\"col\" class=\"r\">%s</th><th scope=\"col\" class=\"plot\">from "
		"%.2f to %.2f</th><th scope=\"col\" class=\"r\">%s/A</th><th "
		"scope=\"col\">99 %% interval</th><th scope=\"col\">verdict</th></tr></thead>\n"
		"<tbody>\n",
		x->letter, 1 / reach, reach, x->letter);
	for (size_t h = 0; h < n; h++) {
		size_t after = h + 1 < n ? heaps[h + 1].n : 0; /* which has half of the room */
		size_t limit = x->most - (after < x->most / 2 ? after : x->most / 2);
		all += heaps[h].n;
		for (size_t i = 0; i < heaps[h].n && rows < limit; i++, rows++)
			change_row(to, x, heaps[h].pairs[i], reach);
	}
	assay_html_close_table(to);
	if (all > rows)
		assay_str_add(to,
			      "<p class=\"note\">%zu more with smaller changes: <code>assay "
			      "compare --all</code> lists them.</p>\n",
			      all - rows);
}

static void folded(struct assay_str *to, const struct change *x, const struct heap *heap,
		   const char *words)
{
	if (heap->n == 0)
		return;
	assay_str_add(to, "<details class=\"changes\"><summary>%zu %s</summary>\n", heap->n, words);
	change_table(to, x, heap, 1, words);
	assay_str_add(to, "</details>\n");
}

/* Series that only one of the two has a figure of. */
static void lone(struct assay_str *to, const struct change *x, const struct assay_pair *list,
		 size_t n, bool lost)
{
	if (n == 0)
		return;
	assay_str_add(to, "<details><summary>%s %zu measured in %s only</summary>\n<ul>\n",
		      lost ? "⊘" : "+", n, lost ? "A" : x->letter);
	for (size_t i = 0; i < n && i < x->most; i++) {
		const struct assay_result *there = lost ? list[i].a : list[i].b;
		const struct assay_result *other = lost ? list[i].b : list[i].a;
		assay_str_add(to, "<li>");
		assay_html_name(to, there->name, NAME_LIMIT);
		assay_str_add(to, " (");
		assay_escape_html(to, there->metric.name, NAME_LIMIT);
		assay_str_add(to, ")");
		if (other) {
			assay_str_add(to, ": %s ", assay_status_name(other->status));
			assay_escape_html(to, other->reason, NAME_LIMIT);
		}
		assay_str_add(to, "</li>\n");
	}
	if (n > x->most)
		assay_str_add(to, "<li>and %zu more</li>\n", n - x->most);
	assay_str_add(to, "</ul>\n</details>\n");
}

static void summary(struct assay_str *to, const struct assay_pairs *p)
{
	size_t counts[4] = {0}, beside = 0;
	for (size_t i = 0; i < p->n_compared; i++) {
		counts[p->compared[i].comparison.verdict] += p->compared[i].a->primary;
		beside += !p->compared[i].a->primary;
	}
	assay_str_add(to,
		      "<ul class=\"counts\" aria-label=\"Cases by verdict\"><li "
		      "class=\"slower\"><b>%zu</b> ▲ slower</li><li class=\"faster\"><b>%zu</b> ▼ "
		      "faster</li><li><b>%zu</b> ≈ same</li><li><b>%zu</b> ? unsure</li></ul>\n",
		      counts[ASSAY_SLOWER], counts[ASSAY_FASTER], counts[ASSAY_SAME],
		      counts[ASSAY_UNSURE]);
	assay_str_add(to,
		      "<p class=\"lead\">Differences up to %.3g %% do not count; intervals are at "
		      "%.3g %%, over launches",
		      100 * p->margin, 100 * p->confidence);
	if (p->allowance > 0)
		assay_str_add(to,
			      ", widened by up to %.3g %% for what drifts between two runs at this "
			      "noise",
			      100 * p->allowance);
	assay_str_add(to,
		      ". <em>slower</em> is what these figures say; only <code>assay "
		      "gate</code>, which measures both sides in pairs, calls a regression.");
	if (beside)
		assay_str_add(to,
			      " Of %zu other metrics of these cases those that changed are "
			      "listed.",
			      beside);
	assay_str_add(to, "</p>\n");
}

void assay_html_changes(struct assay_str *to, const struct assay_report_model *model, size_t run)
{
	const struct assay_report_comparison *c = model->comparison;
	const struct assay_pairs *p = &c->pairs[run];
	char letter[8];
	size_t share = MOST_ROWS / (model->n_runs - 1); /* there is more than the reference */
	const struct change x = {&model->runs[c->reference], &model->runs[run], p,
				 assay_html_letter(run, letter),
				 share > LEAST_ROWS ? share : LEAST_ROWS};
	struct heap heaps[] = {gather(p, ASSAY_SLOWER), gather(p, ASSAY_FASTER)};
	struct heap unsure = gather(p, ASSAY_UNSURE), same = gather(p, ASSAY_SAME);
	to->failed |= !heaps[0].pairs || !heaps[1].pairs || !unsure.pairs || !same.pairs;
	assay_str_add(to, "<section class=\"plain\">\n<h2>What changed from A to %s</h2>\n",
		      letter);
	summary(to, p);
	if (heaps[0].n + heaps[1].n) {
		assay_str_add(to, "<div class=\"changes\">\n");
		change_table(to, &x, heaps, ASSAY_COUNT_OF(heaps), "What changed");
		assay_str_add(to, "</div>\n");
	} else {
		assay_str_add(to, "<p>%s</p>\n",
			      p->n_compared ? "Nothing that these figures can tell from noise."
					    : "The two have no case in common.");
	}
	folded(to, &x, &unsure, "unsure: noise, drift or too few launches");
	folded(to, &x, &same, "unchanged");
	lone(to, &x, p->lost, p->n_lost, true);
	lone(to, &x, p->found, p->n_found, false);
	assay_str_add(to, "</section>\n");
	free(heaps[0].pairs);
	free(heaps[1].pairs);
	free(unsure.pairs);
	free(same.pairs);
}
