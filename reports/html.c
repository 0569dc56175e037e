/* SPDX-License-Identifier: MIT */
/*
 * html: one page that holds everything it shows: no network, one script of its own, its data. Written so
 * that it is well-formed XML as well.
 */
#include "reports/html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/fits.h"
#include "reports/topology_svg.h"
#include "reports/words.h"

enum {
	LINE_LIMIT = 300,
	VALUE_LIMIT = 600,
	STRIPS = 80,     /* cases whose samples are drawn, at 700 bytes each */
	HEAVY = 1000000, /* bytes of a page */
};

static void text(struct assay_str *to, const char *content)
{
	assay_escape_html(to, content, VALUE_LIMIT);
}

static size_t count_machines(const struct assay_report_model *model)
{
	size_t n = 0;
	for (size_t r = 0; r < model->n_runs; r++) {
		bool again = false;
		for (size_t k = 0; k < r; k++)
			again |= memcmp(model->runs[r].info->fingerprint,
					model->runs[k].info->fingerprint, 32) == 0;
		n += !again;
	}
	return n;
}

/* What a page of several runs is called. */
static void headline(struct assay_str *to, const struct assay_report_model *model)
{
	size_t machines = count_machines(model);
	if (machines > 1)
		assay_str_add(to, "%zu runs on %zu machines", model->n_runs, machines);
	else
		assay_str_add(to, "%zu runs compared", model->n_runs);
}

static void open_page(struct assay_str *to, const struct assay_report_model *model)
{
	assay_str_add(to,
		      "<!DOCTYPE html>\n"
		      "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
		      "<meta charset=\"utf-8\" />\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
		      "'none'; style-src 'unsafe-inline'; img-src data:; script-src ");
	assay_html_script_policy(to);
	assay_str_add(to,
		      "\" />\n"
		      "<meta name=\"viewport\" content=\"width=device-width, "
		      "initial-scale=1\" />\n"
		      "<meta name=\"color-scheme\" content=\"light dark\" />\n"
		      "<meta name=\"generator\" content=\"assay " ASSAY_VERSION
		      "\" />\n"
		      "<title>");
	if (!model->comparison && model->n_runs) {
		char when[32];
		text(to, model->runs[0].machine.title);
		assay_report_time(model->runs[0].info->started_ns, when, sizeof(when));
		assay_str_add(to, "%s%s", *when ? ", " : "", when);
	} else {
		headline(to, model);
	}
	assay_str_add(to, " · assay report</title>\n<style>\n");
	assay_str_put(to, assay_html_style, strlen(assay_html_style));
	assay_str_add(to,
		      "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#results\">Skip to "
		      "the results</a>\n<div class=\"page\">\n");
}

static void counts(struct assay_str *to, const struct assay_report_run *run)
{
	static const enum assay_status order[] = {
		ASSAY_STATUS_OK,      ASSAY_STATUS_UNSTABLE, ASSAY_STATUS_FAILED,
		ASSAY_STATUS_CRASHED, ASSAY_STATUS_TIMEOUT,  ASSAY_STATUS_SKIPPED,
	};
	assay_str_add(to, "<ul class=\"counts\" aria-label=\"Cases by status\">");
	for (size_t i = 0; i < ASSAY_COUNT_OF(order); i++)
		if (run->by_status[order[i]])
			assay_str_add(to, "<li class=\"%s\"><b>%zu</b> %s</li>",
				      assay_status_name(order[i]), run->by_status[order[i]],
				      assay_status_name(order[i]));
	if (!run->n_cases)
		assay_str_add(to, "<li>This run has no results.</li>");
	assay_str_add(to, "</ul>\n");
}

static void run_head(struct assay_str *to, const struct assay_report_run *run, int level)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	assay_report_run_in_words(&words, run);
	assay_str_add(to, "<h%d>", level);
	text(to, run->machine.title);
	assay_str_add(to, "</h%d>\n<p class=\"sub\">", level);
	text(to, assay_str_text(&words));
	for (size_t i = 0; i < run->info->n_tags; i++) {
		assay_str_add(to, ", ");
		assay_escape_html(to, run->info->tags[i].key, LINE_LIMIT);
		assay_str_add(to, "=");
		assay_escape_html(to, run->info->tags[i].value, LINE_LIMIT);
	}
	assay_str_add(to, "</p>\n");
	counts(to, run);
}

