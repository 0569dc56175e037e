/* SPDX-License-Identifier: MIT */
/* markdown: the report as a comment of a pull request: short first, the rest folded, cut to fit. */
#include <errno.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/fits.h"
#include "reports/grid.h"
#include "reports/words.h"

/* GitHub refuses bodies above 65,536 characters. */
enum { MAX_BYTES = 60000, CELL = 60, LINE = 400 };

static void text(struct assay_str *to, const char *content, size_t limit)
{
	assay_escape_markdown(to, content, limit);
}

/* A name, which keeps its end. */
static void name(struct assay_str *to, const char *content, size_t limit)
{
	ASSAY_AUTO(assay_str_done) struct assay_str cut = {0};
	assay_escape_middle(&cut, content, limit);
	text(to, assay_str_text(&cut), 0);
	to->failed |= cut.failed;
}

static void head(struct assay_str *to, const struct assay_report_run *run)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	assay_str_add(to, "### assay: ");
	assay_report_counts(to, run);
	assay_str_add(to, "\n\n");
	assay_report_run_in_words(&words, run);
	text(to, assay_str_text(&words), LINE);
	assay_str_add(to, "  \n");
	text(to, run->machine.title, LINE);
	if (run->info->noise) {
		assay_str_add(to, ", noise grade %c", run->info->noise);
		if (*run->machine.noise_reason) {
			assay_str_add(to, " (");
			text(to, run->machine.noise_reason, LINE);
			assay_str_add(to, ")");
		}
	}
	assay_str_add(to, "\n\n");
}

static void row(struct assay_str *to, const struct assay_report_bench *bench, size_t r,
		const struct assay_report_column *columns, size_t n)
{
	for (size_t c = 0; c < n; c++) {
		ASSAY_AUTO(assay_str_done) struct assay_str cell = {0};
		assay_report_cell(&cell, bench, &bench->rows[r], &columns[c]);
		assay_str_add(to, "| ");
		name(to, assay_str_text(&cell), CELL);
		assay_str_add(to, " ");
	}
	assay_str_add(to, "|\n");
}

/* Rows while they fit below `end`; what is left out is counted in *ret_more. */
static void bench_table(struct assay_str *to, const struct assay_report_bench *bench, size_t end,
			size_t *ret_more)
{
	struct assay_report_column columns[ASSAY_REPORT_COLUMNS];
	ASSAY_AUTO(assay_str_done) struct assay_str part = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	size_t n = assay_report_columns(bench, columns), r = 0;
	assay_report_metric_in_words(&words, &bench->metric);
	assay_str_add(&part, "<details><summary>");
	assay_escape_html(&part, bench->suite, CELL);
	assay_str_add(&part, "/");
	assay_escape_html(&part, bench->name, CELL);
	assay_str_add(&part, "</summary>\n\n");
	text(&part, assay_str_text(&words), LINE);
	assay_str_clear(&words);
	assay_report_constants(&words, bench);
	assay_str_add(&part, words.length ? "; " : "");
	text(&part, assay_str_text(&words), LINE);
	assay_str_add(&part, "\n\n");
	for (size_t c = 0; c < n; c++) {
		assay_str_add(&part, "| ");
		text(&part, columns[c].title, CELL);
		assay_str_add(&part, " ");
	}
	assay_str_add(&part, "|\n");
	for (size_t c = 0; c < n; c++)
		assay_str_add(&part, columns[c].right ? "| --: " : "| --- ");
	assay_str_add(&part, "|\n");
	size_t heading = part.length;
	ASSAY_AUTO(assay_str_done) struct assay_str fits = {0};
	assay_report_fits(&fits, bench);
	for (; r < bench->n_measured; r++) {
		size_t before = part.length;
		row(&part, bench, r, columns, n);
		if (to->length + part.length <= end)
			continue;
		part.length = before;
		break;
	}
	*ret_more += bench->n_measured - r;
	if (part.length == heading)
		return;
	char *cursor = fits.text;
	for (bool first = true; cursor && *cursor; first = false) {
		size_t before = part.length;
		assay_str_add(&part, first ? "\n- " : "- ");
		text(&part, strsep(&cursor, "\n"), LINE);
		assay_str_add(&part, "\n");
		if (to->length + part.length <= end)
			continue;
		part.length = before;
		++*ret_more;
	}
	assay_str_put(to, part.text, part.length);
	assay_str_add(to, "\n</details>\n\n");
}

