/* SPDX-License-Identifier: MIT */
/* gate_text: a gate's report for a terminal: the answer, what is wrong, then how to go on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/gate_say.h"
#include "reports/wrap.h"

enum { WIDTH = 80, INDENT = 2, NAME_INDENT = 4, NAME_LIMIT = 300 };

struct page {
	struct assay_str out;
	const struct assay_gate_report *report;
	const struct assay_gate_options *options;
	size_t width;
};

static const char *color_of(enum assay_decision decision)
{
	switch (decision) {
	case ASSAY_DECISION_REGRESSED:
	case ASSAY_DECISION_FAILED:
	case ASSAY_DECISION_MISSING:
		return "1;31";
	case ASSAY_DECISION_INCONCLUSIVE:
		return "33";
	case ASSAY_DECISION_OK:
	case ASSAY_DECISION_IMPROVED:
		return "32";
	default:
		return "2";
	}
}

static void style(struct page *page, const char *code)
{
	if (page->options->color)
		assay_str_add(&page->out, "\033[%sm", code);
}

/* On a terminal nothing is wider than it; elsewhere names stay whole, to be searched for and copied. */
static void wrap(struct page *page, const char *text, size_t column, size_t indent)
{
	if (page->options->width)
		assay_wrap_all(&page->out, text, column, indent, page->width);
	else
		assay_wrap(&page->out, text, column, indent, page->width);
}

static void line(struct page *page, size_t indent, const struct assay_str *text)
{
	assay_str_add(&page->out, "%*s", (int)indent, "");
	wrap(page, assay_str_text(text), indent, indent + INDENT);
}

static void side(struct page *page, const char *heading, const struct assay_gate_side_info *info)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	gate_say_side(&text, info);
	assay_str_add(&page->out, "%s", heading);
	wrap(page, assay_str_text(&text), strlen(heading), strlen(heading));
}

static void head(struct page *page)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	const struct assay_gate_report *report = page->report;
	enum assay_gate_answer answer = assay_gate_report_answer(report);
	gate_say_answer(&text, report, page->options->strict);
	style(page, answer == ASSAY_GATE_GREEN       ? "1;32"
		    : answer == ASSAY_GATE_UNDECIDED ? "1;33"
						     : "1;31");
	wrap(page, assay_str_text(&text), 0, 0);
	style(page, "0");
	side(page, "base       ", &report->base);
	side(page, "candidate  ", &report->cand);
}

/*
 * "verdict  base  candidate  change  95 % interval  pairs", all but the first to the right. What a cell
 * has too much its neighbours give, as far as they have blanks.
 */
static void columns(struct page *page, const char *verdict, const char *const cells[5])
{
	static const int widths[5] = {11, 11, 8, 17, 5};
	/* A verdict that is shown in colour is as wide as without. */
	int fill = 14 - (int)assay_characters(verdict);
	assay_str_add(&page->out, "  %s%*s", verdict, fill > 0 ? fill : 0, "");
	int over = fill < 0 ? -fill : 0;
	for (size_t i = 0; i < ASSAY_COUNT_OF(widths); i++) {
		int before = widths[i] - (int)assay_characters(cells[i]) - over;
		over = before < 0 ? -before : 0;
		assay_str_add(&page->out, "  %*s%s", before > 0 ? before : 0, "", cells[i]);
	}
	assay_str_add(&page->out, "\n");
}

static void numbers(struct page *page, const struct assay_gate_row *row)
{
	char base[64], cand[64], change[24], interval[48], pairs[24];
	snprintf(pairs, sizeof(pairs), "%zu", row->pairs);
	const char *const cells[5] = {
		gate_say_value(row, row->base, base, sizeof(base)),
		gate_say_value(row, row->cand, cand, sizeof(cand)),
		gate_say_change(row, change, sizeof(change)),
		gate_say_interval(row, interval, sizeof(interval)),
		pairs,
	};
	columns(page, assay_decision_name(row->decision), cells);
}

static void name(struct page *page, const struct assay_gate_row *row)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0}, clean = {0};
	gate_say_name(&text, row);
	assay_escape_plain(&clean, assay_str_text(&text), NAME_LIMIT);
	style(page, color_of(row->decision));
	if (page->options->width)
		wrap(page, assay_str_text(&clean), 0, NAME_INDENT);
	else
		assay_str_add(&page->out, "%s\n", assay_str_text(&clean));
	style(page, "0");
}

static void details(struct page *page, const struct assay_gate_row *row)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	gate_say_details(&text, row);
	char *cursor = text.text;
	for (char *one; (one = strsep(&cursor, "\n"));) {
		if (!*one)
			continue;
		assay_str_add(&page->out, "    ");
		wrap(page, one, 4, 6);
	}
}

static void entry(struct page *page, const struct assay_gate_row *row)
{
	name(page, row);
	if (isfinite(row->estimate.ratio)) {
		numbers(page, row);
	} else {
		ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
		assay_str_add(&text, "%s: ", assay_decision_name(row->decision));
		gate_say_numbers(&text, row);
		line(page, INDENT, &text);
	}
	details(page, row);
}

