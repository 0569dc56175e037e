/* SPDX-License-Identifier: MIT */
/* launch: spawn, listen, judge how it ended, clean up. */
#include "harness/engine/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/engine/pen.h"
#include "harness/engine/reap.h"
#include "harness/engine/sandbox.h"

enum {
	RECORD_FD = 3,
	LAST_WORKER_FD = ASSAY_WORKER_ERRORS,
	RECORD_LIMIT_BYTES = 64 * 1024 * 1024,
	REAP_PATIENCE_MS = 1500,
	PADDING_MAX_BYTES = 4096,
	SAME_LAYOUT_BYTES = 64 * 1024,
	EXIT_POLL_MS = 20, /* only where the kernel has no pidfd */
};

extern char **environ;

/* A growing NULL-terminated vector of owned strings. */
struct words {
	char **list;
	size_t n;
	bool failed;
};

static void words_add(struct words *words, const char *fmt, ...) ASSAY_PRINTF(2, 3);
static void words_add(struct words *words, const char *fmt, ...)
{
	char **grown = realloc(words->list, (words->n + 2) * sizeof(*grown));
	if (!grown) {
		words->failed = true;
		return;
	}
	words->list = grown;
	va_list args;
	va_start(args, fmt);
	if (vasprintf(&grown[words->n], fmt, args) < 0) {
		grown[words->n] = NULL;
		words->failed = true;
	}
	va_end(args);
	words->n++;
	grown[words->n] = NULL;
}

static void words_done(struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->list[i]);
	free(words->list);
}

static void add_cpus(struct words *argv, const struct assay_job *job)
{
	struct assay_str cpus = {0};
	for (size_t i = 0; i < job->n_cpus; i++)
		assay_str_add(&cpus, "%s%u", i ? "," : "", job->cpus[i]);
	if (job->n_cpus)
		words_add(argv, "--cpus=%s", assay_str_text(&cpus));
	assay_str_done(&cpus);
}

static void add_events(struct words *argv, const struct assay_job *job)
{
	struct assay_str events = {0};
	for (size_t i = 0; job->events && job->events[i]; i++)
		assay_str_add(&events, "%s%s", i ? "," : "", job->events[i]);
	if (events.length)
		words_add(argv, "--events=%s", events.text);
	assay_str_done(&events);
}

/* What starts the program: itself, a simulator, or the sandbox. */
static void add_program(const struct assay_launch *launch, struct words *argv)
{
	struct assay_err why = {0};
	ASSAY_AUTO(assay_argv_done) struct assay_argv inside = {0};
	const struct assay_sandbox_needs needs = {launch->plugins, launch->reads, launch->writes,
						  launch->environment};
	if (launch->sandbox && assay_sandbox_words(launch->sandbox, launch->program, &needs,
						   &inside, &why) != ASSAY_OK)
		argv->failed = true;
	for (size_t i = 0; i < inside.n; i++)
		words_add(argv, "%s", inside.words[i]);
	for (size_t i = 0; launch->under && launch->under[i]; i++)
		words_add(argv, "%s", launch->under[i]);
	if (launch->sandbox)
		return; /* its last word is the program */
	if (!launch->under)
		words_add(argv, "assay");
	else if (strcmp(launch->program, "/proc/self/exe") == 0)
		words_add(argv, "/proc/%d/exe", getpid()); /* self would be the simulator */
	else
		words_add(argv, "%s", launch->program);
}

