/* SPDX-License-Identifier: MIT */
/* import: other tools' files, and our own, as runs of the store. A file is imported whole or not at all. */
#include "cli/import.h"

#include <errno.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/run_record.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/engine/collect.h"
#include "harness/store/run_json.h"

static const struct cli_option options[] = {
	{"format", 'f', "NAME", "assay, gbench, hyperfine, jmh or nvbench (default: by content)"},
	{"tag", 0, "KEY=VALUE", "remember this with each run"},
	{"commit", 0, "SHA", "the code that was measured, when the file does not say"},
	{0},
};

static const struct import_format *const formats[] = {
	&import_assay, &import_gbench, &import_hyperfine, &import_jmh, &import_nvbench,
};

/* A file beyond this is no benchmark's output. */
enum { MOST_BYTES = 1 << 30 };

static enum assay_code read_file(const char *path, char **ret, size_t *ret_length,
				 struct assay_err *err)
{
	struct stat about;
	FILE *in = fopen(path, "re");
	if (!in || fstat(fileno(in), &about) != 0 || S_ISDIR(about.st_mode)) {
		int why = in && S_ISDIR(about.st_mode) ? EISDIR : errno;
		if (in)
			fclose(in);
		return assay_fail(err, ASSAY_EUSAGE, "cannot read '%s': %s", path, strerror(why));
	}
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	char block[1 << 16];
	size_t n;
	while ((n = fread(block, 1, sizeof(block), in)) > 0 && text.length < MOST_BYTES)
		assay_str_put(&text, block, n);
	bool broken = ferror(in);
	fclose(in);
	if (broken)
		return assay_fail(err, ASSAY_EIO, "cannot read '%s': %s", path, strerror(errno));
	if (text.length >= MOST_BYTES)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is larger than 1 GiB", path);
	assay_str_put(&text, "", 1); /* of an empty file, too, there is a text */
	if (text.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for '%s'", path);
	*ret_length = text.length - 1;
	*ret = text.text;
	text.text = NULL;
	return ASSAY_OK;
}

static enum assay_code find_format(const char *name, const struct import_file *file,
				   const struct import_format **ret, struct assay_err *err)
{
	const char *names[ASSAY_COUNT_OF(formats)];
	for (size_t i = 0; i < ASSAY_COUNT_OF(formats); i++) {
		names[i] = formats[i]->name;
		*ret = formats[i];
		if (name ? strcmp(name, formats[i]->name) == 0 : formats[i]->knows(file))
			return ASSAY_OK;
	}
	if (!name && strncmp(file->text, "SQLite format 3", 15) == 0)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"'%s' is a database; stores and bundles are added by 'assay merge'",
			file->path);
	if (!name)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' is none of the formats that are known by their content; "
				  "name one with --format",
				  file->path);
	const char *nearest = assay_nearest(name, names, ASSAY_COUNT_OF(formats));
	return assay_fail(err, ASSAY_EUSAGE, "unknown format '%.40s'%s%s%s", name,
			  nearest ? "; did you mean '"
				  : "; there are assay, gbench, hyperfine, jmh and ",
			  nearest ? nearest : "nvbench", nearest ? "'?" : "");
}

/* What identifies content that has no identity of its own: the same file again is the same run. */
static void digest(const char *text, size_t length, size_t run, uint8_t uuid[16])
{
	uint8_t hash[32];
	struct sha256_ctx context;
	sha256_init(&context);
	sha256_update(&context, length, (const uint8_t *)text);
	sha256_update(&context, sizeof(run), (const uint8_t *)&run);
	sha256_digest(&context, sizeof(hash), hash);
	memcpy(uuid, hash, 16);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80); /* version 8, RFC 9562 */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

/* What the file does not say itself. */
static void fill_run(struct assay_run_info *run, const struct import_file *file, size_t number,
		     const struct cli_args *args)
{
	if (is_zero(run->uuid, sizeof(run->uuid)))
		digest(file->text, file->length, number, run->uuid);
	if (is_zero(run->fingerprint, sizeof(run->fingerprint))) {
		struct sha256_ctx context;
		sha256_init(&context);
		sha256_update(&context, strlen(run->machine_name),
			      (const uint8_t *)run->machine_name);
		sha256_update(&context, strlen(run->machine_json),
			      (const uint8_t *)run->machine_json);
		sha256_digest(&context, sizeof(run->fingerprint), run->fingerprint);
	}
	if (!run->started_ns)
		run->started_ns = assay_wall_ns();
	if (!run->finished_ns)
		run->finished_ns = run->started_ns;
	if (!run->commit)
		run->commit = cli_value(args, "commit");
}

/* Samples without a summary get one; the median of figures that came alone is what they are. */
static enum assay_code summarise(struct assay_result_list *list, struct assay_err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		struct assay_result *r = &list->results[i];
		struct assay_summary summary;
		if (!r->samples.n || r->estimate.n)
			continue;
		enum assay_code code = assay_summarise(&r->samples, &summary, err);
		if (code != ASSAY_OK)
			return code;
		r->estimate = summary.estimate;
		r->flags |= summary.flags;
	}
	return ASSAY_OK;
}

