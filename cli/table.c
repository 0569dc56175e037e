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
#include "cli/table_rows.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"

enum {
	GAP = 2,        /* blanks between columns */
	NARROWEST = 12, /* a column of text is not cut below this */
	TERMINAL = 80,  /* when it does not say how wide it is */
	INDENT = 4,     /* of what a long line goes on with */
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

void table_rows_free(struct row *rows, size_t n_rows, size_t n_columns)
{
	for (size_t r = 0; r < n_rows; r++) {
		for (size_t c = 0; rows[r].cells && c < n_columns; c++)
			free(rows[r].cells[c]);
		free(rows[r].cells);
		free(rows[r].line);
	}
	free(rows);
}

void cli_table_free(struct cli_table *table)
{
	if (!table)
		return;
	table_rows_free(table->rows, table->n_rows, table->n_columns);
	for (size_t c = 0; table->columns && c < table->n_columns; c++)
		free(table->columns[c].title);
	free(table->columns);
	free(table);
}

struct cli_table *cli_table_new(const char *const *columns, size_t n)
{
	struct cli_table *table = calloc(1, sizeof(*table));
	if (!table)
		return NULL;
	table->n_columns = n;
	table->columns = calloc(n, sizeof(*table->columns));
	bool failed = !table->columns;
	for (size_t c = 0; !failed && c < n; c++) {
		struct column *column = &table->columns[c];
		const char *title = columns[c];
		column->expendable = *title == '?';
		title += column->expendable;
		column->right = *title == '>';
		column->names = *title == '/';
		column->title = clean_copy(title + (column->right || column->names));
		failed = !column->title;
	}
	if (!failed)
		return table;
	cli_table_free(table);
	return NULL;
}

struct row *table_append(struct cli_table *table)
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
	struct row *row = table_append(table);
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
	struct row *row = table_append(table);
	if (!row)
		return;
	row->line = clean_copy(text);
	table->failed |= !row->line;
}

unsigned cli_terminal_width(FILE *out)
{
	int fd = fileno(out);
	const char *behind_pager = getenv(PAGER_COLUMNS);
	uint64_t columns;
	if (out == stdout && behind_pager &&
	    assay_parse_u64(behind_pager, 1, 10000, &columns, NULL) == ASSAY_OK)
		return (unsigned)columns;
	if (fd < 0 || !isatty(fd))
		return 0;
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return TERMINAL;
}

/* The width of each column that is shown, and of them all. */
static size_t measure(const struct cli_table *table, size_t *widths)
{
	size_t total = 0;
	for (size_t c = 0; c < table->n_columns; c++) {
		widths[c] = display_width(table->columns[c].title);
		for (size_t r = 0; r < table->n_rows; r++) {
			if (!table->rows[r].cells)
				continue;
			size_t w = display_width(table->rows[r].cells[c]);
			widths[c] = w > widths[c] ? w : widths[c];
		}
		if (!table->columns[c].hidden)
			total += widths[c] + (total ? GAP : 0);
	}
	return total;
}

/* What a column of text is not cut below. */
static size_t least_width(const struct column *column, size_t width)
{
	size_t title = display_width(column->title), least = title > NARROWEST ? title : NARROWEST;
	return column->right || least > width ? width : least;
}

