/* SPDX-License-Identifier: MIT */
/*
 * subjects: our implementations beside their peers: one interleaved run of several launches, the ratio
 * taken launch by launch. Prints each figure beside the one asked for; exits 1 when one is missed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/store/store.h"
#include "tests/bench/child.h"

enum { MAX_LAUNCHES = 32, MAX_PEERS = 8 };

static const struct figure {
	const char *what;
	const char *ours;
	const char *peers[MAX_PEERS]; /* the best of them counts; none: the figure itself does */
	bool at_least;      /* ratio of rates: ours over peer; else ratio of times, at most */
	double wanted;      /* 0: shown only */
	const char *metric; /* NULL: the primary one */
} figures[] = {
	{"pool / best peer, alloc_pair 64 B",
	 "memory/alloc_pair/size:64/subject:pool/threads:1",
	 {"memory/alloc_pair/size:64/subject:glibc/threads:1",
	  "memory/alloc_pair/size:64/subject:jemalloc/threads:1",
	  "memory/alloc_pair/size:64/subject:mimalloc/threads:1",
	  "memory/alloc_pair/size:64/subject:tcmalloc/threads:1",
	  "memory/alloc_pair/size:64/subject:tbbmalloc/threads:1"},
	 false,
	 0.6},
	{"pool / best peer, alloc_xthread 64 B",
	 "memory/alloc_xthread/size:64/subject:pool/threads:2",
	 {"memory/alloc_xthread/size:64/subject:glibc/threads:2",
	  "memory/alloc_xthread/size:64/subject:jemalloc/threads:2",
	  "memory/alloc_xthread/size:64/subject:mimalloc/threads:2",
	  "memory/alloc_xthread/size:64/subject:tcmalloc/threads:2",
	  "memory/alloc_xthread/size:64/subject:tbbmalloc/threads:2"},
	 false,
	 0.25},
	{"hardening: pool_hardened / pool",
	 "memory/alloc_pair/size:64/subject:pool_hardened/threads:1",
	 {"memory/alloc_pair/size:64/subject:pool/threads:1"},
	 false,
	 0},
	{"pool / best peer, alloc_slots to 1 KiB",
	 "memory/alloc_slots/slots:4096/largest:1Ki/subject:pool/threads:1",
	 {"memory/alloc_slots/slots:4096/largest:1Ki/subject:glibc/threads:1",
	  "memory/alloc_slots/slots:4096/largest:1Ki/subject:jemalloc/threads:1",
	  "memory/alloc_slots/slots:4096/largest:1Ki/subject:mimalloc/threads:1",
	  "memory/alloc_slots/slots:4096/largest:1Ki/subject:tcmalloc/threads:1",
	  "memory/alloc_slots/slots:4096/largest:1Ki/subject:tbbmalloc/threads:1"},
	 false,
	 0.6},
	{"resident after free, pool / best peer, frag",
	 "memory/frag/live:8Mi/subject:pool/threads:1",
	 {"memory/frag/live:8Mi/subject:glibc/threads:1",
	  "memory/frag/live:8Mi/subject:jemalloc/threads:1",
	  "memory/frag/live:8Mi/subject:mimalloc/threads:1",
	  "memory/frag/live:8Mi/subject:tcmalloc/threads:1",
	  "memory/frag/live:8Mi/subject:tbbmalloc/threads:1"},
	 false,
	 1,
	 "rss_after_free"},
	{"the same after a trim",
	 "memory/frag/live:8Mi/subject:pool/threads:1",
	 {"memory/frag/live:8Mi/subject:glibc/threads:1",
	  "memory/frag/live:8Mi/subject:jemalloc/threads:1",
	  "memory/frag/live:8Mi/subject:mimalloc/threads:1",
	  "memory/frag/live:8Mi/subject:tcmalloc/threads:1",
	  "memory/frag/live:8Mi/subject:tbbmalloc/threads:1"},
	 false,
	 0,
	 "rss_after_trim"},
	{"peak over live bytes, pool / best peer",
	 "memory/frag/live:8Mi/subject:pool/threads:1",
	 {"memory/frag/live:8Mi/subject:glibc/threads:1",
	  "memory/frag/live:8Mi/subject:jemalloc/threads:1",
	  "memory/frag/live:8Mi/subject:mimalloc/threads:1",
	  "memory/frag/live:8Mi/subject:tcmalloc/threads:1",
	  "memory/frag/live:8Mi/subject:tbbmalloc/threads:1"},
	 false,
	 0,
	 "bytes_per_live"},
	{"delta: plain / packed, smooth floats",
	 "memory/codec/op:compress/data:float/size:64Ki/subject:delta/threads:1",
	 {NULL},
	 true,
	 2,
	 "ratio"},
	{"delta: bytes per second compressed",
	 "memory/codec/op:compress/data:float/size:64Ki/subject:delta/threads:1",
	 {NULL},
	 true,
	 1e9},
	{"delta: bytes per second expanded",
	 "memory/codec/op:expand/data:float/size:64Ki/subject:delta/threads:1",
	 {NULL},
	 true,
	 1e9},
	{"zpool of them, a tenth plain: capacity",
	 "memory/zpool/data:float/block:4Ki/blocks:2000/plain:0.1/subject:delta/threads:1",
	 {NULL},
	 true,
	 2,
	 "capacity"},
	{"set_assoc / lru_mutex, get, 2 threads",
	 "cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:set_assoc/threads:2",
	 {"cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:lru_mutex/threads:2"},
	 true,
	 10},
	{"set_assoc / lru_sharded, get, 2 threads",
	 "cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:set_assoc/threads:2",
	 {"cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:lru_sharded/threads:2"},
	 true,
	 3},
	{"set_assoc / lfht with room for all keys, get",
	 "cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:set_assoc/threads:2",
	 {"cache/get/value:16/budget:32Mi/keys:131072/skew:0.99/subject:lfht/threads:2"},
	 true,
	 1.2},
	{"set_assoc / lru_mutex, hits at equal bytes",
	 "cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:set_assoc/threads:2",
	 {"cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:lru_mutex/threads:2"},
	 true,
	 0.995,
	 "hit_ratio"},
	{"log_store / lmdb, point read of hot pages",
	 "cache/disk_get/value:256/keys:100000/subject:log_store/threads:1",
	 {"cache/disk_get/value:256/keys:100000/subject:lmdb/threads:1"},
	 false,
	 0.5},
	{"reads combined / one by one, from Redis",
	 "cache/single_flight/way:flight/threads:1",
	 {"cache/single_flight/way:sync/threads:1"},
	 true,
	 8},
	{"requests per second, FIFO",
	 "cache/miss_ratio/policy:FIFO/trace:zipf/capacity:0.1/threads:1",
	 {NULL},
	 true,
	 40e6},
	{"requests per second, LRU",
	 "cache/miss_ratio/policy:LRU/trace:zipf/capacity:0.1/threads:1",
	 {NULL},
	 true,
	 40e6},
	{"requests per second, CLOCK",
	 "cache/miss_ratio/policy:CLOCK/trace:zipf/capacity:0.1/threads:1",
	 {NULL},
	 true,
	 40e6},
	{"requests per second, SIEVE",
	 "cache/miss_ratio/policy:SIEVE/trace:zipf/capacity:0.1/threads:1",
	 {NULL},
	 true,
	 40e6},
	{"requests per second, S3-FIFO",
	 "cache/miss_ratio/policy:S3-FIFO/trace:zipf/capacity:0.1/threads:1",
	 {NULL},
	 true,
	 40e6},
	{"requests per second, LFU",
	 "cache/miss_ratio/policy:LFU/trace:zipf/capacity:0.1/threads:1",
	 {NULL},
	 true,
	 40e6},
	{"requests per second, ARC",
	 "cache/miss_ratio/policy:ARC/trace:zipf/capacity:0.1/threads:1",
	 {NULL},
	 true,
	 40e6},
	{"requests per second, W-TinyLFU",
	 "cache/miss_ratio/policy:W-TinyLFU/trace:zipf/capacity:0.1/threads:1",
	 {NULL},
	 true,
	 40e6},
	{"requests per second, Belady",
	 "cache/miss_ratio/policy:Belady/trace:zipf/capacity:0.1/threads:1",
	 {NULL},
	 true,
	 40e6},
	{"OpenMP / steal, spawn, 1 thread",
	 "concurrency/spawn/tasks:8192/subject:openmp/threads:1",
	 {"concurrency/spawn/tasks:8192/subject:steal/threads:1"},
	 true,
	 6},
	{"OpenMP / steal, spawn, 2 threads",
	 "concurrency/spawn/tasks:8192/subject:openmp/threads:2",
	 {"concurrency/spawn/tasks:8192/subject:steal/threads:2"},
	 true,
	 6},
};

