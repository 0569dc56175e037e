/* SPDX-License-Identifier: MIT */
/*
 * rings: samples of all that this process starts, through one perf_event and one buffer per CPU, copied
 * to an unlinked file by a thread of its own. Nothing is looked at while the target runs.
 */
#ifndef ASSAY_PROFILER_RINGS_H
#define ASSAY_PROFILER_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* How samples are taken. */
struct rings_plan {
	bool cycles;        /* the CPU's own counter instead of the kernel's clock of a task */
	bool kernel;        /* also what happens in the kernel */
	uint64_t registers; /* of perf_event; with them goes a copy of the stack; 0: neither */
	unsigned rate_hz;
};

struct rings;

/*
 * Open on every CPU, for what the calling thread starts from now on: each process is sampled from its
 * exec to its end, with its threads and children; the caller itself is not. ASSAY_SKIP with the reason
 * when the kernel refuses.
 */
enum assay_code rings_open(const struct rings_plan *plan, struct rings **ret,
			   struct assay_err *err);

/*
 * Sample no more. *ret_bytes is valid until rings_close(). *ret_dropped: bytes that found no space on
 * disk.
 */
enum assay_code rings_finish(struct rings *rings, const void **ret_bytes, size_t *ret_size,
			     uint64_t *ret_dropped, struct assay_err *err);
void rings_close(struct rings *rings); /* takes NULL */

/* Takes samples of the calling thread, to find out what one costs. */
struct ring_trial;
enum assay_code ring_trial_open(const struct rings_plan *plan, struct ring_trial **ret,
				struct assay_err *err);
void ring_trial_on(struct ring_trial *trial);
/* How many samples were taken since ring_trial_on(). */
uint64_t ring_trial_off(struct ring_trial *trial);
void ring_trial_close(struct ring_trial *trial); /* takes NULL */

#endif
