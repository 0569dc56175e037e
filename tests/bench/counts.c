/* SPDX-License-Identifier: MIT */
/*
 * counts: replay every single-threaded case of the tree some times and say how many have the same counts
 * every time, bit for bit. `bench_counts [N [PATTERN...]]`: N replays (default 10) of what PATTERN selects.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/parse.h"
#include "harness/engine/child.h"
#include "harness/engine/guard.h"
#include "harness/engine/launch.h"
#include "harness/engine/plan_json.h"
#include "harness/engine/replay.h"

enum { WANTED_PERCENT = 95, PLAN_LIMIT_BYTES = 64 << 20, MOST_PATTERNS = 32 };
#define TIMEOUT_NS 120000000000u

/* What the program would measure in profile quick. */
static bool read_plan(const char *program, char *const *patterns, struct assay_plan_copy *ret)
{
	const char *words[MOST_PATTERNS + 8] = {program, "run", "--dry-run", "--json"};
	struct assay_argv argv = {.words = (char **)(uintptr_t)words, .n = 4};
	for (; *patterns && argv.n < MOST_PATTERNS; patterns++)
		argv.words[argv.n++] = *patterns;
	const struct assay_child child = {.path = program, .argv = &argv, .in = -1, .errors = -1};
	struct assay_child_end end;
	struct assay_str lines = {0};
	struct assay_err err = {0};
	enum assay_code rc =
		assay_child_capture(&child, TIMEOUT_NS, PLAN_LIMIT_BYTES, &lines, &end, &err);
	if (rc == ASSAY_OK)
		rc = assay_plan_copy_read(assay_str_text(&lines), ret, &err);
	assay_str_done(&lines);
	if (rc != ASSAY_OK)
		fprintf(stderr, "counts: the plan: %s\n", err.text);
	return rc == ASSAY_OK;
}

struct tally {
	size_t same, different, skipped, failed;
};

/* The first event that differs, or NULL. */
static const struct assay_count *first_difference(const struct assay_replayed *a,
						  const struct assay_replayed *b)
{
	for (size_t e = 0; e < ASSAY_REPLAY_EVENTS; e++)
		if (a->counts[e].raw != b->counts[e].raw)
			return &b->counts[e];
	return NULL;
}

static void judge(const char *name, const struct assay_replayed *first,
		  const struct assay_replayed *other, size_t number, struct tally *tally)
{
	const struct assay_count *count = first_difference(first, other);
	size_t e = (size_t)(count - other->counts);
	printf("different  %s: replay %zu has %" PRIu64 " %s, the first had %" PRIu64 " in %" PRIu64
	       " operations\n",
	       name, number, count->raw, count->event, first->counts[e].raw, first->operations);
	tally->different++;
}

static bool replay_case(const char *program, const struct assay_planned *planned, size_t times,
			struct tally *tally)
{
	const struct assay_subject_entry *subject = planned->c.subject;
	const struct assay_replay request = {
		.program = program,
		.case_name = planned->c.name,
		.environment = subject ? subject->subject->environment : NULL,
		.timeout_ns = TIMEOUT_NS,
	};
	struct assay_replayed first, other;
	struct assay_err err = {0};
	for (size_t i = 0; i < times; i++) {
		struct assay_replayed *now = i ? &other : &first;
		if (assay_replay_case(&request, now, &err) != ASSAY_OK) {
			fprintf(stderr, "counts: %s: %s\n", planned->c.name, err.text);
			return false;
		}
		if (now->status != ASSAY_STATUS_OK) {
			bool skipped = now->status == ASSAY_STATUS_SKIPPED;
			printf("%-9s  %s: %s\n", assay_status_name(now->status), planned->c.name,
			       now->reason);
			*(skipped ? &tally->skipped : &tally->failed) += 1;
			return true;
		}
		if (first_difference(&first, now)) {
			judge(planned->c.name, &first, now, i + 1, tally);
			return true;
		}
	}
	tally->same++;
	return true;
}

int main(int argc, char **argv)
{
	const char *program = getenv("BENCH_PROGRAM");
	uint64_t times = 10;
	struct assay_err err = {0};
	if (!program || (argc > 1 && assay_parse_u64(argv[1], 2, 1000, &times, &err) != ASSAY_OK)) {
		fprintf(stderr, "counts: %s\n",
			program ? err.text : "BENCH_PROGRAM says which assay to replay");
		return 2;
	}
	if (assay_replay_probe(&err) != ASSAY_OK) {
		printf("skipped: %s\n", err.text);
		return 77;
	}
	struct assay_plan_copy copy = {0};
	bool ok = read_plan(program, argv + (argc > 1 ? 2 : 1), &copy);
	struct tally tally = {0};
	uint64_t began = assay_now_ns();
	ok = ok && assay_guard_start(&err) == ASSAY_OK;
	for (size_t i = 0; ok && i < copy.plan.n; i++)
		if (!copy.plan.cases[i].skip && copy.plan.cases[i].c.threads == 1) {
			ok = replay_case(program, &copy.plan.cases[i], times, &tally);
			fflush(stdout);
		}
	assay_plan_copy_done(&copy);
	size_t all = tally.same + tally.different + tally.failed;
	bool met = ok && all > 0 && 100 * tally.same >= WANTED_PERCENT * all;
	printf("%zu of %zu single-threaded cases identical over %" PRIu64
	       " replays, %.1f %%; at least %d: %s (%zu more skipped, %.0f s)\n",
	       tally.same, all, times, all ? 100.0 * (double)tally.same / (double)all : 0.0,
	       WANTED_PERCENT, met ? "met" : "MISSED", tally.skipped,
	       (double)(assay_now_ns() - began) / 1e9);
	return !met;
}
