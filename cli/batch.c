/* SPDX-License-Identifier: MIT */
/* batch: a folder with a script, a job, and the files it leaves. */
#include "cli/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/batch_script.h"
#include "cli/job_watch.h"
#include "cli/run_ranks.h"
#include "cli/settings.h"
#include "cli/signals.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/engine/child.h"
#include "harness/engine/world.h"
#include "harness/result_json.h"
#include "harness/store/merge.h"
#include "reports/report.h"

#define NS_PER_S       UINT64_C(1000000000)
#define JOB_NS         (1800 * NS_PER_S)
#define WAIT_NS        (86400 * NS_PER_S)
#define POLL_NS        (10 * NS_PER_S) /* sites ask for no more */
#define POLL_MOST      6               /* times the first: 60 s */
#define PATIENCE_POLLS 12              /* for a bundle after the job is over: 120 s */
#define WARN_NS        (60 * NS_PER_S)
#define COMMAND_NS     (60 * NS_PER_S)
#define LOOK_MS        1000 /* for bundles, which costs the scheduler nothing */

enum { MOST_TASKS = 1000, OUTPUT_BYTES = 4 << 20 };

struct batch {
	struct cli *cli;
	struct assay_argv words; /* of the run inside */
	char folder[PATH_MAX];
	char program[PATH_MAX];
	uint64_t ranks, tasks, time_ns, wait_ns, poll_ns;
	bool strict;
	char name[48]; /* of the job */
	uint64_t id;   /* 0: SLURM did not say */
	const volatile sig_atomic_t *interrupted;
};

bool batch_wanted(const struct cli *cli, const struct cli_args *args)
{
	const char *launcher = cli_value(args, "launcher");
	return launcher && strcmp(launcher, "slurm") == 0 &&
	       !config_get(cli->config, "launchers.slurm");
}

