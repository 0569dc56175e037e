/* SPDX-License-Identifier: MIT */
/*
 * memory: every allocation fails in turn: ours through the linker's --wrap, SQLite's and jansson's through the functions
 * they are given. Libraries that ask malloc() themselves are not harmed.
 */
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/report.h"
#include "tests/soak/every.h"
#include "tests/soak/soak.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_reallocarray(void *block, size_t n, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
int __real_vasprintf(char **ret, const char *fmt, va_list args);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_reallocarray(void *block, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
int __wrap_vasprintf(char **ret, const char *fmt, va_list args);
int __wrap_asprintf(char **ret, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* NULL: nothing fails. The wrapped functions have no argument to find it by. */
static struct every_shared *armed;

static bool fails(void)
{
	if (!armed || !armed->fail_allocation)
		return false;
	if (++armed->allocations != armed->fail_allocation && !(armed->for_ever && armed->fired))
		return false;
	return armed->fired = true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
	return fails() ? NULL : __real_realloc(block, size);
}

void *__wrap_reallocarray(void *block, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(block, n, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
	return fails() ? NULL : __real_strndup(text, n);
}

int __wrap_vasprintf(char **ret, const char *fmt, va_list args)
{
	return fails() ? -1 : __real_vasprintf(ret, fmt, args);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = __wrap_vasprintf(ret, fmt, args);
	va_end(args);
	return n;
}

/* ---- SQLite's own allocator, with the same hand on it: the size stands before the block ---- */

enum { HEAD = 16 };

static void *sqlite_malloc(int n)
{
	char *block = fails() ? NULL : __real_malloc((size_t)n + HEAD);
	if (!block)
		return NULL;
	memcpy(block, &n, sizeof(n));
	return block + HEAD;
}

static void sqlite_free(void *block)
{
	if (block)
		free((char *)block - HEAD);
}

static int sqlite_size(void *block)
{
	int n = 0;
	if (block)
		memcpy(&n, (char *)block - HEAD, sizeof(n));
	return n;
}

static void *sqlite_realloc(void *block, int n)
{
	char *grown = fails() ? NULL : __real_realloc((char *)block - HEAD, (size_t)n + HEAD);
	if (!grown)
		return NULL;
	memcpy(grown, &n, sizeof(n));
	return grown + HEAD;
}

static int sqlite_roundup(int n)
{
	return (n + 7) & ~7;
}

static int sqlite_init(void *unused)
{
	(void)unused;
	return SQLITE_OK;
}

static void sqlite_shutdown(void *unused)
{
	(void)unused;
}

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

static void arm(struct every_shared *shared, const struct every_kind *kind, uint64_t k)
{
	shared->allocations = 0;
	shared->for_ever = kind->for_ever;
	shared->fail_allocation = k;
}

static uint64_t seen(const struct every_shared *shared)
{
	return shared->allocations;
}

static const struct every_kind kinds[] = {
	{"failed allocation", arm, seen, 0, 0, false},
	{"no memory", arm, seen, 0, 0, true},
};

static void memory(struct soak *soak)
{
	static const sqlite3_mem_methods methods = {
		sqlite_malloc,  sqlite_free, sqlite_realloc,  sqlite_size,
		sqlite_roundup, sqlite_init, sqlite_shutdown, NULL,
	};
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
		soak_broken("SQLite refuses the allocator");
	json_set_alloc_funcs(__wrap_malloc, free);
	struct every_shared *shared = every_shared_new();
	shared->shim.lazy = true;
	shim_install(&shared->shim);
	armed = shared;
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
