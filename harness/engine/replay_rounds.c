/* SPDX-License-Identifier: MIT */
/* replay_rounds: client requests around the timed loop, and the dumps they cause. */
#include "harness/engine/replay_rounds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/engine/frame.h"
#include "harness/engine/replay_dump.h"

#if ASSAY_CALLGRIND
#include <valgrind/callgrind.h>
#else
#define RUNNING_ON_VALGRIND             0
#define CALLGRIND_START_INSTRUMENTATION ((void)0)
#define CALLGRIND_STOP_INSTRUMENTATION  ((void)0)
#define CALLGRIND_TOGGLE_COLLECT        ((void)0)
#define CALLGRIND_ZERO_STATS            ((void)0)
#define CALLGRIND_DUMP_STATS_AT(tag)    ((void)(tag))
#endif

/* A round with so many instructions has its edges, some tens of them, under a ten-thousandth. */
#define ENOUGH_INSTRUCTIONS 500000u
#define GROWTH              8u
#define MAX_OPERATIONS      (1ull << 30)

/* Sizes of glibc's malloc, its own 8 bytes with each. */
enum {
	LEAST = 32,
	GRAIN = 16,
	CACHED_MAX = 1040, /* the thread's cache keeps free blocks of each size up to this */
	PIECE = 64 * 1024, /* too small to be mapped apart, large enough to join free blocks */
	TOP_PAD = 128 * 1024,
	PAGE = 4096,
	STEP_MAX = TOP_PAD + 96 * 1024, /* by which we let the heap grow at once */
	MOST_PIECES = 1 << 16,
	MOST_STEPS = 128,
	HEAP_BOUNDARY = 4 << 20,
};

enum assay_code assay_replay_built(struct assay_err *err)
{
	return ASSAY_CALLGRIND
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_SKIP,
				    "this assay was built without valgrind/callgrind.h (Debian "
				    "package valgrind)");
}

enum assay_code assay_replay_suits(const struct assay_case *c, struct assay_err *err)
{
	const struct assay_bench *bench = c->bench->bench;
	if (c->threads > 1)
		return assay_fail(
			err, ASSAY_SKIP,
			"only one thread is replayed: the simulator runs threads in turns");
	if (bench->own_threads)
		return assay_fail(err, ASSAY_SKIP,
				  "only one thread is replayed: the subject starts its own");
	if (bench->mode == ASSAY_LATENCY)
		return assay_fail(err, ASSAY_SKIP, "LATENCY reads a clock in every operation");
	if (bench->mode == ASSAY_CONTENDED)
		return assay_fail(err, ASSAY_SKIP,
				  "CONTENDED runs for a time, not for a number of operations");
	return ASSAY_OK;
}

enum assay_code assay_replay_fits(const struct assay_case *c, struct assay_err *err)
{
	enum assay_code rc = assay_replay_suits(c, err);
	if (rc == ASSAY_OK)
		rc = assay_replay_built(err);
	if (rc == ASSAY_OK && !RUNNING_ON_VALGRIND)
		rc = assay_fail(err, ASSAY_SKIP, "this process does not run under valgrind");
	return rc;
}

/* Allocated for good: a block of `size` bytes with malloc's own 8; the address behind it. */
static uintptr_t take(size_t size)
{
	void *block = malloc(size - sizeof(size_t));
	return (uintptr_t)assay_keep(block) + size - 2 * sizeof(size_t);
}

static uintptr_t heap_end(void)
{
	return (uintptr_t)sbrk(0);
}

/* Fill every hole below the free end of the heap; where that end begins. */
static uintptr_t fill_holes(void)
{
	uintptr_t end = heap_end();
	uintptr_t top = take(PIECE), at = top; /* also joins what is free and lies side by side */
	for (int i = 0; i < MOST_PIECES / 64 && heap_end() == end; i++)
		top = take(PIECE); /* until the heap has to grow for it: no hole was large enough */
	for (size_t size = CACHED_MAX; size >= LEAST; size -= GRAIN) {
		at = take(size);
		for (int i = 0; i < MOST_PIECES && at <= top; i++)
			at = take(size);
	}
	return at;
}

