/* SPDX-License-Identifier: MIT */
/*
 * preload_alloc: counts what a program under test allocates through malloc and its relatives: how often,
 * how much, how much at once; every so many bytes also the call stack. Counters are each thread's own; they
 * are joined when a thread's balance has moved by 64 KiB, which is how exactly the peak is known, and at
 * the end. Allocations go to whatever allocator the program would use without it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "profiler/preload.h"
#include "profiler/preload_record.h"

enum { JOIN_BYTES = 64 * 1024, POINTS = 256, EARLY_BYTES = 16 * 1024 };

/*
 * One thread's counters since it began, in the block the loader sets up: no call on access, and all that a
 * call of malloc or free touches in one cache line. Malloc has its own two and free its own two, so
 * that neither waits for the other's; what is live is their difference, looked at only when one
 * passes its limit.
 */
struct tally {
	uint64_t allocations, bytes, frees, freed;
	uint64_t bytes_limit, freed_limit; /* beyond: look() */
	struct {
		uint64_t allocations, bytes, frees, freed;
	} joined;            /* what of it is in `all` */
	uint64_t next_stack; /* to be taken when `bytes` is there */
	uint64_t random;
	bool inside; /* of our own code: what it allocates is not counted */
	bool known;  /* will be joined when its thread ends */
};
static _Thread_local _Alignas(64) struct tally tally __attribute__((tls_model("initial-exec")));

/* The allocator behind us, and what is asked at every call; one line again. */
static _Alignas(64) struct {
	void *(*malloc)(size_t);
	void (*free)(void *);
	bool headers;     /* glibc's, see usable() */
	int64_t interval; /* bytes between stacks; 0: not listening */
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*memalign)(size_t, size_t);
	size_t (*usable)(void *);
} next;

static struct {
	_Atomic uint64_t allocations, frees, bytes;
	_Atomic int64_t live, peak;
	pthread_mutex_t lock; /* of the points */
	uint64_t time_ns[POINTS];
	int64_t at[POINTS];
	unsigned n, every, skipped; /* every so many joins are a point */
	uint64_t began_ns;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER, .every = 1};

static pthread_key_t at_end;
static char path[4096];
/* What dlsym() itself asks for before we know the allocator; never given back. */
static _Alignas(16) char early[EARLY_BYTES];
static size_t early_used;

static void *early_take(size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (size > sizeof(early) - early_used)
		return NULL;
	void *at = early + early_used;
	early_used += size;
	return at;
}

static inline bool is_early(const void *p)
{
	return (uintptr_t)p - (uintptr_t)early < sizeof(early);
}

static void find_next(void)
{
	static bool looking;
	if (looking)
		return;
	looking = true;
	void *found[] = {dlsym(RTLD_NEXT, "malloc"),   dlsym(RTLD_NEXT, "free"),
			 dlsym(RTLD_NEXT, "calloc"),   dlsym(RTLD_NEXT, "realloc"),
			 dlsym(RTLD_NEXT, "memalign"), dlsym(RTLD_NEXT, "malloc_usable_size")};
	memcpy(&next.free, &found[1], sizeof(next.free));
	memcpy(&next.calloc, &found[2], sizeof(next.calloc));
	memcpy(&next.realloc, &found[3], sizeof(next.realloc));
	memcpy(&next.memalign, &found[4], sizeof(next.memalign));
	memcpy(&next.usable, &found[5], sizeof(next.usable));
	memcpy(&next.malloc, &found[0], sizeof(next.malloc));
	looking = false;
}

/* One point of the curve of live bytes; when the table is full every other one goes. */
static void add_point(int64_t live)
{
	pthread_mutex_lock(&all.lock);
	if (++all.skipped >= all.every) {
		all.skipped = 0;
		if (all.n == POINTS) {
			for (unsigned i = 0; i < POINTS / 2; i++) {
				all.time_ns[i] = all.time_ns[2 * i];
				all.at[i] = all.at[2 * i];
			}
			all.n = POINTS / 2;
			all.every *= 2;
		}
		all.time_ns[all.n] = record_now_ns();
		all.at[all.n++] = live;
	}
	pthread_mutex_unlock(&all.lock);
}

/* What of the thread's balance is not in `all` yet; negative: it freed what others allocated. */
static int64_t balance(const struct tally *t)
{
	return (int64_t)(t->bytes - t->joined.bytes) - (int64_t)(t->freed - t->joined.freed);
}