static void build_argv(const struct assay_launch *launch, struct words *argv)
{
	const struct assay_job *job = launch->job;
	add_program(launch, argv);
	words_add(argv, "worker");
	for (size_t i = 0; launch->plugins && launch->plugins[i]; i++)
		words_add(argv, "--load=%s", launch->plugins[i]);
	if (job->program)
		words_add(argv, "--program=%s", job->program);
	if (job->timeout_ns)
		words_add(argv, "--timeout=%" PRIu64 "ns", job->timeout_ns);
	if (job->roll_call)
		words_add(argv, "--roll-call");
	else if (job->case_name)
		words_add(argv, "--case=%s", job->case_name);
	else
		words_add(argv, "--check=%s/%s", job->check_suite, job->check_subject);
	add_cpus(argv, job);
	add_events(argv, job);
	if (job->replay)
		words_add(argv, "--replay=%s", job->replay);
	words_add(argv, "--seed=%" PRIu64, job->seed);
	words_add(argv, "--samples=%u", job->effort.samples);
	words_add(argv, "--time=%" PRIu64 "ns", job->effort.time_ns);
	if (job->effort.batch || job->replay) /* the same words in every replay of a case */
		words_add(argv, "--batch=%" PRIu64, job->effort.batch);
	if (job->spans)
		words_add(argv, "--spans");
	if (job->driver)
		words_add(argv, "--driver=%s", job->driver);
	words_add(argv, "--memory=%" PRIu64, job->memory_bytes);
	if (job->ranks) {
		words_add(argv, "--ranks=%u", job->ranks);
		return;
	}
	words_add(argv, "--records=%d", RECORD_FD);
	if (!launch->sandbox) /* which has a parent of its own, and dies with it */
		words_add(argv, "--parent=%d", getpid());
}

static bool overridden(const char *entry, const struct assay_launch *launch)
{
	const char *const *extra = launch->environment;
	size_t n = strcspn(entry, "=") + 1;
	for (size_t i = 0; extra && extra[i]; i++)
		if (strncmp(entry, extra[i], n) == 0)
			return true;
	return (launch->n_threads && strncmp(entry, "OMP_", 4) == 0) ||
	       strncmp(entry, "_ASSAY_PADDING=", 15) == 0;
}

static void add_openmp(const struct assay_launch *launch, struct words *env)
{
	const struct assay_job *job = launch->job;
	words_add(env, "OMP_NUM_THREADS=%u", launch->n_threads);
	words_add(env, "OMP_DYNAMIC=false");
	struct assay_str places = {0};
	for (size_t i = 0; i < job->n_cpus && i < launch->n_threads; i++)
		assay_str_add(&places, "%s{%u}", i ? "," : "", job->cpus[i]);
	if (places.length) {
		words_add(env, "OMP_PLACES=%s", places.text);
		words_add(env, "OMP_PROC_BIND=true");
	}
	assay_str_done(&places);
}

/* Bytes that arguments or environment take at the bottom of the worker's stack. */
static size_t stack_bytes(char *const *list)
{
	size_t bytes = 0;
	for (; list && *list; list++)
		bytes += strlen(*list) + 1 + sizeof(*list);
	return bytes;
}

/* Padding up to the same total, whatever else is there; the program's path is there twice. */
static int padding_to_same(const struct assay_launch *launch, const struct words *argv,
			   const struct words *env)
{
	size_t own = 0;
	while (launch->under && launch->under[own])
		own++;
	size_t used =
		stack_bytes(argv->list + own) + strlen(argv->list[own]) + stack_bytes(env->list);
	return (int)(SAME_LAYOUT_BYTES - used % SAME_LAYOUT_BYTES);
}

/*
 * The worker's environment: ours, what the subject asks for, the OpenMP variables that make a
 * runtime use exactly our CPUs, and padding of seeded length: the environment shifts the stack,
 * and with it alignment [Mytkowicz et al., ASPLOS 2009].
 */
static void build_environment(const struct assay_launch *launch, const struct words *argv,
			      struct words *env)
{
	for (char **e = environ; *e; e++)
		if (!overridden(*e, launch) && (!launch->sandbox || assay_sandbox_passes(*e)))
			words_add(env, "%s", *e);
	for (size_t i = 0; !launch->sandbox && launch->environment && launch->environment[i]; i++)
		words_add(env, "%s", launch->environment[i]);
	if (launch->n_threads)
		add_openmp(launch, env);
	uint64_t state = launch->job->seed;
	int length = (int)(assay_splitmix(&state) % PADDING_MAX_BYTES);
	if (launch->same_layout && !argv->failed && !env->failed)
		length = padding_to_same(launch, argv, env);
	words_add(env, "_ASSAY_PADDING=%0*d", length + 1, 0);
}

