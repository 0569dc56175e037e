/* SPDX-License-Identifier: MIT */
/* gate_simulation: coin-flip pairs of noisy launches, screened and confirmed. */
#include "tests/stats/gate_simulation.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"

enum { SAMPLES = 5, MOST_PAIRS = 64 };

/* The machine, and what it does to a launch at this moment. */
struct machine {
	struct assay_rng rng;
	enum simulated_noise noise;
	double wander;
};

/* Standard normal [Box & Muller, Ann. Math. Stat. 1958]. */
static double normal(struct assay_rng *rng)
{
	double radius = sqrt(-2 * log(1 - assay_rng_unit(rng)));
	return radius * cos(2 * M_PI * assay_rng_unit(rng));
}

/* Student's t with three degrees of freedom. */
static double t3(struct assay_rng *rng)
{
	double square = 0;
	for (int i = 0; i < 3; i++) {
		double z = normal(rng);
		square += z * z;
	}
	return normal(rng) / sqrt(square / 3);
}

/* Summary of one launch of code that takes `cost`. */
static double launch(struct machine *machine, double cost)
{
	struct assay_rng *rng = &machine->rng;
	bool heavy = machine->noise == NOISE_HEAVY, used;
	double samples[SAMPLES], scratch[SAMPLES];
	uint8_t flags[SAMPLES] = {0};
	machine->wander = 0.97 * machine->wander + 0.02 * sqrt(1 - 0.97 * 0.97) * normal(rng);
	double level = log(cost) + (heavy ? 0.008 * t3(rng) : 0.005 * normal(rng));
	level += machine->noise == NOISE_DRIFT ? machine->wander : 0;
	for (int i = 0; i < SAMPLES; i++) {
		samples[i] = exp(level + (heavy ? 0.008 * t3(rng) : 0.01 * normal(rng)));
		if (heavy && assay_rng_unit(rng) < 0.04)
			samples[i] *= 1 - 0.3 * log(1 - assay_rng_unit(rng));
	}
	return assay_gate_launch(samples, flags, SAMPLES, ASSAY_LOWER, scratch, &used);
}

/* d of n pairs, each with B in front or behind by a coin. */
static void measure(struct machine *machine, double slowdown, size_t n, double *ret)
{
	for (size_t i = 0; i < n; i++) {
		bool b_first = assay_rng_next(&machine->rng) >> 63;
		double first = launch(machine, b_first ? 1 + slowdown : 1);
		double second = launch(machine, b_first ? 1 : 1 + slowdown);
		ret[i] = b_first ? assay_gate_difference(second, first, ASSAY_LOWER)
				 : assay_gate_difference(first, second, ASSAY_LOWER);
	}
}

/* One gate: everything that its benchmarks know. */
struct gate {
	struct machine machine;
	const struct assay_gate_policy *policy;
	const struct simulation *simulation;
	struct assay_gate_series *series;
	struct assay_gate_state *states;
	double (*d)[MOST_PAIRS];
	size_t pairs;
};

static double slowdown_of(const struct gate *gate, size_t benchmark)
{
	return benchmark == 0 ? gate->simulation->effect : 0;
}

static enum assay_code screen(struct gate *gate, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	size_t n = gate->policy->screen_pairs;
	for (size_t i = 0; i < gate->simulation->benchmarks && code == ASSAY_OK; i++) {
		measure(&gate->machine, slowdown_of(gate, i), n, gate->d[i]);
		gate->pairs += n;
		code = assay_gate_screen(gate->policy, gate->d[i], n, &gate->states[i], err);
		gate->series[i] = (struct assay_gate_series){gate->d[i], 0, &gate->states[i]};
	}
	return code;
}

static enum assay_code confirm(struct gate *gate, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t look = 0; look < gate->policy->looks && code == ASSAY_OK; look++) {
		size_t want = gate->policy->look_pairs[look];
		for (size_t i = 0; i < gate->simulation->benchmarks; i++) {
			struct assay_gate_series *series = &gate->series[i];
			if (series->state->verdict != ASSAY_GATE_OPEN)
				continue;
			measure(&gate->machine, slowdown_of(gate, i), want - series->n,
				gate->d[i] + series->n);
			gate->pairs += want - series->n;
			series->n = want;
		}
		code = assay_gate_look(gate->policy, look, gate->series,
				       gate->simulation->benchmarks, err);
	}
	return code;
}

static void count(const struct gate *gate, struct simulated *ret)
{
	size_t n = gate->simulation->benchmarks, from = gate->simulation->effect != 0;
	bool red = false, improved = false;
	for (size_t i = 0; i < n; i++) {
		red |= i >= from && gate->states[i].verdict == ASSAY_GATE_REGRESSED;
		improved |= gate->states[i].verdict == ASSAY_GATE_IMPROVED;
	}
	double share = 1 / (double)gate->simulation->gates;
	ret->red += red ? share : 0;
	ret->improved += improved ? share : 0;
	ret->pairs += (double)gate->pairs / (double)n * share;
	ret->caught += gate->states[0].verdict == ASSAY_GATE_REGRESSED ? share : 0;
	ret->missed += gate->states[0].verdict == ASSAY_GATE_OK ? share : 0;
	ret->undecided += gate->states[0].verdict == ASSAY_GATE_INCONCLUSIVE ? share : 0;
}

enum assay_code simulate_gates(const struct assay_gate_policy *policy,
			       const struct simulation *simulation, struct simulated *ret,
			       struct assay_err *err)
{
	size_t n = simulation->benchmarks;
	struct gate gate = {.policy = policy, .simulation = simulation};
	ASSAY_AUTO_FREE struct assay_gate_series *series = calloc(n, sizeof(*series));
	ASSAY_AUTO_FREE struct assay_gate_state *states = calloc(n, sizeof(*states));
	ASSAY_AUTO_FREE double(*d)[MOST_PAIRS] = calloc(n, sizeof(*d));
	*ret = (struct simulated){0};
	if (!series || !states || !d)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu benchmarks", n);
	gate.series = series;
	gate.states = states;
	gate.d = d;
	assay_rng_init(&gate.machine.rng, simulation->seed);
	gate.machine.noise = simulation->noise;
	for (size_t i = 0; i < simulation->gates; i++) {
		gate.pairs = 0;
		enum assay_code code = screen(&gate, err);
		if (code == ASSAY_OK)
			code = confirm(&gate, err);
		if (code != ASSAY_OK)
			return code;
		count(&gate, ret);
	}
	return ASSAY_OK;
}
