/* SPDX-License-Identifier: MIT */
/* test_ceilings: which of the stored results become the limits of a machine, and the shares of them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "profiler/groups.h"
#include "profiler/shapes.h"
#include "tests/t.h"

enum { HERE = 1, ELSEWHERE = 2 };

struct row {
	const char *benchmark, *size, *subject;
	unsigned threads;
	const char *unit;
	double median;
	enum assay_status status;
};

/* A result of one sample; suite and benchmark are the first words of the name, an axis alone is size. */
static void add_result(struct assay_store *store, int64_t run, const struct row *row,
		       const char *suite, const char *name)
{
	struct assay_err err = {0};
	uint32_t end = 1;
	uint8_t flags = 0;
	double value = row->median;
	const struct assay_param size = {"size", row->size};
	const struct assay_result result = {
		.name = name,
		.suite = suite,
		.benchmark = row->benchmark,
		.subject = row->subject,
		.threads = row->threads,
		.params = &size,
		.n_params = row->size != NULL,
		.metric = {"m", row->unit, ASSAY_HIGHER},
		.primary = true,
		.status = row->status,
		.reason = "",
		.estimate = {.n = 1,
			     .median = value,
			     .lo = value,
			     .hi = value,
			     .min = value,
			     .max = value,
			     .mean = value,
			     .sd = 0,
			     .mad = 0,
			     .p50 = value,
			     .p90 = value,
			     .p99 = value,
			     .p999 = value},
		.samples = {&value, &flags, 1, &end, 1},
		.cpu_ratio = 1,
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = 1,
	};
	assert_ok(assay_store_add_result(store, run, &result, &err));
}

static void add(struct assay_store *store, int64_t run, const struct row *row)
{
	char name[200];
	snprintf(name, sizeof(name), "memory/%s%s%s/subject:%s/threads:%u", row->benchmark,
		 row->size ? "/size:" : "", row->size ? row->size : "", row->subject, row->threads);
	add_result(store, run, row, "memory", name);
}

/* A device's: what the store makes of its name is made of parameters, of which each is told apart by all of it. */
static void add_named(struct assay_store *store, int64_t run, const char *name, const char *unit,
		      double median)
{
	char benchmark[20];
	snprintf(benchmark, sizeof(benchmark), "%.*s", (int)strcspn(name + 4, "/"), name + 4);
	const struct row row = {benchmark, name, "opencl", 1, unit, median, ASSAY_STATUS_OK};
	add_result(store, run, &row, "gpu", name);
}

static void add_run(struct assay_store *store, uint8_t machine, const struct row *rows, size_t n)
{
	struct assay_err err = {0};
	struct assay_run_info info = {
		.started_ns = 1,
		.seed = 1,
		.profile = "ci",
		.command = "[]",
		.noise = 'A',
		.machine_name = "m",
		.machine_json = "{}",
		.environment_json = "{}",
		.version = "0",
	};
	int64_t run;
	info.fingerprint[0] = machine;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	for (size_t i = 0; i < n; i++)
		add(store, run, &rows[i]);
	assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
}

static const struct row first[] = {
	{"bandwidth", "128Mi", "avx2", 1, "B/s", 30e9, ASSAY_STATUS_OK},
	{"bandwidth", "128Mi", "scalar", 1, "B/s", 99e9, ASSAY_STATUS_UNSTABLE},
	{"bandwidth", "16Ki", "avx2", 1, "B/s", 200e9, ASSAY_STATUS_OK},
	{"bandwidth", "128Mi", "stream_null", 1, "ns/op", 1e12, ASSAY_STATUS_OK},
	{"flops", NULL, "flops_avx2", 1, "flop/s", 50e9, ASSAY_STATUS_UNSTABLE},
	{"clock", NULL, "x", 1, "Hz", 3.5e9, ASSAY_STATUS_OK},
};
static const struct row second[] = {
	{"bandwidth", "128Mi", "avx2", 1, "B/s", 25e9, ASSAY_STATUS_OK},
	{"bandwidth", "128Mi", "avx512", 1, "B/s", 0, ASSAY_STATUS_FAILED},
	{"clock", NULL, "x", 1, "Hz", 3.4e9, ASSAY_STATUS_OK},
};
static const struct row foreign[] = {
	{"bandwidth", "128Mi", "avx2", 1, "B/s", 300e9, ASSAY_STATUS_OK},
	{"clock", NULL, "x", 1, "Hz", 9e9, ASSAY_STATUS_OK},
};

