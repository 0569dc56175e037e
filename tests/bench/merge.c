/* SPDX-License-Identifier: MIT */
/*
 * merge: how fast bundles of many machines are folded into one store: 100 bundles of 2,000 results with 20 samples
 * each, merged once, merged again, and in 10 orders whose stores must be the same; beside it how fast SQLite alone
 * copies the same rows, unverified. merge [ORDERS]; BENCH_FOLDER says where (/tmp).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/parse.h"
#include "harness/base/rng.h"
#include "harness/store/merge.h"
#include "tests/bench/merge_floor.h"

enum { BUNDLES = 100, RESULTS = 2000, SAMPLES = 20, ORDERS = 10 };

struct path {
	char text[4200];
};

static struct path in(const char *folder, const char *what, unsigned which)
{
	struct path path;
	snprintf(path.text, sizeof(path.text), "%s/%s-%u.db", folder, what, which);
	return path;
}

static enum assay_code add(struct assay_store *store, int64_t run, unsigned series,
			   struct assay_rng *rng, struct assay_err *err)
{
	char name[96], size[16];
	double values[SAMPLES];
	uint8_t flags[SAMPLES] = {0};
	uint32_t ends[] = {SAMPLES};
	for (int i = 0; i < SAMPLES; i++)
		values[i] = (double)(120000 + assay_rng_below(rng, 4000)) / 4096;
	snprintf(size, sizeof(size), "%u", series);
	snprintf(name, sizeof(name), "memory/alloc/size:%s/subject:pool/threads:1", size);
	const struct assay_param param = {"size", size};
	const struct assay_result result = {
		.name = name,
		.suite = "memory",
		.benchmark = "alloc",
		.subject = "pool",
		.threads = 1,
		.params = &param,
		.n_params = 1,
		.metric = {"time", "ns/op", ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.estimate = {.n = SAMPLES, .median = values[0], .lo = 29, .hi = 31},
		.samples = {values, flags, SAMPLES, ends, 1},
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = assay_wall_ns(),
	};
	return assay_store_add_result(store, run, &result, err);
}

/* The run of one machine as a bundle. */
static enum assay_code make_bundle(const char *folder, unsigned which, struct assay_err *err)
{
	struct path db = in(folder, "node", which);
	char host[32];
	snprintf(host, sizeof(host), "node%u", which);
	struct assay_run_info info = {
		.profile = "full", .machine_name = host, .started_ns = assay_wall_ns()};
	struct assay_store *store;
	struct assay_rng rng;
	int64_t run;
	assay_rng_init(&rng, which);
	enum assay_code code = assay_store_open(db.text, ASSAY_STORE_WRITE, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_store_begin_run(store, &info, &run, err);
	for (unsigned i = 0; i < RESULTS && code == ASSAY_OK; i++)
		code = add(store, run, i, &rng, err);
	if (code == ASSAY_OK)
		code = assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, err);
	if (code == ASSAY_OK)
		code = assay_store_bundle(store, run, in(folder, "bundle", which).text, NULL, err);
	assay_store_close(store);
	unlink(db.text);
	return code;
}

/* One order of the bundles. */
struct order {
	struct path files[BUNDLES];
	const char *paths[BUNDLES];
};

static void shuffle(const char *folder, struct assay_rng *rng, struct order *ret)
{
	uint32_t at[BUNDLES];
	for (uint32_t i = 0; i < BUNDLES; i++)
		at[i] = i;
	assay_rng_shuffle(rng, at, BUNDLES);
	for (unsigned i = 0; i < BUNDLES; i++) {
		ret->files[i] = in(folder, "bundle", at[i]);
		ret->paths[i] = ret->files[i].text;
	}
}

