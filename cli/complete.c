/* SPDX-License-Identifier: MIT */
/*
 * complete: what could stand at the end of a command line, for the shells' completion. The words after
 * `--` are those typed after `assay`, the last one unfinished; each line of the answer is a candidate,
 * a tab and what it is. A line ":files" asks the shell for names of files instead.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/settings.h"
#include "cli/settings_named.h"
#include "cli/stored.h"
#include "harness/base/str.h"
#include "profiler/groups.h"

enum { LONGEST = 512 }; /* bytes of a candidate */

/* The command line so far. */
struct line {
	const struct cli *cli;
	const struct cli_verb *verb; /* NULL: not typed yet */
	bool help;                   /* its page is asked for: nothing follows it */
	const char *word;            /* the unfinished one */
	size_t kept;                 /* bytes of it that stay as they are: `--color=`, `pool,` */
};

static void offer(const struct line *line, const char *candidate, const char *what)
{
	const char *begun = line->word + line->kept;
	if (strncmp(candidate, begun, strlen(begun)) != 0)
		return;
	char clean[256], whole[LONGEST];
	/* What a shell would not show as it is, or nobody would complete, is no candidate. */
	assay_sanitise(whole, sizeof(whole), candidate);
	if (strcmp(whole, candidate) != 0)
		return;
	assay_sanitise(clean, sizeof(clean), what ? what : "");
	printf("%.*s%s\t%s\n", (int)line->kept, line->word, candidate, clean);
}

static void offer_files(struct line *line)
{
	(void)line;
	puts(":files");
}

/* Words separated by blanks. */
static void offer_words(const struct line *line, const char *words)
{
	ASSAY_AUTO_FREE char *copy = strdup(words);
	char *cursor = copy, *word;
	while ((word = strsep(&cursor, " ")))
		offer(line, word, NULL);
}

/* Of a list only what follows the last comma is unfinished. */
static void within_list(struct line *line)
{
	const char *comma = strrchr(line->word + line->kept, ',');
	if (comma)
		line->kept = (size_t)(comma + 1 - line->word);
}

static void offer_patterns(struct line *line)
{
	const struct assay_suite_entry *suites;
	const struct assay_bench_entry *benches;
	size_t n_suites = assay_registry_suites(line->cli->registry, &suites);
	size_t n_benches = assay_registry_benches(line->cli->registry, &benches);
	for (size_t i = 0; i < n_suites; i++)
		if (!assay_registry_hidden(line->cli->registry, suites[i].name))
			offer(line, suites[i].name, "the whole suite");
	for (size_t i = 0; i < n_benches; i++) {
		if (assay_registry_hidden(line->cli->registry, benches[i].suite))
			continue;
		ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
		assay_str_add(&name, "%s/%s", benches[i].suite, benches[i].name);
		offer(line, assay_str_text(&name), benches[i].bench->brief);
	}
}

static void offer_subjects(struct line *line)
{
	const struct assay_subject_entry *subjects;
	size_t n = assay_registry_subjects(line->cli->registry, &subjects);
	within_list(line);
	for (size_t i = 0; i < n; i++)
		offer(line, subjects[i].name, subjects[i].subject->brief);
}

/* `-P size=`; the axes of all benchmarks, each once. */
static void offer_axes(struct line *line)
{
	const struct assay_bench_entry *benches;
	size_t n = assay_registry_benches(line->cli->registry, &benches);
	ASSAY_AUTO(assay_str_done) struct assay_str seen = {0}, entry = {0};
	assay_str_add(&seen, " threads= ");
	offer(line, "threads=", "numbers of threads");
	for (size_t i = 0; i < n; i++) {
		for (const struct assay_axis *a = benches[i].bench->axes; a && a->name; a++) {
			entry.length = 0;
			assay_str_add(&entry, " %s= ", a->name);
			if (strstr(assay_str_text(&seen), assay_str_text(&entry)))
				continue;
			assay_str_add(&seen, "%s", assay_str_text(&entry));
			entry.text[entry.length - 1] = '\0';
			offer(line, entry.text + 1, a->values);
		}
	}
}

static void offer_counters(struct line *line)
{
	struct counter_groups groups;
	within_list(line);
	offer_words(line, "default none");
	if (counter_groups_read(groups_text, &groups, NULL) != ASSAY_OK)
		return;
	for (size_t i = 0; i < groups.n; i++)
		offer(line, groups.groups[i].name, groups.groups[i].brief);
	counter_groups_done(&groups);
}

