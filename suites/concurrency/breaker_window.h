/* SPDX-License-Identifier: MIT */
/* breaker_window: outcomes of the last calls or seconds, summed; no locks, the caller has them. */
#ifndef ASSAY_SUITES_CONCURRENCY_BREAKER_WINDOW_H
#define ASSAY_SUITES_CONCURRENCY_BREAKER_WINDOW_H

#include "suites/concurrency/breaker.h"

struct breaker_window {
	enum breaker_window_kind kind;
	uint32_t size;
	uint32_t at;     /* COUNT: where the oldest call is, once full */
	uint64_t second; /* TIME: the one whose slot was written last */
	struct breaker_counts sum;
	struct breaker_counts *slots; /* one call each, or one second each; none for an interval */
};

/* ASSAY_ENOMEM. */
enum assay_code breaker_window_init(struct breaker_window *w, enum breaker_window_kind kind,
				    uint32_t size, struct assay_err *err);
void breaker_window_done(struct breaker_window *w);
void breaker_window_clear(struct breaker_window *w);
/* Forget what is too old; times never go back. */
void breaker_window_move(struct breaker_window *w, uint64_t now_ns);
void breaker_window_add(struct breaker_window *w, uint64_t now_ns, bool failed, bool slow,
			uint64_t took_ns);

#endif
