/* SPDX-License-Identifier: MIT */
/*
 * peers: hardware figures beside independent measurements, in interleaved rounds: triad beside
 * likwid-bench, latency beside a plain chase written here without the harness.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/store/store.h"
#include "tests/bench/child.h"
#include "tests/temporary.h"

enum { ROUNDS = 7, MOST_ROUNDS = 25, LINE_WORDS = 8, WALKS = 1000 };
/* As long as the other side walks: where a chain is twice the second-level cache, the first laps are slower. */
#define WALK_FOR_NS 400000000u

static const char *program;
static char db[64];

/* Median of one case, measured now by one launch; 0 when it failed. */
static double assay_median_of(const char *name, const char *override)
{
	const char *const args[] = {program, "run", name,         "--db", db,   "-t",     "400ms",
				    "-n",    "40",  "--counters", "none", "-P", override, NULL};
	child_run(args);
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_list runs;
	struct assay_result_list results;
	double median = 0;
	if (assay_store_open(db, ASSAY_STORE_READ, &store, &err) != ASSAY_OK)
		return 0;
	if (assay_store_runs(store, "@last", &runs, &err) == ASSAY_OK) {
		if (assay_store_results(store, runs.runs[0].id, name, ASSAY_LOAD_SUMMARY, &results,
					&err) == ASSAY_OK) {
			if (results.n)
				median = results.results[0].estimate.median;
			assay_result_list_done(&results);
		}
		assay_run_list_done(&runs);
	}
	assay_store_close(store);
	return median;
}

/* likwid-bench's MByte/s as B/s, 0 when it is not installed or says nothing. */
static double likwid_bandwidth(const char *kernel)
{
	const char *const args[] = {"likwid-bench", "-t", kernel, "-w",
				    "S0:805MB:1",   "-s", "1",    NULL};
	struct child child;
	char text[1024];
	double mbytes = 0;
	if (!child_start(&child, args, false))
		return 0;
	while (fgets(text, sizeof(text), child.lines))
		if (sscanf(text, "MByte/s: %lf", &mbytes) == 1)
			break;
	child_finish(&child);
	return mbytes * 1e6;
}

/* Pages that the kernel hands out, so that what is mapped next is not where it was in the last round. */
static void *take_pages(struct assay_rng *rng, size_t *ret_bytes)
{
	*ret_bytes = (1 + assay_rng_below(rng, 64)) << 20;
	return mmap(NULL, *ret_bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

/*
 * A random cycle over `bytes`, one pointer per line, the median of many walks; ns per load. Near the size of a cache
 * it depends on which pages they are, by a quarter: other ones each round.
 */
static double plain_chase_ns(size_t bytes, unsigned round)
{
	size_t n = bytes / 64, taken_bytes;
	struct assay_rng rng;
	assay_rng_init(&rng, round);
	void *taken = take_pages(&rng, &taken_bytes);
	void **lines =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *order = calloc(n, sizeof(*order));
	if (lines == MAP_FAILED || taken == MAP_FAILED || !order)
		return 0;
	madvise(lines, bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	assay_rng_shuffle(&rng, order, n);
	for (size_t i = 0; i < n; i++)
		lines[order[i] * LINE_WORDS] = &lines[order[(i + 1) % n] * LINE_WORDS];
	double times[WALKS];
	void **at = lines;
	size_t steps = n < 100000 ? 100000 : n, walks = 0;
	uint64_t until = assay_now_ns() + WALK_FOR_NS;
	for (; walks < 15 || (walks < WALKS && assay_now_ns() < until); walks++) {
		uint64_t began = assay_now_ns();
		for (size_t i = 0; i < steps; i++)
			at = *at;
		__asm__ volatile("" : : "r"(at));
		times[walks] = (double)(assay_now_ns() - began) / (double)steps;
	}
	munmap(lines, bytes);
	munmap(taken, taken_bytes);
	free(order);
	return median_of(times, walks);
}

static bool conclude(const char *what, double *ratios, size_t n, double lo, double hi)
{
	if (!n) {
		printf("%-40s not measured\n", what);
		return false;
	}
	double median = median_of(ratios, n);
	bool met = median >= lo && median <= hi;
	printf("%-40s %7.3f  [%.3f, %.3f] over %zu rounds; %g to %g: %s\n", what, median, ratios[0],
	       ratios[n - 1], n, lo, hi, met ? "met" : "MISSED");
	return met;
}

static bool compare_triad(const char *subject, const char *kernel, double at_least)
{
	char name[160], what[80];
	double ratios[ROUNDS];
	size_t n = 0;
	snprintf(name, sizeof(name),
		 "memory/bandwidth/op:triad/size:256Mi/pages:4k/subject:%s/threads:1", subject);
	snprintf(what, sizeof(what), "triad %s / likwid %s", subject, kernel);
	for (int round = 0; round < ROUNDS; round++) {
		double theirs = likwid_bandwidth(kernel);
		double ours = assay_median_of(name, "size=256Mi");
		if (ours > 0 && theirs > 0)
			ratios[n++] = ours / theirs;
	}
	return conclude(what, ratios, n, at_least, 10);
}

static bool compare_latency(const char *size, size_t bytes, unsigned rounds)
{
	char name[160], what[80], override[40];
	double ratios[MOST_ROUNDS];
	size_t n = 0;
	snprintf(name, sizeof(name), "memory/latency/size:%s/chain:random/pages:4k/threads:1",
		 size);
	snprintf(what, sizeof(what), "latency %s / plain chase", size);
	snprintf(override, sizeof(override), "size=%s", size);
	for (unsigned round = 0; round < rounds; round++) {
		double theirs = plain_chase_ns(bytes, round);
		double ours = assay_median_of(name, override);
		if (ours > 0 && theirs > 0)
			ratios[n++] = ours / theirs;
	}
	return conclude(what, ratios, n, 0.95, 1.05);
}

int main(void)
{
	char path[T_PATH];
	program = getenv("BENCH_PROGRAM");
	if (!program || !mkdtemp(t_path(path, "bench")))
		return 2;
	snprintf(db, sizeof(db), "%s/bench.db", path);
	bool met = compare_triad("avx2_nt", "stream_mem_avx", 0.97);
	/* ordinary stores: shown, the contract is about the best kernel of either side */
	met &= compare_triad("avx2", "stream_avx", 0);
	met &= compare_triad("scalar", "stream_avx", 0);
	met &= compare_latency("16Ki", 16 << 10, ROUNDS);
	met &= compare_latency("512Ki", 512 << 10, ROUNDS);
	met &= compare_latency("4Mi", 4 << 20, MOST_ROUNDS);
	met &= compare_latency("128Mi", 128 << 20, ROUNDS);
	unlink(db);
	rmdir(path);
	return !met;
}
