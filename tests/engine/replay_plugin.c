/* SPDX-License-Identifier: MIT */
/* replay_plugin: cases whose counts are known, and cases that cannot be counted. REPLAY_NOPS is how many
 * instructions one operation of replay/known is longer than its loop. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/bench.h"

#define TEXT(x)       #x
#define NOPS(n)       ".rept " TEXT(n) "\n\tnop\n\t.endr"
#define KNOWN_READS   3
#define NEVER_SECONDS 1000

static void known(struct assay_run *run)
{
	ASSAY_LOOP (run)
		__asm__ volatile(NOPS(REPLAY_NOPS));
}

static void reads(struct assay_run *run)
{
	static volatile int there[KNOWN_READS];
	ASSAY_LOOP (run)
		for (int i = 0; i < KNOWN_READS; i++)
			(void)there[i];
}

/* Through the allocator and the C library: what chance in addresses or tunables would move. */
static void library(struct assay_run *run)
{
	ASSAY_LOOP (run) {
		char *text = malloc(3000);
		if (text)
			memset(text, 'a', 3000);
		assay_keep(text ? strlen(strncpy(text + 1000, text, 900)) : 0);
		free(text);
	}
}

/* As long as the clock and chance say, through every way to ask for either. */
static void by_chance(struct assay_run *run)
{
	/* as a library has it that was loaded to see its own C library first */
	int (*its_clock)(clockid_t, struct timespec *) = NULL;
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *found = libc ? dlsym(libc, "clock_gettime") : NULL;
	memcpy(&its_clock, &found, sizeof(its_clock));
	if (!its_clock)
		its_clock = clock_gettime;
	ASSAY_LOOP (run) {
		struct timespec now, until;
		struct timeval day;
		unsigned char bytes[3] = {0};
		clock_gettime(CLOCK_MONOTONIC, &until);
		gettimeofday(&day, NULL);
		assay_check(run,
			    getrandom(bytes, 1, 0) == 1 && getentropy(bytes + 1, 1) == 0 &&
				    syscall(SYS_getrandom, bytes + 2, 1, 0) == 1,
			    "no random bytes");
		int spins = bytes[0] + bytes[1] + bytes[2] + (int)(time(NULL) + day.tv_usec) % 64;
		for (int i = 0; i < spins; i++)
			assay_clobber();
		its_clock(CLOCK_MONOTONIC, &until);
		until.tv_nsec += 20000;
		do
			its_clock(CLOCK_MONOTONIC, &now);
		while (now.tv_sec == until.tv_sec && now.tv_nsec < until.tv_nsec);
	}
}

static void forks(struct assay_run *run)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	known(run);
}

static void *wait_for_ever(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void start_thread(struct assay_run *run)
{
	pthread_t id;
	assay_check(run, pthread_create(&id, NULL, wait_for_ever, NULL) == 0, "no thread");
}

static void hang(struct assay_run *run)
{
	ASSAY_LOOP (run)
		sleep(NEVER_SECONDS);
}

/* The bytes of vpxord %zmm0, %zmm0, %zmm0, whatever this file is compiled for. */
static void avx512(struct assay_run *run)
{
	ASSAY_LOOP (run)
		__asm__ volatile(".byte 0x62, 0xf1, 0x7d, 0x48, 0xef, 0xc0");
}

static void trap(struct assay_run *run)
{
	ASSAY_LOOP (run)
		__builtin_trap();
}

static void die(struct assay_run *run)
{
	ASSAY_LOOP (run)
		raise(SIGSEGV);
}

static void wrong(struct assay_run *run)
{
	known(run);
	assay_check(run, false, "two and two is five");
}

#define BENCH(...) (&(const struct assay_bench){.subjects = ASSAY_NO_SUBJECT, __VA_ARGS__})

ASSAY_API const struct assay_plugin assay_plugin = {
	.abi = ASSAY_ABI,
	.suite = "replay",
	.description = &(const struct assay_suite){.brief = "cases for replays"},
	.benches =
		(const struct assay_plugin_bench[]){
			{"known", BENCH(.brief = "a known number", .body = known)},
			{"reads", BENCH(.brief = "known reads", .body = reads)},
			{"library", BENCH(.brief = "malloc and strings", .body = library)},
			{"chance", BENCH(.brief = "time and chance", .body = by_chance)},
			{"once", BENCH(.brief = "one", .body = known, .mode = ASSAY_ONCE)},
			{"few", BENCH(.brief = "batches of 20", .body = known, .max_ops = 20)},
			{"forks", BENCH(.brief = "has children", .body = forks, .max_ops = 1)},
			{"threaded",
			 BENCH(.brief = "has a thread", .setup = start_thread, .body = known)},
			{"pair", BENCH(.brief = "two threads", .body = known, .threads = "2")},
			{"latency", BENCH(.brief = "clocks", .body = known, .mode = ASSAY_LATENCY)},
			{"window",
			 BENCH(.brief = "windows", .body = known, .mode = ASSAY_CONTENDED)},
			{"hang", BENCH(.brief = "never ends", .body = hang)},
			{"avx512", BENCH(.brief = "vectors", .body = avx512)},
			{"trap", BENCH(.brief = "traps", .body = trap)},
			{"die", BENCH(.brief = "crashes", .body = die)},
			{"wrong", BENCH(.brief = "fails", .body = wrong)},
			{0},
		},
};
