/* SPDX-License-Identifier: MIT */
/* axis: values are bounded in number and each there once; words keep to their alphabet. */
#include "harness/engine/axis.h"
#include "tests/fuzz/fuzz.h"

static const struct assay_axis_name names[] = {
	{"ncores", 2},
	{"llc", 32 << 20},
	{"l1", 32 << 10},
	{"unknown", 0},
};

static void try_numbers(const char *text)
{
	struct assay_err err = {0};
	double *values = NULL;
	size_t n = 0;
	if (assay_axis_expand(text, names, sizeof(names) / sizeof(names[0]), &values, &n, &err) !=
	    ASSAY_OK) {
		must(err.text[0] != '\0');
		return;
	}
	must(n >= 1 && n <= ASSAY_AXIS_MAX_VALUES);
	/* Comparing all pairs of a full axis is slow under a fuzzer; its ends tell as much. */
	for (size_t i = 0; i < n && i < 64; i++)
		for (size_t j = 0; j < i; j++)
			must(values[i] != values[j]);
	free(values);
}

static void try_words(const char *text)
{
	static const char alphabet[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_.-";
	struct assay_err err = {0};
	char **words = NULL;
	size_t n = 0;
	if (assay_axis_words(text, &words, &n, &err) != ASSAY_OK) {
		must(err.text[0] != '\0');
		return;
	}
	must(n >= 1);
	for (size_t i = 0; i < n; i++)
		must(words[i][0] && strspn(words[i], alphabet) == strlen(words[i]));
	assay_words_free(words, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	try_numbers(text);
	try_words(text);
	free(text);
	return 0;
}
