/* SPDX-License-Identifier: MIT */
/* fixture: runs made by hand. */
#include "tests/reports/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/t.h"

static const char machine[] =
	"{\"cpu\":{\"name\":\"Example CPU 9000\"},\"core_clock_hz\":3.691e9,\"noise\":{\"grade\":"
	"\"B\",\"reason\":\"1.2 % of the time lost to other work\"},\"shape\":{\"packages\":1,"
	"\"numa_nodes\":1,\"cores\":2,\"pus\":4,\"l1d_bytes\":32768,\"l2_bytes\":1048576,"
	"\"llc_bytes\":33554432,\"memory_bytes\":17179869184}}";
static const char environment[] =
	"{\"kernel.release\":\"6.1.0\",\"cpu.governor\":{\"unavailable\":\"no cpufreq here\"}}";

struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->run = (struct assay_run_info){
		.id = 7,
		.status = ASSAY_RUN_COMPLETE,
		.started_ns = 1767225600000000000u, /* 2026-01-01 00:00 UTC */
		.seed = 42,
		.profile = "quick",
		.command = "[\"/usr/bin/assay\",\"run\",\"memory\"]",
		.noise = 'B',
		.machine_name = "example",
		.machine_json = machine,
		.environment_json = environment,
		.version = "0.1.0",
		.commit = "0123456789abcdef",
	};
	return f;
}

void fixture_free(struct fixture *f)
{
	assay_report_model_free(f->model);
	for (size_t i = 0; i < f->n_texts; i++)
		free(f->texts[i]);
	free(f);
}

/* A copy of text[n] that lives as long as the fixture. */
static const char *keep(struct fixture *f, const char *text, size_t n)
{
	char *copy = strndup(text, n);
	if (!copy || f->n_texts == sizeof(f->texts) / sizeof(f->texts[0]))
		abort();
	f->texts[f->n_texts++] = copy;
	return copy;
}

static size_t split_params(struct fixture *f, const char *text, struct assay_param *params)
{
	size_t n = 0;
	while (text && *text && n < FIXTURE_PARAMS) {
		size_t name = strcspn(text, ":"), value = strcspn(text + name + 1, "/");
		params[n++] =
			(struct assay_param){keep(f, text, name), keep(f, text + name + 1, value)};
		text += name + 1 + value;
		text += *text == '/';
	}
	return n;
}

static const char *case_name(struct fixture *f, const struct fixture_case *c)
{
	char *name;
	if (asprintf(&name, "%s/%s%s%s%s%s/threads:%u", c->suite, c->benchmark,
		     c->params ? "/" : "", c->params ? c->params : "",
		     c->subject ? "/subject:" : "", c->subject ? c->subject : "",
		     c->threads ? c->threads : 1) < 0)
		abort();
	const char *kept = keep(f, name, strlen(name));
	free(name);
	return kept;
}

static void set_estimate(struct assay_estimate *e, double median, double spread, size_t n)
{
	*e = (struct assay_estimate){
		.n = n,
		.median = median,
		.lo = median * (1 - spread),
		.hi = median * (1 + spread),
		.min = median,
		.max = median,
		.mean = median,
		.p50 = median,
	};
}

struct assay_result *fixture_add(struct fixture *f, const struct fixture_case *c)
{
	if (f->n == FIXTURE_RESULTS)
		abort();
	struct assay_result *r = &f->results[f->n];
	*r = (struct assay_result){
		.name = case_name(f, c),
		.suite = c->suite,
		.benchmark = c->benchmark,
		.subject = c->subject ? c->subject : "",
		.version = 1,
		.threads = c->threads ? c->threads : 1,
		.params = f->params[f->n],
		.metric = {c->metric ? c->metric : "time", c->unit ? c->unit : "ns/op",
			   c->better ? c->better : ASSAY_LOWER},
		.primary = true,
		.status = c->status,
		.reason = c->reason ? c->reason : "",
		.cpu_ratio = 1,
		.flags = c->flags,
		.driver = "native",
		.clock = "monotonic",
		.noise = 'B',
	};
	r->n_params = split_params(f, c->params, f->params[f->n]);
	bool measured = assay_status_measured(c->status);
	set_estimate(&r->estimate, measured ? c->median : NAN, c->spread,
		     measured ? c->samples ? c->samples : 30 : 0);
	f->n++;
	return r;
}

struct assay_result *fixture_beside(struct fixture *f, const char *metric, const char *unit,
				    double median)
{
	if (f->n == 0 || f->n == FIXTURE_RESULTS)
		abort();
	struct assay_result *r = &f->results[f->n];
	*r = f->results[f->n - 1];
	r->primary = false;
	r->metric = (struct assay_metric_info){metric, unit, ASSAY_HIGHER};
	set_estimate(&r->estimate, median, 0.01, 30);
	f->n++;
	return r;
}

