/* SPDX-License-Identifier: MIT */
/* budget: units, the form of a bound, whom it speaks of, and what a measurement makes of it. */
#include "tests/t.h"

#include <stdlib.h>

#include "harness/engine/collect.h"
#include "harness/gate/budget.h"
#include "tests/engine/toy.h"

static void units_convert(void **state)
{
	static const struct {
		const char *metric, *bound;
		double value, want; /* in the units as written; want NaN: they do not fit */
	} rows[] = {
		{"ns/op", "ns", 12, 12},     {"ns/op", "us", 1500, 1.5},
		{"ns", "ms", 2e6, 2},        {"ns/op", "s", 1e9, 1},
		{"ns/op", "ms/op", 1e6, 1},  {"ns/op", "op/s", 10, 1e8},
		{"ns/op", "ops/s", 10, 1e8}, {"ns/op", "Mop/s", 10, 100},
		{"op/s", "ns", 1e6, 1000},   {"op/s", "us/op", 1e6, 1},
		{"op/s", "kop/s", 5000, 5},  {"B/s", "GB/s", 2e9, 2},
		{"B/s", "KiB/s", 4096, 4},   {"B/s", "GiB/s", 0x1p31, 2},
		{"B", "kB", 4000, 4},        {"B", "MiB", 0x1p20, 1},
		{"kB", "B", 4, 4000},        {"flop/s", "Gflop/s", 3e9, 3},
		{"ratio", "%", 0.95, 95},    {"ratio", "", 1.82, 1.82},
		{"", "x", 1.82, 1.82},       {"pages", "pages", 3, 3},
		{"pages", "", 3, NAN},       {"ratio", "ns", 3, NAN},
		{"B", "B/s", 3, NAN},        {"B/s", "op/s", 3, NAN},
		{"ns/op", "%", 3, NAN},      {"flop/s", "op/s", 3, NAN},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(rows); i++) {
		struct assay_err err = {0};
		struct assay_unit metric, bound;
		assert_ok(assay_unit_parse(rows[i].metric, &metric, &err));
		assert_ok(assay_unit_parse(rows[i].bound, &bound, &err));
		double got = assay_unit_convert(&metric, &bound, rows[i].value * metric.factor) /
			     bound.factor;
		if (isnan(rows[i].want) ? !isnan(got)
					: !(fabs(got - rows[i].want) <= 1e-12 * rows[i].want))
			fail_msg("%g %s is %.17g %s, expected %g", rows[i].value, rows[i].metric,
				 got, rows[i].bound, rows[i].want);
	}
}

static void misspelt_units_have_a_neighbour(void **state)
{
	(void)state;
	assert_string_equal(assay_unit_nearest("Mops"), "Mop/s");
	assert_string_equal(assay_unit_nearest("nsec"), "ns");
	assert_string_equal(assay_unit_nearest("GHzz"), "GHz");
	assert_null(assay_unit_nearest("elephants"));
}

static void values_are_shown_as_people_write_them(void **state)
{
	static const struct {
		const char *unit;
		double value;
		const char *text;
	} rows[] = {
		{"us", 12, "12.00 ns"},       {"ops/s", 1264231, "1.264 Mop/s"},
		{"%", 0.952, "95.20 %"},      {"x", 1.82, "1.820"},
		{"KiB/s", 4e9, "4.000 GB/s"}, {"pages", 3, "3.000 pages"},
		{"MHz", 3.7e9, "3.700 GHz"},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(rows); i++) {
		struct assay_err err = {0};
		struct assay_unit unit;
		char text[40];
		assert_ok(assay_unit_parse(rows[i].unit, &unit, &err));
		assert_string_equal(assay_unit_format(&unit, rows[i].value, text, sizeof(text)),
				    rows[i].text);
	}
}

