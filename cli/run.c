/* SPDX-License-Identifier: MIT */
/* run: measure, store each result as it is finished, say what came of it. */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/advice.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/counters.h"
#include "cli/eta.h"
#include "cli/proposals.h"
#include "cli/run.h"
#include "cli/run_command.h"
#include "cli/run_output.h"
#include "cli/run_plan.h"
#include "cli/run_ranks.h"
#include "cli/run_record.h"
#include "cli/run_request.h"
#include "cli/run_resume.h"
#include "cli/settings.h"
#include "cli/signals.h"
#include "cli/stored.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/engine/engine.h"
#include "harness/engine/plan_json.h"
#include "harness/engine/program.h"
#include "harness/engine/sandbox.h"
#include "harness/machine/environment.h"
#include "harness/machine/noise.h"
#include "harness/store/store.h"
#include "reports/report.h"

static const struct cli_option options[] = {
	{"profile", 'p', "NAME", "quick, ci, full, card, or one of assay.yaml (default quick)"},
	{"set", 0, "LIST", "parameter sets: high_performance, memory_optimized, ..."},
	{"subjects", 's', "LIST", "only these subjects"},
	{"param", 'P', "AXIS=VALUES", "other values for an axis, e.g. size=4Ki..1Mi:x2"},
	{"samples", 'n', "N", "samples per launch"},
	{"time", 't', "T", "time for the samples of one launch, e.g. 200ms"},
	{"launches", 0, "N", "fresh processes per case"},
	{"budget", 0, "T", "stop starting new cases after this time"},
	{"timeout", 0, "T", "kill a launch, or one run of CMD, after this time"},
	{"cpus", 0, "LIST", "0-3,8, or compact, spread, same-core, same-l3, cross-numa"},
	{"counters", 0, "LIST", "events to count, 'default' or 'none'"},
	{"counts", 0, NULL, "count instructions too, by replaying under callgrind"},
	{"driver", 0, "NAME", "native or gbench (default: per case)"},
	{"sandbox", 0, NULL, "workers see no network, no other process and change no file"},
	{"load", 0, "FILE.so", "a plug-in with more benchmarks or subjects"},
	{"gbench", 0, "EXE", "measure the benchmarks of a Google Benchmark executable"},
	{"warmup", 0, "N", "CMD: untimed runs at the beginning of each launch"},
	{"prepare", 0, "CMD", "CMD: run this before each run, untimed"},
	{"ignore-failure", 0, NULL, "CMD: any exit status will do"},
	{"input", 0, "FILE", "CMD: what it reads (default: nothing)"},
	{"output", 0, "WHERE", "CMD: null, pipe, inherit or a file (default null)"},
	{"anchor", 0, "FILE", "a frozen plug-in or build, measured beside, for 'assay history'"},
	{"launcher", 0, "NAME",
	 "each launch is N ranks: local, mpi, srun, slurm, or one of assay.yaml"},
	{"ranks", 0, "N", "how many; with --launcher also -n N"},
	{"bind", 0, "HOW", "cores: CPUs of its own for each rank (default); none: as launched"},
	{"array", 0, "N", "slurm: an array of N jobs, each with all ranks and a result of its own"},
	{"job-time", 0, "T", "slurm: limit of the job (default 30m); it stops in time before that"},
	{"job-wait", 0, "T", "slurm: give up on a job, and cancel it, after this (default 24h)"},
	{"poll", 0, "T", "slurm: how often it is asked, at first (default 10s)"},
	{"tag", 0, "KEY=VALUE", "remember this with the run"},
	{"resume", 0, "RUN", "measure what an interrupted run still lacks"},
	{"seed", 0, "N", "seed of schedule and workloads"},
	{"dry-run", 0, NULL, "print the plan and stop"},
	{"strict", 0, NULL, "exit 4 when a result is unstable, 6 when the machine is too noisy"},
	{0},
};

/* All that a run holds on to. */
struct session {
	struct cli *cli;
	struct run_request request;
	struct assay_topology *topology;
	struct assay_plan plan;
	struct assay_noise noise;
	struct assay_environment environment;
	char *sandbox; /* path of bubblewrap, NULL: none */
	struct assay_store *store;
	struct ceilings ceilings; /* when counters were asked for */
	int64_t run;
	bool resumed;
	struct assay_result_list known; /* results of the run to resume */
	struct assay_run_info tagged;   /* nothing but the tags of the command line */
	struct assay_tag *tags;
	struct run_output output;
	struct assay_ranks ranks; /* n is 0: each launch is one worker */
	struct eta eta;
	size_t anchored; /* series with a ratio to the anchor */
	uint64_t elapsed_ns;
	const volatile sig_atomic_t *interrupted;
};

