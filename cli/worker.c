/* SPDX-License-Identifier: MIT */
/* worker: the hidden verb that `assay run` executes for each launch; see harness/engine/worker.h. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "harness/base/parse.h"
#include "harness/engine/axis.h"
#include "harness/engine/worker.h"

enum { MAX_CPUS = 4096 };

static const struct cli_option options[] = {
	{"load", 0, "FILE", "a plug-in"},
	{"case", 0, "NAME", "measure this case"},
	{"program", 0, "JSON", "the program that the case is about"},
	{"timeout", 0, "T", "kill one process of the program after this time"},
	{"check", 0, "SUITE/SUBJECT", "run the oracle on this subject"},
	{"cpus", 0, "LIST", "one CPU per thread"},
	{"events", 0, "LIST", "count these in a pass of their own"},
	{"seed", 0, "N", "seed of the launch"},
	{"samples", 0, "N", "samples wanted"},
	{"time", 0, "T", "time for all samples"},
	{"batch", 0, "N", "operations per sample and thread (default: as many as fit the time)"},
	{"replay", 0, "FOLDER", "count under callgrind, whose files go here"},
	{"driver", 0, "NAME", "native or gbench"},
	{"spans", 0, NULL, "say when each timed loop ran"},
	{"memory", 0, "BYTES", "limit of private memory"},
	{"records", 0, "FD", "where records go"},
	{"parent", 0, "PID", "the controller"},
	{"ranks", 0, "N", "this is one of N ranks, which find their controller by the environment"},
	{"roll-call", 0, NULL, "ranks: say who is there, and nothing else"},
	{0},
};

static enum assay_code number(const struct cli_args *args, const char *name, uint64_t *ret,
			      struct assay_err *err)
{
	const char *text = cli_value(args, name);
	return text ? assay_parse_u64(text, 0, UINT64_MAX, ret, err) : ASSAY_OK;
}

static enum assay_code read_numbers(const struct cli_args *args, struct assay_job *job,
				    struct assay_err *err)
{
	uint64_t samples = 30, fd = 1, parent = 0, ranks = 0;
	enum assay_code rc = number(args, "seed", &job->seed, err);
	if (rc == ASSAY_OK)
		rc = number(args, "samples", &samples, err);
	if (rc == ASSAY_OK)
		rc = number(args, "batch", &job->effort.batch, err);
	if (rc == ASSAY_OK)
		rc = number(args, "memory", &job->memory_bytes, err);
	if (rc == ASSAY_OK)
		rc = number(args, "records", &fd, err);
	if (rc == ASSAY_OK)
		rc = number(args, "parent", &parent, err);
	if (rc == ASSAY_OK)
		rc = number(args, "ranks", &ranks, err);
	if (rc == ASSAY_OK && cli_value(args, "time"))
		rc = assay_parse_duration(cli_value(args, "time"), &job->effort.time_ns, err);
	if (rc == ASSAY_OK && cli_value(args, "timeout"))
		rc = assay_parse_duration(cli_value(args, "timeout"), &job->timeout_ns, err);
	job->effort.samples = (unsigned)samples;
	job->fd = (int)fd;
	job->parent = (int)parent;
	job->ranks = (unsigned)ranks;
	return rc;
}

static enum assay_code build_registry(const struct cli_args *args, struct assay_registry **ret,
				      struct assay_err *err)
{
	enum assay_code rc = assay_registry_new(&cli_built_in, ret, err);
	for (size_t i = 0; rc == ASSAY_OK && i < args->n_given; i++)
		if (strcmp(args->given[i].option->name, "load") == 0)
			rc = assay_registry_load(*ret, args->given[i].value, err);
	return rc;
}

/* The parts of a job that need memory of their own. */
struct parts {
	unsigned cpus[MAX_CPUS];
	char **events;
	char *check;
};

static enum assay_code read_texts(const struct cli_args *args, struct assay_job *job,
				  struct parts *parts, struct assay_err *err)
{
	const char *cpus = cli_value(args, "cpus"), *events = cli_value(args, "events"),
		   *check = cli_value(args, "check");
	enum assay_code rc = ASSAY_OK;
	job->case_name = cli_value(args, "case");
	job->program = cli_value(args, "program");
	job->driver = cli_value(args, "driver");
	job->spans = cli_flag(args, "spans");
	job->roll_call = job->ranks && cli_flag(args, "roll-call");
	job->replay = cli_value(args, "replay");
	if (cpus) {
		rc = assay_parse_cpus(cpus, parts->cpus, MAX_CPUS, &job->n_cpus, err);
		job->cpus = parts->cpus;
	}
	if (rc == ASSAY_OK && events) {
		size_t n = 1;
		for (const char *c = events; *c; c++)
			n += *c == ',';
		parts->events = calloc(n + 1, sizeof(*parts->events));
		char *copy = strdup(events);
		if (!parts->events || !copy) {
			free(copy);
			return assay_fail(err, ASSAY_ENOMEM, "out of memory");
		}
		for (size_t i = 0; i < n; i++)
			parts->events[i] = strsep(&copy, ",");
		job->events = (const char *const *)parts->events;
	}
	if (rc == ASSAY_OK && check) {
		parts->check = strdup(check);
		char *slash = parts->check ? strchr(parts->check, '/') : NULL;
		if (!slash)
			return assay_fail(err, ASSAY_EUSAGE, "--check wants SUITE/SUBJECT");
		*slash = '\0';
		job->check_suite = parts->check;
		job->check_subject = slash + 1;
	}
	if (rc == ASSAY_OK && !job->case_name && !job->check_suite && !job->roll_call)
		rc = assay_fail(err, ASSAY_EUSAGE, "wants --case or --check");
	return rc;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)cli;
	(void)ret_exit;
	static struct parts parts; /* too large for the stack; a process does one job */
	struct assay_job job = {.effort.time_ns = 100000000};
	struct assay_registry *registry = NULL;
	enum assay_code rc = read_numbers(args, &job, err);
	if (rc == ASSAY_OK)
		rc = read_texts(args, &job, &parts, err);
	if (rc == ASSAY_OK)
		rc = assay_worker_confine(&job, err);
	if (rc == ASSAY_OK)
		rc = build_registry(args, &registry, err);
	if (rc == ASSAY_OK)
		rc = assay_worker_run(registry, &job, err);
	if (parts.events)
		free(parts.events[0]);
	free(parts.events);
	free(parts.check);
	assay_registry_free(registry);
	return rc;
}

const struct cli_verb cli_verb_worker = {
	.name = "worker",
	.usage = "--case=NAME | --check=SUITE/SUBJECT",
	.options = options,
	.bare = true,
	.run = run,
};
