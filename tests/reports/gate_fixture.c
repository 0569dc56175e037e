/* SPDX-License-Identifier: MIT */
/* gate_fixture: gates' reports made by hand. */
#include "tests/reports/gate_fixture.h"

#include <stdlib.h>

#include "tests/t.h"

static char *copy(const char *text)
{
	char *ret = strdup(text);
	assert_non_null(ret);
	return ret;
}

static struct assay_gate_row *add(struct assay_gate_report *report, const char *suite,
				  const char *benchmark, const char *rest,
				  enum assay_decision decision)
{
	struct assay_gate_row *row = assay_gate_report_add(report);
	assert_non_null(row);
	char name[600];
	snprintf(name, sizeof(name), "%s/%s%s", suite, benchmark, rest);
	row->name = copy(name);
	row->suite = copy(suite);
	row->benchmark = copy(benchmark);
	row->metric = copy("time");
	row->unit = copy("ns/op");
	row->decision = decision;
	row->reason = copy("");
	row->location = copy("suites/memory/alloc_pair.c");
	row->m0 = 0.01;
	row->m1 = 0.03;
	row->elapsed_ns = 1250000000;
	row->series_key[0] = (uint8_t)report->n;
	return row;
}

/* `worse`: candidate / base in the sense of worse, with an interval of +-2 % around it. */
static void measured(struct assay_gate_row *row, double base, double worse, size_t pairs)
{
	row->base = base;
	row->cand = row->better == ASSAY_HIGHER ? base / worse : base * worse;
	row->estimate =
		(struct assay_gate_estimate){worse, worse * 0.98, worse * 1.02, pairs, 1.04, 0};
	row->pairs = pairs;
	row->p = 0.001;
	row->adjusted_p = 0.004;
	row->preempted_share = 0;
	row->steal_share = 0;
}

static void reason(struct assay_gate_row *row, const char *text)
{
	free(row->reason);
	row->reason = copy(text);
}

static void metric(struct assay_gate_row *row, const char *name, const char *unit,
		   enum assay_better better)
{
	free(row->metric);
	free(row->unit);
	row->metric = copy(name);
	row->unit = copy(unit);
	row->better = better;
}

static void compared_rows(struct assay_gate_report *report)
{
	struct assay_gate_row *row = add(report, "memory", "alloc_pair",
					 "/size:256/subject:pool/threads:1", ASSAY_DECISION_OK);
	measured(row, 12.34, 1.002, 6);
	row = add(report, "memory", "alloc_pair", "/size:1Ki/subject:pool/threads:1",
		  ASSAY_DECISION_OK);
	measured(row, 14, 1.05, 8);
	row->acceptance = (struct assay_gate_acceptance){
		.present = true, .limit_ratio = 1.06, .author = copy("ann"), .note = copy("")};
	row = add(report, "memory", "alloc_pair", "/size:4Ki/subject:pool/threads:1",
		  ASSAY_DECISION_REGRESSED);
	measured(row, 20, 1.125, 12);
	row->placement_share = 0.4;
	row->placement_sd = 0.031;
	row->acceptance = (struct assay_gate_acceptance){
		.present = true,
		.limit_ratio = 1.06,
		.author = copy("ann"),
		.note = copy("checks its bounds now"),
		.made_ns = UINT64_C(1700000000000000000),
		.expires_ns = UINT64_C(1710000000000000000),
		.false_alarms = 1,
	};
	row = add(report, "concurrency", "queue", "/subject:ring/threads:2",
		  ASSAY_DECISION_REGRESSED);
	metric(row, "rate", "op/s", ASSAY_HIGHER);
	free(row->location);
	row->location = copy("build/it's/liballoc.so");
	measured(row, 5e6, 1.25, 8);
	row->estimate.deciding_n = 20; /* decided already: nobody needs them */
	reason(row, "accepted up to -5 %, and it lost more");
	row->lost_pairs = 2;
	row = add(report, "concurrency", "lock", "/subject:spin/threads:2",
		  ASSAY_DECISION_INCONCLUSIVE);
	measured(row, 88.5, 1.021, 40);
	row->estimate.deciding_n = 54;
	row->causes.found[0].cause = ASSAY_CAUSE_DRIFT;
	row->causes.found[0].strength = 0.7;
	row->causes.found[1].cause = ASSAY_CAUSE_NOISE;
	row->causes.n = 2;
	row->preempted_share = 0.12;
	row->steal_share = 0.03;
	row = add(report, "memory", "copy", "/size:1Mi/threads:1", ASSAY_DECISION_IMPROVED);
	metric(row, "max_rss", "B", ASSAY_LOWER);
	measured(row, 8e6, 0.5, 8);
}

