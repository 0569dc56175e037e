/* SPDX-License-Identifier: MIT */
/*
 * pattern: what may stand on the command line of `assay run`: a pattern, subjects and an override of an axis, one per
 * line. A plan has cases with names that are read back as themselves, or there is a reason why not.
 */
#include "harness/engine/plan.h"
#include "tests/engine/toy.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct assay_registry *registry, const struct assay_plan *plan)
{
	struct assay_err err = {0};
	must(plan->n > 0);
	for (size_t i = 0; i < plan->n && i < 16; i++) {
		const char *name = plan->cases[i].c.name;
		struct assay_case again;
		must(strlen(name) < 4096);
		must(strncmp(name, "toy/", 4) == 0 || strncmp(name, "selftest/", 9) == 0);
		must(assay_case_parse(registry, name, &again, &err) == ASSAY_OK);
		must(strcmp(again.name, name) == 0 && again.threads == plan->cases[i].c.threads);
		assay_case_done(&again);
	}
}

/* A full name, or the beginning of one, given alone. */
static void try_case(const struct assay_registry *registry, const char *text)
{
	struct assay_err err = {0};
	struct assay_case c;
	if (assay_case_parse(registry, text, &c, &err) != ASSAY_OK) {
		must(err.text[0]);
		return;
	}
	must(strcmp(c.name, text) == 0);
	assay_case_done(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	static struct assay_registry *registry; /* made once: that takes longer than an input */
	static struct assay_topology *topology;
	struct assay_plan plan;
	char *text = fuzz_text(data, size < 1024 ? size : 1024), *cursor = text;
	const char *pattern = strsep(&cursor, "\n"), *subject = strsep(&cursor, "\n"),
		   *axis = strsep(&cursor, "\n");
	struct assay_override override = {.axis = axis, .values = strsep(&cursor, "\n")};
	const struct assay_plan_request request = {
		.patterns = &pattern,
		.n_patterns = *pattern != 0,
		.subjects = &subject,
		.n_subjects = subject && *subject,
		.overrides = &override,
		.n_overrides = axis && override.values,
	};
	must(registry || assay_registry_new(&toy_table, &registry, &err) == ASSAY_OK);
	/* Without hwloc there is no topology but this machine's. */
	must(topology ||
	     assay_topology_load("synthetic:core:2 pu:1", &topology, &err) == ASSAY_OK ||
	     assay_topology_load(NULL, &topology, &err) == ASSAY_OK);
	try_case(registry, pattern);
	if (assay_plan_make(registry, topology, &request, &plan, &err) == ASSAY_OK) {
		check(registry, &plan);
		assay_plan_done(&plan);
	} else {
		must(err.text[0]);
	}
	free(text);
	return 0;
}
