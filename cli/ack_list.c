/* SPDX-License-Identifier: MIT */
/* ack_list: what has been acknowledged, and how often a gate was called wrong. */
#include <inttypes.h>
#include <string.h>

#include "cli/ack_list.h"
#include "cli/ack_words.h"
#include "cli/stored.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/store/run_json.h"
#include "harness/store/verdict.h"

json_t *ack_json(const struct assay_ack *ack, const char *state)
{
	char made[24], expires[24], key[65], fingerprint[65];
	assay_time_text(ack->made_ns, made);
	assay_time_text(ack->expires_ns, expires);
	for (int i = 0; i < 32; i++) {
		snprintf(key + 2 * i, 3, "%02x", ack->series_key[i]);
		snprintf(fingerprint + 2 * i, 3, "%02x", ack->fingerprint[i]);
	}
	bool rate = ack->better == ASSAY_HIGHER;
	double limit = rate ? 1 / ack->limit_ratio : ack->limit_ratio;
	return json_pack(
		"{s:I, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "id",
		(json_int_t)ack->id, "name", assay_json_text(ack->name), "metric",
		assay_json_text(ack->metric), "series", key, "kind", assay_ack_kind_name(ack->kind),
		"state", state, "limit", assay_json_real(limit - 1), "limit_ratio",
		assay_json_real(ack->limit_ratio), "author", assay_json_text(ack->author), "note",
		assay_json_text(ack->note), "from", assay_json_text(ack->from), "to",
		assay_json_text(ack->to), "made", made, "expires",
		ack->expires_ns ? json_string(expires) : json_null(), "fingerprint",
		ack->one_machine ? json_string(fingerprint) : json_null());
}

enum assay_ack_state ack_state_now(const struct assay_ack *ack)
{
	/* Of the machine and the base only a gate knows: here it is about time alone. */
	const struct assay_acceptance_when when = {assay_wall_ns(), NULL, ack->fingerprint};
	return assay_ack_state(ack, &when, ASSAY_CONTAINS_UNKNOWN);
}

/* A newer one for the same series decides in its place. */
static bool replaced(const struct assay_ack_list *acks, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (memcmp(acks->acks[i].series_key, acks->acks[at].series_key, 32) == 0 &&
		    ack_state_now(&acks->acks[i]) == ASSAY_ACK_IN_FORCE)
			return true;
	return false;
}

/* Its state, or its kind when it accepts nothing. */
static const char *word_of(const struct assay_ack_list *acks, size_t at)
{
	enum assay_ack_state state = ack_state_now(&acks->acks[at]);
	if (state == ASSAY_ACK_RECORD)
		return assay_ack_kind_name(acks->acks[at].kind);
	return state == ASSAY_ACK_IN_FORCE && replaced(acks, at) ? "replaced"
								 : assay_ack_state_name(state);
}

static void print_ack(struct cli_table *table, const struct assay_ack_list *acks, size_t at)
{
	const struct assay_ack *ack = &acks->acks[at];
	char id[24], limit[32] = "-", until[24] = "never";
	snprintf(id, sizeof(id), "%" PRId64, ack->id);
	if (ack->kind == ASSAY_ACK_ACCEPTED)
		ack_limit(ack->limit_ratio, ack->better, limit, sizeof(limit));
	if (ack->kind != ASSAY_ACK_ACCEPTED)
		assay_copy(until, sizeof(until), "-");
	else if (ack->expires_ns) /* the last day that it covers */
		assay_time_text(ack->expires_ns - 1, until);
	until[strcspn(until, "T")] = '\0';
	const char *cells[] = {id, word_of(acks, at), limit, until, ack->author, ack->note};
	cli_table_row(table, cells);
}

static void print_name(struct cli_table *table, const struct assay_ack *ack)
{
	char name[600];
	assay_sanitise(name, sizeof(name), ack->name ? ack->name : "a series not in this store");
	cli_table_line(table, name);
}

static const char *const columns[] = {">id", "state", ">limit", "until", "author", "note"};

