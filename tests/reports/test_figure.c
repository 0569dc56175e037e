/* SPDX-License-Identifier: MIT */
/* test_figure: which figure a benchmark gets, and what is left out of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/figure.h"
#include "tests/reports/fixture.h"
#include "tests/t.h"

static void test_standard_figures(void **state)
{
	static const struct {
		const char *suite, *bench, *title;
		enum assay_figure_kind kind;
		size_t series, rows;
	} want[] = {
		{"memory", "latency", "Latency", ASSAY_FIGURE_LINES, 2, 0},
		{"memory", "alloc_pair", "Cost", ASSAY_FIGURE_BARS, 0, 3},
		{"memory", "bandwidth", "Memory bandwidth", ASSAY_FIGURE_BARS, 0, 2},
		{"cache", "get", "Look-up throughput by number", ASSAY_FIGURE_LINES, 2, 0},
		{"concurrency", "spawn", "Cost of a tree", ASSAY_FIGURE_BARS, 0, 2},
		{"scaling", "strong", "Speed-up", ASSAY_FIGURE_LINES, 1, 0},
		{"zoo", "lion", "Time by subject", ASSAY_FIGURE_DOTS, 0, 2},
	};
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct assay_figure *figure = fixture_figure(f, want[i].suite, want[i].bench);
		if (!figure)
			fail_msg("no figure for %s/%s", want[i].suite, want[i].bench);
		assert_int_equal(figure->kind, want[i].kind);
		assert_int_equal(figure->n_series, want[i].series);
		assert_int_equal(figure->n_rows, want[i].rows);
		assert_int_equal(strncmp(figure->title, want[i].title, strlen(want[i].title)), 0);
		assay_figure_free(figure);
	}
	assert_null(fixture_figure(f, "gpu", "triad")); /* skipped: nothing to draw */
	fixture_free(f);
}

/* One metric over another: a line per policy through its delays; of one delay, points. */
static void test_trade_off(void **state)
{
	static const char *const cases[] = {"policy:hpa/delay:10", "policy:hpa/delay:120",
					    "policy:hybrid/delay:10", "policy:hybrid/delay:120"};
	(void)state;
	for (size_t step = 1; step <= 2; step++) {
		struct fixture *f = fixture_new();
		for (size_t i = 0; i < 4; i += step) {
			FIXTURE_ADD(f, "scaling", "autoscale_trace", "", cases[i], 1,
				    .median = 1e6);
			fixture_beside(f, "replica_hours", "h", 72.5 - (double)i);
			fixture_beside(f, "unserved", "ratio", 0.001 * (double)i);
		}
		struct assay_figure *figure = fixture_figure(f, "scaling", "autoscale_trace");
		assert_non_null(figure);
		assert_int_equal(figure->kind, ASSAY_FIGURE_LINES);
		assert_int_equal(figure->n_series, 2);
		assert_string_equal(figure->x_label.text, "replica_hours, h");
		assert_true(figure->x_round);
		const struct assay_figure_series *hpa = &figure->series[0];
		assert_int_equal(hpa->n, 3 - step);
		assert_close(hpa->points[hpa->n - 1].x, 72.5, 0);
		assert_close(hpa->points[hpa->n - 1].y, 0, 0);
		assert_null(hpa->points[0].x_text);
		assay_figure_free(figure);
		fixture_free(f);
	}
}

static void test_latency_curve(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	fixture_fill(f);
	struct assay_figure *figure = fixture_figure(f, "memory", "latency");
	assert_non_null(figure);
	assert_true(figure->log_x && figure->log_y);
	assert_int_equal(figure->series[0].n, 4);
	assert_int_equal(figure->series[1].n, 2);
	for (size_t i = 1; i < 4; i++)
		assert_true(figure->series[0].points[i].x > figure->series[0].points[i - 1].x);
	assert_int_equal(figure->n_marks, 3);
	assert_string_equal(figure->marks[0].label, "L1d");
	assert_close(figure->marks[2].x, 33554432, 0);
	assay_figure_free(figure);
	fixture_free(f);
}

