/* SPDX-License-Identifier: MIT */
/*
 * mode_select: a batch of 400 jobs is run by our choice of mode, and then by each of the three modes. One
 * operation is one batch by our choice. `regret` is what the choice lost against the best of the fixed ones:
 * 0.1 is a tenth longer; below 0 the choice was luckier than all three.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/clock.h"
#include "suites/concurrency/executing.h"
#include "suites/concurrency/modes.h"

enum { CPUS_MOST = 1024, JOBS = 400, SHORT_STEPS = 100, LONG_STEPS = 20000, WAIT_NS = 100000 };

struct choice {
	struct modes modes;
	pthread_mutex_t lock;
	cpu_set_t set;
	struct job jobs[JOBS];
};

static uint64_t steps_from(uint64_t x, unsigned steps)
{
	for (unsigned i = 0; i < steps; i++)
		x = x * 0xd1342543de82ef95u + 1;
	return x;
}

static int compute_a_little(struct job *job)
{
	job->result = steps_from(job->argument, SHORT_STEPS);
	return 0;
}

static int compute(struct job *job)
{
	job->result = steps_from(job->argument, LONG_STEPS);
	return 0;
}

static int wait_for_it(struct job *job)
{
	nanosleep(&(struct timespec){0, WAIT_NS}, NULL);
	job->result = steps_from(job->argument, SHORT_STEPS);
	return 0;
}

/* As in a library that has one lock for all its callers: each process has one of its own. The argument is the
 * job's number. */
static int compute_locked(struct job *job)
{
	char *first = (char *)(job - job->argument);
	struct choice *c = (struct choice *)(first - offsetof(struct choice, jobs));
	pthread_mutex_lock(&c->lock);
	int error = compute(job);
	pthread_mutex_unlock(&c->lock);
	return error;
}

static const struct kind {
	int (*run)(struct job *job);
	unsigned steps; /* of its result */
} kinds[] = {{compute_a_little, SHORT_STEPS},
	     {compute, LONG_STEPS},
	     {wait_for_it, SHORT_STEPS},
	     {compute_locked, LONG_STEPS}};

static void setup(struct assay_run *run)
{
	struct choice *c = calloc(1, sizeof(*c));
	struct assay_err err = {0};
	unsigned threads = assay_threads(run);
	if (!assay_check(run, c, "out of memory"))
		return;
	int cpus[CPUS_MOST];
	unsigned n_cpus = threads < CPUS_MOST ? threads : CPUS_MOST;
	for (unsigned i = 0; i < n_cpus; i++)
		cpus[i] = assay_cpu(run, i);
	if (jobs_cpu_set(cpus, n_cpus, &c->set))
		c->modes.set = &c->set;
	c->modes.processes = threads < PROCESSES_MOST ? threads : PROCESSES_MOST;
	struct adaptive_limits limits = ADAPTIVE_LIMITS;
	limits.least = threads < limits.most ? threads : limits.most;
	if (!assay_check(run,
			 adaptive_start(&limits, c->modes.set, &c->modes.pool, &err) == ASSAY_OK,
			 "%s", err.text)) {
		free(c);
		return;
	}
	pthread_mutex_init(&c->lock, NULL);
	modes_measure(&c->modes);
	for (size_t i = 0; i < JOBS; i++)
		c->jobs[i] = (struct job){.run = kinds[(size_t)assay_axis(run, "jobs")].run,
					  .argument = i};
	assay_set_state(run, c);
}

static void teardown(struct assay_run *run)
{
	struct choice *c = assay_state(run);
	if (c) {
		adaptive_stop(c->modes.pool);
		pthread_mutex_destroy(&c->lock);
	}
	free(c);
}

static bool came_back_right(struct choice *c, unsigned steps)
{
	bool right = true;
	for (size_t i = 0; i < JOBS; i++) {
		right &= c->jobs[i].error == 0 &&
			 c->jobs[i].result == steps_from(c->jobs[i].argument, steps);
		c->jobs[i].result = 0;
	}
	return right;
}

static void body(struct assay_run *run)
{
	struct choice *c = assay_state(run);
	unsigned steps = kinds[(size_t)assay_axis(run, "jobs")].steps;
	uint64_t fixed_ns[MODE_COUNT] = {0}, ours_ns = 0, batches = 0;
	enum mode chosen = MODE_SEQUENTIAL;
	bool right = true;

	ASSAY_LOOP (run) {
		uint64_t begin_ns = assay_now_ns();
		modes_choose_and_run(&c->modes, c->jobs, JOBS, &chosen);
		ours_ns += assay_now_ns() - begin_ns;
		right &= came_back_right(c, steps);
		for (enum mode mode = 0; mode < MODE_COUNT; mode++) {
			begin_ns = assay_now_ns();
			modes_run(&c->modes, mode, c->jobs, JOBS);
			fixed_ns[mode] += assay_now_ns() - begin_ns;
			right &= came_back_right(c, steps);
		}
		batches++;
	}
	if (!assay_check(run, right, "a job came back wrong"))
		return;
	uint64_t best_ns = UINT64_MAX;
	for (enum mode mode = 0; mode < MODE_COUNT; mode++)
		best_ns = fixed_ns[mode] < best_ns ? fixed_ns[mode] : best_ns;
	assay_set_elapsed_ns(run, (double)ours_ns);
	double n = (double)batches;
	assay_metric(run, "regret", "ratio", ASSAY_LOWER, (double)ours_ns / (double)best_ns - 1);
	assay_metric(run, "sequential", "ns", ASSAY_LOWER, (double)fixed_ns[MODE_SEQUENTIAL] / n);
	assay_metric(run, "in_threads", "ns", ASSAY_LOWER, (double)fixed_ns[MODE_THREADS] / n);
	assay_metric(run, "in_processes", "ns", ASSAY_LOWER, (double)fixed_ns[MODE_PROCESSES] / n);
	assay_metric(run, "chosen", "count", ASSAY_LOWER, chosen);
}

const struct assay_bench assay_bench_concurrency_mode_select = {
	.brief = "choice between one after the other, threads and processes, beside each of them",
	.source = "explore, then commit [Lattimore & Szepesvari, Bandit Algorithms, 2020, ch. 6]",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"jobs", "name", "tiny,compute,waiting,locked"}),
	.threads = "ncores",
	.own_threads = true,
	.thorough = true,
};
