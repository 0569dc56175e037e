/* SPDX-License-Identifier: MIT */
/* papi_names: which PAPI events can stand for a logical event, best first. Data only. */
#ifndef ASSAY_PROFILER_PAPI_NAMES_H
#define ASSAY_PROFILER_PAPI_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* What the trial must see move before the event is believed. */
enum papi_witness {
	PAPI_WITNESS_NONE,       /* may honestly read 0 */
	PAPI_WITNESS_NOT_ZERO,   /* any work at all makes it move */
	PAPI_WITNESS_SWITCHES,   /* compared with getrusage across a sleep */
	PAPI_WITNESS_MIGRATIONS, /* compared with moving the thread to another CPU and back */
};

struct papi_event {
	const char *event; /* logical name */
	const char *unit;
	bool hardware; /* needs a performance-monitoring unit */
	enum papi_witness witness;
	const char *names[4]; /* candidates in order, NULL-terminated */
};

/* The entry of a logical name, or NULL when PAPI has nothing for it. */
const struct papi_event *papi_event_find(const char *event);

/*
 * What is known about a native name asked for directly: the entry of the logical event it belongs
 * to by its kernel name (modifiers ignored), or NULL for a name not in the table.
 */
const struct papi_event *papi_event_of_native(const char *name);

#endif