/* A line per policy where there are several capacities, else a bar; the ratio, not how fast it was found. */
static void test_miss_ratio(void **state)
{
	static const char *const cases[] = {
		"policy:LRU/capacity:0.01", "policy:Belady/capacity:0.01",
		"policy:LRU/capacity:0.1", "policy:Belady/capacity:0.1"};
	struct fixture *f = fixture_new();
	(void)state;
	for (size_t n = 1; n <= 2; n++) {
		for (size_t i = 2 * n - 2; i < 2 * n; i++) {
			FIXTURE_ADD(f, "cache", "miss_ratio", NULL, cases[i], .metric = "rate",
				    .unit = "op/s", .better = ASSAY_HIGHER, .median = 1e8);
			fixture_beside(f, "miss_ratio", "ratio", 0.1 * (double)(i + 1));
		}
		struct assay_figure *figure = fixture_figure(f, "cache", "miss_ratio");
		assert_non_null(figure);
		assert_int_equal(figure->kind, n == 1 ? ASSAY_FIGURE_BARS : ASSAY_FIGURE_LINES);
		assert_string_equal(figure->metric.name, "miss_ratio");
		assert_int_equal(figure->n_series, n == 1 ? 0 : 2);
		assay_figure_free(figure);
	}
	fixture_free(f);
}

/* The curve of one pass over a trace, from its counters; what is no ratio is left out. */
static void test_miss_curve(void **state)
{
	static struct assay_count counters[] = {
		{.event = "requests", .value = 1000, .quality = ASSAY_EXACT},
		{.event = "misses_at_100", .value = 250, .quality = ASSAY_EXACT},
		{.event = "misses_at_10", .value = 500, .quality = ASSAY_EXACT},
		{.event = "misses_at_20", .value = 2000, .quality = ASSAY_EXACT},
		{.event = "misses_at_30", .quality = ASSAY_UNAVAILABLE},
		{.event = "misses_at_x", .value = 1, .quality = ASSAY_EXACT},
	};
	struct fixture *f = fixture_new();
	(void)state;
	struct assay_result *r =
		FIXTURE_ADD(f, "cache", "miss_curve", NULL, "trace:zipf", .median = 1e6);
	r->counters = counters;
	r->n_counters = sizeof(counters) / sizeof(counters[0]);
	FIXTURE_ADD(f, "cache", "miss_curve", NULL, "trace:loop", .median = 1e6);
	struct assay_figure *figure = fixture_figure(f, "cache", "miss_curve");
	assert_non_null(figure);
	assert_int_equal(figure->n_series, 1);
	assert_string_equal(figure->series[0].label.text, "trace:zipf");
	assert_int_equal(figure->series[0].n, 2);
	assert_close(figure->series[0].points[0].x, 10, 0);
	assert_close(figure->series[0].points[0].y, 0.5, 0);
	assert_close(figure->series[0].points[1].y, 0.25, 0);
	assay_figure_free(figure);
	fixture_free(f);
}

/* A roof per size: along the bandwidth up to the ridge, level from there. */
static void test_roofline(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "bandwidth", "avx2", "op:triad/size:16Ki", .unit = "B/s",
		    .metric = "bandwidth", .better = ASSAY_HIGHER, .median = 8e10);
	FIXTURE_ADD(f, "memory", "bandwidth", "avx2", "op:triad/size:64Mi", .unit = "B/s",
		    .metric = "bandwidth", .better = ASSAY_HIGHER, .median = 1e10);
	FIXTURE_ADD(f, "memory", "bandwidth", "avx2", "op:read/size:64Mi", .unit = "B/s",
		    .metric = "bandwidth", .better = ASSAY_HIGHER, .median = 9e10);
	FIXTURE_ADD(f, "memory", "flops", "flops_avx2", NULL, .unit = "flop/s", .metric = "flops",
		    .better = ASSAY_HIGHER, .median = 2e10);
	struct assay_figure *figure = fixture_figure(f, "memory", "flops");
	assert_non_null(figure);
	assert_int_equal(figure->n_series, 2);
	for (size_t s = 0; s < 2; s++) {
		double bandwidth = s ? 1e10 : 8e10;
		bool ridge = false;
		for (size_t i = 0; i < figure->series[s].n; i++) {
			const struct assay_figure_point *p = &figure->series[s].points[i];
			assert_close(p->y, fmin(2e10, bandwidth * p->x), 1);
			ridge |= fabs(p->x - 2e10 / bandwidth) < 1e-9;
			assert_true(i == 0 || p->x > p[-1].x);
		}
		assert_true(ridge);
	}
	assert_non_null(strstr(figure->series[1].label.text, "64Mi of memory: 10.00 GB/s"));
	assay_figure_free(figure);
	fixture_free(f);
}

