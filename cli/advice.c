/* SPDX-License-Identifier: MIT */
/* advice: rules held against results and profiles, shown below them. */
#include "cli/advice.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/machine/topology.h"
#include "profiler/groups.h"

enum { BECAUSE = 700 };

enum assay_code advice_rules(struct advisor **ret, struct assay_err *err)
{
	return advisor_new(advice_text, groups_text, ret, err);
}

enum assay_code advice_ceilings(const struct cli *cli, struct ceilings *ret, struct assay_err *err)
{
	struct assay_store *store = NULL;
	struct assay_topology *topology = NULL;
	uint8_t fingerprint[32];
	*ret = (struct ceilings){0};
	if (access(cli->db, F_OK) != 0)
		return ASSAY_OK;
	enum assay_code rc = assay_topology_load(NULL, &topology, err);
	if (rc == ASSAY_OK)
		rc = assay_store_open(cli->db, ASSAY_STORE_READ, &store, err);
	if (rc == ASSAY_OK) {
		assay_topology_fingerprint(topology, fingerprint);
		rc = ceilings_load(store, fingerprint, ret, err);
	}
	assay_store_close(store);
	assay_topology_free(topology);
	return rc;
}

/* ---- one profile ---- */

static json_t *figure_json(const struct advice_figure *f)
{
	return json_pack("{s:s, s:o, s:s, s:o, s:s, s:o}", "figure", f->name, "value",
			 assay_json_real(f->value), "is", f->above ? "above" : "below", "threshold",
			 assay_json_real(f->threshold), "quality", assay_quality_name(f->quality),
			 "source", assay_json_text(f->sources));
}

static json_t *advice_json(const struct advice *a)
{
	char because[BECAUSE];
	json_t *figures = json_array();
	for (size_t i = 0; i < a->n_figures; i++)
		json_array_append_new(figures, figure_json(&a->figures[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:o}", "schema", "assay/1",
			 "event", "advice", "rule", a->rule, "about",
			 a->machine ? "machine" : "code", "confidence",
			 advice_confidence_name(a->confidence), "text", assay_json_text(a->text),
			 "because", advice_because(a, because, sizeof(because)), "figures", figures,
			 "try", assay_json_text(a->next));
}

static enum assay_code show_events(const struct cli *cli, const char *name,
				   const struct advice_list *list, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < list->n; i++) {
		json_t *event = advice_json(&list->advice[i]);
		if (event)
			json_object_set_new(event, "name", assay_json_text(name));
		rc = assay_json_line(event, cli->json, err);
	}
	for (size_t i = 0; rc == ASSAY_OK && i < list->n_open; i++)
		rc = assay_json_line(json_pack("{s:s, s:s, s:o, s:s, s:s, s:o}", "schema",
					       "assay/1", "event", "advice", "name",
					       assay_json_text(name), "rule", list->open[i].rule,
					       "confidence", "unknown", "reason",
					       assay_json_text(list->open[i].reason)),
				     cli->json, err);
	return rc;
}

static void show_one(const struct advice *a)
{
	char because[BECAUSE];
	ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
	assay_str_add(&line, "%s (%s%s): %s", a->rule, advice_confidence_name(a->confidence),
		      a->machine ? ", about the machine" : "", a->text);
	fputs("  ", stdout);
	cli_fill(stdout, 2, 4, assay_str_text(&line));
	fputs("    ", stdout);
	cli_fill(stdout, 4, 6, advice_because(a, because, sizeof(because)));
	assay_str_clear(&line);
	assay_str_add(&line, "    try: %s", a->next);
	cli_print_line(assay_str_text(&line), stdout);
}

/* Rules that need the same thing stand together. */
static void show_open(const struct advice_list *list)
{
	for (size_t i = 0; i < list->n_open; i++) {
		ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
		const char *reason = list->open[i].reason;
		const char *why = strstr(reason, ": ");
		bool said = false;
		why = why ? why + 2 : reason;
		for (size_t k = 0; k < i; k++)
			said |= strstr(list->open[k].reason, why) != NULL;
		if (said)
			continue;
		assay_str_add(&line, "not known: ");
		for (size_t k = i, n = 0; k < list->n_open; k++)
			if (strstr(list->open[k].reason, why))
				assay_str_add(&line, "%s%s", n++ ? ", " : "", list->open[k].rule);
		assay_str_add(&line, ": %s", why);
		fputs("  ", stdout);
		cli_fill(stdout, 2, 4, assay_str_text(&line));
	}
}

enum assay_code advice_show(const struct cli *cli, const char *name, const struct advice_list *list,
			    struct assay_err *err)
{
	enum assay_code rc = cli->json ? show_events(cli, name, list, err) : ASSAY_OK;
	if (rc != ASSAY_OK || cli->json_is_stdout)
		return rc;
	printf("\nadvice%s\n", list->n ? "" : ": no rule holds");
	for (size_t i = 0; i < list->n; i++)
		show_one(&list->advice[i]);
	show_open(list);
	return ASSAY_OK;
}

