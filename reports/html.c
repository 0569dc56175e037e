/* SPDX-License-Identifier: MIT */
/*
 * html: one page that holds everything it shows: no network, no script, its own data. Written so
 * that it is well-formed XML as well.
 */
#include "reports/html.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/fits.h"
#include "reports/page_data.h"
#include "reports/words.h"

enum { LINE_LIMIT = 300, VALUE_LIMIT = 600, SAMPLES = 200000 };

static void text(struct assay_str *to, const char *content)
{
	assay_escape_html(to, content, VALUE_LIMIT);
}

static void open_page(struct assay_str *to, const struct assay_report_model *model)
{
	assay_str_add(to,
		      "<!DOCTYPE html>\n"
		      "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
		      "<meta charset=\"utf-8\" />\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
		      "'none'; style-src 'unsafe-inline'; img-src data:\" />\n"
		      "<meta name=\"viewport\" content=\"width=device-width, "
		      "initial-scale=1\" />\n"
		      "<meta name=\"color-scheme\" content=\"light dark\" />\n"
		      "<meta name=\"generator\" content=\"assay " ASSAY_VERSION
		      "\" />\n"
		      "<title>");
	if (model->n_runs == 1) {
		char when[32];
		text(to, model->runs[0].machine.title);
		assay_report_time(model->runs[0].info->started_ns, when, sizeof(when));
		assay_str_add(to, "%s%s", *when ? ", " : "", when);
	} else {
		assay_str_add(to, "%zu runs", model->n_runs);
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
	assay_str_add(to, "</dd>\n</dl>\n</section>\n");
}

static enum assay_code bench_section(struct assay_str *to, const struct assay_report_bench *bench,
				     const struct assay_html_figures *figures, size_t number,
				     int level, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str about = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str constants = {0};
	bool drawn;
	assay_report_metric_in_words(&about, &bench->metric);
	assay_report_constants(&constants, bench);
	if (constants.length)
		assay_str_add(&about, " · %s", assay_str_text(&constants));
	assay_str_add(to, "<div class=\"bench\" ");
	assay_html_anchor(to, "id", number, bench);
	assay_str_add(to, ">\n<h%d>", level);
	assay_escape_html(to, bench->name, LINE_LIMIT);
	assay_str_add(to, "</h%d>\n<p class=\"about\">", level);
	text(to, assay_str_text(&about));
	assay_str_add(to, "</p>\n");
	enum assay_code rc = assay_html_figure(to, figures, bench, &drawn, err);
	if (rc == ASSAY_OK)
		assay_html_table(to, bench, drawn);
	ASSAY_AUTO(assay_str_done) struct assay_str fits = {0};
	assay_report_fits(&fits, bench);
	char *cursor = fits.text;
	while (cursor && *cursor) {
		assay_str_add(to, "<p class=\"note\">");
		text(to, strsep(&cursor, "\n"));
		assay_str_add(to, "</p>\n");
	}
	assay_str_add(to, "</div>\n");
	return rc;
}

static enum assay_code suites(struct assay_str *to, const struct assay_report_run *run,
			      const struct assay_html_figures *figures, size_t number, int level,
			      struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t s = 0; rc == ASSAY_OK && s < run->n_suites; s++) {
		const struct assay_report_suite *suite = &run->suites[s];
		assay_str_add(to, "<section class=\"suite\">\n<h%d>", level);
		assay_escape_html(to, suite->name, LINE_LIMIT);
		assay_str_add(to, "</h%d>\n", level);
		for (size_t b = 0; rc == ASSAY_OK && b < suite->n_benches; b++)
			if (suite->benches[b].n_measured)
				rc = bench_section(to, &suite->benches[b], figures, number,
						   level + 1, err);
		assay_html_problems(to, suite);
		assay_str_add(to, "</section>\n");
	}
	return rc;
}

