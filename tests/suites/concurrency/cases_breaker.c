/* SPDX-License-Identifier: MIT */
/*
 * cases_breaker: groups of reference cases on circuit breakers: resilience4j, gobreaker, Sentinel.
 *
 * Some cases are steps in words. Those are told here again in letters, beside the words they stand for: a
 * case with other words is not run but counted as failed.
 *   s success  f failure  l slow success  x ignored   ! refused   k permitted and kept open
 *   <digits>, milliseconds pass      C O H the state is closed, open, half-open      r release a kept one
 *   z the counts are zero
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suites/concurrency/breaker_window.h"
#include "tests/suites/concurrency/cases.h"

#define MS     1000000.0
#define SECOND 1000000000u

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static bool is_failure(char letter)
{
	return letter == 'e' || letter == 'E' || letter == 'f';
}

/* A member that the case does not name is not asked. */
static bool is(const json_t *expect, const char *key, double got)
{
	const json_t *want = json_object_get(expect, key);
	return !want || fabs(json_number_value(want) - got) < 1e-9;
}

static bool counts_are(const struct breaker_counts *counts, const json_t *expect)
{
	double calls = counts->calls ? counts->calls : 1;
	double total_ms = (double)counts->total_ns / MS;
	return is(expect, "calls", counts->calls) && is(expect, "success", counts->success) &&
	       is(expect, "failed", counts->failed) && is(expect, "slow", counts->slow) &&
	       is(expect, "total_ms", total_ms) && is(expect, "avg_ms", total_ms / calls) &&
	       is(expect, "failure_rate", 100 * counts->failed / calls) &&
	       is(expect, "slow_rate", 100 * counts->slow / calls);
}

/* Steps [op, ms, expect], or with `advance` before them. */
static void run_window(struct tally *tally, const json_t *entry, enum breaker_window_kind kind)
{
	struct breaker_window w;
	bool timed = kind == BREAKER_TIME;
	const json_t *steps = json_object_get(entry, "steps");
	uint64_t now_ns = 1000u * (uint64_t)SECOND;
	json_t *step;
	size_t i;
	uint32_t size = (uint32_t)number(entry, timed ? "seconds" : "size");
	if (breaker_window_init(&w, kind, size, NULL) != ASSAY_OK) {
		tally_case(tally, false, "no memory");
		return;
	}
	w.second = now_ns / SECOND;
	if (!json_array_size(steps))
		tally_case(tally, w.sum.calls == 0, "a new window of %u", size);
	json_array_foreach (steps, i, step) {
		size_t at = timed;
		const char *op = json_string_value(json_array_get(step, at));
		double ms = json_number_value(json_array_get(step, at + 1));
		if (timed)
			now_ns += (uint64_t)(json_number_value(json_array_get(step, 0)) * MS);
		breaker_window_move(&w, now_ns);
		if (op && *op != '-')
			breaker_window_add(&w, now_ns, is_failure(*op), *op == 'S' || *op == 'E',
					   (uint64_t)(ms * MS));
		const json_t *expect = json_array_get(step, at + 2);
		tally_case(tally, op && counts_are(&w.sum, expect), "window of %u, step %zu", size,
			   i);
	}
	breaker_window_done(&w);
}

static void run_count_window(struct tally *tally, const json_t *group)
{
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(group, "cases"), i, entry)
		run_window(tally, entry, BREAKER_COUNT);
}

static void run_time_window(struct tally *tally, const json_t *group)
{
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(group, "cases"), i, entry)
		run_window(tally, entry, BREAKER_TIME);
}

/* A breaker and the time it lives in. */
struct scene {
	struct breaker *b;
	double now_ns;
	uint64_t kept;
	struct breaker_view view;
};

static bool call(struct scene *s, enum breaker_outcome outcome, double took_ms)
{
	uint64_t ticket = breaker_allow(s->b, (uint64_t)s->now_ns);
	if (ticket == BREAKER_REFUSED)
		return false;
	s->now_ns += took_ms * MS;
	breaker_report(s->b, ticket, outcome, (uint64_t)s->now_ns, (uint64_t)(took_ms * MS));
	return true;
}

static const struct breaker_view *look(struct scene *s)
{
	breaker_look(s->b, (uint64_t)s->now_ns, &s->view);
	return &s->view;
}

