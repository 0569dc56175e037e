/* SPDX-License-Identifier: MIT */
/* fleet_sim: slot 0 is the next arrival, slot 1 + i the end of node i's job, the rest failures and repairs. */
#include "suites/scaling/fleet_sim.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suites/scaling/des.h"

#define NOBODY UINT32_MAX

/* 64 steps to the octave: an error of 1.6 %. */
enum { BATCHES = 20, STEPS = 64, OCTAVES = 40, LEAST_EXPONENT = 1023 - 20 };

struct node {
	uint32_t first, last; /* jobs, NOBODY: none */
	uint32_t waiting;     /* the one being done included */
	bool down;
};

struct fleet {
	const struct fleet_config *config;
	struct des des;
	struct assay_rng rng;
	double arrivals_per_time;
	struct node *nodes;
	uint32_t up; /* how many are */
	double up_since, up_time;
	/* Jobs in queues, by index. */
	double *arrived;
	uint32_t *next;
	uint32_t room, free;
	/* What is counted. */
	uint64_t warmup, done, ended, lost, events;
	double began, sums[BATCHES];
	uint64_t counts[BATCHES];
	uint64_t histogram[STEPS * OCTAVES];
};

static double exponential(struct assay_rng *rng)
{
	return -log(1 - assay_rng_unit(rng));
}

double fleet_draw(enum fleet_work work, struct assay_rng *rng)
{
	if (work == FLEET_CONSTANT)
		return 1;
	double draw = exponential(rng);
	if (work == FLEET_EXPONENTIAL)
		return draw;
	return draw * (assay_rng_unit(rng) < 2.0 / 3 ? 0.5 : 2);
}

static bool grow(struct fleet *f)
{
	uint32_t room = f->room ? 2 * f->room : 1024;
	double *arrived = realloc(f->arrived, room * sizeof(*arrived));
	if (arrived)
		f->arrived = arrived;
	uint32_t *next = realloc(f->next, room * sizeof(*next));
	if (next)
		f->next = next;
	if (!arrived || !next)
		return false;
	for (uint32_t i = f->room; i < room; i++)
		next[i] = i + 1 < room ? i + 1 : NOBODY;
	f->free = f->room;
	f->room = room;
	return true;
}

static uint32_t draw_up(struct fleet *f)
{
	for (;;) {
		uint32_t i = (uint32_t)assay_rng_below(&f->rng, f->config->nodes);
		if (!f->nodes[i].down)
			return i;
	}
}

static uint32_t route(struct fleet *f)
{
	uint32_t one = draw_up(f);
	if (f->config->routing == FLEET_RANDOM)
		return one;
	uint32_t two = draw_up(f);
	return f->nodes[two].waiting < f->nodes[one].waiting ? two : one;
}

static void begin_job(struct fleet *f, uint32_t i)
{
	des_put(&f->des, 1 + i, f->des.now + fleet_draw(f->config->work, &f->rng));
}

static void enqueue(struct fleet *f, uint32_t i, uint32_t job)
{
	struct node *node = &f->nodes[i];
	f->next[job] = NOBODY;
	if (node->waiting++ == 0) {
		node->first = job;
		begin_job(f, i);
	} else {
		f->next[node->last] = job;
	}
	node->last = job;
}

static uint32_t dequeue(struct fleet *f, struct node *node)
{
	uint32_t job = node->first;
	node->first = f->next[job];
	node->waiting--;
	return job;
}

static void release(struct fleet *f, uint32_t job)
{
	f->next[job] = f->free;
	f->free = job;
}

static void count(struct fleet *f, double sojourn)
{
	uint64_t bits, n = f->done++;
	size_t batch = (size_t)(n * BATCHES / f->config->jobs);
	f->sums[batch] += sojourn;
	f->counts[batch]++;
	memcpy(&bits, &sojourn, sizeof(bits));
	/* The exponent and the first six bits after it, in one number. */
	int64_t place = (int64_t)(bits >> 46) - (int64_t)LEAST_EXPONENT * STEPS;
	place = place < 0 ? 0 : place;
	f->histogram[place < STEPS * OCTAVES ? place : STEPS * OCTAVES - 1]++;
}

static void end_job(struct fleet *f, uint32_t i)
{
	struct node *node = &f->nodes[i];
	uint32_t job = dequeue(f, node);
	if (f->ended++ == f->warmup)
		f->began = f->des.now, f->up_time = 0, f->up_since = f->des.now, f->lost = 0;
	if (f->ended > f->warmup)
		count(f, f->des.now - f->arrived[job]);
	release(f, job);
	if (node->waiting)
		begin_job(f, i);
}

static bool admit(struct fleet *f, uint32_t i)
{
	if (f->free == NOBODY && !grow(f))
		return false;
	uint32_t job = f->free;
	f->free = f->next[job];
	f->arrived[job] = f->des.now;
	enqueue(f, i, job);
	return true;
}

static bool arrive(struct fleet *f)
{
	des_put(&f->des, 0, f->des.now + exponential(&f->rng) / f->arrivals_per_time);
	if (f->up == 0) {
		f->lost++;
		return true;
	}
	return admit(f, route(f));
}

static void note_up(struct fleet *f, int change)
{
	f->up_time += (f->des.now - f->up_since) * f->up;
	f->up_since = f->des.now;
	f->up += (uint32_t)change;
}

