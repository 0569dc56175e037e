/* SPDX-License-Identifier: MIT */
/* toy: a small table of benchmarks for the tests of the engine. */
#ifndef ASSAY_TESTS_ENGINE_TOY_H
#define ASSAY_TESTS_ENGINE_TOY_H

#include "harness/engine/registry.h"

/* Suite "toy": empty, sweep (size, mode; subjects plain, other), pair (roles), counted. */
extern const struct assay_table toy_table;

enum { TOY_QUEUED_NS = 200 * 1000 }; /* what an operation of toy/queued takes, as it states */

/* How often each function of toy/empty, or the body of toy/moody, was called; one process, one test at a time. */
struct toy_calls {
	int setup, teardown, thread_setup, thread_teardown, prepare, body;
	uint64_t device; /* operations that toy/queued's device has done while it can be seen */
};
extern struct toy_calls toy_calls;

#endif
