/* SPDX-License-Identifier: MIT */
/* test_world: ranks that are counted, hosts that are told apart, bindings that are named, clocks that are merged. */
#include "tests/t.h"

#include <stdio.h>

#include "harness/base/rng.h"
#include "harness/engine/world.h"

static struct assay_rank rank_on(int rank, int size, const char *host, const char *allowed,
				 unsigned n_allowed)
{
	struct assay_rank r = {.rank = rank, .size = size, .local = -1, .n_allowed = n_allowed};
	r.pid = 100 + rank;
	snprintf(r.version, sizeof(r.version), "%s", ASSAY_VERSION);
	snprintf(r.host, sizeof(r.host), "%s", host);
	snprintf(r.boot, sizeof(r.boot), "boot of %s", host);
	snprintf(r.allowed, sizeof(r.allowed), "%s", allowed);
	return r;
}

static void places_are_found(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rank ranks[] = {
		rank_on(3, 4, "b", "0-3", 4),
		rank_on(0, 4, "a", "0-1", 2),
		rank_on(2, 4, "b", "0-3", 4),
		rank_on(1, 4, "a", "2-3", 2),
	};
	struct assay_world world = {.ranks = ranks, .n = 4};
	assert_ok(assay_world_check(&world, 4, &err));
	assert_int_equal(world.hosts, 2);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ranks[i].rank, i);
	assert_int_equal(ranks[0].local_rank, 0);
	assert_int_equal(ranks[1].local_rank, 1);
	assert_int_equal(ranks[3].local_rank, 1);
	assert_int_equal(ranks[3].on_host, 2);
	assert_true(ranks[0].own_cpus && ranks[1].own_cpus);
	assert_false(ranks[2].own_cpus || ranks[3].own_cpus);
}

static void wrong_worlds_are_refused(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rank ranks[3];
	struct assay_world world = {.ranks = ranks, .n = 2};
	ranks[0] = rank_on(0, 1, "a", "0", 1); /* independent copies */
	ranks[1] = rank_on(0, 1, "a", "0", 1);
	assert_fails(assay_world_check(&world, 2, &err), ASSAY_EENV, "is one of 1");
	ranks[0] = rank_on(0, 2, "a", "0", 1);
	ranks[1] = rank_on(0, 2, "b", "0", 1);
	assert_fails(assay_world_check(&world, 2, &err), ASSAY_EENV, "both say they are rank 0");
	ranks[1] = rank_on(1, 2, "a", "0", 1);
	ranks[1].pid = ranks[0].pid;
	assert_fails(assay_world_check(&world, 2, &err), ASSAY_EENV, "same process");
	ranks[1] = rank_on(2, 2, "a", "0", 1);
	assert_fails(assay_world_check(&world, 2, &err), ASSAY_EENV, "none is number 1");
	ranks[1] = rank_on(-1, -1, "a", "0", 1);
	assert_fails(assay_world_check(&world, 2, &err), ASSAY_EENV, "does not know which rank");
	ranks[1] = rank_on(1, 2, "a", "0", 1);
	snprintf(ranks[1].version, sizeof(ranks[1].version), "0.0.1");
	assert_fails(assay_world_check(&world, 2, &err), ASSAY_EENV, "install the same");
	ranks[1] = rank_on(1, 2, "b", "0", 1);
	ranks[1].local = 1; /* alone on its host */
	assert_fails(assay_world_check(&world, 2, &err), ASSAY_EENV, "is told that it is number 1");
	world.n = 1;
	assert_fails(assay_world_check(&world, 2, &err), ASSAY_EENV,
		     "2 ranks were asked for, 1 came");
}

static void cpus_that_overlap_cannot_be_shared_out(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rank ranks[] = {rank_on(0, 2, "a", "0-1", 2), rank_on(1, 2, "a", "0-1", 2)};
	struct assay_world world = {.ranks = ranks, .n = 2};
	assert_ok(assay_world_check(&world, 2, &err));
	assert_ok(assay_world_can_bind(&world, &err));
	ranks[1] = rank_on(1, 2, "a", "1-2", 2);
	assert_ok(assay_world_check(&world, 2, &err));
	assert_fails(assay_world_can_bind(&world, &err), ASSAY_EENV, "neither the same nor apart");
	ranks[1] = rank_on(1, 2, "b", "1-2", 2);
	assert_ok(assay_world_check(&world, 2, &err));
	assert_ok(assay_world_can_bind(&world, &err));
}

