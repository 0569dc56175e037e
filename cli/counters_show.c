/* SPDX-License-Identifier: MIT */
/* counters_show: counters and metrics of the cases of a run, in tables; what there is none of, once for all cases. */
#include <stdlib.h>
#include <string.h>

#include "cli/counters.h"
#include "harness/base/str.h"
#include "profiler/groups.h"

/* A counter that cases have not, for one reason. */
struct lack {
	char event[sizeof(((struct assay_count *)NULL)->event)];
	char reason[sizeof(((struct assay_count *)NULL)->reason)];
	size_t cases;
};

struct lacks {
	struct lack *list;
	size_t n;
};

static enum assay_code add_lack(struct lacks *lacks, const struct assay_count *c,
				struct assay_err *err)
{
	for (size_t i = 0; i < lacks->n; i++)
		if (strcmp(lacks->list[i].event, c->event) == 0 &&
		    strcmp(lacks->list[i].reason, c->reason) == 0) {
			lacks->list[i].cases++;
			return ASSAY_OK;
		}
	struct lack *larger = realloc(lacks->list, (lacks->n + 1) * sizeof(*larger));
	if (!larger)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for counters");
	lacks->list = larger;
	struct lack *lack = &lacks->list[lacks->n++];
	lack->cases = 1;
	assay_copy(lack->event, sizeof(lack->event), c->event);
	assay_copy(lack->reason, sizeof(lack->reason), c->reason);
	return ASSAY_OK;
}

static void show_lacks(const struct lacks *lacks, FILE *out)
{
	static const char *const columns[] = {"unavailable", ">cases", "reason"};
	if (!lacks->n)
		return;
	fputc('\n', out);
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	for (size_t i = 0; i < lacks->n; i++) {
		char cases[24];
		snprintf(cases, sizeof(cases), "%zu", lacks->list[i].cases);
		const char *const cells[] = {lacks->list[i].event, cases, lacks->list[i].reason};
		cli_table_row(table, cells);
	}
	cli_table_print(table, out);
}

static const struct group_metric *metric_named(const struct counter_groups *groups,
					       const char *name)
{
	for (size_t i = 0; i < groups->n; i++)
		for (size_t k = 0; k < groups->groups[i].n_metrics; k++)
			if (strcmp(groups->groups[i].metrics[k].name, name) == 0)
				return &groups->groups[i].metrics[k];
	return NULL;
}

static bool is_derived(const struct assay_count *c)
{
	return strcmp(c->source, "formula") == 0;
}

static void show_count(const struct counter_groups *groups, const struct assay_count *c,
		       struct cli_table *table)
{
	char value[40], remark[260] = "";
	const struct group_metric *m = is_derived(c) ? metric_named(groups, c->event) : NULL;
	snprintf(value, sizeof(value), "%.4g %s", c->value, c->unit);
	assay_copy(remark, sizeof(remark), c->reason);
	if (m && group_metric_beyond(m, c->value))
		snprintf(remark, sizeof(remark), "%s %g: %s", m->better == 'h' ? "below" : "above",
			 m->threshold, m->meaning);
	const char *const cells[] = {c->event, value, assay_quality_name(c->quality), c->source,
				     remark};
	cli_table_row(table, cells);
}

static enum assay_code show_case(const struct counter_groups *groups, const struct assay_result *r,
				 struct lacks *lacks, FILE *out, struct assay_err *err)
{
	static const char *const columns[] = {"counter", ">per operation", "quality", "source",
					      "remarks"};
	struct cli_table *table = NULL;
	enum assay_code rc = ASSAY_OK;
	for (size_t k = 0; k < r->n_counters && rc == ASSAY_OK; k++) {
		const struct assay_count *c = &r->counters[k];
		if (c->quality == ASSAY_UNAVAILABLE) {
			rc = add_lack(lacks, c, err);
			continue;
		}
		if (!table) {
			char clean[400];
			assay_sanitise(clean, sizeof(clean), r->name);
			fprintf(out, "\n%s\n", clean);
			table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
		}
		show_count(groups, c, table);
	}
	if (table)
		cli_table_print(table, out);
	return rc;
}

/* The metrics anew: a ceiling may have been measured after the case. */
static enum assay_code renew_case(const struct counter_groups *groups, const struct assay_result *r,
				  const struct ceilings *ceilings, struct lacks *lacks, FILE *out,
				  struct assay_err *err)
{
	struct assay_result bare = *r, whole;
	ASSAY_AUTO_FREE struct assay_count *counts = NULL;
	while (bare.n_counters && is_derived(&bare.counters[bare.n_counters - 1]))
		bare.n_counters--;
	enum assay_code rc = counters_derive(&bare, ceilings, &whole, &counts, err);
	return rc == ASSAY_OK ? show_case(groups, &whole, lacks, out, err) : rc;
}

enum assay_code counters_show(const struct assay_result_list *results,
			      const struct ceilings *ceilings, FILE *out, struct assay_err *err)
{
	struct counter_groups groups;
	struct lacks lacks = {0};
	enum assay_code rc = counter_groups_read(groups_text, &groups, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; i < results->n && rc == ASSAY_OK; i++)
		if (results->results[i].primary && results->results[i].n_counters)
			rc = renew_case(&groups, &results->results[i], ceilings, &lacks, out, err);
	if (rc == ASSAY_OK)
		show_lacks(&lacks, out);
	free(lacks.list);
	counter_groups_done(&groups);
	return rc;
}
