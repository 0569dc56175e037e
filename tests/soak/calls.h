/* SPDX-License-Identifier: MIT */
/* calls: the real program with a hand on the calls it makes (preloaded.c). */
#ifndef ASSAY_TESTS_SOAK_CALLS_H
#define ASSAY_TESTS_SOAK_CALLS_H

#include "tests/soak/soak.h"

struct calls {
	char preload[SOAK_PATH + 32], fault[64], in[32], count[SOAK_PATH];
	const char *environment[5];
};

/* The environment of a program under `fault`, such as "memory 17", `in` its "controller" or "worker". */
void calls_init(struct soak *soak, struct calls *calls, const char *fault, const char *in);
/* How often the fault could have struck so far; *ret_fired says whether it did. */
uint64_t calls_seen(const struct calls *calls, bool *ret_fired);
/* False, and the campaign is skipped, where no library can be preloaded. */
bool calls_possible(struct soak *soak);

#endif
