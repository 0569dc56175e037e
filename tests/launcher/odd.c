/* SPDX-License-Identifier: MIT */
/*
 * odd: a plug-in in whose benchmarks rank 1 is the odd one: it lags, dies, stops or is wrong, in set-up or in a batch.
 * Times are stated, so that tests know what comes out.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bench.h"

static int odd(void)
{
	static const char *const names[] = {"_ASSAY_RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID"};
	const char *rank = NULL;
	for (size_t i = 0; !rank && i < ASSAY_COUNT_OF(names); i++)
		rank = getenv(names[i]);
	return rank && strcmp(rank, "1") == 0;
}

static void measure(struct assay_run *run, double ns)
{
	uint64_t n = 0;
	ASSAY_LOOP (run)
		n++;
	assay_set_elapsed_ns(run, (double)n * ns);
}

static void even(struct assay_run *run)
{
	measure(run, 10);
}

static void lags(struct assay_run *run)
{
	measure(run, odd() ? 100 : 10);
}

static void die(struct assay_run *run)
{
	(void)run;
	if (odd())
		raise(SIGKILL);
}

static void stop(struct assay_run *run)
{
	(void)run;
	if (odd())
		raise(SIGSTOP);
}

static void dies(struct assay_run *run)
{
	die(run);
	measure(run, 10);
}

static void stops(struct assay_run *run)
{
	stop(run);
	measure(run, 10);
}

static void errs(struct assay_run *run)
{
	measure(run, 10);
	assay_check(run, !odd(), "two by two is five");
}

static void skips(struct assay_run *run)
{
	if (odd())
		assay_skip(run, "not on this rank");
}

/* Of an array of jobs the first is wrong. */
static void first_errs(struct assay_run *run)
{
	const char *task = getenv("SLURM_ARRAY_TASK_ID");
	measure(run, 10);
	assay_check(run, !task || strcmp(task, "1") != 0, "two by two is five");
}

static const struct assay_bench alike = {.brief = "all ranks alike", .body = even};
static const struct assay_bench lagging = {.brief = "ten times slower", .body = lags};
static const struct assay_bench dying = {.brief = "dies in a batch", .body = dies};
static const struct assay_bench stopping = {.brief = "stops in a batch", .body = stops};
static const struct assay_bench wrong = {.brief = "a wrong answer", .body = errs};
static const struct assay_bench unborn = {.brief = "dies early", .body = even, .setup = die};
static const struct assay_bench asleep = {.brief = "stops early", .body = even, .setup = stop};
static const struct assay_bench first = {.brief = "wrong in the first job", .body = first_errs};
static const struct assay_bench picky = {.brief = "skips", .body = even, .setup = skips};

static const struct assay_plugin_bench benches[] = {
	{"alike", &alike},   {"lagging", &lagging},
	{"dying", &dying},   {"stopping", &stopping},
	{"wrong", &wrong},   {"unborn", &unborn},
	{"asleep", &asleep}, {"picky", &picky},
	{"first", &first},   {0},
};

extern const struct assay_plugin assay_plugin;
ASSAY_API const struct assay_plugin assay_plugin = {ASSAY_ABI, "odd", NULL, benches, NULL};
