/* SPDX-License-Identifier: MIT */
/* replay_clock: the library that a replay preloads, as the bytes of its file; see replay_clock.c. */
#ifndef ASSAY_ENGINE_REPLAY_CLOCK_H
#define ASSAY_ENGINE_REPLAY_CLOCK_H

#include <stddef.h>

extern const unsigned char assay_replay_clock[];
extern const size_t assay_replay_clock_size;

#endif
