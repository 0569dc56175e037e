/* SPDX-License-Identifier: MIT */
/* groups: groups of counters and the metrics made of them, from groups.txt. */
#ifndef ASSAY_PROFILER_GROUPS_H
#define ASSAY_PROFILER_GROUPS_H

#include <stddef.h>

#include "harness/result.h"
#include "profiler/formula.h"

enum { GROUP_METRICS = 24, GROUP_EVENTS = 24 };

struct group_metric {
	char name[32];
	char unit[8];
	char better;      /* 'l'ower, 'h'igher or '-' */
	double threshold; /* NaN: none */
	char text[128];   /* the formula as written */
	char meaning[96]; /* of a value beyond the threshold; empty: none */
	struct formula *formula;
};

struct counter_group {
	char name[32], brief[96];
	struct group_metric metrics[GROUP_METRICS];
	size_t n_metrics;
	const char
		*events[GROUP_EVENTS]; /* to be counted, each once; NULL-terminated, may be none */
};

struct counter_groups {
	struct counter_group *groups;
	size_t n;
};

extern const char groups_text[];

/* Read groups from `text`. ASSAY_EPARSE with the line for anything that is not as it should be. */
enum assay_code counter_groups_read(const char *text, struct counter_groups *ret,
				    struct assay_err *err);
void counter_groups_done(struct counter_groups *groups);
/* NULL when there is none of that name. */
const struct counter_group *counter_group_find(const struct counter_groups *groups,
					       const char *name);
/* Is it the name of an event that some group needs? */
bool counter_groups_know(const struct counter_groups *groups, const char *event);

/* "ipc is instructions / cycles, a ratio, higher is better; below 1: the core waits ..." Returns text. */
const char *group_metric_prose(const struct group_metric *metric, char *text, size_t size);
/* Is the value on the wrong side of the threshold? */
bool group_metric_beyond(const struct group_metric *metric, double value);

/*
 * The metrics whose events are all among counts[n], computed from their values: to ret[capacity], as counts
 * of source "formula" and quality derived (simulated when one of its events is), or unavailable with the reason.
 * What is known of a case but not counted (groups.txt names it) stands among counts[] as well. `time_ns`: of
 * one operation, NaN unknown. Returns how many.
 */
size_t counter_groups_derive(const struct counter_groups *groups, const struct assay_count *counts,
			     size_t n, double time_ns, struct assay_count *ret, size_t capacity);

#endif
