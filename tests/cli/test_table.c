/* SPDX-License-Identifier: MIT */
/* table: columns line up by what is seen; terminals are not overrun; files are never cut. */
#include "tests/t.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/table_rows.h"

const struct cli_verb *const cli_verbs[] = {NULL};

static const char *const titles[] = {"name", ">median", "remark"};

static struct cli_table *sample(void)
{
	struct cli_table *table = cli_table_new(titles, 3);
	cli_table_row(table, (const char *[]){"memory/alloc_pair/subject:pool", "12.3 ns",
					      "a remark that goes on for quite a while"});
	cli_table_line(table, "-- between");
	cli_table_row(table, (const char *[]){"ä漢", "5 ns", NULL});
	return table;
}

static void columns_line_up(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	cli_table_print(sample(), out);
	fclose(out);
	assert_string_equal(
		text,
		"name                             median  remark\n"
		"memory/alloc_pair/subject:pool  12.3 ns  a remark that goes on for quite a while\n"
		"-- between\n"
		"ä漢                                5 ns  -\n");
	free(text);
}

static void cells_cannot_act_on_the_terminal(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct cli_table *table = cli_table_new(titles, 3);
	cli_table_row(table, (const char *[]){"\033[31mred", "1\n2", "\xff"});
	cli_table_print(table, out);
	fclose(out);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "?[31mred"));
	assert_non_null(strstr(text, "1?2"));
	free(text);
}

static void no_table_is_no_crash(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	cli_table_row(NULL, titles);
	cli_table_line(NULL, "x");
	cli_table_print(NULL, out);
	cli_table_free(NULL);
	cli_table_free(sample());
	fclose(out);
	assert_non_null(strstr(text, "out of memory"));
	free(text);
}

/*
 * What a table looks like on a terminal of `columns` columns, up to the line with `last`, the carriage
 * returns removed.
 */
static void shown(struct cli_table *table, unsigned short columns, const char *last, char *ret,
		  size_t size)
{
	int control = posix_openpt(O_RDWR | O_NOCTTY);
	if (control < 0 || grantpt(control) < 0 || unlockpt(control) < 0)
		skip();
	int terminal = open(ptsname(control), O_RDWR | O_NOCTTY);
	if (terminal < 0)
		skip();
	struct winsize window = {.ws_col = columns, .ws_row = 24};
	assert_int_equal(ioctl(terminal, TIOCSWINSZ, &window), 0);
	FILE *out = fdopen(terminal, "w");
	cli_table_print(table, out);
	fflush(out);
	size_t n = 0;
	while (n + 1 < size && (n == 0 || !strstr(ret, last) || ret[n - 1] != '\n')) {
		ssize_t got = read(control, ret + n, 1);
		assert_int_equal(got, 1);
		n += ret[n] != '\r';
		ret[n] = '\0';
	}
	fclose(out);
	close(control);
}

static void a_terminal_cuts_the_remark_first(void **state)
{
	char text[1000];
	shown(sample(), 60, "ä漢", text, sizeof(text));
	assert_string_equal(text,
			    "name                             median  remark\n"
			    "memory/alloc_pair/subject:pool  12.3 ns  a remark that goes…\n"
			    "-- between\n"
			    "ä漢                                5 ns  -\n");
}

static void then_the_middle_of_the_name_but_never_a_number(void **state)
{
	char text[1000];
	shown(sample(), 40, "ä漢", text, sizeof(text));
	assert_string_equal(text,
			    "name                median  remark\n"
			    "memory/a…ect:pool  12.3 ns  a remark th…\n"
			    "-- between\n"
			    "ä漢                   5 ns  -\n");
}

/* Two cases of one benchmark, one of another, and something else. */
static struct cli_table *names(void)
{
	static const char *const columns[] = {"/case", ">A", "?>±", "?why"};
	struct cli_table *table = cli_table_new(columns, 4);
	cli_table_row(table, (const char *[]){"memory/alloc_pair/size:64/subject:pool/threads:1",
					      "1.9 ns", "1 %", "a long explanation"});
	cli_table_row(table, (const char *[]){"memory/alloc_pair/size:64/subject:glibc/threads:1",
					      "7.7 ns", "10 %", ""});
	cli_table_row(table, (const char *[]){"cache/get/skew:0.99/threads:2", "5 ns", "2 %", ""});
	cli_table_row(table, (const char *[]){"geomean", "4 ns", "", ""});
	return table;
}

static void a_file_has_whole_names_and_all_columns(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	cli_table_print(names(), out);
	fclose(out);
	assert_non_null(strstr(text,
			       "memory/alloc_pair/size:64/subject:pool/threads:1   1.9 ns   "
			       "1 %  a long explanation\n"));
	free(text);
}

static void what_names_share_stands_above_them(void **state)
{
	char text[1000];
	shown(names(), 60, "geomean", text, sizeof(text));
	assert_string_equal(text,
			    "case                  A     ±  why\n"
			    "memory/alloc_pair size:64 threads:1\n"
			    "  subject:pool   1.9 ns   1 %  a long explanation\n"
			    "  subject:glibc  7.7 ns  10 %\n"
			    "cache/get skew:0.99 threads:2\n"
			    "                   5 ns   2 %\n"
			    "geomean            4 ns\n");
}

static void then_columns_go_that_can_be_missed(void **state)
{
	char text[1000];
	shown(names(), 32, "geomean", text, sizeof(text));
	assert_string_equal(text,
			    "case                  A     ±\n"
			    "memory/alloc_pair size:64\n"
			    "    threads:1\n"
			    "  subject:pool   1.9 ns   1 %\n"
			    "  subject:glibc  7.7 ns  10 %\n"
			    "cache/get skew:0.99 threads:2\n"
			    "                   5 ns   2 %\n"
			    "geomean            4 ns\n");
}

/* Many long names of many parts: what they share is found once, not again for each of them. */
static void long_names_are_grouped(void **state)
{
	enum { ROWS = 200, PARTS = 4000 };
	static const char *const columns[] = {"/case", ">A"};
	char name[PARTS * 8 + 100];
	size_t n = (size_t)snprintf(name, sizeof(name), "s/b");
	struct cli_table *table = cli_table_new(columns, 2);
	(void)state;
	for (size_t i = 0; i < PARTS; i++)
		n += (size_t)snprintf(name + n, sizeof(name) - n, "/p%zu", i);
	for (size_t i = 0; i < ROWS; i++) {
		snprintf(name + n, sizeof(name) - n, "/x:%zu", i);
		cli_table_row(table, (const char *[]){name, "1 ns"});
	}
	table_group_names(table, 0);
	assert_int_equal(table->n_rows, ROWS + 1);
	assert_int_equal(strncmp(table->rows[0].line, "s/b p0 p1 p2 ", 13), 0);
	assert_string_equal(table->rows[1].cells[0], "  x:0");
	assert_string_equal(table->rows[ROWS].cells[0], "  x:199");
	cli_table_free(table);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_line_up),
		cmocka_unit_test(cells_cannot_act_on_the_terminal),
		cmocka_unit_test(no_table_is_no_crash),
		cmocka_unit_test(a_terminal_cuts_the_remark_first),
		cmocka_unit_test(then_the_middle_of_the_name_but_never_a_number),
		cmocka_unit_test(a_file_has_whole_names_and_all_columns),
		cmocka_unit_test(what_names_share_stands_above_them),
		cmocka_unit_test(then_columns_go_that_can_be_missed),
		cmocka_unit_test(long_names_are_grouped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
