/* SPDX-License-Identifier: MIT */
/* test_gang: batches, modes, drivers, and every way a body can break the rules. No timed assertion. */
#include "tests/t.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/engine/driver.h"
#include "harness/engine/gbench.h"
#include "harness/engine/measure.h"
#include "tests/engine/toy.h"

/* What a measurement delivered. */
struct taken {
	size_t samples, metrics;
	double last_value, last_metric;
};

static bool on_sample(void *context, const struct gang_batch *batch, double value, unsigned flags)
{
	struct taken *taken = context;
	(void)batch;
	(void)flags;
	taken->samples++;
	taken->last_value = value;
	return true;
}

static bool on_metric(void *context, const struct gang_metric *metric, unsigned flags)
{
	struct taken *taken = context;
	(void)flags;
	taken->metrics++;
	taken->last_metric = metric->value;
	return true;
}

struct fixture {
	struct assay_registry *registry;
	struct assay_case c;
	struct gang *gang;
};

static void start(struct fixture *f, const char *name)
{
	struct assay_err err = {0};
	toy_calls = (struct toy_calls){0};
	assert_ok(assay_registry_new(&toy_table, &f->registry, &err));
	assert_ok(assay_case_parse(f->registry, name, &f->c, &err));
	f->gang = aligned_alloc(_Alignof(struct gang), sizeof(struct gang));
	assert_non_null(f->gang);
	assert_ok(gang_init(f->gang, &f->c, NULL, 1, assay_registry_sources(f->registry), NULL,
			    &err));
}

static void end(struct fixture *f)
{
	gang_done(f->gang);
	free(f->gang);
	assay_case_done(&f->c);
	assay_registry_free(f->registry);
}

static struct taken measure(struct fixture *f, const struct assay_driver *driver)
{
	struct taken taken = {0};
	const struct measure_sink sink = {on_sample, on_metric, &taken};
	const struct assay_effort effort = {6, 3000000};
	uint64_t n;
	assay_measure(f->gang, driver, &effort, &sink, &n);
	assert_true(n > 0);
	return taken;
}

static void functions_are_called_in_order(void **state)
{
	(void)state;
	struct fixture f;
	start(&f, "toy/empty");
	assert_int_equal(toy_calls.setup, 1);
	assert_int_equal(toy_calls.thread_setup, 1);
	struct taken taken = measure(&f, &assay_driver_native);
	assert_true(taken.samples >= 5);
	assert_int_equal(taken.metrics, taken.samples);
	assert_close(taken.last_metric, 0.5, 0);
	assert_true(taken.last_value > 0);
	assert_int_equal(toy_calls.prepare, toy_calls.body);
	end(&f);
	assert_int_equal(toy_calls.teardown, 1);
	assert_int_equal(toy_calls.thread_teardown, 1);
}

static void gbench_fills_the_same_record(void **state)
{
	(void)state;
	struct fixture f;
	if (!gbench_version())
		return; /* built without it */
	start(&f, "toy/empty");
	struct taken taken = measure(&f, &assay_driver_gbench);
	assert_true(gang_ok(f.gang));
	assert_true(taken.samples >= 5);
	assert_true(taken.last_value > 0);
	end(&f);
}

static void every_thread_does_its_share(void **state)
{
	(void)state;
	struct fixture f;
	start(&f, "toy/sweep/size:16/mode:fast/subject:plain/threads:2");
	struct gang_batch batch;
	gang_batch(f.gang, 1000, 0, &batch);
	assert_true(gang_ok(f.gang));
	assert_int_equal(batch.ops, 2000);
	assert_int_equal(batch.ops_per_thread, 1000);
	end(&f);
}

static void only_roles_that_count_are_counted(void **state)
{
	(void)state;
	struct fixture f;
	start(&f, "toy/pair/threads:2");
	struct gang_batch batch;
	gang_batch(f.gang, 500, 0, &batch);
	assert_true(gang_ok(f.gang));
	assert_int_equal(batch.ops, 500);
	_Atomic uint64_t *count = f.gang->state;
	assert_int_equal(*count, 500);
	end(&f);
}

static void windows_count_what_was_done(void **state)
{
	(void)state;
	struct fixture f;
	start(&f, "toy/window/threads:2");
	struct gang_batch batch;
	gang_batch(f.gang, 1, 1000000, &batch);
	assert_true(batch.ops > 0);
	assert_true(batch.overlap >= 0 && batch.overlap <= 1);
	_Atomic uint64_t *count = f.gang->state;
	assert_int_equal(*count, batch.ops); /* role 0 is every thread's here */
	end(&f);
}

