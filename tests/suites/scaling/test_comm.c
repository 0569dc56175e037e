/* SPDX-License-Identifier: MIT */
/* Ranks: what arrives is right for every subject, a rank that is gone is named, and wrong ones are caught. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "suites/scaling/comm_shm.h"
#include "suites/scaling/comm_sum.h"
#include "suites/scaling/comm_tcp.h"
#include "suites/scaling/scaling.h"
#include "suites/table.h"
#include "tests/t.h"

static const struct assay_subject *subject(const char *name)
{
	for (const struct assay_subject_entry *e = assay_subject_table; e->suite; e++)
		if (strcmp(e->suite, "scaling") == 0 && strcmp(e->name, name) == 0)
			return e->subject;
	return NULL;
}

static void shared_memory_passes_the_oracle(void **state)
{
	(void)state;
	struct assay_err err = {0};
	assert_ok(scaling_check_comm(subject("shm")->ops, 7, &err));
	assert_ok(scaling_check_comm(subject("comm_null")->ops, 7, &err));
}

static void tcp_passes_the_oracle(void **state)
{
	(void)state;
	struct assay_err err = {0};
	assert_ok(scaling_check_comm(subject("tcp")->ops, 7, &err));
}

static void mpi_passes_the_oracle(void **state)
{
	(void)state;
	struct assay_err err = {0};
	if (subject("openmpi")->probe(&err) != ASSAY_OK) {
		print_message("%s\n", err.text);
		skip();
	}
	enum assay_code code = scaling_check_comm(subject("openmpi")->ops, 7, &err);
	if (code == ASSAY_SKIP) {
		print_message("%s\n", err.text);
		skip();
	}
	assert_ok(code);
}

/* Every width, both ways to store, odd ends: the same bits as the plain loop. */
static void sums_are_those_of_the_plain_loop(void **state)
{
	(void)state;
	enum { N = 304, RANKS = 3 };
	static _Alignas(64) float in[RANKS][N], out[RANKS][N], want[RANKS][N];
	const float *from[RANKS] = {in[0], in[1], in[2]};
	float *to[RANKS] = {out[0], out[1], out[2]}, *due[RANKS] = {want[0], want[1], want[2]};
	for (int k = 0; k < RANKS; k++)
		for (int i = 0; i < N; i++)
			in[k][i] = (float)(i * 7 + k) / 3.0f;
	for (unsigned n = 1; n <= RANKS; n++) {
		for (size_t end = 0; end < N; end += 37) {
			for (int stream = 0; stream < 2; stream++) {
				memset(out, 0, sizeof(out));
				memset(want, 0, sizeof(want));
				comm_sum(from, to, n, 16 < end ? 16 : 0, end, stream);
				comm_sum_scalar(from, due, n, 16 < end ? 16 : 0, end);
				assert_memory_equal(out, want, sizeof(out));
			}
		}
	}
}

static void who_looks_on_is_not_timed(void **state)
{
	(void)state;
	const uint64_t ns[] = {5, 7, 100};
	assert_int_equal(comm_slowest(COMM_PT2PT, ns, 3), 7);
	assert_int_equal(comm_slowest(COMM_PT2PT, ns, 2), 7);
	assert_int_equal(comm_slowest(COMM_ALLREDUCE, ns, 3), 100);
}

/* The rank that does not come is named, and nobody waits for it again. */
static void a_missing_rank_is_named(void **state)
{
	(void)state;
	struct comm_group *g = team_alloc(sizeof(*g));
	assert_non_null(g);
	g->ranks = 3;
	g->patience_ns = 1000000;
	atomic_store(&g->slots[1].arrived, 1);
	assert_false(comm_barrier(g, 0));
	assert_int_equal(atomic_load(&g->missing), 2 + 1);
	assert_false(comm_barrier(g, 0));
	team_free(g, sizeof(*g));
}

/* A rank is killed: an error in time, not a hang and not a figure. */
static void a_killed_rank_is_an_error(void **state)
{
	(void)state;
	struct assay_err err = {0};
	const struct comm_ops *ops = subject("shm")->ops;
	struct comm *comm;
	uint64_t ns;
	assert_ok(ops->start(3, NULL, 64, &comm, &err));
	assert_ok(ops->run(comm, COMM_ALLREDUCE, 3, &ns, &err));
	struct comm_group *g = comm_shm_group(comm);
	int victim = g->slots[2].pid;
	assert_true(victim > 0 && victim != getpid());
	g->patience_ns = 20000000;
	kill(victim, SIGKILL);
	assert_fails(ops->run(comm, COMM_ALLREDUCE, 1, &ns, &err), ASSAY_EIO,
		     "rank 2 did not come");
	ops->stop(comm);
}