/* Without a store, or with one that cannot be read, there is nothing to offer, and nothing to say. */
static void offer_runs(struct line *line)
{
	struct stored stored;
	char text[160], id[24];
	offer(line, "@last", "the newest run");
	offer(line, "@base", "the baseline, or the first run");
	if (stored_open(line->cli, "", &stored, NULL) != ASSAY_OK)
		return;
	for (size_t i = 0; i < stored.runs.n && i < 20; i++) {
		const struct assay_run_info *run = &stored.runs.runs[i];
		snprintf(id, sizeof(id), "%lld", (long long)run->id);
		offer(line, id, stored_describe(run, text, sizeof(text)));
		for (size_t t = 0; t < run->n_tags; t++) {
			ASSAY_AUTO(assay_str_done) struct assay_str tag = {0};
			assay_str_add(&tag, "tag:%s=%s", run->tags[t].key, run->tags[t].value);
			offer(line, assay_str_text(&tag), text);
		}
	}
	stored_done(&stored);
}

static void offer_runs_and_files(struct line *line)
{
	offer_runs(line);
	offer_files(line);
}

/* The cases of the newest run. */
static void offer_series(struct line *line)
{
	struct stored stored;
	struct assay_result_list results;
	if (stored_open(line->cli, "@last", &stored, NULL) != ASSAY_OK)
		return;
	if (assay_store_results(stored.store, stored.runs.runs[0].id, NULL, ASSAY_LOAD_SUMMARY,
				&results, NULL) == ASSAY_OK) {
		for (size_t i = 0; i < results.n; i++)
			if (!i || strcmp(results.results[i].name, results.results[i - 1].name) != 0)
				offer(line, results.results[i].name, NULL);
		assay_result_list_done(&results);
	}
	stored_done(&stored);
}

static void offer_keys(struct line *line)
{
	size_t n;
	const struct config_setting *settings = config_settings(line->cli->config, &n);
	for (size_t i = 0; i < n; i++)
		offer(line, settings[i].key, settings[i].help);
}

/* What assay.yaml defines under `kind`, with what it says of it. */
static void offer_named(const struct line *line, const char *kind)
{
	char name[CONFIG_NAME];
	for (size_t at = 0; config_next_name(line->cli->config, kind, &at, name);)
		offer(line, name, config_named_get(line->cli->config, kind, name, "brief"));
}

static void offer_profiles(struct line *line)
{
	offer_words(line, "quick ci full card");
	offer_named(line, "profiles");
}

static void offer_sets(struct line *line)
{
	within_list(line);
	offer_named(line, "sets");
}

static void offer_verbs(struct line *line)
{
	for (size_t i = 0; cli_verbs[i]; i++)
		if (cli_verbs[i]->brief)
			offer(line, cli_verbs[i]->name, cli_verbs[i]->brief);
}

/* What a word of a usage line stands for; the first that is found in it counts. */
static const struct {
	const char *in_usage;
	void (*offer)(struct line *line);
} operands[] = {
	{"PATTERN", offer_patterns}, {"SERIES", offer_series},        {"KEY", offer_keys},
	{"[RUN", offer_runs},        {"A [B]", offer_runs_and_files}, {"VERB", offer_verbs},
};

/* What an option takes, by its name, or else by the name of its argument. */
static const struct {
	const char *verb; /* only of this one */
	const char *option, *argument;
	const char *words;
	void (*offer)(struct line *line);
} values[] = {
	{.option = "profile", .offer = offer_profiles},
	{.option = "set", .offer = offer_sets},
	{.option = "driver", .words = "native gbench"},
	{.option = "color", .words = "auto always never"},
	{.verb = "import", .option = "format", .words = "assay gbench hyperfine jmh nvbench"},
	{.option = "format",
	 .words = "json jsonl csv openmetrics gbench postgres trace folded bundle"},
	{.option = "cpus", .words = "compact spread same-core same-l3 cross-numa"},
	{.option = "output", .argument = "WHERE", .words = "null pipe inherit"},
	{.option = "subjects", .offer = offer_subjects},
	{.option = "param", .offer = offer_axes},
	{.option = "counters", .offer = offer_counters},
	{.argument = "RUN", .offer = offer_runs},
	{.argument = "WHAT", .offer = offer_runs_and_files},
	{.argument = "PATTERN", .offer = offer_patterns},
	{.argument = "FILE", .offer = offer_files},
	{.argument = "[FILE]", .offer = offer_files},
	{.argument = "FILE.so", .offer = offer_files},
	{.argument = "FOLDER", .offer = offer_files},
	{.argument = "EXE", .offer = offer_files},
};

static void complete_value(struct line *line, const struct cli_option *option)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(values); i++) {
		if (values[i].verb &&
		    (!line->verb || strcmp(values[i].verb, line->verb->name) != 0))
			continue;
		if (values[i].option && strcmp(values[i].option, option->name) != 0)
			continue;
		if (values[i].argument && strcmp(values[i].argument, option->argument) != 0)
			continue;
		if (values[i].words)
			offer_words(line, values[i].words);
		else
			values[i].offer(line);
		return;
	}
}