/* Merge all bundles into the store at `to`; *ret_new counts what was added, *ret_s the time until it is closed. */
static enum assay_code merge_all(const struct order *order, const char *to, uint64_t *ret_new,
				 double *ret_s, struct assay_err *err)
{
	uint64_t began = assay_now_ns();
	struct assay_store *store;
	*ret_new = 0;
	enum assay_code code = assay_store_open(to, ASSAY_STORE_WRITE, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_store_merge_begin(store, order->paths, BUNDLES, err);
	for (unsigned i = 0; i < BUNDLES && code == ASSAY_OK; i++) {
		struct assay_merged merged;
		code = assay_store_merge(store, order->paths[i], &merged, err);
		*ret_new += code == ASSAY_OK ? merged.new_results : 0;
	}
	if (code == ASSAY_OK)
		code = assay_store_merge_end(store, err);
	assay_store_close(store);
	*ret_s = (double)(assay_now_ns() - began) / 1e9;
	return code;
}

static void remove_store(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(suffixes); i++) {
		char name[4300];
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

/* The same rows without us, just before or after. */
static enum assay_code measure_floor(const struct order *order, const char *folder,
				     double *ret_rate, struct assay_err *err)
{
	struct path to = in(folder, "floor", 0);
	uint64_t copied = 0;
	double seconds = 0;
	enum assay_code code = merge_floor(order->paths, BUNDLES, to.text, &copied, &seconds, err);
	*ret_rate = (double)copied / seconds;
	remove_store(to.text);
	if (code == ASSAY_OK && copied != (uint64_t)BUNDLES * RESULTS)
		code = assay_fail(err, ASSAY_ECHECK, "the floor has %" PRIu64 " results", copied);
	return code;
}

static enum assay_code digest(const char *path, uint8_t ret[32], struct assay_err *err)
{
	struct assay_store *store;
	enum assay_code code = assay_store_open(path, ASSAY_STORE_READ, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_store_digest(store, ret, err);
	assay_store_close(store);
	return code;
}

/* One order into a fresh store; the first one twice. */
static enum assay_code round_trip(const char *folder, struct assay_rng *rng, bool again,
				  uint8_t ret_digest[32], struct assay_err *err)
{
	struct order order;
	struct path all = in(folder, "all", 0);
	uint64_t added, more = 0;
	double seconds, second = 0, floor = 0;
	shuffle(folder, rng, &order);
	uint64_t cpu = assay_process_cpu_ns(), writer = assay_thread_cpu_ns();
	enum assay_code code = merge_all(&order, all.text, &added, &seconds, err);
	double cpu_s = (double)(assay_process_cpu_ns() - cpu) / 1e9;
	double writer_s = (double)(assay_thread_cpu_ns() - writer) / 1e9;
	if (code == ASSAY_OK)
		code = measure_floor(&order, folder, &floor, err);
	if (code == ASSAY_OK)
		printf("%" PRIu64
		       " results of %d bundles in %.2f s (%.2f s of CPU, %.2f s of it the "
		       "writer's): %.0f results/s, %.2f x SQLite alone (%.0f)\n",
		       added, BUNDLES, seconds, cpu_s, writer_s, (double)added / seconds,
		       (double)added / seconds / floor, floor);
	if (code == ASSAY_OK && again)
		code = merge_all(&order, all.text, &more, &second, err);
	if (code == ASSAY_OK && again)
		printf("again: %" PRIu64 " results added, %.2f s\n", more, second);
	if (code == ASSAY_OK && (more != 0 || added != (uint64_t)BUNDLES * RESULTS))
		code = assay_fail(err, ASSAY_ECHECK, "%" PRIu64 " and %" PRIu64 " results came in",
				  added, more);
	if (code == ASSAY_OK)
		code = digest(all.text, ret_digest, err);
	remove_store(all.text);
	return code;
}

static enum assay_code measure(const char *folder, int orders, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	struct assay_rng rng;
	uint8_t first[32] = {0}, digest[32];
	assay_rng_init(&rng, 1);
	for (unsigned i = 0; i < BUNDLES && code == ASSAY_OK; i++)
		code = make_bundle(folder, i, err);
	for (int i = 0; i < orders && code == ASSAY_OK; i++) {
		code = round_trip(folder, &rng, i == 0, digest, err);
		if (i == 0)
			memcpy(first, digest, sizeof(first));
		if (code == ASSAY_OK && memcmp(first, digest, sizeof(first)) != 0)
			code = assay_fail(err, ASSAY_ECHECK, "order %d gives another store", i);
	}
	if (code == ASSAY_OK)
		printf("%d orders, one digest\n", orders);
	for (unsigned i = 0; i < BUNDLES; i++)
		unlink(in(folder, "bundle", i).text);
	return code;
}

int main(int argc, char **argv)
{
	const char *where = getenv("BENCH_FOLDER"), *tmp = getenv("TMPDIR");
	char folder[4096];
	struct assay_err err = {0};
	snprintf(folder, sizeof(folder), "%s/assay-merge-XXXXXX",
		 where ? where
		 : tmp ? tmp
		       : "/tmp");
	if (!mkdtemp(folder)) {
		perror("merge");
		return EXIT_FAILURE;
	}
	uint64_t orders = ORDERS;
	enum assay_code code = ASSAY_OK;
	if (argc > 1)
		code = assay_parse_u64(argv[1], 1, 1000, &orders, &err);
	if (code == ASSAY_OK)
		code = measure(folder, (int)orders, &err);
	rmdir(folder);
	if (code == ASSAY_OK)
		return EXIT_SUCCESS;
	fprintf(stderr, "merge: %s\n", err.text);
	return EXIT_FAILURE;
}
