/* SPDX-License-Identifier: MIT */
/* test_figure: which figure a benchmark gets, what is left out of it, and what gnuplot makes of it. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/gnuplot.h"
#include "tests/reports/fixture.h"
#include "tests/t.h"

static struct assay_figure *figure_of(struct fixture *f, const char *suite, const char *name)
{
	struct assay_err err = {0};
	struct assay_figure *figure = NULL;
	const struct assay_report_run *run = fixture_model(f)->runs;
	for (size_t s = 0; s < run->n_suites; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++)
			if (strcmp(run->suites[s].name, suite) == 0 &&
			    strcmp(run->suites[s].benches[b].name, name) == 0)
				assert_ok(assay_figure_new(run, &run->suites[s].benches[b], &figure,
							   &err));
	return figure;
}

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
		struct assay_figure *figure = figure_of(f, want[i].suite, want[i].bench);
		if (!figure)
			fail_msg("no figure for %s/%s", want[i].suite, want[i].bench);
		assert_int_equal(figure->kind, want[i].kind);
		assert_int_equal(figure->n_series, want[i].series);
		assert_int_equal(figure->n_rows, want[i].rows);
		assert_int_equal(strncmp(figure->title, want[i].title, strlen(want[i].title)), 0);
		assay_figure_free(figure);
	}
	assert_null(figure_of(f, "gpu", "triad")); /* skipped: nothing to draw */
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
		struct assay_figure *figure = figure_of(f, "scaling", "autoscale_trace");
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
	struct assay_figure *figure = figure_of(f, "memory", "latency");
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
		struct assay_figure *figure = figure_of(f, "cache", "miss_ratio");
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
	struct assay_figure *figure = figure_of(f, "cache", "miss_curve");
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
	struct assay_figure *figure = figure_of(f, "memory", "flops");
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
		struct assay_figure *figure = figure_of(f, "scaling", "strong");
		assert_non_null(figure);
		assert_int_equal(figure->series[0].fitted, most == 6);
		if (most == 6)
			assert_close(figure->series[0].curve[ASSAY_FIGURE_CURVE - 1], 4, 0.01);
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
	struct assay_figure *figure = figure_of(f, "memory", "alloc_pair");
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
	struct assay_figure *figure = figure_of(f, "cache", "get");
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
	struct assay_figure *figure = figure_of(f, "memory", "latency");
	assert_non_null(figure);
	assert_int_equal(figure->n_series, 1);
	assert_int_equal(figure->series[0].n, 2);
	assert_close(figure->series[0].points[1].y, 5, 0);
	assert_close(figure->series[0].points[1].lo, 5, 0);
	assert_close(figure->series[0].points[1].hi, 5, 0);
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
	assert_null(figure_of(f, "memory", "latency"));
	assert_null(figure_of(f, "zoo", "one"));
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
	struct assay_figure *figure = figure_of(f, "cache", "get");
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
	struct assay_figure *figure = figure_of(f, "zoo", "many");
	assert_non_null(figure);
	assert_int_equal(figure->n_rows, ASSAY_FIGURE_ROWS);
	assert_int_equal(figure->left_out, 200 - ASSAY_FIGURE_ROWS);
	assert_non_null(strstr(figure->note.text, "156 more in the table"));
	assay_figure_free(figure);
	fixture_free(f);
}

/* ---- gnuplot itself ---- */

static void need_gnuplot(void)
{
	if (access("/usr/bin/gnuplot", X_OK) != 0)
		skip();
}