static void bounds_are_read(void **state)
{
	struct assay_err err = {0};
	struct assay_bound b;
	(void)state;
	assert_ok(assay_bound_parse("toy/empty <= 12 ns", &b, &err));
	assert_string_equal(b.over.series, "toy/empty");
	assert_null(b.over.metric);
	assert_null(b.under.series);
	assert_false(b.at_least);
	assert_close(b.limit, 12, 0);
	assert_close(b.far, 12 / 1.1, 1e-12);
	assay_bound_done(&b);
	assert_ok(assay_bound_parse("  toy/empty\tshare >=\n95%  ", &b, &err));
	assert_string_equal(b.over.metric, "share");
	assert_true(b.at_least);
	assert_close(b.limit, 0.95, 1e-12);
	assert_ok(assay_bound_set_far(&b, "99 %", &err));
	assert_close(b.far, 0.99, 1e-12);
	assay_bound_done(&b);
	assert_ok(assay_bound_parse("toy/a time / toy/b time <= 6e-1", &b, &err));
	assert_string_equal(b.over.series, "toy/a");
	assert_string_equal(b.under.series, "toy/b");
	assert_string_equal(b.under.metric, "time");
	assert_close(b.limit, 0.6, 1e-12);
	assay_bound_done(&b);
	static const char *const none[] = {"toy/empty share <= 0", "toy/empty kept <= 0 B",
					   "toy/empty faults <= 0 faults"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(none); i++) {
		assert_ok(assay_bound_parse(none[i], &b, &err));
		assert_close(b.limit, 0, 0);
		assay_bound_done(&b);
	}
}

static void malformed_bounds_are_refused(void **state)
{
	static const char *const rows[][2] = {
		{"", "'' is no series; a bound is written"},
		{"<= 3 ns", "'<=' is no series"},
		{"empty <= 3 ns", "'empty' is no series"},
		{"/ toy/empty <= 3", "'/' is no series"},
		{"toy/empty", "'' stands where <= or >= is expected"},
		{"toy/empty < 3 ns", "'<' stands where <= or >="},
		{"toy/empty == 3 ns", "'==' stands where"},
		{"toy/empty Time <= 3 ns", "'Time' is no metric"},
		{"toy/empty time share <= 3 ns", "'share' stands where"},
		{"toy/empty / <= 3", "'<=' is no series"},
		{"toy/empty <=", "'' is not a number"},
		{"toy/empty <= fast", "'fast' is not a number"},
		{"toy/empty <= -3 ns", "'-3' is not a number"},
		{"toy/empty <= nan ns", "'nan' is not a number"},
		{"toy/empty <= inf", "'inf' is not a number"},
		{"toy/empty <= 0x10 ns", "'0x10' is not a number"},
		{"toy/empty <= 1e999 ns", "'1e999' is not a number"},
		{"toy/empty <= 1e308 s", "says nothing"},
		{"toy/empty <= 1e-999 ns", "'1e-999' is not a number"},
		{"toy/empty <= 1e5000", "'1e5000' is not a number"},
		{"toy/empty <= 3:4 ns", "'3:4' is not a number"},
		{"toy/empty <= 1,264,231 op/s", "'1,264,231' is not a number"},
		{"toy/empty <= 0 ns", "a bound of '<= 0' says nothing"},
		{"toy/empty share >= 0 %", "a bound of '>= 0' says nothing"},
		{"toy/a / toy/b <= 0", "a bound of '<= 0' says nothing"},
		{"toy/empty <= 3 nss", "unknown unit 'nss'; did you mean 'ns'?"},
		{"toy/empty >= 3 opps/s", "did you mean 'ops/s'?"},
		{"toy/empty <= 3 ns or thereabouts", "'ns or thereabouts' is no unit"},
		{"toy/empty <= 3 n\x01s", "is no unit"},
		{"toy/a / toy/b <= 3 ns", "a ratio has no unit but %, not 'ns'"},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(rows); i++) {
		struct assay_err err = {0};
		struct assay_bound b;
		assert_fails(assay_bound_parse(rows[i][0], &b, &err), ASSAY_EUSAGE, rows[i][1]);
		assert_null(b.over.series);
	}
	struct assay_err err = {0};
	struct assay_bound b;
	assert_ok(assay_bound_parse("toy/a <= 10 ns", &b, &err));
	assert_fails(assay_bound_set_far(&b, "11 ns", &err), ASSAY_EUSAGE, "does not lie beyond");
	assert_fails(assay_bound_set_far(&b, "1 Gop/s", &err), ASSAY_EUSAGE, "another unit");
	assert_ok(assay_bound_set_far(&b, "9 ns", &err));
	assert_close(b.far, 9, 0);
	assert_ok(assay_bound_set_far(&b, "10 ns", &err)); /* all that keeps it exceeds it */
	assay_bound_done(&b);
	assert_ok(assay_bound_parse("toy/a / toy/b >= 10", &b, &err));
	assert_fails(assay_bound_set_far(&b, "9", &err), ASSAY_EUSAGE, "does not lie beyond");
	assert_fails(assay_bound_set_far(&b, "50 ns", &err), ASSAY_EUSAGE, "another unit");
	assert_fails(assay_bound_set_far(&b, "far", &err), ASSAY_EUSAGE, "not a number");
	assert_fails(assay_bound_set_far(&b, "50 x 3", &err), ASSAY_EUSAGE, "another unit");
	assay_bound_done(&b);
}