enum assay_code assay_launch_command(const struct assay_launch *launch, struct assay_argv *ret_argv,
				     struct assay_argv *ret_environment, struct assay_err *err)
{
	struct words argv = {0}, env = {0};
	build_argv(launch, &argv);
	build_environment(launch, &argv, &env);
	if (argv.failed || env.failed) {
		words_done(&argv);
		words_done(&env);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
	}
	*ret_argv = (struct assay_argv){argv.list, argv.n};
	*ret_environment = (struct assay_argv){env.list, env.n};
	return ASSAY_OK;
}

/* One running worker as its controller sees it. */
struct session {
	const struct assay_launch *launch;
	struct assay_leader worker;
	int exit_fd; /* pidfd, or -1 */
	int records, output;
	struct assay_frame_reader reader;
	uint64_t record_bytes;
	char tail[240]; /* the last of what the worker printed */
	bool has_status;
	struct assay_status_frame status;
	assay_record_fn on_record;
	void *context;
};

/*
 * posix_spawn() cannot ask for fixed addresses, but a child inherits the wish from the thread that
 * makes it. Where a container forbids it, a simulator's own placement still comes out the same.
 */
static int spawn_at(struct session *s, const posix_spawn_file_actions_t *actions,
		    const posix_spawnattr_t *attr, char *const *argv, char *const *env)
{
	const struct assay_launch *launch = s->launch;
	int before = launch->same_layout ? personality(0xffffffff) : -1;
	if (before >= 0)
		personality((unsigned)before | ADDR_NO_RANDOMIZE);
	const char *program = launch->sandbox ? launch->sandbox
			      : launch->under ? launch->under[0]
					      : launch->program;
	int error = posix_spawn(&s->worker.pid, program, actions, attr, argv, env);
	if (before >= 0)
		personality((unsigned)before);
	return error;
}

static enum assay_code spawn(struct session *s, int records, int output, struct assay_err *err)
{
	struct words argv = {0}, env = {0};
	build_argv(s->launch, &argv);
	build_environment(s->launch, &argv, &env);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	if (s->launch->passes_output) {
		posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, ASSAY_WORKER_ERRORS);
		posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, ASSAY_WORKER_OUTPUT);
	}
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_adddup2(&actions, output, 2);
	posix_spawn_file_actions_adddup2(&actions, records, RECORD_FD);
	sigset_t none, normal;
	sigemptyset(&none);
	sigemptyset(&normal);
	sigaddset(&normal, SIGINT);
	sigaddset(&normal, SIGTERM);
	sigaddset(&normal, SIGPIPE);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &normal);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	int error = ENOMEM;
	if (!argv.failed && !env.failed)
		error = spawn_at(s, &actions, &attr, argv.list, env.list);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	words_done(&argv);
	words_done(&env);
	return error ? assay_fail(err, ASSAY_EIO, "start a worker (%s): %s",
				  s->launch->under ? s->launch->under[0] : s->launch->program,
				  strerror(error))
		     : ASSAY_OK;
}

/* Descriptors 0 to 5 are what the worker may get; ours must lie above them. */
static int above_worker_fds(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, LAST_WORKER_FD + 1);
	close(fd);
	return moved;
}

static bool make_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	ends[0] = above_worker_fds(ends[0]);
	ends[1] = above_worker_fds(ends[1]);
	if (ends[0] >= 0 && ends[1] >= 0) {
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		return true;
	}
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return false;
}

static enum assay_code begin(struct session *s, struct assay_err *err)
{
	int records[2], output[2];
	if (!make_pipe(records))
		return assay_fail(err, ASSAY_EIO, "make a pipe: %s", strerror(errno));
	if (!make_pipe(output)) {
		close(records[0]);
		close(records[1]);
		return assay_fail(err, ASSAY_EIO, "make a pipe: %s", strerror(errno));
	}
	s->records = records[0];
	s->output = output[0];
	enum assay_code rc = spawn(s, records[1], output[1], err);
	close(records[1]);
	close(output[1]);
	if (rc == ASSAY_OK) {
		s->exit_fd = assay_exit_fd(s->worker.pid);
		return ASSAY_OK;
	}
	close(s->records);
	close(s->output);
	return rc;
}