static void latencies_go_into_the_histogram(void **state)
{
	(void)state;
	struct fixture f;
	start(&f, "toy/latency");
	struct taken taken = measure(&f, &assay_driver_native);
	assert_true(taken.samples >= 5);
	assert_true(f.gang->runs[0].histogram->total > 0);
	assert_true(taken.last_value >= 0);
	end(&f);
}

static void once_is_one_operation_without_warm_up(void **state)
{
	(void)state;
	struct fixture f;
	start(&f, "toy/once");
	struct taken taken = measure(&f, &assay_driver_native);
	assert_true(taken.samples >= 5);
	assert_int_equal(toy_calls.body, taken.samples);
	end(&f);
}

static void a_stop_is_seen_once(void **state)
{
	(void)state;
	struct fixture f;
	struct gang_batch batch;
	sigset_t let_go_on, before;
	sigemptyset(&let_go_on);
	sigaddset(&let_go_on, SIGCONT);
	sigprocmask(SIG_BLOCK, &let_go_on, &before);
	start(&f, "toy/stated");
	gang_batch(f.gang, 1, 0, &batch);
	assert_false(batch.stopped);
	kill(getpid(), SIGCONT);
	gang_batch(f.gang, 1, 0, &batch);
	assert_true(batch.stopped);
	gang_batch(f.gang, 1, 0, &batch);
	assert_false(batch.stopped);
	end(&f);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void a_stated_time_is_believed(void **state)
{
	(void)state;
	struct fixture f;
	start(&f, "toy/stated");
	struct taken taken = measure(&f, &assay_driver_native);
	/* 8 operations of 64 bytes in one microsecond, as stated */
	assert_close(taken.last_value, 512e6, 1e-12);
	end(&f);
}

/* A sample is to take 500 us: three operations of 200 us each. */
static void expect_three(const char *name)
{
	struct fixture f;
	start(&f, name);
	struct taken taken = measure(&f, &assay_driver_native);
	assert_int_equal(f.gang->n, 3);
	assert_close(taken.last_value, TOY_QUEUED_NS, 1e-12);
	end(&f);
}

static void what_is_queued_counts_as_long_as_it_takes(void **state)
{
	(void)state;
	expect_three("toy/queued");
}

static void a_size_is_chosen_anew_when_the_trials_misled(void **state)
{
	(void)state;
	expect_three("toy/moody");
}

static void operations_in_a_turn_are_counted(void **state)
{
	(void)state;
	struct fixture f;
	start(&f, "toy/bundle");
	struct taken taken = measure(&f, &assay_driver_native);
	/* 8 turns of 4 operations in one microsecond, as stated */
	assert_close(taken.last_value, 32e6, 1e-12);
	struct gang_batch batch;
	gang_batch(f.gang, 5, 0, &batch);
	assert_int_equal(batch.ops, 20);
	assert_int_equal(batch.ops_per_thread, 5);
	end(&f);
}

static void operations_that_did_nothing_are_not_counted(void **state)
{
	(void)state;
	struct fixture f;
	start(&f, "toy/discount");
	struct taken taken = measure(&f, &assay_driver_native);
	assert_close(taken.last_value, 29e6, 1e-12);
	struct gang_batch batch;
	gang_batch(f.gang, 5, 0, &batch);
	assert_int_equal(batch.ops, 17);
	assert_int_equal(batch.ops_per_thread, 5);
	assert_true(gang_ok(f.gang));
	/* a discount of more than there were is a mistake */
	f.gang->ops_per_iteration = 1;
	gang_batch(f.gang, 2, 0, &batch);
	assert_false(gang_ok(f.gang));
	end(&f);
}

static void broken_rules_are_failures(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum assay_status status;
		const char *says;
	} broken[] = {
		{"toy/early", ASSAY_STATUS_FAILED, "early"},
		{"toy/early/threads:2", ASSAY_STATUS_FAILED, "early"},
		{"toy/returns", ASSAY_STATUS_FAILED, "early"},
		{"toy/no_loop", ASSAY_STATUS_FAILED, "without running"},
		{"toy/no_loop/threads:2", ASSAY_STATUS_FAILED, "without running"},
		{"toy/wrong", ASSAY_STATUS_FAILED, "two and two are 5"},
		{"toy/skips", ASSAY_STATUS_SKIPPED, "no moon here"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(broken); i++) {
		struct fixture f;
		start(&f, broken[i].name);
		struct gang_batch batch;
		if (gang_ok(f.gang))
			gang_batch(f.gang, 100, 0, &batch);
		assert_int_equal(f.gang->status, broken[i].status);
		assert_non_null(strstr(f.gang->reason, broken[i].says));
		end(&f);
	}
}

static void a_failed_body_under_gbench_does_not_abort(void **state)
{
	(void)state;
	struct fixture f;
	struct gang_batch batch;
	if (!gbench_version())
		return; /* built without it */
	static const char *const names[] = {"toy/early", "toy/returns", "toy/no_loop"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++) {
		start(&f, names[i]);
		assay_driver_gbench.batch(f.gang, 10, 0, &batch);
		assert_int_equal(f.gang->status, ASSAY_STATUS_FAILED);
		end(&f);
	}
}

static void drivers_are_chosen_by_what_they_can(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct fixture f;
	const struct assay_driver *driver;
	start(&f, "toy/window/threads:2");
	assert_ok(assay_driver_choose(NULL, &f.c, &driver, &err));
	assert_ptr_equal(driver, &assay_driver_native);
	assert_fails(assay_driver_choose("gbench", &f.c, &driver, &err), ASSAY_EUSAGE, "gbench");
	assert_fails(assay_driver_choose("warp", &f.c, &driver, &err), ASSAY_EUSAGE, "warp");
	end(&f);
}

static void whole_numbers_are_stated_and_iterations_may_be_many_operations(void **state)
{
	(void)state;
	struct fixture f;
	struct taken taken = {0};
	start(&f, "toy/replay/file:built_in");
	uint64_t n = 1;
	assay_measure(f.gang, &assay_driver_native, &(struct assay_effort){.samples = 3},
		      &(struct measure_sink){on_sample, on_metric, &taken}, &n);
	assert_close(taken.last_value, 1000, 0);
	assert_int_equal(f.gang->n_stated, 2);
	assert_string_equal(f.gang->stated[0].event, "misses");
	assert_int_equal(f.gang->stated[0].raw, 42);
	assert_int_equal(f.gang->stated[1].raw, 1000);
	end(&f);
}

/* ---- counting in passes ---- */

/* Each of these counts one event, named as the source, and its state is how often it was started. */
static enum assay_code take_one(struct assay_count *counts, size_t n, const char *name,
				const char *unit, void **ret_state)
{
	*ret_state = NULL;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(counts[i].event, name) != 0)
			continue;
		assay_copy(counts[i].source, sizeof(counts[i].source), name);
		assay_copy(counts[i].unit, sizeof(counts[i].unit), unit);
		counts[i].quality = ASSAY_EXACT;
		*ret_state = calloc(1, sizeof(unsigned));
	}
	return ASSAY_OK;
}