/* A law is drawn through a speed-up with enough thread counts, and nowhere else. */
static void test_fitted(void **state)
{
	(void)state;
	for (unsigned most = 3; most <= 6; most += 3) {
		struct fixture *f = fixture_new();
		for (unsigned t = 1; t <= most; t++) {
			FIXTURE_ADD(f, "scaling", "strong", "threads", NULL, t, .median = 1e6);
			fixture_beside(f, "speedup", "ratio", t / (1 + 0.1 * (t - 1)));
		}
		struct assay_figure *figure = fixture_figure(f, "scaling", "strong");
		assert_non_null(figure);
		assert_int_equal(figure->series[0].fitted, most == 6);
		if (most == 6)
			assert_close(figure->series[0].curve[ASSAY_FIGURE_CURVE - 1], 4, 0.01);
		assay_figure_free(figure);
		fixture_free(f);
	}
}

/* It is drawn where it was fitted: to the last of many counts, and not to those without a core for each thread. */
static void test_where_fitted(void **state)
{
	enum { COUNTS = 40, PINNED = 32 };
	(void)state;
	for (unsigned last = PINNED; last <= COUNTS; last += COUNTS - PINNED) {
		struct fixture *f = fixture_new();
		for (unsigned t = 1; t <= COUNTS; t++) {
			FIXTURE_ADD(f, "scaling", "strong", "threads", NULL, t, .median = 1e6);
			struct assay_result *r =
				fixture_beside(f, "speedup", "ratio", t / (1 + 0.1 * (t - 1)));
			if (t > last) {
				r->flags = ASSAY_RESULT_UNPINNED;
				r->estimate.median = 0.1;
			}
		}
		struct assay_figure *figure = fixture_figure(f, "scaling", "strong");
		assert_non_null(figure);
		const struct assay_figure_series *series = &figure->series[0];
		assert_true(series->fitted);
		assert_int_equal(series->n, COUNTS);
		assert_close(series->curve_from, 1, 0);
		assert_close(series->curve_to, last, 0);
		assert_close(series->curve[ASSAY_FIGURE_CURVE - 1], last / (1 + 0.1 * (last - 1)),
			     0.01);
		assay_figure_free(figure);
		fixture_free(f);
	}
}

/* An interval that leaves no room for the medians is cut, and it is said. */
static void test_wide_interval(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "alloc_pair", "a", NULL, .median = 10, .spread = 0.1);
	FIXTURE_ADD(f, "memory", "alloc_pair", "b", NULL, .median = 20, .spread = 0.99);
	f->results[1].estimate.hi = 5000;
	struct assay_figure *figure = fixture_figure(f, "memory", "alloc_pair");
	assert_non_null(figure);
	assert_close(figure->rows[0].hi, 11, 1e-9);
	assert_close(figure->rows[1].hi, 30, 1e-9);
	assert_non_null(strstr(figure->note.text, "reach the edge go on"));
	assay_figure_free(figure);
	fixture_free(f);
}

/* As long as there are colours no two lines share one, however many subjects the benchmark has. */
static void test_colours(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	for (unsigned i = 0; i < 24; i++) {
		char *subject;
		assert_true(asprintf(&subject, "s%02u", (i % 12 * 5) % 12) > 0);
		FIXTURE_ADD(f, "cache", "get", subject, NULL, 1 + i / 12, "rate", "op/s",
			    ASSAY_HIGHER, 1e6 + i);
		f->texts[f->n_texts++] = subject;
	}
	struct assay_figure *figure = fixture_figure(f, "cache", "get");
	assert_non_null(figure);
	assert_int_equal(figure->n_series, ASSAY_FIGURE_SERIES);
	unsigned seen = 0;
	for (size_t i = 0; i < figure->n_series; i++)
		seen |= 1u << figure->series[i].colour;
	assert_int_equal(seen, (1u << ASSAY_FIGURE_COLOURS) - 1);
	assay_figure_free(figure);
	fixture_free(f);
}

