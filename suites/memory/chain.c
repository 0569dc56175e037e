/* SPDX-License-Identifier: MIT */
/* chain: building a random cycle, and walking it to see that it is one. */
#include "suites/memory/chain.h"

#include <stdlib.h>

#include "harness/base/rng.h"

enum assay_code chain_random(void *base, size_t lines, uint64_t seed, struct assay_err *err)
{
	if (lines == 0 || lines > UINT32_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "a chain of %zu lines is out of range", lines);
	uint32_t *next = malloc(lines * sizeof(*next));
	if (!next)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to shuffle %zu lines", lines);

	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < lines; i++)
		next[i] = (uint32_t)i;
	for (size_t i = lines; i-- > 1;) {
		size_t j = assay_rng_below(&rng, i);
		uint32_t swap = next[i];
		next[i] = next[j];
		next[j] = swap;
	}
	for (size_t i = 0; i < lines; i++)
		*(void **)((char *)base + i * CHAIN_LINE_BYTES) =
			(char *)base + (size_t)next[i] * CHAIN_LINE_BYTES;
	free(next);
	return ASSAY_OK;
}

/*
 * The first return to the start after exactly `lines` steps is proof: a line met twice before that
 * would have closed a smaller cycle, from which the walk never gets back.
 */
bool chain_is_one_cycle(const void *base, size_t lines)
{
	const char *first = base, *at = base;

	for (size_t steps = 1; steps <= lines; steps++) {
		at = *(char *const *)at;
		size_t offset = (size_t)(at - first);
		if (at < first || offset / CHAIN_LINE_BYTES >= lines || offset % CHAIN_LINE_BYTES)
			return false;
		if (at == first)
			return steps == lines;
	}
	return false;
}
