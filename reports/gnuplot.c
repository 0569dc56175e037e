/* SPDX-License-Identifier: MIT */
/*
 * gnuplot: a figure as commands. Colours are sentinels (#0101NN) that svg.c turns into variables of
 * the page; datablocks hold numbers only; text from outside stands in single quotes, not enhanced.
 */
#include "reports/gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/parse.h"
#include "reports/escape.h"

/* Sentinels, as svg.c knows them. */
#define TEXT   "#010100"
#define MUTED  "#010101"
#define GRID   "#010102"
#define SERIES 0x10

/* What differs between the wide and the narrow drawing. Pixels, and characters. */
struct layout {
	unsigned width, height, font, pitch;
	unsigned x_ticks, value_ticks, row_ticks, label;
	double room; /* right of the longest bar, for its value, as a share of it */
	double bar;
};
static const struct layout layouts[ASSAY_WIDTHS] = {
	[ASSAY_WIDE] = {960, 380, 13, 24, 12, 8, 8, 48, 0.12, 0.32},
	[ASSAY_NARROW] = {380, 300, 12, 24, 5, 4, 3, 16, 0.42, 0.32},
};

static void number(struct assay_str *to, double value)
{
	assay_str_add(to, " %.17g", value);
}

/* A value as short as it can be said: "10 ns", "1.5 us". */
static void short_value(double value, const char *unit, char *text, size_t size)
{
	assay_format_value(value, unit, text, size);
	char *per = strstr(text, "/op");
	if (per && !per[3])
		*per = '\0';
	char *blank = strchr(text, ' ');
	size_t end = blank ? (size_t)(blank - text) : strlen(text), keep = end;
	if (memchr(text, '.', end)) {
		while (text[keep - 1] == '0')
			keep--;
		keep -= text[keep - 1] == '.';
	}
	memmove(text + keep, text + end, strlen(text + end) + 1);
}

/* What stands at a tick is a format for its number, so that a per cent sign must be two. */
static void tick_text(struct assay_str *to, const char *text, size_t limit)
{
	ASSAY_AUTO(assay_str_done) struct assay_str quoted = {0};
	assay_escape_gnuplot(&quoted, text, limit);
	for (const char *at = assay_str_text(&quoted); *at; at++)
		assay_str_put(to, *at == '%' ? "%%" : at, *at == '%' ? 2 : 1);
	to->failed |= quoted.failed;
}

static void tick(struct assay_str *to, double at, const char *text, bool first)
{
	assay_str_add(to, first ? "" : ", ");
	tick_text(to, text, 24);
	number(to, at);
}

static void value_tick(struct assay_str *to, double at, const char *unit, size_t *n)
{
	char text[64];
	if (at == 0)
		assay_copy(text, sizeof(text), "0");
	else
		short_value(at, unit, text, sizeof(text));
	tick(to, at, text, (*n)++ == 0);
}

/* The least of 1, 2, 5 times a power of ten that reaches `top` in at most `most` steps. */
static double nice_step(double top, unsigned most)
{
	double raw = top / most;
	double power = pow(10, floor(log10(raw)));
	double factor = raw / power;
	return (factor > 5 ? 10 : factor > 2 ? 5 : factor > 1 ? 2 : 1) * power;
}

/* Ticks of an axis of values from lo to hi: `axis` is "xtics" or "ytics". */
static void value_ticks(struct assay_str *to, const char *axis, double lo, double hi, bool log,
			unsigned most, const char *unit)
{
	size_t n = 0;
	assay_str_add(to, "set %s scale 0 nomirror textcolor rgb '" MUTED "' (", axis);
	if (log) {
		double decades = log10(hi / lo);
		int stride = decades > most ? (int)ceil(decades / most) : 1;
		for (int e = (int)floor(log10(lo)); e <= (int)ceil(log10(hi)); e += stride)
			for (int m = 1; m <= 5; m += m == 1 ? 1 : 3)
				if ((m == 1 || decades < 2) && m * pow(10, e) >= lo &&
				    m * pow(10, e) <= hi)
					value_tick(to, m * pow(10, e), unit, &n);
	} else {
		double step = nice_step(hi, most);
		for (unsigned i = 0; i * step <= hi * 1.0000001; i++)
			value_tick(to, i * step, unit, &n);
	}
	if (n == 0)
		value_tick(to, hi, unit, &n);
	assay_str_add(to, ")\n");
}

