/* SPDX-License-Identifier: MIT */
/* side: finding out what each kind of side can measure. */
#include "harness/gate/side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/engine/child.h"
#include "harness/engine/gbench_exe.h"
#include "harness/engine/program.h"

#define PLAN_TIMEOUT_NS 20000000000u
enum { PLAN_LIMIT_BYTES = 64 << 20 };

const char *assay_gate_kind_name(enum assay_gate_kind kind)
{
	static const char *const names[] = {
		[ASSAY_SIDE_PLUGIN] = "plug-in",
		[ASSAY_SIDE_BUILD] = "assay",
		[ASSAY_SIDE_GBENCH] = "gbench",
		[ASSAY_SIDE_COMMAND] = "command",
	};
	return names[kind];
}

void assay_gate_side_done(struct assay_gate_side *side)
{
	for (size_t i = 0; i < side->n_variants; i++) {
		free(side->variants[i].file);
		assay_plan_done(&side->variants[i].plan);
		assay_registry_free(side->variants[i].registry);
	}
	free(side->variants);
	assay_plan_copy_done(&side->copy);
	*side = (struct assay_gate_side){0};
}

const struct assay_plan *assay_gate_side_plan(const struct assay_gate_side *side)
{
	return side->kind == ASSAY_SIDE_BUILD ? &side->copy.plan : &side->variants[0].plan;
}

static enum assay_code begin(struct assay_gate_side *side, enum assay_gate_kind kind,
			     const char *const *paths, size_t n, struct assay_err *err)
{
	side->kind = kind;
	side->variants = calloc(n, sizeof(*side->variants));
	if (!side->variants)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a side");
	side->n_variants = n;
	for (size_t i = 0; paths && i < n; i++) {
		side->variants[i].file = strdup(paths[i]);
		if (!side->variants[i].file)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a side");
	}
	return ASSAY_OK;
}

static bool wanted(const struct assay_plan_request *q, const char *name)
{
	for (size_t i = 0; i < q->n_patterns; i++)
		if (assay_pattern_matches(q->patterns[i], name))
			return true;
	return q->n_patterns == 0;
}

static void keep_matching(struct assay_plan *plan, const struct assay_plan_request *request)
{
	size_t kept = 0;
	for (size_t i = 0; i < plan->n; i++)
		if (wanted(request, plan->cases[i].c.name))
			plan->cases[kept++] = plan->cases[i];
		else
			assay_planned_done(&plan->cases[i]);
	plan->n = kept;
}

/* ---- plug-ins ---- */

/* Is this case measured only because of the plug-in? Entries of the built-in table come first. */
static bool brought(const struct assay_planned *planned, const struct assay_bench_entry *benches,
		    size_t own_benches, const struct assay_subject_entry *subjects,
		    size_t own_subjects)
{
	const struct assay_case *c = &planned->c;
	return c->bench >= benches + own_benches ||
	       (c->subject && c->subject >= subjects + own_subjects);
}

static void keep_brought(struct assay_gate_variant *v, size_t own_benches, size_t own_subjects)
{
	const struct assay_bench_entry *benches;
	const struct assay_subject_entry *subjects;
	assay_registry_benches(v->registry, &benches);
	assay_registry_subjects(v->registry, &subjects);
	size_t kept = 0;
	for (size_t i = 0; i < v->plan.n; i++) {
		struct assay_planned *planned = &v->plan.cases[i];
		if (brought(planned, benches, own_benches, subjects, own_subjects))
			v->plan.cases[kept++] = *planned;
		else
			assay_planned_done(planned);
	}
	v->plan.n = kept;
}

/* The plan of the request. Patterns that select nothing on this side select nothing: it is the caller who
 * compares with the other side. */
static enum assay_code plan_or_nothing(const struct assay_gate_scope *scope,
				       struct assay_gate_variant *v, struct assay_err *err)
{
	struct assay_plan_request everything = scope->request;
	everything.n_patterns = 0;
	enum assay_code rc =
		assay_plan_make(v->registry, scope->topology, &scope->request, &v->plan, err);
	if (rc != ASSAY_EUSAGE || !scope->request.n_patterns)
		return rc;
	struct assay_err second = {0};
	rc = assay_plan_make(v->registry, scope->topology, &everything, &v->plan, &second);
	if (rc != ASSAY_OK)
		return assay_fail(err, rc, "%s", second.text);
	keep_matching(&v->plan, &scope->request);
	return ASSAY_OK;
}

