/* SPDX-License-Identifier: MIT */
/* table: columns that line up by what the terminal shows, not by bytes. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/cli.h"
#include "cli/pager.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"

enum {
	GAP = 2,        /* blanks between columns */
	NARROWEST = 12, /* a column of text is not cut below this */
	TERMINAL = 80,  /* when it does not say how wide it is */
};

/* A row of cells, or a line across when cells is NULL. */
struct row {
	char **cells;
	char *line;
};

struct cli_table {
	size_t n_columns;
	char **titles;
	bool *right;
	struct row *rows;
	size_t n_rows, capacity;
	bool failed; /* out of memory: said once, by cli_table_print */
};

static char *clean_copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);
	if (copy)
		assay_sanitise(copy, size, text);
	return copy;
}

/*
 * The code point at *s, which is valid UTF-8 because every cell was sanitised; advances past it.
 */
static uint32_t decode(const char **s)
{
	const unsigned char *u = (const unsigned char *)*s;
	int extra = u[0] < 0x80 ? 0 : u[0] < 0xe0 ? 1 : u[0] < 0xf0 ? 2 : 3;
	uint32_t point = extra ? u[0] & (0x3fu >> extra) : u[0];
	for (int i = 1; i <= extra; i++)
		point = point << 6 | (u[i] & 0x3f);
	*s += extra + 1;
	return point;
}

static size_t point_width(uint32_t point)
{
	int width = point < 0x80 ? 1 : wcwidth((wchar_t)point);
	return width < 0 ? 1 : (size_t)width;
}

static size_t display_width(const char *text)
{
	size_t width = 0;
	while (*text)
		width += point_width(decode(&text));
	return width;
}

/* How many bytes of `text` fill at most `width` columns. */
static size_t bytes_within(const char *text, size_t width)
{
	const char *cursor = text;
	while (*cursor) {
		const char *next = cursor;
		size_t w = point_width(decode(&next));
		if (w > width)
			break;
		width -= w;
		cursor = next;
	}
	return (size_t)(cursor - text);
}

static void rows_done(struct cli_table *table)
{
	for (size_t r = 0; r < table->n_rows; r++) {
		for (size_t c = 0; table->rows[r].cells && c < table->n_columns; c++)
			free(table->rows[r].cells[c]);
		free(table->rows[r].cells);
		free(table->rows[r].line);
	}
	free(table->rows);
}

void cli_table_free(struct cli_table *table)
{
	if (!table)
		return;
	rows_done(table);
	for (size_t c = 0; table->titles && c < table->n_columns; c++)
		free(table->titles[c]);
	free(table->titles);
	free(table->right);
	free(table);
}

struct cli_table *cli_table_new(const char *const *columns, size_t n)
{
	struct cli_table *table = calloc(1, sizeof(*table));
	if (!table)
		return NULL;
	table->n_columns = n;
	table->titles = calloc(n, sizeof(*table->titles));
	table->right = calloc(n, sizeof(*table->right));
	if (!table->titles || !table->right)
		goto fail;
	for (size_t c = 0; c < n; c++) {
		table->right[c] = columns[c][0] == '>';
		table->titles[c] = clean_copy(columns[c] + table->right[c]);
		if (!table->titles[c])
			goto fail;
	}
	return table;
fail:
	cli_table_free(table);
	return NULL;
}

static struct row *append(struct cli_table *table)
{
	if (!table)
		return NULL;
	if (table->n_rows == table->capacity) {
		size_t capacity = table->capacity ? 2 * table->capacity : 32;
		struct row *rows = reallocarray(table->rows, capacity, sizeof(*rows));
		if (!rows) {
			table->failed = true;
			return NULL;
		}
		table->rows = rows;
		table->capacity = capacity;
	}
	struct row *row = &table->rows[table->n_rows++];
	*row = (struct row){0};
	return row;
}

void cli_table_row(struct cli_table *table, const char *const *cells)
{
	struct row *row = append(table);
	if (!row)
		return;
	row->cells = calloc(table->n_columns, sizeof(*row->cells));
	for (size_t c = 0; row->cells && c < table->n_columns; c++) {
		row->cells[c] = clean_copy(cells[c] ? cells[c] : "-");
		table->failed |= !row->cells[c];
	}
	table->failed |= !row->cells;
}