static struct assay_store *filled(char *folder)
{
	struct assay_err err = {0};
	struct assay_store *store;
	char path[64];
	assert_non_null(mkdtemp(t_path(folder, "ceilings")));
	snprintf(path, sizeof(path), "%s/r.db", folder);
	assert_ok(assay_store_open(path, ASSAY_STORE_WRITE, &store, &err));
	add_run(store, HERE, first, ASSAY_COUNT_OF(first));
	add_run(store, HERE, second, ASSAY_COUNT_OF(second));
	add_run(store, ELSEWHERE, foreign, ASSAY_COUNT_OF(foreign));
	return store;
}

static void remove_store(struct assay_store *store, const char *folder)
{
	static const char *const files[] = {"r.db", "r.db-wal", "r.db-shm"};
	char path[64];
	assay_store_close(store);
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void the_best_stable_results_of_this_machine_are_its_limits(void **state)
{
	(void)state;
	char folder[T_PATH];
	struct assay_err err = {0};
	struct ceilings c;
	struct assay_store *store = filled(folder);
	const uint8_t here[32] = {HERE}, nowhere[32] = {7};
	assert_ok(ceilings_load(store, here, &c, &err));
	assert_int_equal(c.n, 3);
	const struct ceiling *memory = ceiling_of(&c, CEILING_BANDWIDTH, 1, 0);
	assert_close(memory->per_ns, 30, 1e-12);
	assert_true(memory->stable);
	assert_string_equal(memory->from,
			    "memory/bandwidth/size:128Mi/subject:avx2/threads:1 in run 1");
	assert_close(ceiling_of(&c, CEILING_BANDWIDTH, 1, 1024)->per_ns, 200, 1e-12);
	assert_close(ceiling_of(&c, CEILING_FLOPS, 2, 0)->per_ns, 50, 1e-12);
	assert_false(ceiling_of(&c, CEILING_FLOPS, 2, 0)->stable);
	assert_close(c.clock_hz, 3.5e9, 1e-12);
	ceilings_done(&c);
	assert_ok(ceilings_load(store, nowhere, &c, &err));
	assert_int_equal(c.n, 0);
	assert_close(c.clock_hz, 0, 0);
	ceilings_done(&c);
	remove_store(store, folder);
}

static const struct assay_count *find(const struct assay_count *counts, size_t n, const char *event)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(counts[i].event, event) == 0)
			return &counts[i];
	return NULL;
}

/* The share of the roofline of a case that moves 3000 bytes and computes 1000 flops in `ns`. */
static struct assay_count roofline(double ns, double bytes, double flops, const struct ceilings *c)
{
	struct assay_err err = {0};
	struct counter_groups groups;
	struct assay_count known[SHAPES_MOST], made[64];
	const struct assay_result result = {.name = "a/b",
					    .suite = "a",
					    .benchmark = "b",
					    .subject = "",
					    .threads = 1,
					    .metric = {"time", "ns/op", ASSAY_LOWER},
					    .primary = true,
					    .estimate.median = ns,
					    .bytes_per_op = bytes,
					    .flops_per_op = flops};
	const struct shape_case one = {&result, 1, 0, c};
	size_t n = shapes_of_case(&one, known);
	assert_ok(counter_groups_read(groups_text, &groups, &err));
	n = counter_groups_derive(&groups, known, n, ns, made, 64);
	const struct assay_count *share = find(made, n, "roofline_share");
	struct assay_count copy = share ? *share : (struct assay_count){.source = "none"};
	counter_groups_done(&groups);
	return copy;
}

