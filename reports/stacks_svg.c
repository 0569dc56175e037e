/* SPDX-License-Identifier: MIT */
/*
 * stacks_svg: flame graphs [Gregg, "The Flame Graph", CACM 2016], and differential ones: layout by
 * shares, colour by module or by change.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "reports/escape.h"
#include "reports/stacks.h"
#include "reports/stacks_script.h"

enum {
	WIDTH = 1200,
	MARGIN = 12,
	ROW = 18,
	HEAD = 70,
	FOOT = 64,
	LEGEND = 8,   /* modules named in the legend */
	SWATCH = 130, /* px for each */
	KERNEL_HUE = 205,
};
#define CHARACTER 7.25 /* px, of the widest usual monospace font at 12 px */
#define NARROWEST 0.4  /* px; what is narrower is left out with all on top of it */

/* What the drawing needs of the tree. */
struct graph {
	const struct assay_stacks *stacks, *before;
	uint64_t *total, *total_before; /* per node of each tree */
	uint32_t *first, *next;         /* children of each node, by name; 0: none */
	uint32_t *first_before, *next_before;
	uint32_t *twin;   /* node of `before` with the same path; 0: none but the root's */
	double *x;        /* px from the left */
	unsigned *depth;  /* root 0 */
	unsigned deepest; /* of what is drawn */
	const char *modules[LEGEND]; /* heaviest first */
	size_t n_modules;
	size_t head,
		tail; /* what the names of the processes have in common, up to and from a '/' */
	struct assay_str text;
};

static const char *name_of(const struct assay_stacks *stacks, size_t node)
{
	return stacks->frames[stacks->nodes[node].frame].function;
}

static void link_children(const struct assay_stacks *s, uint32_t *first, uint32_t *next)
{
	for (size_t i = 1; i < s->n_nodes; i++) {
		uint32_t *at = &first[s->nodes[i].parent];
		while (*at && strcmp(name_of(s, *at), name_of(s, i)) < 0)
			at = &next[*at];
		next[i] = *at;
		*at = (uint32_t)i;
	}
}

static bool same(const struct assay_stack_frame *a, const struct assay_stack_frame *b)
{
	return strcmp(a->function, b->function) == 0 && strcmp(a->module, b->module) == 0;
}

/* Parents come first, so that a node's twin is among the children of its parent's, and the first of those alike. */
static void find_twins(struct graph *g)
{
	const struct assay_stacks *s = g->stacks, *b = g->before;
	for (size_t i = 1; b && i < s->n_nodes; i++) {
		uint32_t parent = s->nodes[i].parent;
		if (parent && !g->twin[parent])
			continue;
		for (uint32_t k = g->first_before[g->twin[parent]]; k; k = g->next_before[k])
			if (same(&b->frames[b->nodes[k].frame], &s->frames[s->nodes[i].frame]) &&
			    (!g->twin[i] || k < g->twin[i]))
				g->twin[i] = k;
	}
}

static double width_of(const struct graph *g, size_t node)
{
	double all = (double)g->total[0];
	return all > 0 ? (double)g->total[node] / all * (WIDTH - 2 * MARGIN) : 0;
}

static void place(struct graph *g)
{
	const struct assay_stacks *s = g->stacks;
	g->x[0] = MARGIN;
	for (size_t i = 0; i < s->n_nodes; i++) {
		double x = g->x[i];
		for (uint32_t c = g->first[i]; c; c = g->next[c]) {
			g->x[c] = x;
			g->depth[c] = g->depth[i] + 1;
			x += width_of(g, c);
			if (width_of(g, c) >= NARROWEST && g->depth[c] > g->deepest)
				g->deepest = g->depth[c];
		}
	}
}

/* A module and what it weighs by itself. */
struct weight {
	const char *module;
	uint64_t self;
};