void cli_table_line(struct cli_table *table, const char *text)
{
	struct row *row = append(table);
	if (!row)
		return;
	row->line = clean_copy(text);
	table->failed |= !row->line;
}

/* Columns of the terminal behind `out`; SIZE_MAX when it is none: a file is never cut. */
static size_t terminal_width(FILE *out)
{
	int fd = fileno(out);
	const char *behind_pager = getenv(PAGER_COLUMNS);
	uint64_t columns;
	if (out == stdout && behind_pager &&
	    assay_parse_u64(behind_pager, 1, 10000, &columns, NULL) == ASSAY_OK)
		return columns;
	if (fd < 0 || !isatty(fd))
		return SIZE_MAX;
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return TERMINAL;
}

static size_t measure(const struct cli_table *table, size_t *widths)
{
	size_t total = 0;
	for (size_t c = 0; c < table->n_columns; c++) {
		widths[c] = display_width(table->titles[c]);
		for (size_t r = 0; r < table->n_rows; r++) {
			if (!table->rows[r].cells)
				continue;
			size_t w = display_width(table->rows[r].cells[c]);
			widths[c] = w > widths[c] ? w : widths[c];
		}
		total += widths[c] + (c ? GAP : 0);
	}
	return total;
}

/* The widest column of text from `first` on that may still give, the last of equals; or n_columns. */
static size_t widest(const struct cli_table *table, const size_t *widths, size_t first)
{
	size_t best = table->n_columns;
	for (size_t c = first; c < table->n_columns; c++) {
		size_t least = display_width(table->titles[c]);
		least = least > NARROWEST ? least : NARROWEST;
		if (table->right[c] || widths[c] <= least)
			continue;
		if (best == table->n_columns || widths[c] >= widths[best])
			best = c;
	}
	return best;
}

/*
 * Take what is too much from the columns of text, the widest first and the very first one last,
 * because it holds the name. Numbers are never cut: a number without its tail is another number.
 */
static void shrink(const struct cli_table *table, size_t *widths, size_t total, size_t limit)
{
	for (; total > limit; total--) {
		size_t c = widest(table, widths, 1);
		if (c == table->n_columns)
			c = widest(table, widths, 0);
		if (c == table->n_columns)
			return;
		widths[c]--;
	}
}

/* Shorten `text` to `width` columns: at the end, or in the middle where both ends tell. */
static void shorten(const char *text, size_t width, bool at_end, struct assay_str *ret)
{
	size_t tail_width = at_end ? 0 : (width - 1) / 2;
	const char *tail = text;
	while (display_width(tail) > tail_width)
		decode(&tail);
	assay_str_put(ret, text, bytes_within(text, width - 1 - tail_width));
	assay_str_add(ret, "…%s", tail);
}

static void print_cell(const struct cli_table *table, const char *text, size_t c, size_t width,
		       FILE *out)
{
	bool last = c + 1 == table->n_columns;
	ASSAY_AUTO(assay_str_done) struct assay_str cut = {0};
	if (display_width(text) > width) {
		shorten(text, width, last, &cut);
		text = assay_str_text(&cut);
	}
	size_t shown = display_width(text);
	int pad = shown < width ? (int)(width - shown) : 0;
	if (table->right[c])
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
	if (!last)
		fprintf(out, "%*s", GAP, "");
}

static void print_cells(const struct cli_table *table, char *const *cells, const size_t *widths,
			FILE *out)
{
	for (size_t c = 0; c < table->n_columns; c++)
		print_cell(table, cells[c], c, widths[c], out);
	fputc('\n', out);
}

static void print_rows(const struct cli_table *table, const size_t *widths, FILE *out)
{
	for (size_t r = 0; r < table->n_rows; r++) {
		if (table->rows[r].line)
			fprintf(out, "%s\n", table->rows[r].line);
		else
			print_cells(table, table->rows[r].cells, widths, out);
	}
}

void cli_table_print(struct cli_table *table, FILE *out)
{
	ASSAY_AUTO_FREE size_t *widths = table ? calloc(table->n_columns, sizeof(*widths)) : NULL;
	if (!widths || table->failed) {
		fputs("(out of memory: this table cannot be shown)\n", out);
		cli_table_free(table);
		return;
	}
	size_t total = measure(table, widths);
	shrink(table, widths, total, terminal_width(out));
	print_cells(table, table->titles, widths, out);
	print_rows(table, widths, out);
	cli_table_free(table);
}
