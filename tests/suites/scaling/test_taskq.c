/* SPDX-License-Identifier: MIT */
/* The task queue against a real Redis: each task once, a silent worker's taken over, a beat keeps it, a dead server said. */
#include "suites/scaling/taskq.h"

#include <poll.h>
#include <signal.h>

#include "suites/remote/server.h"
#include "suites/remote/wire.h"
#include "tests/t.h"

enum { TASKS = 20 };

struct world {
	struct server *server;
	struct taskq *a, *b;
};

static int begin(void **state)
{
	static struct world world;
	static const char *const argv[] = {
		"redis-server", "--port", "0", "--unixsocket", SERVER_SOCKET, "--dir",
		SERVER_FOLDER,  "--save", "",  "--appendonly", "no",          NULL};
	struct assay_err err = {0};
	world = (struct world){0};
	*state = NULL;
	if (wire_redis_probe(&err) != ASSAY_OK ||
	    server_probe(argv[0], "redis-server", &err) != ASSAY_OK ||
	    server_start(argv, &world.server, &err) != ASSAY_OK) {
		print_message("%s\n", err.text);
		return 0;
	}
	const char *socket = server_socket(world.server);
	if (taskq_open(socket, "a", 2000, &world.a, &err) != ASSAY_OK ||
	    taskq_open(socket, "b", 2000, &world.b, &err) != ASSAY_OK ||
	    taskq_reset(world.a, &err) != ASSAY_OK)
		return -1;
	*state = &world;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;
	if (w) {
		taskq_close(w->a);
		taskq_close(w->b);
		server_stop(w->server);
	}
	return 0;
}

static struct world *put_tasks(void **state, uint64_t n)
{
	struct assay_err err = {0};
	struct world *w = *state;
	if (!w)
		skip();
	for (uint64_t i = 0; i < n; i++)
		assert_ok(taskq_put(w->a, i, &err));
	return w;
}

static void each_task_is_taken_once(void **state)
{
	struct world *w = put_tasks(state, TASKS);
	struct assay_err err = {0};
	struct taskq_task tasks[TASKS];
	bool seen[TASKS] = {false};
	struct taskq_count count;
	for (int round = 0, left = TASKS; left > 0; round++) {
		size_t n;
		struct taskq *q = round % 2 ? w->a : w->b;
		assert_ok(taskq_take(q, 3, tasks, &n, &err));
		assert_in_range(n, 1, 3);
		for (size_t i = 0; i < n; i++) {
			assert_in_range(tasks[i].number, 0, TASKS - 1);
			assert_false(seen[tasks[i].number]);
			seen[tasks[i].number] = true;
			assert_ok(taskq_done(q, &tasks[i], &err));
			left--;
		}
	}
	size_t n;
	assert_ok(taskq_take(w->a, 3, tasks, &n, &err));
	assert_int_equal(n, 0);
	assert_ok(taskq_count(w->a, &count, &err));
	assert_int_equal(count.finished, TASKS);
	assert_int_equal(count.executions, TASKS);
	assert_int_equal(count.pending, 0);
}

/* a takes two and beats for one of them only: the other is b's, and a's late end makes it a duplicate. */
static void silent_workers_lose_their_tasks(void **state)
{
	struct world *w = put_tasks(state, 2);
	struct assay_err err = {0};
	struct taskq_task mine[2], theirs[2];
	struct taskq_count count;
	size_t n;
	assert_ok(taskq_take(w->a, 2, mine, &n, &err));
	assert_int_equal(n, 2);
	assert_ok(taskq_take_over(w->b, 60000, 2, theirs, &n, &err));
	assert_int_equal(n, 0);
	poll(NULL, 0, 60);
	assert_ok(taskq_beat(w->a, &mine[0], &err));
	assert_ok(taskq_take_over(w->b, 50, 2, theirs, &n, &err));
	/* On a machine that stood still for 50 ms in between, both are silent. */
	assert_in_range(n, 1, 2);
	assert_int_equal(theirs[n - 1].number, mine[1].number);
	for (size_t i = 0; i < n; i++)
		assert_ok(taskq_done(w->b, &theirs[i], &err));
	assert_ok(taskq_done(w->a, &mine[0], &err));
	assert_ok(taskq_done(w->a, &mine[1], &err));
	assert_ok(taskq_count(w->b, &count, &err));
	assert_int_equal(count.finished, 2);
	assert_int_equal(count.executions, 2 + n);
	assert_int_equal(count.pending, 0);
}

/* Redis dies with a task in hand: every call ends with the reason, none hangs, none pretends. */
static void a_dead_server_is_said(void **state)
{
	struct world *w = put_tasks(state, 1);
	struct assay_err err = {0};
	struct taskq_task task;
	struct taskq_count count;
	size_t n;
	assert_ok(taskq_take(w->a, 1, &task, &n, &err));
	kill(server_pid(w->server), SIGKILL);
	assert_fails(taskq_done(w->a, &task, &err), ASSAY_EIO, "task queue: ");
	assert_fails(taskq_take(w->b, 1, &task, &n, &err), ASSAY_EIO, "task queue: ");
	assert_int_equal(n, 0);
	assert_fails(taskq_count(w->b, &count, &err), ASSAY_EIO, "task queue: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_task_is_taken_once, begin, end),
		cmocka_unit_test_setup_teardown(silent_workers_lose_their_tasks, begin, end),
		cmocka_unit_test_setup_teardown(a_dead_server_is_said, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