/* Everybody wants to know how much was fine, few want to read it. */
static bool brief(const struct page *page, const struct assay_gate_row *row)
{
	return !page->options->all && gate_say_unremarkable(row);
}

static void table(struct page *page, const size_t *order)
{
	static const char *const titles[5] = {"base", "candidate", "change", "95 % interval",
					      "pairs"};
	bool first = true;
	for (size_t i = 0; i < page->report->n; i++) {
		const struct assay_gate_row *row = &page->report->rows[order[i]];
		if (brief(page, row))
			continue;
		if (first) {
			assay_str_add(&page->out, "\n");
			columns(page, "verdict", titles);
		}
		first = false;
		entry(page, row);
	}
}

/* The skipped ones by reason, each reason once. */
static void skipped(struct page *page)
{
	const struct assay_gate_report *report = page->report;
	ASSAY_AUTO_FREE bool *said = calloc(report->n + 1, sizeof(*said));
	for (size_t i = 0; said && i < report->n; i++) {
		const struct assay_gate_row *row = &report->rows[i];
		if (said[i] || row->decision != ASSAY_DECISION_SKIPPED)
			continue;
		const char *reason = row->reason ? row->reason : "";
		size_t n = 0;
		for (size_t j = i; j < report->n; j++) {
			const struct assay_gate_row *other = &report->rows[j];
			if (other->decision != ASSAY_DECISION_SKIPPED ||
			    strcmp(other->reason ? other->reason : "", reason) != 0)
				continue;
			said[j] = true;
			n++;
		}
		ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
		assay_str_add(&text, "SKIPPED %zu: %s", n, *reason ? reason : "no reason given");
		line(page, 0, &text);
	}
	page->out.failed |= !said;
}

static void summary(struct page *page)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	size_t ok = 0;
	for (size_t i = 0; i < page->report->n; i++)
		ok += page->report->rows[i].decision == ASSAY_DECISION_OK &&
		      brief(page, &page->report->rows[i]);
	assay_str_add(&page->out, "\n");
	if (!page->options->all) {
		if (ok)
			assay_str_add(&page->out, "OK %zu: no worse (--all shows them)\n", ok);
		skipped(page);
	}
	assay_str_add(&text, "In all: ");
	gate_say_counts(&text, page->report);
	assay_str_add(&text, "; ");
	gate_say_work(&text, page->report);
	assay_str_add(&text, ".");
	line(page, 0, &text);
	assay_str_clear(&text);
	gate_say_policy(&text, page->report);
	line(page, 0, &text);
	for (size_t i = 0; i < page->report->n_remarks; i++) {
		assay_str_clear(&text);
		assay_str_add(&text, "%s", page->report->remarks[i]);
		line(page, 0, &text);
	}
}

static void advise(struct page *page, const char *when, const struct assay_str *command)
{
	assay_str_add(&page->out, "  %s\n    ", when);
	assay_escape_plain(&page->out, assay_str_text(command), 0);
	assay_str_add(&page->out, "\n");
}

static void advise_text(struct page *page, const char *when, const char *command)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	assay_str_add(&text, "%s", command);
	advise(page, when, &text);
}

/* What anyone would do next, with the worst row as the example. */
static void how_to_go_on(struct page *page, const size_t *order)
{
	const struct assay_gate_report *report = page->report;
	bool red = assay_gate_report_count(report, ASSAY_DECISION_REGRESSED);
	bool open = assay_gate_report_count(report, ASSAY_DECISION_INCONCLUSIVE);
	bool lost = assay_gate_report_count(report, ASSAY_DECISION_MISSING);
	if (!red && !open && !lost)
		return;
	assay_str_add(&page->out, "\nHow to go on\n");
	if (red) {
		ASSAY_AUTO(assay_str_done) struct assay_str ack = {0};
		gate_say_ack(&ack, &report->rows[order[0]], page->options->store);
		if (ack.length)
			advise(page, "to accept the first, up to what was measured:", &ack);
		ASSAY_AUTO(assay_str_done) struct assay_str profile = {0};
		gate_say_profile(&profile, report, &report->rows[order[0]]);
		if (profile.length)
			advise(page, "where its time goes now:", &profile);
		if (page->options->command)
			advise_text(page, "to measure it again:", page->options->command);
	}
	if (open)
		advise_text(page,
			    "what makes this machine noisy, and what would help:", "assay doctor");
	if (lost)
		advise_text(page, "what this build can measure:", "assay list");
}

enum assay_code assay_gate_write_text(const struct assay_gate_report *report, FILE *out,
				      const struct assay_gate_options *options,
				      struct assay_err *err)
{
	static const struct assay_gate_options plain;
	struct page page = {.report = report, .options = options ? options : &plain};
	page.width = page.options->width ? page.options->width : WIDTH;
	ASSAY_AUTO_FREE size_t *order = gate_say_order(report);
	if (order) {
		head(&page);
		table(&page, order);
		summary(&page);
		how_to_go_on(&page, order);
	}
	page.out.failed |= !order;
	enum assay_code code = gate_say_write(&page.out, out, "the text", err);
	assay_str_done(&page.out);
	return code;
}
