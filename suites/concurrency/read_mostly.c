/* SPDX-License-Identifier: MIT */
/*
 * read_mostly: every thread reads one small record again and again, and replaces it now and then; one operation
 * is one read or one replacement.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/concurrency/reading.h"

enum { PATTERN = 8192 }; /* turns before the pattern repeats */

struct shared {
	const struct reading_ops *ops;
	struct reading *reading;
};

static void setup(struct assay_run *run)
{
	struct shared *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->ops = assay_subject(run);
	enum assay_code code = s->ops->create(assay_threads(run), &s->reading, &err);
	assay_check(run, code == ASSAY_OK, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	struct shared *s = assay_state(run);
	if (s)
		s->ops->destroy(s->reading);
	free(s);
}

/* A thread's. It goes on where the last window ended: a short one would only ever see the beginning. */
struct turns {
	uint64_t at;
	bool writes[PATTERN];
};

static void thread_setup(struct assay_run *run)
{
	struct turns *turns = calloc(1, sizeof(*turns));
	struct assay_rng rng;
	if (!assay_check(run, turns, "out of memory"))
		return;
	assay_set_thread_state(run, turns);
	assay_rng_init(&rng, assay_seed(run) + assay_thread(run));
	for (size_t i = 0; i < PATTERN; i++)
		turns->writes[i] = assay_rng_unit(&rng) >= assay_axis(run, "reads");
}

static void thread_teardown(struct assay_run *run)
{
	free(assay_thread_state(run));
}

static void body(struct assay_run *run)
{
	struct shared *s = assay_state(run);
	struct turns *turns = assay_thread_state(run);
	const bool *writes = turns->writes;
	const struct reading_ops *ops = s->ops;
	struct reading *reading = s->reading;
	unsigned me = assay_thread(run);
	uint64_t torn = 0, turn = turns->at;

	/* registered in the loop's thread, and only while it reads: a flavour may wait for all who are */
	if (ops->enter)
		ops->enter(reading, me);
	ASSAY_LOOP (run) {
		struct record record;
		if (writes[turn++ % PATTERN]) {
			record = record_of(turn * 16);
			ops->write(reading, me, &record);
		} else {
			ops->read(reading, me, &record);
			torn += !record_is_whole(&record);
		}
	}
	if (ops->leave)
		ops->leave(reading, me);
	turns->at = turn;
	assay_check(run, torn == 0 || ops->protects_nothing, "%llu records were torn",
		    (unsigned long long)torn);
}

const struct assay_bench assay_bench_concurrency_read_mostly = {
	.brief = "a small record, mostly read, replaced now and then",
	.source =
		"Desnoyers et al., \"User-level implementations of read-copy update\", IEEE TPDS "
		"2012",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.thread_teardown = thread_teardown,
	.axes = ASSAY_AXES({"reads", "share", "0.9,0.999,1", "0.999"}),
	.subjects = READING_INTERFACE,
	.threads = "1..ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
	.thorough = true,
	.version = 1,
};