static void begin(struct assay_str *to, const struct layout *layout, unsigned height,
		  const char *output)
{
	assay_str_add(to,
		      "reset\n"
		      "set terminal svg size %u,%u dynamic noenhanced font 'sans,%u'\n"
		      "set output '%s'\n"
		      "set encoding utf8\n"
		      "unset key\n"
		      "set border 1 linewidth 1 linecolor rgb '" MUTED
		      "'\n"
		      "set tmargin 0.6\n"
		      "set rmargin 1.5\n",
		      layout->width, height, layout->font, output);
}

static void grid(struct assay_str *to, const char *axis)
{
	assay_str_add(to, "set grid %s back linetype 1 linewidth 1 linecolor rgb '" GRID "'\n",
		      axis);
}

static void range(struct assay_str *to, const char *axis, double lo, double hi)
{
	assay_str_add(to, "set %s [", axis);
	number(to, lo);
	assay_str_add(to, " :");
	number(to, hi);
	assay_str_add(to, " ]\n");
}

/* ---- lines ---- */

struct box {
	double x_lo, x_hi, y_lo, y_hi;
};

static struct box bounding_box(const struct assay_figure *figure)
{
	struct box box = {INFINITY, -INFINITY, INFINITY, -INFINITY};
	for (size_t s = 0; s < figure->n_series; s++) {
		for (size_t i = 0; i < figure->series[s].n; i++) {
			const struct assay_figure_point *p = &figure->series[s].points[i];
			box.x_lo = fmin(box.x_lo, p->x);
			box.x_hi = fmax(box.x_hi, p->x);
			box.y_lo = fmin(box.y_lo, p->lo);
			box.y_hi = fmax(box.y_hi, p->hi);
		}
	}
	if (figure->ideal)
		box.y_hi = fmax(box.y_hi, box.x_hi);
	if (!(box.y_hi > 0))
		box.y_hi = 1;
	return box;
}

/* Where x lies in the box, 0 to 1. */
static double place(const struct assay_figure *figure, const struct box *box, double x)
{
	if (figure->log_x)
		return log(x / box->x_lo) / log(box->x_hi / box->x_lo);
	return (x - box->x_lo) / (box->x_hi - box->x_lo);
}

/* The smallest measured x beyond `after`, or NULL. */
static const struct assay_figure_point *next_x(const struct assay_figure *figure, double after)
{
	const struct assay_figure_point *best = NULL;
	for (size_t s = 0; s < figure->n_series; s++) {
		for (size_t i = 0; i < figure->series[s].n; i++) {
			const struct assay_figure_point *p = &figure->series[s].points[i];
			if (p->x > after && (!best || p->x < best->x))
				best = p;
		}
	}
	return best;
}

