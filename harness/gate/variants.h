/* SPDX-License-Identifier: MIT */
/*
 * variants: one program or plug-in, linked several times with its code at different addresses, so that
 * a comparison can draw one per launch and the luck of placement becomes noise that averages out
 * instead of a difference [Curtsinger & Berger, STABILIZER, ASPLOS 2013, randomise within a run].
 *
 * A set is a folder: the files and a manifest, variants.json, that lists them with their digests. It is
 * written first as incomplete and last as complete, so that half a set is never taken for a whole one.
 */
#ifndef ASSAY_GATE_VARIANTS_H
#define ASSAY_GATE_VARIANTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"

#define ASSAY_VARIANTS_MANIFEST "variants.json"

enum {
	ASSAY_VARIANTS_MAX = 64,
	ASSAY_VARIANTS_MAX_STEP = 64 * 1024,
};

struct assay_variant {
	char *path;            /* folder/file, or the file alone */
	char *file;            /* its name in the folder */
	uint64_t pad_bytes;    /* of code that is never run, in front of all other code */
	uint64_t code_at;      /* address of the function that lies last, within the file */
	uint64_t moved;        /* functions that lie elsewhere than in the first variant */
	uint64_t length_bytes; /* of the file */
	char digest[ASSAY_DIGEST_SIZE];
};

/* Zero-initialise; assay_variants_done() frees. Sorted by pad_bytes; variants[0] is the plain build. */
struct assay_variants {
	char *folder; /* NULL: a plain file, the only "variant", with its path and nothing else */
	char *output; /* what the link command would have written; NULL for a plain file */
	char *symbol; /* the function that code_at is of; "" where the files are stripped */
	uint64_t step_bytes;
	uint64_t functions; /* of the program; 0 where the files are stripped */
	struct assay_variant *variants;
	size_t n;
};
void assay_variants_done(struct assay_variants *set);

/*
 * What stands behind a path that a user named as one side of a comparison: the file itself, or the
 * files of a set when it is a set's folder or its variants.json. Every file of a set is there and has the
 * content that was built, or it is an error. *ret is zero-initialised; left so on failure. Reads all of
 * a set. ASSAY_EUSAGE: there is nothing, a folder without manifest, a set that is incomplete or
 * was changed; ASSAY_EPARSE: a malformed manifest; ASSAY_EIO, ASSAY_ENOMEM.
 */
enum assay_code assay_variants_find(const char *path, struct assay_variants *ret,
				    struct assay_err *err);

struct assay_variants_request {
	char *const *words; /* the link command, the program first */
	size_t n_words;
	const char *folder;  /* NULL: "<output of the link command>.variants" */
	size_t count;        /* 2 to ASSAY_VARIANTS_MAX */
	uint64_t step_bytes; /* between variants, 1 to ASSAY_VARIANTS_MAX_STEP */
};

/*
 * Build a set: run the link command once for each variant, with its output in the folder and a pad
 * object in front. No shell; the command's output appears under its name only when it is whole, and
 * is read back: code that did not move, or lies where another variant's does, is an error. A set that is
 * there is replaced, whatever else is in the folder stays. What the commands printed is appended to
 * *said, also on failure; it may be NULL. ASSAY_EUSAGE: the request, a folder that holds something
 * else, another build at work in it, code that does not move; ASSAY_ECHECK: the command failed;
 * ASSAY_EIO, ASSAY_ENOMEM.
 */
enum assay_code assay_variants_build(const struct assay_variants_request *request,
				     struct assay_variants *ret, struct assay_str *said,
				     struct assay_err *err);

/* The manifest of a set as JSON; new reference, NULL when out of memory. */
json_t *assay_variants_json(const struct assay_variants *set, bool complete);
/*
 * Read a manifest of `length` bytes into *ret, zero-initialised, whose folder is set; *ret_complete is
 * what it says. Names no file outside its folder. ASSAY_EPARSE says what is wrong; ASSAY_ENOMEM.
 */
enum assay_code assay_variants_parse(const char *text, size_t length, struct assay_variants *ret,
				     bool *ret_complete, struct assay_err *err);

#endif
