/* SPDX-License-Identifier: MIT */
/*
 * report: how long a page of a million samples takes, without the store: 1,000 series of 40 benchmarks, with a figure
 * each where gnuplot is there; what a page of 30 samples each weighs, and one of five runs of which each is 3 % slower
 * than the one before; and a run of 100,000 series.
 * usage: bench_report [PAGE SAMPLES]: only write such a page, with all its samples, for bench_report_load.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "tests/bench/child.h"
#include "tests/reports/crowd.h"

enum { SERIES = 1000, MOST_ROUNDS = 7, MOST_RUNS = 5 };

struct page {
	const char *what;
	size_t runs, series, samples;
	const char *gnuplot;
	double wanted_ms;
	size_t wanted_bytes;
	int rounds;
};

/* One page; its bytes, its figures, and the milliseconds it took from results to text. */
static enum assay_code once(const struct page *wanted, struct crowd *const *crowds, double *ret_ms,
			    size_t *ret_bytes, size_t *ret_figures, struct assay_err *err)
{
	struct assay_report_input inputs[MOST_RUNS];
	const struct assay_report_options options = {.gnuplot = wanted->gnuplot};
	for (size_t r = 0; r < wanted->runs; r++)
		inputs[r] = crowd_input(crowds[r]);
	struct assay_report_model *model = NULL;
	char *page = NULL;
	uint64_t began = assay_now_ns();
	FILE *out = open_memstream(&page, ret_bytes);
	enum assay_code rc = out ? assay_report_model_new(inputs, wanted->runs, &model, err)
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

static bool measure(const struct page *wanted)
{
	struct crowd *crowds[MOST_RUNS];
	struct assay_err err = {0};
	double ms[MOST_ROUNDS], factor = 1;
	size_t bytes = 0, figures = 0;
	for (size_t r = 0; r < wanted->runs; r++, factor *= 1.03) {
		crowds[r] = crowd_new(wanted->series, wanted->samples);
		crowd_scale(crowds[r], factor);
	}
	enum assay_code rc = once(wanted, crowds, &ms[0], &bytes, &figures, &err); /* warm */
	for (int i = 0; i < wanted->rounds && rc == ASSAY_OK; i++)
		rc = once(wanted, crowds, &ms[i], &bytes, &figures, &err);
	for (size_t r = 0; r < wanted->runs; r++)
		crowd_free(crowds[r]);
	if (rc != ASSAY_OK) {
		fprintf(stderr, "bench_report: %s\n", err.text);
		exit(2);
	}
	double median = median_of(ms, (size_t)wanted->rounds);
	bool met = median <= wanted->wanted_ms && bytes <= wanted->wanted_bytes;
	printf("%-44s %7.1f ms, %4zu KB, %2zu figures; at most %.0f ms and %zu KB: %s\n",
	       wanted->what, median, bytes / 1000, figures, wanted->wanted_ms,
	       wanted->wanted_bytes / 1000, met ? "met" : "MISSED");
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
	static const struct page pages[] = {
		{"1,000 series of 1,000 samples, figures", 1, SERIES, 1000, NULL, 1000, 1000000, 7},
		{"the same without gnuplot", 1, SERIES, 1000, "/bin/false", 300, 1000000, 7},
		{"1,000 series of 30 samples, figures", 1, SERIES, 30, NULL, 1000, 1000000, 7},
		{"5 runs of 1,000 series of 30 samples", 5, SERIES, 30, NULL, 3000, 1500000, 3},
		{"100,000 series of 5 samples, no figures", 1, 100 * SERIES, 5, "/bin/false", 10000,
		 15000000, 1},
	};
	bool met = true;
	for (size_t i = 0; i < ASSAY_COUNT_OF(pages); i++)
		met &= measure(&pages[i]);
	return !met;
}
