/* SPDX-License-Identifier: MIT */
/*
 * replay: one operation is one entry drawn by one of two learners, in batches, while eight actors add entries as fast as
 * they can and the learners give what they drew new priorities. Each entry is signed: a torn one fails the case.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "harness/bench.h"
#include "suites/scaling/experience.h"

enum { ACTORS = 8, LEARNERS = 2, BATCH_MOST = 4096, PRIORITY_MOST = 1000, DRAWS = 20000 };

struct state {
	struct replay *replay;
	size_t batch;
	uint64_t seed; /* moves on with each of them */
	const struct assay_run *run;
	pthread_mutex_t lock;
	pthread_cond_t all_here;
	unsigned here; /* threads that wait for the others; under the lock, as the next */
	bool called_off;
	_Atomic unsigned learning; /* learners that are not done */
	_Atomic uint64_t torn, drawn;
	_Atomic uint64_t age; /* of what was drawn: entries added since, summed up */
};

struct worker {
	struct state *state;
	pthread_t thread;
	unsigned number;
	uint64_t begin_ns, end_ns;
	struct replay_draw *draws;
};

static void sign(uint64_t words[REPLAY_WORDS], uint64_t seed)
{
	for (int i = 0; i < REPLAY_WORDS; i++)
		words[i] = seed * 0x9e3779b97f4a7c15u + (uint64_t)i;
}

static bool signed_whole(const uint64_t words[REPLAY_WORDS])
{
	for (int i = 1; i < REPLAY_WORDS; i++)
		if (words[i] != words[0] + (uint64_t)i)
			return false;
	return true;
}

static void act(struct worker *w, struct assay_rng *rng)
{
	uint64_t words[REPLAY_WORDS];
	while (atomic_load_explicit(&w->state->learning, memory_order_relaxed)) {
		sign(words, assay_rng_next(rng));
		replay_add(w->state->replay, words,
			   1 + (uint32_t)assay_rng_below(rng, PRIORITY_MOST));
	}
}

static void learn(struct worker *w, struct assay_rng *rng)
{
	struct state *s = w->state;
	uint64_t share = (DRAWS + w->number) / LEARNERS, torn = 0, age = 0;
	for (uint64_t done = 0; done < share;) {
		size_t n = share - done < s->batch ? (size_t)(share - done) : s->batch;
		size_t got = replay_draw(s->replay, rng, n, w->draws);
		uint64_t now = replay_added(s->replay);
		for (size_t i = 0; i < got; i++) {
			torn += !signed_whole(w->draws[i].words);
			age += now - w->draws[i].number;
			replay_set_priority(s->replay, &w->draws[i],
					    1 + (uint32_t)assay_rng_below(rng, PRIORITY_MOST));
		}
		done += got;
	}
	s->torn += torn;
	s->age += age;
	s->drawn += share;
}

/* Wait for the others. False: they do not come. No pthread_barrier_t, since nobody can be called back from one. */
static bool meet(struct state *s)
{
	pthread_mutex_lock(&s->lock);
	if (++s->here == LEARNERS + ACTORS)
		pthread_cond_broadcast(&s->all_here);
	while (s->here < LEARNERS + ACTORS && !s->called_off)
		pthread_cond_wait(&s->all_here, &s->lock);
	bool all = s->here == LEARNERS + ACTORS;
	pthread_mutex_unlock(&s->lock);
	return all;
}

static void call_off(struct state *s)
{
	pthread_mutex_lock(&s->lock);
	s->called_off = true;
	pthread_cond_broadcast(&s->all_here);
	pthread_mutex_unlock(&s->lock);
}

static void *work(void *context)
{
	struct worker *w = context;
	struct state *s = w->state;
	struct assay_rng rng;
	assay_rng_init(&rng, s->seed + w->number);
	int cpu = assay_cpu(s->run, w->number % assay_threads(s->run));
	if (cpu >= 0) {
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET((unsigned)cpu, &set);
		pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	}
	if (!meet(s))
		return NULL;
	w->begin_ns = assay_now_ns();
	if (w->number < LEARNERS) {
		learn(w, &rng);
		s->learning--;
	} else {
		act(w, &rng);
	}
	w->end_ns = assay_now_ns();
	return NULL;
}

