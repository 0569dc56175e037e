/* SPDX-License-Identifier: MIT */
/* reference: one small adapter per function. */
#include "tests/stats/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/detect.h"
#include "harness/stats/distribution.h"
#include "harness/stats/estimate.h"
#include "harness/stats/location.h"
#include "harness/stats/multiplicity.h"
#include "harness/stats/order.h"
#include "harness/stats/queueing.h"
#include "harness/stats/ranks.h"
#include "harness/stats/scaling_fit.h"
#include "harness/stats/trend.h"

void outcome_done(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->n; i++)
		free(outcome->fields[i].array);
}

void arguments_done(struct arguments *args)
{
	for (size_t i = 0; i < args->used; i++)
		free(args->series[i].values);
}

static double number(struct arguments *args, const char *name)
{
	const json_t *value = json_object_get(args->object, name);
	if (json_is_number(value))
		return json_number_value(value);
	if (args->err.code == ASSAY_OK)
		assay_fail(&args->err, ASSAY_EPARSE, "argument '%s' is not a number", name);
	return NAN;
}

/* A count: never negative, never fractional. */
static size_t count(struct arguments *args, const char *name)
{
	double value = number(args, name);
	if (value >= 0 && value < 1e9 && value == floor(value))
		return (size_t)value;
	if (args->err.code == ASSAY_OK)
		assay_fail(&args->err, ASSAY_EPARSE, "argument '%s' is not a count", name);
	return 0;
}

/* An array of numbers; empty after an error. Valid as long as args; never NULL. */
static const struct series *series(struct arguments *args, const char *name)
{
	const json_t *array = json_object_get(args->object, name), *value;
	struct series *ret = &args->series[args->used++];
	size_t i;
	ret->n = json_array_size(array);
	ret->values = malloc((ret->n + 1) * sizeof(*ret->values));
	if (!ret->values)
		abort();
	bool good = json_is_array(array);
	json_array_foreach (array, i, value) {
		ret->values[i] = json_is_null(value) ? NAN : json_number_value(value);
		good &= json_is_null(value) || json_is_number(value);
	}
	if (!good && args->err.code == ASSAY_OK)
		assay_fail(&args->err, ASSAY_EPARSE, "argument '%s' is not an array of numbers",
			   name);
	if (!good)
		ret->n = 0;
	return ret;
}

/* As series(), ascending. */
static const struct series *sorted(struct arguments *args, const char *name)
{
	const struct series *ret = series(args, name);
	assay_sort(ret->values, ret->n);
	return ret;
}

static struct field *add(struct outcome *ret, const char *name, double value)
{
	struct field *field = &ret->fields[ret->n++];
	*field = (struct field){.name = name, .value = value};
	return field;
}

static void add_integer(struct outcome *ret, const char *name, double value)
{
	add(ret, name, value)->integer = true;
}

static void add_index(struct outcome *ret, const char *name, size_t index)
{
	add_integer(ret, name, index == ASSAY_NO_ALARM ? NAN : (double)index);
}

/* An array of n for the function to fill; owned by the outcome. */
static double *add_array(struct outcome *ret, const char *name, size_t n)
{
	struct field *field = add(ret, name, NAN);
	field->is_array = true;
	field->n = n;
	field->array = calloc(n + 1, sizeof(*field->array));
	if (!field->array)
		abort();
	return field->array;
}

static enum assay_code run_quantile(struct arguments *args, struct outcome *ret,
				    struct assay_err *err)
{
	const struct series *x = sorted(args, "x"), *p = series(args, "p");
	double *value = add_array(ret, "value", p->n);
	for (size_t i = 0; i < p->n; i++)
		value[i] = assay_quantile(x->values, x->n, p->values[i]);
	return ASSAY_OK;
}

static enum assay_code run_median(struct arguments *args, struct outcome *ret,
				  struct assay_err *err)
{
	const struct series *x = sorted(args, "x");
	add(ret, "value", assay_median(x->values, x->n));
	return ASSAY_OK;
}

