/* SPDX-License-Identifier: MIT */
/* known_cost: bodies to hold the harness itself against. */
#include "harness/engine/known_cost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness/bench.h"
#include "harness/engine/known_anomalies.h"
#include "harness/machine/noise.h"

static void empty_body(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_clobber();
}

static const struct assay_bench empty = {
	.brief = "an empty loop: what one iteration of the harness costs",
	.body = empty_body,
	.subjects = ASSAY_NO_SUBJECT,
};

enum { ADDS_PER_TURN = 64 };

static void spin_body(struct assay_run *run)
{
	uint64_t value = 1;
	if (!assay_add_chain(1, &value)) {
		assay_skip(run, "no chain of adds for this architecture");
		return;
	}
	ASSAY_LOOP (run)
		assay_add_chain(ASSAY_KNOWN_ADDS / ADDS_PER_TURN, &value);
}

static const struct assay_bench spin = {
	.brief = "2048 dependent adds: 2048 cycles of the core",
	.source = "McVoy & Staelin, lmbench: portable tools for performance analysis, USENIX 1996",
	.body = spin_body,
	.subjects = ASSAY_NO_SUBJECT,
	.threads = "1,2",
};

static const struct assay_bench spin_window = {
	.brief = "the same in contended windows, without anything to contend for",
	.body = spin_body,
	.subjects = ASSAY_NO_SUBJECT,
	.mode = ASSAY_CONTENDED,
	.threads = "1,2",
};

static void spin_stamped(struct assay_run *run)
{
	uint64_t value = 1;
	ASSAY_LOOP (run) {
		uint64_t stamp = assay_op_begin(run);
		assay_add_chain(ASSAY_KNOWN_ADDS / ADDS_PER_TURN, &value);
		assay_op_end(run, stamp);
	}
}

static const struct assay_bench spin_latency = {
	.brief = "the same, each operation stamped",
	.body = spin_stamped,
	.subjects = ASSAY_NO_SUBJECT,
	.mode = ASSAY_LATENCY,
};

static void sleep_body(struct assay_run *run)
{
	ASSAY_LOOP (run) {
		struct timespec left = {.tv_nsec = ASSAY_KNOWN_SLEEP_NS};
		while (nanosleep(&left, &left) != 0 && errno == EINTR)
			;
	}
}

static const struct assay_bench sleeping = {
	.brief = "a sleep of 2 ms: wall time without CPU time",
	.body = sleep_body,
	.subjects = ASSAY_NO_SUBJECT,
	.max_ops = 1,
};

/* Reads every word of a buffer: cost in proportion to its size while it stays in one cache. */
static void walk_setup(struct assay_run *run)
{
	size_t size = (size_t)assay_axis(run, "size");
	uint64_t *words = aligned_alloc(ASSAY_CACHE_LINE, size);
	if (!assay_check(run, words != NULL, "no memory for %zu bytes", size))
		return;
	memset(words, 1, size);
	assay_set_state(run, words);
	assay_set_bytes_per_op(run, (double)size);
}

static void walk_teardown(struct assay_run *run)
{
	free(assay_state(run));
}

static void walk_body(struct assay_run *run)
{
	const uint64_t *words = assay_state(run);
	size_t n = (size_t)assay_axis(run, "size") / sizeof(*words);
	ASSAY_LOOP (run) {
		for (size_t i = 0; i < n; i++) {
			uint64_t word = words[i];
			__asm__ volatile("" : : "r"(word));
		}
	}
}

static const struct assay_bench walk = {
	.brief = "read every word of a small buffer: known traffic",
	.setup = walk_setup,
	.teardown = walk_teardown,
	.body = walk_body,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"size", "bytes", "8Ki,16Ki"}),
};

static void touch_body(struct assay_run *run)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = ASSAY_KNOWN_PAGES * page;
	bool failed = false;
	ASSAY_LOOP (run) {
		volatile char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		failed |= pages == MAP_FAILED;
		for (size_t i = 0; !failed && i < size; i += page)
			pages[i] = 1;
		if (!failed)
			munmap((void *)(uintptr_t)pages, size);
	}
	assay_check(run, !failed, "mmap: %s", strerror(errno));
}

static const struct assay_bench touch = {
	.brief = "touch 64 fresh pages: 64 page faults to be counted",
	.body = touch_body,
	.subjects = ASSAY_NO_SUBJECT,
};

static const struct assay_suite suite = {
	.brief = "bodies of known cost",
	.hidden = true,
};
const struct assay_suite_entry assay_known_cost_suite = {"selftest", &suite};
const struct assay_bench_entry assay_known_cost_benches[] = {
	{"selftest", "empty", &empty},
	{"selftest", "spin", &spin},
	{"selftest", "spin_window", &spin_window},
	{"selftest", "spin_latency", &spin_latency},
	{"selftest", "sleep", &sleeping},
	{"selftest", "walk", &walk},
	{"selftest", "touch", &touch},
	{"selftest", "anomalies", &assay_known_anomalies},
	{0},
};
