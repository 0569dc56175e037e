/* SPDX-License-Identifier: MIT */
/* selftest: does this build measure known costs correctly, here and now? */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/engine/engine.h"
#include "harness/engine/gbench.h"
#include "harness/engine/known_cost.h"
#include "harness/machine/noise.h"

static const struct cli_option options[] = {
	{"driver", 0, "NAME", "test only native or only gbench"},
	{0},
};

/* What one driver measured of one case. */
struct measured {
	char name[96];
	enum assay_status status;
	char reason[200];
	double best; /* of the samples: what the machine can do when nobody disturbs */
	double median;
	double cpu_ratio;
	double page_faults; /* per operation; NaN where not counted */
};

struct results {
	struct measured list[32];
	size_t n;
};

static enum assay_code on_result(void *context, const struct assay_result *r, struct assay_err *err)
{
	struct results *results = context;
	(void)err;
	if (!r->primary || results->n == ASSAY_COUNT_OF(results->list))
		return ASSAY_OK;
	struct measured *m = &results->list[results->n++];
	*m = (struct measured){
		.status = r->status,
		.best = r->metric.better == ASSAY_HIGHER ? r->estimate.max : r->estimate.min,
		.median = r->estimate.median,
		.cpu_ratio = r->cpu_ratio,
		.page_faults = NAN,
	};
	snprintf(m->name, sizeof(m->name), "%s", r->name);
	snprintf(m->reason, sizeof(m->reason), "%s", r->reason);
	for (size_t i = 0; i < r->n_counters; i++)
		if (strcmp(r->counters[i].event, "page_faults") == 0 &&
		    r->counters[i].quality != ASSAY_UNAVAILABLE)
			m->page_faults = r->counters[i].value;
	return ASSAY_OK;
}

static enum assay_code measure_with(const struct cli *cli, const char *driver,
				    const char *const *patterns, size_t n_patterns,
				    struct results *ret, struct assay_err *err)
{
	static const char *const events[] = {"page_faults", NULL};
	struct assay_topology *topology;
	enum assay_code rc = assay_topology_load(NULL, &topology, err);
	if (rc != ASSAY_OK)
		return rc;
	const struct assay_plan_request request = {
		.patterns = patterns,
		.n_patterns = n_patterns,
		.placement.policy = ASSAY_COMPACT,
	};
	const struct assay_engine_options engine = {
		.program = cli->program,
		.seed = 1,
		.launches = 1,
		.effort = {40, 80000000},
		.timeout_ns = 20000000000,
		.driver = driver,
		.events = events,
		.noise = '?',
	};
	const struct assay_engine_sink sink = {.result = on_result, .context = ret};
	struct assay_plan plan;
	rc = assay_plan_make(cli->registry, topology, &request, &plan, err);
	if (rc == ASSAY_OK) {
		rc = assay_engine_run(cli->registry, &plan, &engine, &sink, err);
		assay_plan_done(&plan);
	}
	assay_topology_free(topology);
	return rc;
}

static const struct measured *find(const struct results *results, const char *name)
{
	for (size_t i = 0; i < results->n; i++)
		if (strcmp(results->list[i].name, name) == 0)
			return &results->list[i];
	return NULL;
}

/* One line of the verdict: a figure, what it has to be, and how far off it may be. */
struct line {
	const char *what;
	char unit[16];
	double expected, got;
	double below, above; /* allowed deviation as a share of the expected value */
	bool skipped;
	bool ok;
	char remark[200];
};

struct verdict {
	struct line lines[48];
	size_t n, failed, skipped;
};

static void judge(struct verdict *v, const char *what, const char *unit, double expected,
		  double got, double below, double above)
{
	if (v->n == ASSAY_COUNT_OF(v->lines))
		return;
	struct line *line = &v->lines[v->n++];
	*line = (struct line){what, "", expected, got, below, above, false, false, ""};
	snprintf(line->unit, sizeof(line->unit), "%s", unit);
	line->ok = got >= expected * (1 - below) && got <= expected * (1 + above);
	v->failed += !line->ok;
}

