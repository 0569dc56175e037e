/* SPDX-License-Identifier: MIT */
/* gated: one gate as a child, its document as counts. */
#include "tests/bench/gated.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "tests/bench/child.h"

enum { MAX_WORDS = 64 };

static const char *const names[GATED_DECISIONS] = {"OK", "REGRESSED", "IMPROVED", "INCONCLUSIVE"};

/* Run to the end; what it complains about is shown. */
static int run_shown(const char *const argv[])
{
	struct child child;
	char line[4096];
	if (!child_start(&child, argv, true))
		return -1;
	while (fgets(line, sizeof(line), child.lines))
		fputs(line, stderr);
	return child_finish(&child);
}

static bool count_series(json_t *series, struct gated *sum)
{
	const char *name = json_string_value(json_object_get(series, "name"));
	const char *decision = json_string_value(json_object_get(series, "decision"));
	for (size_t i = 0; decision && i < GATED_DECISIONS; i++) {
		if (strcmp(decision, names[i]) != 0)
			continue;
		json_t *change = json_object_get(series, "change");
		sum->series++;
		sum->decided[i]++;
		if (i == GATED_REGRESSED || i == GATED_IMPROVED)
			printf("  flagged: %s %s, %+.1f %%\n", name, decision,
			       100 * (json_number_value(json_object_get(change, "ratio")) - 1));
		return true;
	}
	const char *reason = json_string_value(json_object_get(series, "reason"));
	fprintf(stderr, "%s: %s, which is no verdict%s%s\n", name ? name : "a series",
		decision ? decision : "no decision", reason ? ": " : "", reason ? reason : "");
	return false;
}

static bool count(const char *path, struct gated *sum)
{
	json_error_t why;
	json_t *json = json_load_file(path, 0, &why), *series;
	size_t i;
	if (!json) {
		fprintf(stderr, "%s: %s\n", path, why.text);
		return false;
	}
	json_t *all = json_object_get(json, "series");
	bool good = json_array_size(all) > 0;
	json_array_foreach (all, i, series)
		good &= count_series(series, sum);
	sum->launches += (size_t)json_integer_value(json_object_get(json, "launches"));
	json_decref(json);
	return good;
}

bool gated_run(const char *program, const char *folder, const char *const words[],
	       struct gated *sum)
{
	char db[128], json[128], option[160];
	const char *argv[MAX_WORDS] = {program, "gate", "-q", "--db", db, option};
	size_t n = 6;
	snprintf(db, sizeof(db), "%s/gate.db", folder);
	snprintf(json, sizeof(json), "%s/gate.json", folder);
	snprintf(option, sizeof(option), "--json=%s", json);
	for (size_t i = 0; words[i] && n + 1 < MAX_WORDS; i++)
		argv[n++] = words[i];
	unlink(json);
	uint64_t began = assay_now_ns();
	int status = run_shown(argv);
	sum->seconds += (double)(assay_now_ns() - began) / 1e9;
	sum->gates++;
	if (status == 0 || status == 1) /* nothing worse, or a regression */
		return count(json, sum);
	fprintf(stderr, "assay gate ended with %d\n", status);
	if (access(json, R_OK) == 0)
		count(json, sum); /* says of which series there is no verdict */
	return false;
}

size_t gated_flagged(const struct gated *sum)
{
	return sum->decided[GATED_REGRESSED] + sum->decided[GATED_IMPROVED];
}

void gated_print(const struct gated *sum)
{
	for (size_t i = 0; i < GATED_DECISIONS; i++)
		printf("%s%zu %s", i ? ", " : "", sum->decided[i], names[i]);
}

size_t gated_number(const char *text, size_t otherwise, size_t most)
{
	char *end;
	if (!text)
		return otherwise;
	unsigned long n = strtoul(text, &end, 10);
	return end == text || *end || n > most ? SIZE_MAX : n;
}
