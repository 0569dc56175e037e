/* SPDX-License-Identifier: MIT */
/* wake_cost: what it costs here to put a thread to sleep and wake it, so that others know how long to spin. */
#ifndef ASSAY_SUITES_CONCURRENCY_WAKE_COST_H
#define ASSAY_SUITES_CONCURRENCY_WAKE_COST_H

#include <stdint.h>

/*
 * The number of pauses of the processor that take as long as waking a thread on CPU `there` from CPU `here`
 * (negative: wherever they run) and its going to sleep again: the median of 15 rounds, about 1 ms in all. 0 when
 * both are one CPU, where spinning only delays the one waited for. Starts a thread; a default when that fails.
 */
uint32_t wake_cost_pauses(int here, int there);

#endif
