/* SPDX-License-Identifier: MIT */
/* gate_say: what a gate's figures are called, the same in every format. Plain text, not escaped. */
#ifndef ASSAY_REPORTS_GATE_SAY_H
#define ASSAY_REPORTS_GATE_SAY_H

#include "harness/base/str.h"
#include "reports/gate.h"

/*
 * Indices of the rows, worst first: REGRESSED, FAILED, MISSING, INCONCLUSIVE, IMPROVED, NEW, SKIPPED, OK; within
 * one decision the larger change first, else in the order of the plan. To free(); NULL: out of memory.
 */
size_t *gate_say_order(const struct assay_gate_report *report);

enum gate_level {
	GATE_LEVEL_NONE, /* OK and SKIPPED */
	GATE_LEVEL_NOTE,
	GATE_LEVEL_WARNING,
	GATE_LEVEL_ERROR, /* what makes the gate fail */
};
enum gate_level gate_say_level(const struct assay_gate_row *row, bool strict);

/* How many series have a verdict that both sides were measured for. */
size_t gate_say_compared(const struct assay_gate_report *report);

/* "REGRESSION: 2 of 48 compared series are worse." One or two sentences. */
void gate_say_answer(struct assay_str *to, const struct assay_gate_report *report, bool strict);
/* "2 regressed, 1 failed, 44 ok": what there is of each. */
void gate_say_counts(struct assay_str *to, const struct assay_gate_report *report);
/* "a.so (plug-in, commit 1a2b3c4d5e, 8 placement variants)" */
void gate_say_side(struct assay_str *to, const struct assay_gate_side_info *side);
/* "normal: an increase of 3 % is looked for, ..." */
void gate_say_policy(struct assay_str *to, const struct assay_gate_report *report);
/* "64 processes in 12.3 s, seed 42, noise grade B (load 0.2)" */
void gate_say_work(struct assay_str *to, const struct assay_gate_report *report);

/* "+6.1 %", in the metric's own direction; "-" undefined. Returns text (size 24 is enough). */
const char *gate_say_change(const struct assay_gate_row *row, char *text, size_t size);
/* "+4.2 to +8.0 %"; "-" undefined. Returns text (size 48 is enough). */
const char *gate_say_interval(const struct assay_gate_row *row, char *text, size_t size);
/* "12.34 ns"; "-" for NaN. Returns text (size 40 is enough). */
const char *gate_say_value(const struct assay_gate_row *row, double value, char *text, size_t size);
/* "12.34 ns to 13.10 ns, +6.1 % (+4.2 to +8.0 %), 18 pairs"; the reason when there are no numbers. */
void gate_say_numbers(struct assay_str *to, const struct assay_gate_row *row);
/* INCONCLUSIVE: about how many more pairs would decide; 0 unknown, and for all others. */
size_t gate_say_more_pairs(const struct assay_gate_row *row);
/* Nothing that anybody has to read: SKIPPED, and OK unless that is so because something was accepted. */
bool gate_say_unremarkable(const struct assay_gate_row *row);
/* "slower by 6.1 %", "missing": what happened, for a title. */
void gate_say_title(struct assay_str *to, const struct assay_gate_row *row);
/*
 * What there is to say beyond the numbers, a sentence a line: the reason, causes and what would decide,
 * placement, acceptance, false alarms. Nothing when there is nothing.
 */
void gate_say_details(struct assay_str *to, const struct assay_gate_row *row);
/* The name, and the metric behind it when it is not the usual one: "memory/x/size:64 (user_time)". */
void gate_say_name(struct assay_str *to, const struct assay_gate_row *row);
/*
 * `assay ack` with a limit that covers the interval; nothing unless REGRESSED. Quoted for a shell.
 * `store` is " --db FILE" or NULL.
 */
void gate_say_ack(struct assay_str *to, const struct assay_gate_row *row, const char *store);
/* `assay profile` of the row's candidate, quoted for a shell; nothing where it would need more. */
void gate_say_profile(struct assay_str *to, const struct assay_gate_report *report,
		      const struct assay_gate_row *row);

/* Write what was put together, named `what` in messages. ASSAY_EIO, ASSAY_ENOMEM. */
enum assay_code gate_say_write(const struct assay_str *text, FILE *out, const char *what,
			       struct assay_err *err);

#endif
