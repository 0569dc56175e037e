/* SPDX-License-Identifier: MIT */
/*
 * advisor: why a case or a command is slow, as far as its figures tell, and what to try next. The rules are data
 * (advice.txt); what they compare are counters, metrics made of them (groups.txt), shares of call
 * stacks, and the named shapes of shapes.h. Where a figure is missing nothing is guessed: the rule says what
 * it would need.
 */
#ifndef ASSAY_PROFILER_ADVISOR_H
#define ASSAY_PROFILER_ADVISOR_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/stacks.h"
#include "profiler/shapes.h"

/* How sure: STRONG only on figures that were counted or derived here, never on simulated ones. */
enum advice_confidence { ADVICE_HINT, ADVICE_LIKELY, ADVICE_STRONG };

struct advisor;

extern const char advice_text[];

/*
 * Read rules; `groups` is the text of the groups whose metrics they may name. ASSAY_EPARSE with the line for
 * whatever is not as it should be, a name that means nothing among it. The advisor may be shared by
 * threads once it is made.
 */
enum assay_code advisor_new(const char *rules, const char *groups, struct advisor **ret,
			    struct assay_err *err);
void advisor_free(struct advisor *advisor); /* takes NULL */
/* What should be counted for it, NULL-terminated. */
const char *const *advisor_events(const struct advisor *advisor);

/* What is judged: one of the first two, and stacks of it where there are any. */
struct advice_subject {
	const struct shape_case *shape_case;       /* a case; its counters are asked too */
	const struct shape_command *shape_command; /* a command */
	const struct assay_stacks *stacks;         /* may be NULL */
	const char *what;                          /* what to write for {what}: "-- CMD" */
};

/* A figure that was on the wrong side. */
struct advice_figure {
	char name[96]; /* as in the rule: a name or a formula */
	double value, threshold;
	bool above;                 /* it is, and should not be */
	enum assay_quality quality; /* the least exact of what it was made of */
	char sources[48];           /* of that, "papi, chain" */
};

enum { ADVICE_FIGURES = 5 };

struct advice {
	char rule[32];
	bool machine; /* about where it ran, not about the code */
	enum advice_confidence confidence;
	char text[200];
	struct advice_figure figures[ADVICE_FIGURES];
	size_t n_figures;
	char next[320]; /* what to try */
};

/* A rule that could not be judged either way. */
struct advice_open {
	char rule[32];
	char reason[240]; /* "needs llc_mpki: no hardware performance unit: ..." */
};

struct advice_list {
	struct advice *advice; /* in the order of the rules */
	size_t n;
	struct advice_open *open;
	size_t n_open;
};

enum assay_code advisor_judge(const struct advisor *advisor, const struct advice_subject *subject,
			      struct advice_list *ret, struct assay_err *err);
void advice_list_done(struct advice_list *list);

/* "hint", "likely", "strong": static. */
const char *advice_confidence_name(enum advice_confidence confidence);
/* "branch_mpki 12.3 > 5 (exact, papi); ..." of all its figures. Returns text. */
const char *advice_because(const struct advice *advice, char *text, size_t size);

#endif
