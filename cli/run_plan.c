/* SPDX-License-Identifier: MIT */
/* run_plan: the cases of a run and what they will take, as text and as events. */
#include "cli/run_plan.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/run_command.h"
#include "harness/base/json.h"
#include "harness/engine/plan_json.h"
#include "harness/engine/world.h"

static enum assay_code print_text(const struct run_request *q, const struct assay_plan *plan,
				  const struct eta *eta, struct assay_err *err)
{
	if (q->program_suite) {
		enum assay_code rc = run_command_plan(plan, stdout, err);
		printf("%zu cases x %" PRIu64 " launches, profile %s, seed %" PRIu64 "\n", plan->n,
		       q->launches, q->profile, q->seed);
		return rc;
	}
	const char *const columns[] = {"/case", ">CPUs"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	size_t runnable = 0;
	for (size_t i = 0; i < plan->n; i++) {
		const struct assay_planned *planned = &plan->cases[i];
		char cpus[256] = "";
		if (planned->cpus)
			assay_cpus_text(planned->cpus, planned->c.threads, cpus, sizeof(cpus));
		const char *cells[] = {planned->c.name, planned->skip ? planned->skip : cpus};
		cli_table_row(table, cells);
		runnable += planned->skip == NULL;
	}
	cli_table_print(table, stdout);
	printf("%zu cases x %" PRIu64 " launches, profile %s, seed %" PRIu64 "\nabout %.0f s",
	       runnable, q->launches, q->profile, q->seed, eta_total_ns(eta) / 1e9);
	if (eta->remembered)
		printf(" by what %zu of them took here before", eta->remembered);
	putchar('\n');
	return ASSAY_OK;
}

static enum assay_code print_json(const struct cli *cli, const struct run_request *q,
				  const struct assay_plan *plan, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < plan->n; i++) {
		const struct assay_planned *planned = &plan->cases[i];
		json_t *json = assay_planned_json(planned);
		if (json) {
			json_object_set_new(json, "schema", json_string("assay/1"));
			json_object_set_new(json, "event", json_string("planned"));
		}
		rc = assay_json_line(json, cli->json, err);
	}
	if (rc == ASSAY_OK && q->program_suite)
		rc = run_command_events(plan, cli->json, err);
	return rc;
}

enum assay_code run_plan_show(const struct cli *cli, const struct run_request *q,
			      const struct assay_plan *plan, const struct eta *eta,
			      struct assay_err *err)
{
	enum assay_code rc = cli->json ? print_json(cli, q, plan, err) : ASSAY_OK;
	return rc == ASSAY_OK && !cli->json_is_stdout ? print_text(q, plan, eta, err) : rc;
}
