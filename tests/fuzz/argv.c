/* SPDX-License-Identifier: MIT */
/* argv: what is split can be written down and split again; slugs keep to their alphabet. */
#include "harness/engine/argv.h"
#include "harness/base/str.h"
#include "tests/fuzz/fuzz.h"

static const char *value_of(void *context, const char *name, size_t length)
{
	(void)context;
	return length == 1 && *name == 'x' ? "{x}" : NULL;
}

static void same_words(const struct assay_argv *a, const struct assay_argv *b)
{
	must(a->n == b->n);
	for (size_t i = 0; i < a->n; i++)
		must(strcmp(a->words[i], b->words[i]) == 0);
}

static void try_words(const char *text)
{
	struct assay_err err = {0};
	struct assay_argv argv = {0}, again = {0}, filled = {0};
	struct assay_str line = {0};
	if (assay_argv_split(text, &argv, &err) != ASSAY_OK) {
		must(err.text[0] != '\0' && !argv.words);
		return;
	}
	must(argv.n >= 1 && !argv.words[argv.n]);
	assay_argv_quote(&argv, &line);
	must(assay_argv_split(assay_str_text(&line), &again, &err) == ASSAY_OK);
	same_words(&argv, &again);
	must(assay_argv_fill(&argv, value_of, NULL, &filled, &err) == ASSAY_OK);
	same_words(&argv, &filled); /* {x} stands for itself, and nothing else is touched */
	assay_str_done(&line);
	assay_argv_done(&argv);
	assay_argv_done(&again);
	assay_argv_done(&filled);
}

static void try_slugs(const char *text)
{
	static const char alphabet[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	char *to = malloc(16); /* so that writing past its end is seen by ASan */
	must(to);
	for (size_t size = 2; size <= 16; size += 7) {
		assay_slug(to, size, text);
		must(strlen(to) < size && strspn(to, alphabet) == strlen(to));
		must(to[0] != '-' && (!to[0] || to[strlen(to) - 1] != '-'));
		assay_slug_name(to, size, text, "x");
		must(strlen(to) < size && assay_name_valid(to));
	}
	free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	try_words(text);
	try_slugs(text);
	free(text);
	return 0;
}
