/* SPDX-License-Identifier: MIT */
/* gated: run `assay gate` and count what it decided. For the benchmarks of the gate itself. */
#ifndef ASSAY_TESTS_BENCH_GATED_H
#define ASSAY_TESTS_BENCH_GATED_H

#include <stdbool.h>
#include <stddef.h>

enum gated_decision {
	GATED_OK,
	GATED_REGRESSED,
	GATED_IMPROVED,
	GATED_INCONCLUSIVE,
	GATED_DECISIONS,
};

/* Gates, added up. */
struct gated {
	size_t gates, series, launches;
	size_t decided
		[GATED_DECISIONS]; /* they add up to `series`: anything else fails gated_run() */
	double seconds;
};

/*
 * `program gate WORDS...`, words[] ending in NULL, with store and document in `folder`; what came of it is
 * added to *sum, and what was flagged is printed. False, with the reason on stderr, when the gate did not end
 * with a verdict on every series.
 */
bool gated_run(const char *program, const char *folder, const char *const words[],
	       struct gated *sum);

/* REGRESSED or IMPROVED. */
size_t gated_flagged(const struct gated *sum);
/* "240 OK, 1 REGRESSED, 0 IMPROVED, 9 INCONCLUSIVE", without an end of line. */
void gated_print(const struct gated *sum);
/* A whole number up to `most`; `otherwise` for no text, SIZE_MAX for any other. */
size_t gated_number(const char *text, size_t otherwise, size_t most);

#endif
