/* SPDX-License-Identifier: MIT */
/* budget_file: from a YAML document to bounds. */
#include "cli/budget_file.h"

#include <stdlib.h>
#include <string.h>

#include "cli/document.h"
#include "harness/base/str.h"

/* What the functions below need to know about the entry they are in. */
struct reading {
	struct budget_list *list;
	const struct document *document;
	struct budget *budget;
	const char *far; /* as written, owned by far_text */
	struct assay_str far_text;
	size_t far_line;
};

static void budget_done(struct budget *b)
{
	free(b->path);
	free(b->name);
	free(b->text);
	free(b->source);
	free(b->claim);
	free(b->reason);
	free(b->asked);
	assay_bound_done(&b->bound);
}

void budget_list_done(struct budget_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		budget_done(&list->budgets[i]);
	free(list->budgets);
	*list = (struct budget_list){0};
}

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading budgets");
}

enum assay_code budget_context(const struct budget *budget, enum assay_code code,
			       struct assay_err *err)
{
	return assay_context(err, code, "%s:%zu: %s", budget->path, budget->bound_line,
			     budget->name);
}

static enum assay_code unknown_key(const struct reading *r, const struct document_pair *pair,
				   const char *const *names, size_t n, struct assay_err *err)
{
	const char *near = assay_nearest(pair->key, names, n);
	if (near)
		return document_fail(r->document, pair->line, err,
				     "unknown key '%.60s'; did you mean '%s'?", pair->key, near);
	ASSAY_AUTO(assay_str_done) struct assay_str list = {0};
	for (size_t i = 0; i < n; i++)
		assay_str_add(&list, "%s%s", i ? ", " : "", names[i]);
	return document_fail(r->document, pair->line, err, "unknown key '%.60s'; there is %s",
			     pair->key, assay_str_text(&list));
}

/* The text of a value, copied to *ret. */
static enum assay_code take_text(const struct reading *r, const struct document_node *value,
				 char **ret, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	enum assay_code code = document_scalar(r->document, value, &text, err);
	if (code != ASSAY_OK)
		return code;
	*ret = strdup(assay_str_text(&text));
	return *ret ? ASSAY_OK : no_memory(err);
}

static enum assay_code take_bound(struct reading *r, const struct document_node *value,
				  struct assay_err *err)
{
	struct budget *b = r->budget;
	b->bound_line = document_line(value);
	enum assay_code code = take_text(r, value, &b->asked, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_bound_parse(b->asked, &b->bound, err);
	b->bounded = code == ASSAY_OK;
	return code == ASSAY_OK ? ASSAY_OK : budget_context(b, code, err);
}

static enum assay_code take_far(struct reading *r, const struct document_pair *pair,
				struct assay_err *err)
{
	r->far_line = document_line(pair->value);
	enum assay_code code = document_scalar(r->document, pair->value, &r->far_text, err);
	r->far = assay_str_text(&r->far_text);
	return code;
}

static enum assay_code take_key(void *context, const struct document_pair *pair,
				struct assay_err *err)
{
	static const char *const names[] = {"bound", "up_to", "text", "source", "claim", "reason"};
	struct reading *r = context;
	struct budget *b = r->budget;
	char **const texts[] = {NULL, NULL, &b->text, &b->source, &b->claim, &b->reason};
	if (strcmp(pair->key, "bound") == 0)
		return take_bound(r, pair->value, err);
	if (strcmp(pair->key, "up_to") == 0)
		return take_far(r, pair, err);
	for (size_t i = 2; i < ASSAY_COUNT_OF(names); i++)
		if (strcmp(pair->key, names[i]) == 0)
			return take_text(r, pair->value, texts[i], err);
	return unknown_key(r, pair, names, ASSAY_COUNT_OF(names), err);
}

/* What can only be said when all keys of an entry are known. */
static enum assay_code complete(struct reading *r, struct assay_err *err)
{
	struct budget *b = r->budget;
	if (b->bounded && b->reason)
		return document_fail(r->document, b->line, err,
				     "%s: 'reason' says why there is no 'bound'; keep one of them",
				     b->name);
	if (!b->bounded && !b->reason)
		return document_fail(r->document, b->line, err,
				     "%s: 'bound' is missing, or a 'reason' why there is none",
				     b->name);
	if (!r->far)
		return ASSAY_OK;
	if (!b->bounded)
		return document_fail(r->document, r->far_line, err,
				     "%s: 'up_to' needs a 'bound' to begin with", b->name);
	enum assay_code code = assay_bound_set_far(&b->bound, r->far, err);
	if (code == ASSAY_OK)
		return ASSAY_OK;
	return assay_context(err, code, "%s:%zu: %s: up_to", b->path, r->far_line, b->name);
}

static bool valid_name(const char *name)
{
	size_t length = strspn(name,
			       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789._-");
	return length > 0 && length <= BUDGET_NAME_MAX && !name[length];
}

static struct budget *append(struct budget_list *list)
{
	struct budget *grown = reallocarray(list->budgets, list->n + 1, sizeof(*list->budgets));
	if (!grown)
		return NULL;
	list->budgets = grown;
	grown[list->n] = (struct budget){0};
	return &grown[list->n++];
}

static enum assay_code take_budget(void *context, const struct document_pair *pair,
				   struct assay_err *err)
{
	struct reading *outer = context;
	struct reading r = {.list = outer->list, .document = outer->document};
	if (!valid_name(pair->key))
		return document_fail(r.document, pair->line, err,
				     "'%.60s' cannot be the name of a budget: at most %d letters, "
				     "digits, '.', '_' and '-'",
				     pair->key, BUDGET_NAME_MAX);
	struct budget *b = r.budget = append(r.list);
	if (!b)
		return no_memory(err);
	b->line = pair->line;
	b->name = strdup(pair->key);
	b->path = strdup(document_path(r.document));
	if (!b->name || !b->path)
		return no_memory(err);
	if (!document_is_mapping(pair->value))
		return take_bound(&r, pair->value, err);
	enum assay_code code = document_each(r.document, pair->value, take_key, &r, err);
	if (code == ASSAY_OK)
		code = complete(&r, err);
	assay_str_done(&r.far_text);
	return code;
}

static enum assay_code take_section(void *context, const struct document_pair *pair,
				    struct assay_err *err)
{
	static const char *const names[] = {"budgets"};
	struct reading *r = context;
	if (strcmp(pair->key, names[0]) != 0)
		return unknown_key(r, pair, names, 1, err);
	if (!document_is_mapping(pair->value))
		return document_fail(r->document, document_line(pair->value), err,
				     "budgets: expected 'name: bound' lines, indented");
	return document_each(r->document, pair->value, take_budget, r, err);
}

enum assay_code budget_list_read(struct budget_list *list, const char *path, struct assay_err *err)
{
	struct document *document;
	enum assay_code code = document_read(path, &document, err);
	if (code == ASSAY_EIO) /* a file that is not there is the caller's mistake */
		return ASSAY_EUSAGE;
	if (code != ASSAY_OK)
		return code;
	struct reading r = {.list = list, .document = document};
	size_t before = list->n;
	code = document_each(document, document_root(document), take_section, &r, err);
	document_free(document);
	if (code == ASSAY_OK && list->n == before)
		return assay_fail(err, ASSAY_EUSAGE, "%s holds no budget", path);
	return code;
}
