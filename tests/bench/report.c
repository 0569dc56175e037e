/* SPDX-License-Identifier: MIT */
/*
 * report: how long a page of a million samples takes, without the store: 1,000 series of 40 benchmarks, with a figure
 * each where gnuplot is there, and what a page of 30 samples each weighs.
 * usage: bench_report [PAGE SAMPLES]: only write such a page, with all its samples, for bench_report_load.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "tests/bench/child.h"
#include "tests/reports/crowd.h"

enum { SERIES = 1000, ROUNDS = 7 };

/* One page; its bytes, its figures, and the milliseconds it took from results to text. */
static enum assay_code once(const struct crowd *crowd, const char *gnuplot, double *ret_ms,
			    size_t *ret_bytes, size_t *ret_figures, struct assay_err *err)
{
	const struct assay_report_input input = crowd_input(crowd);
	const struct assay_report_options options = {.gnuplot = gnuplot};
	struct assay_report_model *model = NULL;
	char *page = NULL;
	uint64_t began = assay_now_ns();
	FILE *out = open_memstream(&page, ret_bytes);
	enum assay_code rc = out ? assay_report_model_new(&input, 1, &model, err)
				 : assay_fail(err, ASSAY_ENOMEM, "out of memory for a page");
	if (rc == ASSAY_OK)
		rc = assay_report_html(model, out, &options, err);
	assay_report_model_free(model);
	if (out)
		fclose(out);
	*ret_ms = (double)(assay_now_ns() - began) / 1e6;
	*ret_figures = 0;
	for (const char *at = page; at && (at = strstr(at, "<figure>")); at++)
		++*ret_figures;
	free(page);
	return rc;
}

static bool measure(const char *what, size_t samples, const char *gnuplot, double wanted_ms,
		    size_t wanted_bytes)
{
	struct crowd *crowd = crowd_new(SERIES, samples);
	struct assay_err err = {0};
	double ms[ROUNDS];
	size_t bytes = 0, figures = 0;
	enum assay_code rc = once(crowd, gnuplot, &ms[0], &bytes, &figures, &err); /* warm */
	for (int i = 0; i < ROUNDS && rc == ASSAY_OK; i++)
		rc = once(crowd, gnuplot, &ms[i], &bytes, &figures, &err);
	crowd_free(crowd);
	if (rc != ASSAY_OK) {
		fprintf(stderr, "bench_report: %s\n", err.text);
		exit(2);
	}
	double median = median_of(ms, ROUNDS);
	bool met = median <= wanted_ms && bytes <= wanted_bytes;
	printf("%-44s %7.1f ms, %4zu KB, %2zu figures; at most %.0f ms and %zu KB: %s\n", what,
	       median, bytes / 1000, figures, wanted_ms, wanted_bytes / 1000,
	       met ? "met" : "MISSED");
	return met;
}

static int write_page(const char *path, const char *samples)
{
	struct crowd *crowd = crowd_new(SERIES, strtoul(samples, NULL, 10));
	const struct assay_report_input input = crowd_input(crowd);
	const struct assay_report_options options = {.max_samples = SIZE_MAX};
	struct assay_report_model *model = NULL;
	struct assay_err err = {0};
	FILE *out = fopen(path, "we");
	enum assay_code rc = out ? assay_report_model_new(&input, 1, &model, &err)
				 : assay_fail(&err, ASSAY_EIO, "cannot write '%s'", path);
	if (rc == ASSAY_OK)
		rc = assay_report_html(model, out, &options, &err);
	if (out && fclose(out) != 0 && rc == ASSAY_OK)
		rc = assay_fail(&err, ASSAY_EIO, "cannot write '%s'", path);
	if (rc != ASSAY_OK)
		fprintf(stderr, "bench_report: %s\n", err.text);
	assay_report_model_free(model);
	crowd_free(crowd);
	return rc == ASSAY_OK ? 0 : 2;
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return write_page(argv[1], argv[2]);
	bool met = measure("1,000 series of 1,000 samples, figures", 1000, NULL, 1000, 1000000);
	met &= measure("the same without gnuplot", 1000, "/bin/false", 300, 1000000);
	met &= measure("1,000 series of 30 samples, figures", 30, NULL, 1000, 1000000);
	return !met;
}