static enum assay_code run_mad(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	const struct series *x = sorted(args, "x");
	ASSAY_AUTO_FREE double *scratch = malloc((x->n + 1) * sizeof(*scratch));
	add(ret, "value", ASSAY_MAD_TO_SD * assay_mad(x->values, x->n, scratch));
	return ASSAY_OK;
}

static enum assay_code run_mean(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	const struct series *x = series(args, "x");
	add(ret, "value", assay_mean(x->values, x->n));
	return ASSAY_OK;
}

/* One value has no spread for assay_sd(), by its contract, and an unknown one for R. */
static enum assay_code run_sd(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	const struct series *x = series(args, "x");
	add(ret, "value", x->n < 2 ? NAN : assay_sd(x->values, x->n));
	return ASSAY_OK;
}

static enum assay_code run_median_ci(struct arguments *args, struct outcome *ret,
				     struct assay_err *err)
{
	const struct series *x = sorted(args, "x");
	struct assay_order_interval i =
		assay_order_interval(x->values, x->n, 0.5, number(args, "level"));
	add_integer(ret, "lower_rank", i.lower_rank ? (double)i.lower_rank : NAN);
	add_integer(ret, "upper_rank", i.upper_rank ? (double)i.upper_rank : NAN);
	add(ret, "lower", i.lo);
	add(ret, "upper", i.hi);
	add(ret, "coverage", i.coverage);
	return ASSAY_OK;
}

static void add_p(struct outcome *ret, double two_sided, double greater, double less)
{
	add(ret, "p_two_sided", two_sided);
	add(ret, "p_greater", greater);
	add(ret, "p_less", less);
}

static enum assay_code run_signed_rank(struct arguments *args, struct outcome *ret,
				       struct assay_err *err)
{
	const struct series *x = series(args, "x");
	struct assay_rank_test test;
	enum assay_code code = assay_signed_rank(x->values, x->n, 0, &test, err);
	add_integer(ret, "n_used", (double)test.n_used);
	add(ret, "v", test.statistic);
	add_p(ret, test.p_two_sided, test.p_greater, test.p_less);
	return code;
}

static void add_location(struct outcome *ret, const struct assay_location *location)
{
	add(ret, "estimate", location->estimate);
	add(ret, "lower", location->lo);
	add(ret, "upper", location->hi);
	add_integer(ret, "rank", location->rank ? (double)location->rank : NAN);
	add(ret, "coverage", location->coverage);
}

static enum assay_code run_hodges_lehmann(struct arguments *args, struct outcome *ret,
					  struct assay_err *err)
{
	const struct series *x = series(args, "x");
	struct assay_location location;
	enum assay_code code =
		assay_hodges_lehmann(x->values, x->n, number(args, "level"), &location, err);
	add_location(ret, &location);
	return code;
}

static enum assay_code run_rank_sum(struct arguments *args, struct outcome *ret,
				    struct assay_err *err)
{
	const struct series *x = series(args, "x"), *y = series(args, "y");
	struct assay_rank_test test;
	enum assay_code code = assay_rank_sum(x->values, x->n, y->values, y->n, &test, err);
	add(ret, "w", test.statistic);
	add_p(ret, test.p_two_sided, test.p_greater, test.p_less);
	return code;
}

static enum assay_code run_hodges_lehmann_shift(struct arguments *args, struct outcome *ret,
						struct assay_err *err)
{
	const struct series *x = series(args, "x"), *y = series(args, "y");
	struct assay_location location;
	enum assay_code code = assay_hodges_lehmann_shift(x->values, x->n, y->values, y->n,
							  number(args, "level"), &location, err);
	add_location(ret, &location);
	return code;
}

static enum assay_code run_holm(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	const struct series *p = series(args, "p");
	return assay_holm(p->values, p->n, add_array(ret, "adjusted", p->n), err);
}

static enum assay_code run_bh(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	const struct series *p = series(args, "p");
	return assay_benjamini_hochberg(p->values, p->n, add_array(ret, "adjusted", p->n), err);
}

static const char *const unequal = "its arrays differ in length";