#define PLAIN "toy/sweep/size:16/mode:slow/subject:plain/threads:1"
#define OTHER "toy/sweep/size:16/mode:slow/subject:other/threads:1"

static void series_are_looked_up(void **state)
{
	static const char *const bad[][2] = {
		{"toy/emty <= 3 ns", "did you mean 'toy/empty'?"},
		{"tyo/empty <= 3 ns", "did you mean 'toy/empty'?"},
		{"toy/sweep <= 3 ns", "axis 'size' is missing"},
		{"toy/empty/siez:3 <= 3 ns", "toy/empty has no axis 'siez'"},
		{"toy/empty <= 3 GB/s", "is measured in ns/op; 'GB/s' does not fit"},
		{"toy/empty time <= 3", "is measured in ns/op; 'a bare number' does not fit"},
		{"toy/empty / toy/window/threads:1 <= 3", "ns/op and op/s have no ratio"},
		{"toy/empty / toy/empty/threads:1 time <= 3", "is compared with itself"},
		{"toy/empty share / toy/empty share <= 3", "is compared with itself"},
		{"toy/empty / toy/emty <= 3", "did you mean 'toy/empty'?"},
	};
	struct assay_err err = {0};
	struct assay_registry *registry;
	struct assay_bound b;
	(void)state;
	assert_ok(assay_registry_new(&toy_table, &registry, &err));
	assert_ok(assay_bound_parse(
		"toy/sweep/subject:plain/mode:slow/size:16/threads:1 / " OTHER " <= 1", &b, &err));
	assert_ok(assay_bound_resolve(&b, registry, &err));
	assert_string_equal(b.over.series, PLAIN);
	assert_string_equal(b.under.series, OTHER);
	assay_bound_done(&b);
	static const char *const good[] = {"toy/empty >= 3 op/s", "toy/window/threads:2 <= 1 us",
					   "toy/empty share <= 3 per op",
					   "toy/empty share / toy/empty other <= 1"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(good); i++) {
		assert_ok(assay_bound_parse(good[i], &b, &err));
		assert_ok(assay_bound_resolve(&b, registry, &err));
		assay_bound_done(&b);
	}
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		assert_ok(assay_bound_parse(bad[i][0], &b, &err));
		assert_fails(assay_bound_resolve(&b, registry, &err), ASSAY_EUSAGE, bad[i][1]);
		assay_bound_done(&b);
	}
	assay_registry_free(registry);
}

enum { LAUNCHES = 10, PER_LAUNCH = 4 };

/* A result whose launches lie at the given levels; n_launches of them. */
struct measured {
	struct assay_result result;
	double values[LAUNCHES * PER_LAUNCH];
	uint8_t flags[LAUNCHES * PER_LAUNCH];
	uint32_t ends[LAUNCHES];
};

