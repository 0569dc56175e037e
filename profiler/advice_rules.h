/* SPDX-License-Identifier: MIT */
/* advice_rules: the rules of the advisor as they are read from advice.txt. */
#ifndef ASSAY_PROFILER_ADVICE_RULES_H
#define ASSAY_PROFILER_ADVICE_RULES_H

#include "profiler/advisor.h"
#include "profiler/formula.h"
#include "profiler/groups.h"

enum { RULE_LINES = 4, RULE_UNLESS = 6, RULES_EVENTS = 24, RULES_SHARES = 12, SHARE_PATTERNS = 24 };

struct rule_condition {
	char text[96]; /* the formula as written */
	struct formula *formula;
	bool above;
	double threshold;
};

struct rule_line {
	enum advice_confidence confidence;
	struct rule_condition conditions[ADVICE_FIGURES]; /* all must hold */
	size_t n;
};

struct rule {
	char name[32], text[200], next[200];
	bool machine;
	struct rule_line lines[RULE_LINES];
	size_t n_lines;
	char unless[RULE_UNLESS][32];
	size_t n_unless;
};

struct rule_share {
	char name[40];
	char *patterns[SHARE_PATTERNS];
	size_t n;
};

struct advisor {
	struct counter_groups groups;
	struct rule *rules;
	size_t n_rules;
	struct rule_share harness; /* what is none of theirs */
	struct rule_share shares[RULES_SHARES];
	size_t n_shares;
	char *events[RULES_EVENTS + 1]; /* NULL-terminated */
	size_t n_events;
};

/* Fill in rules, shares and events of an advisor whose groups are there. ASSAY_EPARSE with the line. */
enum assay_code advice_rules_read(const char *text, struct advisor *advisor, struct assay_err *err);

#endif