/* One line per reason; true when it fitted below `end`. */
static bool problem(struct assay_str *to, const struct assay_report_problem *p, size_t end)
{
	ASSAY_AUTO(assay_str_done) struct assay_str part = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str reason = {0};
	assay_str_add(&part, "- %s: ", assay_status_name(p->status));
	text(&part, p->bench->suite, CELL);
	assay_str_add(&part, "/");
	text(&part, p->bench->name, CELL);
	assay_str_add(&part, ", %zu %s: ", p->n_cases, p->n_cases == 1 ? "case" : "cases");
	assay_report_reason(&reason, p);
	text(&part, assay_str_text(&reason), LINE);
	assay_str_add(&part, "\n");
	if (part.failed || to->length + part.length > end)
		return false;
	assay_str_put(to, part.text, part.length);
	return true;
}

/* The reasons of one kind: failures stand open, skips are folded. */
static void problems(struct assay_str *to, const struct assay_report_run *run, bool skips,
		     size_t end, size_t *ret_more)
{
	size_t n = 0;
	for (size_t s = 0; s < run->n_suites; s++) {
		const struct assay_report_suite *suite = &run->suites[s];
		for (size_t i = 0; i < suite->n_problems; i++) {
			const struct assay_report_problem *p = &suite->problems[i];
			if ((p->status == ASSAY_STATUS_SKIPPED) != skips)
				continue;
			if (n++ == 0 && skips)
				assay_str_add(to, "<details><summary>skipped</summary>\n\n");
			*ret_more += problem(to, p, end) ? 0 : p->n_cases;
		}
	}
	if (n)
		assay_str_add(to, skips ? "\n</details>\n\n" : "\n");
}

static void advice(struct assay_str *page, const struct assay_report_run *run, size_t end,
		   size_t *ret_more)
{
	size_t start = page->length, i = 0;
	if (!run->n_advice)
		return;
	assay_str_add(page, "\n<details><summary>Advice from the counters: %zu</summary>\n\n",
		      run->n_advice);
	for (; i < run->n_advice; i++) {
		const struct assay_report_advice *a = &run->advice[i];
		size_t before = page->length;
		assay_str_add(page, "- **%s** (%s, %zu case%s): ", a->rule, a->confidence,
			      a->n_cases, a->n_cases == 1 ? "" : "s");
		assay_escape_markdown(page, a->text, 0);
		assay_str_add(page, "<br>");
		assay_escape_markdown(page, a->example, 0);
		assay_str_add(page, ": ");
		assay_escape_markdown(page, a->because, 0);
		assay_str_add(page, "<br>try: ");
		assay_escape_markdown(page, a->next, 0);
		assay_str_add(page, "\n");
		if (page->length <= end)
			continue;
		page->length = before;
		break;
	}
	*ret_more += run->n_advice - i;
	if (i)
		assay_str_add(page, "\n</details>\n");
	else
		page->length = start;
}

/* ---- comparisons ---- */

static void grid_row(struct assay_str *to, const struct assay_grid *grid, size_t r)
{
	for (size_t c = 0; c < grid->columns; c++) {
		assay_str_add(to, "| ");
		name(to, assay_str_text(&grid->cells[r * grid->columns + c]), 2 * CELL);
		assay_str_add(to, " ");
	}
	assay_str_add(to, "|\n");
	for (size_t c = 0; r == 0 && c < grid->columns; c++)
		assay_str_add(to, "%s%s", c < grid->left ? "| --- " : "| --: ",
			      c + 1 == grid->columns ? "|\n" : "");
}

