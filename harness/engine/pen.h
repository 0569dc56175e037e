/* SPDX-License-Identifier: MIT */
/*
 * pen: a control group around all workers of a run, where the system lets us make one below our own. Nobody leaves it by
 * forking, by a new session, by another environment or because a parent has ended, and all that is in it ends at once:
 * what processes that fork without end cannot be hunted down for, one by one. It also bounds how many they are, which
 * the limit of a process does not do for root.
 */
#ifndef ASSAY_ENGINE_PEN_H
#define ASSAY_ENGINE_PEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_PEN_BYTES = 512 };

/* Folders; "" where none is to be had. */
struct assay_pen {
	char group[ASSAY_PEN_BYTES]; /* of version 2 */
	char tasks[ASSAY_PEN_BYTES]; /* of version 1, where it is that one which counts tasks */
};

/* Make one and name it in the environment, inherited from now on. Not for several threads at once. */
void assay_pen_make(struct assay_pen *ret);
/* Go into the pen that the environment names, and forget its name. Where that cannot be, this process stays outside. */
void assay_pen_enter(void);
/* Kill all that is in the pen that the environment names, which is that of this process's workers. */
void assay_pen_clear(void);
/*
 * Let those in it that are dying have the processors first, where we may say so (CAP_SYS_NICE). Thousands that descend from
 * one another have locks in common, and on a busy machine each waits behind all others for its turn to pass one on.
 */
void assay_pen_hasten(void);
/* Is somebody alive in it still? Not where the environment names none. */
bool assay_pen_holds(void);
/* Kill all that is in it, remove it and its name; waits `patience_ms` for the last to be gone. */
void assay_pen_remove(const struct assay_pen *pen, unsigned patience_ms);

/*
 * Processes and threads that the workers of a run may have at once: the most that any benchmark has is some hundreds,
 * or a few for each of a thousand ranks, and more where there are more processors.
 */
unsigned long assay_pen_most_tasks(void);
/* How many more than that were asked for and refused, so far; 0 where nothing counts them. */
uint64_t assay_pen_refusals(void);
/* Add to a reason, which is not empty, that tasks have been refused since there were `before` refusals. */
void assay_pen_explain(uint64_t before, char *reason, size_t size);

#endif
