/* SPDX-License-Identifier: MIT */
/* test_memory: whatever allocates says so when there is no memory, and leaves nothing behind. */
#include <stdlib.h>

#include "harness/stats/anomaly.h"
#include "harness/stats/changepoint.h"
#include "harness/stats/compare.h"
#include "harness/stats/detect.h"
#include "harness/stats/estimate.h"
#include "harness/stats/gate_cause.h"
#include "harness/stats/gate_math.h"
#include "harness/stats/location.h"
#include "harness/stats/multiplicity.h"
#include "harness/stats/placement_share.h"
#include "harness/stats/ranks.h"
#include "harness/stats/scaling_fit.h"
#include "harness/stats/scaling_interval.h"
#include "harness/stats/trend.h"
#include "tests/failing.h"
#include "tests/t.h"

enum { N = 40 };

static double x[N], y[N], out[2 * N];
static const struct assay_bootstrap_plan plan = {1, 20, 0.9};
static const struct assay_scaling_point points[] = {{1, 1},   {2, 1.9}, {4, 3.5},
						    {8, 6.1}, {16, 9},  {32, 12}};

typedef enum assay_code call(struct assay_err *err);

static enum assay_code anomalies(struct assay_err *err)
{
	struct assay_anomaly found[4];
	size_t n;
	return assay_anomalies(x, N, 0, found, 4, &n, err);
}

static enum assay_code changes(struct assay_err *err)
{
	struct assay_change found[4];
	size_t n;
	const struct assay_change_policy policy = {.level = 0.05};
	return assay_change_points(x, N, &policy, found, 4, &n, err);
}

static enum assay_code compare(struct assay_err *err)
{
	static uint32_t ends[] = {10, 20, 30, 40};
	const struct assay_samples a = {x, NULL, N, ends, 4}, b = {y, NULL, N, ends, 4};
	const struct assay_estimate estimate = {.n = N, .median = 1, .lo = 0.9, .hi = 1.1};
	const struct assay_side sides[] = {{&a, &estimate}, {&b, &estimate}};
	const struct assay_compare_policy policy = {0.02, 0.99, 0.01};
	struct assay_comparison c;
	return assay_compare(&sides[0], &sides[1], ASSAY_LOWER, &policy, &c, err);
}

static enum assay_code robust(struct assay_err *err)
{
	return assay_robust_z(x, N, out, err);
}

static enum assay_code hampel(struct assay_err *err)
{
	uint8_t flags[N];
	size_t n;
	return assay_hampel(x, N, 3, 3, flags, &n, err);
}

static enum assay_code causes(struct assay_err *err)
{
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	static const unsigned variants[N] = {1, 2, 1};
	const struct assay_gate_evidence evidence = {x, x, y, variants, variants, N, 0, 0};
	struct assay_gate_causes found;
	return assay_gate_causes(&policy, &evidence, &found, err);
}

static enum assay_code estimate(struct assay_err *err)
{
	const struct assay_gate_policy policy = assay_gate_policy(ASSAY_GATE_NORMAL);
	struct assay_gate_estimate found;
	return assay_gate_estimate(&policy, x, N, 1, &found, err);
}

static enum assay_code centre(struct assay_err *err)
{
	struct assay_location found;
	return assay_hodges_lehmann(x, N, 0.95, &found, err);
}

static enum assay_code shift(struct assay_err *err)
{
	struct assay_location found;
	return assay_hodges_lehmann_shift(x, N, y, N, 0.95, &found, err);
}

static enum assay_code holm(struct assay_err *err)
{
	return assay_holm(x, N, out, err);
}

static enum assay_code false_discoveries(struct assay_err *err)
{
	return assay_benjamini_hochberg(x, N, out, err);
}

static enum assay_code placement(struct assay_err *err)
{
	unsigned variants[N];
	struct assay_placement found;
	for (unsigned i = 0; i < N; i++)
		variants[i] = i % 4;
	return assay_placement_of(x, variants, N, &found, err);
}

static enum assay_code signed_ranks(struct assay_err *err)
{
	static const double centres[] = {0, 0.25, 0.5};
	struct assay_rank_test tests[3];
	return assay_signed_ranks(x, N, centres, 3, tests, err);
}

static enum assay_code rank_sum(struct assay_err *err)
{
	struct assay_rank_test test;
	return assay_rank_sum(x, N, y, N, &test, err);
}

static enum assay_code amdahl(struct assay_err *err)
{
	struct assay_amdahl_range found;
	return assay_amdahl_interval(points, 6, 0, &plan, &found, err);
}

static enum assay_code usl(struct assay_err *err)
{
	struct assay_usl_range found;
	return assay_usl_interval(points, 6, 0, &plan, &found, err);
}

static enum assay_code theil_sen(struct assay_err *err)
{
	struct assay_line found;
	return assay_theil_sen(x, y, N, 0.95, &found, err);
}

static enum assay_code mann_kendall(struct assay_err *err)
{
	struct assay_trend_test found;
	return assay_mann_kendall(y, N, &found, err);
}

static void no_memory(void **state)
{
	(void)state;
	static call *const calls[] = {anomalies,
				      changes,
				      compare,
				      robust,
				      hampel,
				      causes,
				      estimate,
				      centre,
				      shift,
				      holm,
				      false_discoveries,
				      placement,
				      signed_ranks,
				      rank_sum,
				      amdahl,
				      usl,
				      theil_sen,
				      mann_kendall};
	struct failing hand = {0};
	for (int i = 0; i < N; i++) {
		x[i] = 1 + (i * 7 % 13) / 100.0 + (i >= 20);
		y[i] = 2 + (i * 5 % 17) / 100.0;
	}
	failing_use(&hand);
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		uint64_t failed = 0;
		for (uint64_t k = 1;; k++) {
			struct assay_err err = {0};
			hand = (struct failing){.at = k};
			enum assay_code code = calls[i](&err);
			hand.at = 0;
			if (!hand.fired) {
				assert_int_equal(code, ASSAY_OK);
				break;
			}
			failed++;
			if (code != ASSAY_ENOMEM || !strstr(err.text, "memory"))
				fail_msg("call %zu, allocation %d: %s, '%s'", i, (int)k,
					 assay_code_name(code), err.text);
		}
		if (!failed)
			fail_msg("call %zu allocates nothing", i);
	}
	failing_use(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
