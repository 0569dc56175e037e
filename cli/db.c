/* SPDX-License-Identifier: MIT */
/* db: looking after the store: check, migrate, gc, backup, baseline. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/stored.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/store/merge.h"
#include "harness/store/run_json.h"

static const struct cli_option options[] = {
	{"keep-samples", 0, "AGE", "gc: drop samples of older runs, keep summaries (90d, 48h)"},
	{"keep-runs", 0, "AGE", "gc: drop older runs that nothing refers to"},
	{"dry-run", 0, NULL, "gc: only say what would go"},
	{0},
};

struct action {
	const char *name;
	enum assay_code (*run)(struct cli *cli, const struct cli_args *args, const char *file,
			       int *ret_exit, struct assay_err *err);
};

static enum assay_code report_json(struct cli *cli, const char *path,
				   const struct assay_store_report *r, struct assay_err *err)
{
	return assay_json_document(
		json_pack("{s:s, s:o, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:o}",
			  "schema", "assay/1", "file", assay_json_text(path), "schema_version",
			  r->schema_version, "newest_version", r->newest_version, "runs",
			  (json_int_t)r->runs, "results", (json_int_t)r->results, "samples",
			  (json_int_t)r->samples, "bytes", (json_int_t)r->bytes, "orphans",
			  (json_int_t)r->orphans, "damaged", (json_int_t)r->damaged, "journal_mode",
			  r->journal_mode, "sound", !r->problem[0], "problem",
			  r->problem[0] ? assay_json_text(r->problem) : json_null()),
		cli->json, err);
}

static enum assay_code check(struct cli *cli, const struct cli_args *args, const char *file,
			     int *ret_exit, struct assay_err *err)
{
	(void)args;
	struct assay_store_report r;
	const char *path = file ? file : cli->db;
	enum assay_code code = assay_store_check(path, &r, err);
	if (code == ASSAY_OK && cli->json)
		code = report_json(cli, path, &r, err);
	if (code != ASSAY_OK)
		return code;
	if (r.problem[0])
		*ret_exit = CLI_STORE;
	if (cli->json_is_stdout)
		return ASSAY_OK;
	printf("%s: schema %d, %s journal, %.1f MB\n", path, r.schema_version, r.journal_mode,
	       (double)r.bytes / 1e6);
	printf("%" PRIu64 " run%s, %" PRIu64 " result%s, %" PRIu64 " sample%s\n", r.runs,
	       r.runs == 1 ? "" : "s", r.results, r.results == 1 ? "" : "s", r.samples,
	       r.samples == 1 ? "" : "s");
	if (r.problem[0])
		printf("DAMAGED: %" PRIu64 " sample sets, %" PRIu64 " orphaned rows; first: %s\n",
		       r.damaged, r.orphans, r.problem);
	else
		puts("sound: pages, references and every checksum");
	return ASSAY_OK;
}

static enum assay_code migrate(struct cli *cli, const struct cli_args *args, const char *file,
			       int *ret_exit, struct assay_err *err)
{
	(void)args;
	(void)ret_exit;
	struct assay_store *store;
	struct assay_store_report before, after;
	const char *path = file ? file : cli->db;
	enum assay_code code = assay_store_check(path, &before, err);
	if (code == ASSAY_OK && before.problem[0])
		code = assay_fail(err, ASSAY_ESTORE, "'%.150s' is damaged and stays as it is: %s",
				  path, before.problem);
	if (code == ASSAY_OK)
		code = assay_store_open(path, ASSAY_STORE_WRITE, &store, err); /* migrates */
	if (code != ASSAY_OK)
		return code;
	assay_store_close(store);
	code = assay_store_check(path, &after, err);
	if (code == ASSAY_OK && cli->json)
		code = report_json(cli, path, &after, err);
	if (code != ASSAY_OK || cli->json_is_stdout)
		return code;
	if (before.schema_version == after.schema_version)
		printf("%s has schema %d already\n", path, after.schema_version);
	else
		printf("%s: schema %d to %d; the file as it was is %s.pre-v%d\n", path,
		       before.schema_version, after.schema_version, path, after.schema_version);
	return ASSAY_OK;
}

static enum assay_code parse_age(const struct cli_args *args, const char *option, uint64_t *ret,
				 struct assay_err *err)
{
	const char *text = cli_value(args, option);
	*ret = 0;
	return text ? assay_context(err, assay_parse_duration(text, ret, err), "--%s", option)
		    : ASSAY_OK;
}

