/* SPDX-License-Identifier: MIT */
/* profile_output: the table of functions, events, files. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/profile.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "reports/stacks.h"

/* One function's weights. */
struct row {
	uint32_t frame;
	uint64_t self, total;
	double change; /* of the share of self, against another profile */
};

struct rows {
	struct row *rows;
	size_t n;
	uint64_t all;
};

static double share(uint64_t part, uint64_t all)
{
	return all ? (double)part / (double)all : 0;
}

static int heaviest_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->self != y->self)
		return x->self > y->self ? -1 : 1;
	return x->total > y->total ? -1 : x->total < y->total;
}

static int most_changed_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	return fabs(x->change) > fabs(y->change) ? -1 : fabs(x->change) < fabs(y->change);
}

static enum assay_code rows_of(const struct assay_stacks *stacks, struct rows *ret,
			       struct assay_err *err)
{
	size_t n = stacks->n_frames;
	*ret = (struct rows){.rows = calloc(n + 1, sizeof(*ret->rows))};
	ASSAY_AUTO_FREE uint64_t *self = calloc(n + 1, sizeof(*self));
	ASSAY_AUTO_FREE uint64_t *total = calloc(n + 1, sizeof(*total));
	if (!ret->rows || !self || !total)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a table");
	enum assay_code rc = assay_stacks_by_frame(stacks, self, total, err);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++)
		if (strcmp(stacks->frames[i].module, "[process]") != 0)
			ret->rows[ret->n++] = (struct row){(uint32_t)i, self[i], total[i], 0};
	for (size_t i = 0; i < stacks->n_nodes; i++)
		ret->all += stacks->nodes[i].self;
	return rc;
}

static json_t *row_json(const struct assay_stacks *stacks, const struct rows *rows, size_t i)
{
	const struct row *r = &rows->rows[i];
	const struct assay_stack_frame *f = &stacks->frames[r->frame];
	return json_pack("{s:o, s:o, s:o, s:i, s:o, s:o}", "function", assay_json_text(f->function),
			 "module", assay_json_text(f->module), "file",
			 assay_json_text(f->file[0] ? f->file : NULL), "line", (int)f->line, "self",
			 assay_json_real(share(r->self, rows->all)), "total",
			 assay_json_real(share(r->total, rows->all)));
}

/* Of CPU time; NaN when the cost of a sample is not known. */
static double overhead(const struct assay_stacks_facts *f, double cost_ns)
{
	return f->rate_hz * cost_ns / 1e9;
}

static enum assay_code show_json(const struct cli *cli, const struct assay_stacks *stacks,
				 const struct rows *rows, size_t top, struct assay_err *err)
{
	const struct assay_stacks_facts *f = &stacks->facts;
	json_t *list = json_array();
	for (size_t i = 0; i < rows->n && i < top && rows->rows[i].total; i++)
		json_array_append_new(list, row_json(stacks, rows, i));
	json_t *event =
		json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "schema",
			  "assay/1", "event", "profile", "name", assay_json_text(f->title),
			  "engine", assay_json_text(f->engine), "unwind",
			  assay_json_text(f->unwind), "unit", assay_json_text(f->unit), "rate_hz",
			  assay_json_real(f->rate_hz), "samples", (json_int_t)f->samples, "outside",
			  (json_int_t)f->outside, "lost", (json_int_t)f->lost, "partial",
			  (json_int_t)f->partial, "wall_ns", (json_int_t)f->wall_ns);
	json_object_set_new(event, "overhead", assay_json_real(overhead(f, f->cost_ns)));
	json_object_set_new(event, "overhead_lo", assay_json_real(overhead(f, f->cost_lo_ns)));
	json_object_set_new(event, "overhead_hi", assay_json_real(overhead(f, f->cost_hi_ns)));
	json_object_set_new(event, "remarks", assay_json_text(f->remarks));
	json_object_set_new(event, "functions", list);
	return assay_json_line(event, cli->json, err);
}

static void show_line(const char *text)
{
	ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
	assay_str_add(&line, "  %s", text);
	cli_print_line(assay_str_text(&line), stdout);
}

