/* SPDX-License-Identifier: MIT */
/* test_stacks: the tree of call stacks: interning, weights, recursion, and what it is stored as. */
#include <stdlib.h>

#include "harness/stacks.h"
#include "tests/t.h"

static const struct assay_stack_frame functions[] = {
	{"main", "prog", "main.c", 3},   {"work", "prog", "work.c", 10},
	{"memcpy", "libc.so.6", "", 0},  {"work", "other.so", "", 0},
	{"a;b<\"&", "prog", "x y.c", 1},
};

/* main 1; main;work 2; main;work;memcpy 5; main;work;work(other) 7; main;work;memcpy;work 4 */
static struct assay_stacks *sample_tree(void)
{
	struct assay_err err = {0};
	struct assay_stacks *s;
	uint32_t f[5];
	assert_ok(assay_stacks_new(&s, &err));
	for (size_t i = 0; i < 5; i++)
		assert_ok(assay_stacks_frame(s, &functions[i], &f[i], &err));
	assert_ok(assay_stacks_add(s, f, 1, 1, &err));
	assert_ok(assay_stacks_add(s, f, 2, 2, &err));
	assert_ok(assay_stacks_add(s, f, 3, 5, &err));
	const uint32_t foreign[] = {f[0], f[1], f[3]}, again[] = {f[0], f[1], f[2], f[1]};
	assert_ok(assay_stacks_add(s, foreign, 3, 7, &err));
	assert_ok(assay_stacks_add(s, again, 4, 4, &err));
	const struct assay_stacks_facts facts = {.title = "a test",
						 .engine = "none",
						 .unit = "samples",
						 .unwind = "by hand",
						 .rate_hz = 499,
						 .cost_ns = 12000,
						 .cost_lo_ns = 11000,
						 .cost_hi_ns = NAN,
						 .wall_ns = 5,
						 .samples = 19,
						 .outside = 2,
						 .lost = 3,
						 .partial = 4,
						 .remarks = "one\ntwo\n"};
	assert_ok(assay_stacks_describe(s, &facts, &err));
	return s;
}

static void frames_and_stacks_are_there_once(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_stacks *s = sample_tree();
	size_t nodes = s->n_nodes;
	uint32_t f;
	assert_int_equal(s->n_frames, 5);
	assert_int_equal(nodes, 6);
	assert_ok(assay_stacks_frame(s, &functions[3], &f, &err));
	assert_int_equal(f, 3); /* the same name in another module is another function */
	const uint32_t known[] = {0, 1};
	assert_ok(assay_stacks_add(s, known, 2, 1, &err));
	assert_int_equal(s->n_nodes, nodes);
	assay_stacks_free(s);
	assay_stacks_free(NULL);
}

static void many_frames_keep_their_numbers(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_stacks *s;
	assert_ok(assay_stacks_new(&s, &err));
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 3000; i++) {
			char name[16];
			uint32_t f;
			snprintf(name, sizeof(name), "f%u", i);
			const struct assay_stack_frame frame = {name, "m", "", 0};
			assert_ok(assay_stacks_frame(s, &frame, &f, &err));
			assert_int_equal(f, i);
			assert_ok(assay_stacks_add(s, &f, 1, 1, &err));
		}
	assert_int_equal(s->n_frames, 3000);
	assert_int_equal(s->n_nodes, 3001);
	assert_int_equal(s->nodes[3000].self, 2);
	assay_stacks_free(s);
}

static void weights_add_up(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_stacks *s = sample_tree();
	uint64_t below[6], self[5], total[5];
	assay_stacks_totals(s, below);
	assert_int_equal(below[0], 19);
	assert_int_equal(below[1], 19); /* main */
	assert_int_equal(below[2], 18); /* main;work */
	assert_int_equal(below[3], 9);  /* main;work;memcpy */
	assert_ok(assay_stacks_by_frame(s, self, total, &err));
	assert_int_equal(self[1], 6);
	assert_int_equal(total[1], 18); /* the recursion counts once */
	assert_int_equal(self[2], 5);
	assert_int_equal(total[2], 9);
	assert_int_equal(total[4], 0);
	assay_stacks_free(s);
}

