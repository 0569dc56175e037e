/* SPDX-License-Identifier: MIT */
/*
 * registry: what this program can measure: suites, benchmarks, subjects and counter sources, from
 * the table the build generates and from plug-ins.
 */
#ifndef ASSAY_ENGINE_REGISTRY_H
#define ASSAY_ENGINE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"
#include "harness/bench.h"
#include "harness/source.h"

struct assay_suite_entry {
	const char *name;
	const struct assay_suite *suite;
};
struct assay_program;
struct assay_bench_entry {
	const char *suite;
	const char *name;
	const struct assay_bench *bench;
	/* It is measured by running this instead of a body; NULL: it has a body. */
	const struct assay_program *program;
};
struct assay_subject_entry {
	const char *suite;
	const char *name;
	const struct assay_subject *subject;
};

/* The table that the build writes from the source lists; arrays end with a { 0 } entry. */
struct assay_table {
	const struct assay_suite_entry *suites;
	const struct assay_bench_entry *benches;
	const struct assay_subject_entry *subjects;
	const struct assay_source *const *sources; /* NULL-terminated, in order of preference */
};

struct assay_registry;

/* Validate and index the built-in table; it must outlive the registry. ASSAY_EBUG names the row. */
enum assay_code assay_registry_new(const struct assay_table *table, struct assay_registry **ret,
				   struct assay_err *err);
void assay_registry_free(struct assay_registry *registry);

/*
 * Load a plug-in and add what it exports. Refused with ASSAY_EUSAGE: a file that others may change, a wrong
 * ABI number (both before anything of it runs, see plugin_file.h), invalid or taken names, missing body. The library stays loaded until the registry is freed.
 */
enum assay_code assay_registry_load(struct assay_registry *registry, const char *path,
				    struct assay_err *err);

/*
 * Add a benchmark that was made at run time, and its suite when that is not there yet. On ASSAY_OK the
 * registry calls `release` on `owned` when it is freed, and every text of the entry must live as
 * long. Unlike elsewhere, several entries with a program may have one name: they differ in the values
 * of an axis, and a lookup by name gives the first.
 */
enum assay_code assay_registry_adopt(struct assay_registry *registry,
				     const struct assay_suite_entry *suite,
				     const struct assay_bench_entry *bench, void *owned,
				     void (*release)(void *owned), struct assay_err *err);

size_t assay_registry_suites(const struct assay_registry *registry,
			     const struct assay_suite_entry **ret);
size_t assay_registry_benches(const struct assay_registry *registry,
			      const struct assay_bench_entry **ret);
size_t assay_registry_subjects(const struct assay_registry *registry,
			       const struct assay_subject_entry **ret);
const struct assay_source *const *assay_registry_sources(const struct assay_registry *registry);
/* Paths of the plug-ins loaded, for workers; NULL-terminated. */
const char *const *assay_registry_plugins(const struct assay_registry *registry);

/* Lookups by name; NULL when there is none. */
const struct assay_suite *assay_registry_suite(const struct assay_registry *registry,
					       const char *suite);
const struct assay_bench_entry *assay_registry_bench(const struct assay_registry *registry,
						     const char *suite, const char *name);
const struct assay_subject_entry *assay_registry_subject(const struct assay_registry *registry,
							 const char *suite, const char *name);
/* Is this suite left out unless a pattern names it? */
bool assay_registry_hidden(const struct assay_registry *registry, const char *suite);
/* The interface whose subjects `bench` takes; "" when none. */
const char *assay_bench_interface(const struct assay_registry *registry,
				  const struct assay_bench_entry *bench);
/* The interface `subject` fills in. */
const char *assay_subject_interface(const struct assay_registry *registry,
				    const struct assay_subject_entry *subject);

#endif
