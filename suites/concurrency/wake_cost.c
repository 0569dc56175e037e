/* SPDX-License-Identifier: MIT */
/* wake_cost: two threads that wake each other in turn. */
#include "suites/concurrency/wake_cost.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/concurrency/futex.h"

enum { ROUNDS = 15, PAUSES = 2000, DEFAULT_NS = 20000, LEAST_NS = 1000, MOST_NS = 200000 };

struct table_tennis {
	_Atomic uint32_t ball; /* even: here; odd: there */
	int there;
};

static void wait_for(struct table_tennis *t, uint32_t value)
{
	for (uint32_t now; (now = atomic_load_explicit(&t->ball, memory_order_acquire)) != value;)
		futex_wait(&t->ball, now);
}

static void hit(struct table_tennis *t, uint32_t value)
{
	atomic_store_explicit(&t->ball, value, memory_order_release);
	futex_wake(&t->ball, 1);
}

static void pin(int cpu)
{
	cpu_set_t set;
	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set); /* refused: measured where it runs */
}

static void *play(void *argument)
{
	struct table_tennis *t = argument;
	pin(t->there);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		wait_for(t, 2 * round + 1);
		hit(t, 2 * round + 2);
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Half of the median way there and back: one waking and one falling asleep. */
static uint64_t wake_ns(int there)
{
	struct table_tennis t = {.there = there};
	uint64_t took[ROUNDS];
	pthread_t other;
	if (pthread_create(&other, NULL, play, &t) != 0)
		return DEFAULT_NS;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint64_t began = assay_now_ns();
		hit(&t, 2 * round + 1);
		wait_for(&t, 2 * round + 2);
		took[round] = assay_now_ns() - began;
	}
	pthread_join(other, NULL);
	qsort(took, ROUNDS, sizeof(took[0]), by_value);
	return took[ROUNDS / 2] / 2;
}

static uint64_t pauses_ns(void)
{
	uint64_t best = UINT64_MAX;
	for (int round = 0; round < 3; round++) {
		uint64_t began = assay_now_ns();
		for (int i = 0; i < PAUSES; i++)
			assay_cpu_relax();
		uint64_t took = assay_now_ns() - began;
		best = took < best ? took : best;
	}
	return best ? best : 1;
}

uint32_t wake_cost_pauses(int here, int there)
{
	cpu_set_t set;
	if (here >= 0 && here == there)
		return 0;
	if (there < 0 && sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1)
		return 0;
	uint64_t ns = wake_ns(there);
	ns = ns < LEAST_NS ? LEAST_NS : ns > MOST_NS ? MOST_NS : ns;
	return (uint32_t)(ns * PAUSES / pauses_ns());
}
