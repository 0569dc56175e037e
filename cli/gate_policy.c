/* SPDX-License-Identifier: MIT */
/* gate_policy: presets, options and the rules of a file, checked before anything is measured. */
#include "cli/gate_policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/document.h"
#include "cli/settings.h"
#include "harness/base/str.h"
#include "harness/engine/plan.h"

struct reading {
	const struct document *document;
	struct gate_policy *policy;
	struct gate_rule *rule; /* being read */
	bool presets; /* they first: what stands beside one changes it, wherever it stands */
	bool found;   /* the key `gate` */
};

void gate_policy_done(struct gate_policy *policy)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		free(policy->rules[i].match);
	free(policy->rules);
	free(policy->path);
	*policy = (struct gate_policy){0};
}

/* "2%" or "2" as 0.02; false for anything else. */
static bool read_percent(const char *text, double *ret)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || (*end && strcmp(end, "%") != 0) || !(value >= 0 && value < 100))
		return false;
	*ret = value / 100;
	return true;
}

static bool take_preset(struct gate_policy *policy, const char *name)
{
	enum assay_gate_preset preset;
	if (!assay_gate_preset_parse(name, &preset))
		return false;
	policy->policy = assay_gate_policy(preset);
	assay_copy(policy->preset, sizeof(policy->preset), name);
	return true;
}

/* ---- the file ---- */

/* One of `preset`, `ignore` and `catch` into the two margins; *ret_known says whether it is one of them. */
static enum assay_code take_margin(const struct reading *r, const struct document_pair *pair,
				   double *m0, double *m1, bool *ret_known, struct assay_err *err)
{
	double *margin = strcmp(pair->key, "ignore") == 0  ? m0
			 : strcmp(pair->key, "catch") == 0 ? m1
							   : NULL;
	*ret_known = margin || strcmp(pair->key, "preset") == 0;
	if (!*ret_known || r->presets == (margin != NULL))
		return ASSAY_OK;
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	enum assay_code rc = document_text(r->document, pair->value, &text, err);
	if (rc != ASSAY_OK)
		return rc;
	enum assay_gate_preset preset;
	if (margin && !read_percent(assay_str_text(&text), margin))
		return document_fail(r->document, pair->line, err,
				     "%s wants per cent, such as 2%%, not '%.40s'", pair->key,
				     assay_str_text(&text));
	if (margin)
		return ASSAY_OK;
	if (!assay_gate_preset_parse(assay_str_text(&text), &preset))
		return document_fail(r->document, pair->line, err,
				     "preset is strict, normal or loose, not '%.40s'",
				     assay_str_text(&text));
	*m0 = assay_gate_policy(preset).m0;
	*m1 = assay_gate_policy(preset).m1;
	return ASSAY_OK;
}

static enum assay_code take_rule_key(void *context, const struct document_pair *pair,
				     struct assay_err *err)
{
	struct reading *r = context;
	bool known;
	enum assay_code rc = take_margin(r, pair, &r->rule->m0, &r->rule->m1, &known, err);
	if (rc == ASSAY_OK && !known)
		return document_fail(r->document, pair->line, err,
				     "unknown key '%.40s'; a rule has preset, ignore and catch",
				     pair->key);
	return rc;
}

/* The pairs of a mapping, and the presets among them before the rest. */
static enum assay_code presets_first(struct reading *r, const struct document_node *mapping,
				     document_pair_fn *fn, struct assay_err *err)
{
	r->presets = true;
	enum assay_code rc = document_each(r->document, mapping, fn, r, err);
	r->presets = false;
	return rc == ASSAY_OK ? document_each(r->document, mapping, fn, r, err) : rc;
}

static enum assay_code take_rule(void *context, const struct document_pair *pair,
				 struct assay_err *err)
{
	struct reading *r = context;
	struct gate_policy *policy = r->policy;
	struct gate_rule *grown = reallocarray(policy->rules, policy->n_rules + 1, sizeof(*grown));
	if (!grown)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for rules");
	policy->rules = grown;
	r->rule = &grown[policy->n_rules];
	*r->rule = (struct gate_rule){strdup(pair->key), NAN, NAN, pair->line, false};
	if (!r->rule->match)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for rules");
	policy->n_rules++;
	if (document_is_mapping(pair->value))
		return presets_first(r, pair->value, take_rule_key, err);
	const struct document_pair preset = {"preset", pair->line, pair->value};
	r->presets = true;
	enum assay_code rc = take_rule_key(r, &preset, err);
	r->presets = false;
	return rc;
}

static enum assay_code take_gate_key(void *context, const struct document_pair *pair,
				     struct assay_err *err)
{
	struct reading *r = context;
	bool known;
	if (strcmp(pair->key, "rules") == 0 && r->presets)
		return ASSAY_OK;
	if (strcmp(pair->key, "rules") == 0) {
		if (!document_is_mapping(pair->value))
			return document_fail(r->document, pair->line, err,
					     "rules wants lines such as 'memory/alloc_*: loose'");
		return document_each(r->document, pair->value, take_rule, r, err);
	}
	struct assay_gate_policy *p = &r->policy->policy;
	enum assay_code rc = take_margin(r, pair, &p->m0, &p->m1, &known, err);
	if (rc == ASSAY_OK && !known)
		return document_fail(
			r->document, pair->line, err,
			"unknown key '%.40s'; gate has preset, ignore, catch and rules", pair->key);
	return rc;
}