static void test_drawing(void **state)
{
	static const char *const names[][2] = {{"memory", "latency"}, {"memory", "bandwidth"},
					       {"cache", "get"},      {"scaling", "strong"},
					       {"zoo", "lion"},       {"memory", "alloc_pair"}};
	enum { N = sizeof(names) / sizeof(names[0]) };
	struct fixture *f = fixture_new();
	struct assay_figure *figures[N];
	struct assay_str script = {0}, files[2 * N] = {{0}};
	struct assay_err err = {0};
	(void)state;
	need_gnuplot();
	fixture_fill(f);
	for (size_t i = 0; i < 2 * N; i++) {
		char name[32];
		snprintf(name, sizeof(name), "%zu.svg", i);
		if (i % 2 == 0)
			figures[i / 2] = figure_of(f, names[i / 2][0], names[i / 2][1]);
		assay_gnuplot_script(&script, figures[i / 2], (int)(i % 2), name);
	}
	assert_ok(assay_gnuplot_run(NULL, script.text, files, 2 * N, &err));
	for (size_t i = 0; i < 2 * N; i++) {
		struct assay_str page = {0};
		assert_ok(assay_svg_inline(&page, files[i].text, "wide", "T <b>", "S", &err));
		assert_true(assay_svg_complete(page.text));
		assert_non_null(strstr(page.text, "<path class=\""));
		assert_true(strlen(page.text) * 3 < files[i].length);
		assert_non_null(strstr(page.text, "T &lt;b&gt;"));
		/* No sentinel, no foreign colour, font or id is left. */
		assert_null(strstr(page.text, "rgb("));
		assert_null(strstr(page.text, "font-family"));
		assert_null(strstr(page.text, " id="));
		assert_null(strstr(page.text, "gnuplot"));
		assay_str_done(&page);
		assay_str_done(&files[i]);
	}
	for (size_t i = 0; i < N; i++)
		assay_figure_free(figures[i]);
	assay_str_done(&script);
	fixture_free(f);
}

/* A bar covers no interval: what is drawn last is above. */
static void test_intervals_above_bars(void **state)
{
	struct fixture *f = fixture_new();
	struct assay_str script = {0}, file = {0}, page = {0};
	struct assay_err err = {0};
	(void)state;
	need_gnuplot();
	for (int i = 0; i < 3; i++) {
		static const char *const subjects[] = {"a", "b", "null"};
		struct assay_result *r =
			FIXTURE_ADD(f, "memory", "alloc_pair", subjects[i], NULL, .median = 10 + i);
		r->estimate.lo = 5;
		r->estimate.hi = 15;
	}
	struct assay_figure *figure = figure_of(f, "memory", "alloc_pair");
	assay_gnuplot_script(&script, figure, ASSAY_WIDE, "0.svg");
	assert_ok(assay_gnuplot_run(NULL, script.text, &file, 1, &err));
	assert_ok(assay_svg_inline(&page, file.text, "wide", "T", "S", &err));
	const char *interval = strstr(page.text, "<path class=\"t\" stroke-width=\"1.5\"");
	const char *bar = NULL;
	for (const char *at = page.text; (at = strstr(at, "<path class=\"f ")); at++)
		bar = at;
	assert_true(interval && bar && bar < interval);
	assay_figure_free(figure);
	assay_str_done(&script);
	assay_str_done(&file);
	assay_str_done(&page);
	fixture_free(f);
}