static void show_facts(const struct cli *cli, const struct assay_stacks_facts *f)
{
	char clean[600], cost[32];
	assay_sanitise(clean, sizeof(clean), f->title);
	printf("%s%s%s\n", cli->color_out ? "\033[1m" : "", clean, cli->color_out ? "\033[0m" : "");
	printf("  %" PRIu64 " samples in %.2f s by %s", f->samples, (double)f->wall_ns / 1e9,
	       f->engine);
	if (f->rate_hz > 0)
		printf(" at %.0f Hz", f->rate_hz);
	printf(", callers by %s\n", f->unwind);
	if (isnan(f->cost_ns))
		printf("  what a sample costs is not known with this engine\n");
	else
		printf("  a sample costs %s: overhead %.2f %% [%.2f, %.2f] of CPU time\n",
		       assay_format_value(f->cost_ns, "ns", cost, sizeof(cost)),
		       100 * overhead(f, f->cost_ns), 100 * overhead(f, f->cost_lo_ns),
		       100 * overhead(f, f->cost_hi_ns));
	ASSAY_AUTO(assay_str_done) struct assay_str left_out = {0};
	assay_str_add(&left_out, "%" PRIu64 " lost, %" PRIu64 " without their outermost callers",
		      f->lost, f->partial);
	if (f->outside)
		assay_str_add(&left_out, ", %" PRIu64 " more outside the timed loops left out",
			      f->outside);
	show_line(assay_str_text(&left_out));
	ASSAY_AUTO_FREE char *remarks = strdup(f->remarks);
	for (char *at = remarks, *line; at && (line = strsep(&at, "\n"));)
		if (*line)
			show_line(line);
}

static void show_table(const struct assay_stacks *stacks, const struct rows *rows, size_t top)
{
	static const char *const columns[] = {">self", ">total", "function", "where"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	size_t i;
	for (i = 0; i < rows->n && i < top && rows->rows[i].total; i++) {
		const struct row *r = &rows->rows[i];
		const struct assay_stack_frame *f = &stacks->frames[r->frame];
		const char *slash = strrchr(f->file, '/');
		char self[16], total[16], where[200];
		snprintf(self, sizeof(self), "%.1f %%", 100 * share(r->self, rows->all));
		snprintf(total, sizeof(total), "%.1f %%", 100 * share(r->total, rows->all));
		if (f->line)
			snprintf(where, sizeof(where), "%.60s %.100s:%u", f->module,
				 slash ? slash + 1 : f->file, f->line);
		else
			snprintf(where, sizeof(where), "%.60s", f->module);
		const char *const cells[] = {self, total, f->function, where};
		cli_table_row(table, cells);
	}
	if (i)
		cli_table_print(table, stdout);
	else
		cli_table_free(table);
}

enum assay_code profile_show(const struct cli *cli, const struct assay_stacks *stacks, size_t top,
			     struct assay_err *err)
{
	struct rows rows;
	enum assay_code rc = rows_of(stacks, &rows, err);
	if (rc == ASSAY_OK)
		qsort(rows.rows, rows.n, sizeof(*rows.rows), heaviest_first);
	if (rc == ASSAY_OK && cli->json)
		rc = show_json(cli, stacks, &rows, top, err);
	if (rc == ASSAY_OK && !cli->json_is_stdout) {
		show_facts(cli, &stacks->facts);
		if (!rows.all)
			printf("  no sample at all: it %s%s\n",
			       strcmp(stacks->facts.unit, "B") == 0
				       ? "allocated too little, or nothing that is counted"
				       : "ended too soon, or used no CPU time",
			       stacks->facts.outside ? " in its timed loops" : "");
		putchar('\n');
		show_table(stacks, &rows, top);
	}
	free(rows.rows);
	return rc;
}

/* The weight of the same function in another profile. */
static uint64_t self_in(const struct assay_stacks *stacks, const struct rows *rows,
			const struct assay_stack_frame *frame)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct assay_stack_frame *f = &stacks->frames[rows->rows[i].frame];
		if (strcmp(f->function, frame->function) == 0 &&
		    strcmp(f->module, frame->module) == 0)
			return rows->rows[i].self;
	}
	return 0;
}

