/* SPDX-License-Identifier: MIT */
/*
 * document: a YAML file as a tree whose nodes know their line, so that whatever is wrong in it can be
 * named with file and line. libyaml is seen by document.c alone.
 */
#ifndef ASSAY_CLI_DOCUMENT_H
#define ASSAY_CLI_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"
#include "harness/base/str.h"

struct document;
struct document_node; /* belongs to its document */

/*
 * Read the file at `path`, at most 64 KiB and one document. ASSAY_EUSAGE with file and line for what is no
 * YAML and for a root that is no mapping; ASSAY_EIO when it cannot be read; ASSAY_ENOMEM.
 */
enum assay_code document_read(const char *path, struct document **ret, struct assay_err *err);
/* NULL is fine. */
void document_free(struct document *document);

/* The path it was read from; valid as long as the document. */
const char *document_path(const struct document *document);
/* The mapping it consists of, or NULL when the file says nothing. */
const struct document_node *document_root(const struct document *document);

/* The line on which a node begins, from 1. */
size_t document_line(const struct document_node *node);
bool document_is_mapping(const struct document_node *node);

/* One pair of a mapping. */
struct document_pair {
	const char *key;
	size_t line; /* of the key */
	const struct document_node *value;
};
typedef enum assay_code document_pair_fn(void *context, const struct document_pair *pair,
					 struct assay_err *err);

/*
 * Call `fn` for each pair of `mapping`, NULL being an empty one, until it fails. ASSAY_EUSAGE with file
 * and line for a key that is no word, or that stands there a second time.
 */
enum assay_code document_each(const struct document *document, const struct document_node *mapping,
			      document_pair_fn *fn, void *context, struct assay_err *err);

/*
 * Append a value in the form it has on the command line: a text as it stands, a list joined by commas.
 * ASSAY_EUSAGE with file and line for no value, a mapping, or a NUL byte; ASSAY_ENOMEM.
 */
enum assay_code document_text(const struct document *document, const struct document_node *value,
			      struct assay_str *ret, struct assay_err *err);

/* The same of a value that may not be a list. */
enum assay_code document_scalar(const struct document *document, const struct document_node *value,
				struct assay_str *ret, struct assay_err *err);

/* ASSAY_EUSAGE "<path>:<line>: <formatted>". */
enum assay_code document_fail(const struct document *document, size_t line, struct assay_err *err,
			      const char *fmt, ...) ASSAY_PRINTF(4, 5);

#endif
