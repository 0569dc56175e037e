/* SPDX-License-Identifier: MIT */
/* ratios: one interleaved run of several launches, and figures of ours over those of the best peer, launch by launch. */
#ifndef ASSAY_TESTS_BENCH_RATIOS_H
#define ASSAY_TESTS_BENCH_RATIOS_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_PEERS = 8 };

struct ratio_figure {
	const char *what;
	const char *ours;
	const char *peers[MAX_PEERS]; /* the best of them counts; none: the figure itself does */
	bool at_least;      /* ratio of rates: ours over peer; else ratio of times, at most */
	double wanted;      /* 0: shown only */
	const char *metric; /* NULL: the primary one */
};

/*
 * Measure `arguments` (NULL-terminated; options of `assay run` too) with the program that BENCH_PROGRAM names, and print each figure beside the
 * one asked for. The exit status: 0, 1 when one is missed, 2 when nothing could be measured.
 */
int ratios_main(const char *const *arguments, const struct ratio_figure *figures, size_t n,
		const char *launches);

#endif