static void method_words(struct assay_str *to, const struct assay_report_run *run)
{
	assay_str_add(to, "<ul>\n");
	if (run->info->status == ASSAY_RUN_IMPORTED) {
		assay_str_add(to,
			      "<li>These results were imported: the tool that made them knows "
			      "how they were measured.</li>\n");
	} else {
		assay_str_add(to, "<li>Every case ran in a fresh process, ");
		if (run->launches_max && run->launches_max == run->launches_min)
			assay_str_add(to,
				      run->launches_max == 1 ? "launched once, "
							     : "launched %zu times, ",
				      run->launches_max);
		else if (run->launches_max)
			assay_str_add(to, "launched %zu to %zu times, ", run->launches_min,
				      run->launches_max);
		assay_str_add(to, "in an order drawn from seed %" PRIu64 ".</li>\n",
			      run->info->seed);
	}
	assay_str_add(to,
		      "<li>A figure is the median of n samples; ± is the larger side of its "
		      "95 %% interval, which rests on ranks and assumes no distribution.</li>\n"
		      "<li><em>vs best</em> divides by the best subject of the same case. "
		      "<em>null</em> is the cost of the harness itself and <em>bound</em> a "
		      "limit: neither is ranked.</li>\n"
		      "<li><em>preempted</em>: too few undisturbed samples, so disturbed ones "
		      "were used. <em>drifting</em>: the last third of the samples differs from "
		      "the first. <em>not pinned</em>: threads could not be bound to their "
		      "CPUs. <em>unstable</em>: too noisy or drifting to compare.</li>\n"
		      "<li>Counters come from a pass of their own, which is not timed.</li>\n");
	if (*run->clocks) {
		assay_str_add(to, "<li>Clock: ");
		text(to, run->clocks);
		assay_str_add(to, ". Driver: ");
		text(to, *run->drivers ? run->drivers : "not recorded");
		assay_str_add(to, ".</li>\n");
	}
	assay_str_add(to, "</ul>\n");
}

static void method(struct assay_str *to, const struct assay_report_run *run, int level)
{
	assay_str_add(to, "<section class=\"plain method\">\n<h%d>Method</h%d>\n", level, level);
	method_words(to, run);
	if (*run->command) {
		assay_str_add(to, "<p class=\"lead\">To measure the same again:</p>\n<pre><code>");
		assay_escape_html(to, run->command, 4000);
		assay_str_add(to, "</code></pre>\n");
	}
	if (run->n_environment) {
		assay_str_add(to, "<details><summary>Environment: %zu facts</summary>\n<dl>\n",
			      run->n_environment);
		for (size_t i = 0; i < run->n_environment; i++) {
			const struct assay_report_fact *fact = &run->environment[i];
			assay_str_add(to, "<dt>");
			assay_escape_html(to, fact->key, LINE_LIMIT);
			assay_str_add(to, fact->value ? "</dt><dd>"
						      : "</dt><dd class=\"why\">unavailable: ");
			text(to, fact->value ? fact->value : fact->unavailable);
			assay_str_add(to, "</dd>\n");
		}
		assay_str_add(to, "</dl>\n</details>\n");
	}
	assay_str_add(to, "</section>\n");
}

static void advice(struct assay_str *to, const struct assay_report_run *run, int level)
{
	if (!run->n_advice)
		return;
	assay_str_add(to,
		      "<section class=\"plain\">\n<h%d>Advice</h%d>\n<p class=\"lead\">From the "
		      "counters of this run, each with the figures that say so.</p>\n<dl>\n",
		      level, level);
	for (size_t i = 0; i < run->n_advice; i++) {
		const struct assay_report_advice *a = &run->advice[i];
		assay_str_add(to, "<dt>");
		assay_escape_html(to, a->rule, LINE_LIMIT);
		assay_str_add(to, " (%s%s, %zu case%s)</dt><dd>", a->confidence,
			      a->machine ? ", about the machine" : "", a->n_cases,
			      a->n_cases == 1 ? "" : "s");
		text(to, a->text);
		assay_str_add(to, "<br/><code>");
		text(to, a->example);
		assay_str_add(to, "</code>: ");
		text(to, a->because);
		assay_str_add(to, "<br/>Try: ");
		text(to, a->next);
		assay_str_add(to, "</dd>\n");
	}
	assay_str_add(to, "</dl>\n</section>\n");
}

