/* SPDX-License-Identifier: MIT */
/* memo: results of a computation by the content of its input. One thread. */
#ifndef ASSAY_SUITES_CACHE_MEMO_H
#define ASSAY_SUITES_CACHE_MEMO_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct memo;

/* Inputs and outputs are arrays of so many doubles; at most `entries` are kept, one per place. */
enum assay_code memo_new(size_t entries, size_t n_input, size_t n_output, struct memo **ret,
			 struct assay_err *err);
void memo_free(struct memo *memo);

/*
 * The output kept for exactly this input, valid until the next put, or NULL. The whole input is
 * compared, so that two inputs with one hash are never taken for each other.
 */
const double *memo_get(const struct memo *memo, const double *input);
void memo_put(struct memo *memo, const double *input, const double *output);

#endif