static void fill(struct measured *m, const char *name, const char *metric, const char *unit,
		 size_t launches, const double *levels)
{
	struct assay_err err = {0};
	struct assay_summary summary;
	*m = (struct measured){0};
	for (size_t i = 0; i < launches * PER_LAUNCH; i++)
		m->values[i] = levels[i / PER_LAUNCH];
	for (size_t l = 0; l < launches; l++)
		m->ends[l] = (uint32_t)((l + 1) * PER_LAUNCH);
	m->result = (struct assay_result){
		.name = name,
		.metric = {metric, unit, ASSAY_LOWER},
		.primary = strcmp(metric, "time") == 0,
		.reason = "",
		.samples = {m->values, m->flags, launches * PER_LAUNCH, m->ends, launches},
		.noise = 'B',
	};
	assert_ok(assay_summarise(&m->result.samples, &summary, &err));
	m->result.estimate = summary.estimate;
}

static struct assay_bound_outcome judge(const char *text, const struct assay_result *results,
					size_t n)
{
	struct assay_err err = {0};
	struct assay_bound b;
	struct assay_bound_outcome o;
	assert_ok(assay_bound_parse(text, &b, &err));
	assert_ok(assay_bound_judge(&b, results, n, &o, &err));
	assay_bound_done(&b);
	return o;
}

static void one_series_is_judged_by_its_interval(void **state)
{
	static const struct {
		const char *bound;
		enum assay_bound_verdict verdict;
		bool exceeded;
	} rows[] = {
		{"toy/a <= 12 ns", ASSAY_BOUND_MET, true},
		{"toy/a <= 11.1 ns", ASSAY_BOUND_MET, false}, /* a tenth beyond lies inside */
		{"toy/a <= 10.6 ns", ASSAY_BOUND_MET, false},
		{"toy/a <= 10.2 ns", ASSAY_BOUND_MET, false}, /* the interval ends there */
		{"toy/a <= 10 ns", ASSAY_BOUND_UNDECIDED, false},
		{"toy/a <= 9.8 ns", ASSAY_BOUND_UNDECIDED, false},
		{"toy/a <= 9.79 ns", ASSAY_BOUND_MISSED, false},
		{"toy/a >= 9.8 ns", ASSAY_BOUND_MET, false},
		{"toy/a >= 10.3 ns", ASSAY_BOUND_MISSED, false},
		{"toy/a >= 10.2 ns", ASSAY_BOUND_UNDECIDED, false}, /* at the end, not beyond */
		{"toy/a <= 9.8 ns", ASSAY_BOUND_UNDECIDED, false},
		{"toy/a >= 50 Mop/s", ASSAY_BOUND_MET, true},
		{"toy/a >= 89.5 Mop/s", ASSAY_BOUND_MET, false},
		{"toy/a >= 98 Mop/s", ASSAY_BOUND_MET, false},
		{"toy/a >= 100 Mop/s", ASSAY_BOUND_UNDECIDED, false},
		{"toy/a >= 103 Mop/s", ASSAY_BOUND_MISSED, false},
		{"toy/a <= 103 Mop/s", ASSAY_BOUND_MET, false},
	};
	struct measured m;
	(void)state;
	fill(&m, "toy/a", "time", "ns/op", 5, (double[]){10, 9.9, 10.2, 9.8, 10.1});
	for (size_t i = 0; i < ASSAY_COUNT_OF(rows); i++) {
		struct assay_bound_outcome o = judge(rows[i].bound, &m.result, 1);
		if (o.verdict != rows[i].verdict || o.exceeded != rows[i].exceeded)
			fail_msg("%s: %s, %d", rows[i].bound, assay_bound_verdict_name(o.verdict),
				 o.exceeded);
		assert_int_equal(o.launches, 5);
		assert_true(o.lo <= o.value && o.value <= o.hi);
	}
	struct assay_bound_outcome o = judge("toy/a >= 98 Mop/s", &m.result, 1);
	assert_close(o.value, 1e8, 1e-9);
	assert_close(o.lo, 1e9 / 10.2, 1e-9);
	assert_close(o.hi, 1e9 / 9.8, 1e-9);
}

