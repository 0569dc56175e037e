/* SPDX-License-Identifier: MIT */
/* clock: additions that wait for each other, one a cycle: what the core's clock really does. */
#include "suites/memory/memory.h"

enum { CHAIN = 1000 };

/*
 * Register to register: an addition of a constant may be done while it is renamed, in no time at all [Golden
 * Cove]; this one takes a cycle on every x86-64 and AArch64 core there is.
 */
#if defined(__x86_64__)
#define ADD_CHAIN ".rept 1000\n\taddq %1, %0\n\t.endr"
#elif defined(__aarch64__)
#define ADD_CHAIN ".rept 1000\n\tadd %0, %0, %1\n\t.endr"
#endif

static uint64_t add_chain(uint64_t x, uint64_t step)
{
#if defined(ADD_CHAIN)
	__asm__ volatile(ADD_CHAIN : "+r"(x) : "r"(step) : "cc");
	return x;
#else
	return x + CHAIN * step;
#endif
}

static void setup(struct assay_run *run)
{
#if !defined(ADD_CHAIN)
	assay_skip(run, "no chain of known length is written for this kind of processor");
#endif
	assay_set_ops_per_iteration(run, CHAIN);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	assay_set_thread_state(run, (void *)(uintptr_t)n);
}

static void body(struct assay_run *run)
{
	uint64_t turns = (uint64_t)(uintptr_t)assay_thread_state(run), x = 0;

	ASSAY_LOOP (run)
		x = add_chain(x, 3);
	assay_check(run, x == turns * CHAIN * 3, "%llu additions of 3 came to %llu",
		    (unsigned long long)(turns * CHAIN), (unsigned long long)x);
}

const struct assay_bench assay_bench_memory_clock = {
	.brief = "frequency of the core: additions that wait for each other, one a cycle",
	.source = "lmbench's mhz; instruction latencies: https://uops.info",
	.body = body,
	.setup = setup,
	.prepare = prepare,
	.subjects = ASSAY_NO_SUBJECT,
	.threads = "1..ncores:x2",
	.unit = "Hz",
};
