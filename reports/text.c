/* SPDX-License-Identifier: MIT */
/* text: the report for a terminal: tables that line up, reasons below them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/fits.h"
#include "reports/grid.h"
#include "reports/model.h"
#include "reports/words.h"
#include "reports/wrap.h"

/* Names may be as long as there is room; where there is none, they give way down to CELL_LIMIT. */
enum {
	WIDTH = 80,
	CELL_LIMIT = 28,
	NAME_LIMIT = 240,
	REMARKS_LIMIT = 48,
	REMARKS_LEAST = 8,
	GAP = 2
};

struct page {
	struct assay_str out;
	struct assay_str scratch;
	const struct assay_report_options *options;
	size_t width;
};

static void style(struct page *page, const char *code)
{
	if (page->options->color)
		assay_str_add(&page->out, "\033[%sm", code);
}

static void wrap(struct page *page, const char *text, size_t column, size_t indent)
{
	if (page->options->width)
		assay_wrap_all(&page->out, text, column, indent, page->width);
	else
		assay_wrap(&page->out, text, column, indent, page->width);
}

/* Leave out the last remarks rather than half of one, and say so where there is room. */
static void whole_remarks(struct assay_str *raw, size_t limit)
{
	bool less = false;
	while (raw->length > limit) {
		char *comma = strrchr(raw->text, ',');
		if (!comma)
			return;
		*comma = '\0';
		raw->length = (size_t)(comma - raw->text);
		less = true;
	}
	if (less && raw->length < limit)
		assay_str_add(raw, "…");
}

static bool is_name(const struct assay_report_column *column)
{
	return column->kind == ASSAY_COLUMN_AXIS || column->kind == ASSAY_COLUMN_SUBJECT;
}

/* Cell (row, column) into page->scratch; row n_measured is the heading. */
static const char *cell(struct page *page, const struct assay_report_bench *bench, size_t row,
			const struct assay_report_column *column, size_t limit)
{
	ASSAY_AUTO(assay_str_done) struct assay_str raw = {0};
	if (row < bench->n_measured)
		assay_report_cell(&raw, bench, &bench->rows[row], column);
	else
		assay_str_add(&raw, "%s", column->title);
	if (column->kind == ASSAY_COLUMN_REMARKS)
		whole_remarks(&raw, limit);
	assay_str_clear(&page->scratch);
	if (is_name(column))
		assay_escape_middle(&page->scratch, assay_str_text(&raw), limit);
	else
		assay_escape_plain(&page->scratch, assay_str_text(&raw), limit);
	return assay_str_text(&page->scratch);
}

static void line(struct page *page, const struct assay_report_bench *bench, size_t row,
		 const struct assay_report_column *columns, const size_t *widths, size_t n)
{
	size_t pending = GAP;
	for (size_t c = 0; c < n; c++) {
		const char *text = cell(page, bench, row, &columns[c], widths[c]);
		size_t fill = widths[c] - assay_characters(text);
		size_t before = pending + (columns[c].right ? fill : 0);
		pending = GAP + (columns[c].right ? 0 : fill);
		if (!*text) { /* no blanks at the end of a line */
			pending += before;
			continue;
		}
		bool best = columns[c].kind == ASSAY_COLUMN_RELATIVE && row < bench->n_measured &&
			    bench->rows[row].best;
		assay_str_add(&page->out, "%*s", (int)before, "");
		if (best)
			style(page, "32");
		assay_str_add(&page->out, "%s", text);
		if (best)
			style(page, "0");
	}
	assay_str_add(&page->out, "\n");
}

/* The column to do without next: the count first, then metrics beside from the right; n: none. */
static size_t expendable(const struct assay_report_column *columns, size_t n)
{
	size_t drop = n;
	for (size_t c = 0; c < n; c++) {
		if (columns[c].kind == ASSAY_COLUMN_N)
			return c;
		if (columns[c].kind == ASSAY_COLUMN_BESIDE)
			drop = c;
	}
	return drop;
}

