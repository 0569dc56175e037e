/* SPDX-License-Identifier: MIT */
/* tiers: whatever is on or off, a get gives what was put last, to the same thread and to others. */
#include <pthread.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/cache.h"
#include "suites/cache/tiers.h"
#include "tests/t.h"

enum { KEYS = 600, OPS = 12000, THREADS = 3, THREAD_OPS = 6000, THREAD_KEYS = 60 };

static void origin(void *context, uint64_t key, uint64_t value[TIERS_WORDS])
{
	unsigned *made = context;
	(*made)++;
	cache_value_fill(value, TIERS_WORDS, cache_value_base(key, 0));
}

static void drive(enum tiers_depth depth, bool write_back, bool promote)
{
	unsigned made = 0;
	struct tiers_config config = {depth, write_back, promote, 16384, KEYS, origin, &made};
	struct tiers *tiers = NULL;
	struct assay_err err = {0};
	enum assay_code rc = tiers_new(&config, &tiers, &err);
	if (rc == ASSAY_SKIP) {
		print_message("# %s\n", err.text);
		return;
	}
	assert_int_equal(rc, ASSAY_OK);
	struct tiers_thread *thread = tiers_thread_new(tiers);
	static uint64_t version[KEYS];
	memset(version, 0, sizeof(version));
	unsigned found[TIER_COUNT] = {0};
	struct assay_rng rng;
	assay_rng_init(&rng, depth + 1);
	for (int op = 0; op < OPS / (depth >= TIERS_REDIS ? 4 : 1); op++) {
		uint64_t value[TIERS_WORDS], key = assay_rng_below(&rng, KEYS);
		/* without tiers below, what memory forgets is the origin's version again */
		if (assay_rng_below(&rng, 4) == 0 && depth > TIERS_MEMORY) {
			cache_value_fill(value, TIERS_WORDS, cache_value_base(key, ++version[key]));
			tiers_put(thread, key, value);
			continue;
		}
		found[tiers_get(thread, key, value)]++;
		assert_true(
			cache_value_is(value, TIERS_WORDS, cache_value_base(key, version[key])));
		if (op % 1000 == 0)
			assert_ok(tiers_sync(tiers, &err));
	}
	assert_null(tiers_error(tiers));
	assert_true(found[TIER_SHARED] > 0 && found[TIER_ORIGIN] > 0);
	assert_int_equal(found[TIER_ORIGIN], made);
	if (depth >= TIERS_DISK) {
		assert_true(found[TIER_DISK] > 0);
		assert_true(made <= KEYS); /* below memory nothing is forgotten */
	}
	tiers_thread_free(thread);
	tiers_free(tiers);
}

static void all_combinations_give_what_was_put_last(void **state)
{
	for (int depth = TIERS_MEMORY; depth <= TIERS_SQLITE; depth++)
		for (int way = 0; way < 4; way++)
			drive((enum tiers_depth)depth, way & 1, way & 2);
}

/* What is found below goes up into the thread's array, or nowhere: asked again it is found where it was. */
static void only_promotion_brings_anything_up(void **state)
{
	for (int promote = 0; promote < 2; promote++) {
		unsigned made = 0;
		struct tiers_config config = {TIERS_DISK, false,  promote != 0, 4096,
					      KEYS,       origin, &made};
		struct assay_err err = {0};
		struct tiers *tiers;
		uint64_t value[TIERS_WORDS];
		unsigned below = 0, again = 0;
		assert_ok(tiers_new(&config, &tiers, &err));
		struct tiers_thread *thread = tiers_thread_new(tiers);
		for (uint64_t key = 0; key < KEYS; key++)
			tiers_get(thread, key, value);
		for (uint64_t key = 0; key < KEYS; key++) {
			if (tiers_get(thread, key, value) != TIER_DISK)
				continue;
			below++;
			again += tiers_get(thread, key, value) == TIER_DISK;
		}
		assert_true(below > KEYS / 4);
		assert_int_equal(again, promote ? 0 : below);
		tiers_thread_free(thread);
		tiers_free(tiers);
	}
}

/* One of several threads; it alone puts the keys that are its number modulo THREADS. */
struct driver {
	struct tiers *tiers;
	uint64_t me, put[THREAD_KEYS], seen[THREAD_KEYS];
	unsigned wrong;
	pthread_t thread;
};

static void *drive_beside_others(void *argument)
{
	struct driver *d = argument;
	struct tiers_thread *thread = tiers_thread_new(d->tiers);
	struct assay_rng rng;
	assay_rng_init(&rng, d->me);
	for (int op = 0; thread && op < THREAD_OPS; op++) {
		uint64_t value[TIERS_WORDS], key = assay_rng_below(&rng, THREAD_KEYS);
		if (assay_rng_below(&rng, 4) == 0) {
			key = key - key % THREADS + d->me;
			cache_value_fill(value, TIERS_WORDS, cache_value_base(key, ++d->put[key]));
			tiers_put(thread, key, value);
			continue;
		}
		tiers_get(thread, key, value);
		uint64_t version = value[0] - cache_value_base(key, 0);
		d->wrong += !cache_value_is(value, TIERS_WORDS, value[0]) || version > THREAD_OPS ||
			    version < d->seen[key] ||
			    (key % THREADS == d->me && version != d->put[key]);
		d->seen[key] = version;
	}
	tiers_thread_free(thread);
	return NULL;
}

static void threads_never_see_an_older_value(void **state)
{
	for (int way = 0; way < 4; way++) {
		unsigned made = 0;
		/* a table of a few sets, so that most goes through the tier below */
		struct tiers_config config = {TIERS_DISK, way & 1, way & 2, 4096,
					      KEYS,       origin,  &made};
		struct assay_err err = {0};
		struct driver drivers[THREADS];
		struct tiers *tiers;
		assert_ok(tiers_new(&config, &tiers, &err));
		for (uint64_t i = 0; i < THREADS; i++) {
			drivers[i] = (struct driver){.tiers = tiers, .me = i};
			pthread_create(&drivers[i].thread, NULL, drive_beside_others, &drivers[i]);
		}
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(drivers[i].thread, NULL);
		for (unsigned i = 0; i < THREADS; i++)
			assert_int_equal(drivers[i].wrong, 0);
		assert_null(tiers_error(tiers));
		tiers_free(tiers);
	}
}

static void a_thread_has_room_as_it_pays(void **state)
{
	unsigned made = 0;
	struct tiers_config config = {TIERS_MEMORY, false, true, 1 << 20, KEYS, origin, &made};
	struct tiers *tiers;
	struct assay_err err = {0};
	uint64_t value[TIERS_WORDS];
	assert_ok(tiers_new(&config, &tiers, &err));
	struct tiers_thread *thread = tiers_thread_new(tiers);
	uint32_t at_first = tiers_thread_entries(thread);
	struct assay_rng rng;
	assay_rng_init(&rng, 1);
	/* more keys than places, each asked for often: more places would answer more */
	for (int i = 0; i < 60000; i++)
		tiers_get(thread, assay_rng_below(&rng, 200), value);
	assert_true(tiers_thread_entries(thread) > at_first);
	/* a scan: none of them answers anything */
	for (uint64_t key = 1000; key < 61000; key++)
		tiers_get(thread, key, value);
	assert_int_equal(tiers_thread_entries(thread), 16);
	tiers_thread_free(thread);
	tiers_free(tiers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_combinations_give_what_was_put_last),
		cmocka_unit_test(only_promotion_brings_anything_up),
		cmocka_unit_test(threads_never_see_an_older_value),
		cmocka_unit_test(a_thread_has_room_as_it_pays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
