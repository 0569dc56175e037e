/* SPDX-License-Identifier: MIT */
/* test_papi_session: every lie that PAPI tells, told by a fake one, must come out as a reason. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "harness/base/str.h"
#include "profiler/papi_session.h"
#include "tests/profiler/fake_papi.h"
#include "tests/t.h"

static const struct pmu_facts with_unit = {.error = 0, .paranoid = 2};
static const struct pmu_facts without_unit = {.error = ENOENT, .paranoid = 2, .hypervisor = "KVM"};

static void name_counts(struct assay_count *counts, const char *const *events, size_t n)
{
	memset(counts, 0, n * sizeof(*counts));
	for (size_t i = 0; i < n; i++)
		assay_copy(counts[i].event, sizeof(counts[i].event), events[i]);
}

/* Open over the fake, count one region when something was taken, close. */
static void count_once(const struct papi_calls *calls, const struct pmu_facts *facts,
		       struct assay_count *counts, const char *const *events, size_t n)
{
	struct assay_err err = {0};
	struct papi_session *session;
	name_counts(counts, events, n);
	assert_ok(papi_session_open(calls, facts, counts, n, &session, &err));
	if (session) {
		assert_ok(papi_session_start(session, &err));
		assert_ok(papi_session_stop(session, counts, n, &err));
	}
	papi_session_close(session);
	assert_int_equal(fake_papi_sets(), 0);
}

static void numbers_come_back_for_the_right_events(void **state)
{
	(void)state;
	static const char *const events[] = {"task_clock", "instructions", "cycles"};
	struct assay_count c[3];
	count_once(&fake_papi, &with_unit, c, events, 3);
	assert_close(c[0].value, 5000, 0);
	assert_string_equal(c[0].unit, "ns");
	assert_close(c[1].value, 1001, 0);
	assert_close(c[2].value, 1000, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(c[i].quality, ASSAY_EXACT);
		assert_string_equal(c[i].source, "papi");
		assert_string_equal(c[i].reason, "");
		assert_true(c[i].enabled_ns > 0 && c[i].running_ns == c[i].enabled_ns);
	}
}

static void a_preset_that_cannot_be_added_gives_way_to_the_kernel_name(void **state)
{
	(void)state;
	static const char *const events[] = {"branch_misses"};
	struct assay_count c[1];
	count_once(&fake_papi, &with_unit, c, events, 1);
	assert_close(c[0].value, 1003, 0);
}

static void without_a_unit_the_hypervisor_is_named(void **state)
{
	(void)state;
	static const char *const events[] = {"cycles", "task_clock"};
	struct assay_count c[2];
	count_once(&fake_papi, &without_unit, c, events, 2);
	assert_int_equal(c[0].quality, ASSAY_UNAVAILABLE);
	assert_string_equal(c[0].source, "");
	assert_string_equal(c[0].reason,
			    "no hardware performance unit: the hypervisor (KVM) offers none");
	assert_int_equal(c[1].quality, ASSAY_EXACT);
}

static void a_false_zero_is_refused(void **state)
{
	(void)state;
	static const char *const events[] = {"papi:perf::CONTEXT-SWITCHES", "page_faults"};
	struct assay_count c[2];
	count_once(&fake_papi, &with_unit, c, events, 2);
	assert_int_equal(c[0].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[0].reason, "PAPI counts 0 where getrusage saw"));
	assert_int_equal(c[1].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[1].reason, "stays at 0"));
}

static void a_refused_permission_says_which_setting(void **state)
{
	(void)state;
	static const char *const events[] = {"context_switches"};
	struct assay_count c[1];
	count_once(&fake_papi, &with_unit, c, events, 1);
	assert_int_equal(c[0].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[0].reason, "perf_event_paranoid is 2"));
}

static void events_beyond_the_counters_take_turns_and_say_so(void **state)
{
	(void)state;
	static const char *const events[] = {"cycles", "instructions", "cache_misses"};
	struct assay_count c[3];
	count_once(&fake_papi, &with_unit, c, events, 3);
	assert_int_equal(c[0].quality, ASSAY_SCALED);
	assert_int_equal(c[1].quality, ASSAY_SCALED);
	assert_close(c[1].value, 1001, 0);
	assert_non_null(strstr(c[1].reason, "took turns"));
	assert_int_equal(c[1].running_ns, 0);
	/* the third never had its turn: not a zero */
	assert_int_equal(c[2].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[2].reason, "may never have counted"));
}

static void without_multiplexing_the_last_event_is_left_out(void **state)
{
	(void)state;
	static const char *const events[] = {"cycles", "instructions", "cache_misses",
					     "task_clock"};
	struct assay_count c[4];
	count_once(&fake_papi_no_multiplex, &with_unit, c, events, 4);
	assert_int_equal(c[0].quality, ASSAY_EXACT);
	assert_close(c[1].value, 1001, 0);
	assert_int_equal(c[2].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[2].reason, "no hardware counter is free"));
	assert_close(c[3].value, 5000, 0);
}