/* No figure: a case was skipped, or went wrong, and says why. */
static void no_figure(struct verdict *v, const char *what, const struct measured *m)
{
	if (v->n == ASSAY_COUNT_OF(v->lines))
		return;
	struct line *line = &v->lines[v->n++];
	*line = (struct line){.what = what, .expected = NAN, .got = NAN};
	line->skipped = !m || m->status == ASSAY_STATUS_SKIPPED;
	snprintf(line->remark, sizeof(line->remark), "%s", m ? m->reason : "not measured");
	v->skipped += line->skipped;
	v->failed += !line->skipped;
}

static const struct measured *figure(struct verdict *v, const struct results *results,
				     const char *what, const char *name)
{
	const struct measured *m = find(results, name);
	if (m && assay_status_measured(m->status))
		return m;
	no_figure(v, what, m);
	return NULL;
}

/*
 * The best sample is held against the truth, because disturbance only ever adds time. 2 % is what
 * the clock measurement and two windows of a quiet core agree to; sleeping is never short, and how
 * much too long it is depends on the kernel's timers.
 */
static void judge_native(struct verdict *v, const struct results *r, double clock_hz)
{
	double spin_ns = ASSAY_KNOWN_ADDS / clock_hz * 1e9;
	const struct measured *m;
	if ((m = figure(v, r, "empty loop", "selftest/empty/threads:1")))
		judge(v, "empty loop, cycles per iteration", "cycles", 1, m->best * clock_hz / 1e9,
		      0.6, 1.1);
	if ((m = figure(v, r, "2048 adds", "selftest/spin/threads:1")))
		judge(v, "2048 adds, one thread", "ns/op", spin_ns, m->best, 0.02, 0.02);
	if ((m = figure(v, r, "2048 adds, two threads", "selftest/spin/threads:2")))
		judge(v, "2048 adds, two threads", "ns/op", spin_ns, m->best, 0.02, 0.05);
	if ((m = figure(v, r, "window", "selftest/spin_window/threads:1")))
		judge(v, "window, one thread", "op/s", 1e9 / spin_ns, m->best, 0.03, 0.02);
	if ((m = figure(v, r, "window, two threads", "selftest/spin_window/threads:2")))
		judge(v, "window, two threads", "op/s", 2e9 / spin_ns, m->best, 0.05, 0.02);
	if ((m = figure(v, r, "stamped", "selftest/spin_latency/threads:1")))
		judge(v, "stamped, with its two stamps", "ns", spin_ns, m->best, 0.02, 0.15);
	if ((m = figure(v, r, "sleep", "selftest/sleep/threads:1"))) {
		judge(v, "sleep of 2 ms", "ns/op", ASSAY_KNOWN_SLEEP_NS, m->best, 0, 0.25);
		judge(v, "sleep, CPU time over wall time", "ratio", 0.05, m->cpu_ratio, 1, 0);
	}
	const struct measured *small = find(r, "selftest/walk/size:8Ki/threads:1");
	const struct measured *large = find(r, "selftest/walk/size:16Ki/threads:1");
	if (small && large && assay_status_measured(small->status) &&
	    assay_status_measured(large->status))
		judge(v, "twice the traffic, ratio of times", "ratio", 2, large->best / small->best,
		      0.1, 0.1);
	if ((m = figure(v, r, "64 pages", "selftest/touch/threads:1")) && isnan(m->page_faults))
		no_figure(v, "64 pages touched, faults counted", NULL);
	else if (m)
		judge(v, "64 pages touched, faults counted", "", ASSAY_KNOWN_PAGES, m->page_faults,
		      0, 0.02);
}