/* ---- a whole run ---- */

static bool worth_judging(const struct cli *cli, const struct assay_result *r)
{
	if (!r->primary || !assay_status_measured(r->status))
		return false;
	const struct assay_subject_entry *subject =
		assay_registry_subject(cli->registry, r->suite, r->subject);
	return !subject || (!subject->subject->is_null && !subject->subject->is_bound);
}

static struct assay_report_advice *summary_of(struct advice_summary *s, const char *rule)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->advice[i].rule, rule) == 0)
			return &s->advice[i];
	struct assay_report_advice *larger = realloc(s->advice, (s->n + 1) * sizeof(*larger));
	if (!larger)
		return NULL;
	s->advice = larger;
	s->advice[s->n] = (struct assay_report_advice){0};
	return &s->advice[s->n++];
}

static void free_texts(struct assay_report_advice *a)
{
	free((void *)(uintptr_t)a->rule);
	free((void *)(uintptr_t)a->text);
	free((void *)(uintptr_t)a->because);
	free((void *)(uintptr_t)a->next);
}

static int rank(const char *confidence)
{
	for (int c = ADVICE_HINT; c <= ADVICE_STRONG; c++)
		if (confidence &&
		    strcmp(confidence, advice_confidence_name((enum advice_confidence)c)) == 0)
			return c;
	return -1;
}

/* Count the case; the surest of its rule stands for all. */
static enum assay_code add(struct advice_summary *s, const struct advice *a, const char *name,
			   struct assay_err *err)
{
	char because[BECAUSE];
	struct assay_report_advice *known = summary_of(s, a->rule);
	if (!known)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for advice");
	known->n_cases++;
	if (rank(known->confidence) >= (int)a->confidence)
		return ASSAY_OK;
	free_texts(known);
	*known = (struct assay_report_advice){
		.rule = strdup(a->rule),
		.text = strdup(a->text),
		.confidence = advice_confidence_name(a->confidence),
		.machine = a->machine,
		.example = name,
		.n_cases = known->n_cases,
		.because = strdup(advice_because(a, because, sizeof(because))),
		.next = strdup(a->next),
	};
	return known->rule && known->text && known->because && known->next
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_ENOMEM, "out of memory for advice");
}

static int surest_first(const void *a, const void *b)
{
	const struct assay_report_advice *x = a, *y = b;
	int by = rank(y->confidence) - rank(x->confidence);
	return by ? by : (x->n_cases < y->n_cases) - (x->n_cases > y->n_cases);
}

static enum assay_code judge_case(const struct advisor *advisor, const struct shape_case *c,
				  struct advice_summary *s, struct assay_err *err)
{
	const char *name = c->results[c->which].name;
	const struct advice_subject subject = {.shape_case = c, .what = name};
	struct advice_list list;
	enum assay_code rc = advisor_judge(advisor, &subject, &list, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; rc == ASSAY_OK && i < list.n; i++)
		rc = add(s, &list.advice[i], name, err);
	advice_list_done(&list);
	return rc;
}

enum assay_code advice_summarise(const struct cli *cli, const struct assay_result *results,
				 size_t n, const struct ceilings *ceilings,
				 struct advice_summary *ret, struct assay_err *err)
{
	struct advisor *advisor;
	struct shape_singles singles = {0};
	*ret = (struct advice_summary){0};
	enum assay_code rc = advice_rules(&advisor, err);
	if (rc == ASSAY_OK)
		rc = shape_singles_init(&singles, results, n, err);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		const struct shape_case c = {results, n, i, ceilings, &singles};
		if (worth_judging(cli, &results[i]))
			rc = judge_case(advisor, &c, ret, err);
	}
	if (rc == ASSAY_OK && ret->n)
		qsort(ret->advice, ret->n, sizeof(*ret->advice), surest_first);
	if (rc != ASSAY_OK)
		advice_summary_done(ret);
	shape_singles_done(&singles);
	advisor_free(advisor);
	return rc;
}

void advice_summary_done(struct advice_summary *s)
{
	for (size_t i = 0; i < s->n; i++)
		free_texts(&s->advice[i]);
	free(s->advice);
	*s = (struct advice_summary){0};
}

enum assay_code advice_summary_events(const struct cli *cli, const struct advice_summary *s,
				      struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < s->n; i++) {
		const struct assay_report_advice *a = &s->advice[i];
		rc = assay_json_line(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:s, s:o}",
					       "schema", "assay/1", "event", "advice", "rule",
					       a->rule, "about", a->machine ? "machine" : "code",
					       "confidence", a->confidence, "text", a->text,
					       "cases", (json_int_t)a->n_cases, "name",
					       assay_json_text(a->example), "because", a->because,
					       "try", assay_json_text(a->next)),
				     cli->json, err);
	}
	return rc;
}
