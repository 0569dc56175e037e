/* SPDX-License-Identifier: MIT */
/* fleet: machines by class, what each of them lacks, and the one that is not like its equals. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/fleet_view.h"
#include "cli/stored.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/store/run_json.h"

enum { MOST_CELLS = 20 };

static const struct cli_option options[] = {
	{"all", 'a', NULL, "every machine and every figure that stands out"},
	{0},
};

struct fleet {
	struct cli *cli;
	struct assay_fleet fleet;
	struct fleet_view view;
	bool all;
};

static const char *fingerprint_text(const uint8_t fingerprint[32], char text[17])
{
	for (int i = 0; i < 8; i++)
		snprintf(text + 2 * i, 3, "%02x", fingerprint[i]);
	return text;
}

static const char *remark(const struct fleet_class *class, const struct fleet_node *node)
{
	if (node->odd)
		return node->ratio > 1 ? "slower than its equals" : "faster than its equals";
	return node->n_series < class->n_series ? "incomplete" : "";
}

static void print_class(const struct fleet *f, const struct fleet_class *class)
{
	static const char *const columns[] = {"machine", ">runs",  "newest run", ">series",
					      ">ratio",  ">score", "remarks"};
	char print[17], line[160];
	size_t shown = 0;
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	for (size_t i = class->first; i < class->first + class->n; i++) {
		const struct assay_fleet_machine *m = &f->fleet.machines[i];
		const struct fleet_node *node = &f->view.nodes[i];
		char runs[24], newest[24], series[48], ratio[24] = "-", score[24] = "-";
		if (!f->all && !*remark(class, node) && class->n > MOST_CELLS)
			continue;
		assay_time_text(m->newest_ns, newest);
		snprintf(runs, sizeof(runs), "%zu", m->runs);
		snprintf(series, sizeof(series), "%zu/%zu", node->n_series, class->n_series);
		if (isfinite(node->ratio)) {
			snprintf(ratio, sizeof(ratio), "%.3f", node->ratio);
			snprintf(score, sizeof(score), "%+.1f", node->score);
		}
		const char *cells[] = {
			m->name, runs, newest, series, ratio, score, remark(class, node)};
		cli_table_row(table, cells);
		shown++;
	}
	fingerprint_text(f->fleet.machines[class->first].fingerprint, print);
	printf("class %s: %zu machine%s, %zu series", print, class->n, class->n == 1 ? "" : "s",
	       class->n_series);
	if (isfinite(class->spread))
		printf("; equals differ by %.1f %%\n", 100 * class->spread);
	else
		printf("; fewer than %d to compare\n", FLEET_ENOUGH);
	cli_table_print(table, stdout);
	if (shown < class->n) {
		snprintf(line, sizeof(line), "%zu more without a remark: --all shows them",
			 class->n - shown);
		puts(line);
	}
	putchar('\n');
}

static void print_cells(const struct fleet *f)
{
	static const char *const columns[] = {"machine", "figure", ">ratio", ">score"};
	size_t n = f->view.n_cells, most = f->all ? n : MOST_CELLS;
	if (n == 0)
		return;
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	for (size_t i = 0; i < n && i < most; i++) {
		const struct fleet_cell *c = &f->view.cells[i];
		char ratio[24], score[24];
		snprintf(ratio, sizeof(ratio), "%.3f", c->ratio);
		snprintf(score, sizeof(score), "%+.1f", c->score);
		const char *cells[] = {f->fleet.machines[c->machine].name,
				       f->fleet.series[c->series].name, ratio, score};
		cli_table_row(table, cells);
	}
	puts("figures that stand out among equals (ratio above 1: worse)");
	cli_table_print(table, stdout);
	if (n > most)
		printf("%zu more: --all shows them\n", n - most);
	putchar('\n');
}

static void print_text(const struct fleet *f)
{
	size_t odd = 0;
	for (size_t i = 0; i < f->view.n_classes; i++)
		print_class(f, &f->view.classes[i]);
	print_cells(f);
	for (size_t i = 0; i < f->fleet.n_machines; i++)
		odd += f->view.nodes[i].odd;
	printf("%zu machine%s in %zu class%s, %zu series; %zu odd\n", f->fleet.n_machines,
	       f->fleet.n_machines == 1 ? "" : "s", f->view.n_classes,
	       f->view.n_classes == 1 ? "" : "es", f->fleet.n_series, odd);
}

static json_t *machine_json(const struct fleet *f, size_t i)
{
	const struct assay_fleet_machine *m = &f->fleet.machines[i];
	const struct fleet_node *node = &f->view.nodes[i];
	char uuid[37], newest[24];
	assay_uuid_text(m->uuid, uuid);
	assay_time_text(m->newest_ns, newest);
	return json_pack("{s:o, s:s, s:I, s:s, s:I, s:o, s:o, s:b}", "name",
			 assay_json_text(m->name), "uuid", uuid, "runs", (json_int_t)m->runs,
			 "newest", newest, "series", (json_int_t)node->n_series, "ratio",
			 assay_json_real(node->ratio), "score", assay_json_real(node->score), "odd",
			 (int)node->odd);
}

static enum assay_code print_json(const struct fleet *f, struct assay_err *err)
{
	json_t *classes = json_array(), *cells = json_array();
	for (size_t i = 0; i < f->view.n_classes; i++) {
		const struct fleet_class *class = &f->view.classes[i];
		json_t *machines = json_array();
		char print[17];
		for (size_t j = 0; j < class->n; j++)
			json_array_append_new(machines, machine_json(f, class->first + j));
		fingerprint_text(f->fleet.machines[class->first].fingerprint, print);
		json_array_append_new(classes, json_pack("{s:s, s:I, s:o, s:o}", "class", print,
							 "series", (json_int_t) class->n_series,
							 "spread", assay_json_real(class->spread),
							 "machines", machines));
	}
	for (size_t i = 0; i < f->view.n_cells; i++) {
		const struct fleet_cell *c = &f->view.cells[i];
		json_array_append_new(
			cells,
			json_pack("{s:o, s:o, s:o, s:o}", "machine",
				  assay_json_text(f->fleet.machines[c->machine].name), "name",
				  assay_json_text(f->fleet.series[c->series].name), "ratio",
				  assay_json_real(c->ratio), "score", assay_json_real(c->score)));
	}
	return assay_json_document(json_pack("{s:s, s:o, s:o}", "schema", "assay/1", "classes",
					     classes, "outliers", cells),
				   f->cli->json, err);
}

static enum assay_code show(struct fleet *f, struct assay_store *store, const char *pattern,
			    struct assay_err *err)
{
	enum assay_code code = assay_store_fleet(store, pattern, &f->fleet, err);
	if (code != ASSAY_OK)
		return code;
	if (f->fleet.n_values == 0)
		code = pattern ? stored_no_series(store, pattern, err)
			       : assay_fail(err, ASSAY_EUSAGE, "'%s' holds no measured result yet",
					    f->cli->db);
	if (code == ASSAY_OK)
		code = fleet_view_new(&f->fleet, &f->view, err);
	if (code == ASSAY_OK && f->cli->json)
		code = print_json(f, err);
	if (code == ASSAY_OK && !f->cli->json_is_stdout)
		print_text(f);
	fleet_view_done(&f->view);
	assay_fleet_done(&f->fleet);
	return code;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	struct fleet f = {.cli = cli, .all = cli_flag(args, "all")};
	struct assay_store *store;
	(void)ret_exit;
	if (args->n_positional > 1)
		return assay_fail(err, ASSAY_EUSAGE, "fleet takes one PATTERN, not %d",
				  args->n_positional);
	enum assay_code code = assay_store_open(cli->db, ASSAY_STORE_READ, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = show(&f, store, args->n_positional ? args->positional[0] : NULL, err);
	assay_store_close(store);
	return code;
}

const struct cli_verb cli_verb_fleet = {
	.name = "fleet",
	.usage = "[PATTERN]",
	.brief = "machines by class, and the one unlike its equals",
	.details =
		"The newest figure of each case on each machine in the store, see 'assay merge'.\n"
		"Machines of one hardware fingerprint are a class. ratio is a machine's cost to\n"
		"the median of its class, over all its cases; score how many spreads it is away:\n"
		"beyond 3.5, and 3 %, it is odd. PATTERN is a glob over case names.",
	.options = options,
	.paged = true,
	.run = run,
};
