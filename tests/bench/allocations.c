/* SPDX-License-Identifier: MIT */
/*
 * allocations: what counting allocations adds to a pair of malloc and free, beside heaptrack and dhat where
 * they are installed: the same program (this one, started again) under each of them in turns.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "profiler/preload.h"
#include "tests/bench/child.h"

enum { ROUNDS = 9, PAIRS = 3000000, SLOW_PAIRS = 100000, HELD = 64 };
#define WANTED_NS 10.0

/* Blocks of 16 to 512 bytes, 64 of them held at a time; prints ns per pair. */
static int target(const char *pairs)
{
	void *held[HELD] = {0};
	uint64_t n = strtoull(pairs, NULL, 10), began = assay_now_ns(), x = 1;
	for (uint64_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		size_t slot = x >> 58;
		free(held[slot]);
		held[slot] = malloc(16 + (x >> 32 & 31) * 16);
		__asm__ volatile("" : : "r"(held[slot]) : "memory");
	}
	printf("%f\n", (double)(assay_now_ns() - began) / (double)n);
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
	const char *argv[10];
	bool preload;
	double ns[ROUNDS];
	size_t n;
};

int main(int argc, char **argv)
{
	char program[4096], fast[24], slow[24], folder[] = "/tmp/bench-alloc-XXXXXX", out[96],
						variable[96], dhat[96];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	struct assay_str pair = {0};
	struct assay_err err = {0};
	if (argc == 3 && strcmp(argv[1], "target") == 0)
		return target(argv[2]);
	if (length <= 0 || !mkdtemp(folder))
		return 2;
	program[length] = '\0';
	snprintf(fast, sizeof(fast), "%d", PAIRS);
	snprintf(slow, sizeof(slow), "%d", SLOW_PAIRS);
	snprintf(out, sizeof(out), "%s/out", folder);
	snprintf(dhat, sizeof(dhat), "--dhat-out-file=%s/dhat", folder);
	snprintf(variable, sizeof(variable), "1048576:%s/assay", folder);
	if (preload_pair(PRELOAD_ALLOC, &pair, &err) != ASSAY_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	char *records = variable + strlen("1048576:");
	fclose(fopen(records, "w"));
	struct way ways[] = {
		{"alone", {program, "target", fast}, false, {0}, 0},
		{"assay", {program, "target", fast}, true, {0}, 0},
		{"heaptrack", {"heaptrack", "-o", out, program, "target", slow}, false, {0}, 0},
		{"dhat",
		 {"valgrind", "-q", "--tool=dhat", dhat, program, "target", slow},
		 false,
		 {0},
		 0},
	};
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < ASSAY_COUNT_OF(ways); i++) {
			struct way *w = &ways[i];
			if (w->preload) {
				setenv("LD_PRELOAD", pair.text + strlen("LD_PRELOAD="), 1);
				setenv(PRELOAD_ALLOC_ENV, variable, 1);
			}
			double ns = run_one(w->argv);
			unsetenv("LD_PRELOAD");
			unsetenv(PRELOAD_ALLOC_ENV);
			if (isfinite(ns))
				w->ns[w->n++] = ns;
		}
	double alone = median_of(ways[0].ns, ways[0].n), added = NAN;
	for (size_t i = 0; i < ASSAY_COUNT_OF(ways); i++) {
		double ns = ways[i].n ? median_of(ways[i].ns, ways[i].n) : NAN;
		if (!ways[i].n)
			printf("%-10s not installed, or did not run\n", ways[i].name);
		else
			printf("%-10s %8.2f ns a pair, %+.2f over alone, %zu rounds\n",
			       ways[i].name, ns, ns - alone, ways[i].n);
		added = i == 1 ? ns - alone : added;
	}
	printf("counting adds %.2f ns a pair; at most %g: %s\n", added, WANTED_NS,
	       added <= WANTED_NS ? "met" : "MISSED");
	const char *const clean[] = {"rm", "-rf", folder, NULL};
	child_run(clean);
	assay_str_done(&pair);
	return !(added <= WANTED_NS);
}
