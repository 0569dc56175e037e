/* SPDX-License-Identifier: MIT */
/*
 * settings_file: YAML to settings, by way of libyaml's document tree, whose nodes know their line
 * (docs/decisions/ says why not by way of a schema).
 */
#include "cli/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "harness/base/str.h"

enum { LARGEST_FILE = 64 * 1024 };

/* What the functions below need to know about the file they are in. */
struct reading {
	struct config *config;
	const char *path;
	const char *db_folder;
	yaml_document_t *document;
};

static enum assay_code fail_at(const struct reading *r, const yaml_node_t *node,
			       struct assay_err *err, const char *what)
{
	return assay_fail(err, ASSAY_EUSAGE, "%s:%zu: %s", r->path, node->start_mark.line + 1,
			  what);
}

static const char *scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static bool has_nul(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && strlen(scalar(node)) != node->data.scalar.length;
}

/* A scalar that is text: not null, and without bytes that would end it early. */
static bool is_text(const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE || has_nul(node))
		return false;
	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return true;
	return *scalar(node) && strcmp(scalar(node), "~") != 0 && strcmp(scalar(node), "null") != 0;
}

static const char *why_no_text(const yaml_node_t *node)
{
	if (node->type == YAML_MAPPING_NODE)
		return "'key: value' lines where a value is expected";
	if (node->type == YAML_SEQUENCE_NODE)
		return "a list where a value is expected";
	if (has_nul(node))
		return "a NUL byte cannot be part of a value";
	return "there is no value; leave the key out to keep the default";
}

/* The value as on the command line: a scalar as it stands, a list joined by commas. */
static enum assay_code flatten(const struct reading *r, const yaml_node_t *value,
			       struct assay_str *ret, struct assay_err *err)
{
	if (is_text(value)) {
		assay_str_add(ret, "%s", scalar(value));
	} else if (value->type == YAML_SEQUENCE_NODE) {
		const yaml_node_item_t *item = value->data.sequence.items.start;
		for (; item < value->data.sequence.items.top; item++) {
			const yaml_node_t *node = yaml_document_get_node(r->document, *item);
			if (!is_text(node))
				return fail_at(r, node, err, why_no_text(node));
			assay_str_add(ret, "%s%s", ret->length ? "," : "", scalar(node));
		}
	} else {
		return fail_at(r, value, err, why_no_text(value));
	}
	if (ret->failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading %s", r->path);
	return ASSAY_OK;
}

static enum assay_code set(const struct reading *r, const char *key, const yaml_node_t *key_node,
			   const yaml_node_t *value_node, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str value = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str origin = {0};
	enum assay_code code = flatten(r, value_node, &value, err);
	if (code != ASSAY_OK)
		return code;
	assay_str_add(&origin, "%s:%zu", r->path, key_node->start_mark.line + 1);
	if (strcmp(key, "db") == 0 && r->db_folder && value.length && value.text[0] != '/') {
		ASSAY_AUTO(assay_str_done) struct assay_str path = {0};
		assay_str_add(&path, "%s%s", r->db_folder, value.text);
		return config_set(r->config, key, assay_str_text(&path), assay_str_text(&origin),
				  err);
	}
	return config_set(r->config, key, assay_str_text(&value), assay_str_text(&origin), err);
}

typedef enum assay_code pair_fn(const struct reading *r, const yaml_node_t *key,
				const yaml_node_t *value, struct assay_err *err);

static bool repeated(const struct reading *r, const yaml_node_t *mapping,
		     const yaml_node_pair_t *pair, const char *key)
{
	const yaml_node_pair_t *earlier = mapping->data.mapping.pairs.start;
	for (; earlier < pair; earlier++)
		if (strcmp(scalar(yaml_document_get_node(r->document, earlier->key)), key) == 0)
			return true;
	return false;
}

/* Call `fn` for each pair, after its key proved to be a text that was not there before. */
static enum assay_code each_pair(const struct reading *r, const yaml_node_t *mapping, pair_fn *fn,
				 struct assay_err *err)
{
	const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
	for (; pair < mapping->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(r->document, pair->key);
		const yaml_node_t *value = yaml_document_get_node(r->document, pair->value);
		if (!is_text(key))
			return fail_at(r, key, err, "a key must be a word");
		if (repeated(r, mapping, pair, scalar(key)))
			return assay_fail(err, ASSAY_EUSAGE,
					  "%s:%zu: '%s' stands here a second time", r->path,
					  key->start_mark.line + 1, scalar(key));
		enum assay_code code = fn(r, key, value, err);
		if (code != ASSAY_OK)
			return code;
	}
	return ASSAY_OK;
}

static enum assay_code take_param(const struct reading *r, const yaml_node_t *key,
				  const yaml_node_t *value, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	assay_str_add(&name, "params.%s", scalar(key));
	return set(r, assay_str_text(&name), key, value, err);
}

static enum assay_code take_setting(const struct reading *r, const yaml_node_t *key,
				    const yaml_node_t *value, struct assay_err *err)
{
	const char *name = scalar(key);
	if (strcmp(name, "params") == 0) {
		if (value->type != YAML_MAPPING_NODE)
			return fail_at(r, value, err,
				       "params: expected 'axis: values' lines, indented");
		return each_pair(r, value, take_param, err);
	}
	if (strncmp(name, "params.", 7) == 0) /* how a setting is called, not how it is written */
		return assay_fail(err, ASSAY_EUSAGE,
				  "%s:%zu: write 'params:' and, indented below it, '%s:'", r->path,
				  key->start_mark.line + 1, name + 7);
	return set(r, name, key, value, err);
}

static enum assay_code fail_yaml(const char *path, const yaml_parser_t *parser,
				 struct assay_err *err)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading %s", path);
	const char *problem = parser->problem ? parser->problem : "malformed";
	return assay_fail(err, ASSAY_EUSAGE, "%s:%zu: not YAML: %s", path,
			  parser->problem_mark.line + 1, problem);
}