static void print_change(const struct assay_stacks *stacks, const struct rows *now, size_t top)
{
	static const char *const columns[] = {">points", ">now", "function", "module"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	printf("\nagainst the stored profile: points of share of a function itself\n");
	for (size_t i = 0; i < now->n && i < top && fabs(now->rows[i].change) >= 0.0005; i++) {
		const struct row *r = &now->rows[i];
		const struct assay_stack_frame *f = &stacks->frames[r->frame];
		char points[16], self[16];
		snprintf(points, sizeof(points), "%+.1f", 100 * r->change);
		snprintf(self, sizeof(self), "%.1f %%", 100 * share(r->self, now->all));
		const char *const cells[] = {points, self, f->function, f->module};
		cli_table_row(table, cells);
	}
	cli_table_print(table, stdout);
}

enum assay_code profile_show_change(const struct cli *cli, const struct assay_stacks *stacks,
				    const struct assay_stacks *before, size_t top,
				    struct assay_err *err)
{
	struct rows now, old = {0};
	if (cli->json_is_stdout)
		return ASSAY_OK;
	enum assay_code rc = rows_of(stacks, &now, err);
	if (rc == ASSAY_OK)
		rc = rows_of(before, &old, err);
	for (size_t i = 0; rc == ASSAY_OK && i < now.n; i++)
		now.rows[i].change =
			share(now.rows[i].self, now.all) -
			share(self_in(before, &old, &stacks->frames[now.rows[i].frame]), old.all);
	if (rc == ASSAY_OK) {
		qsort(now.rows, now.n, sizeof(*now.rows), most_changed_first);
		print_change(stacks, &now, top);
	}
	free(now.rows);
	free(old.rows);
	return rc;
}

/* Put one profile into the tree of all, below a frame that is its title. */
static enum assay_code merge_one(const struct assay_stacks *from, bool titled,
				 struct assay_stacks *to, struct assay_err *err)
{
	uint32_t *map = calloc(from->n_frames + 1, sizeof(*map)), title = 0;
	const struct assay_stack_frame frame = {from->facts.title, "[process]", "", 0};
	if (!map)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for profiles");
	enum assay_code rc = titled ? assay_stacks_frame(to, &frame, &title, err) : ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < from->n_frames; i++)
		rc = assay_stacks_frame(to, &from->frames[i], &map[i], err);
	for (size_t i = 0; rc == ASSAY_OK && i < from->n_nodes; i++) {
		uint32_t path[ASSAY_STACKS_DEPTH];
		size_t n = 0;
		if (!from->nodes[i].self)
			continue;
		for (size_t at = i; at && n < ASSAY_STACKS_DEPTH - 1; at = from->nodes[at].parent)
			path[ASSAY_STACKS_DEPTH - ++n] = map[from->nodes[at].frame];
		if (titled)
			path[ASSAY_STACKS_DEPTH - ++n] = title;
		rc = assay_stacks_add(to, path + ASSAY_STACKS_DEPTH - n, n, from->nodes[i].self,
				      err);
	}
	free(map);
	return rc;
}

enum assay_code profile_merge(const struct profile_list *list, struct assay_stacks **ret,
			      struct assay_err *err)
{
	struct assay_stacks_facts facts = list->stacks[0]->facts;
	char title[64];
	enum assay_code rc = assay_stacks_new(ret, err);
	for (size_t i = 0; rc == ASSAY_OK && i < list->n; i++) {
		const struct assay_stacks_facts *f = &list->stacks[i]->facts;
		rc = merge_one(list->stacks[i], list->n > 1, *ret, err);
		if (i == 0)
			continue;
		facts.samples += f->samples;
		facts.outside += f->outside;
		facts.lost += f->lost;
		facts.partial += f->partial;
		facts.wall_ns += f->wall_ns;
	}
	snprintf(title, sizeof(title), "%zu benchmarks", list->n);
	if (list->n > 1)
		facts.title = title;
	return rc == ASSAY_OK ? assay_stacks_describe(*ret, &facts, err) : rc;
}

static enum assay_code write_svg(const struct assay_stacks *stacks,
				 const struct assay_stacks *before, FILE *out,
				 struct assay_err *err)
{
	return assay_stacks_svg(stacks, before, out, err);
}

static enum assay_code write_folded(const struct assay_stacks *stacks,
				    const struct assay_stacks *before, FILE *out,
				    struct assay_err *err)
{
	(void)before;
	return assay_stacks_folded(stacks, out, err);
}

static enum assay_code write_speedscope(const struct assay_stacks *stacks,
					const struct assay_stacks *before, FILE *out,
					struct assay_err *err)
{
	(void)before;
	return assay_stacks_speedscope(stacks, out, err);
}

static enum assay_code write_pprof(const struct assay_stacks *stacks,
				   const struct assay_stacks *before, FILE *out,
				   struct assay_err *err)
{
	(void)before;
	return assay_stacks_pprof(stacks, out, err);
}

enum assay_code profile_files(const struct cli *cli, const struct cli_args *args,
			      const struct assay_stacks *stacks, const struct assay_stacks *before,
			      struct assay_err *err)
{
	static const struct {
		const char *option;
		enum assay_code (*write)(const struct assay_stacks *stacks,
					 const struct assay_stacks *before, FILE *out,
					 struct assay_err *err);
	} formats[] = {{"svg", write_svg},
		       {"folded", write_folded},
		       {"speedscope", write_speedscope},
		       {"pprof", write_pprof}};
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT_OF(formats); i++) {
		const char *path = cli_value(args, formats[i].option);
		struct output output;
		if (!path)
			continue;
		rc = output_open(&output, path, err);
		if (rc != ASSAY_OK)
			return assay_context(err, rc, "--%s", formats[i].option);
		rc = formats[i].write(stacks, before, output.out, err);
		rc = output_close(&output, rc, err);
		if (rc == ASSAY_OK)
			cli_note(cli, "%s written", path);
	}
	return rc;
}