static enum assay_code take_records(struct session *s, struct assay_err *err)
{
	enum assay_frame_type type;
	const void *payload;
	size_t length;
	enum assay_code rc;
	while (assay_frame_next(&s->reader, &type, &payload, &length, &rc, err)) {
		if (type == ASSAY_FRAME_STATUS && length == sizeof(s->status)) {
			memcpy(&s->status, payload, sizeof(s->status));
			s->status.reason[sizeof(s->status.reason) - 1] = '\0';
			s->has_status = s->status.status <= ASSAY_STATUS_UNSTABLE;
			continue;
		}
		rc = s->on_record(s->context, type, payload, length, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	return rc;
}

/* Read what is there. *open becomes false at the end of the stream. */
static enum assay_code drain_records(struct session *s, bool *open, struct assay_err *err)
{
	char bytes[16384];
	for (;;) {
		ssize_t n = read(s->records, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*open = n < 0 && errno == EAGAIN;
			return ASSAY_OK;
		}
		s->record_bytes += (uint64_t)n;
		if (s->record_bytes > RECORD_LIMIT_BYTES)
			return assay_fail(err, ASSAY_EPARSE,
					  "the worker flooded its records (over %d MiB)",
					  RECORD_LIMIT_BYTES >> 20);
		enum assay_code rc = assay_frame_feed(&s->reader, bytes, (size_t)n, err);
		if (rc == ASSAY_OK)
			rc = take_records(s, err);
		if (rc != ASSAY_OK)
			return rc;
	}
}

/* Keep the last of what the worker prints; a flood costs nothing but the reading. */
static void drain_output(struct session *s, bool *open)
{
	char bytes[16384];
	for (int rounds = 0; rounds < 64; rounds++) {
		ssize_t n = read(s->output, bytes, sizeof(bytes));
		if (n <= 0) {
			*open = n < 0 && (errno == EAGAIN || errno == EINTR);
			return;
		}
		size_t have = strlen(s->tail), room = sizeof(s->tail) - 1, fresh = (size_t)n;
		const char *from = bytes;
		if (fresh > room) {
			from += fresh - room;
			fresh = room;
		}
		size_t keep = have + fresh > room ? room - fresh : have;
		memmove(s->tail, s->tail + (have - keep), keep);
		memcpy(s->tail + keep, from, fresh);
		s->tail[keep + fresh] = '\0';
	}
}

static bool check_exit(struct session *s)
{
	if (!s->worker.exited &&
	    waitpid(s->worker.pid, &s->worker.wait_status, WNOHANG) == s->worker.pid)
		s->worker.exited = true;
	return s->worker.exited;
}

static int poll_timeout_ms(const struct session *s, uint64_t deadline_ns)
{
	uint64_t now = assay_now_ns();
	uint64_t left_ms = now < deadline_ns ? (deadline_ns - now) / 1000000u + 1 : 0;
	if (s->exit_fd < 0 && left_ms > EXIT_POLL_MS)
		return EXIT_POLL_MS;
	return left_ms > 3600000 ? 3600000 : (int)left_ms;
}

enum ending { ENDED_BY_ITSELF, ENDED_BY_DEADLINE, ENDED_BY_USER, ENDED_BY_GARBAGE };

/* Listen until the worker is gone or must go. */
static enum ending listen_to(struct session *s, uint64_t deadline_ns, struct assay_err *why)
{
	bool records_open = true, output_open = true;
	while (!check_exit(s)) {
		if (s->launch->interrupted && *s->launch->interrupted)
			return ENDED_BY_USER;
		if (assay_now_ns() >= deadline_ns)
			return ENDED_BY_DEADLINE;
		struct pollfd fds[] = {
			{.fd = records_open ? s->records : -1, .events = POLLIN},
			{.fd = output_open ? s->output : -1, .events = POLLIN},
			{.fd = s->exit_fd, .events = POLLIN},
		};
		poll(fds, ASSAY_COUNT_OF(fds), poll_timeout_ms(s, deadline_ns));
		if (output_open)
			drain_output(s, &output_open);
		if (records_open && drain_records(s, &records_open, why) != ASSAY_OK)
			return ENDED_BY_GARBAGE;
	}
	/* What it wrote before it died is still in the pipe. */
	drain_output(s, &output_open);
	return drain_records(s, &records_open, why) == ASSAY_OK ? ENDED_BY_ITSELF
								: ENDED_BY_GARBAGE;
}

static void outcome(struct assay_outcome *ret, enum assay_status status, const char *fmt, ...)
	ASSAY_PRINTF(3, 4);
static void outcome(struct assay_outcome *ret, enum assay_status status, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(ret->reason, sizeof(ret->reason), fmt, args);
	va_end(args);
	ret->status = status;
}

/* The last line the worker printed, for a reason; empty when it printed nothing. */
static const char *last_words(struct session *s)
{
	size_t n = strlen(s->tail);
	while (n && (s->tail[n - 1] == '\n' || s->tail[n - 1] == ' '))
		s->tail[--n] = '\0';
	const char *line = strrchr(s->tail, '\n');
	return line ? line + 1 : s->tail;
}

/* What killed the worker, 0: nothing. The sandbox tells it as a shell does. */
static int signal_of(const struct session *s)
{
	if (WIFSIGNALED(s->worker.wait_status))
		return WTERMSIG(s->worker.wait_status);
	bool told = s->launch->sandbox && WIFEXITED(s->worker.wait_status) &&
		    WEXITSTATUS(s->worker.wait_status) > 128;
	return told ? WEXITSTATUS(s->worker.wait_status) - 128 : 0;
}

static void judge(struct session *s, enum ending ending, const struct assay_err *why,
		  struct assay_outcome *ret)
{
	char words[sizeof(s->tail)];
	assay_sanitise(words, sizeof(words), last_words(s));
	const char *colon = *words ? ": " : "";
	if (ending == ENDED_BY_GARBAGE) {
		outcome(ret, ASSAY_STATUS_FAILED, "%s", why->text);
	} else if (ending == ENDED_BY_DEADLINE) {
		outcome(ret, ASSAY_STATUS_TIMEOUT, "did not end within %.3g s",
			(double)s->launch->timeout_ns / 1e9);
	} else if (signal_of(s)) {
		outcome(ret, ASSAY_STATUS_CRASHED, "killed by signal %d (%s)%s%s", signal_of(s),
			strsignal(signal_of(s)), colon, words);
	} else if (!s->has_status) {
		outcome(ret, ASSAY_STATUS_CRASHED,
			"the worker left with exit status %d without finishing%s%s",
			WEXITSTATUS(s->worker.wait_status), colon, words);
	} else {
		char reason[sizeof(s->status.reason)];
		assay_sanitise(reason, sizeof(reason), s->status.reason);
		bool quote = s->status.quote_output && *words;
		outcome(ret, (enum assay_status)s->status.status, "%s%s%s", reason,
			quote ? colon : "", quote ? words : "");
	}
}

enum assay_code assay_launch_run(const struct assay_launch *launch, assay_record_fn on_record,
				 void *context, struct assay_outcome *ret, struct assay_err *err)
{
	struct session s = {
		.launch = launch,
		.exit_fd = -1,
		.on_record = on_record,
		.context = context,
	};
	uint64_t refusals = assay_pen_refusals();
	enum assay_code rc = begin(&s, err);
	if (rc != ASSAY_OK)
		return rc;
	struct assay_err why = {0};
	enum ending ending = listen_to(&s, assay_now_ns() + launch->timeout_ns, &why);
	int left = assay_reap_tree(&s.worker, REAP_PATIENCE_MS);
	judge(&s, ending, &why, ret);
	if (left > 0)
		outcome(ret, ASSAY_STATUS_FAILED, "%d of its processes could not be killed", left);
	if (ret->reason[0])
		assay_pen_explain(refusals, ret->reason, sizeof(ret->reason));
	close(s.records);
	close(s.output);
	if (s.exit_fd >= 0)
		close(s.exit_fd);
	assay_frame_reader_done(&s.reader);
	return ending == ENDED_BY_USER ? assay_fail(err, ASSAY_EINTR, "interrupted") : ASSAY_OK;
}