static bool measured(const struct assay_report_run *run)
{
	return run->by_status[ASSAY_STATUS_OK] || run->by_status[ASSAY_STATUS_UNSTABLE];
}

static enum assay_code write_run(struct assay_str *to, const struct assay_report_model *model,
				 size_t number, const struct assay_html_figures *figures,
				 struct assay_err *err)
{
	const struct assay_report_run *run = &model->runs[number];
	int level = model->n_runs == 1 ? 1 : 2;
	assay_str_add(to, "<article class=\"run\">\n<header class=\"masthead\">\n");
	if (level == 1)
		assay_str_add(to, "<p class=\"brand\"><b>assay</b> performance report</p>\n");
	run_head(to, run, level);
	assay_str_add(to, "</header>\n");
	machine(to, run, level + 1);
	if (figures->missing[0] && number == 0) {
		assay_str_add(to, "<p class=\"note\">%s: ",
			      figures->drawn ? "Some figures are missing" : "Without figures");
		text(to, figures->missing);
		assay_str_add(to, ". The tables have every value.</p>\n");
	}
	if (measured(run)) {
		assay_str_add(to,
			      "<section class=\"plain\">\n<h%d>At a glance</h%d>\n<p "
			      "class=\"lead\">Every figure is the median of n samples; ± is the "
			      "larger side of its 95 %% interval.</p>\n",
			      level + 1, level + 1);
		assay_html_overview(to, run, number);
		assay_str_add(to, "</section>\n");
	}
	enum assay_code rc = suites(to, run, figures, number, level + 1, err);
	advice(to, run, level + 1);
	method(to, run, level + 1);
	assay_str_add(to, "</article>\n");
	return rc;
}

static enum assay_code data(struct assay_str *to, const struct assay_report_model *model,
			    size_t max_samples, struct assay_err *err)
{
	json_t *json = assay_report_json(model, max_samples);
	char *dump =
		json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(17))
		     : NULL;
	json_decref(json);
	if (!dump)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the data of the report");
	enum assay_code rc = assay_page_data_put(to, dump, err);
	free(dump);
	return rc;
}

static enum assay_code write_page(struct assay_str *to, const struct assay_report_model *model,
				  const struct assay_html_figures *figures, size_t max_samples,
				  struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	open_page(to, model);
	assay_html_markers(to, figures);
	assay_str_add(to, "<main id=\"results\">\n");
	if (model->n_runs != 1)
		assay_str_add(to,
			      "<header class=\"masthead\"><p class=\"brand\"><b>assay</b> "
			      "performance report</p>\n<h1>%zu runs</h1></header>\n",
			      model->n_runs);
	for (size_t r = 0; rc == ASSAY_OK && r < model->n_runs; r++)
		rc = write_run(to, model, r, figures, err);
	assay_str_add(
		to,
		"</main>\n<footer>Written by assay " ASSAY_VERSION
		". This page loads nothing and runs nothing, and holds the data behind "
		"it: <code>assay import</code> of this file restores the runs.</footer>\n</div>\n");
	if (rc == ASSAY_OK)
		rc = data(to, model, max_samples, err);
	assay_str_add(to, "</body>\n</html>\n");
	return rc;
}

enum assay_code assay_report_html(const struct assay_report_model *model, FILE *out,
				  const struct assay_report_options *options, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str page = {0};
	struct assay_html_figures figures;
	size_t max_samples = options && options->max_samples ? options->max_samples : SAMPLES;
	enum assay_code rc =
		assay_html_figures_new(model, options ? options->gnuplot : NULL, &figures, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = write_page(&page, model, &figures, max_samples, err);
	assay_html_figures_done(&figures);
	if (rc == ASSAY_OK && page.failed)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for the page");
	if (rc == ASSAY_OK &&
	    (fwrite(assay_str_text(&page), 1, page.length, out) != page.length || fflush(out) != 0))
		rc = assay_fail(err, ASSAY_EIO, "write the report: %s", strerror(errno));
	return rc;
}
