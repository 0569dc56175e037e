/* SPDX-License-Identifier: MIT */
/*
 * envpool: a simulator of a pole on a cart acquired, reset, stepped, and released: what of the time of an
 * episode is the pool's, and what the resetting of state, which no pool saves.
 */
#include <math.h>

#include "harness/base/clock.h"
#include "suites/memory/object_bench.h"

enum { STEPS = 10, TIMES = 200 };

/* The state of an episode, and what a simulator of some size carries beside it. */
struct environment {
	double position, speed, angle, turn;
	uint64_t steps;
	unsigned char world[];
};

static void reset(struct environment *e, size_t bytes)
{
	memset(e, 0, bytes);
	e->angle = 0.05;
}

/* One step of Euler's with the force that a simple controller chooses [Barto, Sutton, Anderson, 1983]. */
static void step(struct environment *e, size_t world_bytes)
{
	const double gravity = 9.8, cart = 1, pole = 0.1, half = 0.5, dt = 0.02;
	double force = e->angle + 0.5 * e->turn > 0 ? 10 : -10;
	double s = sin(e->angle), c = cos(e->angle);
	double push = (force + pole * half * e->turn * e->turn * s) / (cart + pole);
	double turning =
		(gravity * s - c * push) / (half * (4.0 / 3.0 - pole * c * c / (cart + pole)));

	e->position += dt * e->speed;
	e->speed += dt * (push - pole * half * turning * c / (cart + pole));
	e->angle += dt * e->turn;
	e->turn += dt * turning;
	e->world[e->steps++ * 64 % world_bytes]++;
}

/* The whole life; true when the pole still stands. */
static bool episode(struct environment *e, size_t bytes)
{
	reset(e, bytes);
	for (int i = 0; i < STEPS; i++)
		step(e, bytes - sizeof(*e));
	return fabs(e->angle) < 0.5 && e->steps == STEPS;
}

static void setup(struct assay_run *run)
{
	object_bench_setup(run, 256);
}

/* The two parts by themselves, after the loop. */
static void report_parts(struct assay_run *run, const struct object_pool *ops, void *pool,
			 size_t bytes)
{
	bool reused;
	uint64_t began = assay_now_ns();

	for (int i = 0; i < TIMES; i++) {
		struct environment *e = assay_keep(ops->acquire(pool, &reused));
		if (e)
			ops->release(pool, e);
	}
	uint64_t between = assay_now_ns();
	struct environment *e = ops->acquire(pool, &reused);
	for (int i = 0; e && i < TIMES; i++)
		reset(assay_keep(e), bytes);
	if (e)
		ops->release(pool, e);
	uint64_t ended = assay_now_ns();
	assay_metric(run, "pool", "ns", ASSAY_LOWER, (double)(between - began) / TIMES);
	assay_metric(run, "reset", "ns", ASSAY_LOWER, (double)(ended - between) / TIMES);
}

static void body(struct assay_run *run)
{
	const struct object_pool *ops = assay_subject(run);
	void *pool = assay_state(run);
	size_t bytes = (size_t)assay_axis(run, "size");
	bool right = true, reused;

	ASSAY_LOOP (run) {
		struct environment *e = ops->acquire(pool, &reused);
		if (__builtin_expect(!e, 0)) {
			right = false;
			continue;
		}
		right &= episode(e, bytes);
		ops->release(pool, e);
	}
	if (assay_check(run, right || ops->is_null, "an episode did not end as it should"))
		report_parts(run, ops, pool, bytes);
}

const struct assay_bench assay_bench_memory_envpool = {
	.brief = "a simulator acquired from a pool, reset, stepped ten times, and released",
	.source = "cart and pole: Barto, Sutton, Anderson, IEEE SMC 13(5), 1983",
	.claim = "S0.envpool",
	.body = body,
	.setup = setup,
	.teardown = object_bench_teardown,
	.axes = ASSAY_AXES({"size", "bytes", "1Ki,16Ki,64Ki", "1Ki"}),
	.subjects = MEMORY_OBJECT_POOL,
	.threads = "1..ncores:x2",
	.unit = "op/s",
};
