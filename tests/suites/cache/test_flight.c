/* SPDX-License-Identifier: MIT */
/* flight and pool: combined reads give each his own value, once asked; pools reuse, and drop what broke. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/cache.h"
#include "suites/cache/flight.h"
#include "suites/cache/pool.h"
#include "suites/cache/redis_server.h"
#include "tests/t.h"

enum { KEYS = 300, WORDS = 3, THREADS = 4, ROUNDS = 60, WINDOW = 40 };

struct reader {
	struct flight *flight;
	uint64_t seed;
	unsigned wrong, missed, broken;
	pthread_t thread;
};

/* Every third key is not there. */
static void *read_rounds(void *argument)
{
	struct reader *r = argument;
	struct flight_request requests[WINDOW];
	uint64_t values[WINDOW][WORDS], index[WINDOW];
	struct assay_rng rng;
	assay_rng_init(&rng, r->seed);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < WINDOW; i++) {
			index[i] = assay_rng_below(&rng, KEYS * 3 / 2);
			requests[i] = (struct flight_request){.key = redis_server_key(index[i]),
							      .value = values[i]};
			flight_submit(r->flight, &requests[i]);
		}
		for (int i = 0; i < WINDOW; i++) {
			r->broken += !flight_wait(r->flight, &requests[i]);
			r->missed += requests[i].found != (index[i] < KEYS);
			r->wrong += requests[i].found &&
				    !cache_value_is(values[i], WORDS,
						    cache_value_base(requests[i].key, 0));
		}
	}
	return NULL;
}

static void combined_reads_are_right_and_fewer(void **state)
{
	struct server *server = NULL;
	struct wire *wire = NULL;
	struct flight *flight = NULL;
	struct assay_err err = {0};
	if (redis_server_start(&server, &err) != ASSAY_OK) {
		print_message("# %s\n", err.text);
		return;
	}
	assert_ok(redis_server_fill(server, KEYS, WORDS, &err));
	assert_ok(wire_open(server_socket(server), WIRE_DEADLINE_MS, &wire, &err));
	assert_ok(flight_new(wire, sizeof(uint64_t[WORDS]), &flight, &err));
	struct reader readers[THREADS];
	for (unsigned i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){.flight = flight, .seed = i};
		pthread_create(&readers[i].thread, NULL, read_rounds, &readers[i]);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(readers[i].thread, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(readers[i].broken, 0);
		assert_int_equal(readers[i].missed, 0);
		assert_int_equal(readers[i].wrong, 0);
	}
	uint64_t asked, sent;
	flight_counts(flight, &asked, &sent);
	assert_int_equal(asked, THREADS * ROUNDS * WINDOW);
	assert_true(sent < asked && sent > 0);
	/* the server dies: everybody is told, nobody waits for ever */
	kill(server_pid(server), SIGKILL);
	struct reader last = {.flight = flight, .seed = 9};
	read_rounds(&last);
	assert_true(last.broken > 0);
	flight_free(flight);
	wire_close(wire);
	server_stop(server);
}

/* Connections that are numbers. */
static enum assay_code number_open(void *context, void **ret, struct assay_err *err)
{
	unsigned *opened = context;
	unsigned *connection = malloc(sizeof(*connection));
	if (*opened == 3) {
		free(connection);
		return assay_fail(err, ASSAY_EIO, "no fourth one");
	}
	*connection = ++*opened;
	*ret = connection;
	return ASSAY_OK;
}

static bool number_healthy(void *connection)
{
	return *(unsigned *)connection != 2;
}

static void pools_reuse_the_last_and_drop_the_broken(void **state)
{
	static const struct pool_kind kind = {number_open, number_healthy, free};
	unsigned opened = 0;
	struct pool *pool = NULL;
	void *a = NULL, *b = NULL, *c = NULL;
	struct assay_err err = {0};
	assert_ok(pool_new(&kind, &opened, 2, &pool, &err));
	assert_ok(pool_acquire(pool, &a, &err));
	assert_ok(pool_acquire(pool, &b, &err));
	assert_int_equal(opened, 2);
	pool_release(pool, a, false);
	assert_ok(pool_acquire(pool, &a, &err));
	assert_int_equal(opened, 2);
	assert_int_equal(*(unsigned *)a, 1);
	/* number 2 is not healthy: it is closed when it would be given out again */
	pool_release(pool, a, false);
	pool_release(pool, b, false);
	assert_ok(pool_acquire(pool, &a, &err));
	assert_int_equal(*(unsigned *)a, 1);
	pool_release(pool, a, true); /* broke while in use: closed at once */
	assert_ok(pool_acquire(pool, &c, &err));
	assert_int_equal(*(unsigned *)c, 3);
	assert_fails(pool_acquire(pool, &b, &err), ASSAY_EIO, "no fourth");
	uint64_t acquired, reused;
	pool_counts(pool, &acquired, &reused);
	assert_int_equal(acquired, 6);
	assert_int_equal(reused, 2);
	pool_release(pool, c, false);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(combined_reads_are_right_and_fewer),
		cmocka_unit_test(pools_reuse_the_last_and_drop_the_broken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
