/* SPDX-License-Identifier: MIT */
/*
 * variants_link: a link command as people have it, and the same command with another output and with an
 * object placed first. No shell: words as the program gets them.
 */
#ifndef ASSAY_GATE_VARIANTS_LINK_H
#define ASSAY_GATE_VARIANTS_LINK_H

#include <stddef.h>

#include "harness/base/err.h"
#include "harness/engine/argv.h"

/* Zero-initialise. Owns its words. */
struct assay_link {
	struct assay_argv argv; /* as given */
	size_t output;          /* the word with the output's name, */
	size_t output_at;       /* and where in it the name begins: 2 in "-oFILE" */
	size_t first_input;     /* the word that the pad goes before; 0: where {pad} stands */
	size_t object;          /* a word that names an object file (.o), 0: none does */
};

/*
 * Read words[n], the program first. The output is what follows -o or --output; the first input the
 * first word that ends as an object, archive, library or source file does and is no option's value,
 * unless {pad} stands in a word. ASSAY_EUSAGE: no output, or two; no input; nothing; ASSAY_ENOMEM.
 */
enum assay_code assay_link_read(char *const *words, size_t n, struct assay_link *ret,
				struct assay_err *err);
void assay_link_done(struct assay_link *link);

/* The output's name; valid as long as *link. */
const char *assay_link_output(const struct assay_link *link);

/* The command that writes `output` and has the object `pad` in front. *ret is empty. ASSAY_ENOMEM. */
enum assay_code assay_link_with(const struct assay_link *link, const char *output, const char *pad,
				struct assay_argv *ret, struct assay_err *err);

#endif
