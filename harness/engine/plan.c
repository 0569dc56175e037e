/* SPDX-License-Identifier: MIT */
/* plan: expansion of benchmarks into cases, selection, order. */
#include "harness/engine/plan.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/engine/child.h"

/* A matrix over CPUs takes at most so many of them and the last. */
enum { MATRIX_PUS = 7 };

size_t assay_plan_axis_names(const struct assay_topology *topology, struct assay_axis_name names[8])
{
	struct assay_machine_shape shape;
	assay_topology_shape(topology, &shape);
	const struct assay_axis_name all[] = {
		{"ncores", shape.cores},
		{"npus", shape.pus},
		{"l1", shape.l1d_bytes},
		{"l2", shape.l2_bytes},
		{"llc", shape.llc_bytes},
		{"pustride", 1 + (shape.pus > 1 ? shape.pus - 2 : 0) / MATRIX_PUS},
	};
	memcpy(names, all, sizeof(all));
	return ASSAY_COUNT_OF(all);
}

bool assay_plan_knows_name(const char *text, size_t length)
{
	static const char *const names[] = {"ncores", "npus", "l1", "l2", "llc", "pustride"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++)
		if (strlen(names[i]) == length && strncmp(names[i], text, length) == 0)
			return true;
	return false;
}

bool assay_pattern_matches(const char *pattern, const char *name)
{
	size_t length = strlen(pattern);
	while (length && pattern[length - 1] == '/')
		length--;
	if (strncmp(pattern, name, length) == 0 && (name[length] == '/' || !name[length]))
		return true;
	return fnmatch(pattern, name, 0) == 0;
}

/* What expansion needs at every level. */
struct expansion {
	const struct assay_registry *registry;
	const struct assay_topology *topology;
	const struct assay_plan_request *request;
	struct assay_axis_name names[8];
	size_t n_names;
	struct assay_plan *plan;
	size_t room; /* for so many cases there is memory */
	bool *pattern_used, *override_used;
};

static const char *override_of(struct expansion *x, const char *axis)
{
	const char *values = NULL;
	for (size_t i = 0; i < x->request->n_overrides; i++) {
		if (strcmp(x->request->overrides[i].axis, axis) != 0)
			continue;
		values = x->request->overrides[i].values;
		x->override_used[i] = true;
	}
	return values;
}

static bool selected(struct expansion *x, const char *name)
{
	if (!x->request->n_patterns)
		return true;
	bool any = false;
	for (size_t i = 0; i < x->request->n_patterns; i++) {
		if (!assay_pattern_matches(x->request->patterns[i], name))
			continue;
		x->pattern_used[i] = true;
		any = true;
	}
	return any;
}

static enum assay_code place(struct expansion *x, struct assay_planned *planned,
			     struct assay_err *err)
{
	struct assay_err why = {0};
	if (x->request->free_programs && planned->c.bench->program)
		return ASSAY_OK;
	planned->cpus = calloc(planned->c.threads, sizeof(*planned->cpus));
	if (!planned->cpus)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a plan");
	enum assay_code rc = assay_placement_plan(x->topology, &x->request->placement,
						  planned->c.threads, planned->cpus, &why);
	if (rc == ASSAY_OK)
		return ASSAY_OK;
	free(planned->cpus);
	planned->cpus = NULL;
	if (rc != ASSAY_SKIP)
		return assay_fail(err, rc, "%s", why.text);
	planned->skip = strdup(why.text);
	return planned->skip ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "out of memory for a plan");
}

/* Twice as much each time: thousands of cases, some hundred bytes each, are not to be copied for each of them. */
static enum assay_code make_room(struct expansion *x, struct assay_err *err)
{
	size_t room = x->room ? 2 * x->room : 64;
	if (x->plan->n < x->room)
		return ASSAY_OK;
	struct assay_planned *grown = realloc(x->plan->cases, room * sizeof(*grown));
	if (!grown)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a plan");
	x->plan->cases = grown;
	x->room = room;
	return ASSAY_OK;
}