/*
 * Let the heap end at a boundary that programs of other sizes reach as well, with TOP_PAD free before
 * it: when the free end is used up, malloc asks the kernel for the block it needs and TOP_PAD.
 */
static void settle_end(uintptr_t top)
{
	uintptr_t goal = (heap_end() / HEAP_BOUNDARY + 2) * HEAP_BOUNDARY;
	for (int i = 0; i < MOST_STEPS; i++) {
		uintptr_t end = heap_end();
		while (end - top > 2 * PIECE)
			top = take(PIECE);
		if (end - top > 2 * LEAST)
			take(end - top - LEAST);
		size_t rest = goal - end;
		size_t step = rest > 2 * STEP_MAX ? TOP_PAD + 2 * PAGE
			      : rest > STEP_MAX   ? rest / 2 / PAGE * PAGE
						  : rest;
		top = take(step - TOP_PAD);
		if (heap_end() != end + step || heap_end() == goal)
			return;
	}
}

/*
 * All that was allocated before, such as paths of other lengths, left holes of other sizes and another
 * end of the heap. Both show: what code does with a string depends on where it lies, and what malloc
 * does with a block on what lies beside it. So use up the holes and put the end where it always is. The
 * memory is not touched, and stays allocated. The sizes are glibc's; another malloc is left as it is.
 */
void assay_replay_level_heap(void)
{
	settle_end(fill_holes());
}

static void toggle(void *context)
{
	(void)context;
	CALLGRIND_TOGGLE_COLLECT;
}

/* Through no buffer of ours: the case's heap must not know how long a file was. */
static enum assay_code read_dump(const char *path, struct assay_replay_dump *ret,
				 struct assay_err *err)
{
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return assay_fail(err, ASSAY_EIO, "open '%s': %s", path, strerror(errno));
	*ret = (struct assay_replay_dump){0};
	if (st.st_size == 0) /* made, but not written: none of ours */
		return ASSAY_OK;
	void *text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return assay_fail(err, ASSAY_EIO, "read '%s': %s", path, strerror(errno));
	enum assay_code rc = assay_replay_dump_read(text, (size_t)st.st_size, ret, err);
	munmap(text, (size_t)st.st_size);
	return rc;
}

