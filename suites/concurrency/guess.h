/* SPDX-License-Identifier: MIT */
/*
 * guess: which keys will be asked for next, from those that were. It belongs to one thread and has a fixed
 * size, whatever the keys.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_GUESS_H
#define ASSAY_SUITES_CONCURRENCY_GUESS_H

#include <stdint.h>

#include "harness/base/err.h"

enum guess_rule {
	GUESS_NOTHING,
	GUESS_NEXT,   /* those that follow the last in order */
	GUESS_STRIDE, /* the last distance again, when it came twice [Chen & Baer, 1995] */
	GUESS_MARKOV, /* what came after that key before [Joseph & Grunwald, ISCA 1997] */
};

enum { GUESS_MOST = 16 };

struct guess;

/* Memory for `keys` keys, at most 2^20, is used by GUESS_MARKOV alone. ASSAY_EUSAGE, ASSAY_ENOMEM. */
enum assay_code guess_new(enum guess_rule rule, uint32_t keys, struct guess **ret,
			  struct assay_err *err);
void guess_free(struct guess *g);

/* Key was asked for: up to `most` (at most GUESS_MOST) that come next, soonest first. How many. */
unsigned guess_after(struct guess *g, uint64_t key, uint64_t *ret, unsigned most);

#endif