/* A complete case: name it, and keep it when a pattern selects it. */
static enum assay_code add_case(struct expansion *x, const struct assay_case *c,
				struct assay_err *err)
{
	struct assay_planned planned = {.c = *c};
	enum assay_code rc = assay_case_compose(&planned.c, err);
	if (rc != ASSAY_OK)
		return rc;
	if (!selected(x, planned.c.name)) {
		assay_case_done(&planned.c);
		return ASSAY_OK;
	}
	rc = place(x, &planned, err);
	if (rc == ASSAY_OK)
		rc = make_room(x, err);
	if (rc != ASSAY_OK) {
		free(planned.cpus);
		free(planned.skip);
		assay_case_done(&planned.c);
		return rc;
	}
	x->plan->cases[x->plan->n++] = planned;
	return ASSAY_OK;
}

/* One thread, or one for each role. Values of -P are for others, unless they ask for just this number. */
static enum assay_code expand_fixed_threads(struct expansion *x, struct assay_case *c,
					    struct assay_err *err)
{
	char text[16];
	c->threads = c->bench->bench->roles ? 0 : 1;
	for (const struct assay_role *r = c->bench->bench->roles; r && r->name; r++)
		c->threads += r->threads;
	snprintf(text, sizeof(text), "%u", c->threads);
	for (size_t i = 0; i < x->request->n_overrides; i++)
		x->override_used[i] |= strcmp(x->request->overrides[i].axis, "threads") == 0 &&
				       strcmp(x->request->overrides[i].values, text) == 0;
	return add_case(x, c, err);
}

static enum assay_code expand_threads(struct expansion *x, struct assay_case *c,
				      struct assay_err *err)
{
	const struct assay_bench *bench = c->bench->bench;
	if (!bench->threads)
		return expand_fixed_threads(x, c, err);
	const char *over = override_of(x, "threads");
	const char *values = over ? over : bench->threads;
	double *list;
	size_t n;
	enum assay_code rc = assay_axis_expand(values, x->names, x->n_names, &list, &n, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "axis 'threads'");
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		if (list[i] < 1 || list[i] > 65536 || list[i] != (unsigned)list[i]) {
			rc = assay_fail(err, ASSAY_EUSAGE, "axis 'threads': %g threads", list[i]);
			break;
		}
		c->threads = (unsigned)list[i];
		rc = add_case(x, c, err);
	}
	free(list);
	return rc;
}

static enum assay_code expand_axes(struct expansion *x, struct assay_case *c,
				   const struct assay_axis *axis, struct assay_err *err);

static enum assay_code expand_words(struct expansion *x, struct assay_case *c,
				    const struct assay_axis *axis, const char *values,
				    struct assay_err *err)
{
	char **words;
	size_t n;
	bool texts = assay_axis_is_texts(axis);
	enum assay_code rc = texts ? assay_axis_texts(values, &words, &n, err)
				   : assay_axis_words(values, &words, &n, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "axis '%s'", axis->name);
	size_t mine = c->n_params++;
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		struct assay_case_param *param = &c->params[mine];
		rc = texts ? assay_case_param_text(param, axis, words[i], err)
			   : assay_case_param_word(param, axis, words[i], err);
		if (rc == ASSAY_OK)
			rc = expand_axes(x, c, axis + 1, err);
	}
	c->n_params = mine;
	assay_words_free(words, n);
	return rc;
}

static enum assay_code expand_numbers(struct expansion *x, struct assay_case *c,
				      const struct assay_axis *axis, const char *values,
				      struct assay_err *err)
{
	double *list;
	size_t n;
	enum assay_code rc = assay_axis_expand(values, x->names, x->n_names, &list, &n, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "axis '%s'", axis->name);
	size_t mine = c->n_params++;
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		assay_case_param_number(&c->params[mine], axis, list[i]);
		rc = expand_axes(x, c, axis + 1, err);
	}
	c->n_params = mine;
	free(list);
	return rc;
}

