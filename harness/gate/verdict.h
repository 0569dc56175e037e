/* SPDX-License-Identifier: MIT */
/*
 * verdict: what a gate has to say, as one object. The gate fills it in; the terminal, JSON, JUnit, SARIF,
 * Markdown and annotations are ways to write it down, and the exit code is a property of it.
 */
#ifndef ASSAY_GATE_VERDICT_H
#define ASSAY_GATE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/result.h"
#include "harness/stats/gate_cause.h"
#include "harness/stats/gate_math.h"

/* What was decided about one series. */
enum assay_decision {
	ASSAY_DECISION_OK,           /* not slower by more than the upper margin */
	ASSAY_DECISION_REGRESSED,    /* slower by more than the lower margin */
	ASSAY_DECISION_IMPROVED,     /* faster by more than the lower margin */
	ASSAY_DECISION_INCONCLUSIVE, /* cannot say; the row has causes and what would decide */
	ASSAY_DECISION_MISSING,      /* measured by the base, not by the candidate */
	ASSAY_DECISION_NEW,          /* measured by the candidate, not by the base */
	ASSAY_DECISION_FAILED,       /* a side gave a wrong answer, crashed or did not end */
	ASSAY_DECISION_SKIPPED,      /* neither side can measure it here */
	ASSAY_DECISIONS,
};
/* "OK", "REGRESSED", ...: static. */
const char *assay_decision_name(enum assay_decision decision);
/* The decision of that name, or -1. */
int assay_decision_parse(const char *name);

/* What was accepted about a series before; texts owned by the row. */
struct assay_gate_acceptance {
	bool present;
	double limit_ratio; /* accepted up to this ratio in the sense of worse, such as 1.06 */
	char *author, *note;
	uint64_t made_ns, expires_ns; /* wall clock; expires_ns 0: never */
	size_t false_alarms; /* earlier verdicts on it that were called wrong; present or not */
};

/* One series: a case and one of its metrics. Texts are owned by the row. */
struct assay_gate_row {
	char *name;              /* of the case */
	uint8_t series_key[32];  /* of assay_series_key(); all zero: unknown */
	char *suite, *benchmark; /* parts of it */
	char *metric, *unit;     /* "time", "ns/op" */
	enum assay_better better;
	enum assay_decision decision;
	enum assay_status status; /* FAILED: how the worst launch ended */
	char *reason;             /* one clause; "" when the numbers say it all */
	double base, cand;        /* medians of the launches, in the unit; NaN unknown */
	double m0, m1;            /* margins used, ratios minus one */
	struct assay_gate_estimate
		estimate;                /* in the sense of worse, see assay_gate_row_change() */
	double p, adjusted_p;            /* of being slower than m0; NaN when never tested */
	size_t pairs, lost_pairs;        /* that counted in the decision; that were dropped */
	struct assay_gate_causes causes; /* INCONCLUSIVE: the strongest first; else n is 0 */
	double preempted_share;          /* of samples; NaN unknown */
	double steal_share;              /* of CPU time during the pairs; NaN unknown */
	double placement_share; /* of the variance between launches, 0 to 1; NaN: one variant */
	double placement_sd;    /* of the placement variants' levels, ratio minus one; NaN */
	struct assay_gate_acceptance acceptance;
	uint64_t elapsed_ns; /* measuring it, both sides; 0 unknown */
	char *location;      /* file the benchmark comes from; "" unknown */
};

/* Change as people read it: candidate / base in the metric's own direction; NaN where undefined. */
struct assay_gate_change {
	double ratio, lo, hi;
};
struct assay_gate_change assay_gate_row_change(const struct assay_gate_row *row);

/* One of the two sides. Texts are owned by the report. */
struct assay_gate_side_info {
	char *label;     /* as given: a path, a command line, "@base" */
	char *kind;      /* "plug-in", "assay", "command", "gbench", "stored run" */
	char *commit;    /* "" unknown */
	size_t variants; /* placement variants drawn from; at least 1 */
	int64_t run;     /* in the store, 0: not stored */
	char *machine;   /* name; "" this one */
};

/* Everything a gate has to say. Zero-initialise; assay_gate_report_done() frees. */
struct assay_gate_report {
	struct assay_gate_side_info base, cand;
	bool paired;     /* false: against a stored run, pairs are impossible */
	bool hardware;   /* sides from different machines: nothing is called a regression */
	char preset[16]; /* "normal", or "custom" */
	struct assay_gate_policy policy; /* the default one; rows have their own margins */
	uint64_t seed;
	uint64_t started_ns; /* wall clock */
	uint64_t elapsed_ns;
	char noise; /* grade before the gate */
	char noise_reason[160];
	bool out_of_time; /* the budget ended it */
	bool interrupted;
	size_t launches;             /* processes started for samples */
	struct assay_gate_row *rows; /* in the order of the plan */
	size_t n;
	char **remarks; /* sentences about the whole: dropped pairs, how intervals were widened */
	size_t n_remarks;
};
void assay_gate_report_done(struct assay_gate_report *report);

/* Append an empty row; NULL when out of memory. Valid until the next append. */
struct assay_gate_row *assay_gate_report_add(struct assay_gate_report *report);
/* Append a sentence, copied. ASSAY_ENOMEM. */
enum assay_code assay_gate_report_remark(struct assay_gate_report *report, struct assay_err *err,
					 const char *fmt, ...) ASSAY_PRINTF(3, 4);

/* How many rows have this decision. */
size_t assay_gate_report_count(const struct assay_gate_report *report,
			       enum assay_decision decision);

/* What the whole comes to; the first that holds, in this order. */
enum assay_gate_answer {
	ASSAY_GATE_RED,       /* something regressed: exit 1 */
	ASSAY_GATE_WRONG,     /* a side's answers are wrong: exit 3 */
	ASSAY_GATE_LOST,      /* something vanished or crashed, or nothing was compared: exit 5 */
	ASSAY_GATE_UNDECIDED, /* something is inconclusive: exit 4 with --strict, else 0 */
	ASSAY_GATE_GREEN,     /* exit 0 */
};
enum assay_gate_answer assay_gate_report_answer(const struct assay_gate_report *report);
/* "PASS", "REGRESSION", "FAILED", "COVERAGE LOST", "CANNOT DECIDE": static. */
const char *assay_gate_answer_name(enum assay_gate_answer answer);

#endif