static void join(struct tally *t)
{
	int64_t live = atomic_fetch_add(&all.live, balance(t)) + balance(t);
	int64_t peak = atomic_load(&all.peak);
	atomic_fetch_add(&all.allocations, t->allocations - t->joined.allocations);
	atomic_fetch_add(&all.frees, t->frees - t->joined.frees);
	atomic_fetch_add(&all.bytes, t->bytes - t->joined.bytes);
	memcpy(&t->joined, t, sizeof(t->joined));
	while (live > peak && !atomic_compare_exchange_weak(&all.peak, &peak, live))
		;
	add_point(live);
}

/* Destructors that run later may allocate: then it is known again, and joined once more. */
static void thread_ends(void *of)
{
	struct tally *t = of;
	join(t);
	t->known = false;
	t->bytes_limit = t->freed_limit = 0;
}

/* Exponential in the bytes, so that no pattern of sizes is preferred: -ln(u) by bits and a line. */
static uint64_t next_gap(struct tally *t)
{
	t->random = t->random ? t->random : (uint64_t)(uintptr_t)t ^ record_now_ns();
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	int zeros = __builtin_clzll(t->random | 1);
	double fraction = (double)(t->random << zeros << 1) * 0x1p-64;
	/* u = 2^-(zeros + 1) (1 + fraction); ln(1 + f) is f (1 - 0.307 f) within 5 %. */
	double ln = 0.693147 * (zeros + 1) - fraction * (1 - 0.306853 * fraction);
	double gap = ln * (double)next.interval;
	return gap < 1 ? 1 : (uint64_t)gap;
}

/* One record for each gap that this allocation spans; a giant has no more than 64. */
static void take_stacks(struct tally *t)
{
	ucontext_t here;
	if (!t->random) /* the thread's first */
		t->next_stack = next_gap(t);
	if (t->next_stack <= t->bytes && getcontext(&here) == 0)
		for (int i = 0; t->next_stack <= t->bytes && i < 64; i++) {
			record_sample(&here);
			t->next_stack += next_gap(t);
		}
	if (t->next_stack <= t->bytes)
		t->next_stack = t->bytes + next_gap(t);
}

/*
 * A limit was passed: a stack is due, or the thread's balance may have moved by JOIN_BYTES. It has not when
 * frees and allocations kept level; joining from half of that on keeps such looks JOIN_BYTES / 2 apart. What
 * this allocates itself is taken back.
 */
static ASSAY_NOIPA void look(struct tally *t)
{
	struct tally before = *t;
	if (t->inside || !next.interval) {
		t->bytes_limit = t->freed_limit = t->inside ? UINT64_MAX : 0;
		return;
	}
	t->inside = true;
	if (!t->known) { /* its first: what it counts must not end with it */
		t->known = true;
		pthread_setspecific(at_end, t);
	}
	if (t->bytes >= t->next_stack)
		take_stacks(t);
	memcpy(t, &before, offsetof(struct tally, joined));
	if (balance(t) > JOIN_BYTES / 2 || balance(t) < -JOIN_BYTES / 2)
		join(t);
	uint64_t room = (uint64_t)(JOIN_BYTES - balance(t));
	uint64_t stack = t->next_stack - t->bytes;
	t->bytes_limit = t->bytes + (stack < room ? stack : room) - 1;
	t->freed_limit = t->freed + (uint64_t)(JOIN_BYTES + balance(t));
	t->inside = false;
}

/*
 * What the allocator set aside. glibc keeps it in the word before the block, with flags in its lowest
 * bits (malloc/malloc.c, "struct malloc_chunk"); reading it there saves a call each way.
 */
static inline size_t usable(void *p)
{
	if (__builtin_expect(!next.headers, 0))
		return next.interval ? next.usable(p) : 0;
	size_t head = ((const size_t *)p)[-1], size = (head & ~(size_t)7) - sizeof(size_t);
	if (__builtin_expect((head & 2) != 0, 0)) /* mapped */
		size -= sizeof(size_t);
	return size;
}

/* Is that so for the allocator at hand? Looked at for small, large and mapped blocks. */
static bool has_headers(void)
{
	static const size_t sizes[] = {1, 24, 25, 100, 1000, 5000, 100000, 1000000, 50000000};
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *theirs = libc ? dlsym(libc, "malloc") : NULL;
	bool same = theirs && memcmp(&theirs, &next.malloc, sizeof(theirs)) == 0;
	for (size_t i = 0; same && i < ASSAY_COUNT_OF(sizes); i++) {
		size_t *p = next.malloc(sizes[i]);
		if (!p)
			continue;
		size_t head = p[-1];
		same = (head & ~(size_t)7) - (head & 2 ? 2 : 1) * sizeof(size_t) == next.usable(p);
		next.free(p);
	}
	if (libc)
		dlclose(libc);
	return same;
}