/* The widest column of text from `first` on that may still give, the last of equals; or n_columns. */
static size_t widest(const struct cli_table *table, const size_t *widths, size_t first)
{
	size_t best = table->n_columns;
	for (size_t c = first; c < table->n_columns; c++) {
		const struct column *column = &table->columns[c];
		if (column->hidden || widths[c] <= least_width(column, widths[c]))
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

/* Hide what can be done without, from the right, until the rest fits without cutting the first column. */
static size_t hide(struct cli_table *table, const size_t *widths, size_t total, size_t limit)
{
	size_t spare = 0; /* what cutting can give */
	for (size_t c = 1; c < table->n_columns; c++)
		spare += widths[c] - least_width(&table->columns[c], widths[c]);
	for (size_t c = table->n_columns; c-- > 1 && total - spare > limit;) {
		struct column *column = &table->columns[c];
		if (!column->expendable)
			continue;
		column->hidden = true;
		total -= widths[c] + GAP;
		spare -= widths[c] - least_width(column, widths[c]);
	}
	return total;
}

/* Make the table fit: names apart, then less columns, then less of each. */
static void fit(struct cli_table *table, size_t *widths, size_t limit)
{
	size_t total = measure(table, widths);
	for (size_t c = 0; c < table->n_columns && total > limit; c++)
		if (table->columns[c].names)
			table_group_names(table, c);
	if (table->failed)
		return;
	total = measure(table, widths);
	shrink(table, widths, hide(table, widths, total, limit), limit);
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

/* `pending`: blanks that stand before the next text; there are none at the end of a line. */
static void print_cell(const struct column *column, const char *text, bool last, size_t width,
		       size_t *pending, FILE *out)
{
	ASSAY_AUTO(assay_str_done) struct assay_str cut = {0};
	if (display_width(text) > width) {
		shorten(text, width, last, &cut);
		text = assay_str_text(&cut);
	}
	size_t shown = display_width(text), fill = shown < width ? width - shown : 0;
	*pending += column->right ? fill : 0;
	if (*text) {
		fprintf(out, "%*s%s", (int)*pending, "", text);
		*pending = 0;
	}
	*pending += (column->right ? 0 : fill) + GAP;
}

/* The titles when `row` is NULL. */
static void print_cells(const struct cli_table *table, const struct row *row, const size_t *widths,
			FILE *out)
{
	size_t pending = 0, last = table->n_columns;
	while (last > 1 && table->columns[last - 1].hidden)
		last--;
	for (size_t c = 0; c < last; c++) {
		const struct column *column = &table->columns[c];
		if (!column->hidden)
			print_cell(column, row ? row->cells[c] : column->title, c + 1 == last,
				   widths[c], &pending, out);
	}
	fputc('\n', out);
}

/* Where to break a line that is too wide: at a blank, behind a joint of a long word, or where it must be. */
static size_t break_of(const char *line, size_t room)
{
	size_t most = bytes_within(line, room), blank = most, joint = most;
	while (blank > most / 2 && line[blank] != ' ')
		blank--;
	while (joint > most / 2 && !strchr("/:=,&?_-", line[joint - 1]))
		joint--;
	return blank > most / 2 ? blank : joint > most / 2 ? joint : most;
}

/* A line across, broken where it is wider than the terminal. */
static void print_line(const char *line, size_t limit, FILE *out)
{
	size_t room = limit > 2 * INDENT ? limit : SIZE_MAX;
	while (display_width(line) > room) {
		size_t at = break_of(line, room);
		fprintf(out, "%.*s\n%*s", (int)at, line, INDENT, "");
		line += at + (line[at] == ' ');
		room = limit - INDENT;
	}
	fprintf(out, "%s\n", line);
}

void cli_print_line(const char *text, FILE *out)
{
	ASSAY_AUTO_FREE char *clean = clean_copy(text);
	unsigned columns = cli_terminal_width(out);
	if (clean)
		print_line(clean, columns ? columns : SIZE_MAX, out);
	else
		fputs("(out of memory: this line cannot be shown)\n", out);
}

void cli_table_print(struct cli_table *table, FILE *out)
{
	ASSAY_AUTO_FREE size_t *widths = table ? calloc(table->n_columns, sizeof(*widths)) : NULL;
	unsigned columns = cli_terminal_width(out);
	size_t limit = columns ? columns : SIZE_MAX; /* a file is never cut */
	if (widths && !table->failed)
		fit(table, widths, limit);
	if (!widths || table->failed) {
		fputs("(out of memory: this table cannot be shown)\n", out);
		cli_table_free(table);
		return;
	}
	print_cells(table, NULL, widths, out);
	for (size_t r = 0; r < table->n_rows; r++) {
		if (table->rows[r].line)
			print_line(table->rows[r].line, limit, out);
		else
			print_cells(table, &table->rows[r], widths, out);
	}
	cli_table_free(table);
}