/* From what the run recorded; nothing when it recorded too little. */
static void topology(struct assay_str *to, const struct assay_report_run *run)
{
	ASSAY_AUTO(assay_str_done) struct assay_str drawing = {0};
	json_t *json =
		run->info->machine_json ? json_loads(run->info->machine_json, 0, NULL) : NULL;
	if (assay_topology_svg(&drawing, json, false)) {
		assay_str_add(to, "<details><summary>Drawing</summary>\n");
		assay_str_put(to, assay_str_text(&drawing), drawing.length);
		assay_str_add(to, "</details>\n");
	}
	to->failed |= drawing.failed;
	json_decref(json);
}

static void machine(struct assay_str *to, const struct assay_report_run *run, int level)
{
	const struct assay_report_machine *card = &run->machine;
	char grade = run->info->noise;
	assay_str_add(to, "<section class=\"card\">\n<h%d>Machine</h%d>\n<dl>\n", level, level);
	for (size_t i = 0; i < card->n_facts; i++) {
		assay_str_add(to, "<dt>%s</dt><dd>", card->facts[i].key);
		text(to, card->facts[i].value);
		assay_str_add(to, "</dd>\n");
	}
	assay_str_add(to, "<dt>Noise</dt><dd>");
	if (grade >= 'A' && grade <= 'D')
		assay_str_add(to, "<span class=\"noise %c\">%c</span>", grade, grade);
	assay_str_add(to, "%s", assay_report_noise_meaning(grade));
	if (*card->noise_reason) {
		assay_str_add(to, "<span class=\"why\">Reading behind the grade: ");
		text(to, card->noise_reason);
		assay_str_add(to, "</span>");
	}
	assay_str_add(to, "</dd>\n</dl>\n");
	topology(to, run);
	assay_str_add(to, "</section>\n");
}

/* What the parts of the page share while it is written. */
struct page {
	const struct assay_html_figures *figures;
	size_t rows_each;   /* of one benchmark's table at most */
	size_t strips;      /* cases whose samples may still be drawn ... */
	size_t strips_each; /* ... of one benchmark */
};

static enum assay_code bench_section(struct assay_str *to, const struct assay_report_run *run,
				     const struct assay_report_bench *bench, struct page *page,
				     size_t number, int level, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str about = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str constants = {0};
	bool drawn;
	assay_report_metric_in_words(&about, &bench->metric);
	assay_report_constants(&constants, bench);
	if (constants.length)
		assay_str_add(&about, " · %s", assay_str_text(&constants));
	assay_str_add(to, "<div class=\"bench\" data-n=\"");
	assay_escape_html(to, bench->suite, LINE_LIMIT);
	assay_str_add(to, "/");
	assay_escape_html(to, bench->name, LINE_LIMIT);
	assay_str_add(to, "\" ");
	assay_html_anchor(to, "id", number, bench);
	assay_str_add(to, ">\n<h%d>", level);
	assay_escape_html(to, bench->name, LINE_LIMIT);
	assay_str_add(to, "</h%d>\n", level);
	if (bench->brief) {
		assay_str_add(to, "<p class=\"brief\">");
		text(to, bench->brief);
		assay_str_add(to, "</p>\n");
	}
	assay_str_add(to, "<p class=\"about\">");
	text(to, assay_str_text(&about));
	assay_str_add(to, "</p>\n");
	enum assay_code rc = assay_html_figure(to, page->figures, bench, &drawn, err);
	if (rc != ASSAY_OK)
		return rc;
	bool mapped = assay_html_matrix(to, bench);
	rc = assay_html_devices(to, run, bench, err);
	if (rc != ASSAY_OK)
		return rc;
	assay_html_table(to, bench, drawn || mapped, page->rows_each);
	page->strips -= assay_html_samples(to, run, bench,
					   page->strips < page->strips_each ? page->strips
									    : page->strips_each);
	ASSAY_AUTO(assay_str_done) struct assay_str fits = {0};
	assay_report_fits(&fits, bench);
	char *cursor = fits.text;
	while (cursor && *cursor) {
		assay_str_add(to, "<p class=\"note\">");
		text(to, strsep(&cursor, "\n"));
		assay_str_add(to, "</p>\n");
	}
	assay_str_add(to, "</div>\n");
	return ASSAY_OK;
}