static void session_done(struct session *s)
{
	eta_done(&s->eta);
	free(s->tags);
	assay_ranks_done(&s->ranks);
	assay_result_list_done(&s->known);
	assay_store_close(s->store);
	ceilings_done(&s->ceilings);
	assay_environment_done(&s->environment);
	free(s->sandbox);
	assay_plan_done(&s->plan);
	assay_topology_free(s->topology);
	run_request_done(&s->request);
}

static enum assay_code begin_run(struct session *s, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *plan = run_request_json(&s->request);
	if (!plan)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the run's record");
	const struct run_record record = {
		.cli = s->cli,
		.topology = s->topology,
		.noise = &s->noise,
		.environment = &s->environment,
		.seed = s->request.seed,
		.profile = s->request.profile,
		.plan = plan,
		.tags = s->tagged.tags,
		.n_tags = s->tagged.n_tags,
	};
	return run_record_begin(&record, s->store, &s->run, err);
}

static enum assay_code load_ceilings(struct session *s, struct assay_err *err)
{
	uint8_t fingerprint[32];
	assay_topology_fingerprint(s->topology, fingerprint);
	ceilings_done(&s->ceilings);
	return ceilings_load(s->store, fingerprint, &s->ceilings, err);
}

static enum assay_code on_result(void *context, const struct assay_result *result,
				 struct assay_err *err)
{
	struct session *s = context;
	const char *id;
	size_t length;
	if (assay_anchor_metric_parse(result->metric.name, &length, &id)) {
		s->anchored += assay_status_measured(result->status);
		run_output_clear(&s->output);
		if (!assay_status_measured(result->status))
			cli_note(s->cli, "%s: no ratio, %s", result->name, result->reason);
	}
	struct assay_result whole;
	ASSAY_AUTO_FREE struct assay_count *counts = NULL;
	enum assay_code rc = ASSAY_OK;
	if (config_get(s->cli->config, "counters")) /* asked for: then what they mean as well */
		rc = counters_derive(result, &s->ceilings, &whole, &counts, err);
	else
		whole = *result;
	if (rc == ASSAY_OK)
		rc = assay_store_add_result(s->store, s->run, &whole, err);
	if (rc == ASSAY_OK) /* the line that follows says that it is kept */
		rc = assay_store_sync(s->store, err);
	if (rc == ASSAY_OK && counts && ceilings_from(whole.suite, whole.benchmark))
		rc = load_ceilings(s, err); /* the cases that follow may know it */
	return rc == ASSAY_OK ? run_output_result(&s->output, &whole, err) : rc;
}

static void on_progress(void *context, const struct assay_progress *progress)
{
	struct session *s = context;
	run_output_progress(&s->output, progress);
}

static void on_remark(void *context, const char *name, const char *text)
{
	struct session *s = context;
	run_output_clear(&s->output);
	cli_note(s->cli, "%s: %s", name, text);
}

/* On resume: finished cases stay, those that failed or were skipped are tried again. */
static bool on_known(void *context, const char *name)
{
	const struct session *s = context;
	for (size_t i = 0; i < s->known.n; i++)
		if (s->known.results[i].primary && strcmp(s->known.results[i].name, name) == 0 &&
		    assay_status_measured(s->known.results[i].status))
			return true;
	return false;
}

/* What the plan will take, by the store that is open; none: by the plan alone. */
static enum assay_code load_eta(struct session *s, struct assay_err *err)
{
	const struct run_request *q = &s->request;
	const struct eta_effort effort = {.launches = q->launches,
					  .time_ns = q->time_ns,
					  .budget_ns = q->budget_ns,
					  .anchored = q->anchor.path != NULL};
	struct assay_elapsed_list history = {0};
	uint8_t fingerprint[32];
	assay_topology_fingerprint(s->topology, fingerprint);
	enum assay_code rc =
		s->store ? assay_store_elapsed(s->store, fingerprint, &history, err) : ASSAY_OK;
	if (rc == ASSAY_OK)
		rc = eta_init(&s->plan, &effort, &history, s->resumed ? on_known : NULL, s, &s->eta,
			      err);
	assay_elapsed_list_done(&history);
	return rc;
}