static enum assay_code open_common(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	return take_one(counts, n, "common", "", ret_state);
}

static enum assay_code open_turns(struct assay_count *counts, size_t n, void **ret_state,
				  struct assay_err *err)
{
	return take_one(counts, n, "turns", "", ret_state);
}

static enum assay_code open_level(struct assay_count *counts, size_t n, void **ret_state,
				  struct assay_err *err)
{
	return take_one(counts, n, "level", "ratio", ret_state);
}

static enum assay_code start_one(void *state, struct assay_err *err)
{
	++*(unsigned *)state;
	return ASSAY_OK;
}

static enum assay_code stop_one(void *state, struct assay_count *counts, size_t n,
				struct assay_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (counts[i].source[0]) {
			counts[i].value = 0.5;
			counts[i].raw = *(unsigned *)state;
		}
	return ASSAY_OK;
}

static bool until_three(void *state)
{
	return *(unsigned *)state < 3;
}

static enum assay_code leave_a_trace(void *state, struct assay_gpu_trace *into,
				     struct assay_err *err)
{
	into->head.end_ns = *(unsigned *)state;
	return ASSAY_OK;
}

static void sources_that_count_alone_get_their_own_passes(void **state)
{
	static const struct assay_source common = {.name = "common",
						   .open = open_common,
						   .start = start_one,
						   .stop = stop_one,
						   .close = free};
	static const char *const turns_events[] = {"turns", NULL};
	static const struct assay_source turns = {.name = "turns",
						  .events = turns_events,
						  .open = open_turns,
						  .start = start_one,
						  .stop = stop_one,
						  .close = free,
						  .alone = true,
						  .again = until_three,
						  .trace = leave_a_trace};
	static const char *const level_events[] = {"level", NULL};
	static const struct assay_source level = {.name = "level",
						  .events = level_events,
						  .open = open_level,
						  .start = start_one,
						  .stop = stop_one,
						  .close = free,
						  .alone = true,
						  .shortest_ns = 1000000};
	static const struct assay_source *const sources[] = {&common, &turns, &level, NULL};
	static const char *const events[] = {"common", "turns", "level", "nobody", NULL};
	struct assay_count counts[GANG_MAX_EVENTS];
	struct fixture f;
	start(&f, "toy/empty");
	f.gang->sources = sources;
	assert_int_equal(assay_measure_counted(f.gang, 10, events, counts), 4);
	/* Only what asked for it was started more than once; a level is no matter of operations. */
	assert_true(counts[0].value > 0 && counts[0].value < 0.5);
	assert_int_equal(counts[1].raw, 3);
	assert_true(counts[1].value > 0 && counts[1].value < 0.5);
	assert_true(counts[2].value == 0.5);
	assert_int_equal(counts[2].raw, 1);
	assert_int_equal(counts[3].quality, ASSAY_UNAVAILABLE);
	assert_int_equal(f.gang->trace.head.end_ns, 3);
	end(&f);
}

