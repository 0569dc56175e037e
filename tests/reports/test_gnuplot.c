/* SPDX-License-Identifier: MIT */
/* test_gnuplot: what gnuplot makes of figures, and what becomes of its folder, program and failures. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports/gnuplot.h"
#include "tests/reports/fixture.h"
#include "tests/t.h"

static void need_gnuplot(void)
{
	if (access("/usr/bin/gnuplot", X_OK) != 0)
		skip();
}

static void assert_finite_script(struct assay_figure *figure)
{
	struct assay_str script = {0};
	assert_non_null(figure);
	assay_gnuplot_script(&script, figure, ASSAY_WIDE, "0.svg");
	assay_gnuplot_script(&script, figure, ASSAY_NARROW, "1.svg");
	assert_false(script.failed);
	assert_null(strstr(script.text, "inf"));
	assert_null(strstr(script.text, "nan"));
	assay_str_done(&script);
	assay_figure_free(figure);
}

/* Steps between ticks are no zero and ratios no infinity, however small, large or far from zero values are. */
static void test_extreme_numbers(void **state)
{
	static const double medians[][3] = {
		{5e-324, 1e-323, 1}, {1e-249, 1, 1e249}, {1e-140, 1, 1e140}};
	(void)state;
	for (size_t i = 0; i < sizeof(medians) / sizeof(medians[0]); i++) {
		struct fixture *f = fixture_new();
		FIXTURE_ADD(f, "zoo", "ant", "a", NULL, .median = medians[i][0]);
		FIXTURE_ADD(f, "zoo", "ant", "b", NULL, .median = medians[i][1]);
		FIXTURE_ADD(f, "zoo", "ant", "c", NULL, .median = medians[i][2]);
		FIXTURE_ADD(f, "zoo", "ant", "d", NULL, .median = 0.5);
		assert_finite_script(fixture_figure(f, "zoo", "ant"));
		fixture_free(f);
	}
	struct fixture *f = fixture_new();
	FIXTURE_ADD(f, "zoo", "fly", "a", NULL, .median = 0)->estimate.hi = 5e-324;
	FIXTURE_ADD(f, "zoo", "fly", "b", NULL, .median = 0);
	for (size_t i = 0; i < 2; i++) {
		FIXTURE_ADD(f, "scaling", "autoscale_trace", "", i ? "delay:1" : "delay:2",
			    .median = 1e6);
		fixture_beside(f, "replica_hours", "h", 1e17 + 64 * (double)i);
		fixture_beside(f, "unserved", "ratio", 0.1);
	}
	assert_finite_script(fixture_figure(f, "zoo", "fly"));
	assert_finite_script(fixture_figure(f, "scaling", "autoscale_trace"));
	fixture_free(f);
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
			figures[i / 2] = fixture_figure(f, names[i / 2][0], names[i / 2][1]);
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
	struct assay_figure *figure = fixture_figure(f, "memory", "alloc_pair");
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
	struct assay_figure *figure = fixture_figure(f, "zoo", "wild");
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

/* Who is told to end while figures are drawn dies of that signal, and leaves no folder behind. */
static void test_signal(void **state)
{
	static const char text[] = "#!/bin/sh\nkill -TERM $PPID\nexec sleep 60\n";
	char folder[64], program[64];
	int status;
	(void)state;
	int fd = mkstemp(t_path(program, "drawer"));
	assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) == sizeof(text) - 1);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	own_folder(folder);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct assay_str file = {0};
		struct assay_err err = {0};
		signal(SIGTERM, SIG_DFL);
		assay_gnuplot_run(program, "", &file, 1, &err);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	remove_own_folder(folder);
	unlink(program);
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
		cmocka_unit_test(test_extreme_numbers),
		cmocka_unit_test(test_drawing),
		cmocka_unit_test(test_intervals_above_bars),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_failing_program),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_failing_script),
		cmocka_unit_test(test_incomplete_svg),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
