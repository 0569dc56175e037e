/* SPDX-License-Identifier: MIT */
/*
 * gate: a gate's report written down, one function per format over the one object. All say the same: the answer
 * first, the worst rows first, and nothing that was left out goes unmentioned.
 *
 * The options of `assay gate` that ask for them: text is stdout unless --json takes it; --json[=FILE] is
 * global; --junit FILE, --sarif FILE, --markdown FILE, --github (annotations on stdout, also without
 * being asked where GITHUB_ACTIONS is "true" and --json does not have stdout), --all (every row in the text).
 */
#ifndef ASSAY_REPORTS_GATE_H
#define ASSAY_REPORTS_GATE_H

#include <stdio.h>

#include "harness/gate/verdict.h"

struct assay_gate_options {
	bool color; /* text: ANSI colour */
	/* text: columns of the terminal; 0: it is none, lines have 80 columns and names stay whole */
	unsigned width;
	bool all;    /* text: a line for every row, OK and SKIPPED ones too */
	bool strict; /* what is inconclusive fails: text, JUnit, SARIF and annotations say so */
	size_t max_bytes;    /* markdown: stays below that, 0: 60000 */
	const char *version; /* of assay; NULL: "" */
	const char *command; /* text: how it was called, to repeat it; NULL: not said */
	const char *store;   /* text: " --db FILE" for commands that are proposed; NULL: "" */
};

/* All: `options` may be NULL. ASSAY_EIO when writing fails, ASSAY_ENOMEM. Thread-safe. */

/* For a terminal: the answer in words, a table, remarks, and how to go on. */
enum assay_code assay_gate_write_text(const struct assay_gate_report *report, FILE *out,
				      const struct assay_gate_options *options,
				      struct assay_err *err);
/* One document of schema "assay/1"; docs/ci.md lists its keys. Never NaN: null. */
enum assay_code assay_gate_write_json(const struct assay_gate_report *report, FILE *out,
				      const struct assay_gate_options *options,
				      struct assay_err *err);
/* JUnit XML as Jenkins and GitLab read it: a suite per suite, a test case per series. */
enum assay_code assay_gate_write_junit(const struct assay_gate_report *report, FILE *out,
				       const struct assay_gate_options *options,
				       struct assay_err *err);
/* SARIF 2.1.0 for code scanning: a rule per metric, a result per finding. */
enum assay_code assay_gate_write_sarif(const struct assay_gate_report *report, FILE *out,
				       const struct assay_gate_options *options,
				       struct assay_err *err);
/* A comment of a pull request, below 60,000 bytes. */
enum assay_code assay_gate_write_markdown(const struct assay_gate_report *report, FILE *out,
					  const struct assay_gate_options *options,
					  struct assay_err *err);
/* Workflow commands of GitHub Actions: at most 10 errors, 10 warnings and 10 notices, as it shows. */
enum assay_code assay_gate_write_github(const struct assay_gate_report *report, FILE *out,
					const struct assay_gate_options *options,
					struct assay_err *err);

#endif
