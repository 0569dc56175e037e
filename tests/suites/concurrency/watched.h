/* SPDX-License-Identifier: MIT */
/*
 * watched: to be included before the structure under test: its atomics, its waiting and its accesses
 * through plain.h become those of schedules.h. The structure's source stays as it is.
 */
#ifndef ASSAY_TESTS_WATCHED_H
#define ASSAY_TESTS_WATCHED_H

#include <sched.h>
#include <stdatomic.h>

#include "harness/base/clock.h"
#include "suites/concurrency/futex.h"
#include "suites/concurrency/membarrier.h"
#include "suites/concurrency/plain.h"
#include "tests/suites/concurrency/schedules.h"

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_load
#undef atomic_store
#undef atomic_thread_fence
#undef PLAIN_LOAD
#undef PLAIN_STORE

/* The type of an atomic object, without the qualifier. */
#define WATCHED_TYPE(object) __typeof__(((void)0, *(object)))
/* A statement expression, for its value may be left unused. */
#define WATCHED_MODIFY(object, op, operand, order)                                             \
	({                                                                                     \
		(WATCHED_TYPE(object)) schedules_modify(object, sizeof(*(object)), op,         \
							(uint64_t)(uintptr_t)(operand), order, \
							__func__, __LINE__);                   \
	})

#define atomic_load_explicit(object, order) \
	((WATCHED_TYPE(object))schedules_load(object, sizeof(*(object)), order, __func__, __LINE__))
#define atomic_store_explicit(object, value, order)                                               \
	schedules_store(object, sizeof(*(object)), (uint64_t)(uintptr_t)(value), order, __func__, \
			__LINE__)
#define atomic_exchange_explicit(object, value, order) \
	WATCHED_MODIFY(object, SCHEDULES_EXCHANGE, value, order)
#define atomic_fetch_add_explicit(object, value, order) \
	WATCHED_MODIFY(object, SCHEDULES_ADD, value, order)
#define atomic_fetch_sub_explicit(object, value, order) \
	WATCHED_MODIFY(object, SCHEDULES_SUB, value, order)
#define atomic_fetch_or_explicit(object, value, order) \
	WATCHED_MODIFY(object, SCHEDULES_OR, value, order)
#define atomic_fetch_and_explicit(object, value, order) \
	WATCHED_MODIFY(object, SCHEDULES_AND, value, order)
#define atomic_compare_exchange_strong_explicit(object, expected, desired, order, failing)         \
	schedules_exchange_if(object, sizeof(*(object)), expected, (uint64_t)(uintptr_t)(desired), \
			      order, failing, __func__, __LINE__)
#define atomic_compare_exchange_weak_explicit atomic_compare_exchange_strong_explicit
#define atomic_load(object)                   atomic_load_explicit(object, memory_order_seq_cst)
#define atomic_store(object, value)           atomic_store_explicit(object, value, memory_order_seq_cst)
#define atomic_thread_fence(order)            schedules_fence(order, __func__, __LINE__)

#define PLAIN_LOAD(place)         (schedules_read(place), *(place))
#define PLAIN_STORE(place, value) (schedules_write(place), (void)(*(place) = (value)))

#define assay_cpu_relax()       schedules_yield()
#define sched_yield()           schedules_yield()
#define futex_wait(word, value) schedules_futex_wait(word, value)
#define futex_wake(word, most)  schedules_futex_wake(word, most)
#define fence_everywhere()      schedules_fence_everywhere()

#endif
