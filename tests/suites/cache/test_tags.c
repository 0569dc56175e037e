/* SPDX-License-Identifier: MIT */
/* tags: no stale read and no lost entry, beside a plain record of what was put and dropped. */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/tags.h"
#include "tests/t.h"

enum { ENTRIES = 200, TAGS = 10, OPS = 20000 };

/* What a plain cache would know: everything of each entry, and whether it is valid. */
struct plain {
	struct tags_entry what[ENTRIES];
	bool valid[ENTRIES], put[ENTRIES];
};

static bool is_below(const struct plain *p, uint32_t entry, uint32_t root)
{
	for (uint32_t at = entry;; at = p->what[at].parent) {
		if (at == root)
			return true;
		if (!p->put[at] || p->what[at].parent == TAGS_NONE)
			return false;
	}
}

static void do_put(struct tags *t, struct plain *p, uint32_t entry, struct assay_rng *rng,
		   uint64_t op)
{
	/* made from an entry of a lower number: no circles */
	uint32_t parent = entry && assay_rng_below(rng, 2) ? (uint32_t)assay_rng_below(rng, entry)
							   : TAGS_NONE;
	uint32_t tag = (uint32_t)assay_rng_below(rng, TAGS + 1);
	struct tags_entry what = {.tag = tag == TAGS ? TAGS_NONE : tag,
				  .parent = parent,
				  .path = (uint32_t)assay_rng_below(rng, 3) << 24 |
					  (uint32_t)assay_rng_below(rng, 3) << 16 | entry,
				  .version = (uint32_t)assay_rng_below(rng, 3),
				  .value = op};
	tags_put(t, entry, &what);
	p->what[entry] = what;
	p->valid[entry] = p->put[entry] = true;
}

static void do_drop(struct tags *t, struct plain *p, struct assay_rng *rng)
{
	uint32_t tag = (uint32_t)assay_rng_below(rng, TAGS);
	uint32_t root = (uint32_t)assay_rng_below(rng, ENTRIES);
	uint32_t path = (uint32_t)assay_rng_below(rng, 3) << 24 | (uint32_t)assay_rng_below(rng, 3)
									  << 16;
	uint64_t kind = assay_rng_below(rng, 5);
	unsigned parts = 1 + (unsigned)assay_rng_below(rng, 2);
	if (kind == 0)
		assert_int_equal(tags_drop_tag(t, tag), 1);
	else if (kind == 1)
		assert_int_equal(tags_scan_tag(t, tag), ENTRIES);
	else if (kind == 2)
		assert_true(tags_drop_entry(t, root) >= 1);
	else
		assert_int_equal(tags_drop_prefix(t, path, parts), 1);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		bool hit = kind < 2    ? p->put[i] && p->what[i].tag == tag
			   : kind == 2 ? is_below(p, i, root)
				       : p->what[i].path >> (32 - 8 * parts) ==
						 path >> (32 - 8 * parts);
		p->valid[i] &= !hit;
	}
}

static void nothing_stale_and_nothing_lost(void **state)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct tags *t;
		struct assay_err err = {0};
		struct plain *p = calloc(1, sizeof(*p));
		struct assay_rng rng;
		assay_rng_init(&rng, seed);
		assert_ok(tags_new(ENTRIES, TAGS, &t, &err));
		for (uint64_t op = 0; op < OPS; op++) {
			uint32_t entry = (uint32_t)assay_rng_below(&rng, ENTRIES);
			uint32_t version = (uint32_t)assay_rng_below(&rng, 3);
			uint64_t value = 0, kind = assay_rng_below(&rng, 10);
			if (kind < 3) {
				do_put(t, p, entry, &rng, op);
			} else if (kind == 3 && op % 4 == 0) {
				do_drop(t, p, &rng);
			} else {
				bool want = p->valid[entry] && p->what[entry].version == version;
				assert_int_equal(tags_get(t, entry, version, &value), want);
				if (want)
					assert_int_equal(value, p->what[entry].value);
			}
		}
		tags_free(t);
		free(p);
	}
}

/* However many there are, a tag is dropped in one step, and a chain of dependencies needs no stack. */
static void large_groups_are_dropped(void **state)
{
	enum { MANY = 300000 };
	struct tags *t;
	struct assay_err err = {0};
	uint64_t value;
	assert_ok(tags_new(MANY, 1, &t, &err));
	for (uint32_t i = 0; i < MANY; i++)
		tags_put(t, i, &(struct tags_entry){.parent = i ? i - 1 : TAGS_NONE, .value = i});
	assert_int_equal(tags_drop_entry(t, MANY / 2), MANY - MANY / 2);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(tags_get(t, i, 0, &value), i < MANY / 2);
	assert_int_equal(tags_drop_tag(t, 0), 1);
	for (uint32_t i = 0; i < MANY; i++)
		assert_false(tags_get(t, i, 0, &value));
	tags_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_stale_and_nothing_lost),
		cmocka_unit_test(large_groups_are_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
