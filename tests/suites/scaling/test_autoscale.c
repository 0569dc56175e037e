/* SPDX-License-Identifier: MIT */
/* test_autoscale: policies: the oracle catches bad ones, forecasts follow a season, thresholds keep their cooldown. */
#include <math.h>
#include <stdlib.h>

#include "suites/scaling/autoscale.h"
#include "suites/scaling/scaling.h"
#include "tests/t.h"

static void every_policy_passes_the_oracle(void **state)
{
	(void)state;
	struct assay_err err = {0};
	for (const struct scaler_policy *p = scaler_policies; p->name; p++)
		assert_ok(scaling_check_scaler(p->ops, 42, &err));
	assert_ok(scaling_check_scaler(&scaler_none_ops, 42, &err));
}

static int decide_far_too_many(struct scaler *s, const struct scaler_view *v)
{
	(void)s, (void)v;
	return 13;
}

static int decide_most(struct scaler *s, const struct scaler_view *v)
{
	(void)s, (void)v;
	return 12;
}

static int decide_least(struct scaler *s, const struct scaler_view *v)
{
	(void)s, (void)v;
	return 2;
}

static void the_oracle_catches_policies_that_waste_starve_or_overdo(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct scaler_ops ops = scaler_hpa_ops;
	ops.decide = decide_far_too_many;
	assert_fails(scaling_check_scaler(&ops, 1, &err), ASSAY_ECHECK, "13 instances, of 2 to 12");
	ops.decide = decide_most;
	assert_fails(scaling_check_scaler(&ops, 1, &err), ASSAY_ECHECK, "just enough");
	ops.decide = decide_least;
	assert_fails(scaling_check_scaler(&ops, 1, &err), ASSAY_ECHECK, "just enough");
}

/* Whatever lies between decisions, a high recommendation holds for the whole window, and no longer. */
static void the_window_is_whole_at_any_interval(void **state)
{
	(void)state;
	for (int64_t interval_ms = 1000; interval_ms <= 60000; interval_ms *= 2) {
		struct hpa hpa;
		hpa_init(&hpa, 1, 100);
		assert_int_equal(hpa_decide(&hpa, 10, 10, 0), 10);
		int64_t now_ms = interval_ms;
		for (; now_ms < hpa.down.window_ms; now_ms += interval_ms)
			assert_int_equal(hpa_decide(&hpa, 10, 5, now_ms), 10);
		assert_int_equal(hpa_decide(&hpa, 10, 5, now_ms), 5);
	}
}

static void a_forecast_follows_season_and_trend(void **state)
{
	(void)state;
	enum { SEASON = 48 };
	struct seasonal s;
	assert_true(seasonal_init(&s, SEASON));
	for (int i = 0; i < 12 * SEASON; i++)
		seasonal_add(&s, 100 + 0.05 * i + 20 * sin(2 * 3.14159265358979 * i / SEASON));
	for (int ahead = 1; ahead < SEASON; ahead += 7) {
		int i = 12 * SEASON - 1 + ahead;
		double want = 100 + 0.05 * i + 20 * sin(2 * 3.14159265358979 * i / SEASON);
		assert_true(fabs(seasonal_forecast(&s, (size_t)ahead) - want) < 2);
	}
	seasonal_done(&s);
}

static struct scaler_view view_at(double now_s, int current, struct hpa_pod *pods, int64_t milli)
{
	for (int i = 0; i < current; i++)
		pods[i] = (struct hpa_pod){.usage_milli = milli,
					   .request_milli = 1000,
					   .measured = true,
					   .ready = true};
	return (struct scaler_view){
		.now_s = now_s, .current = current, .pods = pods, .n = (size_t)current};
}

