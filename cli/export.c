/* SPDX-License-Identifier: MIT */
/* export: runs in other people's formats. A file appears whole or not at all. */
#include <string.h>

#include "cli/cli.h"
#include "cli/formats.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "cli/stored.h"
#include "harness/base/str.h"
#include "harness/engine/plan.h"
#include "harness/store/merge.h"
#include "reports/stacks.h"

static const struct cli_option options[] = {
	{"format", 'f', "NAME",
	 "json, jsonl, csv, openmetrics, gbench, postgres, trace, folded, bundle (json)"},
	{"output", 'o', "FILE", "write to a file, replaced at once when complete; '-': stdout"},
	{"all", 'a', NULL, "every run in the store"},
	{"only", 0, "PATTERN", "only the cases that match"},
	{0},
};

static const struct export_format *const formats[] = {
	&export_json,   &export_jsonl,    &export_csv,   &export_openmetrics,
	&export_gbench, &export_postgres, &export_trace,
};

/* What is not written run by run as a stream of results. */
static const char *const others[] = {"folded", "bundle"};

static enum assay_code find_format(const char *name, const struct export_format **ret,
				   struct assay_err *err)
{
	const char *names[ASSAY_COUNT_OF(formats) + ASSAY_COUNT_OF(others)];
	ASSAY_AUTO(assay_str_done) struct assay_str list = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++) {
		bool stream = i < ASSAY_COUNT_OF(formats);
		names[i] = stream ? formats[i]->name : others[i - ASSAY_COUNT_OF(formats)];
		assay_str_add(&list, "%s%s", i ? ", " : "", names[i]);
		if (stream && strcmp(names[i], name) == 0) {
			*ret = formats[i];
			return ASSAY_OK;
		}
	}
	const char *nearest = assay_nearest(name, names, ASSAY_COUNT_OF(names));
	return assay_fail(err, ASSAY_EUSAGE, "unknown format '%.40s'; %s%s%s", name,
			  nearest ? "did you mean '" : "there are ",
			  nearest ? nearest : assay_str_text(&list), nearest ? "'?" : "");
}

struct job {
	struct cli *cli;
	const struct export_format *format;
	const char *pattern;
	FILE *out;
	size_t runs, results;
};

/* Write the file that the run was imported from, if it was one of this format. */
static enum assay_code give_back(struct job *job, struct assay_store *store,
				 const struct assay_run_info *run, bool *ret_written,
				 struct assay_err *err)
{
	char kind[32];
	struct assay_attachment_list files;
	snprintf(kind, sizeof(kind), "import:%s", job->format->name);
	enum assay_code code = assay_store_attachments(store, run->id, kind, &files, err);
	if (code != ASSAY_OK)
		return code;
	*ret_written = files.n > 0;
	if (files.n > 0)
		fwrite(files.attachments[0].bytes, 1, files.attachments[0].size, job->out);
	assay_attachment_list_done(&files);
	return ASSAY_OK;
}

/* Those of cases that match. */
static enum assay_code export_attached(struct job *job, struct assay_store *store,
				       const struct assay_run_info *run, struct assay_err *err)
{
	struct assay_attachment_list list;
	enum assay_code code =
		assay_store_attachments(store, run->id, job->format->kind, &list, err);
	for (size_t i = 0; code == ASSAY_OK && i < list.n; i++)
		if (!job->pattern || assay_pattern_matches(job->pattern, list.attachments[i].name))
			code = job->format->attached(job->out, run, &list.attachments[i], err);
	assay_attachment_list_done(&list);
	return code;
}

static enum assay_code export_run(struct job *job, struct assay_store *store,
				  const struct assay_run_info *run, struct assay_err *err)
{
	struct assay_result_list results;
	bool written = false;
	enum assay_code code =
		assay_store_results(store, run->id, job->pattern, job->format->load, &results, err);
	if (code != ASSAY_OK)
		return code;
	if (job->format->original && !job->pattern)
		code = give_back(job, store, run, &written, err);
	if (code == ASSAY_OK && !written)
		code = job->format->run(job->out, run, &results, job->runs == 0, err);
	if (code == ASSAY_OK && job->format->kind)
		code = export_attached(job, store, run, err);
	job->runs++;
	job->results += results.n;
	assay_result_list_done(&results);
	return code;
}

