/* SPDX-License-Identifier: MIT */
/* merge_floor: the peer of merging: what SQLite alone takes to copy the same rows. */
#ifndef ASSAY_TESTS_BENCH_MERGE_FLOOR_H
#define ASSAY_TESTS_BENCH_MERGE_FLOOR_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/*
 * Copy results and samples of the `n` bundles at `paths`, all of the same series, into a new file at `to`: an ATTACH, an
 * INSERT ... SELECT per table and a commit each, with the log, the constraints and the indexes of a store, the history's
 * index made at the end. Nothing is verified. *ret_s is the time until the file is closed.
 */
enum assay_code merge_floor(const char *const *paths, size_t n, const char *to,
			    uint64_t *ret_results, double *ret_s, struct assay_err *err);

#endif