static bool play_letter(struct scene *s, char letter, double slow_ms)
{
	switch (letter) {
	case 's':
		return call(s, BREAKER_SUCCESS, 0);
	case 'l':
		return call(s, BREAKER_SUCCESS, slow_ms);
	case 'e':
	case 'f':
		return call(s, BREAKER_FAILURE, 0);
	case 'x':
		return call(s, BREAKER_IGNORED, 0);
	case '!':
		return breaker_allow(s->b, (uint64_t)s->now_ns) == BREAKER_REFUSED;
	case 'k':
		s->kept = breaker_allow(s->b, (uint64_t)s->now_ns);
		return s->kept != BREAKER_REFUSED;
	case 'r':
		breaker_report(s->b, s->kept, BREAKER_IGNORED, (uint64_t)s->now_ns, 0);
		return true;
	case 'C':
		return look(s)->state == BREAKER_CLOSED;
	case 'O':
		return look(s)->state == BREAKER_OPEN;
	case 'H':
		return look(s)->state == BREAKER_HALF_OPEN;
	case 'z':
		return look(s)->counts.calls == 0;
	default:
		return letter == ' ' || letter == ',';
	}
}

/* The position of the first letter that does not come true, or -1. */
static int play(struct scene *s, const char *script, double slow_ms)
{
	for (const char *at = script; *at;) {
		char *end;
		if (*at >= '0' && *at <= '9') {
			s->now_ns += (double)strtoul(at, &end, 10) * MS;
			at = end;
		} else if (play_letter(s, *at, slow_ms)) {
			at++;
		} else {
			return (int)(at - script);
		}
	}
	return -1;
}

static bool begin(struct scene *s, const struct breaker_config *config)
{
	*s = (struct scene){.now_ns = 1e12};
	return breaker_new(config, (uint64_t)s->now_ns, &s->b, NULL) == ASSAY_OK;
}

static bool view_is(const struct breaker_view *v, const json_t *expect)
{
	const char *state = json_string_value(json_object_get(expect, "state"));
	static const char *const names[] = {"CLOSED", "OPEN", "HALF_OPEN"};
	return (!state || strcmp(state, names[v->state]) == 0) &&
	       is(expect, "rate", v->failure_percent) &&
	       is(expect, "failure_rate", v->failure_percent) &&
	       is(expect, "buffered", v->counts.calls) && is(expect, "failed", v->counts.failed) &&
	       is(expect, "success", v->counts.success) &&
	       (!json_object_get(expect, "counters") || v->counts.calls == 0);
}

static void run_minimum_calls(struct tally *tally, const json_t *group)
{
	struct breaker_config config = breaker_defaults();
	config.size = (uint32_t)number(group, "window");
	config.minimum_calls = (uint32_t)number(group, "minimum_calls");
	/* metrics only: upstream's class does not open anything */
	config.failure_ratio = config.slow_ratio = 2;
	double threshold = number(group, "threshold_pct");
	struct scene s;
	size_t i;
	json_t *phase;
	if (!begin(&s, &config))
		tally_case(tally, false, "no memory");
	json_array_foreach (json_object_get(group, "phases"), i, phase) {
		const json_t *expect = json_object_get(phase, "expect");
		const char *result = json_string_value(json_object_get(expect, "result"));
		const char *calls = json_string_value(json_object_get(phase, "calls"));
		bool ok = calls && result && play(&s, calls, 0) < 0;
		double rate = look(&s)->failure_percent;
		const char *got = rate < 0            ? "below minimum"
				  : rate >= threshold ? "exceeded"
						      : "below threshold";
		tally_case(tally, ok && view_is(&s.view, expect) && strcmp(result, got) == 0,
			   "phase %zu: rate %g, %s", i, rate, got);
	}
	breaker_free(s.b);
}

struct told {
	const char *words; /* of the file: its steps, or its calls */
	const char *script;
};

static const struct told state_machine[] = {
	{"e e e s -> CLOSED (rate -1 while <5 calls); s -> OPEN", "eeesCsO"},
	{"s s s e e -> CLOSED (2/5=40%); e -> OPEN (3/6=50%)", "s1000s1000s1000e1000eC1000eO"},
	{"OPEN; +3 s refused x1 before and x1 after (not_permitted=2); +3 s -> permitted, "
	 "HALF_OPEN, counters reset",
	 "eeeeeO!3000!3000kHz"},
	{"at half the time refused; 1 s past -> HALF_OPEN on next permission", "eeeeeO2500!3500kH"},
	{"4 permitted, then refused; releasing one permits one more; re-open + half-open gives 4 "
	 "again",
	 "eeeeeO6000kkkk!rk!H"},
	{"eese", "eeeeeO6000eeseO"},
	{"esss", "eeeeeO6000esssC"},
};

