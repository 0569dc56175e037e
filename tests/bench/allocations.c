/* SPDX-License-Identifier: MIT */
/*
 * allocations: what counting allocations adds to a pair of malloc and free, beside heaptrack and dhat where
 * they are installed: the same program (this one, started again) under each of them in turns. CPU time of the program itself, and
 * differences within each turn, so that a busy machine costs precision and not truth.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "profiler/preload.h"
#include "tests/bench/child.h"
#include "tests/temporary.h"

enum { ROUNDS = 11, PAIRS = 3000000, SLOW_PAIRS = 100000, HELD = 64 };
#define WANTED_NS 10.0

static uint64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Blocks of 16 to 512 bytes, 64 of them held at a time; prints ns per pair. */
static int target(const char *pairs)
{
	void *held[HELD] = {0};
	uint64_t n = strtoull(pairs, NULL, 10), began = cpu_ns(), x = 1;
	for (uint64_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		size_t slot = x >> 58;
		free(held[slot]);
		held[slot] = malloc(16 + (x >> 32 & 31) * 16);
		__asm__ volatile("" : : "r"(held[slot]) : "memory");
	}
	printf("%f\n", (double)(cpu_ns() - began) / (double)n);
	for (size_t i = 0; i < HELD; i++)
		free(held[i]);
	return 0;
}

static double run_one(const char *const *argv)
{
	struct child child;
	char line[256];
	double ns = NAN, value;
	if (!child_start(&child, argv, false))
		return NAN;
	while (fgets(line, sizeof(line), child.lines))
		if (sscanf(line, "%lf", &value) == 1 && !strchr(line, ' '))
			ns = value;
	return child_finish(&child) == 0 ? ns : NAN;
}

struct way {
	const char *name;
	const char *argv[8];
	const char *listen; /* value of PRELOAD_ALLOC_ENV; NULL: not ours */
	double ns[ROUNDS];  /* per pair; NAN: did not run */
};

static void run_round(struct way *ways, size_t n, int round, const char *preload)
{
	for (size_t i = 0; i < n; i++) {
		if (ways[i].listen) {
			setenv("LD_PRELOAD", preload, 1);
			setenv(PRELOAD_ALLOC_ENV, ways[i].listen, 1);
		}
		ways[i].ns[round] = run_one(ways[i].argv);
		unsetenv("LD_PRELOAD");
		unsetenv(PRELOAD_ALLOC_ENV);
	}
}

/* Median over the rounds that have both, of the value or of what it is more than `less`. */
static double median_more(const struct way *way, const struct way *less)
{
	double x[ROUNDS];
	size_t n = 0;
	for (int i = 0; i < ROUNDS; i++)
		if (isfinite(way->ns[i]) && (!less || isfinite(less->ns[i])))
			x[n++] = way->ns[i] - (less ? less->ns[i] : 0);
	return n ? median_of(x, n) : NAN;
}

static double least_of(const struct way *way)
{
	double least = INFINITY;
	for (int i = 0; i < ROUNDS; i++)
		least = fmin(least, way->ns[i]);
	return least;
}

static void print_table(const struct way *ways, size_t n)
{
	printf("%-34s %11s %11s %11s %8s\n", "ns of CPU time per pair", "median", "least", "added",
	       "times");
	for (size_t i = 0; i < n; i++) {
		double ns = median_more(&ways[i], NULL);
		if (isnan(ns))
			printf("%-34s not installed, or did not run\n", ways[i].name);
		else
			printf("%-34s %11.2f %11.2f %+11.2f %8.2f\n", ways[i].name, ns,
			       least_of(&ways[i]), median_more(&ways[i], &ways[0]),
			       ns / median_more(&ways[0], NULL));
	}
}

int main(int argc, char **argv)
{
	char program[4096], fast[24], slow[24], folder[T_PATH], out[96], records[96], sums[128],
		stacks[128], dhat[96];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	ASSAY_AUTO(assay_str_done) struct assay_str pair = {0};
	struct assay_err err = {0};
	if (argc == 3 && strcmp(argv[1], "target") == 0)
		return target(argv[2]);
	if (length <= 0 || !mkdtemp(t_path(folder, "bench-alloc")))
		return 2;
	program[length] = '\0';
	snprintf(fast, sizeof(fast), "%d", PAIRS);
	snprintf(slow, sizeof(slow), "%d", SLOW_PAIRS);
	snprintf(out, sizeof(out), "%s/out", folder);
	snprintf(dhat, sizeof(dhat), "--dhat-out-file=%s/dhat", folder);
	snprintf(records, sizeof(records), "%s/assay", folder);
	snprintf(sums, sizeof(sums), "1099511627776:%s", records);
	snprintf(stacks, sizeof(stacks), "1048576:%s", records);
	if (preload_pair(PRELOAD_ALLOC, &pair, &err) != ASSAY_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	FILE *file = fopen(records, "w");
	if (!file)
		return 2;
	fclose(file);
	struct way ways[] = {
		{"alone", {program, "target", fast}, NULL, {0}},
		{"assay, a stack every TiB", {program, "target", fast}, sums, {0}},
		{"assay, a stack every MiB, as always", {program, "target", fast}, stacks, {0}},
		{"heaptrack", {"heaptrack", "-o", out, program, "target", slow}, NULL, {0}},
		{"valgrind --tool=dhat",
		 {"valgrind", "-q", "--tool=dhat", dhat, program, "target", slow},
		 NULL,
		 {0}},
	};
	for (int round = 0; round < ROUNDS; round++)
		run_round(ways, ASSAY_COUNT_OF(ways), round,
			  assay_str_text(&pair) + strlen("LD_PRELOAD="));
	print_table(ways, ASSAY_COUNT_OF(ways));
	double added = median_more(&ways[2], &ways[0]);
	printf("counting adds %.2f ns a pair; at most %g: %s\n", added, WANTED_NS,
	       added <= WANTED_NS ? "met" : "MISSED");
	const char *const clean[] = {"rm", "-rf", folder, NULL};
	child_run(clean);
	return !(added <= WANTED_NS);
}