static enum assay_code take_key(void *context, const struct document_pair *pair,
				struct assay_err *err)
{
	static const char *const below[] = {"preset", "ignore", "catch", "rules"};
	struct reading *r = context;
	for (size_t i = 0; i < ASSAY_COUNT_OF(below); i++)
		if (strcmp(pair->key, below[i]) == 0)
			return document_fail(r->document, pair->line, err,
					     "write 'gate:' and, indented below it, '%s:'",
					     pair->key);
	if (strcmp(pair->key, "gate") != 0)
		return ASSAY_OK; /* a setting: settings.c has looked at it */
	r->found = true;
	if (!document_is_mapping(pair->value))
		return document_fail(r->document, pair->line, err,
				     "gate wants preset, ignore, catch or rules below it");
	return presets_first(r, pair->value, take_gate_key, err);
}

static enum assay_code check_rules(const struct gate_policy *policy, struct assay_err *err)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		struct assay_gate_policy one = policy->policy;
		const struct gate_rule *rule = &policy->rules[i];
		one.m0 = isnan(rule->m0) ? one.m0 : rule->m0;
		one.m1 = isnan(rule->m1) ? one.m1 : rule->m1;
		if (one.m0 >= one.m1)
			return assay_fail(
				err, ASSAY_EUSAGE,
				"%s:%zu: %s: ignore is %g %% and catch %g %%; ignore must "
				"be the smaller one",
				policy->path, rule->line, rule->match, 100 * one.m0, 100 * one.m1);
	}
	return ASSAY_OK;
}

/* `named`: somebody said that there is a policy in it. */
static enum assay_code read_file(const char *path, bool named, struct gate_policy *ret,
				 struct assay_err *err)
{
	struct document *document = NULL;
	ret->path = strdup(path);
	enum assay_code rc = ret->path ? document_read(path, &document, err)
				       : assay_fail(err, ASSAY_ENOMEM, "out of memory");
	struct reading reading = {.document = document, .policy = ret};
	if (rc == ASSAY_OK)
		rc = document_each(document, document_root(document), take_key, &reading, err);
	if (rc == ASSAY_OK && named && !reading.found)
		rc = assay_fail(err, ASSAY_EUSAGE, "%s has no key 'gate'", path);
	document_free(document);
	return rc == ASSAY_EIO ? ASSAY_EUSAGE
			       : rc; /* a file that is not there is the caller's mistake */
}

/* ---- options ---- */

enum assay_code gate_policy_percent(const struct cli_args *args, const char *name, double *margin,
				    struct assay_err *err)
{
	const char *text = cli_value(args, name);
	if (!text || read_percent(text, margin))
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EUSAGE, "--%s wants per cent, such as 2%%, not '%.40s'", name,
			  text);
}

static void name_preset(struct gate_policy *policy)
{
	static const char *const names[] = {"strict", "normal", "loose"};
	assay_copy(policy->preset, sizeof(policy->preset), "custom");
	for (int i = 0; i < 3; i++) {
		struct assay_gate_policy known = assay_gate_policy((enum assay_gate_preset)i);
		if (known.m0 == policy->policy.m0 && known.m1 == policy->policy.m1)
			assay_copy(policy->preset, sizeof(policy->preset), names[i]);
	}
}

enum assay_code gate_policy_read(const struct cli_args *args, struct gate_policy *ret,
				 struct assay_err *err)
{
	const char *file = cli_value(args, "policy"), *preset = cli_value(args, "preset");
	char project[CONFIG_PATH];
	enum assay_code rc = ASSAY_OK;
	take_preset(ret, "normal");
	if (file || config_project_file(project))
		rc = read_file(file ? file : project, file != NULL, ret, err);
	if (rc == ASSAY_OK && preset && !take_preset(ret, preset))
		rc = assay_fail(err, ASSAY_EUSAGE,
				"--preset is strict, normal or loose, not '%.40s'", preset);
	if (rc == ASSAY_OK)
		rc = gate_policy_percent(args, "ignore", &ret->policy.m0, err);
	if (rc == ASSAY_OK)
		rc = gate_policy_percent(args, "catch", &ret->policy.m1, err);
	if (rc == ASSAY_OK && ret->policy.m0 >= ret->policy.m1)
		rc = assay_fail(err, ASSAY_EUSAGE,
				"ignore is %g %% and catch %g %%; ignore must be the smaller one",
				100 * ret->policy.m0, 100 * ret->policy.m1);
	if (rc == ASSAY_OK)
		rc = check_rules(ret, err);
	name_preset(ret);
	return rc == ASSAY_OK ? assay_gate_policy_check(&ret->policy, err) : rc;
}

struct assay_gate_policy gate_policy_for(struct gate_policy *policy, const char *case_name)
{
	struct assay_gate_policy one = policy->policy;
	for (size_t i = 0; i < policy->n_rules; i++) {
		struct gate_rule *rule = &policy->rules[i];
		if (!assay_pattern_matches(rule->match, case_name))
			continue;
		rule->used = true;
		one.m0 = isnan(rule->m0) ? policy->policy.m0 : rule->m0;
		one.m1 = isnan(rule->m1) ? policy->policy.m1 : rule->m1;
	}
	return one;
}

enum assay_code gate_policy_check_used(const struct gate_policy *policy, struct assay_err *err)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		if (!policy->rules[i].used)
			return assay_fail(err, ASSAY_EUSAGE,
					  "%s:%zu: no benchmark of either side matches '%.100s'",
					  policy->path, policy->rules[i].line,
					  policy->rules[i].match);
	return ASSAY_OK;
}
