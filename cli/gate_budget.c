/* SPDX-License-Identifier: MIT */
/* gate_budget: read the bounds, have their cases measured or loaded, judge, say. */
#include "cli/gate_budget.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "cli/settings.h"
#include "cli/stored.h"
#include "harness/base/json.h"
#include "harness/base/str.h"

/* A list of words, for the command line of a run. */
struct words {
	char **words;
	size_t n;
};

static void words_done(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->words[i]);
	free(w->words);
}

static enum assay_code add_word(struct words *w, const char *word, struct assay_err *err)
{
	char **grown = reallocarray(w->words, w->n + 2, sizeof(*grown));
	char *copy = strdup(word);
	if (grown)
		w->words = grown;
	if (!grown || !copy) {
		free(copy);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a list of cases");
	}
	grown[w->n++] = copy;
	grown[w->n] = NULL;
	return ASSAY_OK;
}

static enum assay_code add_once(struct words *w, const char *word, struct assay_err *err)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->words[i], word) == 0)
			return ASSAY_OK;
	return add_word(w, word, err);
}

/* Every case the bounds speak of, once. */
static enum assay_code list_cases(const struct budget_list *list, struct words *ret,
				  struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < list->n; i++) {
		const struct assay_bound *b = &list->budgets[i].bound;
		if (b->over.series)
			code = add_once(ret, b->over.series, err);
		if (code == ASSAY_OK && b->under.series)
			code = add_once(ret, b->under.series, err);
	}
	return code;
}

/* The profile to measure with: what somebody set, or the one for judging. */
static const char *profile(const struct cli *cli)
{
	size_t n;
	const struct config_setting *settings = config_settings(cli->config, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(settings[i].key, "profile") == 0 && settings[i].value &&
		    strcmp(settings[i].origin, "built-in") != 0)
			return settings[i].value;
	return "ci";
}

/* The words that say how to measure, from our options to those of a run. */
static enum assay_code add_options(struct words *w, const struct cli *cli,
				   const struct cli_args *args, struct assay_err *err)
{
	static const char *const passed[] = {"profile", "samples", "time", "launches", "timeout",
					     "cpus",    "driver",  "seed", "tag"};
	enum assay_code code = add_word(w, "--counters=none", err);
	if (code == ASSAY_OK && cli_flag(args, "sandbox"))
		code = add_word(w, "--sandbox", err);
	struct assay_str word = {0};
	assay_str_add(&word, "--profile=%s", profile(cli));
	if (code == ASSAY_OK)
		code = add_word(w, assay_str_text(&word), err);
	for (size_t g = 0; g < args->n_given; g++) {
		const struct cli_given *given = &args->given[g];
		for (size_t i = 0; code == ASSAY_OK && i < ASSAY_COUNT_OF(passed); i++) {
			if (strcmp(given->option->name, passed[i]) != 0)
				continue;
			assay_str_clear(&word);
			assay_str_add(&word, "--%s=%s", passed[i], given->value);
			code = add_word(w, assay_str_text(&word), err);
		}
	}
	if (code == ASSAY_OK && word.failed)
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory for a run");
	assay_str_done(&word);
	return code;
}

/* Measure the cases; *ret_run is 0 when the run was interrupted. */
static enum assay_code measure(struct cli *cli, const struct cli_args *args,
			       const struct words *cases, int64_t *ret_run, int *ret_exit,
			       struct assay_err *err)
{
	struct words words = {0};
	enum assay_code code = add_options(&words, cli, args, err);
	for (size_t i = 0; code == ASSAY_OK && i < cases->n; i++)
		code = add_word(&words, cases->words[i], err);
	if (code == ASSAY_OK)
		code = run_measure(cli, (int)words.n, words.words, ret_run, ret_exit, err);
	words_done(&words);
	if (code == ASSAY_OK && (*ret_exit == CLI_INTERRUPTED || *ret_exit == CLI_TERMINATED))
		*ret_run = 0;
	return code;
}