static const char *binding(struct assay_rank a, struct assay_rank b, const char *bind)
{
	static char text[16];
	struct assay_err err = {0};
	struct assay_rank ranks[] = {a, b};
	struct assay_world world = {.ranks = ranks, .n = 2};
	assert_ok(assay_world_check(&world, 2, &err));
	assay_world_name_binding(&world, bind);
	memcpy(text, world.binding, sizeof(text));
	return text;
}

static void bindings_have_names(void **state)
{
	(void)state;
	struct assay_rank a = rank_on(0, 2, "a", "0-1", 2), b = rank_on(1, 2, "a", "0-1", 2);
	assert_string_equal(binding(a, b, "cores"), "cores");
	assert_string_equal(binding(a, b, "none"), "none");
	assert_string_equal(binding(rank_on(0, 2, "a", "0", 1), rank_on(1, 2, "a", "0", 1), "none"),
			    "oversubscribed");
	assert_string_equal(binding(rank_on(0, 2, "a", "0", 1), rank_on(1, 2, "a", "1", 1), "none"),
			    "launcher");
}

static void a_world_that_changed_is_found_out(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rank was[] = {rank_on(0, 2, "a", "0-1", 2), rank_on(1, 2, "b", "0-1", 2)};
	struct assay_rank is[] = {was[0], was[1]};
	const struct assay_world before = {.ranks = was, .n = 2};
	struct assay_world now = {.ranks = is, .n = 2};
	is[0].pid = is[1].pid = 1; /* other processes, of course */
	assert_ok(assay_world_same(&before, &now, &err));
	is[1] = rank_on(1, 2, "c", "0-1", 2);
	assert_fails(assay_world_same(&before, &now, &err), ASSAY_EENV, "was on b");
	is[1] = rank_on(1, 2, "b", "0", 1);
	assert_fails(assay_world_same(&before, &now, &err), ASSAY_EENV, "had the CPUs 0-1");
}

static void cpus_become_text(void **state)
{
	(void)state;
	const unsigned cpus[] = {0, 1, 2, 5, 7, 8};
	char text[32], small[16];
	assay_cpus_text(cpus, 6, text, sizeof(text));
	assert_string_equal(text, "0-2,5,7-8");
	assay_cpus_text(cpus, 0, text, sizeof(text));
	assert_string_equal(text, "");
	assay_cpus_text((const unsigned[]){1000, 2000, 3000, 4000, 5000}, 5, small, sizeof(small));
	assert_string_equal(small, "1000,2000,...");
}

/* A clock with a known offset and drift, asked over a network that is slow both ways by chance. */
static void the_true_offset_lies_within_the_bound(void **state)
{
	(void)state;
	struct assay_rng rng;
	assay_rng_init(&rng, 7);
	for (int run = 0; run < 200; run++) {
		int64_t offset = (int64_t)assay_rng_below(&rng, 2000000000000u) - 1000000000000;
		uint64_t now = 5000000000000u;
		struct assay_clock_offset clock = {0};
		for (int i = 0; i < 16; i++) {
			uint64_t there = 1000 + assay_rng_below(&rng, 50000);
			uint64_t back = 1000 + assay_rng_below(&rng, 50000);
			assay_clock_take(&clock, now, (uint64_t)((int64_t)(now + there) + offset),
					 now + there + back);
			now += there + back + 1000;
		}
		int64_t error = clock.offset_ns - offset;
		assert_true((uint64_t)(error < 0 ? -error : error) <= clock.bound_ns);
		assert_true(clock.bound_ns <= 51000);
	}
}

static void moments_are_brought_to_one_clock(void **state)
{
	(void)state;
	/* 1000 s ahead, and gaining 10 ppm */
	const uint64_t origin = 4000000000;
	const struct assay_clock_offset before = {1000000000000, 100, origin, 1};
	const struct assay_clock_offset after = {1000000010000, 100, origin + 1000000000, 1};
	uint64_t half = origin + 500000000;
	double ours = assay_clock_since(&before, &after, half + 1000000005000u, origin);
	assert_true(fabs(ours - 500000000) < 1);
	const struct assay_clock_offset nothing = {0};
	ours = assay_clock_since(&before, &nothing, half + 1000000000000u, origin);
	assert_true(fabs(ours - 500000000) < 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_found),
		cmocka_unit_test(wrong_worlds_are_refused),
		cmocka_unit_test(cpus_that_overlap_cannot_be_shared_out),
		cmocka_unit_test(bindings_have_names),
		cmocka_unit_test(a_world_that_changed_is_found_out),
		cmocka_unit_test(cpus_become_text),
		cmocka_unit_test(the_true_offset_lies_within_the_bound),
		cmocka_unit_test(moments_are_brought_to_one_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