static int64_t file_bytes(const char *path)
{
	struct stat about;
	return stat(path, &about) == 0 ? (int64_t)about.st_size : 0;
}

static void print_swept(const char *path, const struct assay_retention *policy,
			const struct assay_swept *swept, int64_t before)
{
	printf("%s %" PRIu64 " run%s and %" PRIu64 " sample set%s, %.1f MB of samples",
	       policy->dry_run ? "would drop" : "dropped", swept->runs, swept->runs == 1 ? "" : "s",
	       swept->sample_sets, swept->sample_sets == 1 ? "" : "s",
	       (double)swept->sample_bytes / 1e6);
	if (policy->dry_run)
		printf("; %s has %.1f MB\n", path, (double)before / 1e6);
	else
		printf("; %s had %.1f MB and has %.1f MB\n", path, (double)before / 1e6,
		       (double)file_bytes(path) / 1e6);
}

static enum assay_code gc(struct cli *cli, const struct cli_args *args, const char *file,
			  int *ret_exit, struct assay_err *err)
{
	(void)ret_exit;
	struct assay_retention policy = {.dry_run = cli_flag(args, "dry-run")};
	struct assay_store *store;
	struct assay_swept swept = {0};
	const char *path = file ? file : cli->db;
	enum assay_code code = parse_age(args, "keep-samples", &policy.keep_samples_ns, err);
	if (code == ASSAY_OK)
		code = parse_age(args, "keep-runs", &policy.keep_runs_ns, err);
	if (code == ASSAY_OK && !policy.keep_samples_ns && !policy.keep_runs_ns)
		code = assay_fail(err, ASSAY_EUSAGE,
				  "say what may go: --keep-samples 90d, --keep-runs 365d, or both");
	if (code == ASSAY_OK)
		code = policy.dry_run ? assay_store_open(path, ASSAY_STORE_READ, &store, err)
				      : stored_open_to_change(path, &store, err);
	if (code != ASSAY_OK)
		return code;
	int64_t before = file_bytes(path);
	code = assay_store_gc(store, &policy, &swept, err);
	assay_store_close(store);
	if (code == ASSAY_OK && cli->json)
		code = assay_json_document(
			json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:b}", "schema", "assay/1",
				  "runs", (json_int_t)swept.runs, "sample_sets",
				  (json_int_t)swept.sample_sets, "sample_bytes",
				  (json_int_t)swept.sample_bytes, "bytes_before",
				  (json_int_t)before, "bytes_after", (json_int_t)file_bytes(path),
				  "dry_run", (int)policy.dry_run),
			cli->json, err);
	if (code == ASSAY_OK && !cli->json_is_stdout)
		print_swept(path, &policy, &swept, before);
	return code;
}