static void few_launches_widen_the_interval(void **state)
{
	struct measured m;
	(void)state;
	fill(&m, "toy/a", "time", "ns/op", 1, (double[]){10});
	struct assay_bound_outcome o = judge("toy/a <= 10.1 ns", &m.result, 1);
	assert_int_equal(o.verdict, ASSAY_BOUND_UNDECIDED); /* grade B stands for 2 % */
	assert_close(o.hi, 10.2, 1e-9);
	assert_non_null(strstr(o.reason, "for want of launches"));
	assert_int_equal(judge("toy/a <= 10.3 ns", &m.result, 1).verdict, ASSAY_BOUND_MET);
	m.result.noise = 'D';
	assert_int_equal(judge("toy/a <= 10.3 ns", &m.result, 1).verdict, ASSAY_BOUND_UNDECIDED);
	fill(&m, "toy/a", "time", "ns/op", 3, (double[]){10, 10, 10});
	assert_int_equal(judge("toy/a <= 10.1 ns", &m.result, 1).verdict, ASSAY_BOUND_MET);
}

static void many_launches_do_not_widen_it_to_the_worst(void **state)
{
	struct measured m;
	(void)state;
	fill(&m, "toy/a", "time", "ns/op", 10,
	     (double[]){10, 10.1, 9.9, 30, 10.2, 9.8, 10.1, 9.9, 10.3, 10});
	/* Of ten, the second lowest to the second highest hold the median with 97.9 %. */
	struct assay_bound_outcome o = judge("toy/a <= 10.5 ns", &m.result, 1);
	assert_int_equal(o.verdict, ASSAY_BOUND_MET);
	assert_close(o.lo, 9.9, 1e-12);
	assert_close(o.hi, 10.3, 1e-12);
	fill(&m, "toy/a", "time", "ns/op", 5, (double[]){10, 10.1, 9.9, 30, 10.2});
	o = judge("toy/a <= 10.5 ns", &m.result, 1);
	assert_int_equal(o.verdict, ASSAY_BOUND_UNDECIDED);
	assert_close(o.hi, 30, 1e-12);
}

static void ratios_have_their_interval_over_launches(void **state)
{
	struct measured m[2];
	(void)state;
	fill(&m[0], "toy/a", "time", "ns/op", 5, (double[]){5, 5.1, 4.9, 5, 5.05});
	fill(&m[1], "toy/b", "time", "ns/op", 5, (double[]){10, 10.1, 9.9, 10.2, 9.8});
	struct assay_result results[] = {m[0].result, m[1].result};
	struct assay_bound_outcome o = judge("toy/a / toy/b <= 0.6", results, 2);
	assert_int_equal(o.verdict, ASSAY_BOUND_MET);
	assert_true(o.exceeded);
	/* Welch on the logarithms of the launch medians: exp(-0.69114 -+ 2.3077 * 0.0096988), 7.97 degrees. */
	assert_close(o.value, 0.5010060, 1e-6);
	assert_close(o.lo, 0.48992, 1e-4);
	assert_close(o.hi, 0.51235, 1e-4);
	assert_int_equal(judge("toy/a / toy/b <= 0.5", results, 2).verdict, ASSAY_BOUND_UNDECIDED);
	assert_int_equal(judge("toy/a / toy/b <= 0.48", results, 2).verdict, ASSAY_BOUND_MISSED);
	assert_int_equal(judge("toy/b / toy/a >= 1.9", results, 2).verdict, ASSAY_BOUND_MET);
	assert_int_equal(judge("toy/a / toy/b <= 52 %", results, 2).verdict, ASSAY_BOUND_MET);
	results[1].metric.unit = "us/op"; /* a thousandth of the ratio */
	o = judge("toy/a / toy/b <= 0.0006", results, 2);
	assert_close(o.value, 0.0005010060, 1e-6);
	results[1].metric.unit = "op/s";
	struct assay_err err = {0};
	struct assay_bound b;
	assert_ok(assay_bound_parse("toy/a / toy/b <= 1", &b, &err));
	assert_fails(assay_bound_judge(&b, results, 2, &o, &err), ASSAY_EUSAGE, "no ratio");
	assay_bound_done(&b);
}