/* How many operations a source gets that wants `shortest_ns`, of a loop that queues three of 200 us each. */
static uint64_t operations_for(uint64_t shortest_ns)
{
	static const char *const level_events[] = {"level", NULL};
	const struct assay_source level = {.name = "level",
					   .events = level_events,
					   .open = open_level,
					   .start = start_one,
					   .stop = stop_one,
					   .close = free,
					   .alone = true,
					   .shortest_ns = shortest_ns};
	const struct assay_source *const sources[] = {&level, NULL};
	struct assay_count counts[GANG_MAX_EVENTS];
	struct fixture f;
	start(&f, "toy/queued");
	f.gang->sources = sources;
	assert_int_equal(assay_measure_counted(f.gang, 3, level_events, counts), 1);
	uint64_t n = f.gang->n;
	end(&f);
	return n;
}

static void a_region_is_long_enough_in_the_time_that_it_takes(void **state)
{
	(void)state;
	assert_int_equal(operations_for(600000), 3);
	assert_int_equal(operations_for(1000000), 6);
	/* and never more than a batch may have */
	assert_int_equal(operations_for(1000000000), 8);
}

/* What a device has done of what the loop has queued, as a source of its own sees it, or one that shares its pass. */
static enum assay_code stop_at_device(void *state, struct assay_count *counts, size_t n,
				      struct assay_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (counts[i].source[0] && counts[i].raw == 0)
			counts[i].raw = toy_calls.device + 1;
	return ASSAY_OK;
}

static void devices_are_counted_until_they_have_done(void **state)
{
	(void)state;
	static const struct assay_source common = {.name = "common",
						   .open = open_common,
						   .start = start_one,
						   .stop = stop_at_device,
						   .close = free};
	static const char *const level_events[] = {"level", NULL};
	static const struct assay_source level = {.name = "level",
						  .events = level_events,
						  .open = open_level,
						  .start = start_one,
						  .stop = stop_at_device,
						  .close = free,
						  .alone = true};
	static const struct assay_source *const sources[] = {&common, &level, NULL};
	static const char *const events[] = {"common", "level", NULL};
	struct assay_count counts[GANG_MAX_EVENTS];
	struct fixture f;
	start(&f, "toy/queued");
	f.gang->sources = sources;
	assert_int_equal(assay_measure_counted(f.gang, 3, events, counts), 2);
	assert_int_equal(counts[0].raw, 1); /* the processor: when the loop had ended */
	assert_int_equal(counts[1].raw, 4);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_that_count_alone_get_their_own_passes),
		cmocka_unit_test(devices_are_counted_until_they_have_done),
		cmocka_unit_test(functions_are_called_in_order),
		cmocka_unit_test(gbench_fills_the_same_record),
		cmocka_unit_test(every_thread_does_its_share),
		cmocka_unit_test(only_roles_that_count_are_counted),
		cmocka_unit_test(windows_count_what_was_done),
		cmocka_unit_test(latencies_go_into_the_histogram),
		cmocka_unit_test(once_is_one_operation_without_warm_up),
		cmocka_unit_test(a_stop_is_seen_once),
		cmocka_unit_test(a_stated_time_is_believed),
		cmocka_unit_test(what_is_queued_counts_as_long_as_it_takes),
		cmocka_unit_test(a_size_is_chosen_anew_when_the_trials_misled),
		cmocka_unit_test(a_region_is_long_enough_in_the_time_that_it_takes),
		cmocka_unit_test(operations_in_a_turn_are_counted),
		cmocka_unit_test(operations_that_did_nothing_are_not_counted),
		cmocka_unit_test(broken_rules_are_failures),
		cmocka_unit_test(a_failed_body_under_gbench_does_not_abort),
		cmocka_unit_test(drivers_are_chosen_by_what_they_can),
		cmocka_unit_test(whole_numbers_are_stated_and_iterations_may_be_many_operations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
