/* SPDX-License-Identifier: MIT */
/*
 * reference_cases: run cases taken from other projects' tests, and count by group.
 *
 * usage: reference_cases FILE.json
 * Each member of the file is a group of cases, but for `notes`, `constants` and the `source` of all
 * groups that do not name their own. Exit: 0 all passed, 1 some failed, 2 the file
 * cannot be read, is empty, or has a group that nothing here runs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/attr.h"
#include "tests/suites/concurrency/cases.h"

static void ASSAY_PRINTF(3, 0)
	say(const struct tally *tally, const char *what, const char *fmt, va_list args)
{
	printf("%s %s [%s]: ", what, tally->group, tally->source);
	vprintf(fmt, args);
	putchar('\n');
}

void tally_case(struct tally *tally, bool ok, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	tally->passed += ok;
	tally->failed += !ok;
	if (!ok)
		say(tally, "FAIL", fmt, args);
	va_end(args);
}

void tally_skip(struct tally *tally, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	tally->skipped++;
	say(tally, "skip", fmt, args);
	va_end(args);
}

static const struct case_group *find(const struct case_group *groups, const char *name)
{
	for (; groups->name; groups++)
		if (strcmp(groups->name, name) == 0)
			return groups;
	return NULL;
}

static bool is_about_the_file(const char *name)
{
	return strcmp(name, "notes") == 0 || strcmp(name, "source") == 0 ||
	       strcmp(name, "constants") == 0;
}

static const struct case_group *find_in_all(const char *name)
{
	static const struct case_group *const all[] = {balancer_groups, breaker_groups, hpa_groups};
	const struct case_group *group = NULL;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && !group; i++)
		group = find(all[i], name);
	return group;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: reference_cases FILE.json\n");
		return 2;
	}
	json_error_t error;
	json_t *root = json_load_file(argv[1], 0, &error), *cases;
	const char *name;
	size_t passed = 0, failed = 0, skipped = 0;
	bool unknown = false;
	json_object_foreach (root, name, cases) {
		if (is_about_the_file(name))
			continue;
		const struct case_group *group = find_in_all(name);
		struct tally tally = {.group = name, .source = "no source named"};
		if (!group) {
			fprintf(stderr, "reference_cases: %s: nothing here runs group '%s'\n",
				argv[1], name);
			unknown = true;
			continue;
		}
		const char *source = json_string_value(json_object_get(cases, "source"));
		source = source ? source : json_string_value(json_object_get(root, "source"));
		tally.source = source ? source : tally.source;
		group->run(&tally, cases);
		printf("%-20s %3zu passed, %zu failed, %zu skipped; %s\n", name, tally.passed,
		       tally.failed, tally.skipped, tally.source);
		passed += tally.passed;
		failed += tally.failed;
		skipped += tally.skipped;
	}
	if (!root || (!passed && !failed))
		fprintf(stderr, "reference_cases: %s: %s\n", argv[1],
			root ? "there are no cases in it" : error.text);
	else
		printf("all groups: %zu passed, %zu failed, %zu skipped\n", passed, failed,
		       skipped);
	bool unread = !root || unknown || (!passed && !failed);
	json_decref(root);
	return unread ? 2 : failed > 0;
}
