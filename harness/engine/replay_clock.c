/* SPDX-License-Identifier: MIT */
/*
 * replay_clock: time and chance that are the same in every replay. Preloaded into the simulator's process,
 * where time means nothing anyway: each look at a clock finds it STEP_NS later, and random bytes
 * come from a fixed seed. An allocator that returns memory by the clock then does so at the same
 * operation every time. A library of its own, which needs nothing of the rest of assay at run time.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/attr.h"

#if ASSAY_CALLGRIND
#include <valgrind/valgrind.h>
#endif

#define STEP_NS      1000u
#define REAL_TIME_S  946684800 /* 2000-01-01 */
#define OTHER_TIME_S 1000      /* since a start that never was */
#define NS_PER_S     1000000000u

static _Atomic uint64_t looks, drawn;

static struct timespec look(bool real)
{
	uint64_t ns = STEP_NS * atomic_fetch_add_explicit(&looks, 1, memory_order_relaxed);
	return (struct timespec){
		.tv_sec = (real ? REAL_TIME_S : OTHER_TIME_S) + (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S),
	};
}

ASSAY_API int clock_gettime(clockid_t clock, struct timespec *ret)
{
	*ret = look(clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE);
	return 0;
}

ASSAY_API int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	(void)zone;
	struct timespec now = look(true);
	*ret = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}

ASSAY_API time_t time(time_t *ret)
{
	time_t now = look(true).tv_sec;
	if (ret)
		*ret = now;
	return now;
}

ASSAY_API clock_t clock(void)
{
	struct timespec now = look(false);
	return (clock_t)(now.tv_sec * CLOCKS_PER_SEC + now.tv_nsec / (NS_PER_S / CLOCKS_PER_SEC));
}

/* SplitMix64 [Steele, Lea, Flood, OOPSLA 2014] over the number of words drawn. */
static void draw(void *to, size_t size)
{
	unsigned char *at = to;
	while (size) {
		uint64_t z = UINT64_C(0x9e3779b97f4a7c15) *
			     (1 + atomic_fetch_add_explicit(&drawn, 1, memory_order_relaxed));
		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		z ^= z >> 31;
		size_t n = size < sizeof(z) ? size : sizeof(z);
		memcpy(at, &z, n);
		at += n;
		size -= n;
	}
}

ASSAY_API ssize_t getrandom(void *to, size_t size, unsigned flags)
{
	(void)flags;
	draw(to, size);
	return (ssize_t)size;
}

ASSAY_API int getentropy(void *to, size_t size)
{
	draw(to, size);
	return 0;
}

ASSAY_API uint32_t arc4random(void)
{
	uint32_t value;
	draw(&value, sizeof(value));
	return value;
}

ASSAY_API void arc4random_buf(void *to, size_t size)
{
	draw(to, size);
}

#if ASSAY_CALLGRIND

/*
 * A library that was loaded to look into itself and its C library first never sees the above. Functions
 * with such names are called by valgrind in place of those in any libc.so*, whoever calls them.
 */
#define IN_PLACE_OF(type, name, ...)                                           \
	ASSAY_API type I_WRAP_SONAME_FNNAME_ZU(libcZdsoZa, name)(__VA_ARGS__); \
	ASSAY_API type I_WRAP_SONAME_FNNAME_ZU(libcZdsoZa, name)(__VA_ARGS__)

IN_PLACE_OF(int, clock_gettime, clockid_t clock, struct timespec *ret)
{
	return clock_gettime(clock, ret);
}

IN_PLACE_OF(ssize_t, getrandom, void *to, size_t size, unsigned flags)
{
	return getrandom(to, size, flags);
}

/* Those who ask the kernel past the C library. */
IN_PLACE_OF(long, syscall, long number, long a, long b, long c, long d, long e, long f)
{
	OrigFn real;
	VALGRIND_GET_ORIG_FN(real); /* before any other call */
	long result;
	if (number == SYS_getrandom)
		return (long)getrandom((void *)(uintptr_t)a, (size_t)b, 0);
	if (number == SYS_clock_gettime)
		return clock_gettime((clockid_t)a, (struct timespec *)(uintptr_t)b);
	CALL_FN_W_7W(result, real, number, a, b, c, d, e, f);
	return result;
}

#endif