static enum assay_code suites(struct assay_str *to, const struct assay_report_run *run,
			      struct page *page, size_t number, int level, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t s = 0; rc == ASSAY_OK && s < run->n_suites; s++) {
		const struct assay_report_suite *suite = &run->suites[s];
		assay_str_add(to, "<section class=\"suite\">\n<h%d>", level);
		assay_escape_html(to, suite->name, LINE_LIMIT);
		assay_str_add(to, "</h%d>\n", level);
		assay_html_subjects(to, suite);
		for (size_t b = 0; rc == ASSAY_OK && b < suite->n_benches; b++)
			if (suite->benches[b].n_measured)
				rc = bench_section(to, run, &suite->benches[b], page, number,
						   level + 1, err);
		assay_html_problems(to, suite);
		assay_str_add(to, "</section>\n");
	}
	return rc;
}

static bool measured(const struct assay_report_run *run)
{
	return run->by_status[ASSAY_STATUS_OK] || run->by_status[ASSAY_STATUS_UNSTABLE];
}

/* So that the last benchmark has its share, too. */
static size_t strips_each(const struct assay_report_run *run)
{
	size_t benches = 0;
	for (size_t s = 0; s < run->n_suites; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++)
			benches += run->suites[s].benches[b].n_measured > 0;
	return benches && STRIPS / benches > 1 ? STRIPS / benches : 1;
}

static void glance(struct assay_str *to, const struct assay_report_run *run, size_t number,
		   int level)
{
	assay_str_add(to,
		      "<section class=\"plain\">\n<h%d>At a glance</h%d>\n<p class=\"lead\">Every "
		      "figure is the median of n samples; ± is the larger side of its 95 %% "
		      "interval. A subject is best “in 2 of 4” when it is so in two of four "
		      "groups of cases.</p>\n",
		      level, level);
	assay_html_overview(to, run, number);
	assay_str_add(to, "</section>\n");
}

/* A profile measures no case: its timelines are all there is. */
static enum assay_code other_devices(struct assay_str *to, const struct assay_report_run *run,
				     int level, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str timelines = {0};
	enum assay_code rc = assay_html_devices(&timelines, run, NULL, err);
	if (timelines.length)
		assay_str_add(to,
			      "<section class=\"plain\">\n<h%d>What devices did</h%d>\n%s"
			      "</section>\n",
			      level, level, timelines.text);
	to->failed |= timelines.failed;
	return rc;
}

static enum assay_code write_run(struct assay_str *to, const struct assay_report_model *model,
				 size_t number, struct page *page, struct assay_err *err)
{
	const struct assay_report_run *run = &model->runs[number];
	int level = model->comparison ? 2 : 1;
	assay_str_add(to, "<article class=\"run\">\n<header class=\"masthead\">\n");
	if (level == 1)
		assay_str_add(to, "<p class=\"brand\"><b>assay</b> performance report</p>\n");
	run_head(to, run, level);
	assay_str_add(to, "</header>\n");
	machine(to, run, level + 1);
	if (page->figures->missing[0]) {
		assay_str_add(to, "<p class=\"note\">%s: ",
			      page->figures->drawn ? "Some figures are missing"
						   : "Without figures");
		text(to, page->figures->missing);
		assay_str_add(to, ". The tables have every value.</p>\n");
	}
	if (level == 1)
		assay_str_add(to, "<div id=\"tools\"></div>\n");
	if (measured(run))
		glance(to, run, number, level + 1);
	page->strips_each = strips_each(run);
	enum assay_code rc = suites(to, run, page, number, level + 1, err);
	if (rc == ASSAY_OK)
		rc = other_devices(to, run, level + 1, err);
	assay_html_claims(to, run, level + 1);
	assay_html_advice(to, run, level + 1);
	assay_html_method(to, run, level + 1);
	assay_str_add(to, "</article>\n");
	return rc;
}

/* A run of several by itself, folded: the comparison is what the page is about. */
static enum assay_code write_folded(struct assay_str *to, const struct assay_report_model *model,
				    size_t number, struct page *page, struct assay_err *err)
{
	char letter[8];
	assay_str_add(to, "<details class=\"single\"><summary>Run %s by itself</summary>\n",
		      assay_html_letter(number, letter));
	enum assay_code rc = write_run(to, model, number, page, err);
	assay_str_add(to, "</details>\n");
	return rc;
}

/* Above so many rows, each benchmark shows a share of its own; the figure and the data hold the others. */
static size_t rows_each(const struct assay_report_model *model)
{
	enum { MOST_ROWS = 2000, LEAST = 8 };
	size_t rows = 0, benches = 0;
	for (size_t r = 0; r < model->n_runs; r++) {
		for (size_t s = 0; s < model->runs[r].n_suites; s++) {
			benches += model->runs[r].suites[s].n_benches;
			for (size_t b = 0; b < model->runs[r].suites[s].n_benches; b++)
				rows += model->runs[r].suites[s].benches[b].n_measured;
		}
	}
	if (rows <= MOST_ROWS)
		return SIZE_MAX;
	return MOST_ROWS / benches > LEAST ? MOST_ROWS / benches : LEAST;
}

static enum assay_code write_page(struct assay_str *to, const struct assay_report_model *model,
				  const struct assay_html_figures *figures, struct assay_err *err)
{
	struct page page = {figures, rows_each(model), STRIPS, 1};
	enum assay_code rc = ASSAY_OK;
	open_page(to, model);
	assay_str_add(to, "<main id=\"results\">\n");
	if (model->comparison || !model->n_runs) {
		assay_str_add(to,
			      "<header class=\"masthead\"><p class=\"brand\"><b>assay</b> "
			      "performance report</p>\n<h1>");
		headline(to, model);
		assay_str_add(to, "</h1></header>\n<div id=\"tools\"></div>\n");
	}
	if (model->comparison)
		assay_html_comparison(to, model);
	for (size_t r = 0; rc == ASSAY_OK && r < model->n_runs; r++)
		if (!model->comparison)
			rc = write_run(to, model, r, &page, err);
		else if (r + 1 == model->n_runs)
			rc = write_folded(to, model, r, &page, err);
	if (model->comparison)
		assay_str_add(to,
			      "<p class=\"note\">The other runs have pages of their own: "
			      "<code>assay report RUN</code>.</p>\n");
	assay_str_add(to,
		      "</main>\n<footer>Written by assay " ASSAY_VERSION
		      ". This page loads nothing; its one script sorts and filters the tables. It "
		      "holds the data behind it: <code>assay import</code> of this file restores "
		      "the runs.</footer>\n</div>\n<script>");
	assay_str_put(to, assay_html_script, strlen(assay_html_script));
	assay_str_add(to, "</script>\n");
	return rc;
}

/* Samples in full, in seven digits, or left out: the first that keeps the page light. */
static enum assay_code light_data(struct assay_str *to, const struct assay_report_model *model,
				  size_t samples, const char **ret_note, struct assay_err *err)
{
	static const struct {
		size_t max, least; /* bytes that a sample takes at least, deflated */
		bool rounded;
		const char *note;
	} ways[] = {
		{SIZE_MAX, 6, false, NULL},
		{SIZE_MAX, 3, true,
		 "To keep this page light, the single samples in it have seven digits"},
		{1, 0, false, "The single samples are not in this page, to keep it light"},
	};
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT_OF(ways); i++) {
		bool last = i + 1 == ASSAY_COUNT_OF(ways);
		size_t page = to->length;
		if (!last && page + samples * ways[i].least > HEAVY)
			continue;
		rc = assay_report_data(to, model, ways[i].max, ways[i].rounded, err);
		*ret_note = ways[i].note;
		if (last || to->length < HEAVY - 500)
			break;
		to->length = page; /* and without */
		to->text[page] = '\0';
	}
	return rc;
}

/*
 * The data come last, when it is known what the rest weighs. Who gives a number of samples gets them.
 */
static enum assay_code add_data(struct assay_str *to, const struct assay_report_model *model,
				size_t max_samples, struct assay_err *err)
{
	const char *note = NULL;
	enum assay_code rc;
	if (max_samples)
		rc = assay_report_data(to, model, max_samples, false, err);
	else
		rc = light_data(to, model, assay_report_samples(model), &note, err);
	if (note)
		assay_str_add(to,
			      "<div class=\"page\"><p class=\"note\">%s: <code>assay "
			      "export</code> has them as they were taken.</p></div>\n",
			      note);
	assay_str_add(to, "</body>\n</html>\n");
	return rc;
}

enum assay_code assay_report_html(const struct assay_report_model *model, FILE *out,
				  const struct assay_report_options *options, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str page = {0};
	struct assay_html_figures figures;
	enum assay_code rc =
		assay_html_figures_new(model, options ? options->gnuplot : NULL, &figures, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = write_page(&page, model, &figures, err);
	assay_html_figures_done(&figures);
	if (rc == ASSAY_OK && !page.failed)
		rc = add_data(&page, model, options ? options->max_samples : 0, err);
	if (rc == ASSAY_OK && page.failed)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for the page");
	if (rc == ASSAY_OK &&
	    (fwrite(assay_str_text(&page), 1, page.length, out) != page.length || fflush(out) != 0))
		rc = assay_fail(err, ASSAY_EIO, "write the report: %s", strerror(errno));
	return rc;
}