static void the_roofline_is_the_lower_of_two_limits(void **state)
{
	(void)state;
	struct ceiling list[] = {
		{.kind = CEILING_BANDWIDTH, .per_ns = 30, .threads = 1, .stable = true},
		{.kind = CEILING_FLOPS, .per_ns = 50, .threads = 1, .stable = true}};
	const struct ceilings both = {.list = list, .n = 2}, one = {.list = list, .n = 1};
	/* 3000 bytes take 100 ns, 1000 flops take 20: the bytes decide */
	struct assay_count share = roofline(200, 3000, 1000, &both);
	assert_close(share.value, 0.5, 1e-12);
	assert_string_equal(share.reason, "by its bytes");
	assert_int_equal(share.quality, ASSAY_DERIVED);
	/* 30 bytes take 1 ns: the flops decide */
	share = roofline(40, 30, 1000, &both);
	assert_close(share.value, 0.5, 1e-12);
	assert_string_equal(share.reason, "by its flops");
	assert_close(roofline(200, 3000, 0, &one).value, 0.5, 1e-12);
	/* A limit that was not measured is said, with the command that would. */
	share = roofline(40, 30, 1000, &one);
	assert_int_equal(share.quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(share.reason, "assay run memory/bandwidth memory/flops"));
	/* A benchmark that states neither has no place under the roof. */
	assert_string_equal(roofline(40, 0, 0, &both).source, "none");
}

/* The share of its memory and units that a case of suites/gpu reaches. */
static struct assay_count share_of(const char *benchmark, const char *subject, const char *word,
				   const char *value, const char *wanted, const struct ceilings *c)
{
	struct assay_err err = {0};
	struct counter_groups groups;
	struct assay_count known[SHAPES_MOST], made[64];
	const struct assay_param params[] = {{word, value}, {"size", "16Mi"}};
	const struct assay_result result = {.name = "gpu/x",
					    .suite = "gpu",
					    .benchmark = benchmark,
					    .subject = subject,
					    .threads = 1,
					    .params = params,
					    .n_params = 2,
					    .metric = {"bandwidth", "B/s", ASSAY_HIGHER},
					    .primary = true,
					    .estimate.median = 100e9,
					    .bytes_per_op = 1000,
					    .flops_per_op = 2000};
	const struct shape_case one = {&result, 1, 0, c};
	size_t n = shapes_of_case(&one, known);
	assert_ok(counter_groups_read(groups_text, &groups, &err));
	n = counter_groups_derive(&groups, known, n, shape_time_ns(&result), made, 64);
	const struct assay_count copy = *find(made, n, wanted);
	counter_groups_done(&groups);
	return copy;
}

