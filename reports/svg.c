/* SPDX-License-Identifier: MIT */
/*
 * svg: gnuplot's document as an element that lives in a page with others of its kind. Of the document only what is
 * drawn is read: texts, lines, polygons, markers. What looks alike and comes in a row is one element of the page.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/gnuplot.h"

bool assay_svg_complete(const char *svg)
{
	size_t n = strlen(svg);
	while (n && strchr(" \t\r\n", svg[n - 1]))
		n--;
	return n >= 6 && strncmp(svg + n - 6, "</svg>", 6) == 0 && strstr(svg, "<svg");
}

/*
 * Elements by what they look like, in the order of their first appearance: grid, ticks and their texts take turns in
 * gnuplot's document, and here each is one element.
 */
enum pen_kind { TEXTS, LINES, AREAS };
struct pen {
	enum pen_kind kind;
	char look[96]; /* attributes */
	struct assay_str drawn;
};
enum { PENS = 64 };
struct pens {
	struct pen all[PENS];
	size_t n;
};

/* The last pen stands in when there are too many: a figure has some 30 at most. */
static struct assay_str *take(struct pens *pens, enum pen_kind kind, const char *look)
{
	size_t i = 0;
	while (i < pens->n && (pens->all[i].kind != kind || strcmp(pens->all[i].look, look) != 0))
		i++;
	i -= i == PENS;
	if (i == pens->n) {
		pens->all[pens->n++].kind = kind;
		assay_copy(pens->all[i].look, sizeof(pens->all[i].look), look);
	}
	return &pens->all[i].drawn;
}

static void draw_all(struct assay_str *to, struct pens *pens)
{
	for (size_t i = 0; i < pens->n; i++) {
		struct pen *pen = &pens->all[i];
		bool texts = pen->kind == TEXTS;
		assay_str_add(to, texts ? "<g %s>" : "<path %s d=\"", pen->look);
		assay_str_put(to, assay_str_text(&pen->drawn), pen->drawn.length);
		assay_str_add(to, texts ? "</g>\n" : "\"/>\n");
		to->failed |= pen->drawn.failed;
		assay_str_done(&pen->drawn);
	}
}

/* One decimal at most, and a blank before it where the text would run on. */
static void number(struct assay_str *to, double value, bool apart)
{
	double tenths = round(value * 10);
	assay_str_add(to, apart && tenths >= 0 ? " " : "");
	if (fmod(tenths, 10) == 0)
		assay_str_add(to, "%.0f", tenths / 10 + 0.0);
	else
		assay_str_add(to, "%.1f", tenths / 10);
}

/* ---- gnuplot's elements ---- */

/* The value of an attribute in the tag [at, end), written as name="...", name='...' or name = '...'. */
static const char *attribute(const char *at, const char *end, const char *name, size_t *ret_length)
{
	size_t n = strlen(name);
	for (const char *found = at; (found = strstr(found, name)) && found < end; found += n) {
		const char *value = found + n + strspn(found + n, " =");
		if (!strchr(" \t\n", found[-1]) || value == found + n ||
		    (*value != '"' && *value != '\''))
			continue;
		const char *close = strchr(value + 1, *value);
		if (!close || close > end)
			return NULL;
		*ret_length = (size_t)(close - value - 1);
		return value + 1;
	}
	return NULL;
}

/* The sentinels of gnuplot.c as classes of the page; anything else is ordinary text. */
static void colour_class(const char *value, char text[8])
{
	static const char *const names[] = {"t", "m", "g"};
	unsigned red, green, blue;
	assay_copy(text, 8, "t");
	if (!value || sscanf(value, "rgb(%u,%u,%u)", &red, &green, &blue) != 3 || red != 1 ||
	    green != 1)
		return;
	unsigned series = blue - 0x10;
	if (blue < ASSAY_COUNT_OF(names))
		assay_copy(text, 8, names[blue]);
	else if (series < ASSAY_FIGURE_COLOURS)
		snprintf(text, 8, "c%u", series + 1);
	else
		assay_copy(text, 8, series == ASSAY_FIGURE_TINT ? "ct" : "cf");
}

/* Two numbers with a comma between; the text behind them, or NULL. */
static const char *pair(const char *at, double *ret_x, double *ret_y)
{
	char *end;
	*ret_x = strtod(at, &end);
	if (end == at || *end != ',')
		return NULL;
	at = end + 1;
	*ret_y = strtod(at, &end);
	return end == at ? NULL : end;
}

/* A group may place texts, and says how thick lines are. */
struct group {
	double x, y, width;
	char look[32];
};

