/* SPDX-License-Identifier: MIT */
/* command_launch: one launch of a command: its samples, its ending, and what is known beside. */
#include "harness/engine/command_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/engine/child.h"

enum {
	SAMPLES_AT_LEAST = 2,    /* per launch, however long the command takes */
	STARTUP_NS = 1000000000, /* of a worker, on a bad day several times over */
};

/* One of the two programs of a command, ready to be started. */
struct ready {
	struct assay_argv argv;
	char *path;
};

/* All that a launch holds on to. */
struct launch {
	const struct command *command;
	const struct assay_job *job;
	const struct assay_program_sink *sink;
	struct assay_program_end *end;
	struct ready timed, prepare;
	struct assay_argv files; /* of input and output, filled in; "" where there is none */
	int null;
	bool shows_rss; /* its memory can be told from ours */
	struct rusage sum;
	unsigned taken;
};

static enum assay_code make_ready(const struct assay_case *c, const struct assay_argv *argv,
				  struct ready *ret, struct assay_err *err)
{
	if (!argv->n)
		return ASSAY_OK;
	enum assay_code rc = assay_command_fill(c, argv, &ret->argv, err);
	return rc == ASSAY_OK ? assay_child_find(ret->argv.words[0], &ret->path, err) : rc;
}

static void launch_done(struct launch *launch)
{
	assay_argv_done(&launch->timed.argv);
	assay_argv_done(&launch->prepare.argv);
	assay_argv_done(&launch->files);
	free(launch->timed.path);
	free(launch->prepare.path);
	if (launch->null >= 0)
		close(launch->null);
}

static enum assay_code launch_init(struct launch *launch, const struct assay_case *c,
				   struct assay_err *err)
{
	const struct command *command = launch->command;
	launch->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (launch->null < 0)
		return assay_fail(err, ASSAY_EIO, "open /dev/null: %s", strerror(errno));
	struct assay_argv files = {0};
	enum assay_code rc = assay_argv_add(&files, command->input ? command->input : "", err);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(&files, command->output, err);
	if (rc == ASSAY_OK)
		rc = assay_command_fill(c, &files, &launch->files, err);
	assay_argv_done(&files);
	if (rc == ASSAY_OK)
		rc = make_ready(c, &command->argv, &launch->timed, err);
	if (rc == ASSAY_OK)
		rc = make_ready(c, &command->prepare, &launch->prepare, err);
	return rc;
}

static enum assay_code open_file(const char *path, int flags, int *ret, struct assay_err *err)
{
	*ret = open(path, flags | O_CLOEXEC, 0666);
	return *ret >= 0 ? ASSAY_OK
			 : assay_fail(err, ASSAY_EIO, "open '%.200s': %s", path, strerror(errno));
}