static const char *script_of(const struct told *told, size_t n, const json_t *entry)
{
	const char *words = json_string_value(json_object_get(entry, "steps"));
	words = words ? words : json_string_value(json_object_get(entry, "calls"));
	for (size_t i = 0; words && i < n; i++)
		if (strcmp(told[i].words, words) == 0)
			return told[i].script;
	return NULL;
}

static struct breaker_config config_of_resilience4j(const json_t *c)
{
	struct breaker_config config = breaker_defaults();
	config.window = BREAKER_TIME;
	config.size = 20;
	config.failure_ratio = number(c, "failure_rate_pct") / 100;
	config.slow_ratio = number(c, "slow_rate_pct") / 100;
	config.slow_ns = (uint64_t)(number(c, "slow_call_s") * SECOND);
	config.permits = (uint32_t)number(c, "half_open_permits");
	config.minimum_calls = (uint32_t)number(c, "minimum_calls");
	config.open_ns = (uint64_t)(number(c, "open_wait_s") * SECOND);
	return config;
}

/* What a case says beside its steps: the counts at the end, and how many were refused. */
static bool ends_as_told(struct scene *s, const json_t *entry)
{
	const char *then = json_string_value(json_object_get(entry, "then"));
	bool ok = view_is(look(s), json_object_get(entry, "expect")) &&
		  view_is(&s->view, json_object_get(entry, "at_open"));
	if (then)
		ok &= strcmp(then, "permission refused, not_permitted=1") == 0 &&
		      play_letter(s, '!', 0) && look(s)->refused == 1;
	return ok;
}

static void run_state_machine(struct tally *tally, const json_t *group)
{
	struct breaker_config config = config_of_resilience4j(json_object_get(group, "config"));
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(group, "cases"), i, entry) {
		const char *name = json_string_value(json_object_get(entry, "name"));
		const char *script = script_of(
			state_machine, sizeof(state_machine) / sizeof(*state_machine), entry);
		struct scene s = {0};
		int stuck = script && begin(&s, &config) ? play(&s, script, 0) : 0;
		tally_case(tally, stuck < 0 && ends_as_told(&s, entry), "%s: %s, stuck at %d", name,
			   script ? script : "steps in words not known here", stuck);
		breaker_free(s.b);
	}
}

/* gobreaker: trips on more than 5 consecutive failures, unless the case has a configuration. */
static struct breaker_config config_of_gobreaker(const json_t *c)
{
	struct breaker_config config = {.window = BREAKER_INTERVAL,
					.failure_ratio = 2,
					.slow_ratio = 2,
					.slow_ns = UINT64_MAX,
					.consecutive = 5,
					.open_ns = 60u * (uint64_t)SECOND,
					.permits = 1,
					.strict = true};
	if (!c)
		return config;
	config.consecutive = 0;
	config.permits = (uint32_t)number(c, "max");
	config.interval_ns = (uint64_t)(number(c, "interval_ms") * MS);
	config.open_ns = (uint64_t)(number(c, "timeout_ms") * MS);
	config.minimum_calls = (uint32_t)number(c, "min_valid");
	config.failure_ratio = number(c, "ratio");
	return config;
}

static bool tally_is(const struct breaker_tally *t, const json_t *expect)
{
	const uint32_t got[] = {t->requests,    t->success,    t->failed,
				t->success_run, t->failed_run, t->ignored};
	for (size_t i = 0; json_is_array(expect) && i < 6; i++)
		if (json_integer_value(json_array_get(expect, i)) != got[i])
			return false;
	return true;
}

static bool go_step(struct scene *s, const json_t *step)
{
	const char *op = json_string_value(json_array_get(step, 0));
	if (strcmp(op, "+") == 0) {
		s->now_ns += json_number_value(json_array_get(step, 1)) * MS;
		return true;
	}
	if (strcmp(op, "check") == 0) {
		static const char *const names[] = {"closed", "open", "half-open"};
		const char *want = json_string_value(json_array_get(step, 1));
		return want && strcmp(names[look(s)->state], want) == 0 &&
		       tally_is(&s->view.tally, json_array_get(step, 2));
	}
	bool ok = true;
	size_t i;
	json_t *letter;
	json_array_foreach (step, i, letter) {
		const char *text = json_string_value(letter);
		ok &= play_letter(s, strcmp(text, "rej") == 0 ? '!' : *text, 0);
	}
	return ok;
}

