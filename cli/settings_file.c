/* SPDX-License-Identifier: MIT */
/* settings_file: from a YAML document to settings. */
#include "cli/settings_file.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/document.h"
#include "cli/settings_named.h"
#include "harness/base/str.h"

/* What the functions below need to know about the file they are in. */
struct reading {
	struct config *config;
	const struct document *document;
	const char *folder;
	const char *prefix; /* "profiles.nightly.": what the keys being read are parts of */
};

static enum assay_code set(const struct reading *r, const char *key,
			   const struct document_pair *pair, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str value = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str origin = {0};
	const char *like;
	assay_str_add(&origin, "%s:%zu", document_path(r->document), pair->line);
	enum assay_code code = config_named_like(key, &like, err);
	if (code != ASSAY_OK) /* there is no such part, whatever its value looks like */
		return assay_context(err, code, "%s", assay_str_text(&origin));
	code = document_text(r->document, pair->value, &value, err);
	if (code != ASSAY_OK)
		return code;
	bool is_path = strcmp(key, "db") == 0 || strcmp(key, "anchor") == 0;
	if (is_path && r->folder && value.length && value.text[0] != '/') {
		ASSAY_AUTO(assay_str_done) struct assay_str path = {0};
		assay_str_add(&path, "%s%s", r->folder, value.text);
		return config_set(r->config, key, assay_str_text(&path), assay_str_text(&origin),
				  err);
	}
	return config_set(r->config, key, assay_str_text(&value), assay_str_text(&origin), err);
}

static enum assay_code take_part(void *context, const struct document_pair *pair,
				 struct assay_err *err)
{
	const struct reading *r = context;
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	assay_str_add(&name, "%s%s", r->prefix, pair->key);
	return set(r, assay_str_text(&name), pair, err);
}

/* The pairs below `node` as settings "<prefix><key>". */
static enum assay_code take_parts(const struct reading *reading, const char *prefix,
				  const struct document_node *node, document_pair_fn *fn,
				  const char *what, struct assay_err *err)
{
	struct reading r = *reading;
	r.prefix = prefix;
	if (!document_is_mapping(node))
		return document_fail(r.document, document_line(node), err,
				     "%.*s: expected '%s' lines, indented", (int)strlen(prefix) - 1,
				     prefix, what);
	return document_each(r.document, node, fn, &r, err);
}

/* A part of a profile or set; `params` of a set are a mapping once more. */
static enum assay_code take_named_part(void *context, const struct document_pair *pair,
				       struct assay_err *err)
{
	struct reading *r = context;
	if (strcmp(pair->key, "params") != 0 || strncmp(r->prefix, "sets.", 5) != 0)
		return take_part(r, pair, err);
	ASSAY_AUTO(assay_str_done) struct assay_str prefix = {0};
	assay_str_add(&prefix, "%sparams.", r->prefix);
	return take_parts(r, assay_str_text(&prefix), pair->value, take_part, "axis: values", err);
}

/* `nightly:` below `profiles:`, or a set below `sets:`. */
static enum assay_code take_named(void *context, const struct document_pair *pair,
				  struct assay_err *err)
{
	struct reading *r = context;
	ASSAY_AUTO(assay_str_done) struct assay_str prefix = {0};
	if (!assay_name_valid(pair->key))
		return document_fail(r->document, pair->line, err,
				     "'%.80s' cannot be such a name: write a-z, 0-9 and _",
				     pair->key);
	assay_str_add(&prefix, "%s%s.", r->prefix, pair->key);
	return take_parts(r, assay_str_text(&prefix), pair->value, take_named_part, "key: value",
			  err);
}

/* What assay.yaml holds beside plain settings. */
static const struct map {
	const char *prefix;
	document_pair_fn *take;
	const char *what;
} maps[] = {
	{"params.", take_part, "axis: values"},
	{"profiles.", take_named, "name:"},
	{"sets.", take_named, "name:"},
	{"launchers.", take_part, "name: command"},
};

static enum assay_code take_setting(void *context, const struct document_pair *pair,
				    struct assay_err *err)
{
	struct reading *r = context;
	if (strcmp(pair->key, "gate") == 0 && !r->folder)
		return document_fail(
			r->document, pair->line, err,
			"margins of a gate are a project's: write 'gate:' into its assay.yaml");
	if (strcmp(pair->key, "gate") == 0)
		return ASSAY_OK; /* not a setting: gate_policy.c reads it */
	for (size_t i = 0; i < ASSAY_COUNT_OF(maps); i++) {
		const struct map *map = &maps[i];
		size_t n = strlen(map->prefix);
		if (strncmp(pair->key, map->prefix, n) ==
		    0) /* what a setting is called elsewhere */
			return document_fail(r->document, pair->line, err,
					     "write '%.*s:' and, indented below it, '%s:'",
					     (int)n - 1, map->prefix, pair->key + n);
		if (strlen(pair->key) == n - 1 && strncmp(pair->key, map->prefix, n - 1) == 0)
			return take_parts(r, map->prefix, pair->value, map->take, map->what, err);
	}
	return set(r, pair->key, pair, err);
}

enum assay_code config_read_file(struct config *config, const char *path, const char *folder,
				 struct assay_err *err)
{
	struct stat st;
	if (stat(path, &st) < 0) /* also when a folder above is closed to us: then it is not ours */
		return ASSAY_OK;
	struct document *document;
	enum assay_code code = document_read(path, &document, err);
	if (code != ASSAY_OK)
		return code;
	struct reading r = {.config = config, .document = document, .folder = folder};
	code = document_each(document, document_root(document), take_setting, &r, err);
	document_free(document);
	return code;
}
