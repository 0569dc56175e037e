/* SPDX-License-Identifier: MIT */
/* settings_file: from a YAML document to settings. */
#include "cli/settings_file.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/document.h"
#include "harness/base/str.h"

/* What the functions below need to know about the file they are in. */
struct reading {
	struct config *config;
	const struct document *document;
	const char *folder;
};

static enum assay_code set(const struct reading *r, const char *key,
			   const struct document_pair *pair, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str value = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str origin = {0};
	enum assay_code code = document_text(r->document, pair->value, &value, err);
	if (code != ASSAY_OK)
		return code;
	assay_str_add(&origin, "%s:%zu", document_path(r->document), pair->line);
	bool is_path = strcmp(key, "db") == 0 || strcmp(key, "anchor") == 0;
	if (is_path && r->folder && value.length && value.text[0] != '/') {
		ASSAY_AUTO(assay_str_done) struct assay_str path = {0};
		assay_str_add(&path, "%s%s", r->folder, value.text);
		return config_set(r->config, key, assay_str_text(&path), assay_str_text(&origin),
				  err);
	}
	return config_set(r->config, key, assay_str_text(&value), assay_str_text(&origin), err);
}

static enum assay_code take_param(void *context, const struct document_pair *pair,
				  struct assay_err *err)
{
	const struct reading *r = context;
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	assay_str_add(&name, "params.%s", pair->key);
	return set(r, assay_str_text(&name), pair, err);
}

static enum assay_code take_launcher(void *context, const struct document_pair *pair,
				     struct assay_err *err)
{
	const struct reading *r = context;
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	assay_str_add(&name, "launchers.%s", pair->key);
	return set(r, assay_str_text(&name), pair, err);
}

static enum assay_code take_setting(void *context, const struct document_pair *pair,
				    struct assay_err *err)
{
	struct reading *r = context;
	if (strcmp(pair->key, "gate") == 0)
		return ASSAY_OK; /* not a setting: gate_policy.c reads it */
	if (strcmp(pair->key, "params") == 0) {
		if (!document_is_mapping(pair->value))
			return document_fail(r->document, document_line(pair->value), err,
					     "params: expected 'axis: values' lines, indented");
		return document_each(r->document, pair->value, take_param, r, err);
	}
	if (strcmp(pair->key, "launchers") == 0) {
		if (!document_is_mapping(pair->value))
			return document_fail(r->document, document_line(pair->value), err,
					     "launchers: expected 'name: command' lines, indented");
		return document_each(r->document, pair->value, take_launcher, r, err);
	}
	if (strncmp(pair->key, "launchers.", 10) == 0)
		return document_fail(r->document, pair->line, err,
				     "write 'launchers:' and, indented below it, '%s:'",
				     pair->key + 10);
	if (strncmp(pair->key, "params.", 7) ==
	    0) /* how a setting is called, not how it is written */
		return document_fail(r->document, pair->line, err,
				     "write 'params:' and, indented below it, '%s:'",
				     pair->key + 7);
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
