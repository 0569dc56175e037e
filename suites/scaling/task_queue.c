/* SPDX-License-Identifier: MIT */
/*
 * task_queue: one operation is one task through a Redis stream: put, taken by one of the worker processes, done and let
 * go. With kills > 0 that many workers are killed with a task in their hands, and replaced.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/bench.h"
#include "suites/remote/server.h"
#include "suites/remote/wire.h"
#include "suites/scaling/taskq.h"

enum { WORKERS_MOST = 64, SILENT_MS = 50, TAKE = 8, PATIENCE_MS = 20000 };

struct state {
	struct server *server;
	struct taskq *queue; /* of the one who puts tasks in and counts */
	unsigned workers, kills;
	pid_t pids[WORKERS_MOST];
	uint64_t n;    /* of the batch */
	unsigned born; /* names are never used twice */
};

static enum assay_code do_tasks(struct taskq *q, const struct taskq_task *tasks, size_t n,
				bool dies, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < n && code == ASSAY_OK; i++) {
		if (dies)
			raise(SIGKILL); /* in the middle of it, no warning to anybody */
		code = taskq_done(q, &tasks[i], err);
	}
	return code;
}

/* Until every task is done. Exits: 0 well, 1 the queue broke. */
static void work(const struct state *s, const char *name, bool dies)
{
	struct taskq *q;
	struct assay_err err = {0};
	struct taskq_task tasks[TAKE];
	struct taskq_count count = {0};
	enum assay_code code =
		taskq_open(server_socket(s->server), name, WIRE_DEADLINE_MS, &q, &err);
	while (code == ASSAY_OK && count.finished < s->n) {
		size_t n = 0;
		code = taskq_take(q, TAKE, tasks, &n, &err);
		if (code == ASSAY_OK && n == 0)
			code = taskq_take_over(q, SILENT_MS, TAKE, tasks, &n, &err);
		if (code == ASSAY_OK && n)
			code = do_tasks(q, tasks, n, dies, &err);
		else if (code == ASSAY_OK)
			code = taskq_count(q, &count, &err);
		if (code == ASSAY_OK && n == 0 && count.finished < s->n)
			poll(NULL, 0, 1);
	}
	_exit(code == ASSAY_OK ? 0 : 1);
}

static enum assay_code start_worker(struct state *s, unsigned slot, bool dies,
				    struct assay_err *err)
{
	char name[32];
	pid_t parent = getpid();
	snprintf(name, sizeof(name), "worker-%u", s->born++);
	pid_t pid = fork();
	if (pid < 0)
		return assay_fail(err, ASSAY_EIO, "fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		work(s, name, dies);
	}
	s->pids[slot] = pid;
	return ASSAY_OK;
}

static void kill_all(struct state *s)
{
	for (unsigned i = 0; i < s->workers; i++) {
		if (!s->pids[i])
			continue;
		kill(s->pids[i], SIGKILL);
		waitpid(s->pids[i], NULL, 0);
		s->pids[i] = 0;
	}
}

/* Wait for all; one that was killed gets a successor. *ret_killed counts them. */
static enum assay_code supervise(struct state *s, unsigned *ret_killed, struct assay_err *err)
{
	uint64_t until = assay_now_ns() + PATIENCE_MS * UINT64_C(1000000);
	unsigned left = s->workers;
	enum assay_code code = ASSAY_OK;
	while (left && code == ASSAY_OK) {
		bool quiet = true;
		for (unsigned i = 0; i < s->workers && code == ASSAY_OK; i++) {
			int status;
			if (!s->pids[i] || waitpid(s->pids[i], &status, WNOHANG) == 0)
				continue;
			quiet = false;
			s->pids[i] = 0;
			if (WIFSIGNALED(status)) {
				++*ret_killed;
				code = start_worker(s, i, false, err);
			} else if (WEXITSTATUS(status) == 0) {
				left--;
			} else {
				code = assay_fail(err, ASSAY_EIO, "a worker lost its queue");
			}
		}
		if (code == ASSAY_OK && assay_now_ns() > until)
			code = assay_fail(err, ASSAY_EIO, "tasks were left after %d s",
					  PATIENCE_MS / 1000);
		if (quiet)
			poll(NULL, 0, 1);
	}
	return code;
}

/*
 * Those that are to die, and nobody else until they have: they would find nothing to die of, were the others first. They
 * are collected by supervise().
 */