struct job {
	struct cli *cli;
	const struct cli_args *args;
	struct assay_store *store;
	const struct import_format *format;
	const struct import_file *file;
};

/* One event for each run; `id` is 0 for one that was there already. */
static enum assay_code tell(const struct job *job, const struct assay_run_info *run, int64_t id,
			    size_t n_results, struct assay_err *err)
{
	char uuid[37];
	assay_uuid_text(run->uuid, uuid);
	return assay_json_line(
		json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:I}", "schema", "assay/1", "event",
			  "imported", "file", assay_json_text(job->file->path), "format",
			  job->format->name, "uuid", uuid, "run",
			  id ? json_integer(id) : json_null(), "results", (json_int_t)n_results),
		job->cli->json, err);
}

static enum assay_code store_run(const struct job *job, struct assay_run_info *run,
				 struct assay_result_list *results, struct assay_err *err)
{
	const struct import_file *file = job->file;
	char kind[32];
	snprintf(kind, sizeof(kind), "import:%s", job->format->name);
	const char *slash = strrchr(file->path, '/');
	const struct assay_attachment original = {kind, slash ? slash + 1 : file->path, file->text,
						  file->length};
	const struct assay_import import = {run, results->results, results->n, &original,
					    job->format->keep ? 1 : 0};
	int64_t id;
	enum assay_code code = assay_store_import(job->store, &import, &id, err);
	if (code != ASSAY_OK)
		return code;
	if (id)
		cli_note(job->cli, "run %" PRId64 ": %zu result%s from %s (%s)", id, results->n,
			 results->n == 1 ? "" : "s", file->path, job->format->name);
	else
		cli_note(job->cli, "%s: its run is in %s already", file->path, job->cli->db);
	return job->cli->json ? tell(job, run, id, results->n, err) : ASSAY_OK;
}

static enum assay_code import_one(const struct job *job, struct import_one *one, size_t number,
				  struct assay_err *err)
{
	struct assay_tag *tags = NULL;
	fill_run(&one->run, job->file, number, job->args);
	enum assay_code code = summarise(&one->results, err);
	if (code == ASSAY_OK)
		code = run_record_tags(job->args, &one->run, &tags, err);
	if (code == ASSAY_OK)
		code = store_run(job, &one->run, &one->results, err);
	free(tags);
	return code;
}

static enum assay_code import_file(struct job *job, const char *path, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *text = NULL;
	struct import_file file = {.path = path};
	struct import_runs runs = {0};
	enum assay_code code = read_file(path, &text, &file.length, err);
	if (code != ASSAY_OK)
		return code;
	file.text = text;
	json_t *document = json_loads(text, 0, NULL);
	file.document = document;
	job->file = &file;
	code = find_format(cli_value(job->args, "format"), &file, &job->format, err);
	if (code == ASSAY_OK && strlen(text) < file.length) /* what a lost power leaves in a file */
		code = assay_fail(err, ASSAY_EPARSE,
				  "byte %zu is a NUL, which is in no text: the file is damaged",
				  strlen(text) + 1);
	if (code == ASSAY_OK)
		code = import_runs_read(job->format, &file, &runs, err);
	if (code == ASSAY_OK && !runs.n)
		code = assay_fail(err, ASSAY_EPARSE, "it holds no run");
	json_decref(document);
	file.document = NULL;
	for (size_t i = 0; i < runs.n && code == ASSAY_OK; i++)
		code = import_one(job, &runs.runs[i], i, err);
	import_runs_done(&runs);
	job->file = NULL;
	return code == ASSAY_EPARSE ? assay_context(err, code, "'%s'", path) : code;
}

/* Before the store is opened: a typing error must not make a new one. */
static enum assay_code check_there(const struct cli_args *args, struct assay_err *err)
{
	for (int i = 0; i < args->n_positional; i++)
		if (access(args->positional[i], R_OK) != 0)
			return assay_fail(err, ASSAY_EUSAGE, "cannot read '%s': %s",
					  args->positional[i], strerror(errno));
	return ASSAY_OK;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	struct job job = {.cli = cli, .args = args};
	(void)ret_exit;
	if (!args->n_positional)
		return assay_fail(err, ASSAY_EUSAGE, "name the files to import");
	enum assay_code code = check_there(args, err);
	if (code == ASSAY_OK)
		code = assay_store_open(cli->db, ASSAY_STORE_WRITE, &job.store, err);
	for (int i = 0; i < args->n_positional && code == ASSAY_OK; i++)
		code = import_file(&job, args->positional[i], err);
	assay_store_close(job.store);
	return code;
}

const struct cli_verb cli_verb_import = {
	.name = "import",
	.usage = "FILE...",
	.brief = "runs from report.html, export files, other tools' JSON",
	.details =
		"assay      a page of 'report', or 'export' as json or jsonl: restored\n"
		"           as it was, with samples, counters and machine\n"
		"gbench     Google Benchmark's JSON; the series are those of 'run --gbench', and\n"
		"           'export --format gbench' gives the file back unchanged\n"
		"hyperfine  --export-json      jmh  -rf json      nvbench  --json\n"
		"\n"
		"The same file again changes nothing. A file is imported whole or not at all.\n",
	.options = options,
	.run = run,
};
