/* SPDX-License-Identifier: MIT */
/* model: results of runs, sorted into suites, with their counts and their facts. */
#include "reports/model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"

/* Memory of the model is a list of blocks, freed together. */
struct block {
	struct block *next;
	max_align_t bytes[];
};

void *assay_report_grab(struct assay_report_model *model, size_t size)
{
	struct block *block = calloc(1, sizeof(*block) + size);
	if (!block)
		return NULL;
	block->next = model->memory;
	model->memory = block;
	return block->bytes;
}

const char *assay_report_printf(struct assay_report_model *model, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	char *text = n < 0 ? NULL : assay_report_grab(model, (size_t)n + 1);
	if (text)
		vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	return text;
}

void assay_report_model_free(struct assay_report_model *model)
{
	if (!model)
		return;
	assay_report_compare_done(model);
	for (struct block *block = model->memory; block;) {
		struct block *next = block->next;
		free(block);
		block = next;
	}
	free(model);
}

/* The product's own suites first, in the order its documentation tells them. */
static size_t suite_rank(const char *suite)
{
	static const char *const order[] = {"memory", "cache", "concurrency", "gpu", "scaling"};
	size_t i = 0;
	while (i < ASSAY_COUNT_OF(order) && strcmp(order[i], suite) != 0)
		i++;
	return i;
}

int assay_report_suite_order(const char *a, const char *b)
{
	size_t ra = suite_rank(a), rb = suite_rank(b);
	return ra != rb ? (ra < rb ? -1 : 1) : strcmp(a, b);
}

static int by_case(const void *pa, const void *pb)
{
	const struct assay_result *a = *(const struct assay_result *const *)pa;
	const struct assay_result *b = *(const struct assay_result *const *)pb;
	int order = assay_report_suite_order(a->suite, b->suite);
	if (order == 0)
		order = strcmp(a->benchmark, b->benchmark);
	if (order == 0)
		order = strcmp(a->name, b->name);
	if (order == 0)
		order = (int)b->primary - (int)a->primary;
	return order ? order : strcmp(a->metric.name, b->metric.name);
}

/* Append `word` to a ", "-joined list of distinct words. */
static void add_distinct(struct assay_str *list, const char *word)
{
	if (!word || !*word)
		return;
	size_t length = strlen(word);
	for (const char *at = assay_str_text(list); (at = strstr(at, word)); at += length)
		if ((at == list->text || at[-1] == ' ') && (at[length] == ',' || !at[length]))
			return;
	assay_str_add(list, "%s%s", list->length ? ", " : "", word);
}

static void count_row(struct assay_report_run *run, const struct assay_report_row *row,
		      struct assay_str *clocks, struct assay_str *drivers)
{
	const struct assay_result *result = row->result;
	run->n_cases++;
	run->by_status[result->status]++;
	if (!assay_status_measured(result->status))
		return;
	add_distinct(clocks, result->clock);
	add_distinct(drivers, result->driver);
	size_t launches = result->samples.launches;
	if (launches && (!run->launches_min || launches < run->launches_min))
		run->launches_min = launches;
	if (launches > run->launches_max)
		run->launches_max = launches;
}

static enum assay_code count(struct assay_report_model *model, struct assay_report_run *run,
			     struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str clocks = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str drivers = {0};
	for (size_t s = 0; s < run->n_suites; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++)
			for (size_t r = 0; r < run->suites[s].benches[b].n_rows; r++)
				count_row(run, &run->suites[s].benches[b].rows[r], &clocks,
					  &drivers);
	run->clocks = assay_report_printf(model, "%s", assay_str_text(&clocks));
	run->drivers = assay_report_printf(model, "%s", assay_str_text(&drivers));
	if (clocks.failed || drivers.failed || !run->clocks || !run->drivers)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reducing a run");
	return ASSAY_OK;
}

static enum assay_code reduce_suites(struct assay_report_model *model, struct assay_report_run *run,
				     const struct assay_result **sorted, struct assay_err *err)
{
	size_t n = run->n_results, suites = 0;
	for (size_t i = 0; i < n; i++)
		suites += i == 0 || strcmp(sorted[i]->suite, sorted[i - 1]->suite) != 0;
	run->suites = assay_report_grab(model, suites * sizeof(*run->suites));
	if (!run->suites)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu suites", suites);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && strcmp(sorted[to]->suite, sorted[from]->suite) == 0;)
			to++;
		enum assay_code rc = assay_report_reduce_suite(model, &run->suites[run->n_suites++],
							       sorted + from, to - from, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	return ASSAY_OK;
}

/* A store has names and figures; what they mean is known to whoever can measure them. */
static void explain(struct assay_report_run *run, const struct assay_report_input *input)
{
	for (size_t s = 0; s < run->n_suites && input->brief; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++) {
			struct assay_report_bench *bench = &run->suites[s].benches[b];
			bench->brief =
				input->brief(input->brief_context, bench->suite, bench->name);
		}
}

static enum assay_code reduce_run(struct assay_report_model *model,
				  const struct assay_report_input *input,
				  struct assay_report_run *run, struct assay_err *err)
{
	run->info = input->run;
	run->results = input->results;
	run->n_results = input->n_results;
	run->advice = input->advice;
	run->n_advice = input->n_advice;
	run->history = input->history;
	run->n_history = input->n_history;
	run->claims = input->claims;
	run->n_claims = input->n_claims;
	run->verdicts = input->verdicts;
	run->n_verdicts = input->n_verdicts;
	run->traces = input->traces;
	run->n_traces = input->n_traces;
	run->price = input->price > 0 ? input->price : NAN;
	run->power = input->power > 0 ? input->power : NAN;
	const struct assay_result **sorted =
		assay_report_grab(model, input->n_results * sizeof(const struct assay_result *));
	if (!sorted)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu results",
				  input->n_results);
	for (size_t i = 0; i < input->n_results; i++)
		sorted[i] = &input->results[i];
	qsort(sorted, input->n_results, sizeof(const struct assay_result *), by_case);
	enum assay_code rc = reduce_suites(model, run, sorted, err);
	explain(run, input);
	if (rc == ASSAY_OK)
		rc = count(model, run, err);
	if (rc == ASSAY_OK)
		rc = assay_report_read_facts(model, run, err);
	return rc;
}

enum assay_code assay_report_model_new(const struct assay_report_input *inputs, size_t n,
				       struct assay_report_model **ret, struct assay_err *err)
{
	struct assay_report_model *model = calloc(1, sizeof(*model));
	if (!model)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a report");
	enum assay_code rc = ASSAY_OK;
	model->runs = assay_report_grab(model, n * sizeof(*model->runs));
	if (!model->runs)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu runs", n);
	for (; rc == ASSAY_OK && model->n_runs < n; model->n_runs++)
		rc = reduce_run(model, &inputs[model->n_runs], &model->runs[model->n_runs], err);
	if (rc == ASSAY_OK && n > 1)
		rc = assay_report_compare(model, err);
	if (rc != ASSAY_OK) {
		assay_report_model_free(model);
		return rc;
	}
	*ret = model;
	return ASSAY_OK;
}
