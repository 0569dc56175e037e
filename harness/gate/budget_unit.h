/* SPDX-License-Identifier: MIT */
/* budget_unit: the units a bound may be written in, and how they relate to those of a metric. Pure. */
#ifndef ASSAY_GATE_BUDGET_UNIT_H
#define ASSAY_GATE_BUDGET_UNIT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

enum assay_quantity {
	ASSAY_QUANTITY_NUMBER,     /* no unit, "ratio", "x", "%" */
	ASSAY_QUANTITY_TIME,       /* ns, us, ms, s, and each per operation: base "ns" */
	ASSAY_QUANTITY_RATE,       /* op/s, kop/s, ...; "ops" is read as "op": base "op/s" */
	ASSAY_QUANTITY_BYTES,      /* B, kB, KiB, ...: base "B" */
	ASSAY_QUANTITY_BANDWIDTH,  /* B/s, kB/s, KiB/s, ...: base "B/s" */
	ASSAY_QUANTITY_ARITHMETIC, /* flop/s, Gflop/s, ...: base "flop/s" */
	ASSAY_QUANTITY_FREQUENCY,  /* Hz, kHz, MHz, GHz: base "Hz" */
	ASSAY_QUANTITY_OTHER,      /* a metric's own unit: fits only itself */
};

struct assay_unit {
	enum assay_quantity quantity;
	double factor; /* one of this unit in base units */
	char text[16]; /* as written */
	const char *
		base; /* base unit as assay_format_value() takes it; `text` when OTHER, then NULL */
};

/*
 * The unit that `text` names; NULL or "" is a number. A text of more than 15 bytes, or of bytes that are
 * no printable ASCII: ASSAY_EUSAGE. What is not known is OTHER, because benchmarks may have units of their
 * own.
 */
enum assay_code assay_unit_parse(const char *text, struct assay_unit *ret, struct assay_err *err);

/*
 * Does a value in `metric` answer a bound in `bound`? *ret_inverse: only as its inverse, as a time per
 * operation answers a rate of operations and the other way round.
 */
bool assay_unit_fits(const struct assay_unit *metric, const struct assay_unit *bound,
		     bool *ret_inverse);

/*
 * A value in base units of `metric`, in base units of `bound`; the inverse where that is how they fit. 0 has
 * an infinite inverse.
 */
double assay_unit_convert(const struct assay_unit *metric, const struct assay_unit *bound,
			  double value);

/* The known unit that `text` was probably meant to be, or NULL. Static. */
const char *assay_unit_nearest(const char *text);

/* "12.00 ns", "95.2 %", "1.820": a value in base units as people read it. Returns text; 40 is enough. */
const char *assay_unit_format(const struct assay_unit *unit, double value, char *text, size_t size);

#endif
