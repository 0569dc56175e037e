/* SPDX-License-Identifier: MIT */
/*
 * invalidate: entries are made invalid, all of a group at once: by tag (an epoch), by walking all entries
 * (`scan`, to compare with), along dependencies, by prefix of their path, by version. One operation is
 * one invalidation of `fan` entries. After each batch every entry is asked for: a stale read fails the
 * case, and so does a valid entry that is gone.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "harness/bench.h"
#include "suites/cache/tags.h"

enum way { NULL_WAY, TAG, SCAN, DEPENDENCY, PATTERN, VERSION };
enum { GROUPS = 8 };

struct state {
	struct tags *tags;
	enum way way;
	uint32_t fan, n, version[GROUPS];
	uint64_t round;
	unsigned depth;
};

/* Entry i of group g: the first one is the root, the others hang below each other `depth` deep. */
static void put(struct state *s, uint32_t group, uint32_t i)
{
	uint32_t entry = group * s->fan + i;
	uint32_t above = i == 0 ? TAGS_NONE : (i - 1) % s->depth == 0 ? group * s->fan : entry - 1;
	struct tags_entry what = {.tag = group,
				  .parent = above,
				  .path = (group + 1) << 24 | (i & 0xffffff),
				  .version = s->version[group],
				  .value = s->round << 32 | entry};
	tags_put(s->tags, entry, &what);
}

static void refill(struct state *s)
{
	s->round++;
	for (uint32_t group = 0; group < GROUPS; group++)
		for (uint32_t i = 0; i < s->fan; i++)
			put(s, group, i);
}

static uint32_t drop(struct state *s, uint32_t group)
{
	switch (s->way) {
	case NULL_WAY:
		return 0;
	case TAG:
		return tags_drop_tag(s->tags, group);
	case SCAN:
		return tags_scan_tag(s->tags, group);
	case DEPENDENCY:
		return tags_drop_entry(s->tags, group * s->fan);
	case PATTERN:
		return tags_drop_prefix(s->tags, (group + 1) << 24, 1);
	case VERSION:
		s->version[group]++;
		return 1;
	}
	return 0;
}

/* Reads that gave what they should not have, or not what they should. */
static void count_reads(const struct state *s, unsigned dropped, uint64_t *ret_stale,
			uint64_t *ret_lost)
{
	for (uint32_t group = 0; group < GROUPS; group++) {
		bool gone = dropped >> group & 1 && s->way != NULL_WAY;
		for (uint32_t i = 0; i < s->fan; i++) {
			uint32_t entry = group * s->fan + i;
			uint64_t value;
			bool got = tags_get(s->tags, entry, s->version[group], &value);
			*ret_stale += got && (gone || value != (s->round << 32 | entry));
			*ret_lost += !got && !gone;
		}
	}
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	double fan = assay_axis(run, "fan"), depth = assay_axis(run, "depth");
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	if (fan < 1 || fan > 1 << 22 || depth < 1) {
		assay_skip(run, "fan must be 1 to 4Mi, depth at least 1");
		return;
	}
	s->way = (enum way)assay_axis(run, "by");
	s->fan = (uint32_t)fan;
	s->depth = (unsigned)depth;
	struct assay_err err = {0};
	assay_check(run, tags_new(GROUPS * s->fan, GROUPS, &s->tags, &err) == ASSAY_OK, "%s",
		    err.text);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	tags_free(s->tags);
	free(s);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	refill(assay_state(run));
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	uint32_t group = 0;
	unsigned dropped = 0;
	uint64_t steps = 0, n = 0, stale = 0, lost = 0;

	ASSAY_LOOP (run) {
		steps += drop(s, group);
		dropped |= 1u << group;
		group = (group + 1) % (GROUPS / 2); /* the other half must stay */
		n++;
	}
	count_reads(s, dropped, &stale, &lost);
	assay_check(run, stale == 0, "%llu stale reads", (unsigned long long)stale);
	assay_check(run, lost == 0, "%llu valid entries are gone", (unsigned long long)lost);
	assay_counter(run, "stale_reads", stale);
	assay_metric(run, "steps", "per op", ASSAY_LOWER, (double)steps / (double)n);
}

const struct assay_bench assay_bench_cache_invalidate = {
	.brief = "a group of entries made invalid, by tag, scan, dependency, pattern or version",
	.source =
		"generations as in memcached's namespaces; dependencies as in Challenger, Iyengar, Dantzig, INFOCOM 1999",
	.claim = "S1.invalidate",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES(
		{"by", "name", "null,tag,scan,dependency,pattern,version", "tag,scan,dependency"},
		{"fan", "count", "1,1000,100k", "1000"}, {"depth", "count", "1,6", "6"}),
};