/* The distinct modules in order of appearance; frame f is of number of[f]. Returns how many. */
static size_t list_modules(const struct assay_stacks *s, struct weight *weights, size_t *of)
{
	size_t n = 0;
	for (size_t f = 0; f < s->n_frames; f++) {
		const char *module = s->frames[f].module;
		for (of[f] = 0; of[f] < n && strcmp(weights[of[f]].module, module) != 0;)
			of[f]++;
		if (of[f] == n)
			weights[n++] = (struct weight){module, 0};
	}
	for (size_t i = 1; i < s->n_nodes; i++)
		weights[of[s->nodes[i].frame]].self += s->nodes[i].self;
	return n;
}

/* The modules with the most weight of their own get a colour each. False when out of memory. */
static bool choose_modules(struct graph *g)
{
	const struct assay_stacks *s = g->stacks;
	ASSAY_AUTO_FREE struct weight *weights = calloc(s->n_frames + 1, sizeof(*weights));
	ASSAY_AUTO_FREE size_t *of = calloc(s->n_frames + 1, sizeof(*of));
	size_t n = weights && of ? list_modules(s, weights, of) : 0;
	while (g->n_modules < LEGEND) {
		struct weight *best = NULL;
		for (size_t m = 0; m < n; m++)
			if (weights[m].module[0] && strcmp(weights[m].module, "[process]") != 0 &&
			    weights[m].self > (best ? best->self : 0))
				best = &weights[m];
		if (!best)
			break;
		g->modules[g->n_modules++] = best->module;
		best->self = 0;
	}
	return weights && of;
}