static enum assay_code expand_axes(struct expansion *x, struct assay_case *c,
				   const struct assay_axis *axis, struct assay_err *err)
{
	if (!axis || !axis->name)
		return expand_threads(x, c, err);
	if (c->n_params == ASSAY_CASE_MAX_AXES)
		return assay_fail(err, ASSAY_EBUG, "%s/%s has more than %d axes", c->bench->suite,
				  c->bench->name, ASSAY_CASE_MAX_AXES);
	const char *values = override_of(x, axis->name);
	if (!values)
		values = x->request->quick && axis->quick ? axis->quick : axis->values;
	return assay_axis_is_words(axis) || assay_axis_is_texts(axis)
		       ? expand_words(x, c, axis, values, err)
		       : expand_numbers(x, c, axis, values, err);
}

static bool subject_wanted(const struct expansion *x, const char *name)
{
	if (!x->request->n_subjects)
		return true;
	for (size_t i = 0; i < x->request->n_subjects; i++)
		if (strcmp(x->request->subjects[i], name) == 0)
			return true;
	return false;
}

static enum assay_code expand_bench(struct expansion *x, const struct assay_bench_entry *bench,
				    struct assay_err *err)
{
	struct assay_case c = {.bench = bench};
	const char *interface = assay_bench_interface(x->registry, bench);
	if (!*interface) {
		/* -s selects subjects: a benchmark without any is not meant */
		return x->request->n_subjects ? ASSAY_OK
					      : expand_axes(x, &c, bench->bench->axes, err);
	}
	const struct assay_subject_entry *subjects;
	size_t n = assay_registry_subjects(x->registry, &subjects);
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		if (strcmp(subjects[i].suite, bench->suite) != 0 ||
		    strcmp(assay_subject_interface(x->registry, &subjects[i]), interface) != 0 ||
		    !subject_wanted(x, subjects[i].name))
			continue;
		c.subject = &subjects[i];
		rc = expand_axes(x, &c, bench->bench->axes, err);
	}
	return rc;
}

/* Could any case of suite/bench match one of the patterns? Avoids errors in axes nobody asked for. */
static bool bench_concerned(const struct expansion *x, const struct assay_bench_entry *bench)
{
	if (!x->request->n_patterns)
		return !assay_registry_hidden(x->registry, bench->suite) &&
		       !(x->request->quick && bench->bench->thorough);
	struct assay_str prefix = {0};
	assay_str_add(&prefix, "%s/%s", bench->suite, bench->name);
	bool concerned = false;
	for (size_t i = 0; !concerned && i < x->request->n_patterns; i++) {
		const char *p = x->request->patterns[i];
		size_t fixed = strcspn(p, "*?[");
		if (!fixed && assay_registry_hidden(x->registry, bench->suite))
			continue; /* "*" does not name it */
		size_t n = fixed < prefix.length ? fixed : prefix.length;
		concerned = strncmp(p, assay_str_text(&prefix), n) == 0;
	}
	assay_str_done(&prefix);
	return concerned;
}

static enum assay_code unknown_subject(const struct expansion *x, const char *name,
				       struct assay_err *err)
{
	const struct assay_subject_entry *subjects;
	size_t n = assay_registry_subjects(x->registry, &subjects);
	const char **names = calloc(n + 1, sizeof(*names));
	for (size_t i = 0; names && i < n; i++) {
		names[i] = subjects[i].name;
		if (strcmp(names[i], name) == 0) {
			free(names);
			return ASSAY_OK;
		}
	}
	const char *near = names ? assay_nearest(name, names, n) : NULL;
	char shown[64];
	assay_sanitise(shown, sizeof(shown), name);
	enum assay_code rc = assay_fail(err, ASSAY_EUSAGE, "unknown subject '%s'%s%s%s", shown,
					near ? "; did you mean '" : "; see 'assay list'",
					near ? near : "", near ? "'?" : "");
	free(names);
	return rc;
}

/*
 * The benchmark of `suite`, of any that is not hidden when NULL, that `part` is the beginning of, or nearest to; NULL
 * when none is.
 */
static const char *nearest_bench(const struct assay_registry *registry, const char *suite,
				 const char *part)
{
	const struct assay_bench_entry *benches;
	size_t n = assay_registry_benches(registry, &benches), count = 0;
	const char *names[256];
	for (size_t i = 0; i < n && count < ASSAY_COUNT_OF(names); i++) {
		if (suite ? strcmp(benches[i].suite, suite) != 0
			  : assay_registry_hidden(registry, benches[i].suite))
			continue;
		if (*part && strncmp(benches[i].name, part, strlen(part)) == 0)
			return benches[i].name;
		names[count++] = benches[i].name;
	}
	return assay_nearest(part, names, count);
}