enum assay_code ack_print_series(struct assay_store *store, const char *name, const char *metric,
				 struct assay_err *err)
{
	struct assay_ack_list acks;
	enum assay_code code = assay_store_acks(store, NULL, &acks, err);
	if (code != ASSAY_OK)
		return code;
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	size_t n = 0;
	for (size_t i = 0; i < acks.n; i++) {
		const struct assay_ack *ack = &acks.acks[i];
		if (!ack->name || strcmp(ack->name, name) != 0 || strcmp(ack->metric, metric) != 0)
			continue;
		print_ack(table, &acks, i);
		n++;
	}
	if (n) {
		puts("\nAcknowledged");
		cli_table_print(table, stdout);
	} else {
		cli_table_free(table);
	}
	assay_ack_list_done(&acks);
	return ASSAY_OK;
}

/* How often a gate cried wolf, as far as anybody said so. */
static enum assay_code statistics(struct assay_store *store, const struct assay_ack_list *acks,
				  size_t *ret_regressed, size_t *ret_false, struct assay_err *err)
{
	struct assay_verdict_list verdicts;
	enum assay_code code = assay_store_verdicts(store, 0, NULL, 0, &verdicts, err);
	*ret_regressed = *ret_false = 0;
	if (code != ASSAY_OK)
		return code;
	for (size_t i = 0; i < verdicts.n; i++)
		*ret_regressed += strcmp(verdicts.verdicts[i].decision, "REGRESSED") == 0;
	for (size_t i = 0; i < acks->n; i++)
		*ret_false += acks->acks[i].kind == ASSAY_ACK_FALSE_ALARM;
	assay_verdict_list_done(&verdicts);
	return ASSAY_OK;
}

/* Is the series of this acknowledgement among those that were asked for? */
static bool wanted(const struct assay_ack *ack, const struct assay_series_list *series)
{
	for (size_t i = 0; series && i < series->n; i++)
		if (memcmp(series->series[i].key, ack->series_key, 32) == 0)
			return true;
	return !series;
}

static enum assay_code show(struct cli *cli, const struct assay_ack_list *acks,
			    const struct assay_series_list *series, size_t regressed,
			    size_t false_alarms, struct assay_err *err)
{
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	json_t *array = json_array();
	size_t n = 0;
	for (size_t i = 0; i < acks->n; i++) {
		const struct assay_ack *ack = &acks->acks[i];
		if (!wanted(ack, series))
			continue;
		print_name(table, ack);
		print_ack(table, acks, i);
		json_array_append_new(array, ack_json(ack, word_of(acks, i)));
		n++;
	}
	if (!cli->json_is_stdout && n)
		cli_table_print(table, stdout);
	else
		cli_table_free(table);
	if (!cli->json_is_stdout)
		printf("%s%zu verdicts in this store were REGRESSED, %zu were called false alarms\n",
		       n ? "\n" : "Nothing is acknowledged.\n", regressed, false_alarms);
	if (!cli->json) {
		json_decref(array);
		return ASSAY_OK;
	}
	return assay_json_document(json_pack("{s:s, s:o, s:I, s:I}", "schema", "assay/1",
					     "acknowledgements", array, "regressed_verdicts",
					     (json_int_t)regressed, "false_alarms",
					     (json_int_t)false_alarms),
				   cli->json, err);
}

enum assay_code ack_list(struct cli *cli, const struct cli_args *args, struct assay_err *err)
{
	struct assay_store *store;
	struct assay_ack_list acks = {0};
	struct assay_series_list series = {0};
	size_t regressed = 0, false_alarms = 0;
	const char *pattern = args->n_positional ? args->positional[0] : NULL;
	enum assay_code code = assay_store_open(cli->db, ASSAY_STORE_READ, &store, err);
	if (code != ASSAY_OK)
		return code;
	if (pattern)
		code = assay_store_series(store, pattern, &series, err);
	if (code == ASSAY_OK && pattern && !series.n)
		code = stored_no_series(store, pattern, err);
	if (code == ASSAY_OK)
		code = assay_store_acks(store, NULL, &acks, err);
	if (code == ASSAY_OK)
		code = statistics(store, &acks, &regressed, &false_alarms, err);
	if (code == ASSAY_OK)
		code = show(cli, &acks, pattern ? &series : NULL, regressed, false_alarms, err);
	assay_ack_list_done(&acks);
	assay_series_list_done(&series);
	assay_store_close(store);
	return code;
}