static const char *const patterns[] = {
	"memory/alloc_pair/size:64",
	"memory/alloc_xthread/size:64",
	"memory/alloc_slots",
	"memory/frag",
	"memory/codec/op:*/data:float/size:64Ki/subject:delta/*",
	"memory/zpool/data:float/block:4Ki/blocks:2000/plain:0.1/subject:delta",
	"cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:set_assoc/threads:2",
	"cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:lru_mutex/threads:2",
	"cache/get/value:16/budget:2Mi/keys:131072/skew:0.99/subject:lru_sharded/threads:2",
	"cache/get/value:16/budget:32Mi/keys:131072/skew:0.99/subject:lfht/threads:2",
	"cache/disk_get/value:256/keys:100000/subject:log_store/threads:1",
	"cache/disk_get/value:256/keys:100000/subject:lmdb/threads:1",
	"cache/single_flight/way:flight/threads:1",
	"cache/single_flight/way:sync/threads:1",
	"cache/miss_ratio/policy:FIFO/trace:zipf/capacity:0.1/threads:1",
	"cache/miss_ratio/policy:LRU/trace:zipf/capacity:0.1/threads:1",
	"cache/miss_ratio/policy:CLOCK/trace:zipf/capacity:0.1/threads:1",
	"cache/miss_ratio/policy:SIEVE/trace:zipf/capacity:0.1/threads:1",
	"cache/miss_ratio/policy:S3-FIFO/trace:zipf/capacity:0.1/threads:1",
	"cache/miss_ratio/policy:LFU/trace:zipf/capacity:0.1/threads:1",
	"cache/miss_ratio/policy:ARC/trace:zipf/capacity:0.1/threads:1",
	"cache/miss_ratio/policy:W-TinyLFU/trace:zipf/capacity:0.1/threads:1",
	"cache/miss_ratio/policy:Belady/trace:zipf/capacity:0.1/threads:1",
	"concurrency/spawn/tasks:8192/subject:openmp",
	"concurrency/spawn/tasks:8192/subject:steal",
};