static inline void count_in(void *p)
{
	struct tally *t = &tally;
	if (!p)
		return;
	t->allocations++;
	t->bytes += usable(p);
	if (__builtin_expect(t->bytes > t->bytes_limit, 0))
		look(t);
}

static inline void count_out(size_t size)
{
	struct tally *t = &tally;
	t->frees++;
	t->freed += size;
	if (__builtin_expect(t->freed > t->freed_limit, 0))
		look(t);
}

ASSAY_API void *malloc(size_t size)
{
	if (__builtin_expect(!next.malloc, 0)) {
		find_next();
		if (!next.malloc)
			return early_take(size);
	}
	void *p = next.malloc(size);
	count_in(p);
	return p;
}

ASSAY_API void free(void *p)
{
	if (!p || is_early(p))
		return;
	if (__builtin_expect(!next.free, 0))
		find_next();
	count_out(usable(p));
	if (__builtin_expect(next.free != NULL, 1))
		next.free(p);
}

ASSAY_API void *calloc(size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_expect(!next.calloc, 0)) {
		find_next();
		if (!next.calloc) /* never written to: zero */
			return __builtin_mul_overflow(n, size, &bytes) ? NULL : early_take(bytes);
	}
	void *p = next.calloc(n, size);
	count_in(p);
	return p;
}

ASSAY_API void *realloc(void *old, size_t size)
{
	if (is_early(old)) {
		void *p = malloc(size);
		size_t room = (size_t)(early + sizeof(early) - (char *)old);
		if (p)
			memcpy(p, old, size < room ? size : room);
		return p;
	}
	if (__builtin_expect(!next.realloc, 0))
		find_next();
	size_t before = old ? usable(old) : 0;
	void *p = next.realloc(old, size);
	if (old && (p || !size)) /* the old one is gone */
		count_out(before);
	count_in(p);
	return p;
}

ASSAY_API void *memalign(size_t alignment, size_t size)
{
	if (__builtin_expect(!next.memalign, 0))
		find_next();
	void *p = next.memalign(alignment, size);
	count_in(p);
	return p;
}

ASSAY_API void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

ASSAY_API int posix_memalign(void **ret, size_t alignment, size_t size)
{
	if (alignment < sizeof(void *) || alignment & (alignment - 1))
		return EINVAL;
	int before = errno;
	void *p = memalign(alignment, size);
	errno = before;
	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}

/* A child has its own figures, of what it does from now on. */
static void after_fork(void)
{
	record_fork();
	pthread_mutex_init(&all.lock, NULL);
	atomic_store(&all.allocations, 0);
	atomic_store(&all.frees, 0);
	atomic_store(&all.bytes, 0);
	atomic_fetch_add(&all.live, balance(&tally));
	atomic_store(&all.peak, atomic_load(&all.live));
	all.n = 0;
	memcpy(&tally.joined, &tally, sizeof(tally.joined));
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv(PRELOAD_ALLOC_ENV);
	char *to;
	unsigned long long bytes = text ? strtoull(text, &to, 10) : 0;
	find_next();
	if (!bytes || *to != ':' || strlen(to + 1) > sizeof(path) - 8 || !next.usable ||
	    !next.memalign || !next.realloc || pthread_key_create(&at_end, thread_ends) != 0)
		return;
	if (!record_open(to + 1))
		return;
	snprintf(path, sizeof(path), "%s.sums", to + 1);
	pthread_atfork(NULL, NULL, after_fork);
	all.began_ns = record_now_ns();
	next.headers = has_headers();
	memset(&tally, 0, sizeof(tally)); /* what was before is not counted */
	next.interval = (int64_t)bytes;
}

/* "process PID ALLOCATIONS FREES BYTES LIVE PEAK", then "live TIME BYTES" per point. */
__attribute__((destructor)) static void end(void)
{
	char line[200];
	if (!next.interval)
		return;
	join(&tally);
	next.interval = 0;
	record_maps();
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int n = snprintf(line, sizeof(line), "process %d %llu %llu %llu %lld %lld\n", (int)getpid(),
			 (unsigned long long)all.allocations, (unsigned long long)all.frees,
			 (unsigned long long)all.bytes, (long long)all.live, (long long)all.peak);
	bool whole = fd >= 0 && write(fd, line, (size_t)n) == n;
	for (unsigned i = 0; whole && i < all.n; i++) {
		n = snprintf(line, sizeof(line), "live %llu %lld\n",
			     (unsigned long long)(all.time_ns[i] - all.began_ns),
			     (long long)all.at[i]);
		whole = write(fd, line, (size_t)n) == n;
	}
	if (fd >= 0)
		close(fd);
}
