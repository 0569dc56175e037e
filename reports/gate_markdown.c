/* SPDX-License-Identifier: MIT */
/* gate_markdown: a gate's report as a comment of a pull request: what changed first, the rest folded. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/gate_say.h"

/* GitHub refuses bodies above 65,536 characters; TAIL is kept free for what always comes last. */
enum { MAX_BYTES = 60000, LEAST_BYTES = 8000, TAIL = 600, NAME = 200, LINE = 300, REMARKS = 12 };

static void text(struct assay_str *to, const char *content, size_t limit)
{
	assay_escape_markdown(to, content, limit);
}

static const char *mark_of(enum assay_decision decision)
{
	static const char *const marks[ASSAY_DECISIONS] = {
		[ASSAY_DECISION_OK] = "≈",       [ASSAY_DECISION_REGRESSED] = "▲",
		[ASSAY_DECISION_IMPROVED] = "▼", [ASSAY_DECISION_INCONCLUSIVE] = "?",
		[ASSAY_DECISION_MISSING] = "⊘",  [ASSAY_DECISION_NEW] = "\\+",
		[ASSAY_DECISION_FAILED] = "✗",   [ASSAY_DECISION_SKIPPED] = "–",
	};
	return marks[decision];
}

static void sentence(struct assay_str *to, const char *before, const struct assay_str *words)
{
	assay_str_add(to, "%s", before);
	text(to, assay_str_text(words), LINE);
	to->failed |= words->failed;
}

static void head(struct assay_str *to, const struct assay_gate_report *report, bool strict)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	assay_str_add(to, "<!-- assay-gate -->\n");
	gate_say_answer(&words, report, strict);
	sentence(to, "### assay gate: ", &words);
	assay_str_clear(&words);
	gate_say_side(&words, &report->base);
	sentence(to, "\n\nbase: ", &words);
	assay_str_clear(&words);
	gate_say_side(&words, &report->cand);
	sentence(to, "  \ncandidate: ", &words);
	assay_str_clear(&words);
	gate_say_counts(&words, report);
	sentence(to, "  \n", &words);
	assay_str_add(to, "\n\n");
}

/* The reason and what else there is, in one cell. */
static void remarks_cell(struct assay_str *to, const struct assay_gate_row *row)
{
	ASSAY_AUTO(assay_str_done) struct assay_str details = {0};
	if (!isfinite(row->estimate.ratio)) {
		gate_say_numbers(&details, row);
		assay_str_add(&details, "\n");
	}
	gate_say_details(&details, row);
	char *cursor = details.text;
	const char *separator = "";
	for (char *line; (line = strsep(&cursor, "\n"));) {
		if (!*line)
			continue;
		assay_str_add(to, "%s", separator);
		text(to, line, LINE);
		separator = "; ";
	}
	to->failed |= details.failed;
}

static void table_row(struct assay_str *to, const struct assay_gate_row *row)
{
	char base[64], cand[64], change[24], interval[48];
	const char *const cells[] = {
		gate_say_value(row, row->base, base, sizeof(base)),
		gate_say_value(row, row->cand, cand, sizeof(cand)),
		gate_say_change(row, change, sizeof(change)),
		gate_say_interval(row, interval, sizeof(interval)),
	};
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	gate_say_name(&name, row);
	assay_str_add(to, "| %s %s | ", mark_of(row->decision), assay_decision_name(row->decision));
	text(to, assay_str_text(&name), NAME);
	for (size_t i = 0; i < ASSAY_COUNT_OF(cells); i++) {
		assay_str_add(to, " | ");
		text(to, cells[i], LINE);
	}
	if (row->pairs)
		assay_str_add(to, " | %zu | ", row->pairs);
	else
		assay_str_add(to, " | - | ");
	remarks_cell(to, row);
	assay_str_add(to, " |\n");
	to->failed |= name.failed;
}

static const char heading[] =
	"| verdict | series | base | candidate | change | 95 % interval | pairs | remarks |\n"
	"| --- | --- | --: | --: | --: | --: | --: | --- |\n";

/* Rows while they fit below `end`; returns how many do not. *ret_shown counts those that do. */
static size_t rows(struct assay_str *to, const struct assay_gate_report *report,
		   const size_t *order, bool want_folded, size_t end, size_t *ret_shown)
{
	size_t left_out = 0;
	*ret_shown = 0;
	for (size_t i = 0; i < report->n; i++) {
		const struct assay_gate_row *row = &report->rows[order[i]];
		if (gate_say_unremarkable(row) != want_folded)
			continue;
		size_t before = to->length;
		if (!left_out)
			table_row(to, row);
		if (!left_out && to->length <= end) {
			++*ret_shown;
			continue;
		}
		left_out++;
		to->length = before;
	}
	return left_out;
}

/* A table that only appears with at least one row in it. */
static size_t table(struct assay_str *to, const struct assay_gate_report *report,
		    const size_t *order, bool want_folded, size_t end)
{
	size_t before = to->length, shown;
	if (want_folded)
		assay_str_add(to,
			      "<details><summary>The others: no worse, or not measurable here"
			      "</summary>\n\n");
	assay_str_add(to, "%s", heading);
	size_t left_out = rows(to, report, order, want_folded, end, &shown);
	if (!shown)
		to->length = before;
	if (to->text)
		to->text[to->length] = '\0';
	if (shown)
		assay_str_add(to, want_folded ? "\n</details>\n\n" : "\n");
	return left_out;
}

static void notes(struct assay_str *to, const struct assay_gate_report *report)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	gate_say_work(&words, report);
	sentence(to, "- ", &words);
	assay_str_clear(&words);
	gate_say_policy(&words, report);
	sentence(to, "\n- ", &words);
	assay_str_add(to, "\n");
	for (size_t i = 0; i < report->n_remarks && i < REMARKS; i++) {
		assay_str_add(to, "- ");
		text(to, report->remarks[i], LINE);
		assay_str_add(to, "\n");
	}
	if (report->n_remarks > REMARKS)
		assay_str_add(to, "- %zu more remarks\n", report->n_remarks - REMARKS);
	assay_str_add(to, "\n");
}

enum assay_code assay_gate_write_markdown(const struct assay_gate_report *report, FILE *out,
					  const struct assay_gate_options *options,
					  struct assay_err *err)
{
	static const struct assay_gate_options plain;
	options = options ? options : &plain;
	size_t end = options->max_bytes ? options->max_bytes : MAX_BYTES;
	end = (end < LEAST_BYTES ? LEAST_BYTES : end) - TAIL;
	ASSAY_AUTO_FREE size_t *order = gate_say_order(report);
	ASSAY_AUTO(assay_str_done) struct assay_str to = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str foot = {0};
	if (!order)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for Markdown");
	notes(&foot, report);
	head(&to, report, options->strict);
	/* The remarks are about the whole: they yield to no row, unless there are absurdly many. */
	bool room = to.length + foot.length < end / 2;
	size_t rows_end = end - (room ? foot.length : 0);
	size_t left_out = table(&to, report, order, false, rows_end);
	size_t folded_out = table(&to, report, order, true, rows_end);
	if (room)
		assay_str_put(&to, foot.text, foot.length);
	if (left_out + folded_out)
		assay_str_add(
			&to,
			"%zu more rows, %zu of them neither OK nor skipped, are left out here; the "
			"JSON, JUnit and text outputs have all.\n",
			left_out + folded_out, left_out);
	to.failed |= foot.failed;
	return gate_say_write(&to, out, "Markdown", err);
}