static void thresholds_wait_out_their_cooldowns(void **state)
{
	(void)state;
	const struct scaler_config config = {
		.min = 2, .max = 12, .interval_s = 15, .delay_s = 30, .season_s = 600, .per_s = 2};
	struct assay_err err = {0};
	struct hpa_pod pods[12];
	struct scaler *s;
	int current = 4, ups = 0;
	assert_ok(scaler_thresholds_ops.start(&config, &s, &err));
	for (int i = 0; i < 8; i++) { /* hot for 120 s: one at once, one each 60 s */
		struct scaler_view v = view_at(15 * i, current, pods, 950);
		int next = scaler_thresholds_ops.decide(s, &v);
		ups += next - current;
		current = next;
	}
	assert_int_equal(ups, 2);
	int downs = 0;
	for (int i = 8; i < 48; i++) { /* cold for 600 s: the first 300 s after the last change */
		struct scaler_view v = view_at(15 * i, current, pods, 10);
		int next = scaler_thresholds_ops.decide(s, &v);
		downs += current - next;
		current = next;
		if (15 * i < 60 + 300)
			assert_int_equal(downs, 0);
	}
	assert_int_equal(downs, 2);
	struct scaler_view v = view_at(9000, current, pods, 10);
	v.memory = 0.6; /* one of four is not under half */
	assert_int_equal(scaler_thresholds_ops.decide(s, &v), current);
	v = view_at(10000, current, pods, 500);
	assert_int_equal(scaler_thresholds_ops.decide(s, &v), current);
	v.now_s += 1000, v.queue = 21; /* any of the four is enough */
	assert_int_equal(scaler_thresholds_ops.decide(s, &v), current + 1);
	v.now_s += 1000, v.queue = 0, v.memory = 0.86;
	assert_int_equal(scaler_thresholds_ops.decide(s, &v), current + 1);
	v.now_s += 1000, v.memory = 0, v.latency_s = 0.5 + 0.21;
	assert_int_equal(scaler_thresholds_ops.decide(s, &v), current + 1);
	scaler_thresholds_ops.stop(s);
}

static struct cluster_result play(const struct scaler_ops *policy, double delay_s)
{
	struct assay_err err = {0};
	struct load_trace trace;
	struct cluster_config config = autoscale_cluster(15, delay_s, &trace, 3);
	struct cluster_result result;
	config.policy = policy;
	assert_ok(cluster_sim(&config, &result, &err));
	return result;
}

static void every_request_ends_and_every_instance_is_paid_for(void **state)
{
	(void)state;
	struct cluster_result r = play(&scaler_hpa_ops, 30);
	/* Those under way at both ends are the only difference. */
	assert_true(llabs((long long)(r.arrived - r.served - r.lost)) < 50);
	assert_true(r.instance_s > 2 * 28800.0 && r.instance_s < 12 * 28800.0);
	assert_true(r.decisions >= 28800 / 15 && r.decisions <= 28800 / 15 + 1);
	assert_true(r.changes > 10 && r.changes < r.decisions);
	assert_true(r.bursts > 0 && r.noticed <= r.bursts);
	assert_true(r.notice_s > 0 && r.notice_s < 600);
}

static void who_knows_the_future_is_a_bound(void **state)
{
	(void)state;
	struct cluster_result bound = play(&scaler_clairvoyant_ops, 120);
	struct cluster_result hpa = play(&scaler_hpa_ops, 120);
	struct cluster_result late = play(&scaler_hpa_ops, 600);
	assert_true(bound.lost < hpa.lost && hpa.lost < late.lost);
	assert_true(bound.instance_s < hpa.instance_s);
}

static void bursts_do_not_overlap_and_come_from_the_seed(void **state)
{
	(void)state;
	struct load_trace a = {.mean = 5,
			       .swing = 2,
			       .season_s = 7200,
			       .most = 12,
			       .burst = 10,
			       .burst_s = 300},
			  b = a;
	load_trace_bursts(&a, 4 * 7200, 4, 9);
	load_trace_bursts(&b, 4 * 7200, 4, 9);
	assert_int_equal(a.n, 16);
	assert_memory_equal(a.bursts, b.bursts, sizeof(a.bursts));
	for (size_t i = 0; i + 1 < a.n; i++)
		assert_true(a.bursts[i] + a.burst_s < a.bursts[i + 1]);
	assert_true(load_trace_rate(&a, a.bursts[0] + 1) <= a.most);
	assert_true(load_trace_peak(&a, a.bursts[1] - 100, a.bursts[1] + 100) >
		    load_trace_rate(&a, a.bursts[1] - 100) + 3);
	a.burst_s = 7200;
	load_trace_bursts(&a, 4 * 7200, 4, 9);
	assert_int_equal(a.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_passes_the_oracle),
		cmocka_unit_test(the_oracle_catches_policies_that_waste_starve_or_overdo),
		cmocka_unit_test(the_window_is_whole_at_any_interval),
		cmocka_unit_test(a_forecast_follows_season_and_trend),
		cmocka_unit_test(thresholds_wait_out_their_cooldowns),
		cmocka_unit_test(every_request_ends_and_every_instance_is_paid_for),
		cmocka_unit_test(who_knows_the_future_is_a_bound),
		cmocka_unit_test(bursts_do_not_overlap_and_come_from_the_seed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