/* The option that `word` names, up to its '=' if any; NULL: none, or an abbreviation. */
static const struct cli_option *find_option(const struct cli_option *options, const char *word)
{
	size_t n = strcspn(word, "=");
	for (; options && options->name; options++) {
		if (word[0] == '-' && word[1] && word[1] == options->letter && !word[2])
			return options;
		if (strncmp(word, "--", 2) == 0 && n == strlen(options->name) + 2 &&
		    strncmp(word + 2, options->name, n - 2) == 0)
			return options;
	}
	return NULL;
}

static const struct cli_option *option_named(const struct line *line, const char *word)
{
	const struct cli_option *own = find_option(line->verb ? line->verb->options : NULL, word);
	return own ? own : find_option(cli_globals, word);
}

/* Does the word after this one belong to it? */
static bool takes_next(const struct cli_option *option, const char *word)
{
	return option && option->argument && option->argument[0] != '[' && !strchr(word, '=');
}

static void complete_option(const struct line *line)
{
	const struct cli_option *const tables[] = {line->verb ? line->verb->options : NULL,
						   cli_globals};
	for (size_t t = 0; t < ASSAY_COUNT_OF(tables); t++) {
		for (const struct cli_option *o = tables[t]; o && o->name; o++) {
			ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
			assay_str_add(&name, "--%s", o->name);
			offer(line, assay_str_text(&name), o->help);
		}
	}
}

static void complete_operand(struct line *line)
{
	const char *usage = line->verb->usage ? line->verb->usage : "";
	if (usage[0] >= 'a' &&
	    usage[0] <= 'z') { /* "check|migrate FILE | baseline RUN": one of these words */
		ASSAY_AUTO_FREE char *copy = strdup(usage);
		char *cursor = copy, *form;
		while ((form = strsep(&cursor, "|"))) {
			form += strspn(form, " ");
			form[strcspn(form, " \n")] = '\0';
			offer(line, form, NULL);
		}
		return;
	}
	for (size_t i = 0; i < ASSAY_COUNT_OF(operands); i++) {
		if (!strstr(usage, operands[i].in_usage))
			continue;
		operands[i].offer(line);
		return;
	}
	if (*usage)
		offer_files(line);
}

/*
 * Read words[n] as far as they go: the verb, and in *ret_pending the option that waits for its value.
 * False: they cannot be completed, or names of files were offered already.
 */
static bool read_words(struct cli *cli, char **words, int n, struct line *line,
		       const struct cli_option **ret_pending)
{
	const struct cli_option *pending = NULL;
	for (int i = 0; i < n; i++) {
		if (pending) {
			if (strcmp(pending->name, "db") == 0)
				cli->db = words[i];
			pending = NULL;
			continue;
		}
		if (strcmp(words[i], "--") == 0) { /* a command follows */
			offer_files(line);
			return false;
		}
		if (strncmp(words[i], "--db=", 5) == 0)
			cli->db = words[i] + 5;
		if (!line->verb && !line->help && strcmp(words[i], "help") == 0) {
			line->help = true;
			continue;
		}
		const struct cli_option *option = option_named(line, words[i]);
		if (takes_next(option, words[i]))
			pending = option;
		else if (words[i][0] != '-' && !line->verb &&
			 cli_verb_find(words[i], &line->verb, NULL) != ASSAY_OK)
			return false;
	}
	*ret_pending = pending;
	return true;
}

/* `--color=al`: the option is finished, its value is not. */
static bool read_equals(struct line *line, const struct cli_option **ret_pending)
{
	const char *equals = strchr(line->word, '=');
	if (*ret_pending || !equals || strncmp(line->word, "--", 2) != 0)
		return true;
	*ret_pending = option_named(line, line->word);
	line->kept = (size_t)(equals + 1 - line->word);
	return *ret_pending && (*ret_pending)->argument;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)ret_exit;
	const struct cli_option *pending = NULL;
	int n = args->n_positional;
	if (!n)
		return assay_fail(err, ASSAY_EUSAGE,
				  "what was typed so far follows '--', the last word unfinished");
	struct line line = {.cli = cli, .word = args->positional[n - 1]};
	if (!read_words(cli, args->positional, n - 1, &line, &pending) ||
	    !read_equals(&line, &pending))
		return ASSAY_OK;
	if (pending)
		complete_value(&line, pending);
	else if (line.word[0] == '-')
		complete_option(&line);
	else if (!line.verb)
		offer_verbs(&line);
	else if (!line.help)
		complete_operand(&line);
	return ASSAY_OK;
}

const struct cli_verb cli_verb_complete = {
	.name = "complete",
	.usage = "-- WORD...",
	.run = run,
};
