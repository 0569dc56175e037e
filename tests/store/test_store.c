/* SPDX-License-Identifier: MIT */
/* What goes in comes out: every field, every reference, hostile names, replacement, history. */
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/store/names.h"
#include "harness/store/sql.h"
#include "tests/store/fixture.h"
#include "tests/t.h"

static struct assay_store *open_store(const struct folder *folder, enum assay_store_mode mode)
{
	struct assay_err err = {0};
	struct assay_store *store;
	assert_ok(assay_store_open(folder->db, mode, &store, &err));
	return store;
}

static int64_t add_run(struct assay_store *store, unsigned which, unsigned results)
{
	struct assay_err err = {0};
	struct assay_run_info info = sample_run(which);
	int64_t run;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	for (unsigned i = 0; i < results; i++) {
		struct sample s;
		sample_result(&s, i);
		s.result.started_ns += which;
		s.result.estimate.median += which;
		assert_ok(assay_store_add_result(store, run, &s.result, &err));
	}
	assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
	return run;
}

static void assert_same_double(double got, double want)
{
	if (!(got == want || (isnan(got) && isnan(want))))
		fail_msg("%.17g is not %.17g", got, want);
}

static void every_field_of_a_run_returns(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	int64_t run = add_run(store, 1, 1);
	assay_store_close(store);
	store = open_store(*state, ASSAY_STORE_READ);
	struct assay_run_list list;
	assert_ok(assay_store_runs(store, "@last", &list, &err));
	assert_int_equal(list.n, 1);
	const struct assay_run_info *got = &list.runs[0];
	struct assay_run_info want = sample_run(1);
	assert_int_equal(got->id, run);
	assert_memory_equal(got->uuid, want.uuid, 16);
	assert_int_equal(got->status, ASSAY_RUN_COMPLETE);
	assert_int_equal(got->started_ns, want.started_ns);
	assert_true(got->finished_ns > 0);
	assert_true(got->seed == want.seed);
	assert_string_equal(got->profile, want.profile);
	assert_string_equal(got->command, want.command);
	assert_string_equal(got->plan, want.plan);
	assert_int_equal(got->noise, want.noise);
	assert_string_equal(got->machine_name, want.machine_name);
	assert_memory_equal(got->fingerprint, want.fingerprint, 32);
	assert_string_equal(got->topology_xml, want.topology_xml);
	assert_string_equal(got->machine_json, want.machine_json);
	assert_string_equal(got->environment_json, want.environment_json);
	assert_memory_equal(got->environment_hash, want.environment_hash, 32);
	assert_string_equal(got->version, want.version);
	assert_string_equal(got->commit, want.commit);
	assert_true(got->dirty);
	assert_int_equal(got->n_results, 1);
	assert_int_equal(got->n_tags, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(got->tags[i].key, want.tags[i].key);
		assert_string_equal(got->tags[i].value, want.tags[i].value);
	}
	assay_run_list_done(&list);
	assay_store_close(store);
}

static void assert_same_estimate(const struct assay_estimate *a, const struct assay_estimate *b)
{
	const double x[] = {a->median, a->lo,  a->hi,  a->min, a->max, a->mean,
			    a->sd,     a->mad, a->p50, a->p90, a->p99, a->p999};
	const double y[] = {b->median, b->lo,  b->hi,  b->min, b->max, b->mean,
			    b->sd,     b->mad, b->p50, b->p90, b->p99, b->p999};
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < 12; i++)
		assert_same_double(x[i], y[i]);
}

static void assert_same_counts(const struct assay_result *got, const struct assay_result *want)
{
	assert_int_equal(got->n_counters, want->n_counters);
	for (size_t i = 0; i < want->n_counters; i++) {
		const struct assay_count *a = &got->counters[i], *b = &want->counters[i];
		assert_string_equal(a->event, b->event);
		assert_string_equal(a->source, b->source);
		assert_string_equal(a->unit, b->unit);
		assert_int_equal(a->quality, b->quality);
		assert_same_double(a->value, b->value);
		assert_true(a->raw == b->raw);
		assert_int_equal(a->enabled_ns, b->enabled_ns);
		assert_int_equal(a->running_ns, b->running_ns);
		assert_string_equal(a->reason, b->reason);
	}
}

