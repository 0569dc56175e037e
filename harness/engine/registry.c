/* SPDX-License-Identifier: MIT */
/* registry: index the generated table, take in plug-ins, look things up by name. */
#include "harness/engine/registry.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/engine/known_cost.h"
#include "harness/engine/plugin_file.h"

/* Something that lives as long as the registry. */
struct adopted {
	void *owned;
	void (*release)(void *owned);
};

struct assay_registry {
	struct assay_suite_entry *suites;
	struct assay_bench_entry *benches;
	struct assay_subject_entry *subjects;
	size_t n_suites, n_benches, n_subjects;
	const struct assay_source *const *sources;
	const char **plugins; /* absolute paths, NULL-terminated */
	void **handles;
	size_t n_plugins;
	struct adopted *adopted;
	size_t n_adopted;
};

/* Append one element to a growing array of plain structs. */
static enum assay_code append(void *array_address, size_t *n, const void *element, size_t size,
			      struct assay_err *err)
{
	void *array;
	memcpy(&array, array_address, sizeof(array));
	void *grown = realloc(array, (*n + 1) * size);
	if (!grown)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the registry");
	memcpy((char *)grown + *n * size, element, size);
	memcpy(array_address, &grown, sizeof(grown));
	(*n)++;
	return ASSAY_OK;
}

static enum assay_code check_names(const char *kind, const char *suite, const char *name,
				   struct assay_err *err)
{
	char shown[128];
	const char *bad = !assay_name_valid(suite) ? suite : !assay_name_valid(name) ? name : NULL;
	if (!bad)
		return ASSAY_OK;
	assay_sanitise(shown, sizeof(shown), bad);
	return assay_fail(err, ASSAY_EUSAGE,
			  "%s name '%.80s' is not of the form [a-z0-9][a-z0-9_]*, at most 63 bytes",
			  kind, shown);
}

static enum assay_code add_suite(struct assay_registry *r, const struct assay_suite_entry *suite,
				 struct assay_err *err)
{
	enum assay_code rc = check_names("suite", suite->name, suite->name, err);
	if (rc != ASSAY_OK)
		return rc;
	if (assay_registry_suite(r, suite->name))
		return assay_fail(err, ASSAY_EUSAGE, "there is already a suite '%s'", suite->name);
	return append(&r->suites, &r->n_suites, suite, sizeof(*suite), err);
}

static enum assay_code add_bench(struct assay_registry *r, const struct assay_bench_entry *bench,
				 struct assay_err *err)
{
	enum assay_code rc = check_names("benchmark", bench->suite, bench->name, err);
	if (rc != ASSAY_OK)
		return rc;
	bool runs = bench->bench->body || bench->program;
	if (!runs || !bench->bench->brief)
		return assay_fail(err, ASSAY_EUSAGE, "benchmark %s/%s lacks %s", bench->suite,
				  bench->name, runs ? "its brief" : "its body");
	if (!bench->program && assay_registry_bench(r, bench->suite, bench->name))
		return assay_fail(err, ASSAY_EUSAGE, "there is already a benchmark %s/%s",
				  bench->suite, bench->name);
	return append(&r->benches, &r->n_benches, bench, sizeof(*bench), err);
}

/* Stored results know a floor and a limit by the name: "null", "queue_null", "bound", "queue_bound". */
static bool is_called(const char *name, const char *what)
{
	size_t n = strlen(name), tail = strlen(what);
	return n >= tail && strcmp(name + n - tail, what) == 0 &&
	       (n == tail || name[n - tail - 1] == '_');
}

static enum assay_code check_floor(const struct assay_subject_entry *entry, struct assay_err *err)
{
	const struct assay_subject *s = entry->subject;
	const char *wanted = s->is_null != is_called(entry->name, "null")     ? "null"
			     : s->is_bound != is_called(entry->name, "bound") ? "bound"
									      : NULL;
	if (!wanted)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EUSAGE,
			  "subject %s/%s: is_%s and a name that ends in '%s' go together",
			  entry->suite, entry->name, wanted, wanted);
}

static enum assay_code add_subject(struct assay_registry *r,
				   const struct assay_subject_entry *subject, struct assay_err *err)
{
	enum assay_code rc = check_names("subject", subject->suite, subject->name, err);
	if (rc != ASSAY_OK)
		return rc;
	if (!subject->subject->ops)
		return assay_fail(err, ASSAY_EUSAGE, "subject %s/%s has no ops", subject->suite,
				  subject->name);
	rc = check_floor(subject, err);
	if (rc != ASSAY_OK)
		return rc;
	if (assay_registry_subject(r, subject->suite, subject->name))
		return assay_fail(err, ASSAY_EUSAGE, "there is already a subject '%s' in suite %s",
				  subject->name, subject->suite);
	return append(&r->subjects, &r->n_subjects, subject, sizeof(*subject), err);
}

