/* SPDX-License-Identifier: MIT */
/*
 * stated: a plug-in whose benchmarks state their times, so that tests know what comes out: STATED_LEVEL ns per
 * operation times STATED_HOST, as if the machine were that much slower. With STATED_FROZEN it is an older
 * one: it lacks a benchmark, has another version of one, and crashes in one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/bench.h"

#ifndef STATED_LEVEL
#define STATED_LEVEL 10
#endif

static void state_time(struct assay_run *run)
{
	const char *host = getenv("STATED_HOST");
	double slower = host ? strtod(host, NULL) : 1;
	uint64_t n = 0;
	ASSAY_LOOP (run)
		n++;
	assay_set_elapsed_ns(run, (double)n * STATED_LEVEL * slower);
}

/* Who was launched when: a letter each, appended to the file STATED_LOG. */
static void log_launch(struct assay_run *run)
{
	(void)run;
#ifdef STATED_FROZEN
	const char letter = 'f';
#else
	const char letter = 'n';
#endif
	const char *path = getenv("STATED_LOG");
	FILE *log = path ? fopen(path, "ae") : NULL;
	if (log) {
		fputc(letter, log);
		fclose(log);
	}
}

static void body(struct assay_run *run)
{
	state_time(run);
	assay_metric(run, "share", "ratio", ASSAY_HIGHER, 0.5);
	assay_metric(run, "part", "ns", ASSAY_LOWER, 2 * STATED_LEVEL);
}

static void broken(struct assay_run *run)
{
#ifdef STATED_FROZEN
	abort();
#endif
	state_time(run);
}

static const struct assay_bench steady = {
	.brief = "a stated time",
	.body = body,
	.setup = log_launch,
};
#ifndef STATED_FROZEN
static const struct assay_bench young = {.brief = "a stated time, here only", .body = body};
#endif
static const struct assay_bench fragile = {.brief = "a stated time, or a crash", .body = broken};
static const struct assay_bench changed = {
	.brief = "a stated time, by another method",
	.body = body,
#ifndef STATED_FROZEN
	.version = 2,
#endif
};

static const struct assay_plugin_bench benches[] = {
	{"steady", &steady},
	{"fragile", &fragile},
	{"changed", &changed},
#ifndef STATED_FROZEN
	{"young", &young},
#endif
	{0},
};

extern const struct assay_plugin assay_plugin;
ASSAY_API const struct assay_plugin assay_plugin = {ASSAY_ABI, "stated", NULL, benches, NULL};
