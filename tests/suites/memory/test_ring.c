/* SPDX-License-Identifier: MIT */
/* test_ring: the ring keeps order, loses nothing, and holds what it should. */
#include "tests/t.h"

#include <pthread.h>

#include "suites/memory/spsc_ring.h"

enum { CAPACITY = 256, ITEMS = 300000 };

static void test_capacity(void **state)
{
	struct spsc_ring *ring;
	struct assay_err err = {0};
	int item;

	(void)state;
	assert_fails(spsc_ring_new(0, &ring, &err), ASSAY_EBUG, "power of two");
	assert_fails(spsc_ring_new(300, &ring, &err), ASSAY_EBUG, "power of two");
	assert_fails(spsc_ring_new(SPSC_BATCH, &ring, &err), ASSAY_EBUG, "power of two");
	assert_ok(spsc_ring_new(CAPACITY, &ring, &err));
	for (size_t i = 0; i < CAPACITY; i++)
		assert_true(spsc_ring_push(ring, &item));
	assert_false(spsc_ring_push(ring, &item));
	for (size_t i = 0; i < CAPACITY; i++)
		assert_ptr_equal(spsc_ring_pop(ring), &item);
	assert_null(spsc_ring_pop(ring));
	assert_true(spsc_ring_push(ring, &item));
	spsc_ring_free(ring);
	spsc_ring_free(NULL);
}

static void test_flush(void **state)
{
	struct spsc_ring *ring;
	struct assay_err err = {0};
	int items[SPSC_BATCH];

	(void)state;
	assert_ok(spsc_ring_new(CAPACITY, &ring, &err));
	/* Less than a batch shows after a flush, a full batch by itself. */
	assert_true(spsc_ring_push(ring, &items[0]));
	assert_null(spsc_ring_pop(ring));
	spsc_ring_flush(ring);
	assert_ptr_equal(spsc_ring_pop(ring), &items[0]);
	assert_null(spsc_ring_pop(ring));
	for (size_t i = 1; i < SPSC_BATCH; i++)
		assert_true(spsc_ring_push(ring, &items[i]));
	for (size_t i = 1; i < SPSC_BATCH; i++)
		assert_ptr_equal(spsc_ring_pop(ring), &items[i]);
	spsc_ring_free(ring);
}

static void *produce(void *argument)
{
	struct spsc_ring *ring = argument;

	for (uintptr_t i = 1; i <= ITEMS; i++)
		spsc_ring_push_wait(ring, (void *)i);
	spsc_ring_flush(ring);
	return NULL;
}

static void test_threads(void **state)
{
	struct spsc_ring *ring;
	struct assay_err err = {0};
	pthread_t producer;
	size_t wrong = 0;

	(void)state;
	assert_ok(spsc_ring_new(CAPACITY, &ring, &err));
	assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
	for (uintptr_t i = 1; i <= ITEMS; i++)
		wrong += (uintptr_t)spsc_ring_pop_wait(ring) != i;
	pthread_join(producer, NULL);
	assert_int_equal(wrong, 0);
	assert_null(spsc_ring_pop(ring));
	spsc_ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