/* Hues that the common kinds of colour blindness keep apart, at a lightness black text is read on. */
static void module_colour(const struct graph *g, const struct assay_stack_frame *frame,
			  char text[32])
{
	static const unsigned hues[LEGEND] = {28, 52, 160, 330, 100, 262, 185, 10};
	unsigned hash = 2166136261u;
	for (const char *c = frame->function; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	for (size_t k = 0; k < g->n_modules; k++)
		if (strcmp(frame->module, g->modules[k]) == 0) {
			bool kernel = strcmp(frame->module, "[kernel]") == 0;
			snprintf(text, 32, "hsl(%u,%u%%,%u%%)", kernel ? KERNEL_HUE : hues[k],
				 62 + hash % 20, 66 + hash / 20 % 13);
			return;
		}
	snprintf(text, 32, "hsl(0,0%%,%u%%)", 78 + hash % 10);
}

static bool is_listed(const struct graph *g, const char *module)
{
	for (size_t k = 0; k < g->n_modules; k++)
		if (strcmp(module, g->modules[k]) == 0)
			return true;
	return !module[0] || strcmp(module, "[process]") == 0;
}

static double share(uint64_t part, uint64_t all)
{
	return all ? 100.0 * (double)part / (double)all : 0;
}

static double share_before(const struct graph *g, size_t node)
{
	bool there = node == 0 || g->twin[node];
	return there ? share(g->total_before[node ? g->twin[node] : 0], g->total_before[0]) : 0;
}

/* Orange grew, blue shrank; full colour from 10 points of share on. */
static void change_colour(double points, char text[32])
{
	double strength = fmin(fabs(points) / 10, 1);
	if (fabs(points) < 0.05)
		snprintf(text, 32, "hsl(0,0%%,92%%)");
	else
		snprintf(text, 32, "hsl(%d,85%%,%.0f%%)", points > 0 ? 24 : 212,
			 92 - 32 * strength);
}

static bool is_process(const struct graph *g, size_t node)
{
	const struct assay_stacks *s = g->stacks;
	return strcmp(s->frames[s->nodes[node].frame].module, "[process]") == 0;
}

static size_t common_head(const char *a, const char *b, size_t most)
{
	size_t n = 0, slash = 0;
	for (; n < most && a[n] && a[n] == b[n]; n++)
		slash = a[n] == '/' ? n + 1 : slash;
	return slash;
}

static size_t common_tail(const char *a, const char *b, size_t most)
{
	size_t n = 0, slash = 0, la = strlen(a), lb = strlen(b);
	for (; n < most && n < la && n < lb && a[la - 1 - n] == b[lb - 1 - n]; n++)
		slash = a[la - 1 - n] == '/' ? n + 1 : slash;
	return slash;
}

/* Length of "subject:" where all labels are "subject:" and a word. */
static size_t common_key(const struct graph *g, const char *key)
{
	size_t length = strcspn(key, ":") + 1;
	for (uint32_t c = g->first[0]; c; c = g->next[c]) {
		const char *name = name_of(g->stacks, c), *label = name + g->head;
		size_t n = strlen(name) - g->head - g->tail;
		if (memchr(label, '/', n) || n <= length || strncmp(label, key, length) != 0)
			return 0;
	}
	return length;
}

/* Benchmarks side by side are told apart by the middle of their names; the title has the whole. */
static void find_common(struct graph *g)
{
	const char *first = NULL;
	for (uint32_t c = g->first[0]; c; c = g->next[c]) {
		const char *name = name_of(g->stacks, c);
		if (!is_process(g, c)) {
			g->head = g->tail = 0;
			return;
		}
		g->head = first ? common_head(first, name, g->head) : strlen(name);
		g->tail = first ? common_tail(first, name, g->tail) : strlen(name);
		first = first ? first : name;
	}
	if (!first || !g->next[g->first[0]])
		g->head = g->tail = 0;
	else
		g->head += common_key(g, first + g->head);
}

static void add_label(struct graph *g, size_t i, size_t fits)
{
	const char *name = name_of(g->stacks, i);
	size_t length = strlen(name), head = 0, tail = 0;
	if (g->depth[i] == 1 && g->head + g->tail < length) {
		head = g->head;
		tail = g->tail;
	}
	const struct assay_stack_frame *f = &g->stacks->frames[g->stacks->nodes[i].frame];
	size_t module = strlen(f->module);
	/* "libc.so.6+0x1230": the place says more than the beginning of the module, which is the colour. */
	if (length > fits && module && strncmp(name, f->module, module) == 0 &&
	    strncmp(name + module, "+0x", 3) == 0)
		head = module;
	ASSAY_AUTO(assay_str_done) struct assay_str label = {0};
	assay_str_put(&label, name + head, length - head - tail);
	assay_escape_html(&g->text, assay_str_text(&label), fits);
}

/* "347 samples", "18.87 MB" */
static const char *amount(const struct graph *g, uint64_t n, char text[64])
{
	const char *unit = g->stacks->facts.unit;
	if (strcmp(unit, "B") == 0)
		return assay_format_value((double)n, unit, text, 64);
	snprintf(text, 64, "%llu %s", (unsigned long long)n, unit);
	return text;
}

static void add_title(struct graph *g, size_t i)
{
	const struct assay_stack_frame *f = &g->stacks->frames[g->stacks->nodes[i].frame];
	struct assay_str *to = &g->text;
	char text[64];
	assay_str_add(to, "<title>");
	assay_escape_html(to, f->function, 400);
	if (f->module[0]) {
		assay_str_add(to, " (");
		assay_escape_html(to, f->module, 100);
		assay_str_add(to, ")");
	}
	assay_str_add(to, "&#10;%s, %.2f %%", amount(g, g->total[i], text),
		      share(g->total[i], g->total[0]));
	if (g->stacks->nodes[i].self)
		assay_str_add(to, "; %.2f %% itself", share(g->stacks->nodes[i].self, g->total[0]));
	if (g->before)
		assay_str_add(to, "&#10;before: %.2f %%, %+.2f points", share_before(g, i),
			      share(g->total[i], g->total[0]) - share_before(g, i));
	if (f->file[0]) {
		assay_str_add(to, "&#10;");
		assay_escape_html(to, f->file, 200);
		if (f->line)
			assay_str_add(to, ":%u", f->line);
	}
	assay_str_add(to, "</title>");
}

static void add_frame(struct graph *g, size_t i)
{
	const struct assay_stack_frame *f = &g->stacks->frames[g->stacks->nodes[i].frame];
	double width = width_of(g, i), y = HEAD + (double)(g->deepest - g->depth[i]) * ROW;
	size_t fits = width > 2 * CHARACTER + 6 ? (size_t)((width - 6) / CHARACTER) : 0;
	char colour[32];
	if (g->before)
		change_colour(share(g->total[i], g->total[0]) - share_before(g, i), colour);
	else
		module_colour(g, f, colour);
	assay_str_add(&g->text, "<g class=\"f\"");
	if (g->depth[i] == 1 && g->head + g->tail) {
		assay_str_add(&g->text, " data-label=\"");
		add_label(g, i, 400);
		assay_str_add(&g->text, "\"");
	}
	if (strstr(f->function, " (")) { /* where the script would take its end for a module */
		assay_str_add(&g->text, " data-name=\"");
		assay_escape_html(&g->text, f->function, 400);
		assay_str_add(&g->text, "\"");
	}
	assay_str_add(&g->text, ">");
	add_title(g, i);
	assay_str_add(&g->text,
		      "<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>",
		      g->x[i], y, width, ROW - 1, colour);
	assay_str_add(&g->text, "<text x=\"%.2f\" y=\"%.0f\">", g->x[i] + 3, y + 13);
	if (fits >= 3)
		add_label(g, i, fits);
	assay_str_add(&g->text, "</text></g>\n");
}

static void add_head(struct graph *g, int height)
{
	const struct assay_stacks_facts *f = &g->stacks->facts;
	struct assay_str *to = &g->text;
	char text[64];
	assay_str_add(to,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "
		      "xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		      "viewBox=\"0 0 %d %d\">\n",
		      WIDTH, height, WIDTH, height);
	assay_str_add(to, "%s", stacks_svg_style);
	assay_str_add(to,
		      "<rect class=\"p\" width=\"100%%\" height=\"100%%\"/>\n<text class=\"s h\" "
		      "x=\"%d\" y=\"24\">",
		      MARGIN);
	assay_escape_html(to, f->title, 110);
	assay_str_add(to, "</text>\n<text class=\"s\" x=\"%d\" y=\"44\">%s, ", MARGIN,
		      amount(g, g->total[0], text));
	assay_escape_html(to, f->engine, 40);
	if (f->rate_hz > 0)
		assay_str_add(to, " at %.0f Hz", f->rate_hz);
	if (f->outside)
		assay_str_add(to, "; %llu outside the timed region are left out",
			      (unsigned long long)f->outside);
	if (f->lost)
		assay_str_add(to, "; %llu lost", (unsigned long long)f->lost);
	if (g->before)
		assay_str_add(to,
			      "; against %llu before: orange takes more of the whole, blue less",
			      (unsigned long long)g->total_before[0]);
	assay_str_add(to,
		      "</text>\n<text class=\"s b\" id=\"find\" x=\"%d\" y=\"62\">search</text>"
		      "<text class=\"s b\" id=\"all\" x=\"%d\" y=\"62\" text-anchor=\"end\">"
		      "show all</text>\n",
		      MARGIN, WIDTH - MARGIN);
}

static void add_swatch(struct graph *g, int x, int y, const char *module, const char *name)
{
	const struct assay_stack_frame frame = {"", module, "", 0};
	char colour[32];
	module_colour(g, &frame, colour);
	assay_str_add(&g->text,
		      "<rect x=\"%d\" y=\"%d\" width=\"11\" height=\"11\" fill=\"%s\"/>"
		      "<text class=\"s\" x=\"%d\" y=\"%d\">",
		      x, y, colour, x + 16, y + 10);
	assay_escape_html(&g->text, name, 15);
	assay_str_add(&g->text, "</text>\n");
}

/* What the colours mean; below it is where the pointer's frame is described. */
static void add_legend(struct graph *g, int y)
{
	const struct assay_stacks *s = g->stacks;
	bool others = false;
	for (size_t i = 1; i < s->n_nodes; i++)
		others |= width_of(g, i) >= NARROWEST &&
			  !is_listed(g, s->frames[s->nodes[i].frame].module);
	size_t n = g->before ? 0 : g->n_modules;
	for (size_t k = 0; k < n; k++)
		add_swatch(g, MARGIN + (int)k * SWATCH, y, g->modules[k], g->modules[k]);
	if (others && !g->before)
		add_swatch(g, MARGIN + (int)n * SWATCH, y, "", "others");
	assay_str_add(&g->text, "<text class=\"s\" id=\"at\" x=\"%d\" y=\"%d\"> </text>\n", MARGIN,
		      y + 32);
}

static void draw(struct graph *g)
{
	int frames = (int)(g->deepest + 1) * ROW;
	char text[64];
	add_head(g, HEAD + frames + FOOT);
	for (size_t i = 1; i < g->stacks->n_nodes; i++)
		if (width_of(g, i) >= NARROWEST)
			add_frame(g, i);
	assay_str_add(&g->text,
		      "<g class=\"f\"><title>all&#10;%s</title><rect x=\"%d\" y=\"%d\" "
		      "width=\"%d\" height=\"%d\" fill=\"#e4e4e4\"/><text x=\"%d\" "
		      "y=\"%d\">all</text></g>\n",
		      amount(g, g->total[0], text), MARGIN, HEAD + (int)g->deepest * ROW,
		      WIDTH - 2 * MARGIN, ROW - 1, MARGIN + 3, HEAD + (int)g->deepest * ROW + 13);
	add_legend(g, HEAD + frames + 18);
	assay_str_add(&g->text, "%s", stacks_svg_script);
	assay_str_add(&g->text, "</svg>\n");
}

static void graph_done(struct graph *g)
{
	free(g->total);
	free(g->total_before);
	free(g->first);
	free(g->next);
	free(g->first_before);
	free(g->next_before);
	free(g->twin);
	free(g->x);
	free(g->depth);
	assay_str_done(&g->text);
}

static bool graph_init(struct graph *g)
{
	size_t n = g->stacks->n_nodes, m = g->before ? g->before->n_nodes : 1;
	g->total = calloc(n, sizeof(*g->total));
	g->total_before = calloc(m, sizeof(*g->total_before));
	g->first = calloc(n, sizeof(*g->first));
	g->next = calloc(n, sizeof(*g->next));
	g->first_before = calloc(m, sizeof(*g->first_before));
	g->next_before = calloc(m, sizeof(*g->next_before));
	g->twin = calloc(n, sizeof(*g->twin));
	g->x = calloc(n, sizeof(*g->x));
	g->depth = calloc(n, sizeof(*g->depth));
	return g->total && g->total_before && g->first && g->next && g->first_before &&
	       g->next_before && g->twin && g->x && g->depth;
}

enum assay_code assay_stacks_svg(const struct assay_stacks *stacks,
				 const struct assay_stacks *before, FILE *out,
				 struct assay_err *err)
{
	struct graph g = {.stacks = stacks, .before = before};
	enum assay_code rc = ASSAY_OK;
	if (graph_init(&g)) {
		assay_stacks_totals(stacks, g.total);
		if (before)
			assay_stacks_totals(before, g.total_before);
		link_children(stacks, g.first, g.next);
		if (before)
			link_children(before, g.first_before, g.next_before);
		find_twins(&g);
		place(&g);
		g.text.failed |= !choose_modules(&g);
		find_common(&g);
		draw(&g);
	} else {
		g.text.failed = true;
	}
	if (g.text.failed)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for a flame graph");
	else if (fwrite(g.text.text, 1, g.text.length, out) != g.text.length)
		rc = assay_fail(err, ASSAY_EIO, "write: %s", strerror(errno));
	graph_done(&g);
	return rc;
}
