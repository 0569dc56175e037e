/* SPDX-License-Identifier: MIT */
/* leak: programs that lose so many bytes per operation: epochs until it is noticed, and false alarms. */
#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/memory/leak_detector.h"
#include "suites/memory/memory.h"

/* A program: slots that fill and empty at random, in epochs of so many operations. */
enum { SLOTS = 512, LARGEST = 512, OPS_PER_EPOCH = 1000, EPOCHS = 120, PROGRAMS = 20 };

struct lost {
	struct lost *next;
	char bytes[64 - sizeof(struct lost *)];
};

struct program {
	struct assay_rng rng;
	void *blocks[SLOTS];
	size_t sizes[SLOTS];
	double live;
	double owed; /* bytes that it is to lose and has not yet */
	struct lost *lost;
	bool refused;
};

static void operate(struct program *p, double slope)
{
	size_t slot = assay_rng_below(&p->rng, SLOTS);

	if (p->blocks[slot]) {
		p->live -= (double)p->sizes[slot];
		free(p->blocks[slot]);
		p->blocks[slot] = NULL;
	} else {
		p->sizes[slot] = 16 + assay_rng_below(&p->rng, LARGEST - 15);
		p->blocks[slot] = malloc(p->sizes[slot]);
		p->refused |= !p->blocks[slot];
		p->live += (double)p->sizes[slot];
	}
	for (p->owed += slope; p->owed >= sizeof(struct lost); p->owed -= sizeof(struct lost)) {
		struct lost *lost = malloc(sizeof(*lost));
		if (!lost) {
			p->refused = true;
			return;
		}
		lost->next = p->lost;
		p->lost = lost;
		p->live += sizeof(*lost);
	}
}

static void end_program(struct program *p)
{
	for (size_t i = 0; i < SLOTS; i++)
		free(p->blocks[i]);
	while (p->lost) {
		struct lost *next = p->lost->next;
		free(p->lost);
		p->lost = next;
	}
}

/* Epochs until the detector speaks; 0 when it never does. */
static unsigned watch(struct program *p, double slope, struct assay_err *err)
{
	struct leak_detector detector = {0};
	bool leaks = false;

	/* Its slots fill first: that growth is no leak. */
	for (int i = 0; i < 4 * SLOTS; i++)
		operate(p, 0);
	for (unsigned epoch = 1; epoch <= EPOCHS; epoch++) {
		for (int i = 0; i < OPS_PER_EPOCH; i++)
			operate(p, slope);
		if (leak_epoch(&detector, p->live, &leaks, err) != ASSAY_OK || leaks)
			return leaks ? epoch : 0;
	}
	return 0;
}

static void prepare(struct assay_run *run, uint64_t n)
{
	(void)n;
	assay_set_thread_state(run, (char *)assay_thread_state(run) + 1);
}

static void body(struct assay_run *run)
{
	double slope = assay_axis(run, "slope"), epochs = 0;
	uint64_t seed = assay_seed(run) + (uintptr_t)assay_thread_state(run) * PROGRAMS;
	unsigned noticed = 0;
	struct assay_err err = {0};
	bool refused = false;

	ASSAY_LOOP (run) {
		for (uint64_t i = 0; i < PROGRAMS; i++) {
			struct program p = {0};
			assay_rng_init(&p.rng, seed + i);
			unsigned at = watch(&p, slope, &err);
			noticed += at > 0;
			epochs += at;
			refused |= p.refused;
			end_program(&p);
		}
	}
	if (!assay_check(run, err.code == ASSAY_OK && !refused, "no memory"))
		return;
	if (slope == 0) {
		assay_metric(run, "false_alarms", "ratio", ASSAY_LOWER, (double)noticed / PROGRAMS);
		return;
	}
	assay_metric(run, "noticed", "ratio", ASSAY_HIGHER, (double)noticed / PROGRAMS);
	if (noticed)
		assay_metric(run, "epochs", "epochs", ASSAY_LOWER, epochs / noticed);
}

static void setup(struct assay_run *run)
{
	if (assay_axis(run, "slope") > 1e4)
		assay_skip(run, "slope is at most 10000 bytes per operation");
	assay_set_ops_per_iteration(run, PROGRAMS);
}

const struct assay_bench assay_bench_memory_leak = {
	.brief = "planted leaks: epochs until they are noticed, and false alarms",
	.source = "H. Theil 1950, P. K. Sen, JASA 63, 1968, on the live bytes of epochs",
	.claim = "S1.leak",
	.body = body,
	.setup = setup,
	.prepare = prepare,
	.axes = ASSAY_AXES({"slope", "bytes per op", "0,1,10,100"}),
	.subjects = ASSAY_NO_SUBJECT,
	.mode = ASSAY_ONCE,
	.thorough = true,
};
