/* SPDX-License-Identifier: MIT */
/* cases_hpa: groups of reference cases on Kubernetes' Horizontal Pod Autoscaler. */
#include <string.h>

#include "suites/scaling/hpa.h"
#include "tests/suites/concurrency/cases.h"

enum { MAX_PODS = 32, CONTAINERS = 2 };

static const int64_t now_ms = 1000000000;

static json_int_t whole(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));
	return value ? value : "";
}

/* Element i of a list of truths, or what holds without one. */
static bool truth(const json_t *object, const char *key, size_t i, bool otherwise)
{
	const json_t *value = json_array_get(json_object_get(object, key), i);
	return value ? json_is_true(value) : otherwise;
}

static enum hpa_phase phase_of(const json_t *entry, size_t i)
{
	const char *phase = json_string_value(json_array_get(json_object_get(entry, "phase"), i));
	if (phase && strcmp(phase, "Pending") == 0)
		return HPA_PENDING;
	return phase && strcmp(phase, "Failed") == 0 ? HPA_FAILED : HPA_RUNNING;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* How many pods a case speaks of. */
static size_t pods_of(const json_t *entry, const json_t *requests)
{
	size_t n = json_array_size(requests) ? json_array_size(requests)
					     : (size_t)whole(entry, "current");
	n = larger(n, json_array_size(json_object_get(entry, "phase")));
	return larger(n, json_array_size(json_object_get(entry, "ready")));
}

static size_t fill_pods(const json_t *entry, const struct hpa_target *t, struct hpa_pod *pods)
{
	bool cpu = t->metric == HPA_CPU, ours = !t->strangers;
	const json_t *requests = json_object_get(entry, "request_milli_per_container");
	const json_t *levels =
		json_object_get(entry, cpu ? "levels_milli_per_container" : "levels_milli");
	int each = cpu ? CONTAINERS : 1;
	size_t n = pods_of(entry, requests);
	if (n > MAX_PODS)
		return 0;
	for (size_t i = 0; i < n; i++)
		pods[i] = (struct hpa_pod){
			.usage_milli = each * json_integer_value(json_array_get(levels, i)),
			.request_milli = each * json_integer_value(json_array_get(requests, i)),
			.phase = phase_of(entry, i),
			.measured = ours && i < json_array_size(levels),
			.ready = truth(entry, "ready", i, true),
			.just_started = truth(entry, "started_just_now", i, false),
			.deleting = truth(entry, "deleting", i, false),
		};
	return n;
}

static bool target_of(const json_t *entry, struct hpa_target *ret)
{
	static const struct {
		const char *kind;
		enum hpa_metric metric;
	} kinds[] = {{"resource_cpu", HPA_CPU},       {"pods", HPA_PODS},
		     {"object", HPA_TOTAL},           {"external", HPA_TOTAL},
		     {"object_per_pod", HPA_PER_POD}, {"external_per_pod", HPA_PER_POD}};
	const json_t *levels = json_object_get(entry, "levels_milli");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(text(entry, "kind"), kinds[i].kind) != 0)
			continue;
		bool cpu = kinds[i].metric == HPA_CPU;
		*ret = (struct hpa_target){.metric = kinds[i].metric, .tolerance = 0.1};
		ret->target = whole(entry, cpu ? "target_utilization_pct" : "target_milli");
		for (size_t k = 0; k < json_array_size(levels); k++)
			ret->usage += json_integer_value(json_array_get(levels, k));
		ret->strangers =
			json_is_true(json_object_get(entry, "metrics_belong_to_unknown_pods"));
		return ret->target > 0;
	}
	return false;
}

/* Figures that a case does not name are not asked. */
static bool is(const json_t *expect, const char *key, int64_t got)
{
	const json_t *want = json_object_get(expect, key);
	return !want || json_integer_value(want) == got;
}

