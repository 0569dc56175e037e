/* SPDX-License-Identifier: MIT */
/* The replay buffer: draws follow the priorities, the oldest goes first, late priorities do not touch what came after. */
#include "suites/scaling/experience.h"

#include <pthread.h>
#include <stdlib.h>

#include "tests/t.h"

static void add(struct replay *r, uint64_t value, uint32_t priority)
{
	uint64_t words[REPLAY_WORDS];
	for (int i = 0; i < REPLAY_WORDS; i++)
		words[i] = value;
	replay_add(r, words, priority);
}

/* Chi-square with 7 degrees of freedom: above 40 has a chance of about 1 in a million. */
static double chi_square(struct replay *r, const double *share, size_t n)
{
	enum { DRAWS = 8000 };
	double seen[8] = {0}, sum = 0;
	struct assay_rng rng;
	assay_rng_init(&rng, 11);
	for (int i = 0; i < DRAWS; i++) {
		struct replay_draw draw;
		assert_int_equal(replay_draw(r, &rng, 1, &draw), 1);
		assert_in_range(draw.words[0], 0, n - 1);
		assert_int_equal(draw.words[REPLAY_WORDS - 1], draw.words[0]);
		seen[draw.words[0]]++;
	}
	for (size_t i = 0; i < n; i++)
		sum += (seen[i] - DRAWS * share[i]) * (seen[i] - DRAWS * share[i]) /
		       (DRAWS * share[i]);
	return sum;
}

static void draws_follow_priorities(void **state)
{
	(void)state;
	const double rising[] = {1 / 36., 2 / 36., 3 / 36., 4 / 36.,
				 5 / 36., 6 / 36., 7 / 36., 8 / 36.};
	const double equal[] = {1 / 8., 1 / 8., 1 / 8., 1 / 8., 1 / 8., 1 / 8., 1 / 8., 1 / 8.};
	struct assay_err err = {0};
	for (unsigned shards = 1; shards <= 4; shards *= 2) {
		for (int prioritised = 0; prioritised < 2; prioritised++) {
			struct replay *r;
			assert_ok(replay_new(8, shards, prioritised, &r, &err));
			for (uint64_t i = 0; i < 8; i++)
				add(r, i, (uint32_t)i + 1);
			assert_true(replay_consistent(r));
			assert_true(chi_square(r, prioritised ? rising : equal, 8) < 40);
			assert_true(chi_square(r, prioritised ? equal : rising, 8) > 40);
			replay_free(r);
		}
	}
}

static void the_oldest_goes_and_late_priorities_miss(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rng rng;
	struct replay *r;
	struct replay_draw draw;
	assay_rng_init(&rng, 1);
	assert_ok(replay_new(3, 1, true, &r, &err));
	assert_int_equal(replay_draw(r, &rng, 1, &draw), 0);
	add(r, 0, 5);
	assert_int_equal(replay_draw(r, &rng, 1, &draw), 1);
	for (uint64_t i = 1; i < 4; i++) /* the last one takes the first one's place */
		add(r, i, 1);
	replay_set_priority(r, &draw, 1u << 20);
	assert_true(replay_consistent(r));
	int seen[4] = {0};
	for (int i = 0; i < 300; i++) {
		assert_int_equal(replay_draw(r, &rng, 1, &draw), 1);
		seen[draw.words[0]]++;
	}
	assert_int_equal(seen[0], 0);
	assert_true(seen[1] > 30 && seen[2] > 30 && seen[3] > 30);
	assert_int_equal(replay_added(r), 4);
	replay_free(r);
	assert_fails(replay_new(3, 65, true, &r, &err), ASSAY_EUSAGE, "65 shards");
}

struct crowd {
	struct replay *replay;
	uint64_t seed, torn;
};

static void *draw_and_add(void *context)
{
	struct crowd *c = context;
	struct assay_rng rng;
	assay_rng_init(&rng, c->seed);
	for (int i = 0; i < 3000; i++) {
		struct replay_draw draws[4];
		add(c->replay, assay_rng_next(&rng), 1 + (uint32_t)assay_rng_below(&rng, 9));
		size_t n = replay_draw(c->replay, &rng, 4, draws);
		for (size_t k = 0; k < n; k++) {
			for (int w = 1; w < REPLAY_WORDS; w++)
				c->torn += draws[k].words[w] != draws[k].words[0];
			replay_set_priority(c->replay, &draws[k], 1 + (uint32_t)(rng.s[0] % 7));
		}
	}
	return NULL;
}

static void many_at_once_tear_nothing(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct crowd crowd[4];
	pthread_t threads[4];
	struct replay *r;
	assert_ok(replay_new(64, 4, true, &r, &err));
	for (uint64_t i = 0; i < 4; i++) {
		crowd[i] = (struct crowd){r, i, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, draw_and_add, &crowd[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(crowd[i].torn, 0);
	assert_true(replay_consistent(r));
	assert_int_equal(replay_added(r), 4 * 3000);
	replay_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_follow_priorities),
		cmocka_unit_test(the_oldest_goes_and_late_priorities_miss),
		cmocka_unit_test(many_at_once_tear_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
