/* SPDX-License-Identifier: MIT */
/* test_replay_dump: what callgrind writes, whole, cut, reordered and damaged. */
#include "harness/base/attr.h"
#include "harness/engine/replay_dump.h"
#include "tests/t.h"

static struct assay_err err;
static struct assay_replay_dump dump;

static enum assay_code read_text(const char *text)
{
	err = (struct assay_err){0};
	return assay_replay_dump_read(text, strlen(text), &dump, &err);
}

#define EVENTS "events: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw Bc Bcm Bi Bim\n"

/* As callgrind 3.19.0 wrote it, with collection switched on and off: what counts is on `totals`. */
static const char real[] =
	"# callgrind format\n"
	"version: 1\n"
	"creator: callgrind-3.19.0\n"
	"pid: 25555\n"
	"cmd:  ./t\n"
	"part: 2\n"
	"\n\n"
	"desc: I1 cache: 32768 B, 64 B, 8-way associative\n"
	"desc: Timerange: Basic block 514237 - 1028368\n"
	"desc: Trigger: Client Request: assay round 1\n"
	"\n"
	"positions: line\n" EVENTS
	"summary: 524013 2001 513007 0 0 0 0 0 0 513000 1006\n"
	"\n\n"
	"ob=(1) /tmp/t\n"
	"fl=(1) ???\n"
	"fn=(0) main\n"
	"0 524004 2000 513001 0 0 0 0 0 0 513000 1006\n"
	"\n"
	"totals: 524004 2000 513001 0 1 20 300 4000 50000 513000 1006 70 9\n";

static void a_dump_is_read_whole(void **state)
{
	(void)state;
	assert_ok(read_text(real));
	assert_string_equal(dump.trigger, "Client Request: assay round 1");
	assert_string_equal(dump.creator, "callgrind-3.19.0");
	assert_int_equal(dump.pid, 25555);
	assert_int_equal(dump.counts[ASSAY_REPLAY_INSTRUCTIONS], 524004);
	assert_int_equal(dump.counts[ASSAY_REPLAY_DATA_READS], 2000);
	assert_int_equal(dump.counts[ASSAY_REPLAY_DATA_WRITES], 513001);
	assert_int_equal(dump.counts[ASSAY_REPLAY_CONDITIONAL_MISSES], 1006);
	assert_int_equal(dump.counts[ASSAY_REPLAY_INDIRECT_MISSES], 9);
	assert_int_equal(dump.counts[ASSAY_REPLAY_BRANCH_MISSES], 1015);
	assert_int_equal(dump.counts[ASSAY_REPLAY_L1D_MISSES], 21);
	assert_int_equal(dump.counts[ASSAY_REPLAY_CACHE_MISSES], 54300);
}

static void zeros_at_the_end_may_be_left_out(void **state)
{
	(void)state;
	assert_ok(read_text(EVENTS "totals: 5 4"));
	assert_int_equal(dump.counts[ASSAY_REPLAY_INSTRUCTIONS], 5);
	assert_int_equal(dump.counts[ASSAY_REPLAY_DATA_READS], 4);
	assert_int_equal(dump.counts[ASSAY_REPLAY_DATA_WRITES], 0);
	assert_ok(read_text(EVENTS "totals:\n"));
	assert_int_equal(dump.counts[ASSAY_REPLAY_INSTRUCTIONS], 0);
}

/* By name, not by position: another version may count more, and in another order. */
static void columns_are_found_by_name(void **state)
{
	(void)state;
	assert_ok(
		read_text("events: Bim Bcm DLmw DLmr ILmr D1mw D1mr Dw sysTime Dr Ir\n"
			  "totals: 1 2 4 8 16 32 64 128 256 512 1024\n"));
	assert_int_equal(dump.counts[ASSAY_REPLAY_INSTRUCTIONS], 1024);
	assert_int_equal(dump.counts[ASSAY_REPLAY_DATA_READS], 512);
	assert_int_equal(dump.counts[ASSAY_REPLAY_DATA_WRITES], 128);
	assert_int_equal(dump.counts[ASSAY_REPLAY_BRANCH_MISSES], 3);
	assert_int_equal(dump.counts[ASSAY_REPLAY_L1D_MISSES], 96);
	assert_int_equal(dump.counts[ASSAY_REPLAY_CACHE_MISSES], 28);
}

static void a_dump_is_known_by_tag_and_process(void **state)
{
	(void)state;
	assert_ok(read_text(real));
	assert_true(assay_replay_dump_is(&dump, "assay round 1", 25555));
	assert_false(assay_replay_dump_is(&dump, "assay round 1", 25556));
	assert_false(assay_replay_dump_is(&dump, "assay round 10", 25555));
	assert_false(assay_replay_dump_is(&dump, "assay round", 25555));
	assert_ok(read_text("pid: 7\ndesc: Trigger: Program termination\n" EVENTS "totals: 1\n"));
	assert_false(assay_replay_dump_is(&dump, "Program termination", 7));
	assert_false(assay_replay_dump_is(&dump, "", 7));
}

static void a_dump_without_trigger_is_nobodys(void **state)
{
	(void)state;
	assert_ok(read_text(EVENTS "totals: 1\n"));
	assert_string_equal(dump.trigger, "");
	assert_int_equal(dump.pid, 0);
}

static void texts_are_made_safe(void **state)
{
	(void)state;
	assert_ok(read_text("desc: Trigger: a\033[2Jb\ncreator: x\001\n" EVENTS "totals: 1\n"));
	assert_string_equal(dump.trigger, "a?[2Jb");
	assert_string_equal(dump.creator, "x?");
}

static void what_is_malformed_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "no totals"},
		{"\n\n", "no totals"},
		{EVENTS, "no totals"},
		{EVENTS "total", "no totals"},
		{"totals: 1 2 3\n" EVENTS, "before its events"},
		{"events: Ir\ntotals: 5\n", "did not count Dr"},
		{"events: Ir Ir Dr Dw\ntotals: 5\n", "did not count D1mr"},
		{"events:\ntotals:\n", "did not count Ir"},
		{EVENTS "totals: 1 2 3 4 5 6 7 8 9 10 11 12 13 14\n", "more than its events"},
		{EVENTS "totals: -1\n", "makes no sense"},
		{EVENTS "totals: 1e9\n", "makes no sense"},
		{EVENTS "totals: 1 x\n", "makes no sense"},
		/* as the dump at the end has it: a difference that went below zero, beyond 64 bits */
		{EVENTS "totals: 18446744073709551616\n", "makes no sense"},
		{EVENTS "totals: 0 0 0 0 18446744073709551615 18446744073709551615\n",
		 "makes no sense"},
		{"pid: four\n" EVENTS "totals: 1\n", "process number"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++)
		assert_fails(read_text(cases[i].text), ASSAY_EPARSE, cases[i].says);
}

static void every_cut_is_an_answer(void **state)
{
	(void)state;
	size_t end = (size_t)(strstr(real, "totals:") - real);
	for (size_t n = 0; n < end + strlen("totals:"); n++) {
		err = (struct assay_err){0};
		assert_fails(assay_replay_dump_read(real, n, &dump, &err), ASSAY_EPARSE, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_is_read_whole),
		cmocka_unit_test(zeros_at_the_end_may_be_left_out),
		cmocka_unit_test(columns_are_found_by_name),
		cmocka_unit_test(a_dump_is_known_by_tag_and_process),
		cmocka_unit_test(a_dump_without_trigger_is_nobodys),
		cmocka_unit_test(texts_are_made_safe),
		cmocka_unit_test(what_is_malformed_is_refused),
		cmocka_unit_test(every_cut_is_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