/* Medians of each launch of a case; returns how many, 0 when it was not measured. */
static size_t launch_medians(const struct assay_result_list *list, const char *name,
			     const char *metric, double *ret)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct assay_result *r = &list->results[i];
		if (strcmp(r->name, name) != 0 ||
		    !(metric ? strcmp(r->metric.name, metric) == 0 : r->primary))
			continue;
		size_t from = 0, n = 0;
		for (size_t l = 0; l < r->samples.launches && n < MAX_LAUNCHES; l++) {
			size_t to = r->samples.launch_end[l];
			if (to > from)
				ret[n++] = median_of(r->samples.values + from, to - from);
			from = to;
		}
		return n;
	}
	return 0;
}

static bool show(const struct figure *f, struct assay_result_list *list)
{
	double ours[MAX_LAUNCHES], best[MAX_LAUNCHES] = {0}, ratios[MAX_LAUNCHES];
	const char *best_name = NULL;
	size_t n = launch_medians(list, f->ours, f->metric, ours), n_best = 0;
	double best_median = 0;
	for (size_t p = 0; p < MAX_PEERS && f->peers[p]; p++) {
		double peer[MAX_LAUNCHES], copy[MAX_LAUNCHES];
		size_t n_peer = launch_medians(list, f->peers[p], f->metric, peer);
		if (!n_peer)
			continue;
		memcpy(copy, peer, n_peer * sizeof(*peer));
		double median = median_of(copy, n_peer);
		if (best_name && median >= best_median)
			continue;
		memcpy(best, peer, n_peer * sizeof(*peer));
		best_median = median;
		best_name = f->peers[p];
		n_best = n_peer;
	}
	for (size_t i = 0; i < n && !f->peers[0]; i++)
		best[n_best++] = 1;
	if (!n || !n_best) {
		printf("%-44s not measured\n", f->what);
		return f->wanted == 0;
	}
	n = n < n_best ? n : n_best;
	for (size_t i = 0; i < n; i++)
		ratios[i] = ours[i] / best[i];
	double median = median_of(ratios, n);
	bool met = f->wanted == 0 || (f->at_least ? median >= f->wanted : median <= f->wanted);
	printf("%-44s %7.4g  [%.4g, %.4g] over %zu launches", f->what, median, ratios[0],
	       ratios[n - 1], n);
	if (f->wanted > 0)
		printf("; %s %g: %s", f->at_least ? "at least" : "at most", f->wanted,
		       met ? "met" : "MISSED");
	if (best_name && f->peers[1])
		printf(" (best peer: %s)", strstr(best_name, "subject:") + 8);
	putchar('\n');
	return met;
}

int main(int argc, char **argv)
{
	const char *program = getenv("BENCH_PROGRAM");
	const char *launches = argc > 1 ? argv[1] : "7";
	char path[] = "/tmp/assay-bench-XXXXXX";
	if (!program || !mkdtemp(path)) {
		fprintf(stderr, "BENCH_PROGRAM is not set, or no temporary folder\n");
		return 2;
	}
	char db[64];
	snprintf(db, sizeof(db), "%s/bench.db", path);
	const char *args[64] = {program, "run", "--db", db,      "--launches", launches,
				"-n",    "40",  "-t",   "200ms", "--counters", "none"};
	size_t n = 12;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		args[n++] = patterns[i];
	child_run(args); /* skips and unstable cases show below */
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_list runs;
	struct assay_result_list results;
	if (assay_store_open(db, ASSAY_STORE_READ, &store, &err) != ASSAY_OK ||
	    assay_store_runs(store, "@last", &runs, &err) != ASSAY_OK ||
	    assay_store_results(store, runs.runs[0].id, NULL, ASSAY_LOAD_SAMPLES, &results, &err) !=
		    ASSAY_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	bool all = true;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		all &= show(&figures[i], &results);
	assay_result_list_done(&results);
	assay_run_list_done(&runs);
	assay_store_close(store);
	return !all;
}
