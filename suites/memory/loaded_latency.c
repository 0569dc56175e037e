/* SPDX-License-Identifier: MIT */
/* loaded_latency: one thread's latency of memory while the others read as much as `gap` lets them. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "harness/machine/placement.h"
#include "suites/memory/chase.h"

/* What a loader reads at a time before it looks at the clock, and the least that it goes through. */
#define CHUNK_BYTES ((size_t)4096)
#define RANGE_BYTES ((size_t)128 << 20)

struct loader {
	pthread_t id;
	bool started;
	int cpu;
	uint64_t gap_ns;
	size_t range; /* bytes, whole chunks */
	struct pages pages;
	struct assay_err err;
	atomic_bool ready;
	const atomic_bool *stop;
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t bytes; /* read so far */
	char apart[2 * ASSAY_CACHE_LINE - sizeof(uint64_t)];
};

struct traffic {
	struct chase chase;
	struct loader *loaders;
	unsigned n;
	atomic_bool stop;
};

static uint64_t read_chunk(const uint64_t *at)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < CHUNK_BYTES / sizeof(*at); i++)
		sum += at[i];
	return sum;
}

/* One chunk per gap; after a pause it does not catch up, or the pause would be followed by a burst. */
static void load(struct loader *l)
{
	const char *base = l->pages.base;
	uint64_t next = assay_now_ns(), bytes = 0;
	size_t at = 0;

	while (!atomic_load_explicit(l->stop, memory_order_relaxed)) {
		assay_keep(read_chunk((const uint64_t *)(base + at)));
		at = at + CHUNK_BYTES < l->range ? at + CHUNK_BYTES : 0;
		atomic_store_explicit(&l->bytes, bytes += CHUNK_BYTES, memory_order_relaxed);
		if (!l->gap_ns)
			continue;
		uint64_t now = assay_now_ns();
		for (next = next + l->gap_ns > now ? next + l->gap_ns : now; now < next;
		     now = assay_now_ns())
			assay_cpu_relax();
	}
}

static void *run_loader(void *argument)
{
	struct loader *l = argument;
	enum assay_code code = l->cpu >= 0 ? assay_pin_thread((unsigned)l->cpu, &l->err) : ASSAY_OK;

	if (code == ASSAY_OK)
		code = pages_map(PAGES_4K, l->range, &l->pages, &l->err);
	if (code == ASSAY_OK)
		pages_touch(&l->pages);
	atomic_store_explicit(&l->ready, true, memory_order_release);
	if (code == ASSAY_OK)
		load(l);
	pages_done(&l->pages);
	return NULL;
}

/*
 * All loaders together go through as much as the chain does, so that what they read is no more in the last
 * cache than the chain is.
 */
static size_t range_of(size_t size, unsigned loaders)
{
	size_t each = (size / loaders / CHUNK_BYTES + 1) * CHUNK_BYTES;

	return each > RANGE_BYTES ? each : RANGE_BYTES;
}

static enum assay_code start_loaders(struct assay_run *run, struct traffic *t,
				     struct assay_err *err)
{
	t->n = assay_threads(run) - 1;
	t->loaders = aligned_alloc(_Alignof(struct loader), t->n * sizeof(*t->loaders));
	if (!t->loaders)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %u loaders", t->n);
	memset(t->loaders, 0, t->n * sizeof(*t->loaders));
	for (unsigned i = 0; i < t->n; i++) {
		struct loader *l = &t->loaders[i];
		l->cpu = assay_cpu(run, i + 1);
		l->gap_ns = (uint64_t)assay_axis(run, "gap");
		l->range = range_of((size_t)assay_axis(run, "size"), t->n);
		l->stop = &t->stop;
		int error = pthread_create(&l->id, NULL, run_loader, l);
		if (error)
			return assay_fail(err, ASSAY_EIO, "start a loader: %s", strerror(error));
		l->started = true;
	}
	for (unsigned i = 0; i < t->n; i++) {
		while (!atomic_load_explicit(&t->loaders[i].ready, memory_order_acquire))
			assay_cpu_relax();
		if (t->loaders[i].err.code != ASSAY_OK) {
			*err = t->loaders[i].err;
			return err->code;
		}
	}
	return ASSAY_OK;
}

static void setup(struct assay_run *run)
{
	struct traffic *t = calloc(1, sizeof(*t));
	struct assay_err err = {0};

	assay_set_state(run, t);
	if (!assay_check(run, t != NULL, "no memory"))
		return;
	if (assay_threads(run) < 2) {
		assay_skip(run, "with one thread there is nobody to load the memory");
		return;
	}
	enum assay_code code =
		chase_open(&t->chase, (enum pages_kind)assay_axis(run, "pages"),
			   (size_t)assay_axis(run, "size"), CHAIN_RANDOM, assay_seed(run), &err);
	if (code == ASSAY_OK)
		code = start_loaders(run, t, &err);
	assay_set_thread_state(run, t->chase.pages.base);
	memory_settle(run, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct traffic *t = assay_state(run);

	if (!t)
		return;
	atomic_store(&t->stop, true);
	for (unsigned i = 0; t->loaders && i < t->n; i++)
		if (t->loaders[i].started)
			pthread_join(t->loaders[i].id, NULL);
	free(t->loaders);
	chase_done(&t->chase);
	free(t);
}

static uint64_t bytes_read(const struct traffic *t)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < t->n; i++)
		bytes += atomic_load_explicit(&t->loaders[i].bytes, memory_order_relaxed);
	return bytes;
}

static void body(struct assay_run *run)
{
	const struct traffic *t = assay_state(run);
	void *at = assay_thread_state(run);
	uint64_t bytes = bytes_read(t), began = assay_now_ns();

	ASSAY_LOOP (run)
		at = *(void **)at;
	double seconds = (double)(assay_now_ns() - began) * 1e-9;
	assay_set_thread_state(run, assay_keep(at));
	assay_metric(run, "traffic", "B/s", ASSAY_HIGHER,
		     (double)(bytes_read(t) - bytes) / seconds);
}

const struct assay_bench assay_bench_memory_loaded_latency = {
	.brief = "latency of one thread while the other threads read from memory",
	.source = "Intel Memory Latency Checker, --loaded_latency; multichase multiload",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"gap", "ns", "0,100,300,1000,3000,10000", "0,10000"},
			   {"size", "bytes", "4*llc", "128Mi"}, {"pages", "name", "4k,huge", "4k"}),
	.subjects = ASSAY_NO_SUBJECT,
	.threads = "ncores",
	.own_threads = true,
	.version = 1,
};