static enum assay_code let_die(struct state *s, struct assay_err *err)
{
	siginfo_t how;
	enum assay_code code = ASSAY_OK;
	for (unsigned i = 0; i < s->kills && code == ASSAY_OK; i++)
		code = start_worker(s, i, true, err);
	for (unsigned i = 0; i < s->kills && code == ASSAY_OK; i++)
		while (waitid(P_PID, (id_t)s->pids[i], &how, WEXITED | WNOWAIT) != 0)
			if (errno != EINTR)
				return assay_fail(err, ASSAY_EIO, "waitid: %s", strerror(errno));
	return code;
}

static enum assay_code do_batch(struct state *s, struct taskq_count *ret, unsigned *ret_killed,
				uint64_t *ret_ns, struct assay_err *err)
{
	enum assay_code code = taskq_reset(s->queue, err);
	uint64_t begin = assay_now_ns();
	for (uint64_t i = 0; i < s->n && code == ASSAY_OK; i++)
		code = taskq_put(s->queue, i, err);
	if (code == ASSAY_OK)
		code = let_die(s, err);
	for (unsigned i = s->kills; i < s->workers && code == ASSAY_OK; i++)
		code = start_worker(s, i, false, err);
	if (code == ASSAY_OK)
		code = supervise(s, ret_killed, err);
	*ret_ns = assay_now_ns() - begin;
	kill_all(s);
	return code == ASSAY_OK ? taskq_count(s->queue, ret, err) : code;
}

static enum assay_code begin(struct state *s, struct assay_err *err)
{
	static const char *const argv[] = {
		"redis-server", "--port", "0", "--unixsocket", SERVER_SOCKET, "--dir",
		SERVER_FOLDER,  "--save", "",  "--appendonly", "no",          NULL};
	enum assay_code code = wire_redis_probe(err);
	if (code == ASSAY_OK)
		code = server_probe(argv[0], "redis-server", err);
	if (code == ASSAY_OK)
		code = server_start(argv, &s->server, err);
	return code == ASSAY_OK ? taskq_open(server_socket(s->server), "putter", WIRE_DEADLINE_MS,
					     &s->queue, err)
				: code;
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	assay_set_state(run, s);
	s->workers = assay_threads(run);
	s->kills = (unsigned)assay_axis(run, "kills");
	s->n = (uint64_t)assay_axis(run, "tasks");
	if (s->workers > WORKERS_MOST || s->kills > s->workers) {
		assay_skip(run,
			   "%u workers, %u killed: at most %d, and not more killed than there are",
			   s->workers, s->kills, WORKERS_MOST);
		return;
	}
	if (!assay_check(run, s->n > 0, "no tasks"))
		return;
	assay_set_ops_per_iteration(run, s->n);
	enum assay_code code = begin(s, &err);
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else
		assay_check(run, code == ASSAY_OK, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	kill_all(s);
	taskq_close(s->queue);
	server_stop(s->server);
	free(s);
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	struct taskq_count count = {0};
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	unsigned killed = 0;
	uint64_t ns = 0;
	ASSAY_LOOP (run)
		code = do_batch(s, &count, &killed, &ns, &err);
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text) ||
	    !assay_check(run, count.finished == s->n, "%llu of %llu tasks were lost",
			 (unsigned long long)(s->n - count.finished), (unsigned long long)s->n) ||
	    !assay_check(run, count.pending == 0, "%llu tasks are still somebody's",
			 (unsigned long long)count.pending) ||
	    !assay_check(run, killed >= s->kills, "%u of %u workers were killed", killed, s->kills))
		return;
	assay_set_elapsed_ns(run, (double)ns);
	assay_counter(run, "killed", killed);
	assay_metric(run, "finished", "ratio", ASSAY_HIGHER, (double)count.finished / (double)s->n);
	assay_metric(run, "duplicates", "ratio", ASSAY_LOWER,
		     (double)(count.executions - count.finished) / (double)s->n);
	assay_metric(run, "whole", "ns", ASSAY_LOWER, (double)ns);
}

const struct assay_bench assay_bench_scaling_task_queue = {
	.brief =
		"one task through a Redis stream, also when workers are killed with it; none is lost",
	.source = "Redis documentation, Streams: consumer groups, XAUTOCLAIM",
	.claim = "S3.queue",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"kills", "workers", "0,1"}, {"tasks", "tasks", "500"}),
	.subjects = ASSAY_NO_SUBJECT,
	.threads = "2",
	.own_threads = true,
	.max_ops = 1,
	.thorough = true,
	.version = 2, /* whoever is to be killed is */
};