static enum assay_code backup(struct cli *cli, const struct cli_args *args, const char *file,
			      int *ret_exit, struct assay_err *err)
{
	(void)args;
	(void)ret_exit;
	struct assay_store *store;
	char when[24];
	ASSAY_AUTO(assay_str_done) struct assay_str target = {0};
	assay_time_text(assay_wall_ns(), when);
	if (file)
		assay_str_add(&target, "%s", file);
	else
		assay_str_add(&target, "%s.%s", cli->db, when);
	enum assay_code code = assay_store_open(cli->db, ASSAY_STORE_READ, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_store_backup(store, assay_str_text(&target), err);
	assay_store_close(store);
	if (code == ASSAY_OK && cli->json)
		code = assay_json_document(json_pack("{s:s, s:o}", "schema", "assay/1", "file",
						     assay_json_text(assay_str_text(&target))),
					   cli->json, err);
	if (code == ASSAY_OK && !cli->json_is_stdout)
		printf("copied %s to %s\n", cli->db, assay_str_text(&target));
	return code;
}

static enum assay_code digest(struct cli *cli, const struct cli_args *args, const char *file,
			      int *ret_exit, struct assay_err *err)
{
	(void)args;
	(void)ret_exit;
	struct assay_store *store;
	uint8_t bytes[32];
	char text[65];
	enum assay_code code =
		assay_store_open(file ? file : cli->db, ASSAY_STORE_READ, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_store_digest(store, bytes, err);
	assay_store_close(store);
	for (int i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	if (code == ASSAY_OK && cli->json)
		code = assay_json_document(
			json_pack("{s:s, s:s}", "schema", "assay/1", "digest", text), cli->json,
			err);
	if (code == ASSAY_OK && !cli->json_is_stdout)
		printf("%s  %s\n", text, file ? file : cli->db);
	return code;
}

static enum assay_code baseline(struct cli *cli, const struct cli_args *args, const char *file,
				int *ret_exit, struct assay_err *err)
{
	(void)args;
	(void)ret_exit;
	if (!file)
		return assay_fail(err, ASSAY_EUSAGE,
				  "db baseline wants a RUN: @last, a number, ...");
	if (stored_names_file(file)) /* its numbers are not ours */
		return assay_fail(
			err, ASSAY_EUSAGE,
			"'%.200s' is in another file, which has a baseline of its own: set it "
			"there with --db, or merge the file first",
			file);
	struct stored stored;
	struct assay_store *store;
	enum assay_code code = stored_open(cli, file, &stored, err);
	if (code != ASSAY_OK)
		return code;
	const struct assay_run_info *run = stored_one(cli, file, &stored, NULL);
	int64_t id = run->id;
	char text[300], clean[300];
	assay_sanitise(clean, sizeof(clean), stored_describe(run, text, sizeof(text)));
	stored_done(&stored);
	code = assay_store_open(cli->db, ASSAY_STORE_WRITE, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_store_set_baseline(store, id, err);
	assay_store_close(store);
	if (code == ASSAY_OK && cli->json)
		code = assay_json_document(
			json_pack("{s:s, s:I}", "schema", "assay/1", "baseline", (json_int_t)id),
			cli->json, err);
	if (code == ASSAY_OK && !cli->json_is_stdout)
		printf("@base is now %s\n", clean);
	return code;
}

/* What is for gc is not passed over elsewhere: no migration only says what it would do. */
static enum assay_code check_options(const struct cli_args *args, struct assay_err *err)
{
	for (const struct cli_option *o = options; o->name; o++)
		if (cli_value(args, o->name) && strcmp(args->positional[0], "gc") != 0)
			return assay_fail(err, ASSAY_EUSAGE, "--%s is for gc, not for %s", o->name,
					  args->positional[0]);
	return ASSAY_OK;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	static const struct action actions[] = {
		{"check", check},   {"migrate", migrate},   {"gc", gc},
		{"backup", backup}, {"baseline", baseline}, {"digest", digest},
	};
	const char *names[ASSAY_COUNT_OF(actions)];
	if (args->n_positional > 2)
		return assay_fail(err, ASSAY_EUSAGE,
				  "one file or run at a time; '%s' is one too many",
				  args->positional[2]);
	if (args->n_positional == 0)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"say what to do: one of check, migrate, gc, backup, baseline, digest");
	for (size_t i = 0; i < ASSAY_COUNT_OF(actions); i++) {
		names[i] = actions[i].name;
		if (strcmp(actions[i].name, args->positional[0]) != 0)
			continue;
		enum assay_code code = check_options(args, err);
		return code != ASSAY_OK
			       ? code
			       : actions[i].run(cli, args,
						args->n_positional > 1 ? args->positional[1] : NULL,
						ret_exit, err);
	}
	const char *nearest = assay_nearest(args->positional[0], names, ASSAY_COUNT_OF(names));
	return assay_fail(err, ASSAY_EUSAGE, "unknown action '%s'%s%s%s", args->positional[0],
			  nearest ? "; did you mean '"
				  : "; there are check, migrate, gc, backup, baseline and ",
			  nearest ? nearest : "digest", nearest ? "'?" : "");
}

const struct cli_verb cli_verb_db = {
	.name = "db",
	.usage = "check|migrate|gc|backup|digest [FILE] | baseline RUN",
	.brief = "look after the store",
	.details =
		"check [FILE]    pages, references, checksums of all samples; exit 7 if damaged\n"
		"migrate [FILE]  bring an older file to this program's schema, after a backup\n"
		"gc [FILE]       drop what --keep-samples and --keep-runs allow. Baselines and\n"
		"                runs in progress stay whole; runs that are tagged, acknowledged\n"
		"                or a confirmed change lose their samples at most\n"
		"backup [FILE]   a consistent copy, while others write; never replaces a file\n"
		"digest [FILE]   one number over the content: stores that hold the same agree\n"
		"baseline RUN    what @base names on that run's machine, instead of the first run",
	.options = options,
	.run = run,
};
