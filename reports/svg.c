/* SPDX-License-Identifier: MIT */
/* svg: gnuplot's document rewritten into an element that lives in a page with others of its kind. */
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

static bool starts(const char *at, const char *with)
{
	return strncmp(at, with, strlen(with)) == 0;
}

/* Skip an element from `at` through `closing`; `at` itself when it never closes. */
static const char *skip(const char *at, const char *closing)
{
	const char *end = strstr(at, closing);
	return end ? end + strlen(closing) : at + 1;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* The sentinels of gnuplot.c as variables of the page; what is no sentinel stays. */
static const char *colour(struct assay_str *to, const char *at)
{
	static const char *const names[] = {"--text", "--muted", "--grid"};
	const char *end = strchr(at, ')');
	char *cursor;
	long channel[3];
	const char *next = at + strlen("rgb(");
	for (int i = 0; i < 3; i++) {
		channel[i] = strtol(next, &cursor, 10);
		next = cursor + (*cursor == ',');
	}
	if (!end || channel[0] != 1 || channel[1] != 1 || next != end) {
		assay_str_put(to, at, 4);
		return at + 4;
	}
	if (channel[2] >= 0x10 && channel[2] < 0x10 + ASSAY_FIGURE_COLOURS)
		assay_str_add(to, "var(--s%ld)", channel[2] - 0x10 + 1);
	else if (channel[2] >= 0 && channel[2] < (long)ASSAY_COUNT_OF(names))
		assay_str_add(to, "var(%s)", names[channel[2]]);
	else
		assay_str_add(to, channel[2] == 0x10 + ASSAY_FIGURE_TINT ? "var(--tint)"
									 : "var(--floor)");
	return end + 1;
}

/* "<path ... d='M104.65,95.76  '/>" goes nowhere. NULL when `at` is no such path. */
static const char *pointless_path(const char *at)
{
	if (!starts(at, "<path"))
		return NULL;
	const char *end = strchr(at, '>');
	const char *data = strstr(at, " d='M");
	if (!end || !data || data > end)
		return NULL;
	data += strlen(" d='M");
	data += strspn(data, "0123456789.,- ");
	return starts(data, "'/>") ? data + 3 : NULL;
}

/* Behind a group that holds nothing that is seen; NULL when it does. */
static const char *empty_group(const char *at)
{
	if (!starts(at, "<g ") && !starts(at, "<g>"))
		return NULL;
	const char *inner = strchr(at, '>');
	inner = inner ? skip_blanks(inner + 1) : at;
	for (const char *next; (next = pointless_path(inner));)
		inner = skip_blanks(next);
	return starts(inner, "</g>") ? inner + 4 : NULL;
}

/* Elements that say nothing: titles made of file names, empty groups. NULL when `at` is none. */
static const char *dispensable(const char *at)
{
	if (starts(at, "<title"))
		return skip(at, "</title>");
	if (starts(at, "<desc"))
		return skip(at, "</desc>");
	if (starts(at, "<filter"))
		return skip(at, "</filter>");
	if (starts(at, "<defs"))
		return skip(at, "</defs>");
	if (starts(at, "<rect x=\"0\" y=\"0\"")) /* the background, which would inherit a line */
		return skip(at, "/>");
	const char *behind = pointless_path(at);
	return behind ? behind : empty_group(at);
}

/* What the root says already, or SVG by itself: gnuplot repeats it with every group. */
static const char *repeated(const char *at)
{
	static const char *const known[] = {
		"fill=\"none\"",         "stroke=\"currentColor\"", "stroke=\"black\"",
		"stroke-width=\"1.00\"", "stroke-linecap=\"butt\"", "stroke-linejoin=\"miter\"",
		"font-size=\"13.00\"",   "text-anchor=\"start\"",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++)
		if (starts(at, known[i]))
			return at + strlen(known[i]);
	return NULL;
}

/* Attributes that the page decides, or that must differ between figures. NULL when `at` is none. */
static const char *attribute(struct assay_str *to, const char *at, const char *prefix)
{
	static const char *const dropped[] = {"color=\"black\"", "font-family=\"sans\"",
					      "color=\"white\"", "xml:space=\"preserve\""};
	for (size_t i = 0; i < ASSAY_COUNT_OF(dropped); i++)
		if (starts(at, dropped[i]))
			return at + strlen(dropped[i]);
	if (starts(at, "'white'")) {
		assay_str_add(to, "'var(--page)'");
		return at + strlen("'white'");
	}
	/* Every plot has a name that nobody refers to. */
	const char *end = starts(at, "id=\"gnuplot_plot_") ? strchr(at + 4, '"') : NULL;
	if (end)
		return end + 1;
	if (starts(at, "id='") || starts(at, "id=\"")) {
		assay_str_put(to, at, 4);
		assay_str_add(to, "%s", prefix);
		return at + 4;
	}
	return starts(at, "rgb(") ? colour(to, at) : NULL;
}

/* The figure's text size, which its groups need not repeat then; "" when it has no text. */
static void find_font(const char *svg, char font[32])
{
	const char *at = strstr(svg, "font-size=\""), *end = at ? strchr(at + 11, '"') : NULL;
	assay_copy(font, 32, "");
	if (end && (size_t)(end + 1 - at) < 32)
		assay_copy(font, (size_t)(end + 2 - at), at);
}

static char last_of(const struct assay_str *to)
{
	return to->length ? to->text[to->length - 1] : '\0';
}

/* Blanks that nobody sees: between elements, and more than one between attributes. */
static const char *spare_blanks(const struct assay_str *to, const char *at, bool in_tag)
{
	const char *next = skip_blanks(at);
	if (next == at)
		return NULL;
	if (in_tag)
		return *next == '/' || *next == '>' || last_of(to) == ' ' ? next : NULL;
	return *next == '<' && last_of(to) == '>' ? next : NULL;
}

static void rewrite(struct assay_str *to, const char *at, const char *end, const char *prefix,
		    const char *font)
{
	bool in_tag = false, in_group = false;
	while (at < end) {
		const char *next = *at == '<' ? dispensable(at) : spare_blanks(to, at, in_tag);
		if (!next && in_tag)
			next = attribute(to, at, prefix);
		if (!next && in_group)
			next = *font && starts(at, font) ? at + strlen(font) : repeated(at);
		if (next) {
			at = next;
			continue;
		}
		/* gnuplot leaves `>` in texts, and XML refuses it after "]]". */
		bool text = !in_tag && *at == '>';
		in_tag = *at == '<' || (in_tag && *at != '>');
		in_group = in_tag && (in_group || starts(at, "<g "));
		bool blank = in_tag && strchr("\t\r\n", *at);
		assay_str_put(to, text ? "&gt;" : blank ? " " : at, text ? 4 : 1);
		at++;
	}
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

enum assay_code assay_svg_inline(struct assay_str *to, const char *svg, const char *prefix,
				 const char *css_class, const char *title, const char *summary,
				 struct assay_err *err)
{
	const char *open = strstr(svg, "<svg");
	const char *body = open ? strchr(open, '>') : NULL;
	if (!body || !assay_svg_complete(svg))
		return assay_fail(err, ASSAY_EPARSE, "the figure is not a whole SVG document");
	assay_str_add(to, "<svg class=\"%s\" role=\"img\" aria-labelledby=\"%st %sd\"", css_class,
		      prefix, prefix);
	if (!copy_view_box(to, open))
		return assay_fail(err, ASSAY_EPARSE, "the figure has no size");
	char font[32];
	find_font(body, font);
	assay_str_add(
		to,
		" fill=\"none\" stroke=\"currentColor\" %s xmlns=\"http://www.w3.org/2000/svg\" "
		"xmlns:xlink=\"http://www.w3.org/1999/xlink\"><title id=\"%st\">",
		font, prefix);
	assay_escape_html(to, title, 0);
	assay_str_add(to, "</title><desc id=\"%sd\">", prefix);
	assay_escape_html(to, summary, 0);
	assay_str_add(to, "</desc>\n");
	const char *end = body + 1;
	for (const char *at = end; (at = strstr(at, "</svg>")); at++)
		end = at;
	rewrite(to, body + 1, end, prefix, font);
	assay_str_add(to, "</svg>\n");
	return ASSAY_OK;
}

void assay_svg_markers(struct assay_str *to, const char *svg)
{
	const char *from = strstr(svg, "<defs>"), *end = from ? strstr(from, "</defs>") : NULL;
	if (!end)
		return;
	assay_str_add(to,
		      "<svg class=\"markers\" aria-hidden=\"true\" "
		      "xmlns=\"http://www.w3.org/2000/svg\" "
		      "xmlns:xlink=\"http://www.w3.org/1999/xlink\"><defs>");
	rewrite(to, from + strlen("<defs>"), end, "", "");
	assay_str_add(to, "</defs></svg>\n");
}