/* A hidden one only by its whole name. */
static const char *nearest_suite(const struct assay_registry *registry, const char *part)
{
	const struct assay_suite_entry *suites;
	size_t n = assay_registry_suites(registry, &suites), count = 0;
	const char *names[64];
	for (size_t i = 0; i < n && count < ASSAY_COUNT_OF(names); i++)
		if (!assay_registry_hidden(registry, suites[i].name) ||
		    strcmp(suites[i].name, part) == 0)
			names[count++] = suites[i].name;
	return assay_nearest(part, names, count);
}

static const char *suite_of(const struct assay_registry *registry, const char *bench)
{
	const struct assay_bench_entry *benches;
	size_t n = assay_registry_benches(registry, &benches);
	for (size_t i = 0; i < n; i++)
		if (strcmp(benches[i].name, bench) == 0)
			return benches[i].suite;
	return NULL;
}

enum assay_code assay_pattern_unknown(const struct assay_registry *registry, const char *pattern,
				      struct assay_err *err)
{
	char parts[160], shown[80];
	assay_copy(parts, sizeof(parts), pattern);
	assay_sanitise(shown, sizeof(shown), pattern);
	char *cursor = parts;
	const char *first = strsep(&cursor, "/");
	const char *second = cursor ? strsep(&cursor, "/") : NULL;
	const char *suite = nearest_suite(registry, first);
	const char *bench = nearest_bench(registry, second ? suite : NULL, second ? second : first);
	if (!suite && bench)
		suite = suite_of(registry, bench);
	ASSAY_AUTO_FREE char *program = NULL;
	char word[160];
	assay_copy(word, sizeof(word), pattern);
	word[strcspn(word, " ")] = '\0'; /* others take a command as one text */
	if (!suite && *word && assay_child_find(word, &program, NULL) == ASSAY_OK)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"no benchmark matches '%s'; a command to be measured stands behind "
			"a '--': assay run -- %s",
			shown, shown);
	if (!suite)
		return assay_fail(err, ASSAY_EUSAGE, "no benchmark matches '%s'; see 'assay list'",
				  shown);
	bool bare = !second && nearest_suite(registry, first);
	if (second && bench && strcmp(suite, first) == 0 && strcmp(bench, second) == 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "no case of %s/%s matches '%s'; --dry-run shows its cases, -P "
				  "gives an axis other values",
				  suite, bench, shown);
	return assay_fail(err, ASSAY_EUSAGE, "no benchmark matches '%s'; did you mean '%s%s%s'?",
			  shown, suite, bare || !bench ? "" : "/", bare || !bench ? "" : bench);
}

static enum assay_code unknown_axis(const struct expansion *x, const char *axis,
				    struct assay_err *err)
{
	const struct assay_bench_entry *benches;
	size_t n = assay_registry_benches(x->registry, &benches);
	const char *names[256] = {"threads"};
	size_t count = 1;
	for (size_t i = 0; i < n; i++)
		for (const struct assay_axis *a = benches[i].bench->axes; a && a->name; a++)
			if (count < ASSAY_COUNT_OF(names))
				names[count++] = a->name;
	const char *near = assay_nearest(axis, names, count);
	bool exact = near && strcmp(near, axis) == 0;
	char shown[64];
	assay_sanitise(shown, sizeof(shown), axis);
	if (exact)
		return assay_fail(err, ASSAY_EUSAGE, "no selected benchmark has an axis '%s'",
				  shown);
	return assay_fail(err, ASSAY_EUSAGE, "unknown axis '%s'%s%s%s", shown,
			  near ? "; did you mean '" : "; see 'assay list'", near ? near : "",
			  near ? "'?" : "");
}

/*
 * A pattern that selects nothing by the values the axes have and the subjects asked for, but is the full name
 * of a case, selects that case: what stands in the name need not be said again.
 */