static void what_is_too_deep_loses_its_innermost_calls(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_stacks *s;
	uint32_t path[ASSAY_STACKS_DEPTH + 10] = {0}, f;
	assert_ok(assay_stacks_new(&s, &err));
	assert_ok(assay_stacks_frame(s, &functions[0], &f, &err));
	assert_ok(assay_stacks_add(s, path, ASSAY_STACKS_DEPTH + 10, 3, &err));
	assert_int_equal(s->n_nodes, ASSAY_STACKS_DEPTH + 1);
	assert_int_equal(s->nodes[ASSAY_STACKS_DEPTH].self, 3);
	assay_stacks_free(s);
}

static void what_is_stored_comes_back(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_stacks *s = sample_tree(), *back;
	char *bytes;
	size_t size;
	assert_ok(assay_stacks_encode(s, &bytes, &size, &err));
	assert_ok(assay_stacks_decode(bytes, size, &back, &err));
	assert_int_equal(back->n_nodes, s->n_nodes);
	assert_int_equal(back->n_frames, s->n_frames);
	for (size_t i = 0; i < s->n_nodes; i++)
		assert_memory_equal(&back->nodes[i], &s->nodes[i], sizeof(s->nodes[i]));
	for (size_t i = 0; i < s->n_frames; i++) {
		assert_string_equal(back->frames[i].function, s->frames[i].function);
		assert_string_equal(back->frames[i].module, s->frames[i].module);
		assert_string_equal(back->frames[i].file, s->frames[i].file);
		assert_int_equal(back->frames[i].line, s->frames[i].line);
	}
	assert_string_equal(back->facts.title, "a test");
	assert_string_equal(back->facts.remarks, "one\ntwo\n");
	assert_close(back->facts.cost_lo_ns, 11000, 0);
	assert_true(isnan(back->facts.cost_hi_ns));
	assert_int_equal(back->facts.partial, 4);
	free(bytes);
	assay_stacks_free(back);
	assay_stacks_free(s);
}

static void what_is_damaged_is_refused(void **state)
{
	(void)state;
#define DOCUMENT(frames, nodes) \
	"{\"schema\":\"assay/stacks/1\",\"facts\":{},\"frames\":" frames ",\"nodes\":" nodes "}"
	static const char *const damaged[] = {
		"",
		"[]",
		"{\"schema\":\"assay/stacks/9\"}",
		DOCUMENT("1", "[]"),
		DOCUMENT("[[1,2,3,4]]", "[]"),
		DOCUMENT("[[\"f\",\"m\",\"\",0]]", "[[0,0,0],[0,1,1]]"),  /* no such frame */
		DOCUMENT("[[\"f\",\"m\",\"\",0]]", "[[0,0,0],[1,0,1]]"),  /* its own parent */
		DOCUMENT("[[\"f\",\"m\",\"\",0]]", "[[0,0,0],[-1,0,1]]"), /* before the root */
		DOCUMENT("[[\"f\",\"m\",\"\",0]]", "[[0,0,0],[0,0,-1]]"),
	};
	struct assay_stacks *s;
	for (size_t i = 0; i < ASSAY_COUNT_OF(damaged); i++) {
		struct assay_err err = {0};
		assert_fails(assay_stacks_decode(damaged[i], strlen(damaged[i]), &s, &err),
			     ASSAY_EPARSE, "stored call stacks");
		assert_null(s);
	}
	struct assay_err err = {0};
	const char *good = DOCUMENT("[[\"f\",\"m\",\"\",0]]", "[[0,0,0],[0,0,4]]");
	assert_ok(assay_stacks_decode(good, strlen(good), &s, &err));
	assert_int_equal(s->nodes[1].self, 4);
	assay_stacks_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_and_stacks_are_there_once),
		cmocka_unit_test(many_frames_keep_their_numbers),
		cmocka_unit_test(weights_add_up),
		cmocka_unit_test(what_is_too_deep_loses_its_innermost_calls),
		cmocka_unit_test(what_is_stored_comes_back),
		cmocka_unit_test(what_is_damaged_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