static void fill_memory(struct fixture *f)
{
	static const struct {
		const char *params;
		double ns;
	} latency[] = {{"size:4Ki/pages:4k", 1.1},   {"size:64Ki/pages:4k", 4},
		       {"size:4Mi/pages:4k", 19},    {"size:64Mi/pages:4k", 98},
		       {"size:64Mi/pages:huge", 71}, {"size:4Ki/pages:huge", 1.09}};
	for (size_t i = 0; i < sizeof(latency) / sizeof(latency[0]); i++)
		FIXTURE_ADD(f, "memory", "latency", NULL, latency[i].params,
			    .median = latency[i].ns, .spread = 0.02);
	FIXTURE_ADD(f, "memory", "alloc_pair", "glibc", "size:64", .median = 8.14, .spread = 0.01);
	FIXTURE_ADD(f, "memory", "alloc_pair", "pool", "size:64", .median = 2.98, .spread = 0.008);
	FIXTURE_ADD(f, "memory", "alloc_pair", "null", "size:64", .median = 1.2, .samples = 1);
	FIXTURE_ADD(f, "memory", "alloc_pair", "jemalloc", "size:64",
		    .status = ASSAY_STATUS_SKIPPED, .reason = "libjemalloc.so.2 is not installed");
	for (unsigned threads = 1; threads <= 2; threads++) {
		FIXTURE_ADD(f, "memory", "bandwidth", "scalar", "op:triad/size:128Mi", threads,
			    "bandwidth", "B/s", ASSAY_HIGHER, 14.5e9 * threads, 0.05);
		FIXTURE_ADD(f, "memory", "bandwidth", "avx2_nt", "op:triad/size:128Mi", threads,
			    "bandwidth", "B/s", ASSAY_HIGHER, 21.5e9 * threads, 0.03,
			    .flags = ASSAY_RESULT_DRIFT);
	}
}

static void fill_others(struct fixture *f)
{
	for (unsigned threads = 1; threads <= 2; threads++) {
		FIXTURE_ADD(f, "cache", "get", "lru_mutex", "value:16", threads, "rate", "op/s",
			    ASSAY_HIGHER, 28e6 / threads, 0.02);
		fixture_beside(f, "hit_ratio", "ratio", 0.888);
		FIXTURE_ADD(f, "cache", "get", "set_assoc", "value:16", threads, "rate", "op/s",
			    ASSAY_HIGHER, 60e6 * threads, 0.02);
		fixture_beside(f, "hit_ratio", "ratio", 0.936);
		FIXTURE_ADD(f, "scaling", "strong", "threads", "points:32Ki", threads,
			    .median = 1.2e6 / threads, .spread = 0.01);
		fixture_beside(f, "speedup", "ratio", 0.97 * threads);
	}
	FIXTURE_ADD(f, "concurrency", "spawn", "openmp", "tasks:8Ki", 2, .median = 3.5e5);
	FIXTURE_ADD(f, "concurrency", "spawn", "steal", "tasks:8Ki", 2, .median = 4.5e4,
		    .spread = 0.4, .status = ASSAY_STATUS_UNSTABLE,
		    .reason = "the median is known to ±40 % only (6 samples)",
		    .flags = ASSAY_RESULT_PREEMPTED_USED);
	FIXTURE_ADD(f, "gpu", "triad", "opencl", "size:16Mi", .status = ASSAY_STATUS_SKIPPED,
		    .reason = "no OpenCL device");
	FIXTURE_ADD(f, "zoo", "lion", "loud", NULL, .median = 300);
	FIXTURE_ADD(f, "zoo", "lion", "quiet", NULL, .median = 2.5, .spread = 0.1);
	FIXTURE_ADD(f, "zoo", "lion", "wrong", NULL, .status = ASSAY_STATUS_FAILED,
		    .reason = "expected 4, got 5");
}

void fixture_fill(struct fixture *f)
{
	fill_memory(f);
	fill_others(f);
}

static const char *brief_of(const void *context, const char *suite, const char *name)
{
	(void)context;
	return strcmp(suite, "memory") == 0 && strcmp(name, "alloc_pair") == 0
		       ? "one <allocation> & its release"
		       : NULL;
}

const struct assay_report_model *fixture_model(struct fixture *f)
{
	struct assay_err err = {0};
	const struct assay_report_input input = {
		.run = &f->run, .results = f->results, .n_results = f->n, .brief = brief_of};
	assay_report_model_free(f->model);
	f->model = NULL;
	assert_ok(assay_report_model_new(&input, 1, &f->model, &err));
	return f->model;
}

struct assay_figure *fixture_figure(struct fixture *f, const char *suite, const char *benchmark)
{
	struct assay_err err = {0};
	struct assay_figure *figure = NULL;
	const struct assay_report_run *run = fixture_model(f)->runs;
	for (size_t s = 0; s < run->n_suites; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++)
			if (strcmp(run->suites[s].name, suite) == 0 &&
			    strcmp(run->suites[s].benches[b].name, benchmark) == 0)
				assert_ok(assay_figure_new(run, &run->suites[s].benches[b], &figure,
							   &err));
	return figure;
}

char *fixture_write(struct fixture *f, fixture_format *format,
		    const struct assay_report_options *options)
{
	struct assay_err err = {0};
	char *text = NULL;
	size_t n = 0;
	const struct assay_report_model *model = fixture_model(f);
	FILE *out = open_memstream(&text, &n);
	assert_non_null(out);
	assert_ok(format(model, out, options, &err));
	assert_int_equal(fclose(out), 0);
	return text;
}
