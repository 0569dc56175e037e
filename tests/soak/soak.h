/* SPDX-License-Identifier: MIT */
/*
 * soak: fault campaigns. Each does one kind of harm many times over and looks whether the promises of docs/reliability.md
 * hold. A campaign is one function; the short form is a test, the long form is ./dev soak.
 */
#ifndef ASSAY_TESTS_SOAK_H
#define ASSAY_TESTS_SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/attr.h"
#include "harness/base/rng.h"
#include "harness/store/store.h"

enum { SOAK_PATH = 4096 };

/* One campaign under way. */
struct soak {
	char build[SOAK_PATH - 1024]; /* the build directory */
	char assay[SOAK_PATH];        /* the program in it */
	char folder[64];              /* empty at the start, the current one, removed at the end */
	uint64_t asked, done;         /* trials */
	uint64_t deadline_ns;         /* none is begun after it, on the clock of assay_now_ns() */
	uint64_t seed;
	struct assay_rng rng;
	bool brief; /* the short form: what is slow may be left out */
	uint64_t failures;
	size_t most_rss_bytes; /* of any controller */
	char note[200];        /* what else the line should say */
	char skipped[160];     /* why nothing was done; empty: something was */
};

struct campaign {
	const char *name, *brief; /* brief: the harm that is done, for the table */
	uint64_t trials, few;     /* in the long and in the short form */
	void (*run)(struct soak *soak);
};

extern const struct campaign soak_kill_controller, soak_kill_worker, soak_kill_merger;
extern const struct campaign soak_io_errors, soak_failed_calls, soak_memory, soak_power_loss;
extern const struct campaign soak_space, soak_clock, soak_children, soak_signals, soak_suspend;
extern const struct campaign soak_writers, soak_day, soak_gate;

/* Count a trial and say whether it is to be done: false when all were, or the time is up. */
bool soak_trial(struct soak *soak);
/* A promise that did not hold, in one sentence; the trial's number is put before it. */
void soak_fail(struct soak *soak, const char *fmt, ...) ASSAY_PRINTF(2, 3);
/* The harness's own means failed: the campaign says nothing. Does not return. */
_Noreturn void soak_broken(const char *fmt, ...) ASSAY_PRINTF(1, 2);
/* Why nothing can be done here. */
void soak_skip(struct soak *soak, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* Uniform below `n`, which is above 0. */
uint64_t soak_below(struct soak *soak, uint64_t n);
/* Path of something in the build directory, for free(). */
char *soak_built(const struct soak *soak, const char *path);
/* Remove all that is in the current folder. */
void soak_clear_folder(void);

/* Storage behind sample results: tests/store/fixture.h has them. Fails the campaign unless the store is sound. */
void soak_check_store(struct soak *soak, const char *path, struct assay_store_report *ret);

#endif
