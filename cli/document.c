/* SPDX-License-Identifier: MIT */
/*
 * document: by way of libyaml's document tree, whose nodes know their line (docs/decisions/ says why not by
 * way of a schema).
 */
#include "cli/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

enum { LARGEST_FILE = 64 * 1024 };

struct document {
	char *path;
	yaml_document_t tree;
	bool loaded;
};

/* What callers hold is a node of libyaml's under another name. */
static const yaml_node_t *inner(const struct document_node *node)
{
	return (const yaml_node_t *)(const void *)node;
}

static const struct document_node *outer(const yaml_node_t *node)
{
	return (const struct document_node *)(const void *)node;
}

/* libyaml asks for a document that may change; looking a node up does not change it. */
static const yaml_node_t *node_at(const struct document *document, int index)
{
	return yaml_document_get_node((yaml_document_t *)(uintptr_t)&document->tree, index);
}

enum assay_code document_fail(const struct document *document, size_t line, struct assay_err *err,
			      const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return assay_fail(err, ASSAY_EUSAGE, "%s:%zu: %s", document->path, line, text);
}

const char *document_path(const struct document *document)
{
	return document->path;
}

size_t document_line(const struct document_node *node)
{
	return inner(node)->start_mark.line + 1;
}

bool document_is_mapping(const struct document_node *node)
{
	return inner(node)->type == YAML_MAPPING_NODE;
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
	return "there is no value; leave the key out instead";
}

static enum assay_code fail_at(const struct document *document, const yaml_node_t *node,
			       struct assay_err *err, const char *what)
{
	return document_fail(document, node->start_mark.line + 1, err, "%s", what);
}

enum assay_code document_scalar(const struct document *document, const struct document_node *value,
				struct assay_str *ret, struct assay_err *err)
{
	const yaml_node_t *node = inner(value);
	if (!is_text(node))
		return fail_at(document, node, err, why_no_text(node));
	assay_str_add(ret, "%s", scalar(node));
	if (ret->failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading %s",
				  document->path);
	return ASSAY_OK;
}

enum assay_code document_text(const struct document *document, const struct document_node *value,
			      struct assay_str *ret, struct assay_err *err)
{
	const yaml_node_t *node = inner(value);
	if (node->type != YAML_SEQUENCE_NODE)
		return document_scalar(document, value, ret, err);
	enum assay_code code = ASSAY_OK;
	const yaml_node_item_t *item = node->data.sequence.items.start;
	for (; code == ASSAY_OK && item < node->data.sequence.items.top; item++) {
		assay_str_add(ret, "%s", ret->length ? "," : "");
		code = document_scalar(document, outer(node_at(document, *item)), ret, err);
	}
	return code;
}

static bool repeated(const struct document *document, const yaml_node_t *mapping,
		     const yaml_node_pair_t *pair, const char *key)
{
	const yaml_node_pair_t *earlier = mapping->data.mapping.pairs.start;
	for (; earlier < pair; earlier++)
		if (strcmp(scalar(node_at(document, earlier->key)), key) == 0)
			return true;
	return false;
}

enum assay_code document_each(const struct document *document, const struct document_node *mapping,
			      document_pair_fn *fn, void *context, struct assay_err *err)
{
	if (!mapping)
		return ASSAY_OK;
	const yaml_node_t *node = inner(mapping);
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	for (; pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = node_at(document, pair->key);
		if (!is_text(key))
			return fail_at(document, key, err, "a key must be a word");
		const struct document_pair one = {
			.key = scalar(key),
			.line = key->start_mark.line + 1,
			.value = outer(node_at(document, pair->value)),
		};
		if (repeated(document, node, pair, one.key))
			return document_fail(document, one.line, err,
					     "'%s' stands here a second time", one.key);
		enum assay_code code = fn(context, &one, err);
		if (code != ASSAY_OK)
			return code;
	}
	return ASSAY_OK;
}

const struct document_node *document_root(const struct document *document)
{
	const yaml_node_t *root = node_at(document, 1);
	return root && root->type == YAML_MAPPING_NODE ? outer(root) : NULL;
}

static enum assay_code fail_yaml(const struct document *document, const yaml_parser_t *parser,
				 struct assay_err *err)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading %s",
				  document->path);
	const char *problem = parser->problem ? parser->problem : "malformed";
	return document_fail(document, parser->problem_mark.line + 1, err, "not YAML: %s", problem);
}

static enum assay_code load(struct document *document, yaml_parser_t *parser, struct assay_err *err)
{
	document->loaded = yaml_parser_load(parser, &document->tree);
	if (!document->loaded)
		return fail_yaml(document, parser, err);
	const yaml_node_t *root = node_at(document, 1);
	if (root && root->type != YAML_MAPPING_NODE &&
	    (root->type != YAML_SCALAR_NODE || root->data.scalar.length))
		return fail_at(document, root, err, "expected 'key: value' lines");
	return ASSAY_OK;
}

/* After the one document there must be nothing. */
static enum assay_code expect_end(const struct document *document, yaml_parser_t *parser,
				  struct assay_err *err)
{
	yaml_document_t further;
	if (!yaml_parser_load(parser, &further))
		return fail_yaml(document, parser, err);
	const yaml_node_t *root = yaml_document_get_root_node(&further);
	enum assay_code code = ASSAY_OK;
	if (root)
		code = fail_at(document, root, err, "a second document; one is read");
	yaml_document_delete(&further);
	return code;
}

static enum assay_code parse(struct document *document, const char *text, size_t length,
			     struct assay_err *err)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading %s",
				  document->path);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	enum assay_code code = load(document, &parser, err);
	if (code == ASSAY_OK)
		code = expect_end(document, &parser, err);
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
		return assay_fail(err, ASSAY_EIO, "cannot read '%s': %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is not a file", path);
	for (;;) {
		ssize_t n = read(fd, text + *ret_length, LARGEST_FILE + 1 - *ret_length);
		if (n < 0 && errno != EINTR)
			return assay_fail(err, ASSAY_EIO, "cannot read '%s': %s", path,
					  strerror(errno));
		if (n == 0)
			return ASSAY_OK;
		*ret_length += n > 0 ? (size_t)n : 0;
		if (*ret_length > LARGEST_FILE)
			return assay_fail(err, ASSAY_EUSAGE, "'%s' is larger than 64 KiB", path);
	}
}

void document_free(struct document *document)
{
	if (!document)
		return;
	if (document->loaded)
		yaml_document_delete(&document->tree);
	free(document->path);
	free(document);
}

enum assay_code document_read(const char *path, struct document **ret, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *text = malloc(LARGEST_FILE + 1);
	struct document *document = calloc(1, sizeof(*document));
	size_t length = 0;
	enum assay_code code = ASSAY_OK;
	if (!text || !document || !(document->path = strdup(path)))
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory while reading %s", path);
	if (code == ASSAY_OK)
		code = slurp(path, text, &length, err);
	if (code == ASSAY_OK)
		code = parse(document, text, length, err);
	if (code != ASSAY_OK) {
		document_free(document);
		return code;
	}
	*ret = document;
	return ASSAY_OK;
}