/* What a node was doing is lost, what waited there goes elsewhere. */
static void fail_or_return(struct fleet *f, uint32_t i)
{
	struct node *node = &f->nodes[i];
	bool fails = !node->down;
	note_up(f, fails ? -1 : 1);
	node->down = fails;
	double mean = fails ? f->config->mttr : f->config->mtbf;
	des_put(&f->des, 1 + (uint32_t)f->config->nodes + i,
		f->des.now + mean * exponential(&f->rng));
	if (!fails || !node->waiting)
		return;
	des_drop(&f->des, 1 + i);
	release(f, dequeue(f, node));
	f->lost++;
	while (node->waiting) {
		uint32_t job = dequeue(f, node);
		if (f->up) {
			enqueue(f, route(f), job);
		} else {
			release(f, job);
			f->lost++;
		}
	}
}

/* As many jobs as M/M/1 has in the long run: with k of them the share of nodes is (1 - load) load^k. */
static bool fill_queues(struct fleet *f)
{
	for (uint32_t i = 0; i < f->config->nodes; i++)
		while (assay_rng_unit(&f->rng) < f->config->load)
			if (!admit(f, i))
				return false;
	return true;
}

static enum assay_code simulate(struct fleet *f, struct assay_err *err)
{
	uint32_t nodes = (uint32_t)f->config->nodes;
	if (!fill_queues(f))
		return assay_fail(err, ASSAY_ENOMEM, "no memory for waiting jobs");
	des_put(&f->des, 0, exponential(&f->rng) / f->arrivals_per_time);
	for (uint32_t i = 0; f->config->mtbf > 0 && i < nodes; i++)
		des_put(&f->des, 1 + nodes + i, f->config->mtbf * exponential(&f->rng));
	while (f->done < f->config->jobs) {
		uint32_t slot = des_take(&f->des);
		f->events++;
		if (slot == 0) {
			if (!arrive(f))
				return assay_fail(err, ASSAY_ENOMEM, "no memory for waiting jobs");
		} else if (slot <= nodes) {
			end_job(f, slot - 1);
		} else {
			fail_or_return(f, slot - 1 - nodes);
		}
	}
	note_up(f, 0);
	return ASSAY_OK;
}

static double quantile(const struct fleet *f, double share)
{
	uint64_t below = 0, want = (uint64_t)(share * (double)f->done);
	for (int i = 0; i < STEPS * OCTAVES; i++) {
		below += f->histogram[i];
		if (below > want)
			return ldexp(1 + (i % STEPS + 0.5) / STEPS,
				     i / STEPS + LEAST_EXPONENT - 1023);
	}
	return INFINITY;
}

static void conclude(const struct fleet *f, struct fleet_result *ret)
{
	double mean = 0, squares = 0, time = f->des.now - f->began;
	for (int i = 0; i < BATCHES; i++)
		mean += f->sums[i] / (double)f->counts[i] / BATCHES;
	for (int i = 0; i < BATCHES; i++) {
		double off = f->sums[i] / (double)f->counts[i] - mean;
		squares += off * off;
	}
	double nodes = (double)f->config->nodes, done = (double)f->done;
	*ret = (struct fleet_result){
		.mean_sojourn = mean,
		.p99_sojourn = quantile(f, 0.99),
		/* Student's t, 19 degrees of freedom, 99 % */
		.half_width = 2.861 * sqrt(squares / (BATCHES - 1) / BATCHES),
		.efficiency = done / (time * nodes * f->config->load),
		.lost = (double)f->lost / (done + (double)f->lost),
		.available = f->up_time / (time * nodes),
		.events = f->events,
	};
}

/*
 * Jobs until queues are as full as they will be: the relaxation time of M/M/1 [Newell, Applications of Queueing
 * Theory, 1982, 5.4], and until those that were there at the beginning are gone, but for one in 10^5.
 */
uint64_t fleet_warmup_jobs(const struct fleet_config *c)
{
	double root = sqrt(c->load), relaxation = 1 / ((1 - root) * (1 - root));
	double time = fmax(relaxation, 12 / (1 - c->load));
	return (uint64_t)(time * c->load * (double)c->nodes) + 1;
}

static bool makes_sense(const struct fleet_config *c)
{
	return c->nodes >= 1 && c->nodes <= 1u << 24 && c->load > 0 && c->load < 1 &&
	       c->jobs >= 2 * BATCHES && c->mtbf >= 0 && (c->mtbf == 0 || c->mttr > 0);
}

static enum assay_code prepare(struct fleet *f, struct assay_err *err)
{
	const struct fleet_config *c = f->config;
	size_t slots = 1 + c->nodes * (c->mtbf > 0 ? 2 : 1);
	f->arrivals_per_time = c->load * (double)c->nodes;
	f->warmup = fleet_warmup_jobs(c);
	f->up = (uint32_t)c->nodes;
	f->nodes = calloc(c->nodes, sizeof(*f->nodes));
	if (!f->nodes)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu nodes", c->nodes);
	return des_init(&f->des, slots, 0.5 / f->arrivals_per_time, err);
}

enum assay_code fleet_sim(const struct fleet_config *config, struct fleet_result *ret,
			  struct assay_err *err)
{
	if (!makes_sense(config))
		return assay_fail(
			err, ASSAY_EUSAGE,
			"%zu nodes, load %g, %llu jobs, failures after %g for %g: 1 to 2^24 "
			"nodes, a load between 0 and 1, 40 jobs, times above 0",
			config->nodes, config->load, (unsigned long long)config->jobs, config->mtbf,
			config->mttr);
	ASSAY_AUTO_FREE struct fleet *f = calloc(1, sizeof(*f));
	if (!f)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a fleet");
	f->config = config;
	f->free = NOBODY;
	assay_rng_init(&f->rng, config->seed);
	enum assay_code code = prepare(f, err);
	if (code == ASSAY_OK)
		code = simulate(f, err);
	if (code == ASSAY_OK)
		conclude(f, ret);
	des_done(&f->des);
	free(f->nodes);
	free(f->arrived);
	free(f->next);
	return code;
}