/* What the run outside does itself, and the one inside is not to do again. */
static bool is_outside(const char *name)
{
	static const char *const names[] = {"launcher", "ranks",    "array",   "poll",
					    "job-time", "job-wait", "dry-run", "db",
					    "json",     "resume",   "quiet",   "color"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static enum assay_code collect_words(const struct cli_args *args, struct assay_argv *words,
				     struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < args->n_given; i++) {
		const struct cli_given *given = &args->given[i];
		ASSAY_AUTO(assay_str_done) struct assay_str word = {0};
		if (is_outside(given->option->name))
			continue;
		assay_str_add(&word, "--%s%s%s", given->option->name, given->value ? "=" : "",
			      given->value ? given->value : "");
		code = word.failed ? assay_fail(err, ASSAY_ENOMEM, "out of memory for a script")
				   : assay_argv_add(words, word.text, err);
	}
	for (int i = 0; code == ASSAY_OK && i < args->n_positional; i++)
		code = assay_argv_add(words, args->positional[i], err);
	return code;
}

static enum assay_code duration(const struct cli_args *args, const char *name, uint64_t otherwise,
				uint64_t *ret, struct assay_err *err)
{
	const char *text = cli_value(args, name);
	*ret = otherwise;
	enum assay_code code = text ? assay_parse_duration(text, ret, err) : ASSAY_OK;
	if (code == ASSAY_OK && !*ret)
		code = assay_fail(err, ASSAY_EUSAGE, "'%s' is no time at all", text);
	return assay_context(err, code == ASSAY_OK ? code : ASSAY_EUSAGE, "--%s", name);
}

static enum assay_code number(const struct cli_args *args, const char *name, uint64_t most,
			      uint64_t *ret, struct assay_err *err)
{
	const char *text = cli_value(args, name);
	*ret = 1;
	enum assay_code code = text ? assay_parse_u64(text, 1, most, ret, err) : ASSAY_OK;
	return assay_context(err, code == ASSAY_OK ? code : ASSAY_EUSAGE, "--%s", name);
}

static enum assay_code read_request(struct batch *b, const struct cli_args *args,
				    struct assay_err *err)
{
	run_ranks_letter(args);
	if (args->dashes || cli_value(args, "gbench") || cli_value(args, "resume") ||
	    cli_value(args, "anchor"))
		return assay_fail(err, ASSAY_EUSAGE,
				  "a batch job measures benchmarks, without commands, --gbench, "
				  "--anchor and --resume");
	if (!cli_value(args, "ranks"))
		return assay_fail(err, ASSAY_EUSAGE,
				  "--launcher slurm wants to know how many: -n N");
	b->strict = cli_flag(args, "strict");
	enum assay_code code = number(args, "ranks", ASSAY_MAX_RANKS, &b->ranks, err);
	if (code == ASSAY_OK)
		code = number(args, "array", MOST_TASKS, &b->tasks, err);
	if (code == ASSAY_OK)
		code = duration(args, "job-time", JOB_NS, &b->time_ns, err);
	if (code == ASSAY_OK)
		code = duration(args, "job-wait", WAIT_NS, &b->wait_ns, err);
	if (code == ASSAY_OK)
		code = duration(args, "poll", POLL_NS, &b->poll_ns, err);
	if (code == ASSAY_OK)
		code = collect_words(args, &b->words, err);
	ssize_t n = readlink(b->cli->program, b->program, sizeof(b->program) - 1);
	if (code == ASSAY_OK && n <= 0)
		code = assay_fail(err, ASSAY_EIO, "find this program: %s", strerror(errno));
	b->program[n > 0 ? n : 0] = '\0';
	return code;
}

static void write_script(const struct batch *b, struct assay_str *out)
{
	const struct batch_script script = {
		.program = b->program,
		.name = b->name,
		.folder = b->folder,
		.words = &b->words,
		.ranks = (unsigned)b->ranks,
		.tasks = (unsigned)b->tasks,
		.time_ns = b->time_ns,
		.warn_ns = b->time_ns > 2 * WARN_NS ? WARN_NS : b->time_ns / 2,
	};
	batch_script_write(&script, out);
}

/* assay-jobs/<time-ordered number>, with nothing in it. */
static enum assay_code name_folder(struct batch *b, struct assay_err *err)
{
	uint8_t uuid[16];
	char cwd[PATH_MAX - 64];
	if (!getcwd(cwd, sizeof(cwd)))
		return assay_fail(err, ASSAY_EIO, "find the current folder: %s", strerror(errno));
	assay_uuid(uuid);
	int n = snprintf(b->name, sizeof(b->name), "assay-");
	for (size_t i = 0; i < sizeof(uuid); i++)
		n += snprintf(b->name + n, sizeof(b->name) - (size_t)n, "%02x", uuid[i]);
	snprintf(b->folder, sizeof(b->folder), "%s/assay-jobs/%s", cwd, b->name + 6);
	return ASSAY_OK;
}

static enum assay_code make_folder(const struct batch *b, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str script = {0}, path = {0};
	if (mkdir("assay-jobs", 0777) != 0 && errno != EEXIST)
		return assay_fail(err, ASSAY_EIO, "make the folder assay-jobs: %s",
				  strerror(errno));
	if (mkdir(b->folder, 0777) != 0)
		return assay_fail(err, ASSAY_EIO, "make the folder '%s': %s", b->folder,
				  strerror(errno));
	write_script(b, &script);
	assay_str_add(&path, "%s/job.sh", b->folder);
	if (script.failed || path.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a script");
	FILE *out = fopen(path.text, "wxe");
	bool well = out && fwrite(script.text, 1, script.length, out) == script.length;
	int failed = errno;
	if (out && fclose(out) != 0)
		well = false;
	return well ? ASSAY_OK
		    : assay_fail(err, ASSAY_EIO, "write '%s': %s", path.text, strerror(failed));
}

/* Run one of SLURM's commands and keep what it prints; its complaints go to our stderr. */
static enum assay_code command(const char *const *words, bool quiet, struct assay_str *output,
			       struct assay_child_end *ret, struct assay_err *err)
{
	struct assay_argv argv = {0};
	ASSAY_AUTO_FREE char *path = NULL;
	struct assay_err why = {0};
	enum assay_code code = ASSAY_OK;
	for (; code == ASSAY_OK && *words; words++)
		code = assay_argv_add(&argv, *words, err);
	if (code == ASSAY_OK && assay_child_find(argv.words[0], &path, &why) != ASSAY_OK)
		code = assay_fail(err, ASSAY_EENV, "%s; is SLURM installed here?", why.text);
	const struct assay_child child = {
		.path = path,
		.argv = &argv,
		.in = -1,
		.errors = quiet ? -1 : STDERR_FILENO,
	};
	if (code == ASSAY_OK)
		code = assay_child_capture(&child, COMMAND_NS, OUTPUT_BYTES, output, ret, err);
	assay_argv_done(&argv);
	return code;
}

/* An answer that is lost is no job that is lost: only a refusal is the end. */
static enum assay_code submit(struct batch *b, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str script = {0}, log = {0}, output = {0};
	struct assay_child_end end;
	char text[96];
	assay_str_add(&script, "%s/job.sh", b->folder);
	assay_str_add(&log, "--output=%s/log-%s.txt", b->folder, b->tasks > 1 ? "%A-%a" : "%j");
	if (script.failed || log.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
	const char *const words[] = {"sbatch", "--parsable", log.text, script.text, NULL};
	enum assay_code code = command(words, false, &output, &end, err);
	if (code != ASSAY_OK)
		return code;
	const char *complaint = assay_child_complaint(&end, text, sizeof(text));
	if (complaint && !end.timed_out)
		return assay_fail(err, ASSAY_EENV,
				  "sbatch does not take the job: %s; the script is %s", complaint,
				  script.text);
	b->id = job_number_read(assay_str_text(&output));
	if (b->id)
		cli_note(b->cli, "job %" PRIu64 ", in %s", b->id, b->folder);
	else
		cli_warn(b->cli,
			 "sbatch did not say which job it made; waiting for its result in %s",
			 b->folder);
	return ASSAY_OK;
}

static enum job_state ask(const struct batch *b)
{
	static const char *const words[] = {"squeue",       "--noheader",     "--me",
					    "--states=all", "--format=%j %T", NULL};
	ASSAY_AUTO(assay_str_done) struct assay_str output = {0};
	struct assay_child_end end;
	char text[96];
	if (command(words, true, &output, &end, NULL) != ASSAY_OK ||
	    assay_child_complaint(&end, text, sizeof(text)))
		return JOB_NO_ANSWER;
	return job_state_read(assay_str_text(&output), b->name);
}

static void bundle_path(const struct batch *b, uint64_t task, char path[PATH_MAX + 64])
{
	snprintf(path, PATH_MAX + 64, "%s/result-%" PRIu64 ".assay", b->folder, task);
}

/* Whole and unaltered, or not there: a network file system may show a file before all of it. */
static bool has_bundle(const struct batch *b, uint64_t task, char path[PATH_MAX + 64])
{
	uint8_t digest[32];
	bool bundle = false;
	bundle_path(b, task, path);
	return access(path, R_OK) == 0 &&
	       assay_bundle_verify(path, &bundle, digest, NULL) == ASSAY_OK && bundle;
}

static size_t count_bundles(const struct batch *b)
{
	char path[PATH_MAX + 64];
	size_t n = 0;
	for (uint64_t task = 1; task <= b->tasks; task++)
		n += has_bundle(b, task, path);
	return n;
}

static void cancel(const struct batch *b)
{
	char name[64];
	ASSAY_AUTO(assay_str_done) struct assay_str output = {0};
	struct assay_child_end end;
	struct assay_err why = {0};
	snprintf(name, sizeof(name), "--name=%s", b->name);
	const char *const words[] = {"scancel", name, NULL};
	if (command(words, false, &output, &end, &why) != ASSAY_OK)
		cli_warn(b->cli, "cancel the job: %s", why.text);
}

/*
 * Wait until all bundles are there, or no more will come, or for longer than was asked for, whatever the scheduler says
 * of the job; *ret_there is how many there are.
 */
static enum assay_code wait_for(struct batch *b, size_t *ret_there, struct assay_err *err)
{
	const uint64_t began = assay_now_ns();
	enum job_verdict verdict;
	struct job_watch watch = {.patience_ns = PATIENCE_POLLS * b->poll_ns};
	uint64_t interval = b->poll_ns, next = assay_now_ns() + interval;
	int look_ms = b->poll_ns / 10 < LOOK_MS * UINT64_C(1000000)
			      ? (int)(b->poll_ns / 10000000) + 1
			      : LOOK_MS;
	do {
		if (*b->interrupted) {
			cancel(b);
			return assay_fail(err, ASSAY_EINTR,
					  "interrupted, and the job cancelled; what it finished is "
					  "merged by 'assay merge %s/*.assay'",
					  b->folder);
		}
		uint64_t now = assay_now_ns();
		bool asked = now >= next;
		*ret_there = count_bundles(b);
		if (*ret_there < b->tasks && now - began >= b->wait_ns) {
			cli_warn(b->cli, "the job is not over after %.3g s (--job-wait): cancelled",
				 (double)b->wait_ns / 1e9);
			cancel(b);
			return ASSAY_OK;
		}
		verdict = job_watch_look(&watch, *ret_there, b->tasks, asked,
					 asked ? ask(b) : JOB_NO_ANSWER, now);
		if (asked) {
			interval = interval * 3 / 2;
			if (interval > POLL_MOST * b->poll_ns)
				interval = POLL_MOST * b->poll_ns;
			next = assay_now_ns() + interval;
		}
		if (verdict == JOB_WAIT)
			poll(NULL, 0, look_ms);
	} while (verdict == JOB_WAIT);
	return ASSAY_OK;
}

/* *ret is how many bundles were merged: a file system that showed one may have changed its mind. */
static enum assay_code merge_all(const struct batch *b, struct assay_store *store, size_t *ret,
				 struct assay_err *err)
{
	uint64_t runs = 0, results = 0;
	enum assay_code code = ASSAY_OK;
	for (uint64_t task = 1; code == ASSAY_OK && task <= b->tasks; task++) {
		char path[PATH_MAX + 64];
		struct assay_merged merged;
		if (!has_bundle(b, task, path))
			continue;
		code = assay_store_merge(store, path, &merged, err);
		if (code != ASSAY_OK)
			break;
		++*ret;
		runs += merged.new_runs;
		results += merged.new_results;
	}
	if (code == ASSAY_OK)
		cli_note(b->cli, "%" PRIu64 " runs with %" PRIu64 " results merged into %s", runs,
			 results, b->cli->db);
	return code;
}

/* What the run in one bundle says of how to end: the worst of all counts. */
static enum assay_code judge(const struct batch *b, const struct assay_run_info *run,
			     const struct assay_result_list *results, int *ret_exit,
			     struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	bool failed = run->status != ASSAY_RUN_COMPLETE, unstable = false;
	for (size_t i = 0; i < results->n && code == ASSAY_OK; i++) {
		const struct assay_result *r = &results->results[i];
		failed |= !assay_status_measured(r->status) && r->status != ASSAY_STATUS_SKIPPED;
		unstable |= r->primary && r->status == ASSAY_STATUS_UNSTABLE;
		json_t *event = b->cli->json ? assay_result_json(r, b->cli->verbose > 0) : NULL;
		if (event)
			json_object_set_new(event, "run", json_integer(run->id));
		if (b->cli->json)
			code = assay_json_line(event, b->cli->json, err);
	}
	if (run->status != ASSAY_RUN_COMPLETE)
		cli_warn(b->cli, "run %" PRId64 " inside the job is %s: not all of it was measured",
			 run->id, assay_run_status_name(run->status));
	if (failed)
		*ret_exit = CLI_FAILED;
	else if (unstable && b->strict && *ret_exit == CLI_OK)
		*ret_exit = CLI_UNDECIDED;
	return code;
}

static enum assay_code print_report(const struct batch *b, const struct assay_run_info *run,
				    const struct assay_result_list *results, struct assay_err *err)
{
	struct assay_report_model *model = NULL;
	const struct assay_report_options view = {
		.color = b->cli->color_out, .width = cli_terminal_width(stdout), .brief = true};
	const struct assay_report_input input = {
		.run = run, .results = results->results, .n_results = results->n};
	enum assay_code code = assay_report_model_new(&input, 1, &model, err);
	if (code == ASSAY_OK)
		code = assay_report_text(model, stdout, &view, err);
	assay_report_model_free(model);
	return code;
}

/* Where the run of a bundle is among runs[n], which are those of the store; n: nowhere. */
static enum assay_code find_run(const char *bundle, const struct assay_run_list *runs, size_t *ret,
				struct assay_err *err)
{
	struct assay_store *store = NULL;
	struct assay_run_list own = {0};
	enum assay_code code = assay_store_open(bundle, ASSAY_STORE_READ, &store, err);
	if (code == ASSAY_OK)
		code = assay_store_runs(store, "", &own, err);
	for (*ret = 0; *ret < runs->n && own.n; ++*ret)
		if (memcmp(runs->runs[*ret].uuid, own.runs[0].uuid, 16) == 0)
			break;
	if (!own.n)
		*ret = runs->n;
	assay_run_list_done(&own);
	assay_store_close(store);
	return code;
}

/* Each task's run is judged; the newest is shown. */
static enum assay_code show(const struct batch *b, struct assay_store *store, int *ret_exit,
			    struct assay_err *err)
{
	struct assay_run_list runs = {0};
	enum assay_code code = assay_store_runs(store, "", &runs, err);
	size_t newest = runs.n, at;
	for (uint64_t task = 1; code == ASSAY_OK && task <= b->tasks; task++) {
		struct assay_result_list results = {0};
		char path[PATH_MAX + 64];
		if (!has_bundle(b, task, path))
			continue;
		code = find_run(path, &runs, &at, err);
		if (code != ASSAY_OK || at == runs.n)
			continue;
		newest = at < newest ? at : newest;
		code = assay_store_results(store, runs.runs[at].id, NULL,
					   ASSAY_LOAD_COUNTERS | ASSAY_LOAD_SAMPLES, &results, err);
		if (code == ASSAY_OK)
			code = judge(b, &runs.runs[at], &results, ret_exit, err);
		assay_result_list_done(&results);
	}
	if (code == ASSAY_OK && newest < runs.n && !b->cli->json_is_stdout) {
		struct assay_result_list results = {0};
		code = assay_store_results(store, runs.runs[newest].id, NULL, ASSAY_LOAD_SUMMARY,
					   &results, err);
		if (code == ASSAY_OK)
			code = print_report(b, &runs.runs[newest], &results, err);
		assay_result_list_done(&results);
	}
	assay_run_list_done(&runs);
	return code;
}

/* Merge and show; *ret_merged is how many bundles it were. */
static enum assay_code take_home(struct batch *b, size_t *ret_merged, int *ret_exit,
				 struct assay_err *err)
{
	struct assay_store *store;
	enum assay_code code = assay_store_open(b->cli->db, ASSAY_STORE_WRITE, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = merge_all(b, store, ret_merged, err);
	if (code == ASSAY_OK && *ret_merged)
		code = show(b, store, ret_exit, err);
	assay_store_close(store);
	return code;
}

static enum assay_code perform(struct batch *b, int *ret_exit, struct assay_err *err)
{
	size_t there = 0, merged = 0;
	b->interrupted = cli_catch_signals();
	enum assay_code code = make_folder(b, err);
	if (code == ASSAY_OK)
		code = submit(b, err);
	if (code == ASSAY_OK)
		code = wait_for(b, &there, err);
	if (code == ASSAY_OK && there)
		code = take_home(b, &merged, ret_exit, err);
	if (code == ASSAY_OK && merged < b->tasks)
		code = assay_fail(err, ASSAY_EENV,
				  "job %" PRIu64 " is over and left %zu of %" PRIu64
				  " results; its log is in %s",
				  b->id, merged, b->tasks, b->folder);
	return code;
}

static enum assay_code print_script(const struct batch *b, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str script = {0};
	write_script(b, &script);
	if (script.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a script");
	fputs(script.text, stdout);
	return ASSAY_OK;
}

enum assay_code batch_run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			  struct assay_err *err)
{
	struct batch *b = calloc(1, sizeof(*b));
	if (!b)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a job");
	b->cli = cli;
	enum assay_code code = read_request(b, args, err);
	if (code == ASSAY_OK)
		code = name_folder(b, err);
	if (code == ASSAY_OK)
		code = cli_flag(args, "dry-run") ? print_script(b, err) : perform(b, ret_exit, err);
	if (code == ASSAY_EINTR) {
		cli_note(cli, "%s", err->text);
		*ret_exit = 128 + *b->interrupted;
		code = ASSAY_OK;
	}
	assay_argv_done(&b->words);
	free(b);
	return code;
}
