/* SPDX-License-Identifier: MIT */
/* hpa_rules: windows of stabilisation and limits of change. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "suites/scaling/hpa.h"

void hpa_init(struct hpa *hpa, int min, int max)
{
	*hpa = (struct hpa){
		.min = min,
		.max = max,
		.up = {.rules = {{.value = 4, .period_ms = 15000},
				 {.percent = true, .value = 100, .period_ms = 15000}},
		       .n = 2},
		.down = {.rules = {{.percent = true, .value = 100, .period_ms = 15000}},
			 .n = 1,
			 .window_ms = 300000},
	};
}

void hpa_log_add(struct hpa_log *log, int value, int64_t at_ms)
{
	if (log->n == HPA_LOG)
		memmove(log->stamps, log->stamps + 1, --log->n * sizeof(*log->stamps));
	log->stamps[log->n++] = (struct hpa_stamp){.value = value, .at_ms = at_ms};
}

/* In the place of one that no longer counts, or at the end. */
static void put(struct hpa_log *log, size_t place, int value, int64_t now_ms)
{
	if (place < log->n)
		log->stamps[place] = (struct hpa_stamp){.value = value, .at_ms = now_ms};
	else
		hpa_log_add(log, value, now_ms);
}

int hpa_stabilise_plain(struct hpa_log *log, int64_t window_ms, int desired, int64_t now_ms)
{
	size_t old = SIZE_MAX;
	int most = desired;
	for (size_t i = 0; i < log->n; i++) {
		if (log->stamps[i].at_ms < now_ms - window_ms)
			old = i;
		else if (log->stamps[i].value > most)
			most = log->stamps[i].value;
	}
	put(log, old, desired, now_ms);
	return most;
}

int hpa_stabilise(struct hpa *hpa, int current, int desired, int64_t now_ms)
{
	struct hpa_log *log = &hpa->recommendations;
	int64_t up_ms = now_ms - hpa->up.window_ms, down_ms = now_ms - hpa->down.window_ms;
	int64_t both_ms = up_ms < down_ms ? up_ms : down_ms;
	int up = desired, down = desired;
	size_t old = SIZE_MAX;
	for (size_t i = 0; i < log->n; i++) {
		const struct hpa_stamp *stamp = &log->stamps[i];
		if (stamp->at_ms > up_ms && stamp->value < up)
			up = stamp->value;
		if (stamp->at_ms > down_ms && stamp->value > down)
			down = stamp->value;
		if (stamp->at_ms < both_ms)
			old = i;
	}
	put(log, old, desired, now_ms);
	int stable = current < up ? up : current;
	return stable > down ? down : stable;
}

int hpa_change_within(const struct hpa_log *log, int64_t period_ms, int64_t now_ms)
{
	int change = 0;
	for (size_t i = 0; i < log->n; i++)
		if (log->stamps[i].at_ms > now_ms - period_ms)
			change += log->stamps[i].value;
	return change;
}

/* How many there were when the period of a rule began. */
static int began_with(const struct hpa *hpa, const struct hpa_rule *rule, int current,
		      int64_t now_ms)
{
	return current - hpa_change_within(&hpa->ups, rule->period_ms, now_ms) +
	       hpa_change_within(&hpa->downs, rule->period_ms, now_ms);
}

int hpa_up_limit(const struct hpa *hpa, int current, int64_t now_ms)
{
	bool most = hpa->up.select == HPA_MOST;
	int limit = most ? INT_MIN : INT_MAX;
	if (hpa->up.select == HPA_NEVER)
		return current;
	for (size_t i = 0; i < hpa->up.n; i++) {
		const struct hpa_rule *rule = &hpa->up.rules[i];
		int from = began_with(hpa, rule, current, now_ms);
		/* Rounded up, or a share of few would never be one more. */
		int to = rule->percent ? (int)ceil(from * (1 + rule->value / 100.0))
				       : from + rule->value;
		limit = (to > limit) == most ? to : limit;
	}
	return limit;
}

int hpa_down_limit(const struct hpa *hpa, int current, int64_t now_ms)
{
	bool most = hpa->down.select == HPA_MOST;
	int limit = most ? INT_MAX : INT_MIN;
	if (hpa->down.select == HPA_NEVER)
		return current;
	for (size_t i = 0; i < hpa->down.n; i++) {
		const struct hpa_rule *rule = &hpa->down.rules[i];
		int from = began_with(hpa, rule, current, now_ms);
		int to = rule->percent ? (int)(from * (1 - rule->value / 100.0))
				       : from - rule->value;
		limit = (to < limit) == most ? to : limit;
	}
	return limit;
}

int hpa_limit(const struct hpa *hpa, int current, int desired, int64_t now_ms,
	      enum hpa_condition *ret)
{
	*ret = HPA_IN_RANGE;
	if (desired > current) {
		int limit = hpa_up_limit(hpa, current, now_ms);
		limit = limit < current ? current : limit;
		int most = hpa->max > limit ? limit : hpa->max;
		if (desired > most)
			*ret = hpa->max > limit ? HPA_UP_LIMIT : HPA_TOO_MANY;
		return desired > most ? most : desired;
	}
	if (desired < current) {
		int limit = hpa_down_limit(hpa, current, now_ms);
		limit = limit > current ? current : limit;
		int least = hpa->min < limit ? limit : hpa->min;
		if (desired < least)
			*ret = hpa->min < limit ? HPA_DOWN_LIMIT : HPA_TOO_FEW;
		return desired < least ? least : desired;
	}
	return desired;
}

static int64_t longest_ms(const struct hpa_rules *rules)
{
	int64_t longest = 0;
	for (size_t i = 0; i < rules->n; i++)
		if (rules->rules[i].period_ms > longest)
			longest = rules->rules[i].period_ms;
	return longest;
}

void hpa_file_event(struct hpa_log *log, const struct hpa_rules *rules, int change, int64_t now_ms)
{
	int64_t cutoff_ms = now_ms - longest_ms(rules);
	size_t old = SIZE_MAX;
	for (size_t i = 0; i < log->n; i++) {
		log->stamps[i].outdated |= log->stamps[i].at_ms < cutoff_ms;
		if (log->stamps[i].outdated)
			old = i;
	}
	put(log, old, change, now_ms);
}

int hpa_decide(struct hpa *hpa, int current, int desired, int64_t now_ms)
{
	enum hpa_condition condition;
	int next;
	if (current > hpa->max)
		next = hpa->max;
	else if (current < hpa->min)
		next = hpa->min;
	else
		next = hpa_limit(hpa, current, hpa_stabilise(hpa, current, desired, now_ms), now_ms,
				 &condition);
	if (next > current)
		hpa_file_event(&hpa->ups, &hpa->up, next - current, now_ms);
	else if (next < current)
		hpa_file_event(&hpa->downs, &hpa->down, current - next, now_ms);
	return next;
}
