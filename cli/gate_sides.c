/* SPDX-License-Identifier: MIT */
/* gate_sides: what --base and --cand, or two commands, are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/gate.h"
#include "cli/run_command.h"
#include "harness/base/str.h"
#include "harness/gate/variants.h"

static const char *const option_of[] = {[ASSAY_GATE_BASE] = "base", [ASSAY_GATE_CAND] = "cand"};

void gate_side_done(struct gate_side *side)
{
	stored_done(&side->stored);
	assay_gate_side_done(&side->live);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Is this one of the references to stored runs, see stored.h? A file of that name comes first. */
static bool names_stored(const char *text)
{
	static const char *const prefixes[] = {"@", "tag:", "commit:", "machine:"};
	struct stat st;
	if (ends_with(text, ".db") || strstr(text, ".db#"))
		return true;
	if (stat(text, &st) == 0)
		return false;
	for (size_t i = 0; i < ASSAY_COUNT_OF(prefixes); i++)
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return text[strspn(text, "0123456789")] == '\0';
}

static const enum assay_gate_kind kinds[] = {ASSAY_SIDE_PLUGIN, ASSAY_SIDE_BUILD,
					     ASSAY_SIDE_GBENCH};

/* The place of --kind in kinds, or past its end. */
static size_t find_kind(const char *kind)
{
	size_t i = 0;
	while (i < ASSAY_COUNT_OF(kinds) && strcmp(kind, assay_gate_kind_name(kinds[i])) != 0)
		i++;
	return i;
}

enum assay_code gate_kind_check(const struct cli_args *args, struct assay_err *err)
{
	const char *kind = cli_value(args, "kind");
	if (!kind || find_kind(kind) < ASSAY_COUNT_OF(kinds))
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EUSAGE, "--kind is plug-in, assay or gbench, not '%.40s'",
			  kind);
}

/* As it was said, see gate_kind_check(), or by its name. */
static enum assay_gate_kind kind_of(const struct cli_args *args, const struct assay_variants *set)
{
	const char *kind = cli_value(args, "kind"), *file = set->variants[0].path;
	bool library = ends_with(file, ".so") || strstr(file, ".so.");
	if (kind)
		return kinds[find_kind(kind)];
	return library ? ASSAY_SIDE_PLUGIN : ASSAY_SIDE_BUILD;
}

/*
 * Would we follow this axis in something that is to be measured? What a set says of other benchmarks a build would
 * refuse, because there it stands on the command line.
 */
static bool is_followed(const struct assay_plan *plan, const char *axis)
{
	if (!plan->n || strcmp(axis, "threads") == 0)
		return true; /* or we do not know the benchmarks */
	for (size_t i = 0; i < plan->n; i++)
		for (size_t k = 0; k < plan->cases[i].c.n_params; k++)
			if (strcmp(plan->cases[i].c.params[k].name, axis) == 0)
				return true;
	return false;
}

static enum assay_code add_axes(const struct gate *gate, struct assay_argv *ret,
				struct assay_err *err)
{
	const struct run_request *q = &gate->request;
	const struct assay_plan_request scope = run_request_scope(q);
	ASSAY_AUTO(assay_str_done) struct assay_str word = {0};
	struct assay_plan plan = {0};
	enum assay_code rc = ASSAY_OK;
	/* What is unknown here may be known there: that is for the build to say. */
	assay_plan_make(gate->cli->registry, gate->topology, &scope, &plan, NULL);
	for (size_t i = 0; rc == ASSAY_OK && i < q->n_axes; i++) {
		if (q->overrides[i].optional && !is_followed(&plan, q->axes[i]))
			continue;
		assay_str_clear(&word);
		assay_str_add(&word, "--param=%s=%s", q->axes[i], q->values[i]);
		rc = assay_argv_add(ret, assay_str_text(&word), err);
	}
	assay_plan_done(&plan);
	return rc;
}

/* The request without its patterns as words for another build of assay. */
static enum assay_code build_options(const struct gate *gate, struct assay_argv *ret,
				     struct assay_err *err)
{
	const struct run_request *q = &gate->request;
	ASSAY_AUTO(assay_str_done) struct assay_str word = {0};
	assay_str_add(&word, "--profile=%s", q->base);
	enum assay_code rc = assay_argv_add(ret, assay_str_text(&word), err);
	assay_str_clear(&word);
	assay_str_add(&word, "--cpus=%s", q->cpus);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(ret, assay_str_text(&word), err);
	assay_str_clear(&word);
	for (size_t i = 0; i < q->n_subjects; i++)
		assay_str_add(&word, "%s%s", i ? "," : "--subjects=", q->subjects[i]);
	if (rc == ASSAY_OK && q->n_subjects)
		rc = assay_argv_add(ret, assay_str_text(&word), err);
	return rc == ASSAY_OK ? add_axes(gate, ret, err) : rc;
}

