/* SPDX-License-Identifier: MIT */
/*
 * gate_policy: how large a change matters: a preset, options, and rules for single benchmarks in a file.
 *
 *	gate:
 *	  preset: normal
 *	  rules:
 *	    memory/alloc_*: {ignore: 2%, catch: 6%}
 *	    concurrency: loose
 */
#ifndef ASSAY_CLI_GATE_POLICY_H
#define ASSAY_CLI_GATE_POLICY_H

#include "cli/cli.h"
#include "harness/stats/gate_math.h"

struct gate_rule {
	char *match;   /* as a pattern of `assay run` */
	double m0, m1; /* NaN: the gate's */
	size_t line;
	bool used;
};

struct gate_policy {
	struct assay_gate_policy policy;
	char preset[16]; /* "custom" when a margin was set beside it */
	char *path;      /* of the file the rules come from; NULL: none */
	struct gate_rule *rules;
	size_t n_rules;
};

/*
 * From the project's assay.yaml or --policy FILE, its key `gate`, and then --preset, --ignore and --catch. Zero *ret first.
 * ASSAY_EUSAGE with file and line, or the option, for what makes no sense.
 */
enum assay_code gate_policy_read(const struct cli_args *args, struct gate_policy *ret,
				 struct assay_err *err);
void gate_policy_done(struct gate_policy *policy);

/* An option such as 2% as 0.02; *ret is left alone when it is not given. ASSAY_EUSAGE. */
enum assay_code gate_policy_percent(const struct cli_args *args, const char *name, double *ret,
				    struct assay_err *err);

/* The policy for one case: the margins of the last rule that matches. Marks the rule used. */
struct assay_gate_policy gate_policy_for(struct gate_policy *policy, const char *case_name);

/* ASSAY_EUSAGE, with file and line, for a rule that none of the cases so far matched. */
enum assay_code gate_policy_check_used(const struct gate_policy *policy, struct assay_err *err);

#endif
