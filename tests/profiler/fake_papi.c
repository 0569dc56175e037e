/* SPDX-License-Identifier: MIT */
/* fake_papi: the lying library. Single-threaded, as the tests that use it are. */
#include "tests/profiler/fake_papi.h"

#include <stdbool.h>
#include <string.h>

#include "harness/base/attr.h"

enum { SETS = 64, EVENTS = 8 };

static const struct known {
	const char *name;
	bool hardware;
	int refuse; /* what set_add answers, 0: takes it */
	long long value;
} known[] = {
	{"PAPI_TOT_CYC", true, 0, 1000},
	{"PAPI_TOT_INS", true, 0, 1001},
	{"PAPI_BR_MSP", true, PAPI_CALL_NO_EVENT, 0}, /* the query says yes, adding says no */
	{"perf::BRANCH-MISSES", true, 0, 1003},
	{"PAPI_L3_TCM", true, 0, 1004},
	{"perf::TASK-CLOCK", false, 0, 5000},
	{"perf::PAGE-FAULTS", false, 0, 0},
	{"perf::CONTEXT-SWITCHES", false, 0, 0},
	{"perf::CONTEXT-SWITCHES:u=1:k=1", false, PAPI_CALL_PERMISSION, 0},
	{"perf::CPU-MIGRATIONS:u=1:k=1", false, 0, 2},
};

static struct set {
	bool used, multiplexed, running;
	int n;
	int codes[EVENTS];
} sets[SETS];

static int event_code(const char *name, int *code)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++) {
		if (strcmp(known[i].name, name) == 0) {
			*code = (int)i;
			return PAPI_CALL_OK;
		}
	}
	return PAPI_CALL_NO_EVENT;
}

static int event_component(int code)
{
	(void)code;
	return 0;
}

static int set_create(int *set)
{
	for (int i = 0; i < SETS; i++) {
		if (!sets[i].used) {
			sets[i] = (struct set){.used = true};
			*set = i;
			return PAPI_CALL_OK;
		}
	}
	return -2;
}

static int set_assign(int set, int component)
{
	return sets[set].used && component == 0 ? PAPI_CALL_OK : -1;
}

static int set_multiplex(int set)
{
	sets[set].multiplexed = true;
	return PAPI_CALL_OK;
}

static int refuse_multiplex(int set)
{
	(void)set;
	return PAPI_CALL_NO_EVENT;
}

static int hardware_events(const struct set *set)
{
	int n = 0;
	for (int i = 0; i < set->n; i++)
		n += known[set->codes[i]].hardware;
	return n;
}

static int set_add(int number, int code)
{
	struct set *set = &sets[number];
	if (known[code].refuse)
		return known[code].refuse;
	for (int i = 0; i < set->n; i++)
		if (set->codes[i] == code)
			return PAPI_CALL_CONFLICT;
	if (set->n == EVENTS || (known[code].hardware && !set->multiplexed &&
				 hardware_events(set) == FAKE_PAPI_COUNTERS))
		return PAPI_CALL_CONFLICT;
	set->codes[set->n++] = code;
	return PAPI_CALL_OK;
}

static int set_start(int number)
{
	for (int i = 0; i < SETS; i++)
		if (sets[i].used && sets[i].running)
			return PAPI_CALL_RUNNING;
	sets[number].running = true;
	return PAPI_CALL_OK;
}

static int set_stop(int number, long long *values)
{
	struct set *set = &sets[number];
	if (!set->running)
		return -9;
	set->running = false;
	int turn = 0;
	for (int i = 0; i < set->n; i++) {
		const struct known *event = &known[set->codes[i]];
		bool starved = event->hardware && ++turn > FAKE_PAPI_COUNTERS;
		values[i] = starved ? 0 : event->value;
	}
	return PAPI_CALL_OK;
}

static int set_cleanup(int set)
{
	sets[set].n = 0;
	return PAPI_CALL_OK;
}

static int set_destroy(int *set)
{
	if (sets[*set].n > 0 || sets[*set].running)
		return -1;
	sets[*set].used = false;
	*set = -1;
	return PAPI_CALL_OK;
}

static const char *error_text(int code)
{
	(void)code;
	return "fake error";
}

int fake_papi_sets(void)
{
	int n = 0;
	for (int i = 0; i < SETS; i++)
		n += sets[i].used;
	return n;
}

#define CALLS(multiplex)                                                                          \
	{                                                                                         \
		.event_code = event_code, .event_component = event_component,                     \
		.set_create = set_create, .set_assign = set_assign, .set_multiplex = (multiplex), \
		.set_add = set_add, .set_start = set_start, .set_stop = set_stop,                 \
		.set_cleanup = set_cleanup, .set_destroy = set_destroy, .error_text = error_text, \
	}

const struct papi_calls fake_papi = CALLS(set_multiplex);
const struct papi_calls fake_papi_no_multiplex = CALLS(refuse_multiplex);