static enum assay_code export_reference(struct job *job, const char *reference,
					struct assay_err *err)
{
	struct stored stored;
	enum assay_code code = stored_open(job->cli, reference, &stored, err);
	if (code != ASSAY_OK)
		return code;
	if (job->format->one_run) {
		code = export_run(job, stored.store, stored_one(job->cli, reference, &stored, NULL),
				  err);
	} else {
		for (size_t i = stored.runs.n; i-- > 0 && code == ASSAY_OK;) /* oldest first */
			code = export_run(job, stored.store, &stored.runs.runs[i], err);
	}
	stored_done(&stored);
	return code;
}

/* How many results of the run match, on top of *n. */
static enum assay_code count(struct assay_store *store, int64_t run, const char *pattern, size_t *n,
			     struct assay_err *err)
{
	struct assay_result_list results;
	enum assay_code code =
		assay_store_results(store, run, pattern, ASSAY_LOAD_SUMMARY, &results, err);
	if (code == ASSAY_OK)
		*n += results.n;
	assay_result_list_done(&results);
	return code;
}

/* Before the first byte is written: what cannot be found must not leave half a document on stdout. */
static enum assay_code find_all(const struct job *job, const struct cli_args *args,
				struct assay_err *err)
{
	const char *newest = cli_flag(args, "all") ? "" : "@last";
	enum assay_code code = ASSAY_OK;
	size_t matching = 0;
	for (int i = 0; i == 0 || i < args->n_positional; i++) {
		struct stored stored;
		code = stored_open(job->cli, args->n_positional ? args->positional[i] : newest,
				   &stored, err);
		if (code != ASSAY_OK)
			return code;
		for (size_t r = 0; r < stored.runs.n && code == ASSAY_OK && job->pattern; r++)
			code = count(stored.store, stored.runs.runs[r].id, job->pattern, &matching,
				     err);
		stored_done(&stored);
	}
	if (code == ASSAY_OK && job->pattern && matching == 0)
		return assay_fail(err, ASSAY_EUSAGE, "no case matches '%.100s'", job->pattern);
	return code;
}

static enum assay_code export_all(struct job *job, const struct cli_args *args,
				  struct assay_err *err)
{
	enum assay_code code = job->format->begin ? job->format->begin(job->out, err) : ASSAY_OK;
	if (code == ASSAY_OK && args->n_positional == 0)
		code = export_reference(job, cli_flag(args, "all") ? "" : "@last", err);
	for (int i = 0; i < args->n_positional && code == ASSAY_OK; i++)
		code = export_reference(job, args->positional[i], err);
	if (code == ASSAY_OK && job->format->end)
		code = job->format->end(job->out, err);
	return code;
}

static enum assay_code check_arguments(const struct job *job, const struct cli_args *args,
				       struct assay_err *err)
{
	bool all = cli_flag(args, "all");
	if (all && args->n_positional)
		return assay_fail(err, ASSAY_EUSAGE, "--all and named runs exclude each other");
	if (job->format->one_run && (all || args->n_positional > 1))
		return assay_fail(err, ASSAY_EUSAGE, "%s holds one run: name one RUN%s",
				  job->format->name, all ? " instead of --all" : "");
	return ASSAY_OK;
}

