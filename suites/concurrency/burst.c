/* SPDX-License-Identifier: MIT */
/*
 * burst: how a pool that adapts copes with a quiet time and then many jobs at once, each of which waits for
 * something (1 ms). One operation is one burst with the quiet time after it; its time is from the first
 * submit to the end of the last job.
 *
 * The pool is ours with 1 to 16 threads, or held at 1 or at 16. A figure near that of 16 with few
 * threads held is what adapting is for.
 */
#include <stdlib.h>
#include <time.h>

#include "harness/base/clock.h"
#include "suites/concurrency/adaptive.h"

enum { JOBS = 64, JOB_NS = 1000000, QUIET_NS = 60000000 };

struct burst {
	struct adaptive *pool;
	struct job jobs[JOBS];
	uint64_t begun_ns;
};

/* argument: when it was submitted; result: how long it waited for a thread. */
static int wait_a_while(struct job *job)
{
	job->result = assay_now_ns() - job->argument;
	nanosleep(&(struct timespec){0, JOB_NS}, NULL);
	return 0;
}

static void setup(struct assay_run *run)
{
	static const unsigned least[] = {1, 1, 16}, most[] = {16, 1, 16};
	size_t which = (size_t)assay_axis(run, "pool");
	struct adaptive_limits limits = ADAPTIVE_LIMITS;
	struct assay_err err = {0};
	struct burst *b = calloc(1, sizeof(*b));
	if (!assay_check(run, b, "out of memory"))
		return;
	limits.least = least[which];
	limits.most = most[which];
	if (!assay_check(run, adaptive_start(&limits, NULL, &b->pool, &err) == ASSAY_OK, "%s",
			 err.text)) {
		free(b);
		return;
	}
	b->begun_ns = assay_now_ns();
	assay_set_state(run, b);
}

static void teardown(struct assay_run *run)
{
	struct burst *b = assay_state(run);
	if (b)
		adaptive_stop(b->pool);
	free(b);
}

static uint64_t one_burst(struct burst *b, uint64_t *failed)
{
	uint64_t begin_ns = assay_now_ns();
	for (unsigned i = 0; i < JOBS; i++) {
		b->jobs[i] = (struct job){.run = wait_a_while, .argument = assay_now_ns()};
		adaptive_submit(b->pool, &b->jobs[i]);
	}
	*failed += adaptive_wait(b->pool);
	return assay_now_ns() - begin_ns;
}

static void body(struct assay_run *run)
{
	struct burst *b = assay_state(run);
	struct adaptive_state before, state;
	uint64_t total_ns = 0, failed = 0, bursts = 0, waited_ns = 0;

	adaptive_look(b->pool, &before);
	ASSAY_LOOP (run) {
		total_ns += one_burst(b, &failed);
		nanosleep(&(struct timespec){0, QUIET_NS}, NULL);
		bursts++;
	}
	adaptive_look(b->pool, &state);
	if (!assay_check(run, failed == 0, "%llu jobs failed", (unsigned long long)failed))
		return;
	for (unsigned i = 0; i < JOBS; i++)
		waited_ns += b->jobs[i].result;
	assay_set_elapsed_ns(run, (double)total_ns);
	assay_metric(run, "wait", "ns", ASSAY_LOWER, (double)waited_ns / JOBS);
	assay_metric(run, "peak", "count", ASSAY_LOWER, state.peak);
	assay_metric(run, "settled", "count", ASSAY_LOWER, state.threads);
	assay_metric(run, "held", "ratio", ASSAY_LOWER,
		     (double)(state.threads_ns - before.threads_ns) /
			     ((double)bursts * JOBS * JOB_NS));
}

const struct assay_bench assay_bench_concurrency_burst = {
	.brief =
		"many jobs that wait, after a quiet time: how soon there are threads, and how many",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"pool", "name", "adaptive,one,sixteen"}),
	.own_threads = true,
	.max_ops = 2,
	.thorough = true,
};