static void assert_same_samples(const struct assay_result *got, const struct assay_result *want)
{
	const struct assay_samples *a = &got->samples, *b = &want->samples;
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->launches, b->launches);
	assert_memory_equal(a->values, b->values, b->n * sizeof(double));
	assert_memory_equal(a->flags, b->flags, b->n);
	assert_memory_equal(a->launch_end, b->launch_end, b->launches * sizeof(uint32_t));
	assert_int_equal(got->histogram.n, want->histogram.n);
	for (size_t i = 0; i < want->histogram.n; i++) {
		assert_int_equal(got->histogram.index[i], want->histogram.index[i]);
		assert_true(got->histogram.counts[i] == want->histogram.counts[i]);
	}
}

static void assert_same_result(const struct assay_result *got, const struct assay_result *want)
{
	assert_string_equal(got->name, want->name);
	assert_string_equal(got->suite, want->suite);
	assert_string_equal(got->benchmark, want->benchmark);
	assert_string_equal(got->subject, want->subject);
	assert_int_equal(got->version, want->version);
	assert_int_equal(got->threads, want->threads);
	assert_int_equal(got->n_params, want->n_params);
	for (size_t i = 0; i < want->n_params; i++) {
		assert_string_equal(got->params[i].name, want->params[i].name);
		assert_string_equal(got->params[i].value, want->params[i].value);
	}
	assert_string_equal(got->metric.name, want->metric.name);
	assert_string_equal(got->metric.unit, want->metric.unit);
	assert_int_equal(got->metric.better, want->metric.better);
	assert_int_equal(got->primary, want->primary);
	assert_int_equal(got->status, want->status);
	assert_string_equal(got->reason, want->reason);
	assert_same_estimate(&got->estimate, &want->estimate);
	assert_same_double(got->bytes_per_op, want->bytes_per_op);
	assert_same_double(got->flops_per_op, want->flops_per_op);
	assert_same_double(got->cpu_ratio, want->cpu_ratio);
	assert_int_equal(got->flags, want->flags);
	assert_string_equal(got->driver, want->driver);
	assert_string_equal(got->clock, want->clock);
	assert_int_equal(got->noise, want->noise);
	assert_int_equal(got->started_ns, want->started_ns);
	assert_int_equal(got->elapsed_ns, want->elapsed_ns);
}

static void every_field_of_a_result_returns(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	int64_t run = add_run(store, 0, 1);
	struct sample want;
	sample_result(&want, 0);
	struct assay_result_list list;
	assert_ok(assay_store_results(store, run, NULL, ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS,
				      &list, &err));
	assert_int_equal(list.n, 1);
	assert_same_result(&list.results[0], &want.result);
	assert_same_samples(&list.results[0], &want.result);
	assert_same_counts(&list.results[0], &want.result);
	assay_result_list_done(&list);
	/* Only what was asked for is read. */
	assert_ok(assay_store_results(store, run, NULL, ASSAY_LOAD_SUMMARY, &list, &err));
	assert_int_equal(list.results[0].samples.n, 0);
	assert_int_equal(list.results[0].n_counters, 0);
	assert_int_equal(list.results[0].n_params, 2);
	assay_result_list_done(&list);
	assay_store_close(store);
}

static void large_sample_sets_are_packed_and_return(void **state)
{
	enum { N = 20000 };
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	struct assay_run_info info = sample_run(0);
	int64_t run, packed;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	double *values = test_calloc(N, sizeof(*values));
	uint8_t *flags = test_calloc(N, 1);
	for (size_t i = 0; i < N; i++)
		values[i] = 100 + (double)(i % 37) / 8;
	values[17] = NAN;
	values[18] = INFINITY;
	uint32_t end = N;
	struct sample s;
	sample_result(&s, 0);
	s.result.samples = (struct assay_samples){values, flags, N, &end, 1};
	assert_ok(assay_store_add_result(store, run, &s.result, &err));
	assert_ok(store_number(store,
			       "SELECT length(data) FROM sample_set"
			       " WHERE kind = 'samples' AND encoding = 'zstd'",
			       &packed, &err));
	assert_in_range(packed, 1, N);
	struct assay_result_list list;
	assert_ok(assay_store_results(store, run, NULL, ASSAY_LOAD_SAMPLES, &list, &err));
	assert_same_samples(&list.results[0], &s.result);
	assay_result_list_done(&list);
	test_free(values);
	test_free(flags);
	assay_store_close(store);
}

static size_t count_runs(struct assay_store *store, const char *reference, int64_t *ret_first)
{
	struct assay_err err = {0};
	struct assay_run_list list;
	assert_ok(assay_store_runs(store, reference, &list, &err));
	size_t n = list.n;
	*ret_first = n ? list.runs[0].id : 0;
	assay_run_list_done(&list);
	return n;
}

