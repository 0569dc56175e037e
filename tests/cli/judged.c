/* SPDX-License-Identifier: MIT */
/*
 * judged: a plug-in that states its times, so that a gate's verdict on two builds of it is known: JUDGED_LEVEL ns
 * per operation with the noise of a quiet machine. JUDGED_OTHER is a build in which a benchmark is gone,
 * another is new, one crashes, and one answers wrongly.
 */
#include <stdlib.h>

#include "harness/bench.h"

#ifndef JUDGED_LEVEL
#define JUDGED_LEVEL 100
#endif
#ifdef JUDGED_OTHER
enum { OTHER = 1 };
#else
enum { OTHER = 0 };
#endif

/* A quarter of a per cent, from the address of the stack: it differs between launches. */
static double noise(void)
{
	unsigned here = (unsigned)((uintptr_t)__builtin_frame_address(0) >> 4);
	return 1 + 0.0025 * ((double)(here * 2654435761u >> 16) / 32768 - 1);
}

static void state_time(struct assay_run *run, double level)
{
	uint64_t n = 0;
	ASSAY_LOOP (run)
		n++;
	assay_set_elapsed_ns(run, (double)n * level * noise());
}

/* One launch may have a second metric that the next does not. */
static void steady(struct assay_run *run)
{
	state_time(run, 100);
	if (getenv("JUDGED_BYTES"))
		assay_metric(run, "bytes", "B", ASSAY_LOWER, 4096);
}

static void changing(struct assay_run *run)
{
	state_time(run, JUDGED_LEVEL);
}

static void fragile(struct assay_run *run)
{
	if (OTHER)
		abort();
	state_time(run, 100);
}

static void honest(struct assay_run *run)
{
	state_time(run, 100);
	assay_check(run, !OTHER, "two and two are five");
}

static const struct assay_bench steady_bench = {.brief = "always the same", .body = steady};
static const struct assay_bench changing_bench = {.brief = "as fast as built", .body = changing};
static const struct assay_bench fragile_bench = {.brief = "may crash", .body = fragile};
static const struct assay_bench honest_bench = {.brief = "may be wrong", .body = honest};

static const struct assay_plugin_bench benches[] = {
	{"steady", &steady_bench},
	{"changing", &changing_bench},
	{"fragile", &fragile_bench},
	{"honest", &honest_bench},
	{OTHER ? "newcomer" : "veteran", &steady_bench},
	{0},
};

extern const struct assay_plugin assay_plugin;
ASSAY_API const struct assay_plugin assay_plugin = {ASSAY_ABI, "judged", NULL, benches, NULL};