static void exact_figures_may_lie_on_the_bound(void **state)
{
	(void)state;
	for (int i = 1; i <= 50; i++) {
		struct measured m[2];
		double part = i, whole = 5 * i;
		fill(&m[0], "toy/a", "time", "op", 3, (double[]){part, part, part});
		fill(&m[1], "toy/b", "time", "op", 3, (double[]){whole, whole, whole});
		const struct assay_result results[] = {m[0].result, m[1].result};
		assert_int_equal(judge("toy/a / toy/b <= 20 %", results, 2).verdict,
				 ASSAY_BOUND_MET);
		assert_int_equal(judge("toy/a / toy/b >= 20 %", results, 2).verdict,
				 ASSAY_BOUND_MET);
	}
}

static void a_ratio_to_nothing_is_undecided(void **state)
{
	struct measured m[2];
	(void)state;
	fill(&m[0], "toy/a", "time", "ns/op", 3, (double[]){5, 5, 5});
	fill(&m[1], "toy/b", "time", "ns/op", 3, (double[]){0, 0, 0});
	const struct assay_result results[] = {m[0].result, m[1].result};
	struct assay_bound_outcome o = judge("toy/a / toy/b <= 1", results, 2);
	assert_int_equal(o.verdict, ASSAY_BOUND_UNDECIDED);
	assert_true(isnan(o.value));
	assert_non_null(strstr(o.reason, "no ratio"));
}

static void secondary_metrics_are_found_by_name(void **state)
{
	struct measured m[2];
	(void)state;
	fill(&m[0], "toy/a", "time", "ns/op", 3, (double[]){10, 10, 10});
	fill(&m[1], "toy/a", "share", "ratio", 3, (double[]){0.5, 0.5, 0.5});
	const struct assay_result results[] = {m[0].result, m[1].result};
	struct assay_bound_outcome o = judge("toy/a share >= 40 %", results, 2);
	assert_int_equal(o.verdict, ASSAY_BOUND_MET);
	assert_close(o.value, 0.5, 1e-12);
	o = judge("toy/a shares >= 40 %", results, 2);
	assert_int_equal(o.verdict, ASSAY_BOUND_VANISHED);
	assert_string_equal(o.reason, "no metric 'shares'; the case has time, share");
	struct assay_err err = {0};
	struct assay_bound b;
	assert_ok(assay_bound_parse("toy/a share >= 40 ns", &b, &err));
	assert_fails(assay_bound_judge(&b, results, 2, &o, &err), ASSAY_EUSAGE,
		     "share of toy/a is in ratio; 'ns' does not fit");
	assay_bound_done(&b);
}

static void what_was_not_measured_is_told_apart(void **state)
{
	static const struct {
		enum assay_status a, b;
		enum assay_bound_verdict verdict;
		const char *reason;
	} rows[] = {
		{ASSAY_STATUS_SKIPPED, ASSAY_STATUS_OK, ASSAY_BOUND_SKIPPED, "why a"},
		{ASSAY_STATUS_OK, ASSAY_STATUS_SKIPPED, ASSAY_BOUND_SKIPPED, "why b"},
		{ASSAY_STATUS_FAILED, ASSAY_STATUS_OK, ASSAY_BOUND_FAILED, "failed: why a"},
		{ASSAY_STATUS_CRASHED, ASSAY_STATUS_SKIPPED, ASSAY_BOUND_FAILED, "crashed: why a"},
		{ASSAY_STATUS_SKIPPED, ASSAY_STATUS_TIMEOUT, ASSAY_BOUND_FAILED, "timeout: why b"},
		{ASSAY_STATUS_UNSTABLE, ASSAY_STATUS_OK, ASSAY_BOUND_MET, "unstable: why a"},
	};
	struct measured m[2];
	struct assay_bound_outcome o;
	(void)state;
	fill(&m[0], "toy/a", "time", "ns/op", 3, (double[]){5, 5.1, 4.9});
	fill(&m[1], "toy/b", "time", "ns/op", 3, (double[]){10, 10.1, 9.9});
	struct assay_result results[] = {m[0].result, m[1].result};
	for (size_t i = 0; i < ASSAY_COUNT_OF(rows); i++) {
		results[0].status = rows[i].a;
		results[0].reason = "why a";
		results[1].status = rows[i].b;
		results[1].reason = "why b";
		o = judge("toy/a / toy/b <= 1", results, 2);
		assert_int_equal(o.verdict, rows[i].verdict);
		assert_string_equal(o.reason, rows[i].reason);
	}
	results[0].status = ASSAY_STATUS_SKIPPED;
	o = judge("toy/a / toy/c <= 1", results, 2); /* lost outweighs not possible */
	assert_int_equal(o.verdict, ASSAY_BOUND_VANISHED);
	assert_string_equal(o.reason, "nothing measured it");
	o = judge("toy/c / toy/a <= 1", results, 2);
	assert_int_equal(o.verdict, ASSAY_BOUND_VANISHED);
	results[0].status = ASSAY_STATUS_FAILED;
	o = judge("toy/a / toy/c <= 1", results, 2); /* and a wrong answer outweighs that */
	assert_int_equal(o.verdict, ASSAY_BOUND_FAILED);
	/* Of a case that was skipped there is one result only, of its primary metric. */
	results[0].status = ASSAY_STATUS_SKIPPED;
	o = judge("toy/a share >= 1", results, 2);
	assert_int_equal(o.verdict, ASSAY_BOUND_SKIPPED);
}

