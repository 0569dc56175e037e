/* SPDX-License-Identifier: MIT */
/*
 * gate_math: how a gate over many benchmarks decides, without measuring anything.
 *
 * One replicate is a pair: A and B, each in a fresh process, adjacent in time, in coin-flip order. Its
 * difference d is log(B / A), positive for worse. If the code is the same then the coin alone decides the
 * sign of d, whatever the noise, its drift or its tails: so the signed-rank test keeps its level by
 * design and not by assumption.
 *
 * Screen: 6 pairs of every benchmark. One that is not slower by margin m1 is OK and done. Confirm: the
 * others, the survivors, are decided on fresh pairs alone, so that the screen cannot bias them, at looks
 * after 8, 12, 18, 27, 40, 60 and 90 pairs. REGRESSED: slower than m0, at a family-wise level over all survivors and
 * looks (a share of the level for each look, by Bonferroni; Holm over survivors). OK: not slower than
 * m1. Neither at the last look: INCONCLUSIVE. Improvements are tested the same way on the other side, with a
 * family-wise level of their own; they only cost pairs where the screen showed one.
 *
 * What was accepted before moves both margins on the slow side: "slower by more than m0" then
 * means "than the accepted ratio times 1 + m0".
 *
 * The margins differ on purpose: between them nobody minds either verdict, and that is what lets a small
 * number of pairs decide at all.
 */
#ifndef ASSAY_STATS_GATE_MATH_H
#define ASSAY_STATS_GATE_MATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/result.h"

enum { ASSAY_GATE_LOOKS = 8 };

struct assay_gate_policy {
	double m0, m1;   /* ratios minus one, 0 <= m0 < m1 < 1 */
	double accepted; /* ratio minus one, >= 0: slower by this much is known and accepted */
	double alpha;    /* chance that a gate without regression is red, over all benchmarks */
	double screen_level,
		ok_level; /* chance that one slower by m1 is dismissed, at each stage */
	size_t screen_pairs;
	size_t looks;                        /* 1 .. ASSAY_GATE_LOOKS */
	size_t look_pairs[ASSAY_GATE_LOOKS]; /* fresh pairs at each look, ascending */
	double red_share[ASSAY_GATE_LOOKS];  /* of alpha; sum at most 1 */
	double ok_share[ASSAY_GATE_LOOKS];   /* of ok_level; sum at most 1 */
};

enum assay_gate_preset {
	ASSAY_GATE_STRICT, /* m0 0.5 %, m1 2 % */
	ASSAY_GATE_NORMAL, /* m0 1 %, m1 3 % */
	ASSAY_GATE_LOOSE,  /* m0 2 %, m1 5 % */
};

/* The policy of a preset: alpha 1 %, both OK levels 5 %, looks and shares as above. */
struct assay_gate_policy assay_gate_policy(enum assay_gate_preset preset);

/* "strict", "normal" or "loose" to *ret; false for any other name. */
bool assay_gate_preset_parse(const char *name, enum assay_gate_preset *ret);

/* ASSAY_EUSAGE and which field makes no sense. */
enum assay_code assay_gate_policy_check(const struct assay_gate_policy *policy,
					struct assay_err *err);

/*
 * Summary of one launch: the quartile of x[n] on the fast side (lower for ASSAY_LOWER, upper for
 * ASSAY_HIGHER), of the samples that were neither rejected nor preempted; with fewer than two of these,
 * the preempted ones count too, and *ret_preempted_used says so. flags may be NULL. scratch[n]. NaN
 * when nothing is left. O(n log n).
 */
double assay_gate_launch(const double *x, const uint8_t *flags, size_t n, enum assay_better better,
			 double *scratch, bool *ret_preempted_used);

/* d of one pair from its two launches: log(b / a), negated for ASSAY_HIGHER. NaN unless both are > 0. */
double assay_gate_difference(double a, double b, enum assay_better better);

enum assay_gate_verdict {
	ASSAY_GATE_OPEN, /* needs the pairs of the next look */
	ASSAY_GATE_OK,
	ASSAY_GATE_REGRESSED,
	ASSAY_GATE_IMPROVED,
	ASSAY_GATE_INCONCLUSIVE,
};

/* One benchmark in a gate. Zero-initialise; the functions below fill it. */
struct assay_gate_state {
	enum assay_gate_verdict verdict;
	bool survived;             /* the screen: its looks are part of the families */
	bool pursued;              /* the screen saw an improvement: worth pairs of its own */
	double p_slower, p_faster; /* over the looks so far, before Holm; 1 before the first look */
	double adjusted_p_slower, adjusted_p_faster; /* after it; hold against alpha */
	bool not_slower, not_faster;                 /* slower (faster) than m1 has been rejected */
};

/*
 * Screen one benchmark by its d[n] from the screening pairs. NaN among them are pairs that were
 * lost. The verdict becomes OK, or stays OPEN and survived is set. ASSAY_ENOMEM.
 */
enum assay_code assay_gate_screen(const struct assay_gate_policy *policy, const double *d, size_t n,
				  struct assay_gate_state *ret, struct assay_err *err);

/* What a look is given for one benchmark: all its fresh pairs so far. */
struct assay_gate_series {
	const double *d; /* NaN: a lost pair */
	size_t n;
	struct assay_gate_state *state;
	const struct assay_gate_policy
		*policy; /* its own margins; NULL: the gate's. The rest is not
						 * looked at: levels and looks are the gate's */
};

/*
 * Take look number `look`, 0 .. policy->looks - 1, at all benchmarks of the gate: series[count] holds every one that
 * survived the screen, decided or not, each time; others may be among them and are ignored. Verdicts
 * of those still OPEN are set where they can be; after the last look none is OPEN. ASSAY_ENOMEM.
 */
enum assay_code assay_gate_look(const struct assay_gate_policy *policy, size_t look,
				const struct assay_gate_series *series, size_t count,
				struct assay_err *err);

/* No more pairs will come, because the budget is spent: what is OPEN becomes OK or INCONCLUSIVE. */
void assay_gate_end(struct assay_gate_state *state);

/* What is known about one benchmark, for reading: all ratios are B / A in the sense of "worse". */
struct assay_gate_estimate {
	double ratio, lo, hi; /* Hodges-Lehmann and its 95 % interval, as exp(d); NaN undefined */
	size_t n;             /* pairs that counted */
	double detectable;    /* smallest ratio that all looks would call REGRESSED 9 times of 10 */
	size_t deciding_n; /* pairs that would decide 9 times of 10 if the estimate is right; 0 unknown */
};

/*
 * Estimate from d[n], with `survivors` benchmarks in the family. The spread is taken from the width of the
 * interval and the normal approximation of the test [Noether, JASA 1987, for the idea], at the level of the last
 * look, so deciding_n errs upwards a little; it is at least n + 1. With fewer than 6 pairs detectable
 * is NaN and deciding_n 0. ASSAY_ENOMEM.
 */
enum assay_code assay_gate_estimate(const struct assay_gate_policy *policy, const double *d,
				    size_t n, size_t survivors, struct assay_gate_estimate *ret,
				    struct assay_err *err);

#endif
