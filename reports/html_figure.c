/* SPDX-License-Identifier: MIT */
/* html_figure: all figures of a page drawn at once, then placed one by one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/html.h"

static enum assay_code choose(const struct assay_report_run *run,
			      struct assay_html_figures *figures, struct assay_err *err)
{
	for (size_t s = 0; s < run->n_suites; s++) {
		for (size_t b = 0; b < run->suites[s].n_benches; b++) {
			struct assay_html_figure *one = &figures->all[figures->n];
			one->bench = &run->suites[s].benches[b];
			enum assay_code rc = assay_figure_new(run, one->bench, &one->figure, err);
			if (rc != ASSAY_OK)
				return rc;
			figures->n += one->figure != NULL;
		}
	}
	return ASSAY_OK;
}

/* One script, one process, two files a figure. */
static enum assay_code draw(const char *gnuplot, struct assay_html_figures *figures,
			    struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str script = {0};
	size_t n = figures->n * ASSAY_WIDTHS;
	struct assay_str *files = calloc(n, sizeof(*files));
	if (!files)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu figures", figures->n);
	for (size_t i = 0; i < n; i++) {
		char name[32];
		snprintf(name, sizeof(name), "%zu.svg", i);
		assay_gnuplot_script(&script, figures->all[i / ASSAY_WIDTHS].figure,
				     (int)(i % ASSAY_WIDTHS), name);
	}
	struct assay_err why = {0};
	enum assay_code rc = script.failed
				     ? assay_fail(err, ASSAY_ENOMEM, "out of memory for figures")
				     : assay_gnuplot_run(gnuplot, script.text, files, n, &why);
	if (rc == ASSAY_SKIP)
		assay_copy(figures->missing, sizeof(figures->missing), why.text);
	else if (rc != ASSAY_OK && !script.failed)
		assay_fail(err, rc, "%s", why.text);
	for (size_t i = 0; i < n; i++)
		figures->all[i / ASSAY_WIDTHS].svg[i % ASSAY_WIDTHS] = files[i];
	free(files);
	for (size_t i = 0; i < figures->n; i++)
		figures->drawn += figures->all[i].svg[0].length && figures->all[i].svg[1].length;
	return rc == ASSAY_SKIP ? ASSAY_OK : rc;
}

enum assay_code assay_html_figures_new(const struct assay_report_model *model, const char *gnuplot,
				       struct assay_html_figures *ret, struct assay_err *err)
{
	size_t most = 1;
	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t s = 0; s < model->runs[r].n_suites; s++)
			most += model->runs[r].suites[s].n_benches;
	*ret = (struct assay_html_figures){.all = calloc(most, sizeof(*ret->all))};
	if (!ret->all)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu figures", most);
	enum assay_code rc = ASSAY_OK;
	/* Of several runs the newest look: the comparison draws what is between them. */
	for (size_t r = model->n_runs ? model->n_runs - 1 : 0; rc == ASSAY_OK && r < model->n_runs;
	     r++)
		rc = choose(&model->runs[r], ret, err);
	if (rc == ASSAY_OK && ret->n > 0)
		rc = draw(gnuplot, ret, err);
	if (rc != ASSAY_OK)
		assay_html_figures_done(ret);
	return rc;
}

void assay_html_figures_done(struct assay_html_figures *figures)
{
	if (!figures)
		return;
	for (size_t i = 0; i < figures->n; i++) {
		assay_figure_free(figures->all[i].figure);
		for (size_t w = 0; w < ASSAY_WIDTHS; w++)
			assay_str_done(&figures->all[i].svg[w]);
	}
	free(figures->all);
	*figures = (struct assay_html_figures){0};
}

static void chip(struct assay_str *to, size_t marker, size_t colour)
{
	char name[16] = "cf";
	if (colour < ASSAY_FIGURE_COLOURS)
		snprintf(name, sizeof(name), "c%zu", colour + 1);
	assay_str_add(to,
		      "<svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><path class=\"%s\" "
		      "stroke-width=\"2\" d=\"M0 6h28\"/><path class=\"f %s\" d=\"",
		      name, name);
	assay_svg_marker(to, marker, 14, 6);
	assay_str_add(to, "\"/></svg>");
}

static void legend(struct assay_str *to, const struct assay_figure *figure)
{
	if (figure->n_series == 0 ||
	    (figure->n_series == 1 && !figure->ideal && !figure->series[0].label.length))
		return;
	assay_str_add(to, "<ul class=\"legend\">");
	for (size_t s = 0; s < figure->n_series; s++) {
		ASSAY_AUTO(assay_str_done) struct assay_str label = {0};
		assay_escape_middle(&label, assay_str_text(&figure->series[s].label), 60);
		assay_str_add(to, "<li>");
		chip(to, s, figure->series[s].colour);
		assay_escape_html(to, label.length ? label.text : "measured", 0);
		assay_str_add(to, "</li>");
	}
	if (figure->ideal)
		assay_str_add(to,
			      "<li><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><path "
			      "class=\"m\" d=\"M0 6h28\" stroke-width=\"1.5\" "
			      "stroke-dasharray=\"6 4\"/></svg>ideal</li>");
	assay_str_add(to, "</ul>\n");
}

enum assay_code assay_html_figure(struct assay_str *to, const struct assay_html_figures *figures,
				  const struct assay_report_bench *bench, bool *ret_drawn,
				  struct assay_err *err)
{
	static const char *const classes[ASSAY_WIDTHS] = {"wide", "narrow"};
	*ret_drawn = false;
	size_t i = 0;
	while (i < figures->n && figures->all[i].bench != bench)
		i++;
	if (i == figures->n || !figures->all[i].svg[0].length || !figures->all[i].svg[1].length)
		return ASSAY_OK;
	const struct assay_figure *figure = figures->all[i].figure;
	assay_str_add(to, "<figure>\n<figcaption>");
	assay_escape_html(to, figure->title, 0);
	assay_str_add(to, "</figcaption>\n");
	legend(to, figure);
	for (size_t w = 0; w < ASSAY_WIDTHS; w++) {
		enum assay_code rc =
			assay_svg_inline(to, assay_str_text(&figures->all[i].svg[w]), classes[w],
					 figure->title, assay_str_text(&figure->summary), err);
		if (rc != ASSAY_OK)
			return rc;
	}
	assay_str_add(to, "<p class=\"note\">");
	assay_escape_html(to, assay_str_text(&figure->note), 400);
	assay_str_add(to, "%s</p>\n</figure>\n",
		      !figure->intervals ? ""
		      : figure->kind == ASSAY_FIGURE_LINES
			      ? "Thick bars behind the points are 95 % intervals of the medians."
		      : figure->kind == ASSAY_FIGURE_BARS && bench->has_relative
			      ? "The strong colour marks the best of its case; thin lines are 95 % "
				"intervals of the medians."
			      : "Thin lines are 95 % intervals of the medians.");
	*ret_drawn = true;
	return ASSAY_OK;
}