/* Callgrind numbers its files as it likes: the dump is the one that names our tag and our process. */
static enum assay_code find_dump(const char *folder, const char *tag, struct assay_replay_dump *ret,
				 struct assay_err *err)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return assay_fail(err, ASSAY_EIO, "open '%s': %s", folder, strerror(errno));
	assay_fail(err, ASSAY_EIO,
		   "callgrind wrote nothing for '%s'; is this valgrind --tool=callgrind?", tag);
	enum assay_code rc = ASSAY_EIO;
	for (struct dirent *entry; rc != ASSAY_OK && (entry = readdir(dir));) {
		char path[512];
		if (strncmp(entry->d_name, ASSAY_REPLAY_FILE, strlen(ASSAY_REPLAY_FILE)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		/* one that is not whole may be another process'; its fault stands if ours is missing */
		if (read_dump(path, ret, err) == ASSAY_OK &&
		    assay_replay_dump_is(ret, tag, (uint64_t)getpid()))
			rc = unlink(path) == 0 ? ASSAY_OK
					       : assay_fail(err, ASSAY_EIO, "delete '%s': %s", path,
							    strerror(errno));
	}
	closedir(dir);
	return rc == ASSAY_OK ? ASSAY_OK : err->code;
}

/*
 * n operations, counted, after `warm_ups` times as many that are not. The simulator looks on only
 * meanwhile: it begins with empty caches, and what we do with its files leaves no trace in it. Nothing
 * is read when the benchmark failed.
 */
static enum assay_code run_round(struct gang *gang, const struct assay_job *job, unsigned warm_ups,
				 uint64_t n, struct gang_batch *batch,
				 struct assay_replay_dump *dump, struct assay_err *err)
{
	char tag[40];
	snprintf(tag, sizeof(tag), "assay %s %" PRIu64, warm_ups ? "round" : "trial", n);
	CALLGRIND_START_INSTRUMENTATION;
	for (unsigned i = 0; i < warm_ups && gang_ok(gang); i++)
		gang_batch(gang, n, 0, batch);
	CALLGRIND_ZERO_STATS;
	gang->hooks = (struct loop_hooks){.enter = toggle, .leave = toggle};
	if (gang_ok(gang))
		gang_batch(gang, n, 0, batch);
	gang->hooks = (struct loop_hooks){0};
	CALLGRIND_STOP_INSTRUMENTATION;
	if (!gang_ok(gang))
		return ASSAY_OK;
	CALLGRIND_DUMP_STATS_AT(tag);
	return find_dump(job->replay, tag, dump, err);
}

/* What other threads did would not be counted, and how long they run is chance. */
static void refuse_threads(struct gang *gang)
{
	DIR *dir = opendir("/proc/self/task");
	size_t n = 0;
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	if (n > 1)
		gang_fail(gang, ASSAY_STATUS_SKIPPED,
			  "only one thread is replayed: this case has %zu", n);
}

static uint64_t most_operations(const struct gang *gang, const struct assay_job *job)
{
	uint64_t most = gang->bench->max_ops ? gang->bench->max_ops : MAX_OPERATIONS;
	if (gang->bench->mode == ASSAY_ONCE)
		return 1;
	return job->effort.batch && job->effort.batch < most ? job->effort.batch : most;
}

static enum assay_code write_counts(const struct assay_job *job, uint64_t n,
				    const struct gang_batch *batch,
				    const struct assay_replay_dump *dump, struct assay_err *err)
{
	enum assay_code rc = assay_frame_write(job->fd, ASSAY_FRAME_BATCH, &n, sizeof(n), err);
	for (unsigned e = 0; rc == ASSAY_OK && e < ASSAY_REPLAY_EVENTS; e++) {
		struct assay_count count = {
			.quality = ASSAY_SIMULATED,
			.raw = dump->counts[e],
			.value = (double)dump->counts[e] / (double)(batch->ops ? batch->ops : 1),
		};
		assay_copy(count.event, sizeof(count.event), assay_replay_event_name(e));
		assay_copy(count.source, sizeof(count.source), ASSAY_REPLAY_SOURCE);
		snprintf(count.reason, sizeof(count.reason), "%s, batch of %" PRIu64, dump->creator,
			 n);
		rc = assay_frame_write(job->fd, ASSAY_FRAME_COUNTER, &count, sizeof(count), err);
	}
	return rc;
}

enum assay_code assay_replay_measure(struct gang *gang, const struct assay_job *job,
				     struct assay_err *err)
{
	const uint64_t most = most_operations(gang, job);
	const uint64_t enough = job->effort.batch ? UINT64_MAX : ENOUGH_INSTRUCTIONS;
	struct gang_batch batch = {0};
	struct assay_replay_dump dump = {0};
	uint64_t n = 1;
	refuse_threads(gang);
	enum assay_code rc = run_round(gang, job, 0, n, &batch, &dump, err);
	while (rc == ASSAY_OK && gang_ok(gang) && n < most &&
	       dump.counts[ASSAY_REPLAY_INSTRUCTIONS] < enough) {
		n = n > most / GROWTH ? most : n * GROWTH;
		rc = run_round(gang, job, 0, n, &batch, &dump, err);
	}
	/* Lazy binding and first growth are behind us; one more round for the caches. */
	if (rc == ASSAY_OK && gang_ok(gang))
		rc = run_round(gang, job, 1, n, &batch, &dump, err);
	refuse_threads(gang);
	return rc == ASSAY_OK && gang_ok(gang) ? write_counts(job, n, &batch, &dump, err) : rc;
}
