/* SPDX-License-Identifier: MIT */
/* reference: functions of harness/stats behind the names and arguments of reference files. */
#ifndef ASSAY_TESTS_STATS_REFERENCE_H
#define ASSAY_TESTS_STATS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "harness/base/err.h"

enum { REFERENCE_FIELDS = 8, REFERENCE_ARRAYS = 3 };

/* One named result. NaN stands for null: undefined, no such interval, no alarm. */
struct field {
	const char *name;
	bool integer; /* must be equal, whatever the tolerance */
	bool is_array;
	double value;
	double *array; /* owned */
	size_t n;
};

struct outcome {
	struct field fields[REFERENCE_FIELDS];
	size_t n;
};
void outcome_done(struct outcome *outcome);

/* Array arguments of a case, owned here; null among the values is NaN. */
struct series {
	double *values;
	size_t n;
};

/* The arguments of one case, and the first error in them. */
struct arguments {
	const json_t *object;
	struct series series[REFERENCE_ARRAYS];
	size_t used;
	struct assay_err err; /* ASSAY_EPARSE: an argument is missing or malformed */
};
void arguments_done(struct arguments *args);

/* A function under test: reads its arguments, adds its results. */
struct reference {
	const char *name;
	enum assay_code (*run)(struct arguments *args, struct outcome *ret, struct assay_err *err);
};

/* All of them, in the order of the reference file; ended by a NULL name. */
extern const struct reference references[];

#endif
