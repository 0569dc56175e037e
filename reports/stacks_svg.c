/* SPDX-License-Identifier: MIT */
/*
 * stacks_svg: flame graphs [Gregg, "The Flame Graph", CACM 2016], and differential ones: layout by
 * shares, colour by module or by change.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/stacks.h"

enum {
	WIDTH = 1200,
	MARGIN = 12,
	ROW = 18,
	HEAD = 70,
	FOOT = 48,
	CHARACTER = 7, /* of the 12 px monospace font */
	LEGEND = 8,    /* modules named in the legend */
	KERNEL_HUE = 205,
};
#define NARROWEST 0.4 /* px; what is narrower is left out with all on top of it */

/* What the drawing needs of the tree. */
struct graph {
	const struct assay_stacks *stacks, *before;
	uint64_t *total, *total_before; /* per node of each tree */
	uint32_t *first, *next;         /* children of each node, by name; 0: none */
	uint32_t *twin;   /* node of `before` with the same path; 0: none but the root's */
	double *x;        /* px from the left */
	unsigned *depth;  /* root 0 */
	unsigned deepest; /* of what is drawn */
	const char *modules[LEGEND]; /* heaviest first */
	size_t n_modules;
	struct assay_str text;
};

static const char *name_of(const struct assay_stacks *stacks, size_t node)
{
	return stacks->frames[stacks->nodes[node].frame].function;
}

static void link_children(struct graph *g)
{
	const struct assay_stacks *s = g->stacks;
	for (size_t i = 1; i < s->n_nodes; i++) {
		uint32_t *at = &g->first[s->nodes[i].parent];
		while (*at && strcmp(name_of(s, *at), name_of(s, i)) < 0)
			at = &g->next[*at];
		g->next[i] = *at;
		*at = (uint32_t)i;
	}
}

static bool same(const struct assay_stack_frame *a, const struct assay_stack_frame *b)
{
	return strcmp(a->function, b->function) == 0 && strcmp(a->module, b->module) == 0;
}

