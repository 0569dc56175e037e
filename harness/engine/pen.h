/* SPDX-License-Identifier: MIT */
/*
 * pen: a control group (version 2) around all workers of a run, where the system lets us make one below our own. Nobody
 * leaves it by forking, by a new session, by another environment or because a parent has ended, and all that is in it
 * ends at once: what processes that fork without end cannot be hunted down for, one by one.
 */
#ifndef ASSAY_ENGINE_PEN_H
#define ASSAY_ENGINE_PEN_H

#include <stdbool.h>

enum { ASSAY_PEN_BYTES = 512 };

/*
 * Make one and name it in the environment, inherited from now on; "" where there is none to be had. Where the group may
 * count tasks (its pids.max), it holds 16384 at most. Not for several threads at once.
 */
void assay_pen_make(char path[ASSAY_PEN_BYTES]);
/* Go into the pen that the environment names, and forget its name. Where that cannot be, this process stays outside. */
void assay_pen_enter(void);
/* Kill all that is in the pen that the environment names, which is that of this process's workers. */
void assay_pen_clear(void);
/* Is somebody alive in it still? Not where the environment names none. */
bool assay_pen_holds(void);
/* Kill all that is in it and remove it; waits `patience_ms` for the last to be gone. "" is nothing to do. */
void assay_pen_remove(const char *path, unsigned patience_ms);

#endif
