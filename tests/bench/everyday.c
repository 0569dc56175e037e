/* SPDX-License-Identifier: MIT */
/*
 * everyday: what a user waits for at the command line when there is much in the store: help and lists, the
 * history of one series over 10,000 runs in a store of 1 GB, two runs of 1,000 series side by side.
 * usage: bench_everyday FOLDER [RUNS]: FOLDER is on a disk, not in memory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "harness/base/parse.h"
#include "harness/base/rng.h"
#include "harness/stats/estimate.h"
#include "harness/store/store.h"
#include "tests/bench/child.h"

enum {
	RUNS = 10000,
	SERIES = 10,
	PER_RESULT = 1000,
	WIDE = 1000,
	LAUNCHES = 3,
	FEW = 30,
	ROUNDS = 21
};

static const char followed[] = "everyday/history/size:3/threads:1";

static double ms_since(uint64_t began)
{
	return (double)(assay_now_ns() - began) / 1e6;
}

static bool line(const char *what, double ms, double wanted)
{
	printf("%-66s %7.2f ms", what, ms);
	if (wanted > 0)
		printf("; at most %g: %s", wanted, ms <= wanted ? "met" : "MISSED");
	putchar('\n');
	return wanted <= 0 || ms <= wanted;
}

/* What is written again and again. */
struct material {
	struct assay_rng rng;
	double values[PER_RESULT], sorted[PER_RESULT];
	uint8_t flags[PER_RESULT];
	char facts[2400]; /* as a real run carries: they scatter the store */
};

static enum assay_code add(struct assay_store *store, int64_t run, const char *benchmark,
			   unsigned series, uint32_t n, struct material *m, struct assay_err *err)
{
	char name[96], size[16];
	for (uint32_t i = 0; i < n; i++)
		m->sorted[i] = m->values[i] = (1 + series) * (100 + 3 * assay_rng_unit(&m->rng));
	assay_sort(m->sorted, n);
	snprintf(size, sizeof(size), "%u", series);
	snprintf(name, sizeof(name), "everyday/%s/size:%s/threads:1", benchmark, size);
	const struct assay_param param = {"size", size};
	uint32_t ends[LAUNCHES] = {n / 3, 2 * (n / 3), n};
	struct assay_result result = {
		.name = name,
		.suite = "everyday",
		.benchmark = benchmark,
		.subject = "",
		.threads = 1,
		.params = &param,
		.n_params = 1,
		.metric = {"time", "ns/op", ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.estimate = {.n = n,
			     .median = assay_median(m->sorted, n),
			     .min = m->sorted[0],
			     .max = m->sorted[n - 1],
			     .mean = assay_mean(m->sorted, n),
			     .sd = assay_sd(m->sorted, n)},
		.samples = {m->values, m->flags, n, ends, LAUNCHES},
		.cpu_ratio = 1,
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = (uint64_t)run * 1000000000u,
		.elapsed_ns = 1000000,
	};
	assay_median_interval(m->sorted, n, 0.95, &result.estimate.lo, &result.estimate.hi);
	return assay_store_add_result(store, run, &result, err);
}

static enum assay_code add_run(struct assay_store *store, const char *benchmark, unsigned n_series,
			       uint32_t n, uint64_t at, struct material *m, struct assay_err *err)
{
	int64_t run;
	const struct assay_run_info info = {.profile = at % 7 ? "ci" : "quick",
					    .machine_name = "here",
					    .machine_json = m->facts,
					    .started_ns = at * 1000000000u};
	enum assay_code rc = assay_store_begin_run(store, &info, &run, err);
	for (unsigned i = 0; i < n_series && rc == ASSAY_OK; i++)
		rc = add(store, run, benchmark, i, n, m, err);
	return rc == ASSAY_OK ? assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, err) : rc;
}

/* `runs` runs of a few series with many samples, then two of many series. */
static enum assay_code fill(const char *db, uint64_t runs, struct assay_err *err)
{
	struct assay_store *store = NULL;
	ASSAY_AUTO_FREE struct material *m = calloc(1, sizeof(*m));
	if (!m)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	assay_rng_init(&m->rng, 1);
	for (size_t i = 0; i + 1 < sizeof(m->facts); i++)
		m->facts[i] = (char)('a' + i % 26);
	m->facts[0] = m->facts[sizeof(m->facts) - 2] = '"';
	enum assay_code rc = assay_store_open(db, ASSAY_STORE_WRITE, &store, err);
	for (uint64_t i = 1; i <= runs && rc == ASSAY_OK; i++)
		rc = add_run(store, "history", SERIES, PER_RESULT, i, m, err);
	for (uint64_t i = 1; i <= 2 && rc == ASSAY_OK; i++)
		rc = add_run(store, "wide", WIDE, FEW, runs + i, m, err);
	assay_store_close(store);
	return rc;
}

