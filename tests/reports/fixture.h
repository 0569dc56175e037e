/* SPDX-License-Identifier: MIT */
/* fixture: runs made by hand, for the tests of reports. */
#ifndef ASSAY_TESTS_REPORTS_FIXTURE_H
#define ASSAY_TESTS_REPORTS_FIXTURE_H

#include "reports/figure.h"

enum { FIXTURE_RESULTS = 400, FIXTURE_PARAMS = 4, FIXTURE_TEXTS = 8 };

struct fixture {
	struct assay_run_info run;
	struct assay_result results[FIXTURE_RESULTS];
	struct assay_param params[FIXTURE_RESULTS][FIXTURE_PARAMS];
	char *texts[FIXTURE_RESULTS * FIXTURE_TEXTS];
	size_t n, n_texts;
	struct assay_report_model *model;
};

/* One case. Zeroed members get plain defaults: "ok", one thread, "time" in ns/op, n = 30. */
struct fixture_case {
	const char *suite, *benchmark, *subject;
	const char *params; /* "size:64/pages:4k" */
	unsigned threads;
	const char *metric, *unit;
	enum assay_better better;
	double median;
	double spread; /* half width of the interval, as a share of the median */
	size_t samples;
	enum assay_status status;
	const char *reason;
	unsigned flags;
};

/* Never NULL; ends the program when out of memory. */
struct fixture *fixture_new(void);
void fixture_free(struct fixture *f);
/* Add the primary result of a case; valid until fixture_free(). */
struct assay_result *fixture_add(struct fixture *f, const struct fixture_case *c);
#define FIXTURE_ADD(f, ...) fixture_add((f), &(struct fixture_case){__VA_ARGS__})
/* Add another metric of the case added last. */
struct assay_result *fixture_beside(struct fixture *f, const char *metric, const char *unit,
				    double median);
/* What every suite of the project brings, one small case or more of each, and some gaps. */
void fixture_fill(struct fixture *f);
/* Reduce what was added; asserts that it worked. */
const struct assay_report_model *fixture_model(struct fixture *f);
/* The figure of one benchmark, to be freed; NULL when there is nothing to draw. Asserts that it worked. */
struct assay_figure *fixture_figure(struct fixture *f, const char *suite, const char *benchmark);

typedef enum assay_code fixture_format(const struct assay_report_model *model, FILE *out,
				       const struct assay_report_options *options,
				       struct assay_err *err);
/* The report as malloc'd text; asserts that it worked. */
char *fixture_write(struct fixture *f, fixture_format *format,
		    const struct assay_report_options *options);

#endif
