/* SPDX-License-Identifier: MIT */
/* model_reading: the sequence lock and our epochs under every schedule of small cases, their orders weakened. */
#include "tests/suites/concurrency/watched.h"

#include "suites/concurrency/reader_epochs.h"
#include "suites/concurrency/seqlock.h"
#include "tests/suites/concurrency/model.h"

static struct seqlock lock;

static void zeros(void)
{
	memset(&lock, 0, sizeof(lock));
	for (uint64_t i = 0; i < READING_WORDS; i++)
		lock.words[i] = i;
}

static void write_version(uint64_t version)
{
	struct record record = record_of(version);
	seqlock_write(&lock, &record);
}

static uint64_t read_version(void)
{
	struct record record;
	seqlock_read(&lock, &record);
	schedules_expect(record_is_whole(&record), "a record was torn");
	return record.words[0];
}

static void write_and_read(unsigned i)
{
	if (i == 0) {
		write_version(8);
	} else {
		uint64_t first = read_version();
		schedules_expect(read_version() >= first, "an older record after a newer");
	}
}

static void write_twice_and_read(unsigned i)
{
	if (i == 0) {
		write_version(8);
		write_version(16);
	} else {
		read_version();
	}
}

static void two_writers(unsigned i)
{
	write_version(8 * (i + 1));
	read_version();
}

/* A message beside the record: who sees the record sees the message. */
static uint64_t message;

static void zeros_and_no_message(void)
{
	zeros();
	message = 0;
}

static void write_with_message(unsigned i)
{
	if (i == 0) {
		PLAIN_STORE(&message, 1);
		write_version(8);
	} else if (read_version() == 8) {
		schedules_expect(PLAIN_LOAD(&message) == 1, "stale");
	}
}

static struct epochs epochs;
static struct epoch_reader readers[2];
static uint64_t cells[3]; /* 0: given back */
static _Atomic(uint64_t *) current;
static _Atomic int moment;

static void one_record(void)
{
	memset(&epochs, 0, sizeof(epochs));
	memset(readers, 0, sizeof(readers));
	epochs.now = 1;
	PLAIN_STORE(&cells[0], 1);
	PLAIN_STORE(&cells[1], 0);
	PLAIN_STORE(&cells[2], 0);
	current = &cells[0];
}

static void read_within_epoch(unsigned i)
{
	reader_enter(&epochs, &readers[i]);
	uint64_t *cell = atomic_load_explicit(&current, memory_order_acquire);
	/* the other may come in between */
	(void)atomic_load_explicit(&moment, memory_order_relaxed);
	schedules_expect(PLAIN_LOAD(cell) != 0, "read what was given back");
	reader_leave(&readers[i]);
}

static void replace(unsigned version, unsigned n)
{
	PLAIN_STORE(&cells[version], version + 1);
	uint64_t *before =
		atomic_exchange_explicit(&current, &cells[version], memory_order_release);
	readers_wait(&epochs, readers, n);
	PLAIN_STORE(before, 0);
}

static void read_and_replace(unsigned i)
{
	if (i == 0) {
		read_within_epoch(0);
		read_within_epoch(0);
	} else {
		replace(1, 1);
		replace(2, 1);
	}
}

static void two_read_and_one_replaces(unsigned i)
{
	if (i < 2)
		read_within_epoch(i);
	else
		replace(1, 2);
}

static const struct schedules_case seqlock_cases[] = {
	{"a write and two reads", 2, zeros, write_and_read, NULL, 2, 2, 0},
	{"two writes and a read", 2, zeros, write_twice_and_read, NULL, 2, 2, 0},
	{"two writers that read", 2, zeros, two_writers, NULL, 2, 1, 0},
	{"a message beside the record", 2, zeros_and_no_message, write_with_message, NULL, 2, 2, 0},
};

static const struct schedules_case epoch_cases[] = {
	{"one reads, one replaces", 2, one_record, read_and_replace, NULL, 3, 2, 0},
	{"two read, one replaces", 3, one_record, two_read_and_one_replaces, NULL, 2, 2, 0},
};

static void sequence_locks_are_right(void **state)
{
	assert_all_schedules_pass(seqlock_cases, ASSAY_COUNT_OF(seqlock_cases));
}

static void each_order_of_sequence_locks_is_needed(void **state)
{
	/* The acquire of seqlock_write keeps the words of two writers in the order of their sequences. The checker
	 * cannot show it missing: its stores stand in the order in which they are made. */
	assert_orders_are_needed(seqlock_cases, ASSAY_COUNT_OF(seqlock_cases), 1);
}

static void epochs_are_right(void **state)
{
	assert_all_schedules_pass(epoch_cases, ASSAY_COUNT_OF(epoch_cases));
}

static void each_order_of_epochs_is_needed(void **state)
{
	assert_orders_are_needed(epoch_cases, ASSAY_COUNT_OF(epoch_cases), 0);
}

/* Without the writer's fence a reader's announcement may come too late. */
static void replace_without_fence(unsigned i)
{
	if (i == 0) {
		read_within_epoch(0);
		return;
	}
	PLAIN_STORE(&cells[1], 2);
	uint64_t *before = atomic_exchange_explicit(&current, &cells[1], memory_order_release);
	uint64_t next = atomic_load_explicit(&epochs.now, memory_order_relaxed) + 1;
	atomic_store_explicit(&epochs.now, next, memory_order_relaxed);
	uint64_t inside = atomic_load_explicit(&readers[0].inside, memory_order_acquire);
	if (inside == 0 || inside >= next)
		PLAIN_STORE(before, 0);
}

static void a_missing_fence_is_found(void **state)
{
	struct schedules_case c = {"no fence", 2, one_record, replace_without_fence, NULL, 3, 2, 0};
	struct schedules_outcome outcome;
	schedules_explore(&c, NULL, &outcome);
	assert_true(outcome.failure[0] != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence_locks_are_right),
		cmocka_unit_test(each_order_of_sequence_locks_is_needed),
		cmocka_unit_test(epochs_are_right),
		cmocka_unit_test(each_order_of_epochs_is_needed),
		cmocka_unit_test(a_missing_fence_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
