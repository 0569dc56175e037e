/* SPDX-License-Identifier: MIT */
/*
 * region: runs inside a program under test. Each thread adds up its own regions without a lock; a thread's
 * sums are joined with the process' when it ends, and written as lines of text when the process exits.
 */
#include "profiler/region.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <unistd.h>

#include "profiler/preload.h"

enum { SITES = 512, DEPTH = 64, NAME = 64 };

/* Of one name: how often, how long, how long without what it entered itself, and the longest. */
struct sums {
	uint64_t count, total, self, max; /* in ticks */
};

struct open_region {
	unsigned number;
	uint64_t begin, inner;
};

struct thread {
	struct sums sums[SITES];
	struct open_region open[DEPTH];
	unsigned depth;     /* also of regions too deep to be kept */
	uint64_t unmatched; /* ends without a begin, and regions too deep */
};

int assay_region_listening;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;
static char path[4096];
static const char *names[SITES];
static unsigned n_names = 1; /* 0 means none yet */
static int even;
static uint64_t began_ns, began_ticks;
static struct thread joined; /* of threads that have ended */
static unsigned n_threads;
static _Thread_local struct thread *mine __attribute__((tls_model("initial-exec")));

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The processor's own clock where it runs evenly: less than half as dear. In ticks of its own. */
static inline uint64_t stamp(void)
{
#if defined(__x86_64__)
	if (__builtin_expect(even, 1))
		return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#endif
	return now_ns();
}

/* Does the time stamp counter run at one rate, whatever the core does? CPUID 0x80000007, bit 8. */
static int runs_evenly(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;
	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
#else
	return 0;
#endif
}

static void join(struct thread *t)
{
	pthread_mutex_lock(&lock);
	for (unsigned i = 1; i < n_names; i++) {
		struct sums *to = &joined.sums[i], *from = &t->sums[i];
		to->count += from->count;
		to->total += from->total;
		to->self += from->self;
		to->max = from->max > to->max ? from->max : to->max;
	}
	joined.unmatched += t->unmatched + t->depth;
	n_threads++;
	pthread_mutex_unlock(&lock);
}

static void thread_ends(void *thread)
{
	join(thread);
	free(thread);
	mine = NULL;
}

static struct thread *this_thread(void)
{
	if (!mine) {
		mine = calloc(1, sizeof(*mine));
		if (mine)
			pthread_setspecific(key, mine);
	}
	return mine;
}

/* The number of a site: that of its name, given the first time. 0: too many. */
static unsigned number_of(struct assay_region_site *site)
{
	unsigned number = __atomic_load_n(&site->number, __ATOMIC_ACQUIRE);
	if (number)
		return number;
	pthread_mutex_lock(&lock);
	for (number = 1; number < n_names && strcmp(names[number], site->name) != 0; number++)
		;
	if (number == n_names && n_names < SITES)
		names[n_names++] = site->name;
	else if (number == n_names)
		number = 0;
	__atomic_store_n(&site->number, number, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
	return number;
}

void assay_region_enter(struct assay_region_site *site)
{
	struct thread *t = this_thread();
	if (!t)
		return;
	if (t->depth < DEPTH)
		t->open[t->depth] = (struct open_region){number_of(site), stamp(), 0};
	else
		t->unmatched++;
	t->depth++;
}

void assay_region_exit(void)
{
	struct thread *t = this_thread();
	if (!t)
		return;
	if (t->depth == 0) {
		t->unmatched++;
		return;
	}
	if (--t->depth >= DEPTH)
		return;
	const struct open_region *r = &t->open[t->depth];
	uint64_t took = stamp() - r->begin;
	struct sums *s = &t->sums[r->number];
	s->count++;
	s->total += took;
	s->self += took > r->inner ? took - r->inner : 0;
	s->max = took > s->max ? took : s->max;
	if (t->depth)
		t->open[t->depth - 1].inner += took;
}

/* A name as part of a line of words. */
static void write_name(char *to, const char *name)
{
	size_t n = 0;
	for (; name[n] && n < NAME - 1; n++)
		to[n] = (unsigned char)name[n] > ' ' ? name[n] : '_';
	to[n] = '\0';
	if (!n)
		memcpy(to, "_", 2);
}

/* "region NAME COUNT TOTAL SELF MAX", and "process PID THREADS UNMATCHED" behind them. */
static void write_all(int fd)
{
	char line[256], name[NAME];
	uint64_t ticks = stamp() - began_ticks;
	double ns = ticks ? (double)(now_ns() - began_ns) / (double)ticks : 1;
	for (unsigned i = 1; i < n_names; i++) {
		const struct sums *s = &joined.sums[i];
		if (!s->count)
			continue;
		write_name(name, names[i]);
		int n = snprintf(line, sizeof(line), "region %s %llu %llu %llu %llu\n", name,
				 (unsigned long long)s->count,
				 (unsigned long long)((double)s->total * ns),
				 (unsigned long long)((double)s->self * ns),
				 (unsigned long long)((double)s->max * ns));
		if (write(fd, line, (size_t)n) != n)
			return;
	}
	int n = snprintf(line, sizeof(line), "process %d %u %llu\n", (int)getpid(), n_threads,
			 (unsigned long long)joined.unmatched);
	if (write(fd, line, (size_t)n) != n)
		return; /* a full disk: nobody is there to be told */
}

/* A child of fork() has its own figures. */
static void after_fork(void)
{
	memset(&joined, 0, sizeof(joined));
	n_threads = 0;
	pthread_mutex_init(&lock, NULL);
	if (mine)
		memset(mine->sums, 0, sizeof(mine->sums));
}

__attribute__((constructor)) static void begin(void)
{
	const char *to = getenv(PRELOAD_REGION_ENV);
	if (!to || strlen(to) >= sizeof(path) || pthread_key_create(&key, thread_ends) != 0)
		return;
	memcpy(path, to, strlen(to) + 1);
	pthread_atfork(NULL, NULL, after_fork);
	even = runs_evenly();
	began_ns = now_ns();
	began_ticks = stamp();
	assay_region_listening = 1;
}

__attribute__((destructor)) static void end(void)
{
	if (!assay_region_listening)
		return;
	if (mine)
		join(mine);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	write_all(fd);
	close(fd);
}