/* Each unit as so many of its base, by the prefix it has. */
static void every_unit_has_its_factor(void **state)
{
	static const struct {
		const char *base, *prefixes[10];
	} families[] = {
		{"op/s", {"", "k", "M", "G"}},
		{"ops/s", {"", "k", "M", "G"}},
		{"B", {"", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"}},
		{"B/s", {"", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"}},
		{"flop/s", {"", "k", "M", "G", "T"}},
		{"Hz", {"", "k", "M", "G"}},
	};
	static const struct {
		const char *text;
		double factor;
	} prefixes[] = {{"", 1},
			{"k", 1e3},
			{"M", 1e6},
			{"G", 1e9},
			{"T", 1e12},
			{"Ki", 1024},
			{"Mi", 1024 * 1024.},
			{"Gi", 1073741824.},
			{"Ti", 1099511627776.}},
	  times[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	struct assay_err err = {0};
	struct assay_unit unit, base;
	bool inverse;
	char text[32];
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(families); i++)
		for (size_t k = 0; k < 10 && families[i].prefixes[k]; k++)
			for (size_t p = 0; p < ASSAY_COUNT_OF(prefixes); p++) {
				if (strcmp(prefixes[p].text, families[i].prefixes[k]) != 0)
					continue;
				snprintf(text, sizeof(text), "%s%s", prefixes[p].text,
					 families[i].base);
				assert_ok(assay_unit_parse(text, &unit, &err));
				assert_ok(assay_unit_parse(families[i].base, &base, &err));
				assert_close(unit.factor, prefixes[p].factor, 0);
				assert_true(assay_unit_fits(&unit, &base, &inverse) && !inverse);
			}
	for (size_t i = 0; i < ASSAY_COUNT_OF(times); i++)
		for (int per = 0; per < 2; per++) {
			snprintf(text, sizeof(text), "%s%s", times[i].text, per ? "/op" : "");
			assert_ok(assay_unit_parse(text, &unit, &err));
			assert_close(unit.factor, times[i].factor, 0);
			assert_ok(assay_unit_parse("op/s", &base, &err));
			assert_true(assay_unit_fits(&unit, &base, &inverse) && inverse);
		}
	/* a benchmark's own units are each a quantity of their own */
	assert_ok(assay_unit_parse("pages", &unit, &err));
	assert_ok(assay_unit_parse("sheets", &base, &err));
	assert_false(assay_unit_fits(&unit, &base, &inverse));
	assert_true(assay_unit_fits(&unit, &unit, &inverse) && !inverse);
	assert_ok(assay_unit_parse("ns", &base, &err));
	assert_false(assay_unit_fits(&unit, &base, &inverse));
	assert_false(assay_unit_fits(&base, &unit, &inverse));
}

/* A metric in another unit than the base of its quantity is converted, interval and all. */
static void figures_are_converted(void **state)
{
	struct measured m;
	(void)state;
	fill(&m, "toy/a", "time", "us/op", 5, (double[]){10, 9.9, 10.2, 9.8, 10.1});
	struct assay_bound_outcome o = judge("toy/a <= 11000 ns", &m.result, 1);
	assert_int_equal(o.verdict, ASSAY_BOUND_MET);
	assert_close(o.value, 10000, 1e-12);
	assert_close(o.lo, 9800, 1e-12);
	assert_close(o.hi, 10200, 1e-12);
	o = judge("toy/a >= 99 kop/s", &m.result, 1);
	assert_int_equal(o.verdict, ASSAY_BOUND_UNDECIDED);
	assert_close(o.value, 1e5, 1e-12);
	assert_close(o.lo, 1e9 / 10200, 1e-12);
	assert_close(o.hi, 1e9 / 9800, 1e-12);
	/* exceeded is beyond `far`, not at it */
	struct assay_err err = {0};
	struct assay_bound b;
	assert_ok(assay_bound_parse("toy/a <= 20 us", &b, &err));
	b.far = 10200;
	assert_ok(assay_bound_judge(&b, &m.result, 1, &o, &err));
	assert_false(o.exceeded);
	b.far = 10201;
	assert_ok(assay_bound_judge(&b, &m.result, 1, &o, &err));
	assert_true(o.exceeded);
	assay_bound_done(&b);
	assert_ok(assay_bound_parse("toy/a >= 5 us", &b, &err));
	b.far = 9800;
	assert_ok(assay_bound_judge(&b, &m.result, 1, &o, &err));
	assert_true(o.verdict == ASSAY_BOUND_MET && !o.exceeded);
	b.far = 9799;
	assert_ok(assay_bound_judge(&b, &m.result, 1, &o, &err));
	assert_true(o.exceeded);
	assay_bound_done(&b);
}

/* Three launches show how much they vary; of two sides the one with fewer counts. */
static void launches_are_counted(void **state)
{
	struct measured m[2];
	(void)state;
	fill(&m[0], "toy/a", "time", "ns/op", 3, (double[]){5, 5.1, 4.9});
	fill(&m[1], "toy/b", "time", "ns/op", 5, (double[]){10, 10.1, 9.9, 10.2, 9.8});
	struct assay_result results[] = {m[0].result, m[1].result};
	struct assay_bound_outcome o = judge("toy/a <= 5 ns", results, 2);
	assert_int_equal(o.verdict, ASSAY_BOUND_UNDECIDED);
	assert_string_equal(o.reason, "the bound lies inside the interval");
	assert_int_equal(judge("toy/a / toy/b <= 0.6", results, 2).launches, 3);
	assert_int_equal(judge("toy/b / toy/a >= 1.6", results, 2).launches, 3);
	fill(&m[0], "toy/a", "time", "ns/op", 2, (double[]){5, 5.1});
	o = judge("toy/a <= 5 ns", &m[0].result, 1);
	assert_non_null(strstr(o.reason, "for want of launches"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_convert),
		cmocka_unit_test(misspelt_units_have_a_neighbour),
		cmocka_unit_test(values_are_shown_as_people_write_them),
		cmocka_unit_test(bounds_are_read),
		cmocka_unit_test(malformed_bounds_are_refused),
		cmocka_unit_test(series_are_looked_up),
		cmocka_unit_test(one_series_is_judged_by_its_interval),
		cmocka_unit_test(few_launches_widen_the_interval),
		cmocka_unit_test(many_launches_do_not_widen_it_to_the_worst),
		cmocka_unit_test(ratios_have_their_interval_over_launches),
		cmocka_unit_test(exact_figures_may_lie_on_the_bound),
		cmocka_unit_test(a_ratio_to_nothing_is_undecided),
		cmocka_unit_test(secondary_metrics_are_found_by_name),
		cmocka_unit_test(what_was_not_measured_is_told_apart),
		cmocka_unit_test(every_unit_has_its_factor),
		cmocka_unit_test(figures_are_converted),
		cmocka_unit_test(launches_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
