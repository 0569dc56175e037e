/* SPDX-License-Identifier: MIT */
/* topology_svg: packages hold last-level caches, these hold cores. Boxes and numbers, laid out here. */
#include "reports/topology_svg.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "reports/escape.h"

enum {
	MOST_PUS = 1024,
	MOST_DRAWN = 64, /* cores; beyond, one box stands for those under a last-level cache */
	BOX = 108,       /* px, a core's width */
	TALL = 50,
	GAP = 8,
	COLUMNS = 8,
	HEAD = 22, /* of a package or a cache */
};

/* A usable processing unit as the run recorded it. */
struct unit {
	int cpu, core, l3, numa, package, kind;
};

struct drawing {
	struct unit units[MOST_PUS];
	size_t n;
	const json_t *caches;
	size_t cores;
	int fastest; /* of the kinds of core; 0 or less: all alike */
	int y;       /* where the next row begins */
	int width;
};

static int integer(const json_t *json, const char *key)
{
	const json_t *found = json_object_get(json, key);
	json_int_t value = json_integer_value(found);
	return json_is_integer(found) && value >= 0 && value < 1000000 ? (int)value : -1;
}

static int by_place(const void *pa, const void *pb)
{
	const struct unit *a = pa, *b = pb;
	const int order[] = {a->package - b->package, a->l3 - b->l3, a->core - b->core,
			     a->cpu - b->cpu};
	for (size_t i = 0; i < ASSAY_COUNT_OF(order); i++)
		if (order[i])
			return order[i];
	return 0;
}

static bool read_units(struct drawing *d, const json_t *machine)
{
	size_t i;
	json_t *pu;
	json_array_foreach (json_object_get(machine, "pus"), i, pu) {
		if (d->n == MOST_PUS)
			return false;
		struct unit unit = {integer(pu, "cpu"),     integer(pu, "core"),
				    integer(pu, "l3"),      integer(pu, "numa"),
				    integer(pu, "package"), integer(pu, "kind")};
		if (unit.cpu < 0 || unit.core < 0)
			return false;
		d->units[d->n++] = unit;
		d->fastest = unit.kind > d->fastest ? unit.kind : d->fastest;
	}
	qsort(d->units, d->n, sizeof(*d->units), by_place);
	for (i = 0; i < d->n; i++)
		d->cores += i == 0 || d->units[i].core != d->units[i - 1].core;
	return d->n > 0;
}

/* The size of the cache of `level` that holds `cpu`; 0 unknown. The list is short and read once per box. */
static uint64_t cache_bytes(const json_t *caches, int level, int cpu)
{
	size_t i;
	json_t *cache;
	json_array_foreach (caches, i, cache) {
		const char *text = json_string_value(json_object_get(cache, "cpus"));
		unsigned cpus[MOST_PUS];
		size_t n = 0;
		struct assay_err ignored = {0};
		if (integer(cache, "level") != level || !text ||
		    assay_parse_cpus(text, cpus, MOST_PUS, &n, &ignored) != ASSAY_OK)
			continue;
		for (size_t k = 0; k < n; k++)
			if (cpus[k] == (unsigned)cpu)
				return (uint64_t)json_integer_value(
					json_object_get(cache, "bytes"));
	}
	return 0;
}

static void add_text(struct assay_str *to, int x, int y, const char *css_class, const char *text)
{
	assay_str_add(to, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, css_class);
	assay_escape_html(to, text, 60);
	assay_str_add(to, "</text>");
}

static void add_box(struct assay_str *to, int x, int y, int width, int height,
		    const char *css_class)
{
	assay_str_add(to,
		      "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" class=\"%s\"/>",
		      x, y, width, height, css_class);
}

/* "L1d 48Ki, L2 2Mi" */
static void cache_words(const struct drawing *d, int cpu, char *text, size_t size)
{
	static const struct {
		int level;
		const char *name;
	} levels[] = {{1, "L1d"}, {2, "L2"}};
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < ASSAY_COUNT_OF(levels); i++) {
		char bytes[24];
		uint64_t n = cache_bytes(d->caches, levels[i].level, cpu);
		if (n && used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s %s",
						 used ? " " : "", levels[i].name,
						 assay_format_size(n, bytes, sizeof(bytes)));
	}
}

/* One core with its own caches and the numbers of its hardware threads: units[from..to). */
static void core_box(struct assay_str *to, const struct drawing *d, size_t from, size_t end, int x,
		     int y)
{
	char text[64];
	size_t used = 0;
	const struct unit *first = &d->units[from];
	add_box(to, x, y, BOX, TALL,
		d->fastest > 0 && first->kind < d->fastest ? "core small" : "core");
	if (d->fastest > 0)
		snprintf(text, sizeof(text), "core %d, kind %d", first->core, first->kind);
	else
		snprintf(text, sizeof(text), "core %d", first->core);
	add_text(to, x + 6, y + 15, "what", text);
	cache_words(d, first->cpu, text, sizeof(text));
	add_text(to, x + 6, y + 29, "size", text);
	text[0] = '\0';
	for (size_t i = from; i < end && used < sizeof(text) - 12; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d",
					 used ? ", " : "CPU ", d->units[i].cpu);
	add_text(to, x + 6, y + 43, "size", text);
}

