/* SPDX-License-Identifier: MIT */
/* guilty: a plug-in of kernels, each slow for one reason, and of innocent ones. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/bench.h"

enum {
	COPY_BYTES = 16384,
	FRESH_PAGES = 64,
	PAGE = 4096,
	TURNS = 2000,
	LINE = 128,
	CHASED_BYTES = 48 << 20
};

static void innocent(struct assay_run *run)
{
	uint64_t x = 1;
	ASSAY_LOOP (run)
		x = assay_keep(x * 3 + 1);
}

/* One operation is long: a fault and a sleep now and then are nothing against it. */
static void innocent_long(struct assay_run *run)
{
	ASSAY_LOOP (run)
		for (int i = 0; i < 100000; i++)
			assay_keep(i);
}

static void faults(struct assay_run *run)
{
	ASSAY_LOOP (run) {
		char *fresh = mmap(NULL, FRESH_PAGES * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (fresh == MAP_FAILED)
			continue;
		madvise(fresh, FRESH_PAGES * PAGE, MADV_NOHUGEPAGE);
		for (int i = 0; i < FRESH_PAGES; i++)
			((volatile char *)fresh)[i * PAGE] = 1;
		munmap(fresh, FRESH_PAGES * PAGE);
	}
}

static void syscalls(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_keep(syscall(SYS_getppid));
}

static void allocates(struct assay_run *run)
{
	ASSAY_LOOP (run)
		free(assay_keep(malloc(2000)));
}

static void copies(struct assay_run *run)
{
	static char from[COPY_BYTES], to[COPY_BYTES];
	size_t n = assay_keep((size_t)COPY_BYTES);
	ASSAY_LOOP (run) {
		memmove(to, from, n);
		assay_clobber();
	}
}

static void reads_clock(struct assay_run *run)
{
	struct timespec now;
	ASSAY_LOOP (run)
		assay_keep(clock_gettime(CLOCK_MONOTONIC, &now));
}

static void sleeps(struct assay_run *run)
{
	ASSAY_LOOP (run)
		nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
}

struct line {
	struct line *next;
	char rest[64 - sizeof(void *)];
};

/* Coprime to the number of lines: one round through all of them. */
enum { LINES = CHASED_BYTES / sizeof(struct line), STRIDE = 100003 };

struct chase {
	struct line *lines, *at;
};

static void lay_out(struct assay_run *run)
{
	struct chase *c = calloc(1, sizeof(*c));
	struct line *lines = aligned_alloc(LINE, CHASED_BYTES);
	if (!assay_check(run, c && lines, "no memory"))
		return;
	for (size_t i = 0; i < LINES; i++)
		lines[i].next = &lines[(i + STRIDE) % LINES];
	c->lines = c->at = lines;
	assay_set_state(run, c);
}

static void clear_away(struct assay_run *run)
{
	struct chase *c = assay_state(run);
	free(c ? c->lines : NULL);
	free(c);
}

/* Each batch goes on where the last one ended, further than the simulated last cache reaches. */
static void chases(struct assay_run *run)
{
	struct chase *c = assay_state(run);
	struct line *at = c->at;
	ASSAY_LOOP (run)
		at = assay_keep(at->next);
	c->at = at;
}

/* Which way it goes is as good as drawn. */
static void guesses(struct assay_run *run)
{
	uint64_t x = 88172645463325252u;
	unsigned heads = 0;
	ASSAY_LOOP (run) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		if (x & 64)
			heads = assay_keep(heads + 1);
		else
			assay_clobber();
	}
	assay_keep(heads);
}

struct shared {
	pthread_mutex_t lock;
	_Alignas(LINE) _Atomic uint64_t counters[2 * LINE / sizeof(uint64_t)];
};

static void allocate_shared(struct assay_run *run)
{
	struct shared *s = aligned_alloc(LINE, sizeof(*s));
	if (!assay_check(run, s != NULL, "no memory"))
		return;
	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	assay_set_state(run, s);
}

static void release(struct assay_run *run)
{
	free(assay_state(run));
}

/* The lock is held nearly all of the time, so that whoever comes has to sleep for it. */
static void queues(struct assay_run *run)
{
	struct shared *s = assay_state(run);
	ASSAY_LOOP (run) {
		pthread_mutex_lock(&s->lock);
		for (int i = 0; i < TURNS; i++)
			assay_keep(i);
		pthread_mutex_unlock(&s->lock);
	}
}

static void bump(struct assay_run *run, size_t apart)
{
	struct shared *s = assay_state(run);
	_Atomic uint64_t *mine = &s->counters[assay_thread(run) * apart];
	ASSAY_LOOP (run)
		for (int i = 0; i < 16; i++)
			atomic_fetch_add_explicit(mine, 1, memory_order_relaxed);
}

static void one_line(struct assay_run *run)
{
	bump(run, 1);
}

static void own_lines(struct assay_run *run)
{
	bump(run, LINE / sizeof(uint64_t));
}

static const struct assay_suite suite = {.brief = "kernels with one fault each"};

#define ALONE(function)                                                                    \
	{                                                                                  \
#function, &(const struct assay_bench)                                     \
		{                                                                          \
			.brief = #function, .body = function, .subjects = ASSAY_NO_SUBJECT \
		}                                                                          \
	}
#define SHARED(function)                                                                     \
	{                                                                                    \
#function, &(const struct assay_bench)                                       \
		{                                                                            \
			.brief = #function, .body = function, .setup = allocate_shared,      \
			.teardown = release, .subjects = ASSAY_NO_SUBJECT, .threads = "1,2", \
			.mode = ASSAY_CONTENDED                                              \
		}                                                                            \
	}

static const struct assay_bench chases_bench = {
	.brief = "chases",
	.body = chases,
	.setup = lay_out,
	.teardown = clear_away,
	.subjects = ASSAY_NO_SUBJECT,
};

ASSAY_API const struct assay_plugin assay_plugin;
const struct assay_plugin assay_plugin = {
	.abi = ASSAY_ABI,
	.suite = "guilty",
	.description = &suite,
	.benches = (const struct assay_plugin_bench[]){ALONE(innocent),
						       ALONE(innocent_long),
						       ALONE(faults),
						       ALONE(syscalls),
						       ALONE(allocates),
						       ALONE(copies),
						       ALONE(reads_clock),
						       ALONE(sleeps),
						       {"chases", &chases_bench},
						       ALONE(guesses),
						       SHARED(queues),
						       SHARED(one_line),
						       SHARED(own_lines),
						       {0}},
};