/* Take up to `excess` from the names; returns what is left of it. What is no terminal has no edge for them. */
static size_t shorten(const struct page *page, const struct assay_report_column *columns,
		      size_t *widths, size_t n, size_t excess)
{
	for (size_t c = 0; c < n && excess; c++) {
		size_t spare =
			is_name(&columns[c]) && widths[c] > CELL_LIMIT ? widths[c] - CELL_LIMIT : 0;
		size_t less = spare < excess ? spare : excess;
		widths[c] -= page->options->width ? less : 0;
		excess -= less;
	}
	return excess;
}

/* Make the table fit: shorten names and remarks, then drop the least telling columns. */
static size_t fit(const struct page *page, struct assay_report_column *columns, size_t *widths,
		  size_t n)
{
	for (;;) {
		size_t total = 0, drop = expendable(columns, n);
		for (size_t c = 0; c < n; c++)
			total += GAP + widths[c];
		size_t excess = total > page->width ? total - page->width : 0;
		excess = shorten(page, columns, widths, n, excess);
		if (excess && columns[n - 1].kind == ASSAY_COLUMN_REMARKS &&
		    widths[n - 1] >= excess + REMARKS_LEAST) {
			widths[n - 1] -= excess;
			excess = 0;
		}
		if (!excess || drop == n)
			return n;
		n--;
		memmove(&columns[drop], &columns[drop + 1], (n - drop) * sizeof(*columns));
		memmove(&widths[drop], &widths[drop + 1], (n - drop) * sizeof(*widths));
	}
}

static bool is_shown(const struct assay_report_column *columns, size_t n, size_t beside)
{
	for (size_t c = 0; c < n; c++)
		if (columns[c].kind == ASSAY_COLUMN_BESIDE && columns[c].index == beside)
			return true;
	return false;
}

/* Metrics that the table had no room for, by name. */
static void dropped(struct page *page, const struct assay_report_bench *bench,
		    const struct assay_report_column *columns, size_t n)
{
	ASSAY_AUTO(assay_str_done) struct assay_str names = {0};
	for (size_t i = 0; i < bench->n_beside; i++)
		if (!is_shown(columns, n, i))
			assay_str_add(&names, "%s%s", names.length ? ", " : "no room for ",
				      bench->beside[i].name);
	if (!names.length)
		return;
	assay_str_add(&page->out, "  ");
	style(page, "2");
	wrap(page, assay_str_text(&names), 2, 4);
	style(page, "0");
	page->out.failed |= names.failed;
}