enum assay_code assay_gate_side_plugin(const struct assay_gate_scope *scope,
				       const char *const *paths, size_t n,
				       struct assay_gate_side *ret, struct assay_err *err)
{
	const struct assay_bench_entry *benches;
	const struct assay_subject_entry *subjects;
	enum assay_code rc = begin(ret, ASSAY_SIDE_PLUGIN, paths, n, err);
	if (rc != ASSAY_OK)
		return rc;
	struct assay_gate_variant *v = &ret->variants[0];
	rc = assay_registry_new(scope->table, &v->registry, err);
	if (rc != ASSAY_OK)
		return rc;
	size_t own_benches = assay_registry_benches(v->registry, &benches);
	size_t own_subjects = assay_registry_subjects(v->registry, &subjects);
	rc = assay_registry_load(v->registry, v->file, err);
	if (rc == ASSAY_OK)
		rc = plan_or_nothing(scope, v, err);
	if (rc == ASSAY_OK)
		keep_brought(v, own_benches, own_subjects);
	return rc;
}

/* ---- builds ---- */

static enum assay_code build_words(const struct assay_gate_scope *scope, bool patterns,
				   struct assay_argv *ret, struct assay_err *err)
{
	static const char *const first[] = {"assay", "run", "--dry-run", "--json"};
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT_OF(first); i++)
		rc = assay_argv_add(ret, first[i], err);
	for (const char *const *w = scope->build_options; rc == ASSAY_OK && *w; w++)
		rc = assay_argv_add(ret, *w, err);
	for (size_t i = 0; patterns && rc == ASSAY_OK && i < scope->request.n_patterns; i++)
		rc = assay_argv_add(ret, scope->request.patterns[i], err);
	return rc;
}

/* Ask the build for its plan, of the patterns or of everything. A refusal is text, none is "" . */
static enum assay_code ask_plan(const struct assay_gate_scope *scope, const char *path,
				bool patterns, struct assay_str *output, char *refusal,
				size_t refusal_size, struct assay_err *err)
{
	struct assay_argv argv = {0};
	struct assay_child_end end = {0};
	const struct assay_child child = {.path = path, .argv = &argv, .in = -1, .errors = -1};
	refusal[0] = '\0';
	enum assay_code rc = build_words(scope, patterns, &argv, err);
	if (rc == ASSAY_OK)
		rc = assay_child_capture(&child, PLAN_TIMEOUT_NS, PLAN_LIMIT_BYTES, output, &end,
					 err);
	assay_argv_done(&argv);
	if (rc != ASSAY_OK)
		return rc;
	const char *complaint = assay_child_complaint(&end, refusal, refusal_size);
	if (end.timed_out)
		assay_copy(refusal, refusal_size, "no answer");
	else if (!complaint)
		refusal[0] = '\0';
	return ASSAY_OK;
}

static enum assay_code no_build(const char *path, const char *why, struct assay_err *err)
{
	return assay_fail(
		err, ASSAY_EUSAGE,
		"'%.200s' does not say what it would measure (%s): is it a build of assay? "
		"For a Google Benchmark executable add --kind gbench, for commands write: "
		"assay gate -- BASE ::: CANDIDATE",
		path, why);
}

