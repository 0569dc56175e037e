/* SPDX-License-Identifier: MIT */
/* natives: the processor's own numbers and names of events, from natives.txt. */
#ifndef ASSAY_PROFILER_NATIVES_H
#define ASSAY_PROFILER_NATIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which processor this is, in the terms of natives.txt. */
struct natives_cpu {
	char vendor[16];
	unsigned family, model; /* Arm: implementer, part */
};
void natives_cpu_read(struct natives_cpu *ret);

struct native {
	uint64_t config; /* of a raw perf_event */
	double factor;   /* the logical event is so many times the count */
	char papi[112];  /* "unit::NAME"; empty: none */
};

/* The text of natives.txt. */
extern const char natives_text[];

/* Look a logical event up in `text` for a processor. False when neither is in it. */
bool natives_find(const char *text, const struct natives_cpu *cpu, const char *event,
		  struct native *ret);

/* The same for this machine and natives_text. */
bool natives_here(const char *event, struct native *ret);
/* Is it an event of any processor in natives.txt? */
bool natives_know(const char *event);
/* Why this machine has no such event: not a name at all, or not on this processor. Text in reason. */
const char *natives_reason(const char *event, char *reason, size_t size);

#endif