static void judge_agreement(struct verdict *v, const struct results *native,
			    const struct results *gbench)
{
	static const struct {
		const char *name, *what;
	} shared[] = {
		{"selftest/empty/threads:1", "gbench agrees: empty loop"},
		{"selftest/spin/threads:1", "gbench agrees: 2048 adds"},
		{"selftest/sleep/threads:1", "gbench agrees: sleep"},
		{"selftest/walk/size:16Ki/threads:1", "gbench agrees: traffic"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(shared); i++) {
		const struct measured *a = find(native, shared[i].name);
		const struct measured *b = figure(v, gbench, shared[i].what, shared[i].name);
		if (a && b && assay_status_measured(a->status))
			judge(v, shared[i].what, "ns/op", a->best, b->best, 0.03, 0.03);
	}
}

static void print_text(const struct verdict *v)
{
	const char *const columns[] = {"figure", ">expected", ">measured", ">off by", ""};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	for (size_t i = 0; i < v->n; i++) {
		const struct line *line = &v->lines[i];
		char expected[40], got[40], off[24] = "-";
		bool bound = line->below >= 1; /* only "at most" */
		size_t mark = bound ? (size_t)snprintf(expected, sizeof(expected), "< ") : 0;
		assay_format_value(line->expected, line->unit, expected + mark,
				   sizeof(expected) - mark);
		assay_format_value(line->got, line->unit, got, sizeof(got));
		if (isfinite(line->got) && !bound)
			snprintf(off, sizeof(off), "%+.1f %%",
				 100 * (line->got / line->expected - 1));
		const char *cells[] = {line->what, expected, got, off,
				       line->skipped   ? line->remark
				       : line->ok      ? "ok"
				       : *line->remark ? line->remark
						       : "WRONG"};
		cli_table_row(table, cells);
	}
	cli_table_print(table, stdout);
	printf("%zu figures right, %zu wrong, %zu not measurable here\n",
	       v->n - v->failed - v->skipped, v->failed, v->skipped);
}

static enum assay_code print_json(const struct verdict *v, FILE *out, struct assay_err *err)
{
	json_t *lines = json_array();
	for (size_t i = 0; i < v->n; i++) {
		const struct line *line = &v->lines[i];
		json_array_append_new(lines, json_pack("{s:s, s:s, s:o, s:o, s:s, s:o}", "figure",
						       line->what, "unit", line->unit, "expected",
						       assay_json_real(line->expected), "measured",
						       assay_json_real(line->got), "verdict",
						       line->skipped ? "skipped"
						       : line->ok    ? "ok"
								     : "wrong",
						       "remark", assay_json_text(line->remark)));
	}
	return assay_json_document(json_pack("{s:s, s:o, s:I}", "schema", "assay/1", "figures",
					     lines, "wrong", (json_int_t)v->failed),
				   out, err);
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	static const char *const all[] = {"selftest/empty", "selftest/s*", "selftest/walk",
					  "selftest/touch"};
	static const char *const rates[] = {"selftest/empty", "selftest/sleep", "selftest/walk",
					    "selftest/spin/threads:1"};
	const char *only = cli_value(args, "driver");
	double clock_hz = assay_core_clock_hz();
	if (clock_hz <= 0)
		return assay_fail(err, ASSAY_EENV,
				  "the core clock cannot be measured on this architecture");
	struct results native = {0}, gbench = {0};
	struct verdict verdict = {0};
	enum assay_code rc = ASSAY_OK;
	if (args->n_positional)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' is one too many: selftest takes no arguments",
				  args->positional[0]);
	if (only && strcmp(only, "native") != 0 && strcmp(only, "gbench") != 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "unknown driver '%.40s'; there are native and gbench", only);
	cli_note(cli, "measuring known costs, about 5 s");
	rc = measure_with(cli, "native", all, ASSAY_COUNT_OF(all), &native, err);
	if (rc == ASSAY_OK && (!only || strcmp(only, "gbench") == 0) && gbench_version())
		rc = measure_with(cli, "gbench", rates, ASSAY_COUNT_OF(rates), &gbench, err);
	if (rc != ASSAY_OK)
		return rc;
	/* the clock may have moved while we measured: take the faster reading, as for the samples */
	clock_hz = fmax(clock_hz, assay_core_clock_hz());
	if (!only || strcmp(only, "native") == 0)
		judge_native(&verdict, &native, clock_hz);
	if (gbench_version() && (!only || strcmp(only, "gbench") == 0))
		judge_agreement(&verdict, &native, &gbench);
	if (verdict.failed)
		*ret_exit = CLI_FAILED;
	if (cli->json)
		rc = print_json(&verdict, cli->json, err);
	if (!cli->json_is_stdout)
		print_text(&verdict);
	return rc;
}

const struct cli_verb cli_verb_selftest = {
	.name = "selftest",
	.usage = "",
	.brief = "does this build measure known costs correctly, here and now",
	.details =
		"Measures bodies of known cost with both drivers and holds the figures against\n"
		"the truth and against each other. Exit 3 when one is wrong: do not believe\n"
		"timings of this machine in its present state.",
	.options = options,
	.run = run,
};