static void round_tick(struct assay_str *to, const struct assay_figure *figure, double at,
		       size_t *n)
{
	char text[64];
	if (*figure->x_unit)
		short_value(at, figure->x_unit, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%.*g", at < 1 ? 3 : 6, at);
	tick(to, at, text, (*n)++ == 0);
}

/* Where x is measured itself: at round numbers, or powers of four. */
static void round_ticks(struct assay_str *to, const struct assay_figure *figure,
			const struct box *box, unsigned most)
{
	size_t n = 0;
	double span = box->x_hi - box->x_lo;
	assay_str_add(to, "set xtics scale 0.6 out nomirror textcolor rgb '" MUTED "' (");
	if (figure->log_x) {
		double octaves = log2(box->x_hi / box->x_lo);
		int stride = 2 * (1 + (int)(octaves / 2 / most));
		for (int e = (int)ceil(log2(box->x_lo) / 2) * 2; e <= log2(box->x_hi); e += stride)
			round_tick(to, figure, ldexp(1, e), &n);
	} else if (span > 0) {
		double step = nice_step(span, most), first = ceil(box->x_lo / step);
		/* Counted, since far from zero the next one may be the same number. */
		for (unsigned i = 0; i <= most && (first + i) * step <= box->x_hi; i++)
			round_tick(to, figure, (first + i) * step, &n);
	}
	if (n == 0)
		round_tick(to, figure, box->x_hi, &n);
	assay_str_add(to, ")\n");
}

/* Ticks at measured values, as they are written: every so many of them, where there is room. */
static void x_ticks(struct assay_str *to, const struct assay_figure *figure, const struct box *box,
		    unsigned most)
{
	size_t n = 0, i = 0;
	double last = -1;
	for (const struct assay_figure_point *p = next_x(figure, -INFINITY); p;
	     p = next_x(figure, p->x))
		n++;
	size_t stride = (n + most - 1) / most;
	assay_str_add(to, "set xtics scale 0.6 out nomirror textcolor rgb '" MUTED "' (");
	for (const struct assay_figure_point *p = next_x(figure, -INFINITY); p;
	     p = next_x(figure, p->x)) {
		double at = place(figure, box, p->x);
		if (i++ % stride || (last >= 0 && at - last < 0.6 / most))
			continue;
		tick(to, p->x, p->x_text, last < 0);
		last = at;
	}
	assay_str_add(to, ")\n");
}

static void marks(struct assay_str *to, const struct assay_figure *figure)
{
	for (size_t i = 0; i < figure->n_marks; i++) {
		const struct assay_figure_mark *mark = &figure->marks[i];
		assay_str_add(to, "set arrow from");
		number(to, mark->x);
		assay_str_add(to, ", graph 0 to");
		number(to, mark->x);
		assay_str_add(to,
			      ", graph 1 nohead back linewidth 1 dashtype (4,4) linecolor rgb "
			      "'" MUTED "'\nset label ");
		assay_escape_gnuplot(to, mark->label, 16);
		assay_str_add(to, " at");
		number(to, mark->x);
		assay_str_add(to, ", graph 0.96 right offset -0.5,0 textcolor rgb '" MUTED "'\n");
	}
}

static void curve_data(struct assay_str *to, const struct assay_figure_series *series, size_t s)
{
	double from = series->curve_from;
	double step = (series->curve_to - from) / (ASSAY_FIGURE_CURVE - 1);
	assay_str_add(to, "$F%zu << EOD\n", s);
	for (size_t i = 0; i < ASSAY_FIGURE_CURVE; i++) {
		number(to, from + (double)i * step);
		number(to, series->curve[i]);
		assay_str_add(to, "\n");
	}
	assay_str_add(to, "EOD\n");
}

static void series_data(struct assay_str *to, const struct assay_figure *figure)
{
	for (size_t s = 0; s < figure->n_series; s++) {
		assay_str_add(to, "$D%zu << EOD\n", s);
		for (size_t i = 0; i < figure->series[s].n; i++) {
			const struct assay_figure_point *p = &figure->series[s].points[i];
			number(to, p->x);
			number(to, p->y);
			number(to, p->lo);
			number(to, p->hi - p->lo);
			assay_str_add(to, "\n");
		}
		assay_str_add(to, "EOD\n");
		if (figure->series[s].fitted)
			curve_data(to, &figure->series[s], s);
	}
}

static void plot_lines(struct assay_str *to, const struct assay_figure *figure)
{
	/* gnuplot's filled circle, square, triangle, diamond, inverted triangle, pentagon. */
	static const unsigned points[ASSAY_FIGURE_MARKERS] = {7, 5, 9, 13, 11, 15};
	assay_str_add(to, "plot ");
	if (figure->ideal)
		assay_str_add(to,
			      "$I using 1:2 with lines linewidth 1.5 dashtype (6,4) linecolor "
			      "rgb '" MUTED "', ");
	for (size_t s = 0; s < figure->n_series; s++) {
		unsigned colour = SERIES + (unsigned)figure->series[s].colour;
		assay_str_add(to,
			      "%s$D%zu using 1:3:(0):4 with vectors nohead linewidth 3.5 linecolor "
			      "rgb '#A00101%02x', "
			      "$D%zu using 1:2 with %s linewidth 2 pointtype %u "
			      "pointsize 0.75 linecolor rgb '#0101%02x'",
			      s ? ", " : "", s, colour, s,
			      figure->series[s].fitted ? "points" : "linespoints",
			      points[s % ASSAY_FIGURE_MARKERS], colour);
		if (figure->series[s].fitted)
			assay_str_add(to,
				      ", $F%zu using 1:2 with lines linewidth 1.5 linecolor rgb "
				      "'#0101%02x'",
				      s, colour);
	}
	assay_str_add(to, "\n");
}

static void draw_lines(struct assay_str *to, const struct assay_figure *figure,
		       const struct layout *layout, const char *output)
{
	struct box box = bounding_box(figure);
	const char *unit = figure->metric.unit;
	double pad = (box.x_hi - box.x_lo) * 0.03;
	double y_lo = figure->log_y ? box.y_lo / 1.3 : 0;
	double y_hi = figure->log_y ? box.y_hi * 1.5 : box.y_hi * 1.1;
	begin(to, layout, layout->height, output);
	grid(to, "noxtics ytics");
	if (figure->log_x)
		assay_str_add(to, "set logscale x\n");
	if (figure->log_y)
		assay_str_add(to, "set logscale y\n");
	range(to, "xrange", figure->log_x ? box.x_lo / 1.25 : box.x_lo - pad,
	      figure->log_x ? box.x_hi * 1.25 : box.x_hi + pad);
	range(to, "yrange", y_lo, y_hi);
	value_ticks(to, "ytics", y_lo, y_hi, figure->log_y, 6, unit);
	if (figure->x_round)
		round_ticks(to, figure, &box, layout->value_ticks);
	else
		x_ticks(to, figure, &box, layout->x_ticks);
	assay_str_add(to, "set xlabel ");
	assay_escape_gnuplot(to, assay_str_text(&figure->x_label), 32);
	assay_str_add(to, " textcolor rgb '" MUTED "'\n");
	marks(to, figure);
	series_data(to, figure);
	if (figure->ideal)
		assay_str_add(to, "$I << EOD\n%.17g %.17g\n%.17g %.17g\nEOD\n", box.x_lo, box.x_lo,
			      box.x_hi, box.x_hi);
	plot_lines(to, figure);
}

/* ---- bars and dots ---- */

static double row_y(size_t row)
{
	return -(double)row - 0.5;
}

static double largest_bound(const struct assay_figure *figure)
{
	double hi = 0;
	for (size_t r = 0; r < figure->n_rows; r++)
		if (!figure->rows[r].heading)
			hi = fmax(hi, figure->rows[r].hi);
	return hi > 0 ? hi : 1;
}

static double smallest_bound(const struct assay_figure *figure)
{
	double lo = INFINITY;
	for (size_t r = 0; r < figure->n_rows; r++)
		if (!figure->rows[r].heading)
			lo = fmin(lo, figure->rows[r].lo);
	return lo;
}

static void row_labels(struct assay_str *to, const struct assay_figure *figure,
		       const struct layout *layout)
{
	size_t n = 0;
	assay_str_add(to, "set ytics scale 0 nomirror textcolor rgb '" TEXT "' (");
	for (size_t r = 0; r < figure->n_rows; r++) {
		if (figure->rows[r].heading)
			continue;
		ASSAY_AUTO(assay_str_done) struct assay_str label = {0};
		assay_escape_middle(&label, assay_str_text(&figure->rows[r].label), layout->label);
		assay_str_add(to, n++ ? ", " : "");
		tick_text(to, assay_str_text(&label), 0);
		number(to, row_y(r));
	}
	assay_str_add(to, ")\n");
}

static void row_texts(struct assay_str *to, const struct assay_figure *figure,
		      const struct layout *layout)
{
	for (size_t r = 0; r < figure->n_rows; r++) {
		const struct assay_figure_row *row = &figure->rows[r];
		ASSAY_AUTO(assay_str_done) struct assay_str heading = {0};
		if (row->heading)
			assay_escape_middle(&heading, assay_str_text(&row->label),
					    layout->label * 2);
		assay_str_add(to, "set label ");
		assay_escape_gnuplot(to, row->heading ? assay_str_text(&heading) : row->text, 0);
		assay_str_add(to, " at ");
		if (row->heading)
			assay_str_add(to, "graph 0");
		else
			number(to, row->hi);
		assay_str_add(to, ", first");
		number(to, row_y(r) - (row->heading ? 0.15 : 0));
		assay_str_add(to, " left offset 0.6,0 textcolor rgb '" MUTED "'\n");
	}
}

/* One datablock per row: colours differ, and so few rows need no cleverness. */
static void row_data(struct assay_str *to, const struct assay_figure *figure,
		     const struct layout *layout)
{
	for (size_t r = 0; r < figure->n_rows; r++) {
		const struct assay_figure_row *row = &figure->rows[r];
		if (row->heading)
			continue;
		assay_str_add(to, "$D%zu << EOD\n", r);
		number(to, row->value);
		number(to, row_y(r));
		number(to, row_y(r) - layout->bar);
		number(to, row_y(r) + layout->bar);
		number(to, row->lo);
		number(to, row->hi - row->lo);
		assay_str_add(to, "\nEOD\n");
	}
}

static bool has_interval(const struct assay_figure_row *row)
{
	return !row->heading && row->hi > row->lo;
}

/* Bars or intervals or dots: of each row one, where it has any. */
enum layer { BARS, INTERVALS, DOTS };

static void plot_layer(struct assay_str *to, const struct assay_figure *figure, enum layer layer,
		       const char **separator)
{
	for (size_t r = 0; r < figure->n_rows; r++) {
		const struct assay_figure_row *row = &figure->rows[r];
		unsigned colour = SERIES + (unsigned)row->colour;
		if (row->heading || (layer == INTERVALS && !has_interval(row)))
			continue;
		assay_str_add(to, "%s$D%zu using ", *separator, r);
		*separator = ", ";
		if (layer == BARS)
			assay_str_add(to,
				      "1:2:(0):1:3:4 with boxxyerror fillstyle solid 1.0 noborder "
				      "fillcolor rgb '#0101%02x'",
				      colour);
		else if (layer == INTERVALS)
			assay_str_add(to,
				      "5:2:6:(0) with vectors nohead linewidth 1.5 linecolor "
				      "rgb '" TEXT "'");
		else
			assay_str_add(to,
				      "1:2 with points pointtype 7 pointsize 1 linecolor rgb "
				      "'#0101%02x'",
				      colour);
	}
}

/* Intervals lie above bars and below dots. Layer by layer, since svg.c makes one element of what looks alike. */
static void plot_rows(struct assay_str *to, const struct assay_figure *figure)
{
	const char *separator = "plot ";
	bool bars = figure->kind == ASSAY_FIGURE_BARS;
	plot_layer(to, figure, bars ? BARS : INTERVALS, &separator);
	plot_layer(to, figure, bars ? INTERVALS : DOTS, &separator);
	assay_str_add(to, "\n");
}

static void draw_rows(struct assay_str *to, const struct assay_figure *figure,
		      const struct layout *layout, const char *output)
{
	double hi = largest_bound(figure), lo = figure->log_x ? smallest_bound(figure) : 0;
	double left = figure->log_x ? lo / 1.4 : 0;
	double right =
		figure->log_x ? hi * pow(hi / lo * 1.4, layout->room) : hi * (1 + layout->room);
	begin(to, layout, (unsigned)figure->n_rows * layout->pitch + 3 * layout->font + 12, output);
	grid(to, "xtics noytics");
	if (figure->log_x)
		assay_str_add(to, "set logscale x\n");
	range(to, "xrange", left, right);
	range(to, "yrange", -(double)figure->n_rows, 0);
	value_ticks(to, "xtics", figure->log_x ? left : 0, hi, figure->log_x, layout->row_ticks,
		    figure->metric.unit);
	row_labels(to, figure, layout);
	row_texts(to, figure, layout);
	row_data(to, figure, layout);
	plot_rows(to, figure);
}

void assay_gnuplot_script(struct assay_str *to, const struct assay_figure *figure, int width,
			  const char *output)
{
	if (figure->kind == ASSAY_FIGURE_LINES)
		draw_lines(to, figure, &layouts[width], output);
	else
		draw_rows(to, figure, &layouts[width], output);
	assay_str_add(to, "set output\n");
}
