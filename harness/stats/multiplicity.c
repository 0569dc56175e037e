/* SPDX-License-Identifier: MIT */
/* multiplicity: step down from the smallest p-value, or up from the largest. */
#include "harness/stats/multiplicity.h"

#include <math.h>
#include <stdlib.h>

struct test {
	double p;
	size_t index;
};

static int by_p(const void *a, const void *b)
{
	double x = ((const struct test *)a)->p, y = ((const struct test *)b)->p;
	return (x > y) - (x < y);
}

/* The tests that were made, smallest p first, to *ret (to free); the others to ret_p as NaN. */
static enum assay_code sort_tests(const double *p, size_t n, double *ret_p, struct test **ret,
				  size_t *ret_made, struct assay_err *err)
{
	struct test *tests = malloc((n + 1) * sizeof(*tests));
	if (!tests)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to adjust %zu p-values", n);
	*ret_made = 0;
	for (size_t i = 0; i < n; i++) {
		if (isnan(p[i]))
			ret_p[i] = NAN;
		else
			tests[(*ret_made)++] = (struct test){p[i], i};
	}
	qsort(tests, *ret_made, sizeof(*tests), by_p);
	*ret = tests;
	return ASSAY_OK;
}

enum assay_code assay_holm(const double *p, size_t n, double *ret, struct assay_err *err)
{
	ASSAY_AUTO_FREE struct test *tests = NULL;
	size_t made = 0;
	enum assay_code code = sort_tests(p, n, ret, &tests, &made, err);
	double largest = 0;
	for (size_t i = 0; code == ASSAY_OK && i < made; i++) {
		largest = fmax(largest, fmin(1, (double)(made - i) * tests[i].p));
		ret[tests[i].index] = largest;
	}
	return code;
}

enum assay_code assay_benjamini_hochberg(const double *p, size_t n, double *ret,
					 struct assay_err *err)
{
	ASSAY_AUTO_FREE struct test *tests = NULL;
	size_t made = 0;
	enum assay_code code = sort_tests(p, n, ret, &tests, &made, err);
	double smallest = 1;
	for (size_t i = code == ASSAY_OK ? made : 0; i-- > 0;) {
		smallest = fmin(smallest, (double)made * tests[i].p / (double)(i + 1));
		ret[tests[i].index] = smallest;
	}
	return code;
}