static void read_group(struct group *group, const char *at, const char *end)
{
	size_t n;
	char colour[8];
	const char *place = attribute(at, end, "transform", &n);
	const char *width = attribute(at, end, "stroke-width", &n);
	if (width)
		group->width = strtod(width, NULL);
	if (!place || strncmp(place, "translate(", 10) != 0 ||
	    !pair(place + 10, &group->x, &group->y))
		return;
	const char *anchor = attribute(at, end, "text-anchor", &n);
	colour_class(attribute(at, end, "fill", &n), colour);
	snprintf(group->look, sizeof(group->look), "class=\"%s%s\"", colour,
		 !anchor                             ? ""
		 : strncmp(anchor, "end", 3) == 0    ? " e"
		 : strncmp(anchor, "middle", 6) == 0 ? " i"
						     : "");
}

/* gnuplot leaves `>` in texts, and XML refuses it after "]]". */
static void text(struct pens *pens, const struct group *group, const char *at)
{
	const char *end = strstr(at, "</text>");
	struct assay_str *to = take(pens, TEXTS, group->look);
	assay_str_add(to, "<text x=\"%.0f\" y=\"%.0f\">", group->x, group->y);
	for (; end && at < end; at++)
		assay_str_put(to, *at == '>' ? "&gt;" : at, *at == '>' ? 4 : 1);
	assay_str_add(to, "</text>");
}

static void line_look(const char *at, const char *end, const struct group *group, char look[96])
{
	size_t dashes_length = 0, opacity_length = 0, n;
	char colour[8];
	const char *dashes = attribute(at, end, "stroke-dasharray", &dashes_length);
	const char *opacity = attribute(at, end, "opacity", &opacity_length);
	colour_class(attribute(at, end, "stroke", &n), colour);
	n = (size_t)snprintf(look, 96, "class=\"%s\"", colour);
	if (group->width > 0 && group->width != 1)
		n += (size_t)snprintf(look + n, 96 - n, " stroke-width=\"%g\"", group->width);
	if (dashes && dashes_length < 20)
		n += (size_t)snprintf(look + n, 96 - n, " stroke-dasharray=\"%.*s\"",
				      (int)dashes_length, dashes);
	if (opacity && opacity_length < 8)
		snprintf(look + n, 96 - n, " opacity=\"%.*s\"", (int)opacity_length, opacity);
}

/* From (x, y) to the next point, in as few characters as it takes. */
static void line_to(struct assay_str *to, double from_x, double from_y, double x, double y)
{
	if (fabs(x - from_x) < 0.05) {
		assay_str_add(to, "V");
		number(to, y, false);
	} else if (fabs(y - from_y) < 0.05) {
		assay_str_add(to, "H");
		number(to, x, false);
	} else {
		assay_str_add(to, "L");
		number(to, x, false);
		number(to, y, true);
	}
}

static void move_to(struct assay_str *to, double x, double y)
{
	assay_str_add(to, "M");
	number(to, x, false);
	number(to, y, true);
}

/* "M1,2 L3,4 ...": what only moves is left out. */
static void line(struct pens *pens, const struct group *group, const char *at, const char *end)
{
	size_t n;
	char look[96];
	double x = 0, y = 0, next_x, next_y;
	bool moved = false;
	const char *data = attribute(at, end, "d", &n);
	line_look(at, end, group, look);
	for (const char *stop = data ? data + n : NULL; data && data < stop;) {
		data += strspn(data, " \t\r\n");
		char command = data < stop ? *data : '\0';
		data = command == 'M' || command == 'L' ? pair(data + 1, &next_x, &next_y) : NULL;
		if (!data)
			break;
		if (command == 'L') {
			struct assay_str *to = take(pens, LINES, look);
			if (moved)
				move_to(to, x, y);
			line_to(to, x, y, next_x, next_y);
		}
		moved = command == 'M';
		x = next_x;
		y = next_y;
	}
}

static void polygon(struct pens *pens, const char *at, const char *end)
{
	size_t n;
	char colour[8], look[96];
	double x = 0, y = 0, next_x, next_y;
	const char *points = attribute(at, end, "points", &n);
	colour_class(attribute(at, end, "fill", &n), colour);
	snprintf(look, sizeof(look), "class=\"f %s\"", colour);
	struct assay_str *to = take(pens, AREAS, look);
	for (bool first = true; points && (points = pair(points, &next_x, &next_y));
	     first = false) {
		if (first)
			move_to(to, next_x, next_y);
		else
			line_to(to, x, y, next_x, next_y);
		x = next_x;
		y = next_y;
		points += strspn(points, " ");
	}
	assay_str_add(to, "z");
}

