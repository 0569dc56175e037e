/* SPDX-License-Identifier: MIT */
/*
 * frag: a program whose sizes shift: phase after phase it fills memory with blocks around another size, and
 * keeps a tenth of them at random. One operation is all phases; what is asked is how much memory the
 * process holds for what is live, and what is left of it when everything has been released.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "harness/base/rng.h"
#include "suites/memory/memory.h"
#include "suites/memory/memory_use.h"

enum { PHASES = 8, KEPT_ONE_IN = 10, SMALLEST = 24 };
static const size_t centre[PHASES] = {64, 512, 96, 2048, 48, 768, 160, 3072};

struct block {
	uint64_t *bytes;
	size_t size;
};

struct shifting {
	struct block
		*blocks; /* room for all that can be live, touched before anything is measured */
	size_t most, n;
	size_t live, peak_live; /* bytes */
	size_t limit;
	struct memory_watch watch;
	uint64_t wrong;
	bool refused;
};

static void setup(struct assay_run *run)
{
	struct shifting *s = calloc(1, sizeof(*s));

	assay_set_state(run, s);
	if (!assay_check(run, s != NULL, "no memory"))
		return;
	if (assay_axis(run, "live") < 1 << 16) {
		assay_skip(run, "live must be at least 64Ki");
		return;
	}
	s->limit = (size_t)assay_axis(run, "live");
	s->most = s->limit / SMALLEST + 1;
	void *room = mmap(NULL, s->most * sizeof(*s->blocks), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (!assay_check(run, room != MAP_FAILED, "no memory for the list of blocks"))
		return;
	s->blocks = room;
	memory_watch_begin(&s->watch, run, 0);
}

static void teardown(struct assay_run *run)
{
	struct shifting *s = assay_state(run);

	if (s && s->blocks)
		munmap(s->blocks, s->most * sizeof(*s->blocks));
	free(s);
}

static void take(struct shifting *s, const struct allocator *a, size_t size)
{
	uint64_t *bytes = a->alloc(size);

	if (!bytes) {
		s->refused = true;
		return;
	}
	memset(bytes, (int)size, size);
	bytes[0] = size;
	s->blocks[s->n++] = (struct block){bytes, size};
	s->live += size;
	if (s->live > s->peak_live)
		s->peak_live = s->live;
}

/* Release block i; the last one takes its place. */
static void give(struct shifting *s, const struct allocator *a, size_t i)
{
	struct block b = s->blocks[i];

	s->wrong += b.bytes[0] != b.size;
	a->release(b.bytes, b.size);
	s->live -= b.size;
	s->blocks[i] = s->blocks[--s->n];
}

static void live_through(struct shifting *s, const struct allocator *a, struct assay_rng *rng)
{
	for (int phase = 0; phase < PHASES && !s->refused; phase++) {
		size_t half = centre[phase] / 2;
		while (s->live + 2 * centre[phase] < s->limit && s->n < s->most && !s->refused)
			take(s, a, half + assay_rng_below(rng, 2 * half));
		size_t kept = s->n / KEPT_ONE_IN;
		while (s->n > kept)
			give(s, a, assay_rng_below(rng, s->n));
	}
	while (s->n)
		give(s, a, assay_rng_below(rng, s->n));
}

static void body(struct assay_run *run)
{
	const struct allocator *a = assay_subject(run);
	struct shifting *s = assay_state(run);
	struct assay_rng rng;
	long faults = memory_faults();

	assay_rng_init(&rng, assay_seed(run));
	s->peak_live = 0;
	ASSAY_LOOP (run)
		live_through(s, a, &rng);
	if (!assay_check(run, !s->refused, "the allocator ran out of memory") ||
	    !assay_check(run, s->wrong == 0 || !a->keeps_content,
			 "%llu blocks were not what had been written into them",
			 (unsigned long long)s->wrong))
		return;
	assay_metric(run, "faults", "per op", ASSAY_LOWER, (double)(memory_faults() - faults));
	assay_metric(run, "rss_after_free", "B", ASSAY_LOWER,
		     memory_watch_above(&s->watch, memory_rss()));
	memory_watch_report(&s->watch, run, (double)s->peak_live);
	if (a->trim)
		a->trim();
	assay_metric(run, "rss_after_trim", "B", ASSAY_LOWER,
		     memory_watch_above(&s->watch, memory_rss()));
}

const struct assay_bench assay_bench_memory_frag = {
	.brief =
		"sizes that shift from phase to phase: memory held for what is live, and afterwards",
	.source =
		"P. R. Wilson et al., \"Dynamic storage allocation: a survey and critical "
		"review\", IWMM 1995",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"live", "bytes", "32Mi", "8Mi"}),
	.mode = ASSAY_ONCE,
};