static void one_event_under_two_names_is_counted_once(void **state)
{
	(void)state;
	static const char *const events[] = {"task_clock", "papi:perf::TASK-CLOCK"};
	struct assay_count c[2];
	count_once(&fake_papi, &with_unit, c, events, 2);
	assert_close(c[0].value, 5000, 0);
	assert_close(c[1].value, 5000, 0);
	assert_string_equal(c[1].unit, "ns");
}

static void names_of_others_are_left_alone(void **state)
{
	(void)state;
	static const char *const events[] = {"fake:count", "wishes", "papi:NO_SUCH"};
	struct assay_count c[3];
	struct assay_err err = {0};
	struct papi_session *session;
	name_counts(c, events, 3);
	assert_ok(papi_session_open(&fake_papi, &with_unit, c, 3, &session, &err));
	assert_null(session);
	assert_string_equal(c[0].reason, "");
	assert_non_null(strstr(c[1].reason, "PAPI has nothing for 'wishes'"));
	assert_non_null(strstr(c[2].reason, "PAPI knows no event 'NO_SUCH'"));
}

static void an_event_somebody_has_taken_stays_theirs(void **state)
{
	(void)state;
	static const char *const events[] = {"task_clock"};
	struct assay_count c[1];
	struct assay_err err = {0};
	struct papi_session *session;
	name_counts(c, events, 1);
	c[0].quality = ASSAY_EXACT;
	assay_copy(c[0].source, sizeof(c[0].source), "other");
	assert_ok(papi_session_open(&fake_papi, &with_unit, c, 1, &session, &err));
	assert_null(session);
	assert_string_equal(c[0].source, "other");
}

struct foreign {
	struct papi_session *session;
	struct assay_count *counts;
	enum assay_code start, stop;
};

static void *use_from_elsewhere(void *context)
{
	struct foreign *f = context;
	f->start = papi_session_start(f->session, NULL);
	f->stop = papi_session_stop(f->session, f->counts, 1, NULL);
	return NULL;
}

static void only_the_owner_may_start_and_stop(void **state)
{
	(void)state;
	static const char *const events[] = {"task_clock"};
	struct assay_count c[1];
	struct assay_err err = {0};
	struct foreign f = {.counts = c};
	pthread_t thread;
	name_counts(c, events, 1);
	assert_ok(papi_session_open(&fake_papi, &with_unit, c, 1, &f.session, &err));
	assert_ok(papi_session_start(f.session, &err));
	assert_int_equal(pthread_create(&thread, NULL, use_from_elsewhere, &f), 0);
	pthread_join(thread, NULL);
	assert_int_equal(f.start, ASSAY_EBUG);
	assert_int_equal(f.stop, ASSAY_EBUG);
	assert_fails(papi_session_start(f.session, &err), ASSAY_EBUG, "twice");
	assert_ok(papi_session_stop(f.session, c, 1, &err));
	assert_close(c[0].value, 5000, 0);
	assert_fails(papi_session_stop(f.session, c, 1, &err), ASSAY_EBUG, "without start");
	papi_session_close(f.session);
	papi_session_close(NULL);
	assert_int_equal(fake_papi_sets(), 0);
}

static void every_refusal_of_the_kernel_has_its_words(void **state)
{
	(void)state;
	static const struct {
		int error;
		const char *says;
	} cases[] = {
		{0, ""},
		{ENOENT, "hypervisor (KVM)"},
		{EACCES, "perf_event_paranoid is 3"},
		{EPERM, "CAP_PERFMON"},
		{ENOSYS, "no perf_event_open"},
		{EBUSY, "taken by somebody else"},
		{EIO, "perf_event_open: "},
	};
	char reason[160];
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct pmu_facts facts = {
			.error = cases[i].error, .paranoid = 3, .hypervisor = "KVM"};
		pmu_reason(&facts, reason, sizeof(reason));
		assert_non_null(strstr(reason, cases[i].says));
		assert_true((cases[i].error == 0) == (reason[0] == '\0'));
	}
	struct pmu_facts metal = {.error = ENOENT};
	assert_non_null(strstr(pmu_reason(&metal, reason, sizeof(reason)), "driver"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_back_for_the_right_events),
		cmocka_unit_test(a_preset_that_cannot_be_added_gives_way_to_the_kernel_name),
		cmocka_unit_test(without_a_unit_the_hypervisor_is_named),
		cmocka_unit_test(a_false_zero_is_refused),
		cmocka_unit_test(a_refused_permission_says_which_setting),
		cmocka_unit_test(events_beyond_the_counters_take_turns_and_say_so),
		cmocka_unit_test(without_multiplexing_the_last_event_is_left_out),
		cmocka_unit_test(one_event_under_two_names_is_counted_once),
		cmocka_unit_test(names_of_others_are_left_alone),
		cmocka_unit_test(an_event_somebody_has_taken_stays_theirs),
		cmocka_unit_test(only_the_owner_may_start_and_stop),
		cmocka_unit_test(every_refusal_of_the_kernel_has_its_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
