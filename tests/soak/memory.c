/* SPDX-License-Identifier: MIT */
/*
 * memory: every allocation fails in turn: ours through the linker's --wrap, SQLite's and jansson's through the functions
 * they are given. Libraries that ask malloc() themselves are not harmed.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/report.h"
#include "tests/failing.h"
#include "tests/soak/every.h"
#include "tests/soak/soak.h"

/* ---- a report, which no store's scene has ---- */

static uint64_t prepare_report(void)
{
	return scenes[0]->play(&(struct scene_state){0}, NULL) == ASSAY_OK
		       ? 12
		       : (soak_broken("no store to report on"), 0);
}

static enum assay_code write_pages(const struct assay_run_list *runs,
				   const struct assay_result_list *results, struct assay_err *err)
{
	const struct assay_report_input input = {
		.run = runs->runs, .results = results->results, .n_results = results->n};
	struct assay_report_options view = {0};
	struct assay_report_model *model = NULL;
	FILE *out = fopen("/dev/null", "we");
	if (!out)
		return assay_fail(err, ASSAY_ENOMEM, "no stream for a report");
	enum assay_code rc = assay_report_model_new(&input, 1, &model, err);
	if (rc == ASSAY_OK)
		rc = assay_report_text(model, out, &view, err);
	if (rc == ASSAY_OK)
		rc = assay_report_markdown(model, out, &view, err);
	if (rc == ASSAY_OK)
		rc = assay_report_html(model, out, &view, err);
	assay_report_model_free(model);
	fclose(out);
	return rc;
}

static enum assay_code play_report(struct scene_state *state, struct assay_err *err)
{
	struct assay_store *store;
	struct assay_run_list runs = {0};
	struct assay_result_list results = {0};
	(void)state;
	enum assay_code rc = assay_store_open("results.db", ASSAY_STORE_READ, &store, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = assay_store_runs(store, "@last", &runs, err);
	if (rc == ASSAY_OK)
		rc = assay_store_results(store, runs.runs[0].id, NULL,
					 ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS, &results, err);
	if (rc == ASSAY_OK)
		rc = write_pages(&runs, &results, err);
	assay_result_list_done(&results);
	assay_run_list_done(&runs);
	assay_store_close(store);
	return rc;
}

static const struct scene report = {"report", prepare_report, play_report, false};

/* ---- a check, which must not take a lack of memory for damage ---- */

static enum assay_code play_check(struct scene_state *state, struct assay_err *err)
{
	struct assay_store_report found;
	(void)state;
	enum assay_code rc = assay_store_check("results.db", &found, err);
	if (rc == ASSAY_OK && found.problem[0])
		soak_broken("a sound store is called damaged: %s", found.problem);
	return rc;
}

static const struct scene check = {"check", prepare_report, play_check, false};

/* ---- the campaign ---- */

json_t *__real_json_loads(const char *text, size_t flags, json_error_t *error);
json_t *__wrap_json_loads(const char *text, size_t flags, json_error_t *error);

/* jansson 2.14 writes through a null pointer when it has no memory for a string that it reads: not ours to mend. */
json_t *__wrap_json_loads(const char *text, size_t flags, json_error_t *error)
{
	struct failing *hand = failing_use(NULL);
	json_t *read = __real_json_loads(text, flags, error);
	failing_use(hand);
	return read;
}

static void arm(struct every_shared *shared, const struct every_kind *kind, uint64_t k)
{
	shared->allocation = (struct failing){.at = k, .for_ever = kind->for_ever};
}

static uint64_t seen(const struct every_shared *shared)
{
	return shared->allocation.seen;
}

static const struct every_kind kinds[] = {
	{"failed allocation", arm, seen, 0, 0, false},
	{"no memory", arm, seen, 0, 0, true},
};

static void memory(struct soak *soak)
{
	if (!failing_sqlite())
		soak_broken("SQLite refuses the allocator");
	json_set_alloc_funcs(__wrap_malloc, free);
	struct every_shared *shared = every_shared_new();
	shared->shim.lazy = true;
	shim_install(&shared->shim);
	failing_use(&shared->allocation);
	const struct scene *played[] = {scenes[0], scenes[1], scenes[4],
					scenes[5], &report,   &check};
	every_fault(soak, played, ASSAY_COUNT_OF(played), kinds, ASSAY_COUNT_OF(kinds), shared);
}

const struct campaign soak_memory = {
	.name = "memory",
	.brief =
		"allocations fail, one or all from then on, at every place, in storing, merging, dropping, reporting and checking",
	.trials = 200000,
	.few = 20,
	.run = memory,
};
