/* SPDX-License-Identifier: MIT */
/* test_scaling: teams do every part once, where they should; and the oracle catches those that do not. */
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "suites/scaling/kmeans.h"
#include "suites/scaling/scaling.h"
#include "suites/table.h"
#include "tests/t.h"

enum { TEAM = 4, ROUNDS = 200 };

static const struct assay_subject *subject(const char *name)
{
	for (const struct assay_subject_entry *e = assay_subject_table; e->suite; e++)
		if (strcmp(e->suite, "scaling") == 0 && strcmp(e->name, name) == 0)
			return e->subject;
	return NULL;
}

static const struct assay_suite *suite(void)
{
	for (const struct assay_suite_entry *e = assay_suite_table; e->name; e++)
		if (strcmp(e->name, "scaling") == 0)
			return e->suite;
	return NULL;
}

static const char *const real_teams[] = {"threads", "processes"};

static void every_subject_passes_the_oracle(void **state)
{
	(void)state;
	static const char *const names[] = {"null", "threads", "processes"};
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++)
		assert_ok(suite()->check(subject(names[i]), 42 + i, &err));
}

/* What the parts leave behind for the main thread to judge. */
struct traces {
	_Atomic unsigned calls[TEAM];
	_Atomic unsigned wrong_parts;
	int cpu_count[TEAM];
	int cpu[TEAM];
	pid_t pid[TEAM];
};

static void leave_trace(void *context, unsigned part, unsigned parts)
{
	struct traces *t = context;
	cpu_set_t set;
	if (part >= TEAM || parts != TEAM) {
		t->wrong_parts++;
		return;
	}
	t->calls[part]++;
	sched_getaffinity(0, sizeof(set), &set);
	t->cpu_count[part] = CPU_COUNT(&set);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			t->cpu[part] = cpu;
	t->pid[part] = getpid();
}

static void each_part_is_done_once_each_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(real_teams); i++) {
		const struct team_ops *ops = subject(real_teams[i])->ops;
		struct traces *t = team_alloc(sizeof(*t));
		struct assay_err err = {0};
		struct team *team;
		assert_non_null(t);
		assert_ok(ops->start(TEAM, NULL, &team, &err));
		for (unsigned round = 1; round <= ROUNDS; round++) {
			assert_ok(ops->run(team, leave_trace, t, &err));
			for (int part = 0; part < TEAM; part++)
				assert_int_equal(t->calls[part], round);
		}
		ops->stop(team);
		assert_int_equal(t->wrong_parts, 0);
		for (int part = 1; part < TEAM; part++)
			assert_true((t->pid[part] == getpid()) == (i == 0));
		team_free(t, sizeof(*t));
	}
}

static void workers_run_where_they_are_told(void **state)
{
	(void)state;
	int cpu = sched_getcpu();
	int cpus[TEAM] = {-1, cpu, -1, cpu};
	cpu_set_t own;
	assert_int_equal(sched_getaffinity(0, sizeof(own), &own), 0);
	for (size_t i = 0; i < ASSAY_COUNT_OF(real_teams); i++) {
		const struct team_ops *ops = subject(real_teams[i])->ops;
		struct traces *t = team_alloc(sizeof(*t));
		struct assay_err err = {0};
		struct team *team;
		assert_ok(ops->start(TEAM, cpus, &team, &err));
		assert_ok(ops->run(team, leave_trace, t, &err));
		ops->stop(team);
		assert_int_equal(t->cpu_count[1], 1);
		assert_int_equal(t->cpu[1], cpu);
		assert_int_equal(t->cpu_count[2], CPU_COUNT(&own));
		assert_int_equal(t->cpu[3], cpu);
		team_free(t, sizeof(*t));
	}
}

static void a_team_may_stop_without_having_worked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(real_teams); i++) {
		const struct team_ops *ops = subject(real_teams[i])->ops;
		struct assay_err err = {0};
		struct team *team;
		assert_ok(ops->start(TEAM, NULL, &team, &err));
		ops->stop(team);
		ops->stop(NULL);
	}
}

static void die_in_part_one(void *context, unsigned part, unsigned parts)
{
	(void)context, (void)parts;
	if (part == 1)
		raise(SIGKILL);
}

static void a_dead_process_is_an_error_not_a_hang(void **state)
{
	(void)state;
	const struct team_ops *ops = subject("processes")->ops;
	struct assay_err err = {0};
	struct team *team;
	assert_ok(ops->start(2, NULL, &team, &err));
	assert_fails(ops->run(team, die_in_part_one, NULL, &err), ASSAY_EIO, "has died");
	ops->stop(team);
}

