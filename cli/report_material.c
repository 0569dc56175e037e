/* SPDX-License-Identifier: MIT */
/* report_material: results, advice, claims and histories, run by run. */
#include "cli/report_material.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gate_budget.h"
#include "harness/base/str.h"
#include "harness/engine/plan.h"
#include "harness/gpu_trace.h"

static void past_done(struct report_past *past)
{
	for (size_t i = 0; past->known && i < past->series.n; i++)
		assay_change_list_done(&past->known[i]);
	free(past->known);
	free(past->history);
	assay_history_list_done(&past->series);
}

static void run_done(struct report_run *run)
{
	if (!run)
		return;
	past_done(&run->past);
	free(run->claims.outcomes);
	free(run->claims.claims);
	free(run->claims.texts);
	assay_attachment_list_done(&run->traces);
	assay_verdict_list_done(&run->verdicts);
	advice_summary_done(&run->advice);
	assay_result_list_done(&run->results);
	free(run);
}

void report_material_done(struct report_material *m)
{
	for (size_t i = 0; i < m->n; i++)
		run_done(m->runs[i]);
	for (size_t i = 0; i < m->n_stores; i++)
		stored_done(&m->stores[i]);
	free(m->runs);
	free(m->inputs);
	free(m->stores);
	budget_list_done(&m->budgets);
	*m = (struct report_material){0};
}

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "out of memory for the runs of a report");
}

/* ---- one run ---- */

static enum assay_code load_advice(const struct cli *cli, struct assay_store *store,
				   const struct assay_run_info *info, struct report_run *run,
				   struct assay_err *err)
{
	struct ceilings ceilings = {0};
	enum assay_code rc = ceilings_load(store, info->fingerprint, &ceilings, err);
	if (rc == ASSAY_OK)
		rc = advice_summarise(cli, run->results.results, run->results.n, &ceilings,
				      &run->advice, err);
	ceilings_done(&ceilings);
	return rc;
}

/* Series that this run has, with what the store knows of them; those with one point only have no past. */
static enum assay_code load_past(struct assay_store *store, const struct assay_run_info *info,
				 struct report_past *past, struct assay_err *err)
{
	enum { POINTS = 60 }; /* as many as are drawn */
	enum assay_code rc = assay_store_run_history(store, info->id, POINTS, &past->series, err);
	if (rc != ASSAY_OK)
		return rc;
	size_t n = past->series.n;
	past->known = calloc(n + 1, sizeof(*past->known));
	past->history = calloc(n + 1, sizeof(*past->history));
	if (!past->known || !past->history)
		return no_memory(err);
	for (size_t i = 0; i < n && rc == ASSAY_OK; i++) {
		const struct assay_history *series = &past->series.series[i];
		if (!series->primary || series->n < 2)
			continue;
		rc = assay_store_changes(store, series->id, &past->known[i], err);
		past->history[past->n++] = (struct assay_report_history){series, &past->known[i]};
	}
	return rc;
}

static int by_name(const void *pa, const void *pb)
{
	const struct assay_attachment *a = pa, *b = pb;
	return strcmp(a->name, b->name);
}