static enum assay_code add_named(struct expansion *x, struct assay_err *err)
{
	const struct assay_plan_request *q = x->request;
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < q->n_patterns; i++) {
		struct assay_case c;
		if (x->pattern_used[i] ||
		    assay_case_resolve(x->registry, q->patterns[i], &c, NULL) != ASSAY_OK)
			continue;
		bool exact = strcmp(c.name, q->patterns[i]) == 0 && !c.bench->program;
		assay_case_done(&c); /* named anew when it is added */
		if (exact)
			rc = add_case(x, &c, err);
	}
	return rc;
}

static enum assay_code unmatched(const struct expansion *x, const char *pattern,
				 struct assay_err *err)
{
	enum assay_code rc = assay_pattern_unknown(x->registry, pattern, err);
	if (!x->request->n_subjects)
		return rc;
	return assay_context(err, rc, "-s leaves only benchmarks that take these subjects");
}

static enum assay_code check_all_used(const struct expansion *x, struct assay_err *err)
{
	const struct assay_plan_request *q = x->request;
	for (size_t i = 0; i < q->n_subjects; i++)
		if (unknown_subject(x, q->subjects[i], err) != ASSAY_OK)
			return ASSAY_EUSAGE;
	for (size_t i = 0; i < q->n_overrides; i++)
		if (!x->override_used[i] && !q->overrides[i].optional)
			return unknown_axis(x, q->overrides[i].axis, err);
	for (size_t i = 0; i < q->n_patterns; i++)
		if (!x->pattern_used[i])
			return unmatched(x, q->patterns[i], err);
	if (!x->plan->n)
		return assay_fail(err, ASSAY_EUSAGE,
				  "nothing selected: no selected benchmark takes these subjects");
	return ASSAY_OK;
}

enum assay_code assay_plan_make(const struct assay_registry *registry,
				const struct assay_topology *topology,
				const struct assay_plan_request *request, struct assay_plan *ret,
				struct assay_err *err)
{
	struct assay_plan plan = {0};
	struct expansion x = {
		.registry = registry,
		.topology = topology,
		.request = request,
		.plan = &plan,
		.pattern_used = calloc(request->n_patterns + 1, sizeof(bool)),
		.override_used = calloc(request->n_overrides + 1, sizeof(bool)),
	};
	enum assay_code rc = ASSAY_OK;
	if (!x.pattern_used || !x.override_used)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for a plan");
	x.n_names = assay_plan_axis_names(topology, x.names);
	const struct assay_bench_entry *benches;
	size_t n = assay_registry_benches(registry, &benches);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		if (!bench_concerned(&x, &benches[i]))
			continue;
		rc = expand_bench(&x, &benches[i], err);
		if (rc != ASSAY_OK)
			rc = assay_context(err, rc, "%s/%s", benches[i].suite, benches[i].name);
	}
	if (rc == ASSAY_OK)
		rc = add_named(&x, err);
	if (rc == ASSAY_OK)
		rc = check_all_used(&x, err);
	free(x.pattern_used);
	free(x.override_used);
	if (rc != ASSAY_OK) {
		assay_plan_done(&plan);
		return rc;
	}
	*ret = plan;
	return ASSAY_OK;
}

void assay_planned_done(struct assay_planned *planned)
{
	assay_case_done(&planned->c);
	free(planned->cpus);
	free(planned->skip);
}

void assay_plan_done(struct assay_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		assay_planned_done(&plan->cases[i]);
	free(plan->cases);
	*plan = (struct assay_plan){0};
}

enum assay_code assay_plan_schedule(const struct assay_plan *plan, unsigned launches, uint64_t seed,
				    uint32_t **ret, size_t *ret_n, struct assay_err *err)
{
	uint32_t *order = calloc(plan->n * launches + 1, sizeof(*order));
	if (!order)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a schedule");
	size_t n = 0;
	for (size_t i = 0; i < plan->n; i++)
		for (unsigned l = 0; !plan->cases[i].skip && l < launches; l++)
			order[n++] = (uint32_t)(i * launches + l);
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	assay_rng_shuffle(&rng, order, n);
	*ret = order;
	*ret_n = n;
	return ASSAY_OK;
}