/* A bundle is a database: it is not written as a stream, and replaces nothing. */
static enum assay_code export_bundle(struct cli *cli, const struct cli_args *args,
				     struct assay_err *err)
{
	const char *to = cli_value(args, "output");
	const char *reference = args->n_positional ? args->positional[0] : "@last";
	struct stored stored;
	uint8_t digest[32];
	if (!to || strcmp(to, "-") == 0)
		return assay_fail(err, ASSAY_EUSAGE, "a bundle is a file: name it with -o FILE");
	if (args->n_positional > 1 || cli_flag(args, "all") || cli_value(args, "only"))
		return assay_fail(err, ASSAY_EUSAGE, "a bundle holds one whole run; name it");
	enum assay_code code = stored_open(cli, reference, &stored, err);
	if (code != ASSAY_OK)
		return code;
	const struct assay_run_info *run = stored_one(cli, reference, &stored, NULL);
	code = assay_store_bundle(stored.store, run->id, to, digest, err);
	if (code == ASSAY_OK)
		cli_note(cli, "%zu results written to %s, sha256 %02x%02x%02x%02x...",
			 run->n_results, to, digest[0], digest[1], digest[2], digest[3]);
	stored_done(&stored);
	return code;
}

/* Call stacks belong to the run of `assay profile` that took them; all of it becomes one tree. */
static enum assay_code export_folded(struct cli *cli, const struct cli_args *args,
				     struct assay_err *err)
{
	struct profile_list profiles = {0};
	struct assay_stacks *all = NULL;
	struct output output;
	struct profile_origin origin;
	if (args->n_positional > 1 || cli_flag(args, "all") || cli_value(args, "only"))
		return assay_fail(err, ASSAY_EUSAGE,
				  "folded stacks are of one whole run of 'assay profile'; name it");
	enum assay_code code = profile_load(cli, args->n_positional ? args->positional[0] : "@last",
					    &profiles, &origin, err);
	if (code == ASSAY_OK)
		code = profile_merge(&profiles, &all, err);
	if (code == ASSAY_OK)
		code = output_open(&output, cli_value(args, "output"), err);
	if (code == ASSAY_OK)
		code = output_close(&output, assay_stacks_folded(all, output.out, err), err);
	assay_stacks_free(all);
	profile_list_done(&profiles);
	return code;
}

/* What is written is the document: --json could only name it another, or an empty one beside it. */
static enum assay_code check_json(const struct cli *cli, const char *format, struct assay_err *err)
{
	bool json = !format || strncmp(format, "json", 4) == 0;
	if (!cli->json || (json && cli->json_is_stdout))
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EUSAGE,
			  "--json adds nothing to what is written: --format json -o FILE");
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	struct job job = {.cli = cli, .pattern = cli_value(args, "only")};
	const char *format = cli_value(args, "format");
	struct output output;
	(void)ret_exit;
	enum assay_code code = check_json(cli, format, err);
	if (code != ASSAY_OK)
		return code;
	if (format && strcmp(format, "bundle") == 0)
		return export_bundle(cli, args, err);
	if (format && strcmp(format, "folded") == 0)
		return export_folded(cli, args, err);
	code = find_format(format ? format : "json", &job.format, err);
	if (code == ASSAY_OK)
		code = check_arguments(&job, args, err);
	if (code == ASSAY_OK)
		code = find_all(&job, args, err);
	if (code == ASSAY_OK)
		code = output_open(&output, cli_value(args, "output"), err);
	if (code != ASSAY_OK)
		return code;
	job.out = output.out;
	const char *path = output.path;
	code = output_close(&output, export_all(&job, args, err), err);
	if (code == ASSAY_OK && path)
		cli_note(cli, "%zu run%s with %zu result%s written to %s", job.runs,
			 job.runs == 1 ? "" : "s", job.results, job.results == 1 ? "" : "s", path);
	return code;
}

const struct cli_verb cli_verb_export = {
	.name = "export",
	.usage = "[RUN...]",
	.brief = "runs for other programs: json, csv, openmetrics, gbench, trace",
	.details =
		"Without RUN the newest run. json and jsonl hold everything, samples included;\n"
		"csv one row per result; openmetrics and gbench one run. postgres is a script for\n"
		"psql, to run as often as one likes. trace is the run on a time axis, for\n"
		"Perfetto or chrome://tracing; folded are the call stacks of a run of 'assay\n"
		"profile'. A bundle is one run as a file with a digest, for 'assay merge'.",
	.options = options,
	.run = run,
};
