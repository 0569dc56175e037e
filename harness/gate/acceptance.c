/* SPDX-License-Identifier: MIT */
/* acceptance: weighing acknowledgements against the time, the machine and the base's commit. */
#include "harness/gate/acceptance.h"

#include <stdlib.h>
#include <string.h>

/* Git shows no fewer digits of a commit than this. */
enum { LEAST_DIGITS = 7 };

static bool known(const char *commit)
{
	return commit && *commit;
}

/* One may be an abbreviation of the other. */
static bool same_commit(const char *a, const char *b)
{
	if (!known(a) || !known(b))
		return false;
	size_t x = strlen(a), y = strlen(b), shared = x < y ? x : y;
	return x == y ? strcmp(a, b) == 0 : shared >= LEAST_DIGITS && strncmp(a, b, shared) == 0;
}

const char *assay_ack_state_name(enum assay_ack_state state)
{
	static const char *const names[] = {
		[ASSAY_ACK_IN_FORCE] = "in force",
		[ASSAY_ACK_EXPIRED] = "expired",
		[ASSAY_ACK_SPENT] = "spent",
		[ASSAY_ACK_RECORD] = "record",
		[ASSAY_ACK_ELSEWHERE] = "another machine",
	};
	return names[state];
}

enum assay_ack_state assay_ack_state(const struct assay_ack *ack,
				     const struct assay_acceptance_when *when,
				     enum assay_gate_contains contains)
{
	if (ack->kind != ASSAY_ACK_ACCEPTED)
		return ASSAY_ACK_RECORD;
	if (ack->expires_ns && when->now_ns >= ack->expires_ns)
		return ASSAY_ACK_EXPIRED;
	if (ack->one_machine && (!when->fingerprint || memcmp(ack->fingerprint, when->fingerprint,
							      sizeof(ack->fingerprint)) != 0))
		return ASSAY_ACK_ELSEWHERE;
	if (same_commit(when->base_commit, ack->to))
		return ASSAY_ACK_SPENT;
	if (same_commit(when->base_commit, ack->from))
		return ASSAY_ACK_IN_FORCE;
	return contains == ASSAY_CONTAINS_YES ? ASSAY_ACK_SPENT : ASSAY_ACK_IN_FORCE;
}

struct assay_gate_acceptance assay_gate_accept(const struct assay_ack *acks,
					       const enum assay_gate_contains *contains, size_t n,
					       const struct assay_acceptance_when *when)
{
	struct assay_gate_acceptance ret = {0};
	const struct assay_ack *newest = NULL;
	for (size_t i = 0; i < n; i++) {
		ret.false_alarms += acks[i].kind == ASSAY_ACK_FALSE_ALARM;
		if (assay_ack_state(&acks[i], when, contains[i]) == ASSAY_ACK_IN_FORCE &&
		    (!newest || acks[i].made_ns > newest->made_ns))
			newest = &acks[i];
	}
	if (!newest)
		return ret;
	ret.present = true;
	ret.limit_ratio = newest->limit_ratio;
	ret.author = (char *)(uintptr_t)newest->author;
	ret.note = (char *)(uintptr_t)newest->note;
	ret.made_ns = newest->made_ns;
	ret.expires_ns = newest->expires_ns;
	return ret;
}

/* As the store tells it: what was first measured later is newer. */
static enum assay_code store_contains(struct assay_store *store, const char *in, const char *change,
				      enum assay_gate_contains *ret, struct assay_err *err)
{
	uint64_t base_ns = 0, change_ns = 0;
	enum assay_code code = assay_store_first_run(store, in, &base_ns, err);
	if (code == ASSAY_OK)
		code = assay_store_first_run(store, change, &change_ns, err);
	if (code == ASSAY_OK && change_ns && base_ns > change_ns)
		*ret = ASSAY_CONTAINS_YES;
	return code;
}

static enum assay_code weigh(struct assay_store *store, const struct assay_ack *ack,
			     const char *base, const struct assay_gate_ancestry *ancestry,
			     enum assay_gate_contains *ret, struct assay_err *err)
{
	*ret = ASSAY_CONTAINS_UNKNOWN;
	if (ack->kind != ASSAY_ACK_ACCEPTED || !known(ack->to) || !known(base) ||
	    same_commit(base, ack->from) || same_commit(base, ack->to))
		return ASSAY_OK;
	if (ancestry)
		*ret = ancestry->contains(ancestry->context, base, ack->to);
	return *ret == ASSAY_CONTAINS_UNKNOWN ? store_contains(store, base, ack->to, ret, err)
					      : ASSAY_OK;
}

enum assay_code assay_gate_acceptances_load(struct assay_store *store,
					    const struct assay_acceptance_when *when,
					    const struct assay_gate_ancestry *ancestry,
					    struct assay_gate_acceptances *ret,
					    struct assay_err *err)
{
	struct assay_gate_acceptances table = {.when = *when};
	enum assay_code code = assay_store_acks(store, NULL, &table.list, err);
	if (code != ASSAY_OK)
		return code;
	table.contains = calloc(table.list.n + 1, sizeof(*table.contains));
	if (!table.contains)
		code = assay_fail(err, ASSAY_ENOMEM, "no memory for %zu acknowledgements",
				  table.list.n);
	for (size_t i = 0; i < table.list.n && code == ASSAY_OK; i++)
		code = weigh(store, &table.list.acks[i], when->base_commit, ancestry,
			     &table.contains[i], err);
	if (code == ASSAY_OK)
		*ret = table;
	else
		assay_gate_acceptances_done(&table);
	return code;
}

void assay_gate_acceptances_done(struct assay_gate_acceptances *table)
{
	assay_ack_list_done(&table->list);
	free(table->contains);
	*table = (struct assay_gate_acceptances){0};
}

enum assay_code assay_gate_acceptances_apply(const struct assay_gate_acceptances *table,
					     struct assay_gate_row *row, struct assay_err *err)
{
	struct assay_gate_acceptance found = {0};
	for (size_t i = 0; i < table->list.n; i++) {
		const struct assay_ack *ack = &table->list.acks[i];
		if (memcmp(ack->series_key, row->series_key, sizeof(row->series_key)) != 0)
			continue;
		struct assay_gate_acceptance one =
			assay_gate_accept(ack, &table->contains[i], 1, &table->when);
		size_t false_alarms = found.false_alarms + one.false_alarms;
		if (!found.present) /* the list has the newest first */
			found = one;
		found.false_alarms = false_alarms;
	}
	if (found.present) {
		found.author = strdup(found.author ? found.author : "");
		found.note = strdup(found.note ? found.note : "");
	}
	free(row->acceptance.author);
	free(row->acceptance.note);
	row->acceptance = found;
	return found.present && (!found.author || !found.note)
		       ? assay_fail(err, ASSAY_ENOMEM, "no memory for an acknowledgement")
		       : ASSAY_OK;
}
