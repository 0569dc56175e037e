/* SPDX-License-Identifier: MIT */
/* proposals: the changes of level that a run made visible. */
#include "cli/proposals.h"

#include "cli/history_view.h"

enum { MOST_SENTENCES = 3 };

static void say(const struct cli *cli, const struct history_view *view,
		const struct history_basis *basis, const struct assay_shift *shift)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	char clean[1600];
	history_sentence(view, basis, shift, &text);
	assay_sanitise(clean, sizeof(clean), assay_str_text(&text));
	cli_note(cli, "%s: %s", view->measured->name, clean);
}

/* Was this shift not among the change points that were read before it was kept? */
static bool is_new(const struct assay_change_list *known, const struct assay_shift *shift)
{
	for (size_t i = 0; i < known->n; i++)
		if (known->points[i].id == shift->change)
			return false;
	return shift->change != 0;
}

static enum assay_code propose(const struct cli *cli, struct assay_store *store,
			       const struct history_view *view, size_t *n, struct assay_err *err)
{
	/* The newest anchor alone: what others showed was seen when they ran. */
	struct history_basis *basis = &view->bases[view->n_bases - 1];
	size_t kept = 0;
	if (!view->measured->primary)
		return ASSAY_OK;
	enum assay_code code =
		assay_history_propose(store, basis->series, &basis->shifts, &kept, err);
	for (size_t i = 0; kept && i < basis->shifts.n && code == ASSAY_OK; i++)
		if (is_new(&basis->known, &basis->shifts.shifts[i]) && (*n)++ < MOST_SENTENCES)
			say(cli, view, basis, &basis->shifts.shifts[i]);
	return code;
}

enum assay_code proposals_after_run(const struct cli *cli, struct assay_store *store, int64_t run,
				    struct assay_err *err)
{
	struct assay_history_list list;
	struct history_views views = {0};
	size_t n = 0;
	enum assay_code code =
		assay_store_run_history(store, run, ASSAY_HISTORY_POINTS, &list, err);
	if (code != ASSAY_OK)
		return code;
	code = history_views_make(store, &list, NULL, &views, err);
	for (size_t i = 0; i < views.n && code == ASSAY_OK; i++)
		code = propose(cli, store, &views.views[i], &n, err);
	if (n > MOST_SENTENCES)
		cli_note(cli, "%zu more levels seem to have changed; 'assay history' shows them",
			 n - MOST_SENTENCES);
	history_views_done(&views);
	assay_history_list_done(&list);
	return code;
}