static void run_replicas(struct tally *tally, const json_t *cases)
{
	size_t i;
	json_t *entry;
	json_array_foreach (cases, i, entry) {
		const json_t *expect = json_object_get(entry, "expect");
		const char *error = text(expect, "error");
		struct hpa_pod pods[MAX_PODS];
		struct hpa_target target;
		struct hpa_reading got = {0};
		struct assay_err err = {0};
		size_t n = target_of(entry, &target) ? fill_pods(entry, &target, pods) : 0;
		if (n == 0) {
			tally_case(tally, false, "%s: not understood", text(entry, "name"));
			continue;
		}
		enum assay_code code =
			hpa_replicas(&target, pods, n, (int)whole(entry, "current"), &got, &err);
		bool ok = *error ? code != ASSAY_OK && strcmp(err.text, error) == 0
				 : code == ASSAY_OK && json_object_get(expect, "replicas") &&
					   is(expect, "replicas", got.replicas) &&
					   is(expect, "utilization_pct", got.usage) &&
					   is(expect, "utilization_milli", got.usage) &&
					   is(expect, "raw_avg_milli", got.average);
		tally_case(tally, ok, "%s: %d replicas, usage %lld, average %lld %s",
			   text(entry, "name"), got.replicas, (long long)got.usage,
			   (long long)got.average, err.text);
	}
}

static void add_rule(struct hpa_rules *rules, bool percent, json_int_t value, json_int_t period_s)
{
	if (value)
		rules->rules[rules->n++] = (struct hpa_rule){
			.percent = percent, .value = (int)value, .period_ms = 1000 * period_s};
}

static void rules_of(const json_t *told, struct hpa_rules *rules)
{
	if (!told)
		return;
	*rules = (struct hpa_rules){.window_ms = 1000 * whole(told, "stabilization_s")};
	add_rule(rules, false, whole(told, "pods"), whole(told, "pods_period_s"));
	add_rule(rules, true, whole(told, "percent"), whole(told, "percent_period_s"));
}

/* At the centres of equal segments of the last so many seconds. */
static void events_of(const json_t *told, struct hpa_log *log)
{
	const json_t *changes = json_object_get(told, "replica_changes");
	size_t n = json_array_size(changes);
	for (size_t i = 0; i < n; i++) {
		double age_s = (double)whole(told, "spread_uniformly_over_last_s") *
			       ((double)i + 0.5) / (double)n;
		hpa_log_add(log, (int)json_integer_value(json_array_get(changes, i)),
			    now_ms - (int64_t)(1000 * age_s));
	}
}

static void run_rules(struct tally *tally, const json_t *cases)
{
	static const char *const names[] = {[HPA_IN_RANGE] = "DesiredWithinRange",
					    [HPA_UP_LIMIT] = "ScaleUpLimit",
					    [HPA_DOWN_LIMIT] = "ScaleDownLimit",
					    [HPA_TOO_FEW] = "TooFewReplicas",
					    [HPA_TOO_MANY] = "TooManyReplicas"};
	size_t i;
	json_t *entry;
	json_array_foreach (cases, i, entry) {
		const json_t *expect = json_object_get(entry, "expect");
		struct hpa hpa;
		enum hpa_condition condition;
		hpa_init(&hpa, (int)whole(entry, "min"), (int)whole(entry, "max"));
		rules_of(json_object_get(entry, "scale_up"), &hpa.up);
		rules_of(json_object_get(entry, "scale_down"), &hpa.down);
		events_of(json_object_get(entry, "scale_up_events"), &hpa.ups);
		events_of(json_object_get(entry, "scale_down_events"), &hpa.downs);
		int got = hpa_limit(&hpa, (int)whole(entry, "current"),
				    (int)whole(entry, "desired"), now_ms, &condition);
		bool ok = json_object_get(expect, "replicas") && is(expect, "replicas", got) &&
			  strcmp(text(expect, "condition"), names[condition]) == 0;
		tally_case(tally, ok, "%s: %d, %s", text(entry, "name"), got, names[condition]);
	}
}

static void run_least(struct tally *tally, const json_t *cases)
{
	size_t i, k;
	json_t *entry, *policy;
	json_array_foreach (cases, i, entry) {
		bool up = strcmp(text(entry, "direction"), "up") == 0;
		int current = (int)whole(entry, "current");
		struct hpa hpa;
		hpa_init(&hpa, 0, 1000);
		struct hpa_rules rules = {.select = HPA_LEAST};
		json_array_foreach (json_object_get(entry, "policies"), k, policy) {
			const char *kind = json_string_value(json_array_get(policy, 0));
			add_rule(&rules, kind && strcmp(kind, "Percent") == 0,
				 json_integer_value(json_array_get(policy, 1)),
				 json_integer_value(json_array_get(policy, 2)));
		}
		hpa.up = hpa.down = rules;
		int got = up ? hpa_up_limit(&hpa, current, now_ms)
			     : hpa_down_limit(&hpa, current, now_ms);
		bool ok = strcmp(text(entry, "select"), "Min") == 0 &&
			  json_object_get(entry, "expect_limit") && is(entry, "expect_limit", got);
		tally_case(tally, ok, "%s: %d", text(entry, "name"), got);
	}
}