static enum assay_code execute(struct session *s, struct assay_err *err)
{
	const struct run_request *q = &s->request;
	const struct assay_engine_options engine = {
		.program = s->cli->program,
		.sandbox = s->sandbox,
		.seed = q->seed,
		.launches = (unsigned)q->launches,
		.effort = {(unsigned)q->samples, q->time_ns},
		.timeout_ns = q->timeout_ns,
		.budget_ns = q->budget_ns,
		.memory_bytes =
			(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 4 * 3,
		.driver = q->driver,
		.events = q->n_events ? (const char *const *)q->events : NULL,
		.counts = q->counts,
		.noise = s->noise.grade,
		.anchor = q->anchor.path ? &q->anchor : NULL,
		.ranks = s->ranks.n ? &s->ranks : NULL,
		.interrupted = s->interrupted,
	};
	const struct assay_engine_sink sink = {
		.result = on_result,
		.progress = on_progress,
		.known = s->resumed ? on_known : NULL,
		.remark = on_remark,
		.context = s,
	};
	s->output = (struct run_output){
		.cli = s->cli, .eta = &s->eta, .run = s->run, .cases_total = s->plan.n};
	uint64_t began = assay_now_ns();
	enum assay_code rc = assay_engine_run(s->cli->registry, &s->plan, &engine, &sink, err);
	s->elapsed_ns = assay_now_ns() - began;
	run_output_clear(&s->output);
	enum assay_run_status status = rc == ASSAY_OK ? ASSAY_RUN_COMPLETE : ASSAY_RUN_INTERRUPTED;
	struct assay_err second = {0};
	enum assay_code finish = assay_store_finish_run(s->store, s->run, status, &second);
	if (rc == ASSAY_OK && finish != ASSAY_OK)
		return assay_fail(err, finish, "%s", second.text);
	return rc;
}

static bool counters_asked(const struct session *s)
{
	return s->request.counts || config_get(s->cli->config, "counters");
}

static enum assay_code show_report(const struct session *s, const struct assay_run_list *runs,
				   const struct assay_result_list *results,
				   const struct advice_summary *advice, struct assay_err *err)
{
	const struct assay_report_options view = {
		.color = s->cli->color_out, .width = cli_terminal_width(stdout), .brief = true};
	const struct assay_report_input input = {.run = runs->runs,
						 .results = results->results,
						 .n_results = results->n,
						 .advice = advice->advice,
						 .n_advice = advice->n};
	struct assay_report_model *model = NULL;
	enum assay_code rc = assay_report_model_new(&input, 1, &model, err);
	if (rc == ASSAY_OK)
		rc = assay_report_text(model, stdout, &view, err);
	assay_report_model_free(model);
	run_command_remarks(results, stdout);
	return rc;
}

static enum assay_code show_results(const struct session *s, const struct assay_run_list *runs,
				    const struct assay_result_list *results, struct assay_err *err)
{
	const char *programs = s->request.program_suite;
	bool commands = programs && strcmp(programs, assay_command_kind.suite.name) == 0;
	bool to_stdout = !s->cli->json_is_stdout;
	struct advice_summary advice = {0};
	enum assay_code rc = ASSAY_OK;
	if (counters_asked(s))
		rc = advice_summarise(s->cli, results->results, results->n, &s->ceilings, &advice,
				      err);
	if (rc == ASSAY_OK && s->cli->json)
		rc = advice_summary_events(s->cli, &advice, err);
	if (rc == ASSAY_OK && to_stdout)
		rc = commands ? run_command_report(&s->plan, results, stdout, err)
			      : show_report(s, runs, results, &advice, err);
	if (rc == ASSAY_OK && to_stdout && counters_asked(s))
		rc = counters_show(results, &s->ceilings, stdout, err);
	advice_summary_done(&advice);
	fflush(stdout);
	return rc;
}

static enum assay_code show_summary(const struct session *s, struct assay_err *err)
{
	const size_t *n = s->output.by_status;
	char reference[32];
	snprintf(reference, sizeof(reference), "%" PRId64, s->run);
	struct assay_run_list runs = {0};
	struct assay_result_list results = {0};
	enum assay_code rc = assay_store_runs(s->store, reference, &runs, err);
	if (rc == ASSAY_OK)
		rc = assay_store_results(s->store, s->run, NULL,
					 ASSAY_LOAD_COUNTERS |
						 (s->request.program_suite ? ASSAY_LOAD_SAMPLES
									   : ASSAY_LOAD_SUMMARY),
					 &results, err);
	if (rc == ASSAY_OK)
		rc = show_results(s, &runs, &results, err);
	assay_result_list_done(&results);
	assay_run_list_done(&runs);
	if (s->request.anchor.path)
		cli_note(s->cli, "%zu series with a ratio to the anchor %s (%s)", s->anchored,
			 s->request.anchor.id, s->request.anchor.path);
	ASSAY_AUTO(assay_str_done) struct assay_str counts = {0};
	for (size_t status = 0; status < ASSAY_COUNT_OF(s->output.by_status); status++)
		if (n[status] || status == ASSAY_STATUS_OK)
			assay_str_add(&counts, "%s%zu %s", counts.length ? ", " : "", n[status],
				      assay_status_name((enum assay_status)status));
	cli_note(s->cli, "run %" PRId64 ": %s in %.1f s; stored in %s", s->run,
		 assay_str_text(&counts), (double)s->elapsed_ns / 1e9, s->cli->db);
	cli_note(s->cli, "noise grade %c: %s", s->noise.grade, s->noise.reason);
	if (s->noise.grade == 'D')
		cli_note(s->cli,
			 "what makes this machine noisy, and what would help: assay doctor");
	return rc;
}

static int exit_of(const struct session *s, bool strict)
{
	const size_t *n = s->output.by_status;
	if (n[ASSAY_STATUS_FAILED] + n[ASSAY_STATUS_CRASHED] + n[ASSAY_STATUS_TIMEOUT])
		return CLI_FAILED;
	if (strict && n[ASSAY_STATUS_UNSTABLE])
		return CLI_UNDECIDED;
	return CLI_OK;
}

static enum assay_code resume(struct session *s, const struct cli_args *args, struct assay_err *err)
{
	const char *reference = cli_value(args, "resume");
	struct assay_run_list runs = {0};
	enum assay_code rc = assay_topology_load(NULL, &s->topology, err);
	if (rc == ASSAY_OK)
		rc = stored_open_to_change(s->cli->db, &s->store, err);
	if (rc == ASSAY_OK)
		rc = assay_store_runs(s->store, reference, &runs, err);
	if (rc == ASSAY_OK && runs.n != 1)
		rc = assay_fail(err, ASSAY_EUSAGE, "'%s' names %zu runs; --resume wants one",
				reference, runs.n);
	if (rc == ASSAY_OK)
		rc = run_resume_check(args, &runs.runs[0], s->topology, err);
	if (rc == ASSAY_OK) {
		s->run = runs.runs[0].id;
		s->resumed = true;
		rc = run_request_restore(s->cli, runs.runs[0].plan, &s->request, err);
	}
	if (rc == ASSAY_OK)
		rc = assay_store_results(s->store, s->run, NULL, ASSAY_LOAD_SUMMARY, &s->known,
					 err);
	assay_run_list_done(&runs);
	return rc;
}

static enum assay_code prepare(struct session *s, const struct cli_args *args,
			       struct assay_err *err)
{
	bool resumes = cli_value(args, "resume");
	enum assay_code rc =
		resumes ? resume(s, args, err) : run_request_read(s->cli, args, &s->request, err);
	if (rc == ASSAY_OK && !resumes)
		rc = run_request_anchor(s->cli, args, &s->request, err);
	if (rc == ASSAY_OK)
		rc = run_record_tags(args, &s->tagged, &s->tags, err);
	if (rc == ASSAY_OK && !resumes)
		rc = assay_topology_load(NULL, &s->topology, err);
	if (rc == ASSAY_OK)
		rc = run_request_plan(s->cli, &s->request, s->topology, &s->plan, err);
	return rc;
}

/* The facts around the run, its sandbox among them: it moves timings. */
static enum assay_code load_environment(struct session *s, struct assay_err *err)
{
	char version[ASSAY_SANDBOX_VERSION_BYTES];
	enum assay_code rc = ASSAY_OK;
	if (s->request.sandbox)
		rc = assay_sandbox_find(&s->sandbox, version, err);
	if (rc == ASSAY_OK)
		rc = assay_environment_read(&s->environment, err);
	if (rc == ASSAY_OK && s->request.sandbox)
		rc = assay_environment_state(&s->environment, "process.sandbox", version, err);
	return rc;
}

/* From here on something is measured and stored. */
static enum assay_code measure(struct session *s, bool strict, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	if (!s->store)
		rc = assay_store_open(s->cli->db, ASSAY_STORE_WRITE, &s->store, err);
	if (rc != ASSAY_OK)
		return rc;
	if (config_get(s->cli->config, "counters"))
		rc = load_ceilings(s, err);
	if (rc == ASSAY_OK)
		rc = load_eta(s, err);
	if (rc != ASSAY_OK)
		return rc;
	assay_noise_probe(config_duration(s->cli->config, "probe", 0), &s->noise);
	if (strict && s->noise.grade == 'D')
		return assay_fail(err, ASSAY_EENV, "the machine is too noisy to measure: %s",
				  s->noise.reason);
	rc = load_environment(s, err);
	if (rc == ASSAY_OK && s->request.launcher)
		rc = run_ranks_call(s->cli, &s->request, s->interrupted, &s->ranks, err);
	if (rc == ASSAY_OK)
		rc = s->resumed ? assay_store_resume_run(s->store, s->run, err) : begin_run(s, err);
	if (rc == ASSAY_OK && s->ranks.n && !s->resumed)
		rc = run_ranks_store(s->store, s->run, &s->ranks, err);
	if (rc == ASSAY_OK && s->cli->json && s->request.program_suite)
		rc = run_command_events(&s->plan, s->cli->json, err);
	if (rc == ASSAY_OK)
		rc = execute(s, err);
	return rc;
}

/* Measure, show what came of it, and say with which code to end. */
static enum assay_code perform(struct session *s, bool strict, int *ret_exit, struct assay_err *err)
{
	s->interrupted = cli_catch_signals();
	enum assay_code rc = measure(s, strict, err);
	struct assay_err second = {0};
	if (rc == ASSAY_EINTR && !s->run) { /* while the ranks were called: nothing to resume */
		*ret_exit = 128 + *s->interrupted;
		return ASSAY_OK;
	}
	if (rc == ASSAY_OK || rc == ASSAY_EINTR) {
		enum assay_code shown = show_summary(s, &second);
		if (rc == ASSAY_OK && shown == ASSAY_OK)
			shown = proposals_after_run(s->cli, s->store, s->run, &second);
		if (rc == ASSAY_OK && shown != ASSAY_OK)
			rc = assay_fail(err, shown, "%s", second.text);
	}
	if (rc == ASSAY_OK)
		*ret_exit = exit_of(s, strict);
	if (rc == ASSAY_EINTR) {
		ASSAY_AUTO(assay_str_done) struct assay_str store = {0};
		cli_store_option(s->cli, &store);
		cli_note(s->cli,
			 "interrupted; finished results are kept, 'assay run%s --resume %" PRId64
			 "' measures the rest",
			 assay_str_text(&store), s->run);
		*ret_exit = 128 + *s->interrupted;
		rc = ASSAY_OK;
	}
	return rc;
}

static enum assay_code print_dry_run(struct session *s, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	if (!s->store && access(s->cli->db, F_OK) == 0)
		rc = assay_store_open(s->cli->db, ASSAY_STORE_READ, &s->store, err);
	if (rc == ASSAY_OK)
		rc = load_eta(s, err);
	return rc == ASSAY_OK ? run_plan_show(s->cli, &s->request, &s->plan, &s->eta, err) : rc;
}

static enum assay_code run_session(struct cli *cli, const struct cli_args *args, int64_t *ret_run,
				   int *ret_exit, struct assay_err *err)
{
	struct session *s = calloc(1, sizeof(*s)); /* the CPU list makes it large */
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a run");
	s->cli = cli;
	enum assay_code rc = prepare(s, args, err);
	if (rc == ASSAY_OK)
		rc = cli_flag(args, "dry-run")
			     ? print_dry_run(s, err)
			     : perform(s, cli_flag(args, "strict"), ret_exit, err);
	*ret_run = s->run;
	session_done(s);
	free(s);
	return rc;
}

enum assay_code run_measure(struct cli *cli, int n_words, char **words, int64_t *ret_run,
			    int *ret_exit, struct assay_err *err)
{
	struct cli silent =
		*cli; /* as if the results went elsewhere: stdout belongs to the caller */
	silent.json = NULL;
	silent.json_is_stdout = true;
	struct cli_args args;
	enum assay_code rc = cli_parse(&cli_verb_run, n_words, words, &args, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = run_session(&silent, &args, ret_run, ret_exit, err);
	cli_args_done(&args);
	return rc;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	int64_t id;
	if (batch_wanted(cli, args))
		return batch_run(cli, args, ret_exit, err);
	return run_session(cli, args, &id, ret_exit, err);
}

const struct cli_verb cli_verb_run = {
	.name = "run",
	.usage = "[PATTERN...]\n-- CMD [ARG...] [::: CMD [ARG...]]...\n--gbench EXE [PATTERN...]",
	.brief = "measure; each result is stored as it finishes",
	.details =
		"PATTERN is a glob over case names such as 'memory/alloc_pair/*', or the\n"
		"beginning of one: 'memory', 'memory/latency'. Without any, everything is\n"
		"measured. --json prints one event per result; with -v its samples as well.\n"
		"CMD is started without a shell; {name} in it is replaced by each value that\n"
		"-P name=VALUES gives, and several commands take turns. EXE is asked for its\n"
		"benchmarks, and PATTERN chooses among their names.",
	.options = options,
	.streams = true,
	.run = run,
};