/* All cores under one cache as one box, where drawing each would say less. */
static void many_cores(struct assay_str *to, const struct drawing *d, size_t from, size_t end)
{
	char text[96];
	size_t cores = 0;
	for (size_t i = from; i < end; i++)
		cores += i == from || d->units[i].core != d->units[i - 1].core;
	add_box(to, 3 * GAP, d->y, d->width - 6 * GAP, TALL / 2, "core");
	snprintf(text, sizeof(text), "cores %d to %d: %zu, with %zu hardware threads",
		 d->units[from].core, d->units[end - 1].core, cores, end - from);
	add_text(to, 3 * GAP + 6, d->y + 16, "what", text);
}

/* The cores under one last-level cache; the frame is drawn first, so that it lies behind. */
static void cache_box(struct assay_str *to, struct drawing *d, size_t from, size_t end)
{
	char text[64], bytes[24];
	size_t cores = 0, at = 0;
	for (size_t i = from; i < end; i++)
		cores += i == from || d->units[i].core != d->units[i - 1].core;
	bool folded = d->cores > MOST_DRAWN;
	int rows = folded ? 1 : (int)((cores + COLUMNS - 1) / COLUMNS);
	int height = HEAD + rows * ((folded ? TALL / 2 : TALL) + GAP);
	uint64_t size = cache_bytes(d->caches, 3, d->units[from].cpu);
	add_box(to, 2 * GAP, d->y, d->width - 4 * GAP, height, "cache");
	int used = snprintf(text, sizeof(text), "%s%s", size ? "L3 " : "no L3 cache",
			    size ? assay_format_size(size, bytes, sizeof(bytes)) : "");
	if (d->units[from].numa >= 0)
		snprintf(text + used, sizeof(text) - (size_t)used, ", NUMA node %d",
			 d->units[from].numa);
	add_text(to, 2 * GAP + 8, d->y + 15, "what", text);
	d->y += HEAD;
	if (folded)
		many_cores(to, d, from, end);
	for (size_t i = from, next; !folded && i < end; i = next, at++) {
		for (next = i + 1; next < end && d->units[next].core == d->units[i].core;)
			next++;
		core_box(to, d, i, next, 3 * GAP + (int)(at % COLUMNS) * (BOX + GAP),
			 d->y + (int)(at / COLUMNS) * (TALL + GAP));
	}
	d->y += height - HEAD + GAP;
}

static int package_height(const struct drawing *d, size_t from, size_t end)
{
	int height = HEAD;
	for (size_t i = from, next; i < end; i = next) {
		size_t cores = 0;
		for (next = i; next < end && d->units[next].l3 == d->units[i].l3; next++)
			cores += next == i || d->units[next].core != d->units[next - 1].core;
		int rows = (int)((cores + COLUMNS - 1) / COLUMNS);
		height +=
			GAP + HEAD + (d->cores > MOST_DRAWN ? TALL / 2 + GAP : rows * (TALL + GAP));
	}
	return height + GAP;
}

static void package_box(struct assay_str *to, struct drawing *d, size_t from, size_t end)
{
	char text[64];
	int height = package_height(d, from, end), top = d->y;
	add_box(to, GAP, top, d->width - 2 * GAP, height, "package");
	snprintf(text, sizeof(text), "package %d", d->units[from].package);
	add_text(to, GAP + 8, top + 15, "what", text);
	d->y += HEAD;
	for (size_t i = from, next; i < end; i = next) {
		for (next = i + 1; next < end && d->units[next].l3 == d->units[i].l3;)
			next++;
		cache_box(to, d, i, next);
	}
	d->y = top + height + GAP;
}

/* What the page's style says of it, for a file of its own. */
static const char style[] =
	"<style>svg{color-scheme:light dark;font-family:sans-serif;background:Canvas;"
	"color:CanvasText}rect{fill:none;stroke:#8b949d}.core{stroke:#2166ac}.small{stroke:#1f7f4f}"
	"text{fill:CanvasText;font-size:12px}.size{font-size:10.5px;opacity:.75}</style>";

static void draw(struct assay_str *to, struct drawing *d, bool alone)
{
	ASSAY_AUTO(assay_str_done) struct assay_str boxes = {0};
	size_t widest = d->cores < COLUMNS ? d->cores : COLUMNS;
	d->width = 6 * GAP + (int)(widest < 4 ? 4 : widest) * (BOX + GAP);
	d->y = GAP;
	for (size_t i = 0, next; i < d->n; i = next) {
		for (next = i + 1; next < d->n && d->units[next].package == d->units[i].package;)
			next++;
		package_box(&boxes, d, i, next);
	}
	assay_str_add(
		to,
		"<svg class=\"topology\" role=\"img\" viewBox=\"0 0 %d %d\" "
		"style=\"max-width:%dpx\" aria-label=\"%zu cores and %zu hardware threads, by "
		"package and last-level cache\" xmlns=\"http://www.w3.org/2000/svg\">",
		d->width, d->y, d->width, d->cores, d->n);
	if (alone)
		assay_str_put(to, style, strlen(style));
	assay_str_put(to, assay_str_text(&boxes), boxes.length);
	to->failed |= boxes.failed;
	assay_str_add(to, "</svg>\n");
}

bool assay_topology_svg(struct assay_str *to, const json_t *machine, bool alone)
{
	struct drawing *d = calloc(1, sizeof(*d));
	to->failed |= !d;
	bool drawable = d && read_units(d, machine);
	if (drawable) {
		d->caches = json_object_get(machine, "caches");
		draw(to, d, alone);
	}
	free(d);
	return drawable;
}
