/* SPDX-License-Identifier: MIT */
/* table_names: the names of cases are long and much alike; a narrow terminal shows once what rows share. */
#include <stdlib.h>
#include <string.h>

#include "cli/table_rows.h"
#include "harness/base/str.h"

enum { INDENT = 2 };

/* The parts of "suite/bench/size:64/threads:1" behind the benchmark; NULL when it is no such name. */
static const char *parameters(const char *name)
{
	const char *slash = strchr(name, '/');
	slash = slash ? strchr(slash + 1, '/') : NULL;
	return slash && slash[1] ? slash + 1 : NULL;
}

static bool same_benchmark(const char *a, const char *b)
{
	const char *rest_a = parameters(a), *rest_b = parameters(b);
	return rest_a && rest_b && rest_a - a == rest_b - b &&
	       memcmp(a, b, (size_t)(rest_a - a)) == 0;
}

/* "size:64" of a name: borrowed. */
struct part {
	const char *text;
	size_t length;
};

/* Rows of one benchmark, [from, to), the column with their names, and the parts that all of them have, sorted. */
struct group {
	const struct row *rows;
	size_t from, to, column;
	struct part *shared;
	size_t n_shared;
};

static const char *name_of(const struct group *g, size_t row)
{
	return g->rows[row].cells[g->column];
}

static int by_text(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->text, b->text, a->length);
}

static bool has_part(const struct part *parts, size_t n, const struct part *part)
{
	return n && bsearch(part, parts, n, sizeof(*parts), by_text) != NULL;
}

/* The parts of a row's name, sorted, which the caller frees; NULL when out of memory. */
static struct part *split(const struct group *g, size_t row, size_t *ret_n)
{
	const char *at = parameters(name_of(g, row));
	size_t most = 2, n = 0;
	for (const char *c = at; *c; c++)
		most += *c == '/';
	struct part *parts = calloc(most, sizeof(*parts));
	while (parts && *at) {
		size_t length = strcspn(at, "/");
		if (length)
			parts[n++] = (struct part){at, length};
		at += length + (at[length] == '/');
	}
	if (n)
		qsort(parts, n, sizeof(*parts), by_text);
	*ret_n = n;
	return parts;
}

/* What all rows have: the parts of the first, less those that another lacks. False when out of memory. */
static bool find_shared(struct group *g)
{
	g->shared = split(g, g->from, &g->n_shared);
	for (size_t r = g->from + 1; g->shared && g->n_shared && r < g->to; r++) {
		size_t n, kept = 0;
		struct part *parts = split(g, r, &n);
		for (size_t i = 0; parts && i < g->n_shared; i++)
			if (has_part(parts, n, &g->shared[i]))
				g->shared[kept++] = g->shared[i];
		g->n_shared = kept;
		free(parts);
		if (!parts)
			return false;
	}
	return g->shared != NULL;
}

/* Append those parts of the row's name that all rows of the group have, or those that differ. */
static void put_parts(const struct group *g, size_t row, bool want_shared, struct assay_str *ret)
{
	const char *at = parameters(name_of(g, row));
	bool first = !want_shared; /* what is shared stands behind the benchmark */
	while (*at) {
		const struct part part = {at, strcspn(at, "/")};
		if (part.length && has_part(g->shared, g->n_shared, &part) == want_shared) {
			assay_str_add(ret, "%s", first ? "" : " ");
			assay_str_put(ret, part.text, part.length);
			first = false;
		}
		at += part.length + (at[part.length] == '/');
	}
}

static void add_heading(struct cli_table *table, const struct group *g)
{
	const char *name = name_of(g, g->from);
	struct assay_str line = {0};
	assay_str_put(&line, name, (size_t)(parameters(name) - name) - 1);
	put_parts(g, g->from, true, &line);
	struct row *row = line.failed ? NULL : table_append(table);
	if (row)
		row->line = line.text;
	else
		assay_str_done(&line);
	table->failed |= !row;
}

/* The group's rows go over to `table`, with shorter names. All labels are made before any name goes. */
static void move_group(struct cli_table *table, struct row *rows, struct group *g)
{
	table->failed |= !find_shared(g);
	add_heading(table, g);
	char **labels = calloc(g->to - g->from, sizeof(*labels));
	table->failed |= !labels;
	for (size_t r = g->from; labels && r < g->to; r++) {
		struct assay_str label = {0};
		assay_str_add(&label, "%*s", INDENT, "");
		put_parts(g, r, false, &label);
		labels[r - g->from] = label.text;
		table->failed |= label.failed;
	}
	for (size_t r = g->from; r < g->to; r++) {
		struct row *row = table_append(table);
		if (!row || !labels || !labels[r - g->from])
			break; /* table->failed is set: nothing of it is shown */
		*row = rows[r];
		free(row->cells[g->column]);
		row->cells[g->column] = labels[r - g->from];
		labels[r - g->from] = NULL;
		rows[r] = (struct row){0};
	}
	free(labels);
	free(g->shared);
}

static size_t group_end(const struct row *rows, size_t n, size_t from, size_t c)
{
	size_t to = from;
	while (to < n && rows[to].cells && same_benchmark(rows[from].cells[c], rows[to].cells[c]))
		to++;
	return to;
}

void table_group_names(struct cli_table *table, size_t c)
{
	struct row *rows = table->rows;
	size_t n = table->n_rows;
	table->rows = NULL;
	table->n_rows = table->capacity = 0;
	for (size_t r = 0; r < n;) {
		struct group g = {.rows = rows, .from = r, .to = r, .column = c};
		if (rows[r].cells)
			g.to = group_end(rows, n, r, c);
		if (g.to > r) {
			move_group(table, rows, &g);
			r = g.to;
			continue;
		}
		struct row *row = table_append(table); /* a line, or a row without such a name */
		if (row) {
			*row = rows[r];
			rows[r] = (struct row){0};
		}
		r++;
	}
	table_rows_free(rows, n, table->n_columns);
}