static void other_rows(struct assay_gate_report *report)
{
	reason(add(report, "cache", "lru", "/size:1k/threads:1", ASSAY_DECISION_MISSING),
	       "the candidate does not have it");
	reason(add(report, "cache", "arc", "/size:1k/threads:1", ASSAY_DECISION_NEW),
	       "only the candidate has it");
	struct assay_gate_row *row =
		add(report, "cache", "fifo", "/size:1k/threads:1", ASSAY_DECISION_FAILED);
	row->status = ASSAY_STATUS_CRASHED;
	reason(row, "the candidate died by signal 11 in 3 of 3 launches");
	for (int i = 0; i < 2; i++)
		reason(add(report, "gpu", i ? "copy" : "launch", "", ASSAY_DECISION_SKIPPED),
		       "no GPU here");
}

/* Everything that any of the formats gives a meaning to. */
static void hostile_rows(struct assay_gate_report *report)
{
	struct assay_gate_row *row =
		add(report, "evil", "a|b`c`@all<script>x</script>]]>&amp;\"'",
		    "/%0A::error::x\n::error file=a,b:c::y\r\033[31m\xff\u202e#1",
		    ASSAY_DECISION_FAILED);
	row->status = ASSAY_STATUS_FAILED;
	reason(row, "expected 4|5, got `5`\n\n# @all </system-out></details>]]> ::warning::z\x01");
	free(row->location);
	row->location = copy("a b:c,d%é\n.c");
	metric(row, "m\"<e>|tric\n", "ns\033[0m", ASSAY_LOWER);
	memset(row->series_key, 0, sizeof(row->series_key));
	row = add(report, "evil", "long", "", ASSAY_DECISION_MISSING);
	free(row->name);
	row->name = calloc(1, 1001);
	assert_non_null(row->name);
	memset(row->name, 'n', 1000);
	reason(row, "");
	free(row->location);
	row->location = NULL;
}

static void sides(struct assay_gate_report *report)
{
	report->base = (struct assay_gate_side_info){
		.label = copy("build-base/liballoc.so"),
		.kind = copy("plug-in"),
		.commit = copy("1a2b3c4d5e6f7081"),
		.variants = 8,
		.run = 41,
		.machine = copy(""),
	};
	report->cand = (struct assay_gate_side_info){
		.label = copy("build/liballoc.so <@all>"),
		.kind = copy("plug-in"),
		.commit = copy(""),
		.variants = 8,
		.run = 42,
		.machine = copy(""),
	};
}

/* Figures of its own: those of the presets are tuned elsewhere. */
static const struct assay_gate_policy policy = {
	.m0 = 0.01,
	.m1 = 0.03,
	.alpha = 0.01,
	.screen_level = 0.05,
	.ok_level = 0.05,
	.screen_pairs = 6,
	.looks = 3,
	.look_pairs = {8, 12, 40},
};

void gate_fixture(struct assay_gate_report *report)
{
	struct assay_err err = {0};
	*report = (struct assay_gate_report){
		.paired = true,
		.preset = "normal",
		.policy = policy,
		.seed = UINT64_C(0xfedcba9876543210),
		.started_ns = UINT64_C(1700000000123456789),
		.elapsed_ns = UINT64_C(23456789012),
		.noise = 'C',
		.noise_reason = "3 % of a spin was stolen",
		.launches = 512,
	};
	sides(report);
	compared_rows(report);
	other_rows(report);
	hostile_rows(report);
	assert_ok(assay_gate_report_remark(report, &err, "4 pairs were dropped: %s",
					   "the machine was suspended | <b>`@all`"));
}

void gate_fixture_rows(struct assay_gate_report *report, enum assay_decision decision, size_t n)
{
	*report = (struct assay_gate_report){.paired = true, .preset = "strict", .policy = policy};
	sides(report);
	for (size_t i = 0; i < n; i++) {
		char rest[40];
		snprintf(rest, sizeof(rest), "/size:%zu/subject:pool", i);
		struct assay_gate_row *row = add(report, "memory", "alloc_pair", rest, decision);
		if (decision <= ASSAY_DECISION_INCONCLUSIVE)
			measured(row, 10, 1 + (double)(i + 1) / 1000, 8);
	}
}

char *gate_written(gate_writer *write, const struct assay_gate_report *report,
		   const struct assay_gate_options *options)
{
	struct assay_err err = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_ok(write(report, out, options, &err));
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), size);
	return text;
}