static bool has_series(const struct assay_result_list *results, const char *series)
{
	for (size_t i = 0; i < results->n; i++)
		if (strcmp(results->results[i].name, series) == 0)
			return true;
	return false;
}

/* A stored run may hold what this build does not know, such as commands and plug-ins. */
static bool stored_names(const struct assay_result_list *results, const struct assay_bound *bound)
{
	return has_series(results, bound->over.series) &&
	       (!bound->under.series || has_series(results, bound->under.series));
}

enum assay_code gate_budget_resolve(struct budget_check *check,
				    const struct assay_result_list *results, struct assay_err *err)
{
	for (size_t i = 0; i < check->list.n; i++) {
		struct budget *b = &check->list.budgets[i];
		if (!b->bounded || stored_names(results, &b->bound))
			continue;
		enum assay_code code = assay_bound_resolve(&b->bound, check->cli->registry, err);
		if (code != ASSAY_OK)
			return budget_context(b, code, err);
	}
	return ASSAY_OK;
}

static enum assay_code judge(struct budget_check *check, const struct assay_result_list *results,
			     struct assay_err *err)
{
	for (size_t i = 0; i < check->list.n; i++) {
		const struct budget *b = &check->list.budgets[i];
		struct assay_bound_outcome *o = &check->outcomes[i];
		if (!b->bounded) {
			check->unbounded++;
			continue;
		}
		enum assay_code code =
			assay_bound_judge(&b->bound, results->results, results->n, o, err);
		if (code != ASSAY_OK)
			return budget_context(b, code, err);
		check->counts[o->verdict]++;
		check->exceeded += b->claim && o->exceeded;
	}
	return ASSAY_OK;
}

/* In the order in which a gate answers: a miss, a failure, lost coverage, no decision. */
static int exit_of(const struct budget_check *check, bool strict)
{
	const size_t *n = check->counts;
	if (n[ASSAY_BOUND_MISSED])
		return CLI_REGRESSION;
	if (n[ASSAY_BOUND_FAILED])
		return CLI_FAILED;
	if (n[ASSAY_BOUND_VANISHED] || n[ASSAY_BOUND_MET] + n[ASSAY_BOUND_UNDECIDED] == 0)
		return CLI_COVERAGE;
	return strict && n[ASSAY_BOUND_UNDECIDED] ? CLI_UNDECIDED : CLI_OK;
}

static enum assay_code say(struct budget_check *check, const struct cli_args *args,
			   const struct assay_result_list *results, int *ret_exit,
			   struct assay_err *err)
{
	const struct cli *cli = check->cli;
	enum assay_code code = judge(check, results, err);
	check->exit = *ret_exit = exit_of(check, cli_flag(args, "strict"));
	if (code == ASSAY_OK && cli->json)
		code = budget_check_json(check, cli->json, err);
	if (code == ASSAY_OK && !cli->json_is_stdout)
		budget_check_text(check, stdout);
	return code;
}

/* The run a reference names: its description, and its results with samples. */
static enum assay_code load(struct budget_check *check, const char *reference,
			    struct stored *stored, struct assay_result_list *results,
			    struct assay_err *err)
{
	enum assay_code code = stored_open(check->cli, reference, stored, err);
	if (code != ASSAY_OK)
		return code;
	check->run = stored_one(check->cli, reference, stored, NULL);
	return assay_store_results(stored->store, check->run->id, NULL, ASSAY_LOAD_SAMPLES, results,
				   err);
}

static bool is_among(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* What means nothing to bounds is refused rather than passed over. */
static enum assay_code check_options(const struct cli_args *args, struct assay_err *err)
{
	static const char *const taken[] = {
		"budget", "cand",  "load",    "strict", "all",      "db",
		"json",   "quiet", "verbose", "color",  "no-pager",
	};
	static const char *const measuring[] = {
		"profile", "samples", "time", "launches", "timeout", "cpus",
		"driver",  "seed",    "tag",  "sandbox",  "dry-run",
	};
	bool stored = cli_value(args, "cand");
	for (size_t g = 0; g < args->n_given; g++) {
		const char *name = args->given[g].option->name;
		bool measures = is_among(name, measuring, ASSAY_COUNT_OF(measuring));
		if (measures && stored)
			return assay_fail(err, ASSAY_EUSAGE,
					  "--%s is for what is measured; --cand is a stored run",
					  name);
		if (!measures && !is_among(name, taken, ASSAY_COUNT_OF(taken)))
			return assay_fail(err, ASSAY_EUSAGE, "--%s does not go with --budget",
					  name);
	}
	if (args->n_positional)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' is too much: the bounds say what is measured",
				  args->positional[0]);
	return ASSAY_OK;
}

