/* SPDX-License-Identifier: MIT */
/* guard: a process that outlives its controller by a moment, and ends what a killed one leaves behind. */
#ifndef ASSAY_ENGINE_GUARD_H
#define ASSAY_ENGINE_GUARD_H

#include "harness/base/err.h"

/*
 * Make this process the parent of all orphans below it, and start its guard, once: later calls do nothing. When this
 * process ends, by whatever signal, the guard kills all that carries its mark: workers, what they started, and
 * what left their sessions. The mark is a variable of the environment, inherited from now on. ASSAY_EIO when no
 * guard can be started. Not for several threads at once.
 */
enum assay_code assay_guard_start(struct assay_err *err);

#endif
