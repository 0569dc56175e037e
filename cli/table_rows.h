/* SPDX-License-Identifier: MIT */
/* table_rows: what a table is made of, for the files that lay it out. */
#ifndef ASSAY_CLI_TABLE_ROWS_H
#define ASSAY_CLI_TABLE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* A row of cells, or a line across when cells is NULL. Texts are sanitised and owned. */
struct row {
	char **cells;
	char *line;
};

struct column {
	char *title;
	bool right;      /* aligned right, and never cut */
	bool names;      /* holds names of cases */
	bool expendable; /* left out where the terminal is too narrow */
	bool hidden;
};

struct cli_table {
	size_t n_columns;
	struct column *columns;
	struct row *rows;
	size_t n_rows, capacity;
	bool failed; /* out of memory: said once, by cli_table_print */
};

/* The row to fill next, empty; NULL when out of memory, which table->failed keeps. */
struct row *table_append(struct cli_table *table);

void table_rows_free(struct row *rows, size_t n_rows, size_t n_columns);

/*
 * Put neighbours of one benchmark under a line with what their names in column c share; the cells keep
 * what differs.
 */
void table_group_names(struct cli_table *table, size_t c);

#endif
