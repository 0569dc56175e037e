/* SPDX-License-Identifier: MIT */
/*
 * tokens: a plug-in whose time depends on where its code lies. A tokenizer is many short, branchy loops: by
 * which bytes of a cache line they begin and end at, the processor fetches and predicts them well or
 * badly. See docs/placement.md.
 */
#include "harness/bench.h"

#include <stdlib.h>

enum { SOURCE_BYTES = 16 * 1024 };

static bool is_letter(char c)
{
	return (unsigned)(c | 32) - 'a' < 26u || c == '_';
}

static bool is_digit(char c)
{
	return (unsigned)c - '0' < 10u;
}

/* Words, numbers, strings and single characters between p and end. */
static ASSAY_NOIPA size_t count_tokens(const char *p, const char *end)
{
	size_t n = 0;

	while (p < end) {
		char c = *p;

		if (c == ' ' || c == '\n' || c == '\t') {
			p++;
			continue;
		}
		n++;
		if (is_letter(c)) {
			while (p < end && (is_letter(*p) || is_digit(*p)))
				p++;
		} else if (is_digit(c)) {
			while (p < end && is_digit(*p))
				p++;
		} else if (c == '"') {
			p++;
			while (p < end && *p != '"')
				p++;
			p++;
		} else {
			p++;
		}
	}
	return n;
}

/* A text that looks like source, and how many tokens it was made of. */
struct source {
	char text[SOURCE_BYTES];
	size_t length, tokens;
};

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static void put(struct source *s, char c)
{
	s->text[s->length++] = c;
}

static void put_token(struct source *s, uint64_t *random)
{
	uint32_t kind = next_random(random) % 10, length = 1 + next_random(random) % 9;

	if (kind < 6) { /* a word */
		while (length--)
			put(s, (char)('a' + next_random(random) % 26));
	} else if (kind < 8) { /* a number */
		while (length--)
			put(s, (char)('0' + next_random(random) % 10));
	} else if (kind < 9) { /* a string */
		put(s, '"');
		while (length--)
			put(s, 'x');
		put(s, '"');
	} else {
		put(s, "+-*/();,"[next_random(random) % 8]);
	}
	put(s, ' ');
	s->tokens++;
}

static void setup(struct assay_run *run)
{
	struct source *s = calloc(1, sizeof(*s));
	uint64_t random = 12345; /* one text for all launches: only the placement shall differ */

	if (!s) {
		assay_skip(run, "no memory for the text");
		return;
	}
	while (s->length + 16 < sizeof(s->text))
		put_token(s, &random);
	assay_set_state(run, s);
	assay_set_bytes_per_op(run, (double)s->length);
}

static void teardown(struct assay_run *run)
{
	free(assay_state(run));
}

static void count(struct assay_run *run)
{
	const struct source *s = assay_state(run);
	size_t n = 0;

	ASSAY_LOOP (run) {
		const char *text = assay_keep(s->text);
		n = assay_keep(count_tokens(text, text + s->length));
	}
	assay_check(run, n == s->tokens, "counted %zu tokens of %zu", n, s->tokens);
}

static const struct assay_bench count_bench = {
	.brief = "the tokens of 16 KiB of source, counted",
	.setup = setup,
	.teardown = teardown,
	.body = count,
	.subjects = ASSAY_NO_SUBJECT,
};

ASSAY_API extern const struct assay_plugin assay_plugin;
const struct assay_plugin assay_plugin = {
	.abi = ASSAY_ABI,
	.suite = "tokens",
	.description = &(const struct assay_suite){.brief = "a tokenizer, to be moved about"},
	.benches = (const struct assay_plugin_bench[]){{"count", &count_bench}, {0}},
};
