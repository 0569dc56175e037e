/* SPDX-License-Identifier: MIT */
/* bad: benchmarks that misbehave as processes do, beyond what tests/engine/bad_plugin.c does. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness/bench.h"

/*
 * So many processes at most, of all that ever lived, so that no machine is harmed: a superuser has no limit of
 * processes. The first come at once, the others take the places of those that are killed.
 */
enum { AT_ONCE = 100, EVER = 1000, ENDLESS_S = 3, A_SECOND = 3000 };

static void once(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_clobber();
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void ignore_all(void)
{
	for (int number = 1; number < 32; number++)
		signal(number, SIG_IGN);
}

/* Every process starts others, in sessions of their own. */
static void fork_bomb(struct assay_run *run)
{
	volatile int *started =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	once(run);
	if (started == MAP_FAILED)
		abort();
	for (;;) {
		int number = __atomic_fetch_add(started, 1, __ATOMIC_RELAXED);
		if (number < EVER && fork() == 0) {
			ignore_all();
			setsid();
		}
		usleep(number < AT_ONCE ? 100 : 20000);
	}
}

static double elapsed_s(const struct timespec *begin)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

/*
 * As long as any of them lives there are more, each in a session of its own, without a trace of the environment it came with. So
 * many a second, and an end of its own after some, so that no machine is harmed where
 * nothing else ends it.
 */
static void endless(struct assay_run *run)
{
	struct timespec begin;
	volatile int *born =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	once(run);
	if (born == MAP_FAILED)
		abort();
	for (char **e = environ; *e; e++)
		memset(*e, 0, strlen(*e));
	ignore_all();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (double s = 0; s < ENDLESS_S; s = elapsed_s(&begin)) {
		if (*born >= A_SECOND * s) {
			usleep(20000);
			continue;
		}
		__atomic_fetch_add(born, 1, __ATOMIC_RELAXED);
		if (fork() == 0)
			setsid();
	}
	_exit(0);
}

static void stop_itself(struct assay_run *run)
{
	once(run);
	raise(SIGSTOP);
	wait_for_ever();
}

static void stop_children(struct assay_run *run)
{
	once(run);
	for (int i = 0; i < 5; i++)
		if (fork() == 0) {
			setsid();
			raise(SIGSTOP);
			wait_for_ever();
		}
	wait_for_ever();
}

static void ignore_signals(struct assay_run *run)
{
	(void)run;
	ignore_all();
	for (;;)
		assay_clobber();
}

/* Twice forked, without its parents' environment, streams or session; then the body goes on for ever. */
static void escape(struct assay_run *run)
{
	once(run);
	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			for (int fd = 0; fd < 64; fd++)
				close(fd);
			wait_for_ever();
		}
		_exit(0);
	}
	wait_for_ever();
}

/* Up to 10 GB, on both streams. */
static void flood(struct assay_run *run)
{
	(void)run;
	static char text[1 << 16];
	memset(text, 'x', sizeof(text));
	for (long left = 10000000000; left > 0; left -= (long)sizeof(text))
		if (write(left / (long)sizeof(text) % 2 ? 1 : 2, text, sizeof(text)) < 0)
			return;
	wait_for_ever();
}

static void frames(struct assay_run *run, size_t n, unsigned char byte)
{
	static unsigned char text[1 << 16];
	memset(text, byte, sizeof(text));
	once(run);
	for (int fd = 3; fd < 8; fd++)
		for (size_t left = n; left > 0; left -= left < sizeof(text) ? left : sizeof(text))
			if (write(fd, text, left < sizeof(text) ? left : sizeof(text)) < 0)
				break;
	wait_for_ever();
}

static void garbage_zeros(struct assay_run *run)
{
	frames(run, 1 << 16, 0);
}

static void garbage_ones(struct assay_run *run)
{
	frames(run, 256 << 20, 0xff);
}

static void leave(struct assay_run *run)
{
	once(run);
	exit(0);
}

static void fault(struct assay_run *run)
{
	(void)run;
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

static void eat(struct assay_run *run)
{
	(void)run;
	for (;;) {
		char *block = malloc(1 << 24);
		if (!block)
			abort();
		memset(block, 1, 1 << 24);
	}
}

static void close_all(struct assay_run *run)
{
	once(run);
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
	wait_for_ever();
}

#define BENCH(function)                                                                    \
	{                                                                                  \
#function, &(const struct assay_bench)                                     \
		{                                                                          \
			.brief = #function, .body = function, .subjects = ASSAY_NO_SUBJECT \
		}                                                                          \
	}

extern const struct assay_plugin assay_plugin;
ASSAY_API const struct assay_plugin assay_plugin = {
	.abi = ASSAY_ABI,
	.suite = "soak",
	.benches =
		(const struct assay_plugin_bench[]){
			BENCH(once),
			BENCH(fork_bomb),
			BENCH(endless),
			BENCH(stop_itself),
			BENCH(stop_children),
			BENCH(ignore_signals),
			BENCH(escape),
			BENCH(flood),
			BENCH(garbage_zeros),
			BENCH(garbage_ones),
			BENCH(leave),
			BENCH(fault),
			BENCH(eat),
			BENCH(close_all),
			{0},
		},
};
