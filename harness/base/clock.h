/* SPDX-License-Identifier: MIT */
/* clock: the clocks that measurements use. All times are nanoseconds in uint64_t. */
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC: never steps, unaffected by settimeofday; about 25 ns a call through the vDSO. */
static inline uint64_t assay_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* CPU time of the calling thread: a system call, 0.2 to 0.6 us. Never inside a timed region. */
static inline uint64_t assay_thread_cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* CPU time of the whole process, all threads added up. */
static inline uint64_t assay_process_cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Wall clock, nanoseconds since the epoch, for records only: it may step. */
static inline uint64_t assay_wall_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Smallest non-zero step seen between consecutive CLOCK_MONOTONIC readings (declared resolution
 * says 1 ns everywhere and is no help). Takes about 0.1 ms. */
uint64_t assay_clock_tick_ns(void);

/* Tell the processor that this is a spin-wait loop. */
static inline void assay_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif
