/* SPDX-License-Identifier: MIT */
/*
 * argv: the words of a command that is run without a shell: splitting one text into them, filling in
 * parameters, and writing them down so that people and names of cases can carry them.
 */
#ifndef ASSAY_ENGINE_ARGV_H
#define ASSAY_ENGINE_ARGV_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"
#include "harness/base/str.h"

/* A NULL-terminated vector of owned words. Zero-initialised is empty. */
struct assay_argv {
	char **words; /* NULL while empty */
	size_t n;
};
/* Append a copy of `word`; ASSAY_ENOMEM. */
enum assay_code assay_argv_add(struct assay_argv *argv, const char *word, struct assay_err *err);
void assay_argv_done(struct assay_argv *argv);

/*
 * Split `text` into words as a shell does [POSIX.1-2017, XCU 2.2 and 2.3]: blanks separate; '...' is
 * taken as it stands; inside "..." a backslash quotes " \ $ ` only; elsewhere it quotes any
 * character. Nothing is expanded, and what a shell would expand or act on ($, `, *, ;, |, >, ...) is
 * ASSAY_EUSAGE unless quoted, because it would silently mean something else. At least one word.
 */
enum assay_code assay_argv_split(const char *text, struct assay_argv *ret, struct assay_err *err);

/* The words so that a shell, and assay_argv_split(), would read the same ones: quoted where needed. */
void assay_argv_quote(const struct assay_argv *argv, struct assay_str *out);

/* The value of the parameter `name` of `length` bytes, or NULL when it is none. */
typedef const char *(*assay_param_fn)(void *context, const char *name, size_t length);
/*
 * The words with each {name} replaced that `value_of` knows. Other braces stay as they are, because
 * programs use them too. A value is put in once and not looked at again.
 */
enum assay_code assay_argv_fill(const struct assay_argv *argv, assay_param_fn value_of,
				void *context, struct assay_argv *ret, struct assay_err *err);
/* Does {name} occur in a word? */
bool assay_argv_mentions(const struct assay_argv *argv, const char *name);

/* The value of an axis out of any text: '/' becomes '.', and when anything else of the text was lost the value
 * carries a digest of what it was. */
void assay_slug_label(char *to, size_t size, const char *text);

enum { ASSAY_DIGEST_SIZE = 9 };
/* Eight hexadecimal digits of SHA-256 over a text of `length` bytes. */
void assay_digest(const void *bytes, size_t length, char ret[ASSAY_DIGEST_SIZE]);

/*
 * A readable stand-in for `text` in a case's name. Letters, digits, '_', '.' and '-' stay, a run of
 * anything else becomes one '-', none at the ends, cut to to[size]. May come out empty.
 */
void assay_slug(char *to, size_t size, const char *text);
/* The same as a name in the sense of assay_name_valid(): lower case, '_' for what does not fit;
 * `otherwise` when nothing is left. */
void assay_slug_name(char *to, size_t size, const char *text, const char *otherwise);

#endif
