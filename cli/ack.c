/* SPDX-License-Identifier: MIT */
/* ack: accept a change up to a limit, or mark a verdict as a false alarm, with a note and an end. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ack_list.h"
#include "cli/ack_words.h"
#include "cli/cli.h"
#include "cli/revision.h"
#include "cli/stored.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/gate/acceptance.h"
#include "harness/store/run_json.h"
#include "harness/store/verdict.h"

static const struct cli_option options[] = {
	{"limit", 0, "PERCENT", "accept being worse by up to that: +6%; of a rate -6%"},
	{"false-alarm", 0, NULL, "instead: the last verdict was wrong; accepts nothing"},
	{"note", 0, "TEXT", "why; shown wherever the series is"},
	{"author", 0, "NAME", "who (default: git's user.name)"},
	{"expires", 0, "WHEN", "30d, 2027-01-31 or never (default 30d)"},
	{"metric", 0, "NAME", "this metric of the benchmark (default: its main one)"},
	{"here", 0, NULL, "only on the machine of the last verdict"},
	{"list", 0, NULL, "show what there is, for series that match"},
	{"retire", 0, "ID", "end one now; it stays on record"},
	{0},
};

enum { MOST_NAMED = 20 };

static enum assay_code several(const struct cli *cli, const char *pattern,
			       const struct assay_series_list *list, const char *metric,
			       struct assay_err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < list->n; i++) {
		const struct assay_series_info *s = &list->series[i];
		if (metric ? strcmp(metric, s->metric) != 0 : !s->primary)
			continue;
		char name[400];
		assay_sanitise(name, sizeof(name), s->name);
		if (n++ < MOST_NAMED)
			cli_note(cli, "  %s", name);
	}
	if (n > MOST_NAMED)
		cli_note(cli, "  and %zu more", n - MOST_NAMED);
	return assay_fail(err, ASSAY_EUSAGE,
			  "'%.100s' matches %zu series; an acknowledgement is about one", pattern,
			  n);
}

/* The one series meant, borrowed from the list; a name in full outranks what begins with it. */
static enum assay_code choose(const struct cli *cli, struct assay_store *store, const char *pattern,
			      const char *metric, const struct assay_series_list *list,
			      const struct assay_series_info **ret, struct assay_err *err)
{
	size_t n = 0;
	*ret = NULL;
	for (size_t i = 0; i < list->n; i++) {
		const struct assay_series_info *s = &list->series[i];
		if (metric ? strcmp(metric, s->metric) != 0 : !s->primary)
			continue;
		bool exact = strcmp(s->name, pattern) == 0;
		if (!*ret || exact)
			*ret = s;
		n++;
		if (exact)
			return ASSAY_OK;
	}
	if (n > 1)
		return several(cli, pattern, list, metric, err);
	if (n == 1)
		return ASSAY_OK;
	if (!list->n)
		return stored_no_series(store, pattern, err);
	return assay_fail(err, ASSAY_EUSAGE, "'%.150s' has no metric '%.60s'", list->series[0].name,
			  metric ? metric : "that is its main one");
}

/* What is to be acknowledged, put together before anything is written. */
struct request {
	struct cli *cli;
	const struct cli_args *args;
	struct assay_series_list matches;
	const struct assay_series_info *series;
	struct assay_verdict_list verdicts;
	const struct assay_stored_verdict *verdict; /* the last that was not OK, or NULL */
	struct assay_ack ack;
	char author[200];
};

static void request_done(struct request *r)
{
	assay_verdict_list_done(&r->verdicts);
	assay_series_list_done(&r->matches);
}

/* The last verdict that somebody may want to accept or to call wrong. */
static const struct assay_stored_verdict *last_bad(const struct assay_verdict_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->verdicts[i].decision, "OK") != 0)
			return &list->verdicts[i];
	return NULL;
}

