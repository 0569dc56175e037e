/* SPDX-License-Identifier: MIT */
/* history: how one series, or many, went over the runs in the store. */
#include <stdlib.h>
#include <string.h>

#include "cli/ack_list.h"
#include "cli/anomalies.h"
#include "cli/cli.h"
#include "cli/history_view.h"
#include "cli/stored.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"

static const struct cli_option options[] = {
	{"metric", 0, "NAME", "only this metric"},
	{"limit", 0, "N", "show the newest N runs of each series (default 30, 0: all)"},
	{"propose", 0, NULL, "look through all runs and keep what is seen as proposals"},
	{"anomalies", 0, NULL, "list the runs, and the samples within runs, that stand out"},
	{0},
};

/* What is asked for, of the series that match. */
struct question {
	const char *pattern; /* NULL: all */
	const char *metric;  /* NULL: all, ratios with what they are of */
	size_t limit;        /* runs shown; 0: all */
	bool propose, anomalies;
};

/* Of each benchmark the metric it is about, and any that is asked for by name. */
static enum assay_code propose(const struct cli *cli, struct assay_store *store,
			       const struct question *q, const struct history_views *views,
			       struct assay_err *err)
{
	size_t n = 0;
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < views->n; i++) {
		const struct history_view *view = &views->views[i];
		bool wanted = view->measured->primary || q->metric;
		for (size_t b = 0; wanted && b < view->n_bases && code == ASSAY_OK; b++)
			code = assay_history_propose(store, view->bases[b].series,
						     &view->bases[b].shifts, &n, err);
	}
	if (code == ASSAY_OK)
		cli_note(cli, "%zu new proposals in %s", n, cli->db);
	return code;
}

/* The view to show run by run: of one case, that of its primary metric; NULL when there are several cases. */
static const struct history_view *one_case(const struct history_views *views)
{
	const struct history_view *one = views->n ? &views->views[0] : NULL;
	for (size_t i = 1; i < views->n; i++) {
		const struct assay_history *s = views->views[i].measured;
		if (strcmp(s->name, one->measured->name) != 0)
			return NULL;
		if (s->primary)
			one = &views->views[i];
	}
	return one;
}

static bool is_one_case(const struct assay_history_list *list)
{
	for (size_t i = 1; i < list->n; i++)
		if (strcmp(list->series[i].name, list->series[0].name) != 0)
			return false;
	return true;
}

static enum assay_code show(struct cli *cli, struct assay_store *store, const struct question *q,
			    const struct assay_history_list *list, struct assay_err *err)
{
	struct history_views views;
	enum assay_code code = history_views_make(store, list, q->metric, &views, err);
	if (code != ASSAY_OK)
		return code;
	if (views.n == 0 && list->n && q->metric)
		code = assay_fail(err, ASSAY_EUSAGE, "no series there has a metric '%.60s'",
				  q->metric);
	else if (views.n == 0 && q->pattern)
		code = stored_no_series(store, q->pattern, err);
	if (code == ASSAY_OK && q->propose)
		code = propose(cli, store, q, &views, err);
	if (code == ASSAY_OK && q->anomalies) {
		code = anomalies_show(cli, store, &views, q->metric, q->limit, err);
		history_views_done(&views);
		return code;
	}
	if (code == ASSAY_OK && cli->json)
		code = history_print_json(cli, &views, q->limit, err);
	const struct history_view *one = code == ASSAY_OK ? one_case(&views) : NULL;
	if (code == ASSAY_OK && !cli->json_is_stdout && one) {
		history_print_one(one, q->limit);
		code = ack_print_series(store, one->measured->name, one->measured->metric, err);
	} else if (code == ASSAY_OK && !cli->json_is_stdout) {
		history_print_all(&views);
	}
	history_views_done(&views);
	return code;
}

/* More points than are shown, for the scan; all of them for proposals. */
static size_t points_to_read(const struct question *q)
{
	if (q->propose || !q->limit)
		return 0;
	return q->limit > ASSAY_HISTORY_POINTS ? q->limit : ASSAY_HISTORY_POINTS;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)ret_exit;
	uint64_t limit = 30;
	const char *text = cli_value(args, "limit");
	struct assay_store *store;
	if (args->n_positional > 1)
		return assay_fail(err, ASSAY_EUSAGE, "history takes one SERIES; quote a pattern");
	enum assay_code code = text ? assay_parse_u64(text, 0, 1000000, &limit, err) : ASSAY_OK;
	if (code != ASSAY_OK)
		return assay_context(err, code, "--limit");
	const struct question q = {
		.pattern = args->n_positional && *args->positional[0] ? args->positional[0] : NULL,
		.metric = cli_value(args, "metric"),
		.limit = (size_t)limit,
		.propose = cli_flag(args, "propose"),
		.anomalies = cli_flag(args, "anomalies"),
	};
	code = q.propose ? stored_open_to_change(cli->db, &store, err)
			 : assay_store_open(cli->db, ASSAY_STORE_READ, &store, err);
	if (code != ASSAY_OK)
		return code;
	struct assay_history_list list;
	code = assay_store_history(store, q.pattern, points_to_read(&q), &list, err);
	if (code == ASSAY_OK) {
		if (cli->json || is_one_case(&list)) /* the overview of many has no use for them */
			code = assay_store_history_profiles(store, &list, err);
		if (code == ASSAY_OK)
			code = show(cli, store, &q, &list, err);
		assay_history_list_done(&list);
	}
	assay_store_close(store);
	return code;
}

const struct cli_verb cli_verb_history = {
	.name = "history",
	.usage = "[SERIES]",
	.brief = "a series over time, and where its level changed",
	.details =
		"SERIES is a case's name, the beginning of one, or a glob. One case is shown run\n"
		"by run; of several, each with its last value and trend. 'change' is against\n"
		"the run before on the same machine. Where runs had an anchor, the ratio to it is\n"
		"followed. Changes of level are proposals until a paired gate confirms them;\n"
		"'assay run' keeps those it sees, --propose looks through all runs there are.\n"
		"--anomalies: what stood out once and went away again (docs/statistics.md).",
	.options = options,
	.paged = true,
	.run = run,
};