static void recommendations_of(const json_t *entry, struct hpa_log *log)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(entry, "recommendations"), i, one)
		hpa_log_add(log, (int)whole(one, "replicas"), now_ms - 1000 * whole(one, "age_s"));
}

static void run_plain(struct tally *tally, const json_t *cases)
{
	size_t i;
	json_t *entry;
	json_array_foreach (cases, i, entry) {
		const json_t *expect = json_object_get(entry, "expect");
		struct hpa_log log = {.n = 0};
		recommendations_of(entry, &log);
		int got = hpa_stabilise_plain(&log, 1000 * whole(entry, "window_s"),
					      (int)whole(entry, "desired"), now_ms);
		bool ok = json_object_size(expect) == 2 && is(expect, "stabilized", got) &&
			  is(expect, "log_length", (int64_t)log.n);
		tally_case(tally, ok, "%s: %d, %zu in the log", text(entry, "name"), got, log.n);
	}
}

static bool log_is(const struct hpa_log *log, const json_t *want)
{
	if (log->n != json_array_size(want))
		return false;
	for (size_t i = 0; i < log->n; i++) {
		const json_t *value = json_array_get(want, i);
		const json_t *first = json_array_get(value, 0);
		bool outdated = json_is_true(json_array_get(value, 1));
		if (json_integer_value(first ? first : value) != log->stamps[i].value ||
		    (first && outdated != log->stamps[i].outdated))
			return false;
	}
	return true;
}

static void run_behaviour(struct tally *tally, const json_t *cases)
{
	size_t i;
	json_t *entry;
	json_array_foreach (cases, i, entry) {
		const json_t *expect = json_object_get(entry, "expect");
		struct hpa hpa;
		hpa_init(&hpa, 0, 1000);
		hpa.up.window_ms = 1000 * whole(entry, "up_window_s");
		hpa.down.window_ms = 1000 * whole(entry, "down_window_s");
		recommendations_of(entry, &hpa.recommendations);
		int got = hpa_stabilise(&hpa, (int)whole(entry, "current"),
					(int)whole(entry, "desired"), now_ms);
		bool ok = json_object_size(expect) == 2 && is(expect, "stabilized", got) &&
			  log_is(&hpa.recommendations, json_object_get(expect, "log_values"));
		tally_case(tally, ok, "%s: %d", text(entry, "name"), got);
	}
}

/* `rules` are pods, their period, per cent, their period, window; null: without a behaviour nothing is filed. */
static void run_events(struct tally *tally, const json_t *cases)
{
	size_t i, k;
	json_t *entry, *one;
	json_array_foreach (cases, i, entry) {
		const json_t *told = json_object_get(entry, "rules");
		const json_t *expect = json_object_get(entry, "expect");
		struct hpa_rules rules = {.n = 0};
		struct hpa_log log = {.n = 0};
		if (json_is_array(told)) {
			json_int_t value[4];
			for (k = 0; k < 4; k++)
				value[k] = json_integer_value(json_array_get(told, k));
			add_rule(&rules, false, value[0], value[1]);
			add_rule(&rules, true, value[2], value[3]);
		}
		json_array_foreach (json_object_get(entry, "prev"), k, one)
			hpa_log_add(&log, (int)whole(one, "change"),
				    now_ms - 1000 * whole(one, "age_s"));
		int change = hpa_change_within(&log, 60000, now_ms);
		if (rules.n)
			hpa_file_event(&log, &rules, (int)whole(entry, "new_change"), now_ms);
		bool ok = json_object_size(expect) == 2 &&
			  is(expect, "change_in_last_60s", change) &&
			  log_is(&log, json_object_get(expect, "log"));
		tally_case(tally, ok, "%s: %d within 60 s, %zu in the log", text(entry, "name"),
			   change, log.n);
	}
}

const struct case_group hpa_groups[] = {
	{"replica_calculator", run_replicas},
	{"scaling_rules", run_rules},
	{"min_select_policy", run_least},
	{"stabilize_plain", run_plain},
	{"stabilize_with_behavior", run_behaviour},
	{"store_scale_events", run_events},
	{0},
};
