/* SPDX-License-Identifier: MIT */
/*
 * gate_time: how long a gate takes to say that unchanged code is unchanged: this build against itself.
 * Beside it, what the same answer costs with Google Benchmark and its compare.py: 9 repetitions of the
 * default time on each side, without the time of compare.py itself. That time hardly depends on what
 * is measured. Arguments: rounds (5), then patterns.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "tests/bench/child.h"
#include "tests/bench/gated.h"
#include "tests/temporary.h"

enum { MAX_ROUNDS = 50, MAX_PATTERNS = 40 };

/* Cheap, one thread, and no set-up that takes longer than the samples. */
static const char *const usual[] = {
	"selftest/spin/threads:1",
	"selftest/empty",
	"selftest/walk",
	"memory/alloc_pair",
	"memory/alloc_slots",
	"memory/latency/size:16Ki/*",
	"memory/latency/size:256Ki/*",
	NULL,
};

static bool line(const char *what, double got, double wanted, bool at_least)
{
	bool met = at_least ? got >= wanted : got <= wanted;
	printf("%-50s %6.2f; at %s %g: %s\n", what, got, at_least ? "least" : "most", wanted,
	       met ? "met" : "MISSED");
	return met;
}

/* One gate after another; the median of their seconds per benchmark, or negative. */
static double gate_rounds(const char *program, const char *folder, const char *const *patterns,
			  size_t rounds)
{
	const char *words[MAX_PATTERNS + 3] = {"--base", program};
	double each[MAX_ROUNDS];
	struct gated all = {0};
	for (size_t i = 0; patterns[i] && i < MAX_PATTERNS; i++)
		words[i + 2] = patterns[i];
	printf("round  benchmarks  launches  seconds  per benchmark\n");
	for (size_t i = 0; i < rounds; i++) {
		struct gated one = {0};
		if (!gated_run(program, folder, words, &one))
			return -1;
		each[i] = one.seconds / (double)one.series;
		printf("%5zu  %10zu  %8zu  %7.2f  %13.3f  ", i + 1, one.series, one.launches,
		       one.seconds, each[i]);
		gated_print(&one);
		printf("\n");
		fflush(stdout);
		for (size_t d = 0; d < GATED_DECISIONS; d++)
			all.decided[d] += one.decided[d];
	}
	double middle = median_of(each, rounds); /* sorts */
	printf("seconds per benchmark, median of %zu rounds %.3f [%.3f, %.3f]; decided: ", rounds,
	       middle, each[0], each[rounds - 1]);
	gated_print(&all);
	printf("\n");
	return middle;
}

/* Seconds per benchmark of both sides, or negative. */
static double gbench_seconds(const char *executable)
{
	enum { BENCHMARKS = 2, SIDES = 2 };
	const char *const words[] = {executable, "--benchmark_filter=^BM_Count/(8|64)$",
				     "--benchmark_repetitions=9", NULL};
	uint64_t began = assay_now_ns();
	for (int side = 0; side < SIDES; side++)
		if (child_run(words) != 0)
			return -1;
	return (double)(assay_now_ns() - began) / 1e9 / BENCHMARKS;
}

int main(int argc, char **argv)
{
	const char *program = getenv("BENCH_PROGRAM"), *gbench = getenv("BENCH_GBENCH");
	char folder[T_PATH];
	size_t rounds = gated_number(argc > 1 ? argv[1] : NULL, 5, MAX_ROUNDS);
	if (!program || rounds < 1 || rounds > MAX_ROUNDS || argc > MAX_PATTERNS ||
	    !mkdtemp(t_path(folder, "bench"))) {
		fprintf(stderr,
			"usage: gate_time [ROUNDS 1-50 [PATTERN...]], with BENCH_PROGRAM set, "
			"and BENCH_GBENCH where there is Google Benchmark\n");
		return 2;
	}
	const char *const *given = (const char *const *)(uintptr_t)(argv + 2);
	double ours = gate_rounds(program, folder, argc > 2 ? given : usual, rounds);
	if (ours < 0)
		return 1;
	bool met = line("gate of unchanged code, s per benchmark", ours, 0.5, false);
	if (!gbench) {
		printf("not held against compare.py: there is no Google Benchmark here\n");
		return !met;
	}
	double theirs = gbench_seconds(gbench);
	if (theirs < 0) {
		fprintf(stderr, "%s did not run\n", gbench);
		return 1;
	}
	printf("%-50s %6.2f\n", "Google Benchmark, 9 repetitions, s per benchmark", theirs);
	met &= line("the same for compare.py / gate", theirs / ours, 20, true);
	return !met;
}