/* What cannot stand on a logarithmic axis, or on any, is left out; its neighbours stay. */
static void test_only_sound_numbers(void **state)
{
	static const double values[] = {1, NAN, 0, -3, INFINITY, 1e300, 5};
	struct fixture *f = fixture_new();
	(void)state;
	for (size_t i = 0; i < 7; i++) {
		char params[32];
		snprintf(params, sizeof(params), "size:%zuKi", (size_t)1 << i);
		FIXTURE_ADD(f, "memory", "latency", NULL, params, .median = values[i],
			    .spread =
				    i == 6 ? 2 : 0.1); /* the last one's interval reaches below 0 */
	}
	struct assay_figure *figure = fixture_figure(f, "memory", "latency");
	assert_non_null(figure);
	assert_int_equal(figure->n_series, 1);
	assert_int_equal(figure->series[0].n, 2);
	assert_close(figure->series[0].points[1].y, 5, 0);
	assert_close(figure->series[0].points[1].lo, 5, 0);
	assert_close(figure->series[0].points[1].hi, 5, 0);
	/* Zero, -3, infinity and 1e300 stand in the table alone, and that is said. */
	assert_int_equal(figure->left_out, 4);
	assert_non_null(strstr(figure->note.text, "4 more in the table"));
	assay_figure_free(figure);
	for (size_t i = 0; i < 3; i++)
		FIXTURE_ADD(f, "zoo", "owl",
			    i == 0   ? "a"
			    : i == 1 ? "b"
				     : "c",
			    NULL, .median = 1 - (double)i);
	figure = fixture_figure(f, "zoo", "owl");
	assert_int_equal(figure->n_rows, 2);
	assert_int_equal(figure->left_out, 1);
	assay_figure_free(figure);
	fixture_free(f);
}

static void test_nothing_to_draw(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "memory", "latency", NULL, "size:4Ki", .median = NAN);
	FIXTURE_ADD(f, "memory", "latency", NULL, "size:8Ki", .median = NAN);
	FIXTURE_ADD(f, "zoo", "one", NULL, NULL, .median = 4);
	assert_null(fixture_figure(f, "memory", "latency"));
	assert_null(fixture_figure(f, "zoo", "one"));
	fixture_free(f);
}

/* One number of threads makes no line: the next rule of the table is taken. */
static void test_fall_through(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	FIXTURE_ADD(f, "cache", "get", "a", NULL, 1, "rate", "op/s", ASSAY_HIGHER, 1e6);
	FIXTURE_ADD(f, "cache", "get", "b", NULL, 1, "rate", "op/s", ASSAY_HIGHER, 2e6);
	FIXTURE_ADD(f, "cache", "get", "null", NULL, 1, "rate", "op/s", ASSAY_HIGHER, 9e8);
	struct assay_figure *figure = fixture_figure(f, "cache", "get");
	assert_non_null(figure);
	assert_int_equal(figure->kind, ASSAY_FIGURE_BARS);
	assert_int_equal(figure->n_rows, 2); /* null would dwarf them */
	assert_int_equal(figure->rows[0].colour, 0);
	assert_int_equal(figure->rows[1].colour, ASSAY_FIGURE_TINT);
	assay_figure_free(figure);
	fixture_free(f);
}

static void test_room(void **state)
{
	struct fixture *f = fixture_new();
	(void)state;
	for (unsigned i = 0; i < 200; i++)
		FIXTURE_ADD(f, "zoo", "many", "s", NULL, i + 1, .median = 1 + i);
	struct assay_figure *figure = fixture_figure(f, "zoo", "many");
	assert_non_null(figure);
	assert_int_equal(figure->n_rows, ASSAY_FIGURE_ROWS);
	assert_int_equal(figure->left_out, 200 - ASSAY_FIGURE_ROWS);
	assert_non_null(strstr(figure->note.text, "156 more in the table"));
	assay_figure_free(figure);
	fixture_free(f);
}

/* ---- gnuplot itself ---- */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standard_figures),
		cmocka_unit_test(test_trade_off),
		cmocka_unit_test(test_latency_curve),
		cmocka_unit_test(test_miss_ratio),
		cmocka_unit_test(test_miss_curve),
		cmocka_unit_test(test_roofline),
		cmocka_unit_test(test_fitted),
		cmocka_unit_test(test_where_fitted),
		cmocka_unit_test(test_wide_interval),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_only_sound_numbers),
		cmocka_unit_test(test_nothing_to_draw),
		cmocka_unit_test(test_fall_through),
		cmocka_unit_test(test_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