/* Rows while they fit; the others are counted. */
static void grid(struct assay_str *to, const struct assay_grid *grid, size_t end, size_t *ret_more)
{
	ASSAY_AUTO(assay_str_done) struct assay_str part = {0};
	size_t r = 0;
	assay_str_add(&part, "#### ");
	text(&part, assay_str_text(&grid->title), LINE);
	assay_str_add(&part, "\n\n");
	for (; r < grid->rows && grid->rows > 1; r++) {
		size_t before = part.length;
		grid_row(&part, grid, r);
		if (to->length + part.length <= end)
			continue;
		part.length = before;
		break;
	}
	*ret_more += grid->rows > 1 ? grid->rows - (r ? r : 1) : 0;
	if (r == 1 || to->length + part.length > end) /* not even a row below its head */
		return;
	assay_str_put(to, part.text, part.length);
	assay_str_add(to, "%s", grid->rows > 1 ? "\n" : "");
	if (grid->note.length && to->length + grid->note.length < end) {
		text(to, grid->note.text, LINE);
		assay_str_add(to, "\n\n");
	}
}

/* The tables of the last run follow where there is room. */
static enum assay_code comparison(struct assay_str *to, const struct assay_report_model *model,
				  size_t end, size_t *ret_more, struct assay_err *err)
{
	struct assay_grids grids;
	assay_grids_of(model, &grids);
	if (!grids.failed) {
		/* The runs and what is around them are short, and come first. */
		for (size_t g = 0; g < grids.n; g++)
			grid(to, &grids.all[g], end, ret_more);
	}
	bool failed = grids.failed;
	assay_grids_done(&grids);
	return failed ? assay_fail(err, ASSAY_ENOMEM, "out of memory for a comparison") : ASSAY_OK;
}

static enum assay_code claims(struct assay_str *to, const struct assay_report_run *run, size_t end,
			      size_t *ret_more, struct assay_err *err)
{
	struct assay_grids grids;
	assay_grids_of_claims(run, &grids);
	bool failed = grids.failed;
	if (!failed && grids.n)
		grid(to, &grids.all[0], end, ret_more);
	assay_grids_done(&grids);
	return failed ? assay_fail(err, ASSAY_ENOMEM, "out of memory for claims") : ASSAY_OK;
}

enum assay_code assay_report_markdown(const struct assay_report_model *model, FILE *out,
				      const struct assay_report_options *options,
				      struct assay_err *err)
{
	enum { CLOSING = 400 }; /* room for what ends tables and page */
	ASSAY_AUTO(assay_str_done) struct assay_str page = {0};
	size_t bytes = options && options->max_bytes ? options->max_bytes : MAX_BYTES, more = 0;
	size_t end = bytes > CLOSING ? bytes - CLOSING : 0;
	/* Whoever updates a comment in place finds it by this line. */
	assay_str_add(&page, "<!-- assay-report -->\n");
	if (model->comparison) {
		assay_str_add(&page, "### assay: %zu runs compared\n\n", model->n_runs);
		enum assay_code rc = comparison(&page, model, end, &more, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	/* Of several runs the last, as on the page: the others have reports of their own. */
	for (size_t r = model->comparison ? model->n_runs - 1 : 0; r < model->n_runs; r++) {
		const struct assay_report_run *run = &model->runs[r];
		size_t before = page.length;
		head(&page, run);
		if (model->comparison && page.length > end) {
			page.length = before;
			more += run->n_cases;
			break;
		}
		problems(&page, run, false, end, &more);
		enum assay_code rc = claims(&page, run, end, &more, err);
		if (rc != ASSAY_OK)
			return rc;
		for (size_t s = 0; s < run->n_suites; s++)
			for (size_t b = 0; b < run->suites[s].n_benches; b++)
				if (run->suites[s].benches[b].n_measured)
					bench_table(&page, &run->suites[s].benches[b], end, &more);
		problems(&page, run, true, end, &more);
		advice(&page, run, end, &more);
	}
	if (more)
		assay_str_add(&page, "%zu more in the full report.\n", more);
	if (page.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the report");
	if (fwrite(assay_str_text(&page), 1, page.length, out) != page.length || fflush(out) != 0)
		return assay_fail(err, ASSAY_EIO, "write the report: %s", strerror(errno));
	return ASSAY_OK;
}
