/* SPDX-License-Identifier: MIT */
/* A plan as lines of JSON is the same plan again; what is no plan is refused by line. */
#include "tests/t.h"

#include <stdlib.h>
#include <string.h>

#include "harness/engine/measure.h"
#include "harness/engine/plan_json.h"

#define EVENT "{\"event\": \"planned\", "
#define REST                                                                                    \
	"\"suite\": \"toy\", \"benchmark\": \"add\", \"version\": 3, \"subject\": \"fast\", "   \
	"\"threads\": 2, \"params\": {\"size\": \"4Ki\", \"way\": \"up\"}, \"unit\": \"B/s\", " \
	"\"better\": \"higher\", \"cpus\": [4, 6], \"skip\": null, "                            \
	"\"environment\": [\"MALLOC_ARENA_MAX=1\"]}\n"
#define LINE EVENT "\"name\": \"toy/add/size:4Ki/subject:fast/threads:2\", " REST

static void a_plan_survives_the_trip(void **state)
{
	(void)state;
	struct assay_plan_copy first = {0}, second = {0};
	struct assay_err err = {0};
	assert_int_equal(assay_plan_copy_read("{\"event\": \"other\"}\n" LINE, &first, &err),
			 ASSAY_OK);
	assert_int_equal(first.plan.n, 1);
	json_t *json = assay_planned_json(&first.plan.cases[0]);
	json_object_set_new(json, "event", json_string("planned"));
	char *line = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	assert_int_equal(assay_plan_copy_read(line, &second, &err), ASSAY_OK);
	free(line);
	const struct assay_planned *planned = &second.plan.cases[0];
	assert_string_equal(planned->c.name, "toy/add/size:4Ki/subject:fast/threads:2");
	assert_string_equal(planned->c.bench->suite, "toy");
	assert_string_equal(planned->c.bench->name, "add");
	assert_int_equal(planned->c.bench->bench->version, 3);
	assert_string_equal(planned->c.subject->name, "fast");
	assert_string_equal(planned->c.subject->subject->environment[0], "MALLOC_ARENA_MAX=1");
	assert_int_equal(planned->c.threads, 2);
	assert_int_equal(planned->cpus[1], 6);
	assert_string_equal(planned->c.params[1].name, "way");
	assert_string_equal(planned->c.params[1].text, "up");
	assert_null(planned->skip);
	struct assay_metric_info metric =
		assay_primary_metric(planned->c.bench->bench, planned->c.subject->subject);
	assert_string_equal(metric.name, "bandwidth");
	assert_int_equal(metric.better, ASSAY_HIGHER);
	assay_plan_copy_done(&first);
	assay_plan_copy_done(&second);
}

static void nonsense_is_refused_by_line(void **state)
{
	(void)state;
	static const struct {
		const char *lines, *says;
	} bad[] = {
		{"{\"event\": \"other\"}\nnonsense\n", "line 2"},
		{LINE EVENT "\"name\": 7, " REST, "line 2"},
		{EVENT "\"name\": \"x\"}\n", "x that makes no sense"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct assay_plan_copy copy = {0};
		struct assay_err err = {0};
		assert_int_equal(assay_plan_copy_read(bad[i].lines, &copy, &err), ASSAY_EPARSE);
		assert_non_null(strstr(err.text, bad[i].says));
		assay_plan_copy_done(&copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_survives_the_trip),
		cmocka_unit_test(nonsense_is_refused_by_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