/* Timelines of devices, of the cases asked for. */
static enum assay_code load_traces(struct assay_store *store, const struct assay_run_info *info,
				   const char *pattern, struct assay_attachment_list *ret,
				   struct assay_err *err)
{
	enum assay_code rc =
		assay_store_attachments(store, info->id, ASSAY_GPU_TRACE_KIND, ret, err);
	size_t kept = 0;
	if (ret->n)
		qsort(ret->attachments, ret->n, sizeof(*ret->attachments), by_name);
	for (size_t i = 0; i < ret->n; i++)
		if (!pattern || assay_pattern_matches(pattern, ret->attachments[i].name))
			ret->attachments[kept++] = ret->attachments[i];
	ret->n = kept;
	return rc;
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static void fill_claim(const struct budget *b, const struct assay_bound_outcome *o,
		       char texts[2][120], struct assay_report_claim *ret)
{
	bool measured = b->bounded && o->verdict != ASSAY_BOUND_VANISHED;
	*ret = (struct assay_report_claim){
		.name = b->name,
		.source = or_nothing(b->source),
		.text = or_nothing(b->text),
		.asked = b->bounded ? budget_asked(b, texts[0], sizeof(texts[0])) : "–",
		.measured = measured ? budget_measured(b, o, texts[1], sizeof(texts[1])) : "–",
		.verdict = !b->bounded || measured ? budget_word(b, o) : "not in this run",
		.reason = b->reason ? b->reason : o->reason,
		.elsewhere = b->bounded && !measured,
	};
}

/* An old run may have measured in another unit: that claim cannot be judged, the others can. */
static enum assay_code judge_claim(const struct budget *b, const struct report_run *run,
				   struct assay_bound_outcome *ret, struct assay_err *err)
{
	if (!b->bounded)
		return ASSAY_OK;
	struct assay_err why = {0};
	enum assay_code rc =
		assay_bound_judge(&b->bound, run->results.results, run->results.n, ret, &why);
	if (rc == ASSAY_EUSAGE) {
		*ret = (struct assay_bound_outcome){
			.verdict = ASSAY_BOUND_UNDECIDED, .value = NAN, .lo = NAN, .hi = NAN};
		assay_copy(ret->reason, sizeof(ret->reason), why.text);
		return ASSAY_OK;
	}
	return rc == ASSAY_OK ? rc : assay_fail(err, rc, "%s", why.text);
}

static enum assay_code judge_claims(struct cli *cli, struct report_material *m,
				    struct report_run *run, struct assay_err *err)
{
	size_t n = m->budgets.n;
	struct report_claims *c = &run->claims;
	if (n == 0)
		return ASSAY_OK;
	c->outcomes = calloc(n, sizeof(*c->outcomes));
	c->claims = calloc(n, sizeof(*c->claims));
	c->texts = calloc(n, sizeof(*c->texts));
	if (!c->outcomes || !c->claims || !c->texts)
		return no_memory(err);
	struct budget_check check = {.cli = cli, .list = m->budgets, .outcomes = c->outcomes};
	enum assay_code rc = gate_budget_resolve(&check, &run->results, err);
	for (size_t i = 0; i < n && rc == ASSAY_OK; i++) {
		rc = judge_claim(&m->budgets.budgets[i], run, &c->outcomes[i], err);
		fill_claim(&m->budgets.budgets[i], &c->outcomes[i], c->texts[i], &c->claims[i]);
	}
	return rc;
}

static bool grow(void *array, size_t n, size_t each)
{
	void *larger = reallocarray(*(void **)array, n, each);
	if (larger)
		*(void **)array = larger;
	return larger != NULL;
}

static const char *brief_of(const void *context, const char *suite, const char *name)
{
	const struct assay_bench_entry *bench = assay_registry_bench(context, suite, name);
	return bench ? bench->bench->brief : NULL;
}

static enum assay_code add_run(struct cli *cli, struct report_material *m,
			       struct assay_store *store, const struct assay_run_info *info,
			       const struct report_request *request, bool one_file,
			       struct assay_err *err)
{
	if (!grow(&m->runs, m->n + 1, sizeof(struct report_run *)) ||
	    !grow(&m->inputs, m->n + 1, sizeof(*m->inputs)))
		return no_memory(err);
	struct report_run *run = m->runs[m->n] = calloc(1, sizeof(*run));
	if (!run)
		return no_memory(err);
	struct assay_report_input *input = &m->inputs[m->n++];
	*input = (struct assay_report_input){
		.run = info, .brief = brief_of, .brief_context = cli->registry};
	enum assay_code rc =
		assay_store_results(store, info->id, request->pattern,
				    ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS, &run->results, err);
	if (rc == ASSAY_OK)
		rc = load_advice(cli, store, info, run, err);
	if (rc == ASSAY_OK && request->past)
		rc = load_past(store, info, &run->past, err);
	if (rc == ASSAY_OK && request->past && one_file)
		rc = assay_store_verdicts(store, info->id, NULL, 0, &run->verdicts, err);
	if (rc == ASSAY_OK && request->past)
		rc = load_traces(store, info, request->pattern, &run->traces, err);
	if (rc == ASSAY_OK)
		rc = judge_claims(cli, m, run, err);
	input->results = run->results.results;
	input->n_results = run->results.n;
	input->advice = run->advice.advice;
	input->n_advice = run->advice.n;
	input->history = run->past.history;
	input->n_history = run->past.n;
	input->claims = run->claims.claims;
	input->n_claims = run->claims.claims ? m->budgets.n : 0;
	input->verdicts = run->verdicts.verdicts;
	input->n_verdicts = run->verdicts.n;
	input->traces = run->traces.attachments;
	input->n_traces = run->traces.n;
	return rc;
}

/* ---- all of them ---- */

static enum assay_code add_runs(struct cli *cli, struct report_material *m, const char *reference,
				const struct stored *stored, const struct report_request *request,
				bool one_file, struct assay_err *err)
{
	if (request->one_each)
		return add_run(cli, m, stored->store, stored_one(cli, reference, stored, NULL),
			       request, one_file, err);
	enum assay_code rc = ASSAY_OK;
	for (size_t r = stored->runs.n; r-- > 0 && rc == ASSAY_OK;)
		rc = add_run(cli, m, stored->store, &stored->runs.runs[r], request, one_file, err);
	return rc;
}

enum assay_code report_material_load(struct cli *cli, struct report_material *m,
				     const char *const *references, size_t n,
				     const struct report_request *request, struct assay_err *err)
{
	/* A verdict knows the other run by its number, which means nothing in another file. */
	bool one_file = true;
	for (size_t i = 0; i < n; i++)
		one_file &= !stored_names_file(references[i]);
	/* Stores stay in their places: inputs point into their lists of runs. */
	m->stores = calloc(n, sizeof(*m->stores));
	if (!m->stores)
		return no_memory(err);
	for (size_t i = 0; i < n; i++) {
		enum assay_code rc = stored_open(cli, references[i], &m->stores[i], err);
		m->n_stores = i + 1;
		if (rc == ASSAY_OK)
			rc = add_runs(cli, m, references[i], &m->stores[i], request, one_file, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	size_t results = 0;
	for (size_t r = 0; r < m->n; r++)
		results += m->inputs[r].n_results;
	if (results == 0 && request->pattern)
		return assay_fail(err, ASSAY_EUSAGE, "no case matches '%.100s'", request->pattern);
	return ASSAY_OK;
}

enum assay_code report_material_cost(struct report_material *m, const char *option,
				     const char *text, struct assay_err *err)
{
	const char *equals = strrchr(text, '=');
	char *end;
	double value = equals ? strtod(equals + 1, &end) : NAN;
	if (!equals || equals == text || end == equals + 1 || *end || !(value > 0) ||
	    !isfinite(value))
		return assay_fail(err, ASSAY_EUSAGE,
				  "--%s wants MACHINE=NUMBER above 0, not '%.100s'", option, text);
	bool found = false;
	size_t length = (size_t)(equals - text);
	for (size_t r = 0; r < m->n; r++) {
		const char *name = m->inputs[r].run->machine_name;
		if (!name || strlen(name) != length || strncmp(name, text, length) != 0)
			continue;
		found = true;
		if (strcmp(option, "price") == 0)
			m->inputs[r].price = value;
		else
			m->inputs[r].power = value;
	}
	if (!found)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--%s: no run of this report is of a machine '%.*s'", option,
				  (int)(length < 100 ? length : 100), text);
	return ASSAY_OK;
}
