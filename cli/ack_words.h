/* SPDX-License-Identifier: MIT */
/* ack_words: limits and ends of acknowledgements as people write and read them. */
#ifndef ASSAY_CLI_ACK_WORDS_H
#define ASSAY_CLI_ACK_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/bench.h"

/*
 * When an acknowledgement ends: `30d`, a date such as `2027-01-31` (that day included, UTC), or `never`,
 * which is 0; NULL is 30 days. ASSAY_EUSAGE for anything else and for what is past.
 */
enum assay_code ack_parse_expiry(const char *text, uint64_t now_ns, uint64_t *ret_ns,
				 struct assay_err *err);

/*
 * Per cent in the metric's own direction, `+6%` of a time and `-6%` of a rate, to a ratio in the sense of worse.
 * Without a sign it is how much worse. ASSAY_EUSAGE says what would be right.
 */
enum assay_code ack_parse_limit(const char *text, enum assay_better better, double *ret,
				struct assay_err *err);
/* "+6.0 %": a limit as it would be given. Returns text (size 32 is enough). */
const char *ack_limit(double limit_ratio, enum assay_better better, char *text, size_t size);

#endif