/* Parents come first, so that a node's twin is among the children of its parent's. */
static void find_twins(struct graph *g)
{
	const struct assay_stacks *s = g->stacks, *b = g->before;
	for (size_t i = 1; b && i < s->n_nodes; i++) {
		uint32_t parent = s->nodes[i].parent;
		if (parent && !g->twin[parent])
			continue;
		for (size_t k = 1; k < b->n_nodes && !g->twin[i]; k++)
			if (b->nodes[k].parent == g->twin[parent] &&
			    same(&b->frames[b->nodes[k].frame], &s->frames[s->nodes[i].frame]))
				g->twin[i] = (uint32_t)k;
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

/* The modules with the most weight of their own get a colour each. */
static void choose_modules(struct graph *g)
{
	const struct assay_stacks *s = g->stacks;
	while (g->n_modules < LEGEND) {
		const char *best = NULL;
		uint64_t most = 0;
		for (size_t f = 0; f < s->n_frames; f++) {
			const char *module = s->frames[f].module;
			bool taken = !module[0] || strcmp(module, "[process]") == 0;
			for (size_t k = 0; k < g->n_modules; k++)
				taken |= strcmp(module, g->modules[k]) == 0;
			uint64_t sum = 0;
			for (size_t i = 1; !taken && i < s->n_nodes; i++)
				if (strcmp(s->frames[s->nodes[i].frame].module, module) == 0)
					sum += s->nodes[i].self;
			if (sum > most) {
				most = sum;
				best = module;
			}
		}
		if (!best)
			return;
		g->modules[g->n_modules++] = best;
	}
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

static void add_title(struct graph *g, size_t i)
{
	const struct assay_stack_frame *f = &g->stacks->frames[g->stacks->nodes[i].frame];
	struct assay_str *to = &g->text;
	const char *unit = g->stacks->facts.unit;
	assay_str_add(to, "<title>");
	assay_escape_html(to, f->function, 400);
	if (f->module[0]) {
		assay_str_add(to, " (");
		assay_escape_html(to, f->module, 100);
		assay_str_add(to, ")");
	}
	assay_str_add(to, "&#10;%llu %s, %.2f %%", (unsigned long long)g->total[i], unit,
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
	assay_str_add(&g->text, "<g class=\"f\">");
	add_title(g, i);
	assay_str_add(&g->text,
		      "<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>",
		      g->x[i], y, width, ROW - 1, colour);
	assay_str_add(&g->text, "<text x=\"%.2f\" y=\"%.0f\">", g->x[i] + 3, y + 13);
	if (fits >= 3)
		assay_escape_html(&g->text, f->function, fits);
	assay_str_add(&g->text, "</text></g>\n");
}

static const char style[] =
	"<style>text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#111}"
	"text.h{font:600 16px system-ui,'DejaVu Sans',sans-serif}"
	"text.s{font:12px system-ui,'DejaVu Sans',sans-serif;fill:#444}"
	".f text{pointer-events:none}.f{cursor:pointer}.f rect{stroke:#fff;stroke-width:.5}"
	".f:hover rect{stroke:#111;stroke-width:1.5}.f.m rect{fill:#d33}.f.m text{fill:#fff}"
	".b{cursor:pointer;display:none}</style>\n";

/*
 * Zoom and search. Reads only what the drawing itself says: the first text of each title is the name.
 * A frame belongs to the zoomed one when it lies within its width, and above it.
 */
static const char script[] =
	"<script><![CDATA[\n"
	"(function(){var d=document,F=[].slice.call(d.querySelectorAll('.f')),W=1176,M=12,C=7;\n"
	"F.forEach(function(g){var r=g.querySelector('rect');g.X=+r.getAttribute('x');"
	"g.W=+r.getAttribute('width');g.Y=+r.getAttribute('y');"
	"g.N=g.querySelector('title').textContent.split(/\\n| \\(/)[0]});\n"
	"function show(t){var x=t?t.X:M,w=t?t.W:W;F.forEach(function(g){"
	"var up=t&&g.Y>t.Y&&g.X<=x+.01&&g.X+g.W>=x+w-.01,"
	"on=!t||up||(g.Y<=t.Y&&g.X>=x-.01&&g.X+g.W<=x+w+.01);"
	"g.style.display=on?'':'none';if(!on)return;var r=g.querySelector('rect'),"
	"e=g.querySelector('text'),X=up?M:M+(g.X-x)*W/w,V=up?W:g.W*W/w,n=Math.floor((V-6)/C);"
	"r.setAttribute('x',X);r.setAttribute('width',V);r.style.opacity=up?.5:1;"
	"e.setAttribute('x',X+3);e.textContent=n<3?'':g.N.length>n?g.N.slice(0,n-1)+'\\u2026':g.N});"
	"b.style.display=t?'inline':'none'}\n"
	"var b=d.getElementById('all'),s=d.getElementById('find');s.style.display='inline';\n"
	"F.forEach(function(g){g.addEventListener('click',function(){show(g)})});\n"
	"b.addEventListener('click',function(){show(null)});\n"
	"s.addEventListener('click',function(){var q=prompt('Mark functions whose name contains:');"
	"F.forEach(function(g){g.classList.toggle('m',!!q&&g.N.indexOf(q)>=0)})});\n"
	"})();\n]]></script>\n";

static void add_head(struct graph *g, int height)
{
	const struct assay_stacks_facts *f = &g->stacks->facts;
	struct assay_str *to = &g->text;
	assay_str_add(to,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "
		      "xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		      "viewBox=\"0 0 %d %d\">\n",
		      WIDTH, height, WIDTH, height);
	assay_str_put(to, style, sizeof(style) - 1);
	assay_str_add(to,
		      "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text class=\"h\" "
		      "x=\"%d\" y=\"24\">",
		      MARGIN);
	assay_escape_html(to, f->title, 110);
	assay_str_add(to, "</text>\n<text class=\"s\" x=\"%d\" y=\"44\">%llu %s, ", MARGIN,
		      (unsigned long long)g->total[0], f->unit);
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
		      "</text>\n<text class=\"s b\" id=\"all\" x=\"%d\" y=\"62\">show all</text>"
		      "<text class=\"s b\" id=\"find\" x=\"%d\" y=\"62\">search</text>\n",
		      MARGIN, MARGIN + 80);
}

/* What the colours mean. */
static void add_legend(struct graph *g, int y)
{
	int x = MARGIN;
	for (size_t k = 0; !g->before && k < g->n_modules; k++) {
		const struct assay_stack_frame swatch = {"", g->modules[k], "", 0};
		char colour[32];
		module_colour(g, &swatch, colour);
		assay_str_add(&g->text,
			      "<rect x=\"%d\" y=\"%d\" width=\"11\" height=\"11\" fill=\"%s\"/>"
			      "<text class=\"s\" x=\"%d\" y=\"%d\">",
			      x, y, colour, x + 16, y + 10);
		assay_escape_html(&g->text, g->modules[k], 18);
		assay_str_add(&g->text, "</text>\n");
		x += 146;
	}
}

static void draw(struct graph *g)
{
	int frames = (int)(g->deepest + 1) * ROW;
	add_head(g, HEAD + frames + FOOT);
	for (size_t i = 1; i < g->stacks->n_nodes; i++)
		if (width_of(g, i) >= NARROWEST)
			add_frame(g, i);
	assay_str_add(&g->text,
		      "<g class=\"f\"><title>all&#10;%llu %s</title><rect x=\"%d\" y=\"%d\" "
		      "width=\"%d\" height=\"%d\" fill=\"#e4e4e4\"/><text x=\"%d\" "
		      "y=\"%d\">all</text></g>\n",
		      (unsigned long long)g->total[0], g->stacks->facts.unit, MARGIN,
		      HEAD + (int)g->deepest * ROW, WIDTH - 2 * MARGIN, ROW - 1, MARGIN + 3,
		      HEAD + (int)g->deepest * ROW + 13);
	add_legend(g, HEAD + frames + 18);
	assay_str_put(&g->text, script, sizeof(script) - 1);
	assay_str_add(&g->text, "</svg>\n");
}

static void graph_done(struct graph *g)
{
	free(g->total);
	free(g->total_before);
	free(g->first);
	free(g->next);
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
	g->twin = calloc(n, sizeof(*g->twin));
	g->x = calloc(n, sizeof(*g->x));
	g->depth = calloc(n, sizeof(*g->depth));
	return g->total && g->total_before && g->first && g->next && g->twin && g->x && g->depth;
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
		link_children(&g);
		find_twins(&g);
		place(&g);
		choose_modules(&g);
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
