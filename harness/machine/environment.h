/* SPDX-License-Identifier: MIT */
/*
 * environment: the facts that explain a result: kernel, governor, mitigations, limits, container,
 * compiler, libc, ... Each is a value or the reason why it is unavailable. By allow-list: nothing
 * from the process environment is recorded but what is named here.
 */
#ifndef ASSAY_MACHINE_ENVIRONMENT_H
#define ASSAY_MACHINE_ENVIRONMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct assay_fact {
	const char *key;   /* "cpu.governor": static */
	char *value;       /* NULL when unavailable */
	char *unavailable; /* why, when value is NULL */
	bool stable;       /* part of the environment's identity (hash), not a momentary reading */
};

struct assay_environment {
	struct assay_fact *facts;
	size_t n;
};

enum assay_code assay_environment_read(struct assay_environment *ret, struct assay_err *err);
/* Replace the value of a fact that only the caller knows; ASSAY_EBUG when there is no fact of that name. */
enum assay_code assay_environment_state(struct assay_environment *environment, const char *key,
					const char *value, struct assay_err *err);
void assay_environment_done(struct assay_environment *environment);
/* { "cpu.governor": "performance", "cpu.microcode": {"unavailable": "..."} }; new reference. */
json_t *assay_environment_json(const struct assay_environment *environment);
/* SHA-256 over the stable facts. */
void assay_environment_hash(const struct assay_environment *environment, uint8_t ret[32]);

/* Is the fact of that name part of the hash? False for what is unknown. */
bool assay_environment_is_stable(const char *key);

/* The warnings that doctor prints: what makes this machine noisy and the command that would fix it. */
struct assay_advice {
	const char *what;
	const char *why;
	const char *command; /* NULL when nothing can be done from inside */
};
/* Writes at most `capacity` pieces of advice; returns how many. Texts are static. */
size_t assay_environment_advice(const struct assay_environment *environment,
				struct assay_advice *advice, size_t capacity);

#endif