/* What the program gets as descriptors 0 to 2. Its errors go where we can quote them. */
static enum assay_code connect_child(const struct launch *launch, struct assay_child *child,
				     struct assay_err *err)
{
	const char *input = launch->files.words[0], *output = launch->files.words[1];
	const char *kind =
		launch->command->output; /* before filling in: a file cannot become one */
	child->in = child->out = launch->null;
	child->errors = STDERR_FILENO;
	if (strcmp(kind, "pipe") == 0) {
		child->out = STDOUT_FILENO;
	} else if (strcmp(kind, "inherit") == 0) {
		child->out = ASSAY_WORKER_OUTPUT;
		child->errors = ASSAY_WORKER_ERRORS;
	} else if (strcmp(kind, "null") != 0) {
		enum assay_code rc =
			open_file(output, O_WRONLY | O_CREAT | O_TRUNC, &child->out, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	return *input ? open_file(input, O_RDONLY, &child->in, err) : ASSAY_OK;
}

static void disconnect_child(const struct launch *launch, const struct assay_child *child)
{
	if (child->in != launch->null && child->in >= 0)
		close(child->in);
	if (child->out != launch->null && child->out > ASSAY_WORKER_ERRORS)
		close(child->out);
}

static bool fail(struct launch *launch, enum assay_status status, const char *fmt, ...)
	ASSAY_PRINTF(3, 4);
static bool fail(struct launch *launch, enum assay_status status, const char *fmt, ...)
{
	struct assay_program_end *end = launch->end;
	va_list args;
	va_start(args, fmt);
	vsnprintf(end->reason, sizeof(end->reason), fmt, args);
	va_end(args);
	end->status = status;
	return false;
}

/* Did it end as it should? `who` begins the reason. */
static bool accept(struct launch *launch, const char *who, const struct assay_child_end *end,
		   bool ignore_failure)
{
	char text[100];
	if (end->timed_out)
		return fail(launch, ASSAY_STATUS_TIMEOUT, "%sdid not end within %.3g s", who,
			    (double)launch->job->timeout_ns / 1e9);
	const char *complaint =
		ignore_failure ? NULL : assay_child_complaint(end, text, sizeof(text));
	if (!complaint)
		return true;
	launch->end->quote_output = true;
	return fail(launch,
		    WIFSIGNALED(end->wait_status) ? ASSAY_STATUS_CRASHED : ASSAY_STATUS_FAILED,
		    "%s%s", who, complaint);
}

static bool prepare(struct launch *launch)
{
	const struct assay_child child = {
		.path = launch->prepare.path,
		.argv = &launch->prepare.argv,
		.in = launch->null,
		.out = launch->null,
		.errors = STDERR_FILENO,
	};
	struct assay_child_end end;
	struct assay_err err = {0};
	if (!launch->prepare.path)
		return true;
	if (assay_child_run(&child, launch->job->timeout_ns, &end, &err) != ASSAY_OK)
		return fail(launch, ASSAY_STATUS_FAILED, "prepare command: %s", err.text);
	return accept(launch, "prepare command: ", &end, false);
}

/* One run of the command, with what comes before it. False ends the launch. */
static bool run_once(struct launch *launch, struct assay_child_end *ret)
{
	struct assay_child child = {.path = launch->timed.path, .argv = &launch->timed.argv};
	struct assay_err err = {0};
	if (!prepare(launch))
		return false;
	enum assay_code rc = connect_child(launch, &child, &err);
	if (rc == ASSAY_OK)
		rc = assay_child_run(&child, launch->job->timeout_ns, ret, &err);
	disconnect_child(launch, &child);
	if (rc != ASSAY_OK)
		return fail(launch, ASSAY_STATUS_FAILED, "%s", err.text);
	return accept(launch, "", ret, launch->command->ignore_failure);
}

static double time_ns(struct timeval t)
{
	return (double)t.tv_sec * 1e9 + (double)t.tv_usec * 1e3;
}

/*
 * The peak that the kernel keeps begins as that of the process that spawned it: us, because memory is
 * shared until exec. A figure no larger than ours says nothing about the command.
 */
static bool rss_is_its_own(const struct rusage *usage)
{
	struct rusage ours;
	return getrusage(RUSAGE_SELF, &ours) == 0 && usage->ru_maxrss > ours.ru_maxrss;
}

static bool deliver(struct launch *launch, const struct assay_child_end *end)
{
	const struct rusage *u = &end->usage;
	double wall = (double)end->wall_ns, user = time_ns(u->ru_utime), sys = time_ns(u->ru_stime);
	if (!launch->taken++)
		launch->shows_rss = rss_is_its_own(u);
	launch->sum.ru_minflt += u->ru_minflt;
	launch->sum.ru_majflt += u->ru_majflt;
	launch->sum.ru_nvcsw += u->ru_nvcsw;
	launch->sum.ru_nivcsw += u->ru_nivcsw;
	timeradd(&launch->sum.ru_utime, &u->ru_utime, &launch->sum.ru_utime);
	timeradd(&launch->sum.ru_stime, &u->ru_stime, &launch->sum.ru_stime);
	const struct assay_figure figures[] = {
		{"time", "ns/op", ASSAY_LOWER, wall, wall, user + sys},
		{"user_time", "ns/op", ASSAY_LOWER, user, 0, 0},
		{"system_time", "ns/op", ASSAY_LOWER, sys, 0, 0},
		{"max_rss", "B", ASSAY_LOWER, (double)u->ru_maxrss * 1024, 0, 0},
	};
	bool heard = true;
	for (size_t i = 0; heard && i < ASSAY_COUNT_OF(figures) - !launch->shows_rss; i++)
		heard = launch->sink->figure(launch->sink->context, &figures[i]);
	return heard;
}

static double counted(const struct rusage *u, const char *event)
{
	const struct {
		const char *event;
		double value;
	} known[] = {
		{"context_switches", (double)(u->ru_nvcsw + u->ru_nivcsw)},
		{"rusage:voluntary_switches", (double)u->ru_nvcsw},
		{"rusage:involuntary_switches", (double)u->ru_nivcsw},
		{"page_faults", (double)(u->ru_minflt + u->ru_majflt)},
		{"minor_faults", (double)u->ru_minflt},
		{"major_faults", (double)u->ru_majflt},
		{"task_clock", time_ns(u->ru_utime) + time_ns(u->ru_stime)},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++)
		if (strcmp(known[i].event, event) == 0)
			return known[i].value;
	return NAN;
}

/* Of the events asked for, those that the kernel accounts for every process anyway. */
static void deliver_counts(const struct launch *launch)
{
	const char *const *events = launch->job->events;
	for (size_t i = 0; events && launch->taken && events[i]; i++) {
		struct assay_count count = {.quality = ASSAY_EXACT};
		double value = counted(&launch->sum, events[i]);
		assay_copy(count.event, sizeof(count.event), events[i]);
		if (isnan(value)) {
			count.quality = ASSAY_UNAVAILABLE;
			assay_copy(count.reason, sizeof(count.reason),
				   "a command is another process, in which nothing counts this");
		} else {
			assay_copy(count.source, sizeof(count.source), "wait4");
			assay_copy(count.unit, sizeof(count.unit),
				   strcmp(events[i], "task_clock") == 0 ? "ns" : "");
			count.value = value / launch->taken;
			count.raw = (uint64_t)value;
		}
		if (!launch->sink->count(launch->sink->context, &count))
			return;
	}
}

/* All that were wanted, or the time is up and a few are there. */
static bool enough(const struct assay_effort *effort, unsigned taken, uint64_t began_ns)
{
	return taken >= effort->samples ||
	       (taken >= SAMPLES_AT_LEAST && assay_now_ns() - began_ns >= effort->time_ns);
}

static void take_samples(struct launch *launch)
{
	struct assay_child_end end;
	for (unsigned i = 0; i < launch->command->warmup; i++)
		if (!run_once(launch, &end))
			return;
	uint64_t began = assay_now_ns();
	while (!enough(&launch->job->effort, launch->taken, began))
		if (!run_once(launch, &end) || !deliver(launch, &end))
			return;
	deliver_counts(launch);
}

enum assay_code assay_command_measure(const struct assay_program *program,
				      const struct assay_case *c, const struct assay_job *job,
				      const struct assay_program_sink *sink,
				      struct assay_program_end *end, struct assay_err *err)
{
	struct launch launch = {
		.command = (const struct command *)program,
		.job = job,
		.sink = sink,
		.end = end,
	};
	struct assay_err why = {0};
	(void)err;
	if (program->passes_output) {
		fcntl(ASSAY_WORKER_OUTPUT, F_SETFD, FD_CLOEXEC);
		fcntl(ASSAY_WORKER_ERRORS, F_SETFD, FD_CLOEXEC);
	}
	if (launch_init(&launch, c, &why) == ASSAY_OK)
		take_samples(&launch);
	else
		fail(&launch, ASSAY_STATUS_FAILED, "%s", why.text);
	launch_done(&launch);
	return ASSAY_OK;
}

/* No run starts after the time is up, but for the first few; each may be the longest allowed. */
uint64_t assay_command_deadline_ns(const struct assay_program *program,
				   const struct assay_effort *effort, uint64_t timeout_ns)
{
	const struct command *command = (const struct command *)program;
	double each = (double)timeout_ns * (command->prepare.n ? 2 : 1) + STARTUP_NS;
	double most = (double)effort->samples * each;
	double timed = (double)effort->time_ns + SAMPLES_AT_LEAST * each;
	double total = 5.0 * STARTUP_NS + command->warmup * each + fmin(most, timed);
	return total < 1e18 ? (uint64_t)total : (uint64_t)1e18;
}
