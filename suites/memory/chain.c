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

/* Lines are visited in the order of `line`[n], and after the last comes the first. */
static void link_lines(char *base, const uint32_t *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(void **)(base + (size_t)line[i] * CHAIN_LINE_BYTES) =
			base + (size_t)line[i + 1 < n ? i + 1 : 0] * CHAIN_LINE_BYTES;
}

/* Room for an order of n lines that fit into 32 bits. */
static enum assay_code new_order(size_t n, size_t most, uint32_t **ret, struct assay_err *err)
{
	if (n == 0 || n > most)
		return assay_fail(err, ASSAY_EUSAGE, "a chain of %zu lines is out of range", n);
	*ret = malloc(n * sizeof(**ret));
	if (!*ret)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to shuffle %zu lines", n);
	return ASSAY_OK;
}

enum assay_code chain_build(void *base, size_t lines, enum chain_order order, uint64_t seed,
			    struct assay_err *err)
{
	const size_t window = CHAIN_WINDOW_BYTES / CHAIN_LINE_BYTES;
	struct assay_rng rng;
	uint32_t *line;

	if (order == CHAIN_RANDOM)
		return chain_random(base, lines, seed, err);
	enum assay_code code = new_order(lines, UINT32_MAX, &line, err);
	if (code != ASSAY_OK)
		return code;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < lines; i++)
		line[i] = (uint32_t)i;
	for (size_t at = 0; order == CHAIN_WINDOW && at < lines; at += window)
		assay_rng_shuffle(&rng, line + at, lines - at < window ? lines - at : window);
	link_lines(base, line, lines);
	free(line);
	return ASSAY_OK;
}

enum assay_code chain_pages(void *base, size_t pages, uint64_t seed, struct assay_err *err)
{
	const uint32_t per_page = CHAIN_PAGE_BYTES / CHAIN_LINE_BYTES;
	struct assay_rng rng;
	uint32_t *line;
	enum assay_code code = new_order(pages, UINT32_MAX / per_page, &line, err);

	if (code != ASSAY_OK)
		return code;
	assay_rng_init(&rng, seed);
	for (uint32_t i = 0; i < pages; i++)
		line[i] = i * per_page + i % per_page;
	/* The first stays the first: walks begin at the base. */
	assay_rng_shuffle(&rng, line + 1, pages - 1);
	link_lines(base, line, pages);
	free(line);
	return ASSAY_OK;
}

/* The line after `at`, or NULL when that is no line of first[bytes]. */
static const char *follow(const char *first, size_t bytes, const char *at)
{
	const char *next = *(char *const *)at;

	if (next < first || next >= first + bytes || (next - first) % CHAIN_LINE_BYTES)
		return NULL;
	return next;
}

size_t chain_length(const void *base, size_t bytes, size_t most)
{
	const char *at = base;

	for (size_t steps = 1; steps <= most; steps++) {
		at = follow(base, bytes, at);
		if (!at || at == base)
			return at ? steps : 0;
	}
	return 0;
}

bool chain_goes_on(const void *base, size_t bytes, size_t steps)
{
	const char *at = base;

	for (size_t i = 0; i < steps; i++) {
		at = follow(base, bytes, at);
		if (!at || at == base)
			return false;
	}
	return true;
}

/*
 * The first return to the start after exactly `lines` steps is proof: a line met twice before that
 * would have closed a smaller cycle, from which the walk never gets back.
 */
bool chain_is_one_cycle(const void *base, size_t lines)
{
	return chain_length(base, lines * CHAIN_LINE_BYTES, lines) == lines;
}
