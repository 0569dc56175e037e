/* SPDX-License-Identifier: MIT */
/* parse: numbers, sizes and durations as people write them, and the way back. Whole input or error. */
#ifndef ASSAY_BASE_PARSE_H
#define ASSAY_BASE_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* Decimal integer in [lo, hi]. ASSAY_EPARSE names the text and the range. */
enum assay_code assay_parse_u64(const char *text, uint64_t lo, uint64_t hi, uint64_t *ret,
				struct assay_err *err);

/*
 * A count or a size: `4096`, `4Ki`, `1.5Mi`, `64k`, `1G`, each with an optional trailing `B`.
 * Ki, Mi, Gi, Ti are powers of 1024; k (or K), M, G, T powers of 1000. Must come to a whole
 * number, exactly, of at most 2^53.
 */
enum assay_code assay_parse_size(const char *text, uint64_t *ret, struct assay_err *err);

/* A duration in nanoseconds: `200ms`, `1.5s`, `5m`, `1h`, `90d`, `50us`, `100ns`. A unit is
 * required; must come to a whole number of nanoseconds. */
enum assay_code assay_parse_duration(const char *text, uint64_t *ret_ns, struct assay_err *err);

/*
 * A list of CPU numbers: `0-3,8`. Writes at most `capacity` numbers in the order given to cpus[]
 * and their count to *ret_count. Duplicates and numbers above 65535 are errors.
 */
enum assay_code assay_parse_cpus(const char *text, unsigned *cpus, size_t capacity,
				 size_t *ret_count, struct assay_err *err);

/* `65536` as `64Ki`, `1000` as `1000`: exact, shortest. Returns text (size 24 is enough). */
const char *assay_format_size(uint64_t value, char *text, size_t size);

/* Four significant digits with an SI prefix and the unit: `12.34 ns`, `1.500 ms`, `3.2 GB/s`.
 * `unit` is a base unit as stored: "ns", "ns/op", "B/s", "op/s", "ratio", ...
 * Beyond all prefixes by an exponent, in that unit: `1.000e-06 ns`. */
const char *assay_format_value(double value, const char *unit, char *text, size_t size);

#endif
