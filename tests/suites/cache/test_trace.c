/* SPDX-License-Identifier: MIT */
/* trace: both formats are read to the last request, and what is cut, foreign or empty says so. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "suites/cache/replay.h"
#include "suites/cache/trace.h"
#include "tests/t.h"

static enum assay_code parse(const char *text, struct trace *ret, struct assay_err *err)
{
	return trace_parse(text, strlen(text), ret, err);
}

static void csv_is_read(void **state)
{
	static const char *const texts[] = {
		"time,obj_id,size\n0,7,10\n1,18446744073709551615,20\n2,7,0\n",
		"0,7,10\n1,18446744073709551615,20\n2,7,0\n",
		"time,obj_id,size\r\n0,7,10\r\n1,18446744073709551615,20\r\n2,7,0\r\n",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(texts); i++) {
		struct trace t;
		struct assay_err err = {0};
		assert_ok(parse(texts[i], &t, &err));
		assert_int_equal(t.n, 3);
		assert_int_equal(t.n_objects, 2);
		assert_int_equal(t.objects[0], 0);
		assert_int_equal(t.objects[1], 1);
		assert_int_equal(t.objects[2], 0);
		assert_int_equal(t.sizes[1], 20);
		assert_int_equal(t.sizes[2], 1);
		assert_int_equal(t.next[0], 2);
		assert_int_equal(t.next[1], TRACE_NEVER);
		assert_int_equal(t.max_count, 2);
		assert_int_equal(t.footprint_bytes, 30);
		trace_done(&t);
	}
}

static void what_is_wrong_with_csv_is_said(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "empty"},
		{"time,obj_id,size\n", "no request"},
		{"0,7,10\n1,7", "line 2 has no end"},
		{"0,7,10\n1,7,10", "cut short"},
		{"0,7,10\n1,7\n", "line 2 is '1,7'"},
		{"0,7,10\n\n", "line 2 is ''"},
		{"0,7,10,5\n", "line 1"},
		{"0,a,10\n", "three whole numbers"},
		{"0,-7,10\n", "line 1"},
		{"0,7,4294967296\n", "line 1"},
		{"0,18446744073709551616,1\n", "line 1"},
		{"time,obj_id,size,next\n0,7,10\n", "line 1"},
		{"#!/bin/sh\necho\n", "line 1 is '#!/bin/sh'"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct trace t;
		struct assay_err err = {0};
		assert_fails(parse(bad[i].text, &t, &err), ASSAY_EPARSE, bad[i].says);
	}
}

/* A record, little-endian, whatever this machine is. */
static void put_record(uint8_t *to, uint32_t time, uint64_t id, uint32_t size, int64_t next)
{
	for (unsigned i = 0; i < 4; i++) {
		to[i] = (uint8_t)(time >> 8 * i);
		to[12 + i] = (uint8_t)(size >> 8 * i);
	}
	for (unsigned i = 0; i < 8; i++) {
		to[4 + i] = (uint8_t)(id >> 8 * i);
		to[16 + i] = (uint8_t)((uint64_t)next >> 8 * i);
	}
}

static void records_are_read_and_checked(void **state)
{
	uint8_t bytes[4 * 24];
	struct trace t;
	struct assay_err err = {0};
	put_record(bytes, 1000, 5, 4096, 3);
	put_record(bytes + 24, 1001, 1ull << 60, 512, -1);
	put_record(bytes + 48, 1001, 5, 4096, 4);
	put_record(bytes + 72, 1001, 5, 4096, -1);
	assert_ok(trace_parse((char *)bytes, sizeof(bytes), &t, &err));
	assert_int_equal(t.n, 4);
	assert_int_equal(t.n_objects, 2);
	assert_int_equal(t.sizes[1], 512);
	trace_done(&t);
	assert_fails(trace_parse((char *)bytes, 72, &t, &err), ASSAY_EPARSE,
		     "record 3 points to request 4, but the file ends after 3");
	assert_fails(trace_parse((char *)bytes, 70, &t, &err), ASSAY_EPARSE,
		     "22 bytes are left over after record 2");
	put_record(bytes, 1000, 5, 4096, 2);
	assert_fails(trace_parse((char *)bytes, sizeof(bytes), &t, &err), ASSAY_EPARSE,
		     "record 1 names 2");
}

static void files_that_cannot_be_read_say_why(void **state)
{
	struct trace t;
	struct assay_err err = {0};
	assert_fails(trace_read("/nowhere/at.all", &t, &err), ASSAY_EIO, "No such file");
	assert_fails(trace_read("/", &t, &err), ASSAY_EIO, "not a file");
	char path[T_PATH];
	int fd = mkstemp(t_path(path, "trace"));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "0,1,1\n1,2", 9), 9);
	close(fd);
	assert_fails(trace_read(path, &t, &err), ASSAY_EPARSE, path);
	unlink(path);
}

static void made_traces_are_what_they_say(void **state)
{
	static const struct {
		const char *name;
		uint32_t n;
	} made[] = {{"zipf", 1000000},
		    {"zipf_onehit", 1000000},
		    {"phases", 500000},
		    {"scan", 500000},
		    {"loop", 500000}};
	for (size_t i = 0; i < ASSAY_COUNT_OF(made); i++) {
		struct trace t;
		struct assay_err err = {0};
		assert_ok(trace_synthetic(made[i].name, &t, &err));
		assert_int_equal(t.n, made[i].n);
		assert_non_null(strstr(TRACE_SYNTHETIC_NAMES, made[i].name));
		trace_done(&t);
	}
	struct trace t;
	struct assay_err err = {0};
	assert_fails(trace_synthetic("zpif", &t, &err), ASSAY_EUSAGE, "zpif");
}

static void capacities_are_objects_bytes_or_shares(void **state)
{
	struct trace t = {.n_objects = 2000};
	static const struct {
		const char *text;
		uint64_t value;
		bool by_bytes;
	} good[] = {{"8181", 8181, false}, {"8Ki", 8192, false}, {"64KiB", 65536, true},
		    {"1000B", 1000, true}, {"0.1", 200, false},  {"0.0001", 1, false}};
	struct assay_err err = {0};
	uint64_t value;
	bool by_bytes;
	for (size_t i = 0; i < ASSAY_COUNT_OF(good); i++) {
		assert_ok(replay_capacity(good[i].text, &t, &value, &by_bytes, &err));
		assert_int_equal(value, good[i].value);
		assert_int_equal(by_bytes, good[i].by_bytes);
	}
	static const char *const bad[] = {"0", "-1", "x", "", "1.5", "0.", "0.0", "0.1e3", "10%"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(replay_capacity(bad[i], &t, &value, &by_bytes, &err), ASSAY_EUSAGE,
			     "neither objects");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_is_read),
		cmocka_unit_test(what_is_wrong_with_csv_is_said),
		cmocka_unit_test(records_are_read_and_checked),
		cmocka_unit_test(files_that_cannot_be_read_say_why),
		cmocka_unit_test(made_traces_are_what_they_say),
		cmocka_unit_test(capacities_are_objects_bytes_or_shares),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