static enum assay_code run_theil_sen(struct arguments *args, struct outcome *ret,
				     struct assay_err *err)
{
	const struct series *x = series(args, "x"), *y = series(args, "y");
	struct assay_line line;
	if (x->n != y->n)
		return assay_fail(err, ASSAY_EPARSE, "%s", unequal);
	enum assay_code code =
		assay_theil_sen(x->values, y->values, x->n, number(args, "level"), &line, err);
	add(ret, "slope", line.slope);
	add(ret, "intercept", line.intercept);
	add(ret, "lower", line.lo);
	add(ret, "upper", line.hi);
	return code;
}

static enum assay_code run_welch(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	const struct series *x = series(args, "x"), *y = series(args, "y");
	struct assay_t_test test = assay_welch_test(x->values, x->n, y->values, y->n);
	add(ret, "t", test.t);
	add(ret, "df", test.df);
	add_p(ret, test.p_two_sided, test.p_greater, test.p_less);
	return ASSAY_OK;
}

static enum assay_code run_mann_kendall(struct arguments *args, struct outcome *ret,
					struct assay_err *err)
{
	const struct series *y = series(args, "y");
	struct assay_trend_test test;
	enum assay_code code = assay_mann_kendall(y->values, y->n, &test, err);
	add_integer(ret, "s", test.s);
	add(ret, "var_s", test.variance);
	add(ret, "z", test.z);
	add(ret, "p_two_sided", test.p_two_sided);
	return code;
}

/* Points from the two arrays `n` and `values`, to free; NULL and err when they do not match. */
static struct assay_scaling_point *points(struct arguments *args, const char *values, size_t *ret_n,
					  struct assay_err *err)
{
	const struct series *n = series(args, "n"), *value = series(args, values);
	struct assay_scaling_point *ret = malloc((n->n + 1) * sizeof(*ret));
	if (!ret)
		abort();
	if (n->n != value->n) {
		free(ret);
		assay_fail(err, ASSAY_EPARSE, "%s", unequal);
		return NULL;
	}
	for (size_t i = 0; i < n->n; i++)
		ret[i] = (struct assay_scaling_point){n->values[i], value->values[i]};
	*ret_n = n->n;
	return ret;
}

static enum assay_code run_usl(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	size_t n;
	ASSAY_AUTO_FREE struct assay_scaling_point *at = points(args, "throughput", &n, err);
	struct assay_usl fit = {NAN, NAN, NAN, NAN, NAN, NAN};
	enum assay_code code = at ? assay_usl_fit(at, n, 0, &fit, err) : err->code;
	add(ret, "lambda", fit.first);
	add(ret, "sigma", fit.contention);
	add(ret, "kappa", fit.coherency);
	add(ret, "rss", at ? fit.rmse * fit.rmse * (double)n : NAN);
	return code == ASSAY_SKIP ? ASSAY_OK : code;
}

static enum assay_code run_amdahl(struct arguments *args, struct outcome *ret,
				  struct assay_err *err)
{
	size_t n;
	ASSAY_AUTO_FREE struct assay_scaling_point *at = points(args, "speedup", &n, err);
	struct assay_amdahl fit = {NAN, NAN, NAN, NAN};
	enum assay_code code = at ? assay_amdahl_law_fit(at, n, 0, &fit, err) : err->code;
	add(ret, "serial_fraction", fit.serial_fraction);
	add(ret, "rss", at ? fit.rmse * fit.rmse * (double)n : NAN);
	return code == ASSAY_SKIP ? ASSAY_OK : code;
}

static enum assay_code run_ewma(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	const struct series *x = series(args, "x");
	struct assay_ewma chart = {number(args, "mu"), number(args, "sd"), number(args, "lambda"),
				   number(args, "width")};
	double *z = add_array(ret, "z", x->n), *limit = add_array(ret, "limit", x->n);
	add_index(ret, "alarm_index", assay_ewma(&chart, x->values, x->n, z, limit));
	return ASSAY_OK;
}

static void add_alarms(struct outcome *ret, struct assay_alarms alarms)
{
	add_index(ret, "alarm_up", alarms.up);
	add_index(ret, "alarm_down", alarms.down);
	add_index(ret, "alarm_index", alarms.first);
}