static enum assay_code find(struct request *r, struct assay_store *store, struct assay_err *err)
{
	const char *pattern = r->args->positional[0];
	enum assay_code code = assay_store_series(store, pattern, &r->matches, err);
	if (code == ASSAY_OK)
		code = choose(r->cli, store, pattern, cli_value(r->args, "metric"), &r->matches,
			      &r->series, err);
	if (code == ASSAY_OK)
		code = assay_store_verdicts(store, 0, r->series->key, 0, &r->verdicts, err);
	if (code == ASSAY_OK)
		r->verdict = last_bad(&r->verdicts);
	return code;
}

static enum assay_code no_limit(const struct request *r, struct assay_err *err)
{
	const struct assay_stored_verdict *v = r->verdict;
	char limit[32];
	if (!v || !(v->hi > 1))
		return assay_fail(err, ASSAY_EUSAGE,
				  "say how much is accepted, such as --limit %s6%%",
				  r->series->better == ASSAY_HIGHER ? "-" : "+");
	return assay_fail(
		err, ASSAY_EUSAGE,
		"say how much is accepted with --limit; the last verdict reached up to %s",
		ack_limit(v->hi, r->series->better, limit, sizeof(limit)));
}

static enum assay_code read_kind(struct request *r, struct assay_err *err)
{
	const char *limit = cli_value(r->args, "limit");
	bool false_alarm = cli_flag(r->args, "false-alarm");
	if (false_alarm && limit)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--limit and --false-alarm exclude each other: what was measured "
				  "wrongly is not accepted");
	r->ack.limit_ratio = NAN;
	if (!false_alarm)
		return limit ? ack_parse_limit(limit, r->series->better, &r->ack.limit_ratio, err)
			     : no_limit(r, err);
	r->ack.kind = ASSAY_ACK_FALSE_ALARM;
	if (!r->verdict)
		return assay_fail(err, ASSAY_EUSAGE,
				  "no gate has decided against '%.150s' here: there is no alarm",
				  r->series->name);
	return ASSAY_OK;
}

static enum assay_code read_rest(struct request *r, struct assay_err *err)
{
	struct assay_ack *ack = &r->ack;
	const char *note = cli_value(r->args, "note"), *author = cli_value(r->args, "author");
	if (!note || !note[strspn(note, " \t\n")])
		return assay_fail(err, ASSAY_EUSAGE,
				  "say why with --note, for those who come later");
	if (!author) {
		revision_author(r->author, sizeof(r->author));
		author = r->author;
	}
	ack->note = note;
	ack->author = author;
	memcpy(ack->series_key, r->series->key, sizeof(ack->series_key));
	if (r->verdict) {
		ack->from = r->verdict->against_commit;
		/* Uncommitted changes are in no commit, so no base will ever name them. */
		ack->to = r->verdict->dirty ? NULL : r->verdict->commit;
		memcpy(ack->fingerprint, r->verdict->fingerprint, sizeof(ack->fingerprint));
	}
	ack->one_machine = cli_flag(r->args, "here");
	if (ack->one_machine && !r->verdict)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--here means the machine of a verdict, and there is none");
	ack->made_ns = assay_wall_ns();
	return ack_parse_expiry(cli_value(r->args, "expires"), ack->made_ns, &ack->expires_ns, err);
}

static void confirm(const struct request *r)
{
	const struct assay_ack *ack = &r->ack;
	char name[600], limit[32], until[24];
	assay_sanitise(name, sizeof(name), r->series->name);
	if (ack->kind == ASSAY_ACK_FALSE_ALARM)
		printf("%" PRId64 ": the last verdict on %s was a false alarm\n", ack->id, name);
	else
		printf("%" PRId64 ": %s may be worse by %s", ack->id, name,
		       ack_limit(ack->limit_ratio, r->series->better, limit, sizeof(limit)));
	if (ack->kind == ASSAY_ACK_FALSE_ALARM)
		return;
	assay_time_text(ack->expires_ns, until);
	printf(ack->expires_ns ? " until %s\n" : ", without an end\n", until);
	if (ack->from && ack->to)
		printf("   or until the base contains %.12s (accepted against %.12s)\n", ack->to,
		       ack->from);
	if (r->verdict && r->verdict->lo > ack->limit_ratio)
		cli_warn(r->cli,
			 "the last verdict is worse than this limit even at its best: the "
			 "gate will stay red");
}

