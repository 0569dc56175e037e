/* SPDX-License-Identifier: MIT */
/* case: one point of a benchmark's space: benchmark x subject x axes x threads, and its name. */
#ifndef ASSAY_ENGINE_CASE_H
#define ASSAY_ENGINE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/engine/registry.h"

enum { ASSAY_CASE_MAX_AXES = 12 };

struct assay_case_param {
	const char *name; /* of the axis; static */
	char text[256];   /* as in the case's name, where '/' and the like are escaped */
	double value;     /* number, or position of the word; -1: a text that is not in the list */
};

struct assay_case {
	const struct assay_bench_entry *bench;     /* borrowed from the registry */
	const struct assay_subject_entry *subject; /* NULL: none */
	struct assay_case_param params[ASSAY_CASE_MAX_AXES];
	size_t n_params;
	unsigned threads;
	char *name; /* "memory/alloc_pair/size:256/subject:pool/threads:1"; owned */
};

/* Is `axis` one whose values are words? Or texts of any kind? */
bool assay_axis_is_words(const struct assay_axis *axis);
bool assay_axis_is_texts(const struct assay_axis *axis);
/* Fill in a param from a number or a word of `axis`. */
void assay_case_param_number(struct assay_case_param *param, const struct assay_axis *axis,
			     double value);
/* Fill in a param from a text. */
enum assay_code assay_case_param_text(struct assay_case_param *param, const struct assay_axis *axis,
				      const char *text, struct assay_err *err);
/* ASSAY_EUSAGE with the nearest word when `word` is none of the axis'. */
enum assay_code assay_case_param_word(struct assay_case_param *param, const struct assay_axis *axis,
				      const char *word, struct assay_err *err);

/* Compose `name` from the other fields; ASSAY_ENOMEM. */
enum assay_code assay_case_compose(struct assay_case *c, struct assay_err *err);
/* The case of a full name as compose() writes it. ASSAY_EUSAGE when something in it is unknown. */
enum assay_code assay_case_parse(const struct assay_registry *registry, const char *name,
				 struct assay_case *ret, struct assay_err *err);
/*
 * The case of a name as people write it: axes in any order and spelling ("size:65536" for size:64Ki), and no
 * threads where there is only one choice. Every axis must be named. `name` becomes what compose()
 * writes. ASSAY_EUSAGE says what is unknown, with the nearest known word, or missing, with the choice.
 */
enum assay_code assay_case_resolve(const struct assay_registry *registry, const char *name,
				   struct assay_case *ret, struct assay_err *err);
void assay_case_done(struct assay_case *c);

#endif
