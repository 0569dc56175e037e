/* SPDX-License-Identifier: MIT */
/* history_json: series, their points and their changes as one document. */
#include <stdio.h>

#include "cli/history_view.h"
#include "cli/stored.h"
#include "harness/base/json.h"
#include "harness/store/run_json.h"

static json_t *fingerprint_json(const uint8_t fingerprint[32])
{
	char text[65];
	for (int i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", fingerprint[i]);
	return json_string(text);
}

static json_t *ratio_json(const struct history_basis *basis, const struct assay_history_point *p)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "anchor", basis->anchor, "status",
			 assay_status_name(p->status), "median", assay_json_real(p->median), "lo",
			 assay_json_real(p->lo), "hi", assay_json_real(p->hi));
}

static json_t *point_json(const struct history_view *view, const struct assay_history_point *p)
{
	char when[24];
	assay_time_text(p->started_ns, when);
	json_t *json = json_object(), *ratio = NULL;
	json_object_set_new(json, "run", json_integer(p->run));
	json_object_set_new(json, "started", json_string(when));
	json_object_set_new(json, "commit", assay_json_text(p->commit));
	json_object_set_new(json, "dirty", json_boolean(p->dirty));
	json_object_set_new(json, "fingerprint", fingerprint_json(p->fingerprint));
	json_object_set_new(json, "profile", assay_json_text(p->profile));
	json_object_set_new(json, "status", json_string(assay_status_name(p->status)));
	json_object_set_new(json, "median", assay_json_real(p->median));
	json_object_set_new(json, "lo", assay_json_real(p->lo));
	json_object_set_new(json, "hi", assay_json_real(p->hi));
	for (size_t b = 0; b < view->n_bases && !ratio; b++) {
		const struct history_basis *basis = &view->bases[b];
		if (!basis->anchor || basis->series == view->measured)
			continue;
		const struct assay_history_point *there = history_basis_point(basis, p);
		if (there)
			ratio = ratio_json(basis, there);
	}
	json_object_set_new(json, "vs_anchor", ratio ? ratio : json_null());
	return json;
}

static json_t *place_json(const struct assay_history_point *p)
{
	return json_pack("{s:I, s:o}", "run", (json_int_t)p->run, "commit",
			 assay_json_text(p->commit));
}

static json_t *shift_json(const struct history_view *view, const struct history_basis *basis,
			  const struct assay_shift *shift)
{
	const struct assay_history_point *points = basis->series->points;
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	history_sentence(view, basis, shift, &text);
	json_t *json = json_object();
	json_object_set_new(json, "metric", assay_json_text(basis->series->metric));
	json_object_set_new(json, "anchor", assay_json_text(basis->anchor));
	json_object_set_new(json, "fingerprint", fingerprint_json(points[shift->at].fingerprint));
	json_object_set_new(json, "state", json_string(assay_change_state_name(shift->state)));
	json_object_set_new(json, "stored", json_boolean(shift->change != 0));
	json_object_set_new(json, "method", assay_json_text(shift->method));
	json_object_set_new(json, "ratio", assay_json_real(shift->ratio));
	json_object_set_new(json, "lo", assay_json_real(shift->lo));
	json_object_set_new(json, "hi", assay_json_real(shift->hi));
	json_object_set_new(json, "before", place_json(&points[shift->before]));
	json_object_set_new(json, "from", place_json(&points[shift->from]));
	json_object_set_new(json, "at", place_json(&points[shift->at]));
	json_object_set_new(json, "to", place_json(&points[shift->to]));
	json_object_set_new(json, "sentence", assay_json_text(assay_str_text(&text)));
	return json;
}

static json_t *view_json(const struct history_view *view, size_t limit)
{
	const struct assay_history *s = view->measured;
	json_t *points = json_array(), *changes = json_array(), *anchors = json_array();
	for (size_t i = limit && s->n > limit ? s->n - limit : 0; i < s->n; i++)
		json_array_append_new(points, point_json(view, &s->points[i]));
	for (size_t b = 0; b < view->n_bases; b++) {
		const struct history_basis *basis = &view->bases[b];
		if (basis->anchor)
			json_array_append_new(anchors, json_string(basis->anchor));
		for (size_t i = 0; i < basis->shifts.n; i++)
			json_array_append_new(changes,
					      shift_json(view, basis, &basis->shifts.shifts[i]));
	}
	return json_pack("{s:o, s:o, s:o, s:s, s:b, s:o, s:o, s:o}", "name",
			 assay_json_text(s->name), "metric", assay_json_text(s->metric), "unit",
			 assay_json_text(s->unit), "better",
			 s->better == ASSAY_HIGHER ? "higher" : "lower", "primary", s->primary,
			 "anchors", anchors, "points", points, "changes", changes);
}

enum assay_code history_print_json(const struct cli *cli, const struct history_views *views,
				   size_t limit, struct assay_err *err)
{
	json_t *array = json_array();
	for (size_t i = 0; i < views->n; i++)
		json_array_append_new(array, view_json(&views->views[i], limit));
	return assay_json_document(json_pack("{s:s, s:o}", "schema", "assay/1", "series", array),
				   cli->json, err);
}
