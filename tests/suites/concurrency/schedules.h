/* SPDX-License-Identifier: MIT */
/*
 * schedules: runs a small concurrent program under every schedule and with every value that weak
 * memory lets its loads see, within bounds, one by one.
 *
 * A depth-first search without stored states [Godefroid, VeriSoft, POPL 1997] over the threads' atomic
 * operations, bounded in the preemptions of one execution [Musuvathi & Qadeer, PLDI 2007] and in
 * the loads that see an old value. The program is the structure's own source: watched.h puts these
 * functions in the place of <stdatomic.h>. One search at a time, on one thread.
 */
#ifndef ASSAY_TESTS_SCHEDULES_H
#define ASSAY_TESTS_SCHEDULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEDULES_THREADS 4

struct schedules_case {
	const char *name;
	unsigned threads;           /* 1 to SCHEDULES_THREADS */
	void (*setup)(void);        /* before the threads, alone */
	void (*thread)(unsigned i); /* what thread i does */
	void (*finish)(void);       /* after the threads, alone; may be NULL */
	unsigned preemptions;       /* at most, in one execution; waiting is none */
	unsigned old_values;        /* loads that do not see the latest, in one execution */
	unsigned lost_wakes;        /* planted: calls of futex_wake that do nothing */
};

/* Where an atomic operation stands. */
struct schedules_site {
	const char *function;
	int line;
	memory_order order, weaker; /* as it is written, and what is to be tried in its place */
};

struct schedules_outcome {
	uint64_t executions;
	bool complete;     /* all tried, within the bounds; false: stopped at SCHEDULES_MOST */
	char failure[256]; /* of the first execution that failed; empty: none did */
};
#define SCHEDULES_MOST 2000000

/* Search; stops at the first failure. `weak`: this operation has its weaker order; may be NULL. */
void schedules_explore(const struct schedules_case *c, const struct schedules_site *weak,
		       struct schedules_outcome *ret);

/*
 * Every order that the searches of `cases` meet, each a step weaker: at least one case must fail then.
 * Returns how many orders were tried; calls `survived` for each that no case needs.
 */
size_t schedules_weaken_each(const struct schedules_case *cases, size_t n,
			     void (*survived)(void *context, const struct schedules_site *site),
			     void *context);

/* From a case's functions: what must hold. The execution ends with this failure when it does not. */
void schedules_expect(bool ok, const char *what);

/* What watched.h puts in the place of atomics, waiting and plain accesses. */
uint64_t schedules_load(const volatile void *object, size_t size, memory_order order,
			const char *function, int line);
void schedules_store(volatile void *object, size_t size, uint64_t value, memory_order order,
		     const char *function, int line);
enum schedules_op { SCHEDULES_EXCHANGE, SCHEDULES_ADD, SCHEDULES_SUB, SCHEDULES_OR, SCHEDULES_AND };
uint64_t schedules_modify(volatile void *object, size_t size, enum schedules_op op,
			  uint64_t operand, memory_order order, const char *function, int line);
bool schedules_exchange_if(volatile void *object, size_t size, void *expected, uint64_t desired,
			   memory_order order, memory_order failing, const char *function,
			   int line);
void schedules_fence(memory_order order, const char *function, int line);
void schedules_fence_everywhere(void);
void schedules_read(const volatile void *object);
void schedules_write(volatile void *object);
/* The thread goes on when another has stored something. */
void schedules_yield(void);
void schedules_futex_wait(const volatile void *word, uint32_t value);
unsigned schedules_futex_wake(const volatile void *word, unsigned most);

#endif