static enum assay_code read_files(struct budget_check *check, struct cli *cli,
				  const struct cli_args *args, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < args->n_given; i++) {
		const struct cli_given *given = &args->given[i];
		if (strcmp(given->option->name, "budget") == 0)
			code = budget_list_read(&check->list, given->value, err);
		if (strcmp(given->option->name, "load") == 0)
			code = assay_registry_load(cli->registry, given->value, err);
	}
	if (code != ASSAY_OK)
		return code;
	check->outcomes = calloc(check->list.n, sizeof(*check->outcomes));
	return check->outcomes ? ASSAY_OK
			       : assay_fail(err, ASSAY_ENOMEM, "out of memory for budgets");
}

static enum assay_code check_stored(struct budget_check *check, const struct cli_args *args,
				    const char *reference, bool resolved, int *ret_exit,
				    struct assay_err *err)
{
	struct stored stored = {0};
	struct assay_result_list results = {0};
	enum assay_code code = load(check, reference, &stored, &results, err);
	if (code == ASSAY_OK && !resolved)
		code = gate_budget_resolve(check, &results, err);
	if (code == ASSAY_OK)
		code = say(check, args, &results, ret_exit, err);
	assay_result_list_done(&results);
	stored_done(&stored);
	return code;
}

static enum assay_code print_cases(const struct cli *cli, const struct words *cases,
				   struct assay_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < cases->n; i++) {
		json_array_append_new(list, assay_json_text(cases->words[i]));
		if (!cli->json_is_stdout)
			puts(cases->words[i]);
	}
	json_t *json = json_pack("{s:s, s:o}", "schema", "assay/1", "cases", list);
	if (cli->json)
		return assay_json_document(json, cli->json, err);
	json_decref(json);
	return ASSAY_OK;
}

static enum assay_code check_now(struct budget_check *check, struct cli *cli,
				 const struct cli_args *args, int *ret_exit, struct assay_err *err)
{
	struct words cases = {0};
	const struct assay_result_list none = {0};
	int64_t run = 0;
	enum assay_code code = gate_budget_resolve(check, &none, err);
	if (code == ASSAY_OK)
		code = list_cases(&check->list, &cases, err);
	if (code == ASSAY_OK && cli_flag(args, "dry-run"))
		code = print_cases(cli, &cases, err);
	else if (code == ASSAY_OK && cases.n == 0)
		code = say(check, args, &none, ret_exit, err);
	else if (code == ASSAY_OK)
		code = measure(cli, args, &cases, &run, ret_exit, err);
	words_done(&cases);
	if (code != ASSAY_OK || !run)
		return code;
	char reference[32];
	snprintf(reference, sizeof(reference), "%" PRId64, run);
	return check_stored(check, args, reference, true, ret_exit, err);
}

enum assay_code gate_budget(struct cli *cli, const struct cli_args *args, int *ret_exit,
			    struct assay_err *err)
{
	struct budget_check check = {.cli = cli, .all = cli->verbose || cli_flag(args, "all")};
	const char *cand = cli_value(args, "cand");
	enum assay_code code = check_options(args, err);
	if (code == ASSAY_OK)
		code = read_files(&check, cli, args, err);
	if (code == ASSAY_OK)
		code = cand ? check_stored(&check, args, cand, false, ret_exit, err)
			    : check_now(&check, cli, args, ret_exit, err);
	budget_list_done(&check.list);
	free(check.outcomes);
	return code;
}