static enum assay_code add_table(struct assay_registry *r, const struct assay_table *table,
				 struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (const struct assay_suite_entry *s = table->suites; rc == ASSAY_OK && s->name; s++)
		rc = add_suite(r, s, err);
	for (const struct assay_bench_entry *b = table->benches; rc == ASSAY_OK && b->name; b++)
		rc = add_bench(r, b, err);
	for (const struct assay_subject_entry *s = table->subjects; rc == ASSAY_OK && s->name; s++)
		rc = add_subject(r, s, err);
	if (rc == ASSAY_OK)
		rc = add_suite(r, &assay_known_cost_suite, err);
	for (const struct assay_bench_entry *b = assay_known_cost_benches;
	     rc == ASSAY_OK && b->name; b++)
		rc = add_bench(r, b, err);
	return rc;
}

enum assay_code assay_registry_new(const struct assay_table *table, struct assay_registry **ret,
				   struct assay_err *err)
{
	struct assay_registry *r = calloc(1, sizeof(*r));
	if (!r || !(r->plugins = calloc(1, sizeof(*r->plugins)))) {
		free(r);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the registry");
	}
	r->sources = table->sources;
	enum assay_code rc = add_table(r, table, err);
	if (rc != ASSAY_OK) {
		assay_registry_free(r);
		return assay_context(err, rc == ASSAY_EUSAGE ? ASSAY_EBUG : rc, "built-in table");
	}
	*ret = r;
	return ASSAY_OK;
}

void assay_registry_free(struct assay_registry *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_plugins; i++) {
		free((void *)(uintptr_t)r->plugins[i]);
		dlclose(r->handles[i]);
	}
	for (size_t i = 0; i < r->n_adopted; i++)
		r->adopted[i].release(r->adopted[i].owned);
	free(r->adopted);
	free(r->plugins);
	free(r->handles);
	free(r->suites);
	free(r->benches);
	free(r->subjects);
	free(r);
}

static enum assay_code add_plugin(struct assay_registry *r, const struct assay_plugin *plugin,
				  struct assay_err *err)
{
	if (!plugin->suite || !plugin->benches)
		return assay_fail(err, ASSAY_EUSAGE, "its assay_plugin has no suite or no benches");
	static const struct assay_suite no_description = {.brief = "plug-in"};
	const struct assay_suite *description =
		plugin->description ? plugin->description : &no_description;
	enum assay_code rc =
		add_suite(r, &(struct assay_suite_entry){plugin->suite, description}, err);
	for (const struct assay_plugin_bench *b = plugin->benches; rc == ASSAY_OK && b->name; b++) {
		if (!b->bench)
			return assay_fail(err, ASSAY_EUSAGE, "benchmark '%s' has no descriptor",
					  b->name);
		rc = add_bench(r, &(struct assay_bench_entry){plugin->suite, b->name, b->bench},
			       err);
	}
	for (const struct assay_plugin_subject *s = plugin->subjects;
	     rc == ASSAY_OK && s && s->name; s++) {
		if (!s->subject)
			return assay_fail(err, ASSAY_EUSAGE, "subject '%s' has no descriptor",
					  s->name);
		rc = add_subject(
			r, &(struct assay_subject_entry){plugin->suite, s->name, s->subject}, err);
	}
	return rc;
}

/* Remember a loaded library; on failure it is the caller's to close. */
static enum assay_code keep_plugin(struct assay_registry *r, const char *path, void *handle,
				   struct assay_err *err)
{
	size_t n = r->n_plugins;
	const char **paths = realloc(r->plugins, (n + 2) * sizeof(*paths));
	if (paths)
		r->plugins = paths;
	void **handles = realloc(r->handles, (n + 1) * sizeof(*handles));
	if (handles)
		r->handles = handles;
	char *copy = strdup(path);
	if (!paths || !handles || !copy) {
		free(copy);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	paths[n] = copy;
	paths[n + 1] = NULL;
	handles[n] = handle;
	r->n_plugins++;
	return ASSAY_OK;
}

enum assay_code assay_registry_load(struct assay_registry *r, const char *path,
				    struct assay_err *err)
{
	ASSAY_AUTO_FREE char *absolute = realpath(path, NULL);
	if (!absolute)
		return assay_fail(err, ASSAY_EUSAGE, "plug-in '%s': no such file", path);
	enum assay_code rc = assay_plugin_check(absolute, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "plug-in '%s'", path);
	void *handle = dlopen(absolute, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return assay_fail(err, ASSAY_EUSAGE, "plug-in %s", dlerror());
	const struct assay_plugin *plugin = dlsym(handle, "assay_plugin");
	if (!plugin) {
		dlclose(handle);
		return assay_fail(err, ASSAY_EUSAGE,
				  "plug-in '%s' exports no symbol 'assay_plugin'", path);
	}
	size_t before[] = {r->n_suites, r->n_benches, r->n_subjects};
	rc = add_plugin(r, plugin, err);
	if (rc == ASSAY_OK)
		rc = keep_plugin(r, absolute, handle, err);
	if (rc == ASSAY_OK)
		return ASSAY_OK;
	r->n_suites = before[0];
	r->n_benches = before[1];
	r->n_subjects = before[2];
	rc = assay_context(err, rc, "plug-in '%s'", path);
	dlclose(handle); /* last: the message may have been built from its strings */
	return rc;
}

enum assay_code assay_registry_adopt(struct assay_registry *r,
				     const struct assay_suite_entry *suite,
				     const struct assay_bench_entry *bench, void *owned,
				     void (*release)(void *owned), struct assay_err *err)
{
	const struct assay_suite *there = assay_registry_suite(r, suite->name);
	enum assay_code rc = ASSAY_OK;
	if (!there)
		rc = add_suite(r, suite, err);
	else if (there != suite->suite)
		rc = assay_fail(err, ASSAY_EUSAGE, "a plug-in has taken the name of the suite '%s'",
				suite->name);
	if (rc == ASSAY_OK)
		rc = add_bench(r, bench, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = append(&r->adopted, &r->n_adopted, &(struct adopted){owned, release},
		    sizeof(struct adopted), err);
	if (rc != ASSAY_OK)
		r->n_benches--;
	return rc;
}

size_t assay_registry_suites(const struct assay_registry *r, const struct assay_suite_entry **ret)
{
	*ret = r->suites;
	return r->n_suites;
}

size_t assay_registry_benches(const struct assay_registry *r, const struct assay_bench_entry **ret)
{
	*ret = r->benches;
	return r->n_benches;
}

size_t assay_registry_subjects(const struct assay_registry *r,
			       const struct assay_subject_entry **ret)
{
	*ret = r->subjects;
	return r->n_subjects;
}

const struct assay_source *const *assay_registry_sources(const struct assay_registry *r)
{
	return r->sources;
}

const char *const *assay_registry_plugins(const struct assay_registry *r)
{
	return r->plugins;
}

const struct assay_suite *assay_registry_suite(const struct assay_registry *r, const char *suite)
{
	for (size_t i = 0; i < r->n_suites; i++)
		if (strcmp(r->suites[i].name, suite) == 0)
			return r->suites[i].suite;
	return NULL;
}

const struct assay_bench_entry *assay_registry_bench(const struct assay_registry *r,
						     const char *suite, const char *name)
{
	for (size_t i = 0; i < r->n_benches; i++)
		if (strcmp(r->benches[i].suite, suite) == 0 &&
		    strcmp(r->benches[i].name, name) == 0)
			return &r->benches[i];
	return NULL;
}

const struct assay_subject_entry *assay_registry_subject(const struct assay_registry *r,
							 const char *suite, const char *name)
{
	for (size_t i = 0; i < r->n_subjects; i++)
		if (strcmp(r->subjects[i].suite, suite) == 0 &&
		    strcmp(r->subjects[i].name, name) == 0)
			return &r->subjects[i];
	return NULL;
}

bool assay_registry_hidden(const struct assay_registry *r, const char *suite)
{
	const struct assay_suite *s = assay_registry_suite(r, suite);
	return s && s->hidden;
}

static const char *suite_interface(const struct assay_registry *r, const char *suite)
{
	const struct assay_suite *s = assay_registry_suite(r, suite);
	return s && s->interface ? s->interface : ASSAY_NO_SUBJECT;
}

const char *assay_bench_interface(const struct assay_registry *r,
				  const struct assay_bench_entry *bench)
{
	return bench->bench->subjects ? bench->bench->subjects : suite_interface(r, bench->suite);
}

const char *assay_subject_interface(const struct assay_registry *r,
				    const struct assay_subject_entry *subject)
{
	return subject->subject->interface ? subject->subject->interface : suite_interface(r, subject->suite);
}
