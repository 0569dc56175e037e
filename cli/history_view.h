/* SPDX-License-Identifier: MIT */
/*
 * history_view: series as a person follows them: the values as measured, beside them their ratios to an
 * anchor where one ran, and the changes that the scan sees in what is followed: the ratios if there are any.
 */
#ifndef ASSAY_CLI_HISTORY_VIEW_H
#define ASSAY_CLI_HISTORY_VIEW_H

#include "cli/cli.h"
#include "harness/base/str.h"
#include "harness/gate/history.h"

/* What is followed: the ratio to one anchor, or the values as measured. */
struct history_basis {
	const struct assay_history *series; /* borrowed from the list */
	const char *anchor;                 /* its id; NULL: as measured */
	struct assay_change_list known;
	struct assay_shift_list shifts;
};

struct history_view {
	const struct assay_history *measured;
	struct history_basis *bases; /* by the age of their last value: the newest anchor is last */
	size_t n_bases;
};

struct history_views {
	struct history_view *views;
	size_t n;
};
void history_views_done(struct history_views *views);

/*
 * A view of each series in `list` whose metric is `metric` (NULL: all), but for ratios that belong to a
 * series that is there. Both `list` and `store` are only read.
 */
enum assay_code history_views_make(struct assay_store *store, const struct assay_history_list *list,
				   const char *metric, struct history_views *ret,
				   struct assay_err *err);

/* The point of `basis` that was measured together with `point` of the view; NULL when there is none. */
const struct assay_history_point *history_basis_point(const struct history_basis *basis,
						      const struct assay_history_point *point);

/*
 * "stated/steady: time rose by 10.0 % [9.8, 10.2] ...": what changed, by how much, in which commits, and
 * what would confirm it.
 */
void history_sentence(const struct history_view *view, const struct history_basis *basis,
		      const struct assay_shift *shift, struct assay_str *ret);

/* To stdout: one series run by run with the newest `limit` of its runs, 0 all; or one line for each. */
void history_print_one(const struct history_view *view, size_t limit);
void history_print_all(const struct history_views *views);
/* One document on cli->json. */
enum assay_code history_print_json(const struct cli *cli, const struct history_views *views,
				   size_t limit, struct assay_err *err);

#endif