static size_t entries(const char *folder)
{
	size_t n = 0;
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

/* A private TMPDIR, to see what is left behind. */
static void own_folder(char folder[64])
{
	assert_non_null(mkdtemp(t_path(folder, "figure")));
	assert_int_equal(setenv("TMPDIR", folder, 1), 0);
}

static void remove_own_folder(const char *folder)
{
	unsetenv("TMPDIR");
	assert_int_equal(entries(folder), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* Names that would run commands, if any of them were ever interpreted. */
static void test_hostile_names(void **state)
{
	static const char *const hostile[] = {
		"`touch pwned`",
		"\"`touch pwned`\"",
		"'.system('touch pwned').'",
		"x'\nsystem 'touch pwned'\n'",
		"EOD\nsystem 'touch pwned'",
		"@x {/Bold a} \\n $D0 #",
		"%s%n%d 50 %",
		"<script>alert(1)</script>&\xff\xfe\xe2\x80\xae",
	};
	enum { N = sizeof(hostile) / sizeof(hostile[0]) };
	struct fixture *f = fixture_new();
	struct assay_str script = {0}, files[2] = {{0}};
	struct assay_err err = {0};
	char folder[64];
	(void)state;
	need_gnuplot();
	own_folder(folder);
	for (size_t i = 0; i < N; i++)
		FIXTURE_ADD(f, "zoo", "wild", hostile[i], NULL, (unsigned)i + 1,
			    .median = 1 + (double)i, .spread = 0.1);
	struct assay_figure *figure = figure_of(f, "zoo", "wild");
	assert_non_null(figure);
	assay_gnuplot_script(&script, figure, ASSAY_WIDE, "0.svg");
	assay_gnuplot_script(&script, figure, ASSAY_NARROW, "1.svg");
	assert_ok(assay_gnuplot_run(NULL, script.text, files, 2, &err));
	assert_null(strstr(files[0].text, "<script"));
	assert_non_null(strstr(files[0].text, "`touch pwned`"));
	assert_non_null(strstr(files[0].text, "%s%n%d 50 %"));
	remove_own_folder(folder); /* empty: had one of them run, its file would keep it */
	assert_int_not_equal(access("pwned", F_OK), 0);
	for (size_t i = 0; i < 2; i++)
		assay_str_done(&files[i]);
	assay_figure_free(figure);
	assay_str_done(&script);
	fixture_free(f);
}

static void test_missing_program(void **state)
{
	struct assay_str file = {0};
	struct assay_err err = {0};
	char folder[64];
	(void)state;
	own_folder(folder);
	const char *path = getenv("PATH");
	char *before = strdup(path ? path : "/usr/bin:/bin");
	assert_non_null(before);
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	enum assay_code rc = assay_gnuplot_run(NULL, "", &file, 1, &err);
	assert_int_equal(setenv("PATH", before, 1), 0);
	free(before);
	assert_int_equal(rc, ASSAY_SKIP);
	assert_non_null(strstr(err.text, "gnuplot is not installed"));
	assert_fails(assay_gnuplot_run("/nowhere/gnuplot", "", &file, 1, &err), ASSAY_SKIP,
		     "/nowhere/gnuplot is not installed");
	remove_own_folder(folder);
}

static void test_failing_program(void **state)
{
	struct assay_str file = {0};
	struct assay_err err = {0};
	char folder[64];
	(void)state;
	own_folder(folder);
	assert_fails(assay_gnuplot_run("/bin/false", "", &file, 1, &err), ASSAY_SKIP,
		     "gnuplot gave up with status 1");
	assert_fails(assay_gnuplot_run("/bin/true", "", &file, 1, &err), ASSAY_SKIP,
		     "gnuplot left no 0.svg");
	remove_own_folder(folder);
}

static void test_failing_script(void **state)
{
	struct assay_str files[2] = {{0}};
	struct assay_err err = {0};
	char folder[64];
	(void)state;
	need_gnuplot();
	own_folder(folder);
	/* The first figure is whole and kept, the second breaks. */
	assert_fails(assay_gnuplot_run(NULL,
				       "set terminal svg\nset output '0.svg'\nplot x\n"
				       "set output '1.svg'\nplot nonsense\n",
				       files, 2, &err),
		     ASSAY_SKIP, "nonsense");
	assert_true(assay_svg_complete(files[0].text));
	assert_int_equal(files[1].length, 0);
	assay_str_done(&files[0]);
	assay_str_done(&files[1]);
	/* A warning alone is a failure too: the figure is not what was asked for. */
	assert_fails(assay_gnuplot_run(NULL,
				       "set terminal svg\nset output '0.svg'\n"
				       "set xrange [1:1]\nplot x\n",
				       files, 1, &err),
		     ASSAY_SKIP, "gnuplot");
	assay_str_done(&files[0]);
	remove_own_folder(folder);
}

static void test_incomplete_svg(void **state)
{
	struct assay_str to = {0};
	struct assay_err err = {0};
	(void)state;
	assert_false(assay_svg_complete(""));
	assert_false(assay_svg_complete("<svg viewBox=\"0 0 1 1\"><g>"));
	assert_true(assay_svg_complete("<svg viewBox=\"0 0 1 1\"></svg>\n"));
	assert_fails(assay_svg_inline(&to, "<svg", "c", "t", "s", &err), ASSAY_EPARSE,
		     "not a whole SVG");
	assert_fails(assay_svg_inline(&to, "<svg></svg>", "c", "t", "s", &err), ASSAY_EPARSE,
		     "no size");
	assay_str_done(&to);
}

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
		cmocka_unit_test(test_wide_interval),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_only_sound_numbers),
		cmocka_unit_test(test_nothing_to_draw),
		cmocka_unit_test(test_fall_through),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_drawing),
		cmocka_unit_test(test_intervals_above_bars),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_failing_program),
		cmocka_unit_test(test_failing_script),
		cmocka_unit_test(test_incomplete_svg),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