static void table(struct page *page, const struct assay_report_bench *bench)
{
	struct assay_report_column columns[ASSAY_REPORT_COLUMNS];
	size_t widths[ASSAY_REPORT_COLUMNS] = {0};
	size_t n = assay_report_columns(bench, columns);
	for (size_t c = 0; c < n; c++) {
		size_t limit = is_name(&columns[c])                      ? NAME_LIMIT
			       : columns[c].kind == ASSAY_COLUMN_REMARKS ? REMARKS_LIMIT
									 : CELL_LIMIT;
		for (size_t r = 0; r <= bench->n_measured; r++) {
			size_t width = assay_characters(cell(page, bench, r, &columns[c], limit));
			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	n = fit(page, columns, widths, n);
	style(page, "2");
	line(page, bench, bench->n_measured, columns, widths, n);
	style(page, "0");
	for (size_t r = 0; r < bench->n_measured; r++)
		line(page, bench, r, columns, widths, n);
	dropped(page, bench, columns, n);
}

/* What the points of a scaling benchmark amount to, or why that cannot be said. */
static void fits(struct page *page, const struct assay_report_bench *bench)
{
	ASSAY_AUTO(assay_str_done) struct assay_str lines = {0};
	assay_report_fits(&lines, bench);
	char *cursor = lines.text;
	while (cursor && *cursor) {
		const char *one = strsep(&cursor, "\n");
		assay_str_add(&page->out, "  ");
		wrap(page, one, 2, 4);
	}
}

static void heading(struct page *page, const struct assay_report_bench *bench)
{
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str about = {0};
	assay_str_add(&page->out, "\n");
	style(page, "1");
	assay_str_add(&name, "%s/%s", bench->suite, bench->name);
	assay_escape_plain(&page->out, assay_str_text(&name), page->width - 4);
	style(page, "0");
	assay_str_add(&page->out, "  ");
	assay_report_metric_in_words(&about, &bench->metric);
	ASSAY_AUTO(assay_str_done) struct assay_str constants = {0};
	assay_report_constants(&constants, bench);
	if (constants.length)
		assay_str_add(&about, "; %s", assay_str_text(&constants));
	size_t column = assay_characters(assay_str_text(&name)) + 2;
	wrap(page, assay_str_text(&about), column, 2);
}

static void problem(struct page *page, const struct assay_report_problem *p)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str cases = {0};
	bool bad = p->status != ASSAY_STATUS_SKIPPED;
	style(page, bad ? "33" : "2");
	assay_str_add(&page->out, "  %-8s  ", assay_status_name(p->status));
	style(page, "0");
	assay_report_cases(&cases, p, 3); /* none where the benchmark has one case only */
	assay_str_add(&text, "%s/%s%s%s: ", p->bench->suite, p->bench->name,
		      cases.length ? " " : "", assay_str_text(&cases));
	assay_report_reason(&text, p);
	wrap(page, assay_str_text(&text), 12, 12);
}

static void suite(struct page *page, const struct assay_report_suite *s)
{
	for (size_t b = 0; b < s->n_benches; b++) {
		if (!s->benches[b].n_measured)
			continue;
		heading(page, &s->benches[b]);
		table(page, &s->benches[b]);
		fits(page, &s->benches[b]);
	}
	if (s->n_problems)
		assay_str_add(&page->out, "\n");
	for (size_t i = 0; i < s->n_problems; i++)
		problem(page, &s->problems[i]);
}

static void fact(struct page *page, const char *key, const char *value)
{
	style(page, "2");
	assay_str_add(&page->out, "  %-11s ", key);
	style(page, "0");
	wrap(page, value, 14, 14);
}

static void head(struct page *page, const struct assay_report_run *run)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	assay_report_run_in_words(&text, run);
	assay_str_add(&text, ": ");
	assay_report_counts(&text, run);
	wrap(page, assay_str_text(&text), 0, 2);
	for (size_t i = 0; i < run->machine.n_facts; i++)
		fact(page, run->machine.facts[i].key, run->machine.facts[i].value);
	if (run->info->noise) {
		const char *reason = run->machine.noise_reason;
		assay_str_clear(&text);
		assay_str_add(&text, "grade %c, %s%s%s", run->info->noise,
			      assay_report_noise_meaning(run->info->noise),
			      *reason ? "; seen: " : "", reason);
		fact(page, "Noise", assay_str_text(&text));
	}
	if (*run->command)
		fact(page, "Again", run->command);
}

static void advice(struct page *page, const struct assay_report_advice *a)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	assay_str_add(&page->out, "  ");
	style(page, "1");
	assay_str_add(&page->out, "%s", a->rule);
	style(page, "0");
	assay_str_add(&text, " (%s%s, %zu case%s): %s", a->confidence,
		      a->machine ? ", about the machine" : "", a->n_cases,
		      a->n_cases == 1 ? "" : "s", a->text);
	wrap(page, assay_str_text(&text), 2 + assay_characters(a->rule), 4);
	assay_str_clear(&text);
	assay_str_add(&text, "%s: %s", a->example, a->because);
	assay_str_add(&page->out, "    ");
	wrap(page, assay_str_text(&text), 4, 6);
	assay_str_clear(&text);
	assay_str_add(&text, "try: %s", a->next);
	assay_str_add(&page->out, "    ");
	wrap(page, assay_str_text(&text), 4, 6);
}

