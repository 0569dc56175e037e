/* SPDX-License-Identifier: MIT */
/* guess: what each rule foresees; and the simulated reader and loader, held against what is known. */
#include "suites/concurrency/fetch_sim.h"
#include "suites/concurrency/guess.h"
#include "tests/t.h"

static struct guess *make(enum guess_rule rule)
{
	struct guess *g = NULL;
	struct assay_err err = {0};
	assert_ok(guess_new(rule, 64, &g, &err));
	return g;
}

static void nothing_is_guessed_by_default(void **state)
{
	struct guess *g = make(GUESS_NOTHING);
	uint64_t next[GUESS_MOST];
	for (uint64_t key = 0; key < 10; key++)
		assert_int_equal(guess_after(g, key, next, 4), 0);
	guess_free(g);
}

static void those_in_order_follow(void **state)
{
	struct guess *g = make(GUESS_NEXT);
	uint64_t next[GUESS_MOST];
	assert_int_equal(guess_after(g, 41, next, 3), 3);
	assert_int_equal(next[0], 42);
	assert_int_equal(next[2], 44);
	assert_int_equal(guess_after(g, 5, next, 100), GUESS_MOST);
	guess_free(g);
}

static void a_stride_counts_when_it_comes_twice(void **state)
{
	struct guess *g = make(GUESS_STRIDE);
	uint64_t next[GUESS_MOST];
	assert_int_equal(guess_after(g, 1000, next, 2), 0);
	assert_int_equal(guess_after(g, 993, next, 2), 0);
	assert_int_equal(guess_after(g, 986, next, 2), 2);
	assert_int_equal(next[0], 979);
	assert_int_equal(next[1], 972);
	assert_int_equal(guess_after(g, 986, next, 2), 0); /* the same again is no stride */
	assert_int_equal(guess_after(g, 100, next, 2), 0);
	guess_free(g);
}

/* Seen twice it is believed; one stray does not change that, three do. */
static void successors_are_learned(void **state)
{
	struct guess *g = make(GUESS_MARKOV);
	uint64_t next[GUESS_MOST];
	const uint64_t round[] = {7, 90000, 3};
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 3; k++) {
			unsigned n = guess_after(g, round[k], next, 2);
			assert_int_equal(n, i * 3 + k < 6 ? 0 : 2);
			for (unsigned j = 0; j < n; j++)
				assert_int_equal(next[j], round[(k + j + 1) % 3]);
		}
	guess_after(g, 7, next, 1);
	guess_after(g, 5, next, 1); /* a stray */
	assert_int_equal(guess_after(g, 7, next, 1), 1);
	assert_int_equal(next[0], 90000);
	for (int i = 0; i < 6; i++) {
		guess_after(g, 5, next, 1);
		guess_after(g, 7, next, 1);
	}
	assert_int_equal(guess_after(g, 7, next, 1), 1);
	assert_int_equal(next[0], 5);
	guess_free(g);
}

static struct fetch_sim_config config_of(enum guess_rule rule, enum fetch_pattern pattern)
{
	return (struct fetch_sim_config){.rule = rule,
					 .pattern = pattern,
					 .ahead = 4,
					 .slots = 8,
					 .room = 64,
					 .fetch_ns = 1000,
					 .think_ns = 1e6,
					 .requests = 20000,
					 .seed = 3};
}

static struct fetch_sim_result simulate(const struct fetch_sim_config *config)
{
	struct fetch_sim_result r;
	struct assay_err err = {0};
	assert_ok(fetch_sim(config, &r, &err));
	assert_int_equal(r.hits + r.late + r.misses, config->requests);
	assert_true(r.wasted <= r.ahead);
	return r;
}

static void readers_wait_as_long_as_they_must(void **state)
{
	/* without a guess all wait, but for the few whose value is still there: 64 of 4096 keys */
	struct fetch_sim_config config = config_of(GUESS_NOTHING, FETCH_RANDOM);
	struct fetch_sim_result r = simulate(&config);
	assert_close(r.hits, 20000 * 64.0 / 4096, 0.1);
	assert_close(r.waited_ns, 1000.0 * r.misses, 1e-9);
	assert_int_equal(r.ahead, 0);
	/* in order, each run of a thousand begins with one that nobody could foresee */
	config = config_of(GUESS_NEXT, FETCH_SEQUENTIAL);
	r = simulate(&config);
	assert_int_equal(r.misses, 20);
	assert_int_equal(r.wasted, 20 * 4);
	/* a reader that does not think finds all on their way, and never more than `slots` ahead */
	config.think_ns = 0;
	config.fetch_ns = 4000;
	r = simulate(&config);
	assert_true(r.late > r.hits / 8 && r.misses == 20);
	assert_close(r.waited_ns, 20000 * 4000.0 / 5, 0.02);
	/* one ahead at a time: by turns a miss, one that came beside it, and one on its way */
	config.slots = 1;
	r = simulate(&config);
	assert_close(r.waited_ns, 20000 * 4000.0 * 2 / 3, 0.02);
	/* strides need two steps to be seen */
	config = config_of(GUESS_STRIDE, FETCH_STRIDED);
	r = simulate(&config);
	assert_int_equal(r.misses, 20 * 3);
	/* a chain is known after it was seen twice, and 20000 requests are not 5 of its rounds */
	config = config_of(GUESS_MARKOV, FETCH_CHAIN);
	r = simulate(&config);
	assert_in_range(r.hits, 6000, 20000 - 2 * 4096);
}

static void senseless_configurations_are_refused(void **state)
{
	struct fetch_sim_config config = config_of(GUESS_NEXT, FETCH_CHAIN);
	struct fetch_sim_result r;
	struct guess *g;
	struct assay_err err = {0};
	config.room = 0;
	assert_fails(fetch_sim(&config, &r, &err), ASSAY_EUSAGE, "at most");
	config = config_of(GUESS_NEXT, FETCH_CHAIN);
	config.strays = 2;
	assert_fails(fetch_sim(&config, &r, &err), ASSAY_EUSAGE, "strays");
	assert_fails(guess_new(GUESS_MARKOV, 0, &g, &err), ASSAY_EUSAGE, "from 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_guessed_by_default),
		cmocka_unit_test(those_in_order_follow),
		cmocka_unit_test(a_stride_counts_when_it_comes_twice),
		cmocka_unit_test(successors_are_learned),
		cmocka_unit_test(readers_wait_as_long_as_they_must),
		cmocka_unit_test(senseless_configurations_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