enum assay_code assay_gate_side_build(const struct assay_gate_scope *scope,
				      const char *const *paths, size_t n,
				      struct assay_gate_side *ret, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str output = {0};
	char refusal[160] = "";
	bool some = scope->request.n_patterns > 0;
	enum assay_code rc = begin(ret, ASSAY_SIDE_BUILD, paths, n, err);
	if (rc == ASSAY_OK && access(paths[0], X_OK) != 0)
		return no_build(paths[0], strerror(errno), err);
	if (rc == ASSAY_OK)
		rc = ask_plan(scope, paths[0], some, &output, refusal, sizeof(refusal), err);
	if (rc == ASSAY_OK && some && refusal[0]) { /* nothing of these, or no build of assay */
		assay_str_clear(&output);
		rc = ask_plan(scope, paths[0], false, &output, refusal, sizeof(refusal), err);
	}
	if (rc != ASSAY_OK)
		return rc;
	if (refusal[0])
		return no_build(paths[0], refusal, err);
	rc = assay_plan_copy_read(assay_str_text(&output), &ret->copy, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "'%.200s'", paths[0]);
	if (!ret->copy.plan.n) /* it printed something else, or nothing */
		return no_build(paths[0], "it lists no benchmark", err);
	keep_matching(&ret->copy.plan, &scope->request);
	return ASSAY_OK;
}

/* ---- programs ---- */

static enum assay_code add_gbench(const struct assay_gate_scope *scope, const char *benchmark,
				  const char *label, struct assay_gate_variant *v,
				  struct assay_err *err)
{
	if (!wanted(&scope->request, benchmark))
		return ASSAY_OK;
	char *description = NULL;
	enum assay_code rc = assay_gbench_describe(v->file, benchmark, label, &description, err);
	if (rc == ASSAY_OK)
		rc = assay_program_add(v->registry, description, NULL, err);
	free(description);
	return rc;
}

static enum assay_code plan_programs(const struct assay_gate_scope *scope, const char *suite,
				     struct assay_gate_variant *v, struct assay_err *err)
{
	const char *const patterns[] = {suite};
	struct assay_plan_request request = scope->request;
	request.patterns = patterns;
	request.n_patterns = 1;
	request.n_subjects = 0;
	return assay_plan_make(v->registry, scope->topology, &request, &v->plan, err);
}

static enum assay_code list_gbench(const struct assay_gate_scope *scope, const char *label,
				   struct assay_gate_variant *v, struct assay_err *err)
{
	struct assay_argv list = {0};
	const struct assay_bench_entry *benches;
	enum assay_code rc = assay_registry_new(scope->table, &v->registry, err);
	if (rc != ASSAY_OK)
		return rc;
	size_t own = assay_registry_benches(v->registry, &benches);
	rc = assay_gbench_list(v->file, &list, err);
	for (size_t i = 0; rc == ASSAY_OK && i < list.n; i++)
		rc = add_gbench(scope, list.words[i], label, v, err);
	assay_argv_done(&list);
	if (rc != ASSAY_OK)
		return rc;
	/* a side without any of the benchmarks asked for is coverage lost, not an error */
	if (assay_registry_benches(v->registry, &benches) == own)
		return ASSAY_OK;
	return plan_programs(scope, assay_gbench_kind.suite.name, v, err);
}

enum assay_code assay_gate_side_gbench(const struct assay_gate_scope *scope,
				       const char *const *paths, size_t n, const char *label,
				       struct assay_gate_side *ret, struct assay_err *err)
{
	enum assay_code rc = begin(ret, ASSAY_SIDE_GBENCH, paths, n, err);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++)
		rc = list_gbench(scope, label, &ret->variants[i], err);
	for (size_t i = 1; rc == ASSAY_OK && i < n; i++)
		if (ret->variants[i].plan.n != ret->variants[0].plan.n)
			rc = assay_fail(err, ASSAY_EUSAGE,
					"'%.200s' and '%.200s' do not list the same benchmarks: "
					"they are no placement variants of one program",
					paths[0], paths[i]);
	return rc;
}

enum assay_code assay_gate_side_command(const struct assay_gate_scope *scope,
					const char *description, struct assay_gate_side *ret,
					struct assay_err *err)
{
	enum assay_code rc = begin(ret, ASSAY_SIDE_COMMAND, NULL, 1, err);
	if (rc != ASSAY_OK)
		return rc;
	struct assay_gate_variant *v = &ret->variants[0];
	rc = assay_registry_new(scope->table, &v->registry, err);
	if (rc == ASSAY_OK)
		rc = assay_program_add(v->registry, description, NULL, err);
	return rc == ASSAY_OK ? plan_programs(scope, assay_command_kind.suite.name, v, err) : rc;
}