/* Bytes of the file that are in memory, after asking the kernel to forget them. */
static double forget(const char *db)
{
	double resident = 0;
	struct stat st;
	int fd = open(db, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || fsync(fd) != 0 ||
	    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		return -1;
	size_t size = (size_t)st.st_size, page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = (size + page - 1) / page;
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	unsigned char *in = calloc(pages, 1);
	if (map == MAP_FAILED || !in || mincore(map, size, in) != 0)
		resident = -1;
	for (size_t i = 0; i < pages && resident >= 0; i++)
		resident += (in[i] & 1) * (double)page;
	free(in);
	if (map != MAP_FAILED)
		munmap(map, size);
	close(fd);
	return resident;
}

/* Open the store, read the newest `limit` runs of the series (0: all), close it; milliseconds. */
static double history_ms(const char *db, size_t limit)
{
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_history_list list;
	uint64_t began = assay_now_ns();
	if (assay_store_open(db, ASSAY_STORE_READ, &store, &err) != ASSAY_OK ||
	    assay_store_history(store, followed, limit, &list, &err) != ASSAY_OK) {
		fprintf(stderr, "bench_everyday: %s\n", err.text);
		exit(2);
	}
	double ms = ms_since(began);
	assay_history_list_done(&list);
	assay_store_close(store);
	return ms;
}

static double program_ms(const char *const *argv)
{
	double ms[ROUNDS];
	for (size_t i = 0; i < ROUNDS; i++) {
		uint64_t began = assay_now_ns();
		if (child_run(argv) != 0)
			return 1e9;
		ms[i] = ms_since(began);
	}
	return median_of(ms, ROUNDS);
}

static bool histories(const char *db)
{
	double ms[ROUNDS];
	history_ms(db, 0);
	for (size_t i = 0; i < ROUNDS; i++)
		ms[i] = history_ms(db, 0);
	bool met = line("history of one series, all its runs, warm", median_of(ms, ROUNDS), 10);
	double resident = 0;
	for (size_t i = 0; i < 5; i++) {
		double left = forget(db);
		resident = left < 0 || left > resident ? left : resident;
		ms[i] = history_ms(db, 0);
	}
	met &= line("the same, nothing of the file in memory, median of 5", median_of(ms, 5), 50);
	if (resident != 0)
		printf("  (not cold: %.0f bytes of the file stayed in memory)\n", resident);
	return met;
}

static bool programs(const char *program, const char *db, uint64_t runs)
{
	char a[24], b[24];
	snprintf(a, sizeof(a), "%llu", (unsigned long long)runs + 1);
	snprintf(b, sizeof(b), "%llu", (unsigned long long)runs + 2);
	const char *const help[] = {program, "--help", NULL};
	const char *const run_help[] = {program, "run", "--help", NULL};
	const char *const list[] = {program, "list", NULL};
	const char *const recent[] = {program, "history", "--db", db, followed, NULL};
	const char *const all[] = {program, "history", "--db", db, "--limit", "0", followed, NULL};
	const char *const compare[] = {program, "compare", "--db", db, "--all", a, b, NULL};
	bool met = line("assay --help, median of 21", program_ms(help), 20);
	met &= line("assay run --help", program_ms(run_help), 20);
	met &= line("assay list", program_ms(list), 20);
	met &= line("assay compare of two runs with 1,000 series", program_ms(compare), 100);
	line("assay history of one series, start of the program and all", program_ms(recent), 0);
	line("assay history --limit 0: every run in the table", program_ms(all), 0);
	return met;
}

int main(int argc, char **argv)
{
	struct assay_err err = {0};
	const char *program = getenv("BENCH_PROGRAM");
	char folder[4000], db[4096];
	uint64_t runs = RUNS;
	struct stat st;
	if (!program || argc < 2 ||
	    (argc > 2 && assay_parse_u64(argv[2], 2, RUNS * 10, &runs, &err) != ASSAY_OK))
		return 2;
	snprintf(folder, sizeof(folder), "%s/assay-bench-XXXXXX", argv[1]);
	if (!mkdtemp(folder))
		return 2;
	snprintf(db, sizeof(db), "%s/results.db", folder);
	uint64_t began = assay_now_ns();
	bool met = fill(db, runs, &err) == ASSAY_OK && stat(db, &st) == 0;
	if (met) {
		printf("%llu runs of %d series, %.0f MB, written in %.0f s\n",
		       (unsigned long long)runs, SERIES, (double)st.st_size / 1e6,
		       ms_since(began) / 1e3);
		met = histories(db);
		met &= programs(program, db, runs);
	} else {
		fprintf(stderr, "bench_everyday: %s\n", err.text);
	}
	unlink(db);
	rmdir(folder);
	return !met;
}
