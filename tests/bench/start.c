/* SPDX-License-Identifier: MIT */
/* start: how long a user waits: for the first result, for profile quick, for `list`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "tests/bench/child.h"
#include "tests/temporary.h"

static double seconds_since(uint64_t began)
{
	return (double)(assay_now_ns() - began) / 1e9;
}

static bool line(const char *what, double got, double wanted, const char *unit)
{
	bool met = got >= 0 && got <= wanted;
	printf("%-40s %7.2f %s; at most %g: %s\n", what, got, unit, wanted, met ? "met" : "MISSED");
	return met;
}

static double median_list_ms(const char *program)
{
	const char *const list[] = {program, "list", NULL};
	double ms[21];
	for (size_t i = 0; i < 21; i++) {
		uint64_t began = assay_now_ns();
		if (child_run(list) != 0)
			return 1e9;
		ms[i] = seconds_since(began) * 1e3;
	}
	return median_of(ms, 21);
}

int main(void)
{
	const char *program = getenv("BENCH_PROGRAM");
	char path[T_PATH], db[64], text[1024];
	if (!program || !mkdtemp(t_path(path, "bench")))
		return 2;
	snprintf(db, sizeof(db), "%s/quick.db", path);
	const char *const quick[] = {program, "run", "--db", db, NULL};
	struct child child;
	uint64_t began = assay_now_ns();
	if (!child_start(&child, quick, true))
		return 2;
	double first = -1;
	while (first < 0 && fgets(text, sizeof(text), child.lines))
		if (text[0] == '[')
			first = seconds_since(began);
	int status = child_finish(&child);
	double whole = seconds_since(began);
	bool met = line("first result of `assay run`", first, 2, "s");
	met &= line("all of `assay run`, profile quick", whole, 60, "s");
	met &= line("assay list, median of 21", median_list_ms(program), 20, "ms");
	if (status != 0)
		printf("the run exited with %d\n", status);
	unlink(db);
	rmdir(path);
	return !(met && status == 0);
}