/* "interval 30 s; at 29 s one success, then a call in flight across the boundary". */
static bool late_result(void)
{
	struct breaker_config config = config_of_gobreaker(NULL);
	struct scene s;
	config.interval_ns = 30u * (uint64_t)SECOND;
	bool ok = begin(&s, &config) && play(&s, "29000sk", 0) < 0 &&
		  look(&s)->tally.requests == 2 && s.view.tally.success == 1;
	uint64_t late = s.kept;
	s.now_ns += 2 * (double)SECOND;
	ok = ok && look(&s)->tally.requests == 0;
	breaker_report(s.b, late, BREAKER_SUCCESS, (uint64_t)s.now_ns, 0);
	ok = ok && look(&s)->tally.requests == 0 && s.view.tally.success == 0;
	breaker_free(s.b);
	return ok;
}

static void run_gobreaker(struct tally *tally, const json_t *group)
{
	size_t c, i;
	json_t *entry, *step;
	json_array_foreach (json_object_get(group, "cases"), c, entry) {
		const json_t *steps = json_object_get(entry, "steps");
		const char *words = json_string_value(steps);
		if (words) {
			bool known = strcmp(words,
					    "interval 30 s; at 29 s one success, then a "
					    "call in flight across the boundary: counts "
					    "reset to 0 and stay 0 when it returns") == 0;
			tally_case(tally, known && late_result(), "late result");
			continue;
		}
		struct breaker_config config =
			config_of_gobreaker(json_object_get(entry, "config"));
		struct scene s;
		if (!begin(&s, &config)) {
			tally_case(tally, false, "no memory");
			continue;
		}
		json_array_foreach (steps, i, step)
			tally_case(tally, go_step(&s, step), "case %zu, step %zu", c, i);
		breaker_free(s.b);
	}
}

static void run_sentinel(struct tally *tally, const json_t *group)
{
	static const struct told told[] = {
		{"ok; error -> OPEN; refused x2; +5 s refused; +5 s probe error -> OPEN again; "
		 "refused x2; +10 s probe ok -> CLOSED; many ok",
		 "sfO!!5000!5000fO!!10000sCssssss"},
		{"3 calls of 20 ms pass; 4th refused; +1 s refused; +4 s one passes",
		 "lll!1000!4000k"},
	};
	static const char *const names[] = {
		"error ratio 0.2, window 20 s, min requests 1, recovery 10 s",
		"slow ratio 1.0, slow = >10 ms, min 3, window 5 s, recovery 5 s"};
	static const struct breaker_config configs[] = {{.window = BREAKER_TIME,
							 .size = 20,
							 .minimum_calls = 1,
							 .failure_ratio = 0.2,
							 .slow_ratio = 2,
							 .open_ns = 10u * (uint64_t)SECOND,
							 .permits = 1},
							{.window = BREAKER_TIME,
							 .size = 5,
							 .minimum_calls = 3,
							 .failure_ratio = 2,
							 .slow_ratio = 1,
							 .slow_ns = 10000000u,
							 .open_ns = 5u * (uint64_t)SECOND,
							 .permits = 1}};
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(group, "cases"), i, entry) {
		const char *name = json_string_value(json_object_get(entry, "name"));
		const char *script = script_of(told, 2, entry);
		size_t which = name && strcmp(name, names[0]) == 0 ? 0 : 1;
		struct scene s = {0};
		bool known = name && script && strcmp(name, names[which]) == 0;
		struct breaker_config config = configs[which];
		config.slow_ns = config.slow_ns ? config.slow_ns : UINT64_MAX;
		int stuck = known && begin(&s, &config) ? play(&s, script, 20) : 0;
		tally_case(tally, stuck < 0, "%s: stuck at %d", name ? name : "?", stuck);
		breaker_free(s.b);
	}
}

const struct case_group breaker_groups[] = {
	{"r4j_count_window", run_count_window},
	{"r4j_time_window", run_time_window},
	{"r4j_minimum_calls", run_minimum_calls},
	{"r4j_state_machine", run_state_machine},
	{"gobreaker", run_gobreaker},
	{"sentinel", run_sentinel},
	{0},
};
