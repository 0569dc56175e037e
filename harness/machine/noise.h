/* SPDX-License-Identifier: MIT */
/* noise: how quiet the machine is right now, as figures and a grade; and the real core clock. */
#ifndef ASSAY_MACHINE_NOISE_H
#define ASSAY_MACHINE_NOISE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"

struct assay_noise {
	char grade;       /* 'A' quiet .. 'D' useless for timing */
	char reason[160]; /* the reading that set the grade, or "quiet" */
	double spin_ns;   /* how long the probe spun */
	uint64_t gaps;    /* clock gaps over 1 us while spinning */
	double gap_share; /* time lost in them / spin time */
	double max_gap_ns;
	uint64_t involuntary_switches;
	double steal_share;   /* of all CPU time during the probe; NaN unknown */
	double run_queue;     /* runnable tasks besides ourselves; NaN unknown */
	double psi_cpu_avg10; /* per cent, "some"; NaN unknown */
	unsigned cpus;        /* online, to hold the run queue against */
};

/*
 * Spin for `duration_ns` on the calling thread, watching the clock jump, then read run queue, PSI,
 * steal and switches. The thresholds of the grades stand beside their reasons in noise.c.
 */
void assay_noise_probe(uint64_t duration_ns, struct assay_noise *ret);
/* Set grade and reason from the readings: the worst of them decides, unknown ones do not count. */
void assay_noise_grade(struct assay_noise *noise);
/* All figures, unknown ones null; new reference. */
json_t *assay_noise_json(const struct assay_noise *noise);

/*
 * The frequency this core really runs at, without a performance unit: a chain of dependent
 * one-cycle adds, best of several windows [lmbench `mhz`, McVoy & Staelin 1996]. Hz; takes about
 * 5 ms. 0 on architectures without a kernel for it.
 */
double assay_core_clock_hz(void);

/*
 * `turns` (0: none) turns of a chain of ASSAY_CHAIN_ADDS dependent one-cycle adds: the work that
 * assay_core_clock_hz() times. The chain goes on from *value, so that one call cannot overlap with the
 * next. False, at once, on architectures without a kernel for it.
 */
enum { ASSAY_CHAIN_ADDS = 64 };
bool assay_add_chain(uint64_t turns, uint64_t *value);

#endif
