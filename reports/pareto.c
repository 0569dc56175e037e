/* SPDX-License-Identifier: MIT */
/* pareto: of policies that trade one cost against another, those that no other beats in both. */
#include <string.h>

#include "reports/fits.h"

/* What knows more than a policy can is no rival but a bound. */
static const char bound[] = "clairvoyant";

struct front {
	const struct assay_report_bench *bench;
	size_t unserved, hours; /* among the metrics beside */
	size_t policy;          /* among the axes */
};

static bool has_both(const struct front *f, const struct assay_report_row *row)
{
	return row->beside[f->unserved] && row->beside[f->hours];
}

static bool same_group(const struct front *f, const struct assay_report_row *a,
		       const struct assay_report_row *b)
{
	for (size_t i = 0; i < f->bench->n_axes; i++)
		if (i != f->policy && strcmp(a->values[i], b->values[i]) != 0)
			return false;
	return true;
}

static const char *policy_of(const struct front *f, const struct assay_report_row *row)
{
	return row->values[f->policy];
}

/* No worse in either, and in one better by more than chance: the intervals are apart. */
static bool beats(const struct front *f, const struct assay_report_row *a,
		  const struct assay_report_row *b)
{
	const struct assay_estimate *ua = &a->beside[f->unserved]->estimate;
	const struct assay_estimate *ub = &b->beside[f->unserved]->estimate;
	const struct assay_estimate *ha = &a->beside[f->hours]->estimate;
	const struct assay_estimate *hb = &b->beside[f->hours]->estimate;
	return ua->median <= ub->median && ha->median <= hb->median &&
	       (ua->hi < ub->lo || ha->hi < hb->lo);
}

static const struct assay_report_row *beaten_by(const struct front *f, size_t r)
{
	const struct assay_report_bench *bench = f->bench;
	for (size_t i = 0; i < bench->n_measured; i++) {
		const struct assay_report_row *row = &bench->rows[i];
		if (i != r && has_both(f, row) && same_group(f, row, &bench->rows[r]) &&
		    strcmp(policy_of(f, row), bound) != 0 && beats(f, row, &bench->rows[r]))
			return row;
	}
	return NULL;
}

static void say_policy(struct assay_str *to, const struct front *f, size_t r)
{
	const struct assay_report_row *row = &f->bench->rows[r], *better = beaten_by(f, r);
	assay_str_add(to, "%s %.3g %% for %.3g h", policy_of(f, row),
		      100 * row->beside[f->unserved]->estimate.median,
		      row->beside[f->hours]->estimate.median);
	if (strcmp(policy_of(f, row), bound) == 0)
		assay_str_add(to, " (a bound)");
	else if (better)
		assay_str_add(to, " (not on the front: %s is better)", policy_of(f, better));
}

static void say_group(struct assay_str *to, const struct front *f, size_t leader)
{
	const struct assay_report_bench *bench = f->bench;
	const char *comma = "";
	for (size_t i = 0; i < bench->n_axes; i++)
		if (i != f->policy && bench->axes[i].varies)
			assay_str_add(to, "%s %s ", bench->axes[i].name,
				      bench->rows[leader].values[i]);
	assay_str_add(to, "unserved against replica hours: ");
	for (size_t i = leader; i < bench->n_measured; i++) {
		if (!has_both(f, &bench->rows[i]) ||
		    !same_group(f, &bench->rows[i], &bench->rows[leader]))
			continue;
		assay_str_add(to, "%s", comma);
		say_policy(to, f, i);
		comma = "; ";
	}
	assay_str_add(to, "\n");
}

static bool leads(const struct front *f, size_t r)
{
	for (size_t i = 0; i < r; i++)
		if (has_both(f, &f->bench->rows[i]) &&
		    same_group(f, &f->bench->rows[i], &f->bench->rows[r]))
			return false;
	return has_both(f, &f->bench->rows[r]);
}

void assay_report_pareto(struct assay_str *to, const struct assay_report_bench *bench)
{
	struct front f = {.bench = bench,
			  .unserved = assay_report_beside(bench, "unserved"),
			  .hours = assay_report_beside(bench, "replica_hours")};
	while (f.policy < bench->n_axes && strcmp(bench->axes[f.policy].name, "policy") != 0)
		f.policy++;
	if (f.policy == bench->n_axes || f.unserved == bench->n_beside ||
	    f.hours == bench->n_beside)
		return;
	for (size_t r = 0; r < bench->n_measured; r++)
		if (leads(&f, r))
			say_group(to, &f, r);
}