static enum assay_code solo_start(unsigned threads, const int *cpus, struct team **ret,
				  struct assay_err *err)
{
	(void)cpus, (void)err;
	unsigned *team = malloc(sizeof(*team));
	*team = threads;
	*ret = (struct team *)team;
	return ASSAY_OK;
}

static void solo_stop(struct team *team)
{
	free(team);
}

/* Does all parts of a step but the last; filling is done right, so the data are there. */
static enum assay_code run_all_but_last(struct team *team, team_part part, void *context,
					struct assay_err *err)
{
	unsigned threads = *(unsigned *)team;
	unsigned end = part == kmeans_fill_part ? threads : threads - 1;
	(void)err;
	for (unsigned i = 0; i < end; i++)
		part(context, i, threads);
	return ASSAY_OK;
}

/* Shares out wrongly: the last worker does the first one's share as well as its own. */
static enum assay_code run_first_twice(struct team *team, team_part part, void *context,
				       struct assay_err *err)
{
	unsigned threads = *(unsigned *)team;
	struct kmeans *km = context;
	(void)err;
	for (unsigned i = 0; i < threads; i++)
		part(context, i, threads);
	if (part == kmeans_step_part && km->n > 0)
		km->partial[threads - 1] = km->partial[0];
	if (part == kmeans_step_part && km->n > 0 && threads == 1)
		km->partial[0].count[0]++;
	return ASSAY_OK;
}

static void the_oracle_catches_teams_that_leave_work_undone(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct team_ops ops = {
		.computes = true, .start = solo_start, .run = run_all_but_last, .stop = solo_stop};
	struct assay_subject liar = {.brief = "liar", .ops = &ops};
	assert_fails(suite()->check(&liar, 5, &err), ASSAY_ECHECK, "the serial code says");
	ops.run = run_first_twice;
	assert_fails(suite()->check(&liar, 5, &err), ASSAY_ECHECK, "points, not");
}

static void the_same_seed_gives_the_same_points_however_shared(void **state)
{
	(void)state;
	enum { N = 1001 };
	struct assay_err err = {0};
	struct kmeans *one, *three;
	assert_ok(kmeans_new(N, 1, 9, &one, &err));
	assert_ok(kmeans_new(N, 3, 9, &three, &err));
	kmeans_fill_part(one, 0, 1);
	for (unsigned part = 0; part < 3; part++)
		kmeans_fill_part(three, part, 3);
	assert_memory_equal(one->points, three->points, N * KMEANS_D * sizeof(float));
	assert_memory_equal(one->centroids, three->centroids, KMEANS_K * KMEANS_D * sizeof(float));
	kmeans_free(one);
	kmeans_free(three);
	kmeans_free(NULL);
	assert_fails(kmeans_new(N, 0, 9, &one, &err), ASSAY_EUSAGE, "0 parts");
}

static void the_comparison_sees_one_wrong_bit(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct kmeans *km;
	assert_ok(kmeans_new(100, 1, 3, &km, &err));
	kmeans_fill_part(km, 0, 1);
	kmeans_step_serial(km);
	kmeans_poison(km);
	assert_fails(kmeans_compare(km, &err), ASSAY_ECHECK, "point 0");
	kmeans_step_part(km, 0, 1);
	kmeans_merge(km);
	assert_ok(kmeans_compare(km, &err));
	km->labels[99] ^= 1;
	assert_fails(kmeans_compare(km, &err), ASSAY_ECHECK, "point 99");
	km->labels[99] ^= 1;
	km->total.sum[KMEANS_K - 1][0] *= 1 + 1e-6;
	assert_fails(kmeans_compare(km, &err), ASSAY_ECHECK, "centroid 15");
	kmeans_free(km);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_subject_passes_the_oracle),
		cmocka_unit_test(each_part_is_done_once_each_time),
		cmocka_unit_test(workers_run_where_they_are_told),
		cmocka_unit_test(a_team_may_stop_without_having_worked),
		cmocka_unit_test(a_dead_process_is_an_error_not_a_hang),
		cmocka_unit_test(the_oracle_catches_teams_that_leave_work_undone),
		cmocka_unit_test(the_same_seed_gives_the_same_points_however_shared),
		cmocka_unit_test(the_comparison_sees_one_wrong_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