static enum assay_code read_document(struct reading *r, yaml_parser_t *parser,
				     struct assay_err *err)
{
	yaml_document_t document;
	if (!yaml_parser_load(parser, &document))
		return fail_yaml(r->path, parser, err);
	r->document = &document;
	enum assay_code code = ASSAY_OK;
	const yaml_node_t *root = yaml_document_get_root_node(&document);
	if (root && root->type == YAML_MAPPING_NODE)
		code = each_pair(r, root, take_setting, err);
	else if (root && (root->type != YAML_SCALAR_NODE || root->data.scalar.length))
		code = fail_at(r, root, err, "expected 'key: value' lines");
	yaml_document_delete(&document);
	return code;
}

static enum assay_code read_text(struct reading *r, const char *text, size_t length,
				 struct assay_err *err)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading %s", r->path);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	enum assay_code code = read_document(r, &parser, err);
	yaml_document_t further;
	if (code == ASSAY_OK && yaml_parser_load(&parser, &further)) {
		const yaml_node_t *root = yaml_document_get_root_node(&further);
		if (root)
			code = fail_at(r, root, err, "a second document; one is read");
		yaml_document_delete(&further);
	} else if (code == ASSAY_OK) {
		code = fail_yaml(r->path, &parser, err);
	}
	yaml_parser_delete(&parser);
	return code;
}

static enum assay_code slurp(const char *path, char *text, size_t *ret_length,
			     struct assay_err *err)
{
	/* Not blocking, because a pipe by that name would wait for a writer for ever. */
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return assay_fail(err, ASSAY_EIO, "read '%s': %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is not a file", path);
	for (;;) {
		ssize_t n = read(fd, text + *ret_length, LARGEST_FILE + 1 - *ret_length);
		if (n < 0 && errno != EINTR)
			return assay_fail(err, ASSAY_EIO, "read '%s': %s", path, strerror(errno));
		if (n == 0)
			return ASSAY_OK;
		*ret_length += n > 0 ? (size_t)n : 0;
		if (*ret_length > LARGEST_FILE)
			return assay_fail(err, ASSAY_EUSAGE, "'%s' is larger than 64 KiB", path);
	}
}

enum assay_code config_read_file(struct config *config, const char *path, const char *db_folder,
				 struct assay_err *err)
{
	struct stat st;
	if (stat(path, &st) < 0) /* also when a folder above is closed to us: then it is not ours */
		return ASSAY_OK;
	ASSAY_AUTO_FREE char *text = malloc(LARGEST_FILE + 1);
	if (!text)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading %s", path);
	size_t length = 0;
	enum assay_code code = slurp(path, text, &length, err);
	if (code != ASSAY_OK)
		return code;
	struct reading r = {.config = config, .path = path, .db_folder = db_folder};
	return read_text(&r, text, length, err);
}
