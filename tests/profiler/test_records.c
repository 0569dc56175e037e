/* SPDX-License-Identifier: MIT */
/* test_records: records of known content in, in order of time out; and what is no record is refused. */
#include <linux/perf_event.h>
#include <stdlib.h>

#include "profiler/records.h"
#include "tests/t.h"

struct bytes {
	_Alignas(8) uint8_t at[2048];
	size_t n;
};

static void put(struct bytes *b, const void *from, size_t n)
{
	memcpy(b->at + b->n, from, n);
	b->n += n;
}

static void put64(struct bytes *b, uint64_t value)
{
	put(b, &value, sizeof(value));
}

static void put32(struct bytes *b, uint32_t value)
{
	put(b, &value, sizeof(value));
}

static size_t begin(struct bytes *b, uint32_t type, uint16_t misc)
{
	const struct perf_event_header h = {type, misc, 0};
	size_t at = b->n;
	put(b, &h, sizeof(h));
	return at;
}

static void end(struct bytes *b, size_t at, uint64_t time_ns)
{
	put32(b, 7);
	put32(b, 8);
	put64(b, time_ns);
	((struct perf_event_header *)(b->at + at))->size = (uint16_t)(b->n - at);
}

static void put_sample(struct bytes *b, uint64_t time_ns)
{
	size_t at = begin(b, PERF_RECORD_SAMPLE, 0);
	put64(b, 0x1000);
	put32(b, 7);
	put32(b, 8);
	put64(b, time_ns);
	put64(b, 3);
	put64(b, RECORD_CHAIN_USER);
	put64(b, 0x1000);
	put64(b, 0x2000);
	put64(b, PERF_SAMPLE_REGS_ABI_64);
	put64(b, 11);
	put64(b, 22);
	put64(b, 16); /* of stack, 8 used */
	put64(b, 33);
	put64(b, 44);
	put64(b, 8);
	((struct perf_event_header *)(b->at + at))->size = (uint16_t)(b->n - at);
}

static void put_map(struct bytes *b, uint64_t time_ns, const char name[8])
{
	size_t at = begin(b, PERF_RECORD_MMAP2, 0);
	put32(b, 7);
	put32(b, 7);
	put64(b, 0x400000);
	put64(b, 0x1000);
	put64(b, 0x2000);
	for (int i = 0; i < 3; i++)
		put64(b, 0);
	put32(b, 5); /* read, execute */
	put32(b, 0);
	put(b, name, 8);
	end(b, at, time_ns);
}

struct seen {
	struct record records[8];
	size_t n;
};

static enum assay_code see(void *context, const struct record *r, struct assay_err *err)
{
	struct seen *seen = context;
	if (seen->n == ASSAY_COUNT_OF(seen->records))
		return assay_fail(err, ASSAY_EBUG, "too many");
	seen->records[seen->n++] = *r;
	return ASSAY_OK;
}

static const struct record_layout two_registers = {.registers = 3};

static void every_kind_is_taken_apart_in_order_of_time(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct bytes b = {.n = 0};
	struct seen seen = {.n = 0};
	size_t at;
	put_sample(&b, 50);
	put_map(&b, 20, "/lib/so");
	at = begin(&b, PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC);
	put32(&b, 7);
	put32(&b, 7);
	put(&b, "prog\0\0\0", 8);
	end(&b, at, 10);
	at = begin(&b, PERF_RECORD_FORK, 0);
	put32(&b, 9);
	put32(&b, 7);
	put32(&b, 9);
	put32(&b, 7);
	put64(&b, 30);
	end(&b, at, 30);
	at = begin(&b, PERF_RECORD_LOST, 0);
	put64(&b, 1);
	put64(&b, 42);
	end(&b, at, 60);
	at = begin(&b, PERF_RECORD_THROTTLE, 0); /* of no use here */
	put64(&b, 1);
	end(&b, at, 1);
	assert_ok(records_read(b.at, b.n, &two_registers, see, &seen, &err));
	assert_int_equal(seen.n, 5);
	const struct record *r = seen.records;
	assert_int_equal(r[0].kind, RECORD_NAME);
	assert_true(r[0].exec);
	assert_string_equal(r[0].name, "prog");
	assert_int_equal(r[1].kind, RECORD_MAP);
	assert_string_equal(r[1].name, "/lib/so");
	assert_true(r[1].executable && r[1].address == 0x400000 && r[1].length == 0x1000 &&
		    r[1].offset == 0x2000);
	assert_int_equal(r[2].kind, RECORD_FORK);
	assert_int_equal(r[2].pid, 9);
	assert_int_equal(r[2].parent, 7);
	assert_int_equal(r[3].kind, RECORD_SAMPLE);
	assert_int_equal(r[3].tid, 8);
	assert_int_equal(r[3].n_chain, 3);
	assert_true(r[3].chain[2] == 0x2000);
	assert_int_equal(r[3].n_registers, 2);
	assert_true(r[3].registers[1] == 22);
	assert_int_equal(r[3].stack_size, 8);
	assert_int_equal(r[3].stack[0], 33);
	assert_int_equal(r[4].lost, 42);
}

static void cut_and_lying_records_are_refused(void **state)
{
	(void)state;
	struct seen seen = {.n = 0};
	struct bytes whole = {.n = 0};
	put_sample(&whole, 50);
	for (size_t n = 8; n < whole.n; n += 8) {
		struct assay_err err = {0};
		assert_fails(records_read(whole.at, n, &two_registers, see, &seen, &err),
			     ASSAY_EPARSE, "record");
		struct bytes lying = whole; /* as if that were all of it */
		((struct perf_event_header *)lying.at)->size = (uint16_t)n;
		assert_fails(records_read(lying.at, n, &two_registers, see, &seen, &err),
			     ASSAY_EPARSE, "record");
	}
	struct assay_err err = {0};
	struct bytes map = {.n = 0};
	put_map(&map, 20, "/lib/so!"); /* a name without an end runs into the trailer */
	memset(map.at + map.n - 24, 'x', 24);
	assert_fails(records_read(map.at, map.n, &two_registers, see, &seen, &err), ASSAY_EPARSE,
		     "shorter");
	assert_int_equal(seen.n, 0);
}

static void a_refusal_of_the_reader_ends_it(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct bytes b = {.n = 0};
	struct seen full = {.n = 8};
	put_sample(&b, 1);
	assert_fails(records_read(b.at, b.n, &two_registers, see, &full, &err), ASSAY_EBUG, "many");
	assert_ok(records_read("", 0, &two_registers, see, &full, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_taken_apart_in_order_of_time),
		cmocka_unit_test(cut_and_lying_records_are_refused),
		cmocka_unit_test(a_refusal_of_the_reader_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
