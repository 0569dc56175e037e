/* SPDX-License-Identifier: MIT */
/*
 * fedavg: one operation is a round of federated averaging: every client works on its own data for a while and gives its
 * update, weighted by how much data it has; the round ends when enough of them have come. Clients are devices elsewhere:
 * their work is a sleep here, so that there may be more of them than CPUs. What comes late is dropped.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/clock.h"
#include "harness/bench.h"
#include "suites/scaling/scaling.h"

extern const struct assay_subject assay_subject_scaling_threads;

enum { CLIENTS = 8, VALUES = 4096, WORK_NS = 1000000, STRAGGLER = CLIENTS - 2 };

struct state {
	const struct team_ops *team_ops;
	struct team *team;
	double slowdown; /* of the straggler */
	unsigned quorum; /* updates that end a round */
	pthread_mutex_t lock;
	/* Under the lock. */
	unsigned arrived;
	uint64_t closed_ns, weight; /* of those that counted */
	bool counted[CLIENTS];
	double sums[VALUES];
	uint64_t came_ns[CLIENTS];
	uint64_t round, begun_ns;
	/* Over the rounds of a batch. */
	uint64_t rounds, elapsed_ns, weights, wrong;
	double lag; /* of the last to come to the median one */
	unsigned slowest;
};

/* Samples a client has; what it learns in a round: whole numbers, so that sums are exact. */
static uint64_t weight_of(unsigned client)
{
	return 10 + client * 3;
}

static double update_of(unsigned client, uint64_t round, size_t i)
{
	return (double)((client * 31 + round * 7 + i) % 64);
}

static void work_locally(uint64_t ns)
{
	struct timespec left = {.tv_sec = (time_t)(ns / 1000000000u),
				.tv_nsec = (long)(ns % 1000000000u)};
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

static void client_part(void *context, unsigned part, unsigned parts)
{
	struct state *s = context;
	double slow = part == STRAGGLER ? s->slowdown : 1;
	(void)parts;
	work_locally((uint64_t)(WORK_NS * slow));
	pthread_mutex_lock(&s->lock);
	s->came_ns[part] = assay_now_ns();
	if (s->arrived < s->quorum) {
		for (size_t i = 0; i < VALUES; i++)
			s->sums[i] += (double)weight_of(part) * update_of(part, s->round, i);
		s->weight += weight_of(part);
		s->counted[part] = true;
		if (++s->arrived == s->quorum)
			s->closed_ns = assay_now_ns();
	}
	pthread_mutex_unlock(&s->lock);
}

/* The average is that of the clients that counted, to the last bit. */
static bool average_is_right(const struct state *s)
{
	uint64_t weight = 0;
	unsigned n = 0;
	for (unsigned c = 0; c < CLIENTS; c++) {
		weight += s->counted[c] ? weight_of(c) : 0;
		n += s->counted[c];
	}
	if (n != s->quorum || weight != s->weight)
		return false;
	for (size_t i = 0; i < VALUES; i++) {
		double due = 0;
		for (unsigned c = 0; c < CLIENTS; c++)
			due += s->counted[c] ? (double)weight_of(c) * update_of(c, s->round, i) : 0;
		if (s->sums[i] != due)
			return false;
	}
	return true;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Who came last, and how much later than the one in the middle, counted from the beginning of the round. */
static void look_for_straggler(struct state *s)
{
	uint64_t came[CLIENTS];
	memcpy(came, s->came_ns, sizeof(came));
	qsort(came, CLIENTS, sizeof(came[0]), by_time);
	s->lag = (double)(came[CLIENTS - 1] - s->begun_ns) /
		 (double)(came[CLIENTS / 2] - s->begun_ns);
	for (unsigned c = 0; c < CLIENTS; c++)
		if (s->came_ns[c] == came[CLIENTS - 1])
			s->slowest = c;
}

static enum assay_code do_round(struct state *s, struct assay_err *err)
{
	s->arrived = 0;
	s->weight = 0;
	s->round++;
	memset(s->sums, 0, sizeof(s->sums));
	memset(s->counted, 0, sizeof(s->counted));
	s->begun_ns = assay_now_ns();
	/* Returns when the last one is back; the round itself ended before. */
	enum assay_code code = s->team_ops->run(s->team, client_part, s, err);
	if (code != ASSAY_OK)
		return code;
	s->elapsed_ns += s->closed_ns - s->begun_ns;
	s->weights += s->weight;
	s->rounds++;
	s->wrong += !average_is_right(s);
	look_for_straggler(s);
	return ASSAY_OK;
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	pthread_mutex_init(&s->lock, NULL);
	assay_set_state(run, s);
	double wait = assay_axis(run, "wait");
	s->slowdown = assay_axis(run, "slowdown");
	s->quorum = (unsigned)ceil(wait * CLIENTS);
	if (!assay_check(run, wait > 0 && wait <= 1 && s->slowdown >= 1 && s->slowdown <= 1000,
			 "wait is above 0 and at most 1, slowdown 1 to 1000"))
		return;
	s->team_ops = assay_subject_scaling_threads.ops;
	enum assay_code code = s->team_ops->start(CLIENTS, NULL, &s->team, &err);
	assay_check(run, code == ASSAY_OK, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	if (s->team)
		s->team_ops->stop(s->team);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	uint64_t whole = 0;
	s->rounds = s->elapsed_ns = s->weights = s->wrong = 0;
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = do_round(s, &err);
	}
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text) ||
	    !assay_check(run, s->wrong == 0, "%llu averages of %llu are wrong",
			 (unsigned long long)s->wrong, (unsigned long long)s->rounds))
		return;
	for (unsigned c = 0; c < CLIENTS; c++)
		whole += weight_of(c);
	assay_set_elapsed_ns(run, (double)s->elapsed_ns);
	assay_metric(run, "data", "ratio", ASSAY_HIGHER,
		     (double)s->weights / (double)(whole * s->rounds));
	assay_metric(run, "imbalance", "ratio", ASSAY_LOWER, s->lag);
	assay_counter(run, "slowest", s->slowest);
}

const struct assay_bench assay_bench_scaling_fedavg = {
	.brief = "a round of federated averaging of 8 clients, one of them slow",
	.source =
		"McMahan et al., Communication-Efficient Learning of Deep Networks from Decentralized Data, "
		"AISTATS 2017",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"wait", "ratio", "1,0.75"}, {"slowdown", "ratio", "1,10"}),
	.subjects = ASSAY_NO_SUBJECT,
	.own_threads = true,
	.thorough = true,
	.version = 1,
};