static void references_find_runs(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(add_run(store, i, 1), i + 1);
	add_run(store, 9, 0); /* stopped before its first result: nobody means it by @last */
	assert_ok(assay_store_set_baseline(store, 2, &err));
	assert_ok(
		assay_store_set_baseline(store, 3, &err)); /* another machine: a second baseline */
	assert_ok(assay_store_set_baseline(store, 4, &err)); /* replaces the one on machine beta */
	static const struct {
		const char *reference;
		size_t n;
		int64_t first;
	} cases[] = {
		{"", 5, 5},
		{"@last", 1, 4},
		{"@last~0", 1, 4},
		{"@last~3", 1, 1},
		{"@base", 2, 4},
		{"tag:main", 5, 5},
		{"tag:branch=main", 5, 5},
		{"tag:it's \"quoted\"", 5, 5},
		{"commit:1a2b3c4d5e6f", 3, 5},
		{"commit:1A2B", 3, 5},
		{"machine:alpha", 2, 3},
		{"3", 1, 3},
		{"abababab-abab-abab-abab-ababababab02", 1, 3},
		{"ABABABABABABABABABABABABABABAB00", 1, 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t first;
		assert_int_equal(count_runs(store, cases[i].reference, &first), cases[i].n);
		assert_int_equal(first, cases[i].first);
	}
	assay_store_close(store);
}

static void references_that_fail_say_what_exists(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	struct assay_run_list list;
	assert_fails(assay_store_runs(store, "@last", &list, &err), ASSAY_EUSAGE,
		     "does not hold any");
	assert_fails(assay_store_runs(store, "@base", &list, &err), ASSAY_EUSAGE,
		     "holds no run with results");
	add_run(store, 0, 1);
	add_run(store, 1, 1);
	static const struct {
		const char *reference, *says;
	} cases[] = {
		{"@last~2", "that many"},
		{"@lats", "names no run"},
		{"@last~x", "@last~1"},
		{"tag:nightly", "branch=main"},
		{"commit:1a", "start of 2 commits"},
		{"commit:ff", "1a2b3c4d5e"},
		{"machine:gamma", "alpha"},
		{"77", "newest here: 2, 1"},
		{"abababab", "start of 2 runs"},
		{"abababac", "names no run"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_fails(assay_store_runs(store, cases[i].reference, &list, &err), ASSAY_EUSAGE,
			     cases[i].says);
	assay_store_close(store);
}

static void adding_again_replaces(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	struct assay_run_info info = sample_run(0);
	int64_t run, sets, counters;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	struct sample s;
	sample_result(&s, 0);
	s.result.status = ASSAY_STATUS_CRASHED;
	s.result.reason = "signal 11";
	assert_ok(assay_store_add_result(store, run, &s.result, &err));
	sample_result(&s, 0);
	s.result.histogram.n = 0;
	s.result.n_counters = 1;
	assert_ok(assay_store_add_result(store, run, &s.result, &err));
	struct assay_result_list list;
	assert_ok(assay_store_results(store, run, NULL, ASSAY_LOAD_COUNTERS, &list, &err));
	assert_int_equal(list.n, 1);
	assert_int_equal(list.results[0].status, ASSAY_STATUS_UNSTABLE);
	assert_int_equal(list.results[0].n_counters, 1);
	assay_result_list_done(&list);
	assert_ok(store_number(store, "SELECT count(*) FROM sample_set", &sets, &err));
	assert_ok(store_number(store, "SELECT count(*) FROM counter", &counters, &err));
	assert_int_equal(sets, 1);
	assert_int_equal(counters, 1);
	assay_store_close(store);
}

static void hostile_names_are_only_text(void **state)
{
	static const char *const names[] = {
		"'; DROP TABLE result; --",
		"\"quoted\" \\ back",
		"naïve/日本/🚀",
		"a%_*?[x]b",
		"\x1b[31m\t\n",
	};
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	struct assay_run_info info = sample_run(0);
	info.machine_name = names[0];
	info.profile = names[1];
	int64_t run;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	for (size_t i = 0; i < 5; i++) {
		struct sample s;
		sample_result(&s, 0);
		s.result.name = s.result.suite = s.result.benchmark = s.result.subject = names[i];
		s.params[0].name = s.params[0].value = s.result.reason = names[i];
		assert_ok(assay_store_add_result(store, run, &s.result, &err));
	}
	struct assay_result_list list;
	assert_ok(assay_store_results(store, run, NULL, ASSAY_LOAD_SUMMARY, &list, &err));
	assert_int_equal(list.n, 5);
	size_t found = 0;
	for (size_t i = 0; i < 5; i++)
		for (size_t r = 0; r < 5; r++)
			found += strcmp(list.results[r].name, names[i]) == 0 &&
				 strcmp(list.results[r].params[0].value, names[i]) == 0 &&
				 strcmp(list.results[r].reason, names[i]) == 0;
	assert_int_equal(found, 5);
	assay_result_list_done(&list);
	int64_t first;
	assert_int_equal(count_runs(store, "machine:'; DROP TABLE result; --", &first), 1);
	assay_store_close(store);
}

static void patterns_select_whole_parts(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	int64_t run = add_run(store, 0, 12);
	static const struct {
		const char *pattern;
		size_t n;
	} cases[] = {
		{NULL, 12},
		{"memory", 12},
		{"memory/alloc", 12},
		{"memory/all", 0},
		{"memory/all*", 12},
		{"*size:16/*", 1},
		{"memory/alloc/size:1[67]", 2},
		{"memory/alloc/size:16", 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct assay_result_list list;
		assert_ok(assay_store_results(store, run, cases[i].pattern, 0, &list, &err));
		assert_int_equal(list.n, cases[i].n);
		assay_result_list_done(&list);
	}
	struct assay_result_list list;
	assert_fails(assay_store_results(store, 99, NULL, 0, &list, &err), ASSAY_EUSAGE, "run 99");
	assay_store_close(store);
}

static void names_are_ordered_by_size(void **state)
{
	assert_true(assay_compare_names("m/a/size:64/x", "m/a/size:4Ki/x") < 0);
	assert_true(assay_compare_names("m/a/size:1Mi", "m/a/size:1023Ki") > 0);
	assert_true(assay_compare_names("m/a/size:64", "m/b/size:1") < 0);
	assert_true(assay_compare_names("m/a", "m/a/size:1") < 0);
	assert_true(assay_compare_names("m/a/size:1Ki", "m/a/size:1024") != 0);
	assert_int_equal(assay_compare_names("m/a/size:1Ki", "m/a/size:1Ki"), 0);
}

static void keys_tell_every_part_apart(void **state)
{
	struct assay_err err = {0};
	uint8_t keys[12][32];
	struct sample s[12];
	struct assay_param swapped[2];
	for (size_t i = 0; i < 12; i++)
		sample_result(&s[i], 0);
	s[1].result.suite = "memor";
	s[1].result.benchmark = "yalloc"; /* the same letters, cut elsewhere */
	s[2].result.version = 5;
	s[3].result.subject = "";
	s[4].result.metric.name = "rate";
	s[5].result.metric.unit = "ns";
	s[6].result.metric.better = ASSAY_HIGHER;
	s[7].result.threads = 3;
	s[8].params[0].value = "17";
	s[9].result.n_params = 1;
	s[10].params[0].name = "sizek"; /* sizek=ind... against size=kind... */
	for (size_t i = 0; i < 11; i++) {
		assert_ok(assay_series_key(&s[i].result, keys[i], &err));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], 32);
	}
	/* The order of parameters and the summary are not part of it. */
	swapped[0] = s[11].params[1];
	swapped[1] = s[11].params[0];
	s[11].result.params = swapped;
	s[11].result.status = ASSAY_STATUS_OK;
	assert_ok(assay_series_key(&s[11].result, keys[11], &err));
	assert_memory_equal(keys[11], keys[0], 32);
}

static void history_is_oldest_first_and_covered(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	for (unsigned i = 0; i < 5; i++)
		add_run(store, i, 2);
	struct assay_history_list list;
	assert_ok(assay_store_history(store, "memory", 3, &list, &err));
	assert_int_equal(list.n, 2);
	const struct assay_history *h = &list.series[1];
	assert_string_equal(h->metric, "time");
	assert_string_equal(h->unit, "ns/op");
	assert_int_equal(h->better, ASSAY_LOWER);
	assert_int_equal(h->n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(h->points[i].run, 3 + i);
		assert_same_double(h->points[i].median, 12.5 + (double)(2 + i));
		assert_int_equal(h->points[i].status, ASSAY_STATUS_UNSTABLE);
		assert_int_equal(h->points[i].fingerprint[0], i % 2);
		assert_string_equal(h->points[i].commit, i % 2 ? "1a2b3c4d5e6f" : "1affffffffff");
	}
	assay_history_list_done(&list);
	assert_ok(assay_store_history(store, "gpu", 0, &list, &err));
	assert_int_equal(list.n, 0);
	assay_history_list_done(&list);
	sqlite3_stmt *plan;
	assert_int_equal(sqlite3_prepare_v2(store->db, "EXPLAIN QUERY PLAN " STORE_HISTORY_QUERY,
					    -1, &plan, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
	assert_non_null(strstr((const char *)sqlite3_column_text(plan, 3),
			       "COVERING INDEX result_history"));
	sqlite3_finalize(plan);
	assay_store_close(store);
}

/* A child that begins a run and is killed by SIGKILL in the middle of it. */
static void begin_and_die(const struct folder *folder)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct assay_store *store;
		struct assay_run_info info = sample_run(0);
		int64_t run;
		if (assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, NULL) == ASSAY_OK)
			assay_store_begin_run(store, &info, &run, NULL);
		raise(SIGKILL);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static enum assay_run_status status_of(struct assay_store *store, const char *reference)
{
	struct assay_err err = {0};
	struct assay_run_list list;
	assert_ok(assay_store_runs(store, reference, &list, &err));
	enum assay_run_status status = list.runs[0].status;
	assay_run_list_done(&list);
	return status;
}

static void resume_takes_over_what_nobody_owns(void **state)
{
	struct assay_err err = {0};
	begin_and_die(*state);
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	assert_int_equal(status_of(store, "1"), ASSAY_RUN_CRASHED);
	assert_ok(assay_store_resume_run(store, 1, &err));
	assert_int_equal(status_of(store, "1"), ASSAY_RUN_RUNNING);
	assert_fails(assay_store_resume_run(store, 1, &err), ASSAY_EUSAGE, "still being measured");
	assert_ok(assay_store_finish_run(store, 1, ASSAY_RUN_INTERRUPTED, &err));
	assert_int_equal(status_of(store, "1"), ASSAY_RUN_INTERRUPTED);
	assert_ok(assay_store_resume_run(store, 1, &err));
	assert_ok(assay_store_finish_run(store, 1, ASSAY_RUN_COMPLETE, &err));
	assert_fails(assay_store_resume_run(store, 1, &err), ASSAY_EUSAGE, "nothing to resume");
	assert_fails(assay_store_resume_run(store, 8, &err), ASSAY_EUSAGE, "run 8 is not in");
	assert_fails(assay_store_finish_run(store, 8, ASSAY_RUN_COMPLETE, &err), ASSAY_EUSAGE,
		     "run 8 is not in");
	struct sample s;
	sample_result(&s, 0);
	assert_fails(assay_store_add_result(store, 8, &s.result, &err), ASSAY_EUSAGE,
		     "run 8 is not in");
	assay_store_close(store);
}

static void reading_stores_refuse_to_write(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_store(*state, ASSAY_STORE_WRITE);
	int64_t run = add_run(store, 0, 1);
	assay_store_close(store);
	store = open_store(*state, ASSAY_STORE_READ);
	struct sample s;
	struct assay_run_info info = sample_run(1);
	sample_result(&s, 1);
	assert_fails(assay_store_add_result(store, run, &s.result, &err), ASSAY_ESTORE,
		     "reading only");
	assert_fails(assay_store_begin_run(store, &info, &run, &err), ASSAY_ESTORE, "reading only");
	assert_fails(assay_store_set_baseline(store, 1, &err), ASSAY_ESTORE, "reading only");
	assay_store_close(store);
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(every_field_of_a_run_returns),
		FOLDER_TEST(every_field_of_a_result_returns),
		FOLDER_TEST(large_sample_sets_are_packed_and_return),
		FOLDER_TEST(references_find_runs),
		FOLDER_TEST(references_that_fail_say_what_exists),
		FOLDER_TEST(adding_again_replaces),
		FOLDER_TEST(hostile_names_are_only_text),
		FOLDER_TEST(patterns_select_whole_parts),
		cmocka_unit_test(names_are_ordered_by_size),
		cmocka_unit_test(keys_tell_every_part_apart),
		FOLDER_TEST(history_is_oldest_first_and_covered),
		FOLDER_TEST(resume_takes_over_what_nobody_owns),
		FOLDER_TEST(reading_stores_refuse_to_write),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
