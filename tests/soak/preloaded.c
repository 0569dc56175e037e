/* SPDX-License-Identifier: MIT */
/*
 * preloaded: a hand on what the real program asks of the C library, put there by LD_PRELOAD. SOAK_FAULT says what
 * happens: "memory K" fails the Kth allocation, "files K" the Kth change of a regular file, "clock NAME K" steps the
 * wall clock at its Kth reading. SOAK_IN says to whom: "controller" or "worker". SOAK_COUNT names a
 * file of two numbers that is kept up to date: how often it could have struck, and whether it did.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/attr.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);

enum what { NOTHING, MEMORY, FILES, CLOCK };

/* A library that is preloaded has nobody to pass this to it. */
static struct {
	enum what what;
	uint64_t at;
	int64_t offset_s; /* of the clock, from then on */
	bool saw;         /* there and back again at each reading */
	bool frozen;
	struct counts {
		uint64_t seen, fired;
	} * counts;
} hand;

static struct counts own;
static __thread unsigned spared; /* not 0: nothing fails on this thread */

static bool strikes(enum what what)
{
	if (hand.what != what || spared)
		return false;
	if (__atomic_add_fetch(&hand.counts->seen, 1, __ATOMIC_RELAXED) != hand.at)
		return false;
	hand.counts->fired = 1;
	return true;
}

static const struct {
	const char *name;
	int64_t offset_s;
	bool saw, frozen;
} clocks[] = {
	{"back", -3600, false, false},          {"year-back", -31536000, false, false},
	{"year-ahead", 31536000, false, false}, {"leap", -1, false, false},
	{"saw", -86400, true, false},           {"frozen", 0, false, true},
	{"epoch", INT64_MIN, false, false},     {"far", 7000000000, false, false},
};

static void read_fault(const char *fault)
{
	char name[32] = "";
	unsigned long long at = 0;
	if (sscanf(fault, "memory %llu", &at) == 1)
		hand.what = MEMORY;
	else if (sscanf(fault, "files %llu", &at) == 1)
		hand.what = FILES;
	else if (sscanf(fault, "clock %31s %llu", name, &at) == 2)
		hand.what = CLOCK;
	hand.at = at;
	for (size_t i = 0; i < ASSAY_COUNT_OF(clocks); i++)
		if (strcmp(clocks[i].name, name) == 0) {
			hand.offset_s = clocks[i].offset_s;
			hand.saw = clocks[i].saw;
			hand.frozen = clocks[i].frozen;
		}
}

__attribute__((constructor)) static void begin(int argc, char **argv)
{
	const char *fault = getenv("SOAK_FAULT"), *in = getenv("SOAK_IN");
	const char *path = getenv("SOAK_COUNT");
	bool worker = argc > 1 && strcmp(argv[1], "worker") == 0;
	hand.counts = &own;
	if (!fault || !in || worker != (strcmp(in, "worker") == 0))
		return;
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd >= 0 && ftruncate(fd, sizeof(own)) == 0) {
		void *shared = mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (shared != MAP_FAILED)
			hand.counts = shared;
	}
	if (fd >= 0)
		close(fd);
	read_fault(fault);
}

/* ---- memory ---- */

/*
 * hwloc 2.9, what libxml2 does for it, the dynamic linker when hwloc opens something, and the reader of jansson 2.14 do
 * not ask whether they got their memory: what fails there is not ours to mend. No stack is walked to know: it cannot be while the linker is at work.
 */
static void find_next(const char *name, void *ret)
{
	void *found = dlsym(RTLD_NEXT, name);
	if (!found)
		abort();
	memcpy(ret, &found, sizeof(found));
}

struct hwloc_topology;
ASSAY_API int hwloc_topology_init(struct hwloc_topology **ret);
ASSAY_API int hwloc_topology_load(struct hwloc_topology *topology);
ASSAY_API int hwloc_topology_export_xmlbuffer(struct hwloc_topology *topology, char **ret,
					      int *ret_bytes, unsigned long flags);

int hwloc_topology_init(struct hwloc_topology **ret)
{
	int (*call)(struct hwloc_topology * *ret);
	find_next("hwloc_topology_init", &call);
	spared++;
	int rc = call(ret);
	spared--;
	return rc;
}

int hwloc_topology_load(struct hwloc_topology *topology)
{
	int (*call)(struct hwloc_topology * topology);
	find_next("hwloc_topology_load", &call);
	spared++;
	int rc = call(topology);
	spared--;
	return rc;
}

int hwloc_topology_export_xmlbuffer(struct hwloc_topology *topology, char **ret, int *ret_bytes,
				    unsigned long flags)
{
	int (*call)(struct hwloc_topology * topology, char **ret, int *ret_bytes,
		    unsigned long flags);
	find_next("hwloc_topology_export_xmlbuffer", &call);
	spared++;
	int rc = call(topology, ret, ret_bytes, flags);
	spared--;
	return rc;
}

struct json_error;
ASSAY_API void *json_loads(const char *text, size_t flags, struct json_error *error);

void *json_loads(const char *text, size_t flags, struct json_error *error)
{
	void *(*call)(const char *text, size_t flags, struct json_error *error);
	find_next("json_loads", &call);
	spared++;
	void *read = call(text, flags, error);
	spared--;
	return read;
}

ASSAY_API void *malloc(size_t size)
{
	if (strikes(MEMORY)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

ASSAY_API void *calloc(size_t n, size_t size)
{
	if (strikes(MEMORY)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(n, size);
}

ASSAY_API void *realloc(void *block, size_t size)
{
	if (strikes(MEMORY)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(block, size);
}

/* ---- files: not what is printed, nor pipes ---- */

static bool file_strikes(int fd)
{
	struct stat st;
	if (hand.what != FILES || fd <= 2 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    !strikes(FILES))
		return false;
	errno = hand.at % 2 ? EIO : ENOSPC;
	return true;
}

ASSAY_API ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t offset)
{
	return file_strikes(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, n, offset);
}

ASSAY_API ssize_t write(int fd, const void *bytes, size_t n)
{
	return file_strikes(fd) ? -1 : syscall(SYS_write, fd, bytes, n);
}

ASSAY_API int ftruncate64(int fd, off64_t size)
{
	return file_strikes(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

ASSAY_API int fsync(int fd)
{
	return file_strikes(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

ASSAY_API int fdatasync(int fd)
{
	return file_strikes(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

/* ---- the wall clock ---- */

static void step(struct timespec *t)
{
	strikes(CLOCK);
	if (hand.counts->seen < hand.at)
		return;
	if (hand.saw && hand.counts->seen % 2)
		return;
	if (hand.offset_s == INT64_MIN)
		*t = (struct timespec){1, 0};
	else if (hand.frozen)
		*t = (struct timespec){1800000000, 0};
	else
		t->tv_sec += hand.offset_s;
}

ASSAY_API int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ret);
	if (rc == 0 && hand.what == CLOCK &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		step(ret);
	return rc;
}

ASSAY_API int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec t;
	(void)zone;
	int rc = clock_gettime(CLOCK_REALTIME, &t);
	*ret = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return rc;
}

ASSAY_API time_t time(time_t *ret)
{
	struct timespec t = {0};
	clock_gettime(CLOCK_REALTIME, &t);
	if (ret)
		*ret = t.tv_sec;
	return t.tv_sec;
}