/* Ranks 0 and 1 in one process, connected; the one that connects needs nobody to answer at once. */
static void connect_two(struct comm_mesh m[2], uint64_t token_0, enum assay_code expected)
{
	uint64_t where[2];
	struct assay_err err = {0};
	for (unsigned i = 0; i < 2; i++) {
		assert_ok(comm_mesh_listen(&m[i], i, 2, NULL, &where[i], &err));
		m[i].patience_ns = 30000000;
	}
	assert_ok(comm_mesh_connect(&m[1], where, 8, 7, &err));
	enum assay_code code = comm_mesh_connect(&m[0], where, 8, token_0, &err);
	if (expected == ASSAY_OK)
		assert_ok(code);
	else
		assert_fails(code, expected, "rank 1 did not come");
}

/* Over a network: one that is silent, one that is gone, and somebody who is none of ours. */
static void a_lost_rank_of_a_network_is_named(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct comm_mesh m[2];
	float sent[8] = {1, 2, 3, 4, 5, 6, 7, 8}, received[8] = {0};
	connect_two(m, 7, ASSAY_OK);
	assert_ok(comm_mesh_do(&m[1], COMM_PT2PT, 1, sent, received, 8, &err));
	assert_ok(comm_mesh_do(&m[0], COMM_PT2PT, 1, sent, received, 8, &err));
	assert_memory_equal(sent, received, sizeof(sent));
	assert_fails(comm_mesh_do(&m[0], COMM_ALLREDUCE, 0, sent, received, 8, &err), ASSAY_EIO,
		     "rank 1 did not answer");
	comm_mesh_close(&m[0]);
	comm_mesh_close(&m[1]);
	connect_two(m, 7, ASSAY_OK);
	comm_mesh_close(&m[1]);
	assert_fails(comm_mesh_do(&m[0], COMM_BARRIER, 0, sent, received, 8, &err), ASSAY_EIO,
		     "rank 1");
	comm_mesh_close(&m[0]);
	connect_two(m, 8, ASSAY_EIO);
	comm_mesh_close(&m[0]);
	comm_mesh_close(&m[1]);
}

/* It knocks, and there is no descriptor for it: also that comes to an end. */
static void a_rank_that_cannot_be_let_in_is_named(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct comm_mesh m[2];
	uint64_t where[2];
	struct rlimit before;
	for (unsigned i = 0; i < 2; i++) {
		assert_ok(comm_mesh_listen(&m[i], i, 2, NULL, &where[i], &err));
		m[i].patience_ns = 30000000;
	}
	assert_ok(comm_mesh_connect(&m[1], where, 8, 7, &err));
	int lowest = dup(STDOUT_FILENO);
	assert_true(lowest >= 0 && close(lowest) == 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	struct rlimit none = {(rlim_t)lowest, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	enum assay_code code = comm_mesh_connect(&m[0], where, 8, 7, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_fails(code, ASSAY_EIO, "rank 1 did not come");
	comm_mesh_close(&m[0]);
	comm_mesh_close(&m[1]);
}

/* A rank that sends what is not its own is found out. */
static void wrong_sums_are_caught(void **state)
{
	(void)state;
	struct assay_err err = {0};
	const struct comm_ops *ops = subject("shm")->ops;
	struct comm *comm;
	assert_ok(ops->start(2, NULL, 100, &comm, &err));
	assert_ok(ops->verify(comm, COMM_ALLREDUCE, 5, &err));
	struct comm_group *g = comm_shm_group(comm);
	float *own = g->send[1];
	g->send[1] = g->send[0];
	assert_fails(ops->verify(comm, COMM_ALLREDUCE, 5, &err), ASSAY_ECHECK,
		     "wrong floats of 100");
	g->send[1] = own;
	ops->stop(comm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_memory_passes_the_oracle),
		cmocka_unit_test(tcp_passes_the_oracle),
		cmocka_unit_test(who_looks_on_is_not_timed),
		cmocka_unit_test(mpi_passes_the_oracle),
		cmocka_unit_test(sums_are_those_of_the_plain_loop),
		cmocka_unit_test(a_missing_rank_is_named),
		cmocka_unit_test(a_killed_rank_is_an_error),
		cmocka_unit_test(a_lost_rank_of_a_network_is_named),
		cmocka_unit_test(a_rank_that_cannot_be_let_in_is_named),
		cmocka_unit_test(wrong_sums_are_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
