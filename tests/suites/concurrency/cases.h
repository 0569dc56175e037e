/* SPDX-License-Identifier: MIT */
/* cases: what the groups of reference cases share. */
#ifndef ASSAY_TESTS_CONCURRENCY_CASES_H
#define ASSAY_TESTS_CONCURRENCY_CASES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The score of a group, and where its cases come from. */
struct tally {
	const char *group;
	const char *source;
	size_t passed, failed, skipped;
};

/* Count a case; a failure is printed with the message, a skipped one with its reason. */
void tally_case(struct tally *tally, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void tally_skip(struct tally *tally, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A group: the name of a member of the file, and what runs its value. */
struct case_group {
	const char *name;
	void (*run)(struct tally *tally, const json_t *cases);
};
extern const struct case_group balancer_groups[], breaker_groups[],
	hpa_groups[]; /* ends with {0} */

#endif