static enum assay_code add(struct cli *cli, const struct cli_args *args, struct assay_err *err)
{
	struct request r = {.cli = cli, .args = args};
	struct assay_store *store;
	/* For reading first: a typing error must not make a new store. */
	enum assay_code code = assay_store_open(cli->db, ASSAY_STORE_READ, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = find(&r, store, err);
	assay_store_close(store);
	if (code == ASSAY_OK)
		code = read_kind(&r, err);
	if (code == ASSAY_OK)
		code = read_rest(&r, err);
	if (code == ASSAY_OK)
		code = assay_store_open(cli->db, ASSAY_STORE_WRITE, &store, err);
	if (code == ASSAY_OK) {
		code = assay_store_add_ack(store, &r.ack, &r.ack.id, err);
		assay_store_close(store);
	}
	r.ack.name = r.series ? r.series->name : NULL;
	r.ack.metric = r.series ? r.series->metric : NULL;
	r.ack.better = r.series ? r.series->better : ASSAY_LOWER;
	if (code == ASSAY_OK && !cli->json_is_stdout)
		confirm(&r);
	if (code == ASSAY_OK && cli->json)
		code = assay_json_document(
			json_pack("{s:s, s:o}", "schema", "assay/1", "acknowledgement",
				  ack_json(&r.ack, assay_ack_state_name(ack_state_now(&r.ack)))),
			cli->json, err);
	request_done(&r);
	return code;
}

static enum assay_code retire(struct cli *cli, const char *text, struct assay_err *err)
{
	struct assay_store *store;
	uint64_t id;
	enum assay_code code = assay_parse_u64(text, 1, INT64_MAX, &id, err);
	if (code != ASSAY_OK)
		return assay_context(err, code, "--retire");
	code = stored_open_to_change(cli->db, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_store_retire_ack(store, (int64_t)id, err);
	assay_store_close(store);
	if (code == ASSAY_OK && cli->json)
		code = assay_json_document(
			json_pack("{s:s, s:I}", "schema", "assay/1", "retired", (json_int_t)id),
			cli->json, err);
	if (code == ASSAY_OK && !cli->json_is_stdout)
		printf("%" PRIu64 ": ended\n", id);
	return code;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	const char *id = cli_value(args, "retire");
	bool listing = cli_flag(args, "list");
	(void)ret_exit;
	if (id && (listing || args->n_positional))
		return assay_fail(err, ASSAY_EUSAGE, "--retire takes a number and nothing else");
	static const char *const of_new[] = {"limit",   "false-alarm", "note", "author",
					     "expires", "metric",      "here"};
	for (size_t i = 0; (id || listing) && i < ASSAY_COUNT_OF(of_new); i++)
		if (cli_value(args, of_new[i]))
			return assay_fail(err, ASSAY_EUSAGE,
					  "--%s is for a new acknowledgement, not for --%s",
					  of_new[i], id ? "retire" : "list");
	if (args->n_positional > 1)
		return assay_fail(err, ASSAY_EUSAGE, "ack takes one SERIES; quote a pattern");
	if (id)
		return retire(cli, id, err);
	if (listing)
		return ack_list(cli, args, err);
	if (!args->n_positional)
		return assay_fail(err, ASSAY_EUSAGE,
				  "say which series, or --list; 'assay history' lists them");
	return add(cli, args, err);
}

const struct cli_verb cli_verb_ack = {
	.name = "ack",
	.usage = "SERIES --limit PERCENT --note TEXT | --list | --retire ID",
	.brief = "accept a change, or mark a false alarm",
	.details =
		"An accepted limit moves what a gate compares a series with; it does not mute\n"
		"it: with +6% accepted, +12% is a regression. It ends when it expires, and once\n"
		"the base contains the accepted change. The newest in force decides. A false\n"
		"alarm is kept for the statistics and accepts nothing. docs/acknowledgements.md",
	.options = options,
	.run = run,
};