void assay_svg_marker(struct assay_str *to, size_t marker, double x, double y)
{
	/* Where a shape begins beside its middle, and how it goes on; 8 pixels wide. */
	static const struct {
		double x, y;
		const char *path;
	} shapes[ASSAY_FIGURE_MARKERS] = {
		{0, -3.7, "a3.7 3.7 0 1 0 .1 0z"}, {-3.5, -3.5, "h7v7h-7z"},
		{0, -4.5, "l4.6 7.5h-9.2z"},       {0, -4.8, "l4.8 4.8-4.8 4.8-4.8-4.8z"},
		{0, 4.5, "l4.6-7.5h-9.2z"},        {0, -4.3, "l4.3 3.1-1.6 5.1h-5.4l-1.6-5.1z"},
	};
	marker %= ASSAY_FIGURE_MARKERS;
	move_to(to, x + shapes[marker].x, y + shapes[marker].y);
	assay_str_add(to, "%s", shapes[marker].path);
}

/* gnuplot's gpPt6 and so on, as gnuplot.c asks for them. */
static void marker(struct pens *pens, const char *at, const char *end)
{
	static const unsigned ids[ASSAY_FIGURE_MARKERS] = {6, 4, 8, 12, 10, 14};
	size_t n, which = 0;
	char colour[8], look[96];
	double x, y;
	const char *name = attribute(at, end, "xlink:href", &n);
	const char *place = attribute(at, end, "transform", &n);
	if (!name || strncmp(name, "#gpPt", 5) != 0 || !place ||
	    strncmp(place, "translate(", 10) != 0 || !pair(place + 10, &x, &y))
		return;
	unsigned id = (unsigned)strtoul(name + 5, NULL, 10);
	while (which + 1 < ASSAY_FIGURE_MARKERS && ids[which] != id)
		which++;
	colour_class(attribute(at, end, "color", &n), colour);
	snprintf(look, sizeof(look), "class=\"f %s\"", colour);
	assay_svg_marker(take(pens, AREAS, look), which, x, y);
}

static bool is_tag(const char *at, const char *name)
{
	size_t n = strlen(name);
	return strncmp(at + 1, name, n) == 0 && strchr(" \t\r\n>/", at[1 + n]);
}

static void translate(struct assay_str *to, const char *at)
{
	struct pens pens = {0};
	struct group group = {0};
	while ((at = strchr(at, '<'))) {
		const char *end = strchr(at, '>');
		if (!end)
			break;
		if (is_tag(at, "defs"))
			end = strstr(at, "</defs>");
		else if (is_tag(at, "g"))
			read_group(&group, at, end);
		else if (is_tag(at, "text"))
			text(&pens, &group, end + 1);
		else if (is_tag(at, "path"))
			line(&pens, &group, at, end);
		else if (is_tag(at, "polygon"))
			polygon(&pens, at, end);
		else if (is_tag(at, "use"))
			marker(&pens, at, end);
		at = end ? end : at + 1;
	}
	draw_all(to, &pens);
}

/* The four numbers of viewBox="...", as they stand. */
static bool copy_view_box(struct assay_str *to, const char *svg)
{
	static const char key[] = "viewBox=\"";
	const char *at = strstr(svg, key);
	if (!at)
		return false;
	size_t n = strspn(at + strlen(key), "0123456789. -");
	assay_str_add(to, " viewBox=\"%.*s\"", (int)n, at + strlen(key));
	return at[strlen(key) + n] == '"';
}

enum assay_code assay_svg_inline(struct assay_str *to, const char *svg, const char *css_class,
				 const char *title, const char *summary, struct assay_err *err)
{
	const char *open = strstr(svg, "<svg");
	const char *body = open ? strchr(open, '>') : NULL;
	if (!body || !assay_svg_complete(svg))
		return assay_fail(err, ASSAY_EPARSE, "the figure is not a whole SVG document");
	assay_str_add(to, "<svg class=\"%s\" role=\"img\"", css_class);
	if (!copy_view_box(to, open))
		return assay_fail(err, ASSAY_EPARSE, "the figure has no size");
	assay_str_add(to, " aria-label=\"");
	assay_escape_html(to, title, 0);
	assay_str_add(to, ": ");
	assay_escape_html(to, summary, 0);
	assay_str_add(to, "\">\n");
	translate(to, body + 1);
	assay_str_add(to, "</svg>\n");
	return ASSAY_OK;
}