/* What the processor reached is no limit of a device, nor is another device's, type's or cache's. */
static void a_device_has_limits_of_its_own(void **state)
{
	(void)state;
	struct ceiling list[] = {
		{.kind = CEILING_BANDWIDTH, .per_ns = 30, .threads = 1, .bytes = 16 << 20},
		{.kind = CEILING_FLOPS, .per_ns = 50, .threads = 1},
		{.kind = CEILING_BANDWIDTH,
		 .device = "cuda",
		 .key = "hot",
		 .per_ns = 400,
		 .threads = 1},
		{.kind = CEILING_BANDWIDTH,
		 .device = "cuda",
		 .key = "cold",
		 .per_ns = 200,
		 .threads = 1},
		{.kind = CEILING_FLOPS,
		 .device = "cuda",
		 .key = "fp32",
		 .per_ns = 800,
		 .threads = 1},
		{.kind = CEILING_FLOPS,
		 .device = "cuda",
		 .key = "bf16",
		 .per_ns = 8000,
		 .threads = 1},
		{.kind = CEILING_LINK, .device = "cuda", .key = "to", .per_ns = 125, .threads = 1}};
	const struct ceilings c = {.list = list, .n = ASSAY_COUNT_OF(list)};
	assert_close(share_of("triad", "cuda", "x", "y", "bandwidth_share", &c).value, 0.25, 1e-9);
	assert_close(share_of("stream", "cuda", "cache", "cold", "bandwidth_share", &c).value, 0.5,
		     1e-9);
	assert_close(share_of("triad", "cuda", "x", "y", "flops_share", &c).value, 0.25, 1e-9);
	assert_close(share_of("mixed", "cuda", "type", "bf16", "flops_share", &c).value, 0.025,
		     1e-9);
	assert_close(share_of("transfer", "cuda", "way", "to", "bandwidth_share", &c).value, 0.8,
		     1e-9);
	struct assay_count none = share_of("triad", "opencl", "x", "y", "bandwidth_share", &c);
	assert_int_equal(none.quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(none.reason, "on this device (opencl hot): assay run gpu/stream"));
	none = share_of("exchange", "cuda", "way", "copy", "bandwidth_share", &c);
	assert_int_equal(none.quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(none.reason, "measured by nothing else"));
}

/* Which results in a store are limits of which device. */
static void results_of_devices_are_limits(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *unit;
		double median;
	} results[] = {
		{"gpu/stream/kernel:copy/cache:hot/size:16Mi/subject:opencl/threads:1", "B/s",
		 20e9},
		{"gpu/stream/kernel:triad/cache:hot/size:16Mi/subject:opencl/threads:1", "B/s",
		 25e9},
		{"gpu/roofline/type:fp64/rounds:256/size:4Mi/subject:opencl/threads:1", "op/s",
		 60e9},
		{"gpu/gemm/way:library/type:fp64/transfers:no/n:512/subject:opencl/threads:1",
		 "flop/s", 70e9},
		{"gpu/gemm/way:naive/type:fp64/transfers:no/n:512/subject:opencl/threads:1",
		 "flop/s", 900e9},
		{"gpu/transfer/way:to/memory:pinned/size:16Mi/subject:opencl/threads:1", "B/s",
		 9e9},
		{"gpu/transfer/way:to/memory:pageable/size:16Mi/subject:opencl/threads:1", "B/s",
		 90e9},
	};
	char folder[T_PATH];
	struct assay_err err = {0};
	struct ceilings c;
	struct assay_store *store = filled(folder);
	struct assay_run_list runs = {0};
	const uint8_t here[32] = {HERE};
	assert_ok(assay_store_runs(store, "1", &runs, &err));
	for (size_t i = 0; i < ASSAY_COUNT_OF(results); i++)
		add_named(store, runs.runs[0].id, results[i].name, results[i].unit,
			  results[i].median);
	assay_run_list_done(&runs);
	assert_ok(ceilings_load(store, here, &c, &err));
	assert_close(ceiling_of_device(&c, CEILING_BANDWIDTH, "opencl", "hot", 16 << 20)->per_ns,
		     25, 1e-9);
	assert_close(ceiling_of_device(&c, CEILING_FLOPS, "opencl", "fp64", 0)->per_ns, 70, 1e-9);
	assert_close(ceiling_of_device(&c, CEILING_LINK, "opencl", "to", 0)->per_ns, 9, 1e-9);
	assert_null(ceiling_of_device(&c, CEILING_BANDWIDTH, "cuda", "hot", 0));
	assert_close(ceiling_of(&c, CEILING_BANDWIDTH, 1, 0)->per_ns, 30, 1e-12);
	assert_true(ceilings_from("gpu", "roofline") && !ceilings_from("gpu", "rows"));
	ceilings_done(&c);
	remove_store(store, folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_stable_results_of_this_machine_are_its_limits),
		cmocka_unit_test(a_device_has_limits_of_its_own),
		cmocka_unit_test(results_of_devices_are_limits),
		cmocka_unit_test(the_roofline_is_the_lower_of_two_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
