/* SPDX-License-Identifier: MIT */
/* profile_advice: what was counted beside the stacks, and what the advisor makes of both. */
#include <stdlib.h>
#include <string.h>

#include "cli/counters.h"
#include "cli/profile.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/result_json.h"

void profile_figures_done(struct profile_figures *figures)
{
	advice_list_done(&figures->advice);
	free(figures->counts);
	assay_gpu_trace_done(&figures->gpu);
	*figures = (struct profile_figures){0};
}

/* The primary result of one case, with parameters that outlive the call. */
struct copy {
	struct assay_result result;
	struct assay_param params[ASSAY_CASE_MAX_AXES];
};

static enum assay_code copy_result(void *context, const struct assay_result *result,
				   struct assay_err *err)
{
	struct copy *copy = context;
	(void)err;
	if (!result->primary)
		return ASSAY_OK;
	copy->result = *result;
	copy->result.histogram = (struct assay_histogram_data){0};
	copy->result.reason = "";
	for (size_t i = 0; i < result->n_params; i++)
		copy->params[i] = result->params[i];
	copy->result.params = copy->params;
	return ASSAY_OK;
}

static enum assay_code judge(const struct advisor *advisor, const struct advice_subject *subject,
			     struct profile_figures *figures, struct assay_err *err)
{
	enum assay_code rc = advisor_judge(advisor, subject, &figures->advice, err);
	figures->judged = rc == ASSAY_OK;
	return rc;
}

static enum assay_code judge_case(const struct advisor *advisor, const struct shape_case *c,
				  const struct assay_stacks *stacks,
				  struct profile_figures *figures, struct assay_err *err)
{
	const struct assay_result *result = &c->results[c->which];
	const struct advice_subject subject = {
		.shape_case = c, .stacks = stacks, .what = result->name};
	struct assay_result whole;
	enum assay_code rc = counters_derive(result, c->ceilings, &whole, &figures->counts, err);
	figures->n_counts = figures->counts ? whole.n_counters : 0;
	figures->time_ns = shape_time_ns(result);
	return rc == ASSAY_OK ? judge(advisor, &subject, figures, err) : rc;
}

enum assay_code profile_judge_cases(const struct cli *cli, const struct profiled_case *cases,
				    size_t n, struct profile_list *list, struct assay_err *err)
{
	struct advisor *advisor = NULL;
	struct ceilings ceilings = {0};
	struct copy *copies = calloc(n + 1, sizeof(*copies));
	struct assay_result *results = calloc(n + 1, sizeof(*results));
	enum assay_code rc = copies && results
				     ? advice_rules(&advisor, err)
				     : assay_fail(err, ASSAY_ENOMEM, "out of memory for advice");
	if (rc == ASSAY_OK)
		rc = advice_ceilings(cli, &ceilings, err);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		rc = assay_collect_results(&cases[i].collect, cases[i].planned, '?', copy_result,
					   &copies[i], err);
		results[i] = copies[i].result;
	}
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		const struct shape_case c = {results, n, i, &ceilings};
		if (assay_status_measured(results[i].status))
			rc = judge_case(advisor, &c, list->stacks[cases[i].at],
					&list->figures[cases[i].at], err);
	}
	ceilings_done(&ceilings);
	advisor_free(advisor);
	free(results);
	free(copies);
	return rc;
}

enum assay_code profile_judge_last(const struct shape_command *command, struct profile_list *list,
				   struct assay_err *err)
{
	struct advisor *advisor;
	ASSAY_AUTO(assay_str_done) struct assay_str what = {0};
	const struct assay_stacks *stacks = list->stacks[list->n - 1];
	if (strcmp(stacks->facts.unit, "samples") != 0) /* allocations are no time */
		return ASSAY_OK;
	enum assay_code rc = advice_rules(&advisor, err);
	assay_str_add(&what, "-- %s", stacks->facts.title);
	const struct advice_subject subject = {
		.shape_command = command, .stacks = stacks, .what = assay_str_text(&what)};
	if (rc == ASSAY_OK)
		rc = judge(advisor, &subject, &list->figures[list->n - 1], err);
	advisor_free(advisor);
	return rc;
}

static enum assay_code show_event(const struct cli *cli, const char *name,
				  const struct profile_figures *f, struct assay_err *err)
{
	json_t *counters = json_object();
	for (size_t i = 0; i < f->n_counts; i++)
		json_object_set_new(counters, f->counts[i].event, assay_count_json(&f->counts[i]));
	return assay_json_line(json_pack("{s:s, s:s, s:o, s:o, s:o}", "schema", "assay/1", "event",
					 "counters", "name", assay_json_text(name), "time_ns",
					 assay_json_real(f->time_ns), "counters", counters),
			       cli->json, err);
}

/* What there is; why the rest is not there is said once, by the rules that wanted it. */
static void show_table(const struct profile_figures *f)
{
	static const char *const columns[] = {"counter", ">per operation", "quality", "source",
					      "remarks"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	for (size_t i = 0; i < f->n_counts; i++) {
		const struct assay_count *c = &f->counts[i];
		char value[40];
		snprintf(value, sizeof(value), "%.4g %s", c->value, c->unit);
		const char *const cells[] = {c->event, value, assay_quality_name(c->quality),
					     c->source, c->reason};
		if (c->quality != ASSAY_UNAVAILABLE)
			cli_table_row(table, cells);
	}
	putchar('\n');
	cli_table_print(table, stdout);
}

enum assay_code profile_show_figures(const struct cli *cli, const char *name,
				     const struct profile_figures *f, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	if (cli->json && f->n_counts)
		rc = show_event(cli, name, f, err);
	if (rc == ASSAY_OK && f->n_counts && !cli->json_is_stdout)
		show_table(f);
	return rc == ASSAY_OK && f->judged ? advice_show(cli, name, &f->advice, err) : rc;
}