static void advices(struct page *page, const struct assay_report_run *run)
{
	if (!run->n_advice)
		return;
	assay_str_add(&page->out, "\n");
	style(page, "1");
	assay_str_add(&page->out, "Advice");
	style(page, "0");
	assay_str_add(&page->out, "  from the counters of this run\n");
	for (size_t i = 0; i < run->n_advice; i++)
		advice(page, &run->advice[i]);
}

/* ---- comparisons ---- */

/* Bytes of `text` that go on a line of so many characters: to behind a blank or a slash where there is one. */
static size_t line_of(const char *text, size_t width)
{
	size_t at = 0, good = 0;
	for (size_t n = 0; text[at] && n < width; n++) {
		do {
			at++;
		} while ((text[at] & 0xc0) == 0x80);
		if (!text[at] || text[at - 1] == '/' || text[at] == ' ')
			good = at;
	}
	return good ? good : at;
}

/* A cell of a row that is being written, which goes on over lines. */
struct cursor {
	struct assay_str text;
	size_t at;
};

/* The next line of each cell; false when there is none. */
static bool grid_line(struct page *page, const struct assay_grid *grid, struct cursor *cells,
		      const size_t *widths)
{
	size_t pending = GAP;
	bool any = false;
	for (size_t c = 0; c < grid->columns; c++)
		any |= assay_str_text(&cells[c].text)[cells[c].at] != '\0';
	for (size_t c = 0; any && c < grid->columns; c++) {
		const char *rest = assay_str_text(&cells[c].text) + cells[c].at;
		size_t bytes = line_of(rest, widths[c]);
		if (!bytes) {
			pending += GAP + widths[c];
			continue;
		}
		assay_str_clear(&page->scratch);
		assay_str_put(&page->scratch, rest, bytes);
		const char *text = assay_str_text(&page->scratch);
		size_t fill = widths[c] - assay_characters(text), left = c < grid->left ? 0 : fill;
		assay_str_add(&page->out, "%*s%s", (int)(pending + left), "", text);
		pending = GAP + fill - left;
		cells[c].at += bytes + strspn(rest + bytes, " ");
	}
	if (any)
		assay_str_add(&page->out, "\n");
	return any;
}

static void grid_row(struct page *page, const struct assay_grid *grid, size_t r,
		     struct cursor *cells, const size_t *widths)
{
	enum { CELL = 240 };
	for (size_t c = 0; c < grid->columns; c++) {
		assay_str_clear(&cells[c].text);
		cells[c].at = 0;
		assay_escape_plain(&cells[c].text,
				   assay_str_text(&grid->cells[r * grid->columns + c]), CELL);
	}
	while (grid_line(page, grid, cells, widths))
		;
}

/* The widest of columns [from, to), if it is wider than `least`; else `to`. */
static size_t widest(const size_t *widths, size_t from, size_t to, size_t least)
{
	size_t best = to;
	for (size_t c = from; c < to; c++)
		if (widths[c] > least && (best == to || widths[c] > widths[best]))
			best = c;
	return best;
}

/* Columns as wide as their longest cell; when the page is narrower, words break before figures do. */
static void grid_widths(const struct page *page, const struct assay_grid *grid, size_t *widths)
{
	enum { MOST = 72, WORDS = 12, FIGURES = 8 };
	size_t total = 0, n = grid->columns;
	for (size_t i = 0; i < grid->rows * n; i++) {
		size_t seen = assay_characters(assay_str_text(&grid->cells[i]));
		size_t *width = &widths[i % n];
		*width = seen > MOST ? MOST : seen > *width ? seen : *width;
	}
	for (size_t c = 0; c < n; c++)
		total += GAP + widths[c];
	for (; total > page->width; total--) {
		size_t c = widest(widths, 0, grid->left, WORDS);
		if (c == grid->left)
			c = widest(widths, 0, n, FIGURES);
		if (c == n)
			return; /* more columns than fit */
		widths[c]--;
	}
}

