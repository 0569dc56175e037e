/* SPDX-License-Identifier: MIT */
/* figure_rows: a bar or a dot for each case, under headings where groups of subjects are compared. */
#include "reports/figure_build.h"

#include <string.h>

#include "reports/words.h"

static void add_heading(struct assay_figure_job *job, const struct assay_report_row *row)
{
	struct assay_figure_row *to = &job->figure->rows[job->figure->n_rows++];
	to->heading = true;
	assay_figure_describe(&to->label, job, row, SIZE_MAX);
}

static void add_row(struct assay_figure_job *job, const struct assay_report_row *row, bool headed)
{
	const struct assay_result *result = assay_figure_pick(job, row);
	struct assay_figure_row *to = &job->figure->rows[job->figure->n_rows++];
	assay_str_add(&to->label, "%s", result->subject);
	if (!headed)
		assay_figure_describe(&to->label, job, row, SIZE_MAX);
	to->value = result->estimate.median;
	assay_figure_bounds(job, &result->estimate, &to->lo, &to->hi);
	assay_report_value(to->value, result->metric.unit, to->text, sizeof(to->text));
	to->colour = assay_figure_colour(job, row);
}

static size_t count_group(const struct assay_figure_job *job, size_t from, size_t *ret_to)
{
	size_t drawn = 0, r = from;
	const struct assay_report_row *rows = job->bench->rows;
	for (; r < job->bench->n_measured && rows[r].group == rows[from].group; r++)
		drawn += assay_figure_pick(job, &rows[r]) && assay_figure_selected(job, &rows[r]) &&
			 !assay_figure_dwarfs(job, &rows[r]);
	*ret_to = r;
	return drawn;
}

/* Are there groups of several subjects, and several such groups? Then each gets a heading. */
static bool wants_headings(const struct assay_figure_job *job)
{
	size_t groups = 0, most = 0;
	for (size_t from = 0, to; from < job->bench->n_measured; from = to) {
		size_t drawn = count_group(job, from, &to);
		groups += drawn > 0;
		most = drawn > most ? drawn : most;
	}
	return groups > 1 && most > 1;
}

void assay_figure_rows(struct assay_figure_job *job, bool *ret_useful)
{
	struct assay_figure *figure = job->figure;
	bool headed = wants_headings(job);
	for (size_t from = 0, to; from < job->bench->n_measured; from = to) {
		size_t drawn = count_group(job, from, &to);
		if (figure->n_rows + drawn + headed > ASSAY_FIGURE_ROWS) {
			figure->left_out += drawn;
			continue;
		}
		if (drawn && headed)
			add_heading(job, &job->bench->rows[from]);
		for (size_t r = from; r < to; r++) {
			const struct assay_report_row *row = &job->bench->rows[r];
			if (!assay_figure_selected(job, row) || assay_figure_dwarfs(job, row))
				continue;
			if (assay_figure_pick(job, row))
				add_row(job, row, headed);
			else
				figure->left_out += assay_figure_lacks(job, row);
		}
	}
	*ret_useful = figure->n_rows > 1u + headed;
}