static enum assay_code run_cusum(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	const struct series *x = series(args, "x");
	struct assay_cusum chart = {number(args, "mu"), number(args, "sd"), number(args, "k"),
				    number(args, "h")};
	double *up = add_array(ret, "up", x->n), *down = add_array(ret, "down", x->n);
	add_alarms(ret, assay_cusum(&chart, x->values, x->n, up, down));
	return ASSAY_OK;
}

static enum assay_code run_page_hinkley(struct arguments *args, struct outcome *ret,
					struct assay_err *err)
{
	const struct series *x = series(args, "x");
	double delta = number(args, "delta"), threshold = number(args, "lambda");
	double *up = add_array(ret, "up", x->n), *down = add_array(ret, "down", x->n);
	add_alarms(ret, assay_page_hinkley(x->values, x->n, delta, threshold, up, down));
	return ASSAY_OK;
}

static enum assay_code run_hampel(struct arguments *args, struct outcome *ret,
				  struct assay_err *err)
{
	const struct series *x = series(args, "x");
	ASSAY_AUTO_FREE uint8_t *flags = malloc(x->n + 1);
	size_t flagged;
	if (!flags)
		abort();
	enum assay_code code = assay_hampel(x->values, x->n, count(args, "half_window"),
					    number(args, "nsigma"), flags, &flagged, err);
	double *array = add_array(ret, "flags", x->n);
	ret->fields[ret->n - 1].integer = true;
	for (size_t i = 0; code == ASSAY_OK && i < x->n; i++)
		array[i] = flags[i];
	add_integer(ret, "count", (double)flagged);
	return code;
}

static enum assay_code run_erlang(struct arguments *args, struct outcome *ret,
				  struct assay_err *err)
{
	struct assay_erlang e = assay_erlang(count(args, "servers"), number(args, "rho"));
	add(ret, "erlang_b", e.blocking);
	add(ret, "p_wait", e.waiting);
	add(ret, "mean_queue", e.mean_queue);
	return ASSAY_OK;
}

static enum assay_code run_mm1(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	struct assay_queue q =
		assay_mm1(number(args, "arrival_rate"), number(args, "service_rate"));
	add(ret, "utilisation", q.utilisation);
	add(ret, "mean_sojourn", q.mean_sojourn);
	add(ret, "mean_wait", q.mean_wait);
	add(ret, "mean_in_system", q.mean_in_system);
	return ASSAY_OK;
}

static enum assay_code run_mg1(struct arguments *args, struct outcome *ret, struct assay_err *err)
{
	struct assay_queue q = assay_mg1(number(args, "arrival_rate"), number(args, "service_mean"),
					 number(args, "service_variance"));
	add(ret, "utilisation", q.utilisation);
	add(ret, "mean_wait", q.mean_wait);
	add(ret, "mean_sojourn", q.mean_sojourn);
	add(ret, "mean_in_queue", q.mean_in_queue);
	return ASSAY_OK;
}

const struct reference references[] = {
	{"quantile", run_quantile},
	{"median", run_median},
	{"mad", run_mad},
	{"mean", run_mean},
	{"sd", run_sd},
	{"median_ci", run_median_ci},
	{"signed_rank", run_signed_rank},
	{"hodges_lehmann", run_hodges_lehmann},
	{"rank_sum", run_rank_sum},
	{"hodges_lehmann_shift", run_hodges_lehmann_shift},
	{"holm", run_holm},
	{"bh", run_bh},
	{"theil_sen", run_theil_sen},
	{"welch_t_test", run_welch},
	{"mann_kendall", run_mann_kendall},
	{"usl_fit", run_usl},
	{"amdahl_fit", run_amdahl},
	{"ewma", run_ewma},
	{"cusum", run_cusum},
	{"page_hinkley", run_page_hinkley},
	{"hampel", run_hampel},
	{"erlang_c", run_erlang},
	{"mm1", run_mm1},
	{"mg1", run_mg1},
	{NULL, NULL},
};