static enum assay_code grid(struct page *page, const struct assay_grid *grid, struct assay_err *err)
{
	ASSAY_AUTO_FREE size_t *widths = calloc(grid->columns, sizeof(*widths));
	ASSAY_AUTO_FREE struct cursor *cells = calloc(grid->columns, sizeof(*cells));
	if (!widths || !cells)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a comparison");
	grid_widths(page, grid, widths);
	style(page, "1");
	wrap(page, assay_str_text(&grid->title), 0, 2);
	style(page, "0");
	for (size_t r = 0; r < grid->rows && grid->rows > 1; r++) {
		if (r == 0)
			style(page, "2");
		grid_row(page, grid, r, cells, widths);
		if (r == 0)
			style(page, "0");
	}
	if (grid->note.length) {
		assay_str_add(&page->out, "  ");
		wrap(page, grid->note.text, 2, 2);
	}
	assay_str_add(&page->out, "\n");
	for (size_t c = 0; c < grid->columns; c++) {
		page->out.failed |= cells[c].text.failed;
		assay_str_done(&cells[c].text);
	}
	return ASSAY_OK;
}

static enum assay_code comparison(struct page *page, const struct assay_report_model *model,
				  struct assay_err *err)
{
	struct assay_grids grids;
	assay_grids_of(model, &grids);
	enum assay_code rc =
		grids.failed ? assay_fail(err, ASSAY_ENOMEM, "out of memory for a comparison")
			     : ASSAY_OK;
	for (size_t g = 0; rc == ASSAY_OK && g < grids.n; g++)
		rc = grid(page, &grids.all[g], err);
	assay_grids_done(&grids);
	return rc;
}

static enum assay_code claims(struct page *page, const struct assay_report_run *run,
			      struct assay_err *err)
{
	struct assay_grids grids;
	assay_grids_of_claims(run, &grids);
	enum assay_code rc =
		grids.failed ? assay_fail(err, ASSAY_ENOMEM, "out of memory for claims") : ASSAY_OK;
	if (rc == ASSAY_OK && grids.n) {
		assay_str_add(&page->out, "\n");
		rc = grid(page, &grids.all[0], err);
	}
	assay_grids_done(&grids);
	return rc;
}

enum assay_code assay_report_text(const struct assay_report_model *model, FILE *out,
				  const struct assay_report_options *options, struct assay_err *err)
{
	static const struct assay_report_options defaults = {0};
	struct page page = {.options = options ? options : &defaults};
	page.width = page.options->width >= 40 ? page.options->width : WIDTH;
	enum assay_code rc = ASSAY_OK;
	bool compared = model->comparison && !page.options->brief;
	if (compared)
		rc = comparison(&page, model, err);
	/* Of several runs the last, as on the page: the others have reports of their own. */
	for (size_t r = compared ? model->n_runs - 1 : 0; r < model->n_runs; r++) {
		if (r > 0 && !compared)
			assay_str_add(&page.out, "\n\n");
		if (!page.options->brief)
			head(&page, &model->runs[r]);
		for (size_t s = 0; s < model->runs[r].n_suites; s++)
			suite(&page, &model->runs[r].suites[s]);
		if (rc == ASSAY_OK)
			rc = claims(&page, &model->runs[r], err);
		advices(&page, &model->runs[r]);
	}
	if (rc == ASSAY_OK && (page.out.failed || page.scratch.failed))
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for the text report");
	else if (rc == ASSAY_OK &&
		 (fwrite(assay_str_text(&page.out), 1, page.out.length, out) != page.out.length ||
		  fflush(out) != 0))
		rc = assay_fail(err, ASSAY_EIO, "write the report: %s", strerror(errno));
	assay_str_done(&page.out);
	assay_str_done(&page.scratch);
	return rc;
}
