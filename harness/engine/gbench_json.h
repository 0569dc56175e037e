/* SPDX-License-Identifier: MIT */
/* gbench_json: what a Google Benchmark executable prints with --benchmark_format=json. */
#ifndef ASSAY_ENGINE_GBENCH_JSON_H
#define ASSAY_ENGINE_GBENCH_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

enum { ASSAY_GBENCH_MAX_COUNTERS = 24 };

/* One repetition of one benchmark. */
struct assay_gbench_run {
	char *name; /* of the benchmark, without what the library adds for aggregates */
	unsigned threads;
	double real_ns, cpu_ns; /* per iteration; NaN when it states none */
	double iterations;
	char *error; /* NULL: none */
	char *skip;  /* NULL: not skipped (1.8.0 and later) */
	struct assay_gbench_counter {
		char name[64];
		double value;                  /* may be NaN or infinite */
	} counters[ASSAY_GBENCH_MAX_COUNTERS]; /* the first ones, in the order of the text */
	size_t n_counters;
};

struct assay_gbench_report {
	char version[32]; /* of the library; "" before 1.8.4, which does not say */
	/* Repetitions; of aggregates only such as stand without them, as skipped. */
	struct assay_gbench_run *runs;
	size_t n;
	json_t *context; /* what it says of the machine and the program; NULL: nothing */
};

/*
 * Read the `length` bytes of a report. NaN and infinities stand bare in it, which JSON does not have
 * and this accepts; control characters in its texts become '?'. Anything printed before the first '{' is passed over. ASSAY_EPARSE otherwise.
 */
enum assay_code assay_gbench_read(const char *text, size_t length, struct assay_gbench_report *ret,
				  struct assay_err *err);
void assay_gbench_report_done(struct assay_gbench_report *report);

/* Is the wall time of several threads divided by their number, as before 1.9.0? */
bool assay_gbench_divides_wall_time(const char *version);

#endif
