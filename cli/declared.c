/* SPDX-License-Identifier: MIT */
/* declared: one row per quantity, all its origins in it; those that agree share a figure. */
#include "cli/declared.h"

#include <math.h>
#include <string.h>

#include "cli/cli.h"
#include "harness/base/str.h"

enum { MOST = 24 };

const char *cli_declared_value(double value, const char *unit, char *text, size_t size)
{
	static const char *const binary[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	if (strcmp(unit, "Hz") == 0) {
		snprintf(text, size, "%.3f GHz", value / 1e9);
		return text;
	}
	size_t i = 0;
	for (; value >= 1024 && i + 1 < ASSAY_COUNT_OF(binary); i++)
		value /= 1024;
	snprintf(text, size, "%.*f %s", value == floor(value) ? 0 : 1, value, binary[i]);
	return text;
}

static bool same(const struct assay_declared *a, const struct assay_declared *b)
{
	return strcmp(a->what, b->what) == 0 && a->value == b->value;
}

/* "32 MiB (hwloc 2.9.0, libc)" for all entries that equal the first. */
static void add_value(const struct assay_declared *all, size_t n, size_t first,
		      struct assay_str *cell)
{
	char text[32];
	const struct assay_declared *one = &all[first];
	assay_str_add(cell, "%s%s (", cell->length ? ", " : "",
		      cli_declared_value(one->value, one->unit, text, sizeof(text)));
	const char *separator = "";
	for (size_t i = first; i < n; i++) {
		if (!same(one, &all[i]))
			continue;
		assay_str_add(cell, "%s%s", separator, all[i].origin);
		separator = ", ";
	}
	assay_str_add(cell, ")");
}

static bool seen(const struct assay_declared *all, size_t i, bool whole)
{
	for (size_t j = 0; j < i; j++)
		if (whole ? same(&all[j], &all[i]) : strcmp(all[j].what, all[i].what) == 0)
			return true;
	return false;
}

/* `measured` NULL: there is no such column. */
static void add_row(struct cli_table *table, const struct assay_declared *all, size_t n,
		    size_t first, const char *measured)
{
	struct assay_str cell = {0};
	for (size_t i = first; i < n; i++)
		if (strcmp(all[i].what, all[first].what) == 0 && !seen(all, i, true))
			add_value(all, n, i, &cell);
	cli_table_row(table, (const char *[]){all[first].what, assay_str_text(&cell), measured});
	assay_str_done(&cell);
}

void cli_declared_print(const struct assay_topology *topology, double core_clock_hz, FILE *out)
{
	static const char *const columns[] = {"what", "declared (by whom)", ">measured"};
	struct assay_declared all[MOST];
	size_t n = assay_topology_declared(topology, all, MOST);
	bool measure = core_clock_hz > 0, clock_declared = false;
	char hz[32];
	cli_declared_value(core_clock_hz, "Hz", hz, sizeof(hz));
	struct cli_table *table = cli_table_new(columns, measure ? 3 : 2);
	for (size_t i = 0; i < n; i++) {
		bool clock = strcmp(all[i].what, "core clock") == 0;
		clock_declared |= clock;
		if (!seen(all, i, false))
			add_row(table, all, n, i, !measure ? NULL : clock ? hz : "-");
	}
	if (measure && !clock_declared)
		cli_table_row(table, (const char *[]){"core clock", "nobody says", hz});
	cli_table_print(table, out);
}