static enum assay_code open_live(struct gate *gate, const struct assay_gate_scope *scope,
				 const struct assay_variants *set, struct assay_gate_side *ret,
				 struct assay_err *err)
{
	enum assay_gate_kind kind = kind_of(gate->args, set);
	const char **paths = calloc(set->n + 1, sizeof(*paths));
	enum assay_code rc =
		paths ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "out of memory for a side");
	for (size_t i = 0; rc == ASSAY_OK && i < set->n; i++)
		paths[i] = set->variants[i].path;
	if (rc == ASSAY_OK && kind == ASSAY_SIDE_PLUGIN)
		rc = assay_gate_side_plugin(scope, paths, set->n, ret, err);
	else if (rc == ASSAY_OK && kind == ASSAY_SIDE_GBENCH)
		rc = assay_gate_side_gbench(scope, paths, set->n, "gate", ret, err);
	else if (rc == ASSAY_OK)
		rc = assay_gate_side_build(scope, paths, set->n, ret, err);
	free(paths);
	return rc;
}

static enum assay_code read_live(struct gate *gate, const struct assay_gate_scope *scope,
				 struct gate_side *side, struct assay_err *err)
{
	struct assay_variants set = {0};
	enum assay_code rc = assay_variants_find(side->text, &set, err);
	if (rc == ASSAY_OK)
		rc = open_live(gate, scope, &set, &side->live, err);
	assay_variants_done(&set);
	return rc;
}

static enum assay_code read_side(struct gate *gate, const struct assay_gate_scope *scope,
				 enum assay_gate_which which, struct assay_err *err)
{
	struct gate_side *side = &gate->sides[which];
	side->text = cli_value(gate->args, option_of[which]);
	if (!side->text && which == ASSAY_GATE_BASE)
		return assay_fail(err, ASSAY_EUSAGE,
				  "say what to compare with (--base, or two commands after --), or "
				  "which bounds to check (--budget)");
	if (!side->text)
		side->text = gate->cli->program; /* this very build */
	side->is_stored = names_stored(side->text);
	enum assay_code rc = side->is_stored
				     ? stored_open(gate->cli, side->text, &side->stored, err)
				     : read_live(gate, scope, side, err);
	return assay_context(err, rc, "--%s", option_of[which]);
}

static enum assay_code read_commands(struct gate *gate, const struct assay_gate_scope *scope,
				     struct assay_err *err)
{
	char *descriptions[2];
	if (cli_value(gate->args, "base") || cli_value(gate->args, "cand"))
		return assay_fail(err, ASSAY_EUSAGE,
				  "two commands after '--' are both sides; leave out --base and "
				  "--cand");
	enum assay_code rc = run_command_pair(gate->args, &gate->request, descriptions, err);
	for (int i = 0; i < 2; i++) {
		if (rc == ASSAY_OK)
			rc = assay_gate_side_command(scope, descriptions[i], &gate->sides[i].live,
						     err);
		free(descriptions[i]);
	}
	return rc;
}

/* Of several runs the newest; of the baselines of several machines that of the other side's, or ours. */
static void choose_runs(struct gate *gate)
{
	for (int i = ASSAY_GATE_CAND; i >= ASSAY_GATE_BASE; i--) {
		struct gate_side *side = &gate->sides[i], *other = &gate->sides[1 - i];
		if (side->is_stored)
			side->run = stored_one(gate->cli, side->text, &side->stored,
					       other->run ? other->run->fingerprint
							  : gate->fingerprint);
	}
}

static enum assay_code begin_scope(const struct gate *gate, struct assay_argv *options,
				   struct assay_gate_scope *ret, struct assay_err *err)
{
	enum assay_code rc = build_options(gate, options, err);
	*ret = (struct assay_gate_scope){
		.table = &cli_built_in,
		.topology = gate->topology,
		.request = run_request_scope(&gate->request),
		.build_options = (const char *const *)options->words,
	};
	return rc;
}

enum assay_code gate_side_self(struct gate *gate, struct assay_err *err)
{
	struct assay_argv options = {0};
	struct assay_gate_scope scope;
	const char *const paths[] = {gate->cli->program};
	enum assay_code rc = begin_scope(gate, &options, &scope, err);
	if (rc == ASSAY_OK)
		rc = assay_gate_side_build(&scope, paths, 1, &gate->sides[ASSAY_GATE_CAND].live,
					   err);
	assay_argv_done(&options);
	return rc;
}

enum assay_code gate_sides_read(struct gate *gate, struct assay_err *err)
{
	struct assay_argv options = {0};
	struct assay_gate_scope scope;
	enum assay_code rc = begin_scope(gate, &options, &scope, err);
	if (rc == ASSAY_OK && gate->args->dashes)
		rc = read_commands(gate, &scope, err);
	for (int i = 0; rc == ASSAY_OK && !gate->args->dashes && i < 2; i++)
		rc = read_side(gate, &scope, (enum assay_gate_which)i, err);
	assay_argv_done(&options);
	if (rc == ASSAY_OK)
		choose_runs(gate);
	return rc;
}