/* All ten of them for one batch; *ret_ns grows by what passed from the first one's start to the last learner's end. */
static bool do_batch(struct state *s, uint64_t *ret_ns)
{
	struct worker workers[LEARNERS + ACTORS];
	unsigned n = 0;
	s->learning = LEARNERS;
	s->seed += LEARNERS + ACTORS;
	s->here = 0;
	bool ok = true;
	for (unsigned i = 0; i < LEARNERS + ACTORS; i++) {
		workers[i] = (struct worker){.state = s, .number = i};
		if (i < LEARNERS)
			ok &= (workers[i].draws = calloc(s->batch, sizeof(struct replay_draw))) !=
			      NULL;
	}
	while (ok && n < LEARNERS + ACTORS &&
	       pthread_create(&workers[n].thread, NULL, work, &workers[n]) == 0)
		n++;
	if (n != LEARNERS + ACTORS)
		call_off(s);
	uint64_t first = UINT64_MAX, last = 0;
	for (unsigned i = 0; i < n; i++) {
		pthread_join(workers[i].thread, NULL);
		first = workers[i].begin_ns < first ? workers[i].begin_ns : first;
		if (i < LEARNERS && workers[i].end_ns > last)
			last = workers[i].end_ns;
	}
	*ret_ns += last > first ? last - first : 1;
	for (unsigned i = 0; i < LEARNERS; i++)
		free(workers[i].draws);
	return n == LEARNERS + ACTORS;
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	struct assay_rng rng;
	uint64_t words[REPLAY_WORDS];
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->all_here, NULL);
	assay_set_state(run, s);
	size_t entries = (size_t)assay_axis(run, "entries");
	s->run = run;
	s->batch = (size_t)assay_axis(run, "batch");
	s->seed = assay_seed(run);
	if (!assay_check(run, s->batch > 0 && s->batch <= BATCH_MOST, "batch is 1 to %d",
			 BATCH_MOST))
		return;
	enum assay_code code = replay_new(entries, (unsigned)assay_axis(run, "shards"),
					  assay_axis(run, "law") > 0, &s->replay, &err);
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text))
		return;
	assay_rng_init(&rng, s->seed);
	for (size_t i = 0; i < entries; i++) { /* full from the beginning */
		sign(words, assay_rng_next(&rng));
		replay_add(s->replay, words, 1 + (uint32_t)assay_rng_below(&rng, PRIORITY_MOST));
	}
	assay_set_ops_per_iteration(run, DRAWS);
	assay_set_bytes_per_op(run, REPLAY_WORDS * sizeof(uint64_t));
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	replay_free(s->replay);
	pthread_cond_destroy(&s->all_here);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	s->torn = s->age = s->drawn = 0;
	uint64_t ns = 0, before = replay_added(s->replay);
	bool started = true;
	ASSAY_LOOP (run)
		started = started && do_batch(s, &ns);
	if (!assay_check(run, started, "ten threads could not be started") ||
	    !assay_check(run, s->torn == 0, "%llu entries were torn", (unsigned long long)s->torn))
		return;
	assay_set_elapsed_ns(run, (double)ns);
	if (!ns || !s->drawn)
		return;
	assay_metric(run, "added", "op/s", ASSAY_HIGHER,
		     (double)(replay_added(s->replay) - before) * 1e9 / (double)ns);
	uint64_t added = replay_added(s->replay), room = (uint64_t)assay_axis(run, "entries");
	assay_metric(run, "held", "entries", ASSAY_HIGHER, (double)(added < room ? added : room));
	assay_metric(run, "age", "entries", ASSAY_LOWER, (double)s->age / (double)s->drawn);
}

const struct assay_bench assay_bench_scaling_replay = {
	.brief = "an entry drawn from a replay buffer by 2 learners while 8 actors fill it",
	.source = "Schaul et al., Prioritized Experience Replay, ICLR 2016",
	.claim = "S0.replay",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"law", "name", "uniform,prioritised"},
			   {"entries", "entries", "1000000"}, {"batch", "entries", "256"},
			   {"shards", "shards", "1,16"}),
	.subjects = ASSAY_NO_SUBJECT,
	.threads = "ncores",
	.own_threads = true,
	.max_ops = 16,
	.thorough = true,
	.version = 1,
};
