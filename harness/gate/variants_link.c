/* SPDX-License-Identifier: MIT */
/* variants_link: find the output and the first input, then put other words in their places. */
#include "harness/gate/variants_link.h"

#include <stdbool.h>
#include <string.h>

#define PAD_PARAMETER "pad"

static bool starts_with(const char *word, const char *start)
{
	return strncmp(word, start, strlen(start)) == 0;
}

static bool ends_with(const char *word, const char *end)
{
	size_t n = strlen(word), m = strlen(end);
	return n > m && strcmp(word + n - m, end) == 0;
}

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

/* Options whose value may look like an input. */
static bool takes_a_name(const char *option)
{
	static const char *const options[] = {
		"-o",  "--output", "-soname",         "--soname",         "-h", "-Xlinker",
		"-MT", "-MQ",      "-dynamic-linker", "--dynamic-linker", "-I", "-R",
	};
	return is_one_of(option, options, ASSAY_COUNT_OF(options));
}

static bool looks_like_input(const char *word)
{
	static const char *const ends[] = {".o",  ".a",   ".so",  ".lo", ".obj", ".c", ".cc",
					   ".C",  ".cpp", ".cxx", ".s",  ".S",   ".f", ".f90",
					   ".rs", ".zig", ".d",   ".m",  ".bc"};
	if (word[0] == '-' || word[0] == '@')
		return false;
	for (size_t i = 0; i < ASSAY_COUNT_OF(ends); i++)
		if (ends_with(word, ends[i]))
			return true;
	return strstr(word, ".so.") != NULL;
}

/* Where the output's name begins in word i, or 0 when it names none. */
static size_t output_at(const struct assay_link *link, size_t i)
{
	const char *word = link->argv.words[i];
	if (starts_with(word, "--output="))
		return strlen("--output=");
	/* Options of linkers and compilers that begin like -oFILE. */
	if (word[0] == '-' && word[1] == 'o' && word[2])
		return starts_with(word, "-oformat") || starts_with(word, "-omagic") ? 0 : 2;
	return 0;
}

static enum assay_code set_output(struct assay_link *link, size_t word, size_t at,
				  struct assay_err *err)
{
	if (link->output)
		return assay_fail(err, ASSAY_EUSAGE,
				  "the link command has two outputs, '%s' and '%s'",
				  assay_link_output(link), link->argv.words[word] + at);
	link->output = word;
	link->output_at = at;
	return ASSAY_OK;
}

static enum assay_code find_output(struct assay_link *link, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	bool responses = false;
	for (size_t i = 1; code == ASSAY_OK && i < link->argv.n; i++) {
		const char *word = link->argv.words[i];
		bool apart = strcmp(word, "-o") == 0 || strcmp(word, "--output") == 0;
		if (apart && i + 1 < link->argv.n)
			code = set_output(link, ++i, 0, err);
		else if (output_at(link, i))
			code = set_output(link, i, output_at(link, i), err);
		responses |= word[0] == '@';
	}
	if (code == ASSAY_OK && (!link->output || !*assay_link_output(link)))
		return assay_fail(err, ASSAY_EUSAGE,
				  "the link command has no -o FILE, so that its output cannot be "
				  "told apart from its inputs; add it%s",
				  responses ? " (@FILE is not looked into)" : "");
	return code;
}

static enum assay_code find_input(struct assay_link *link, struct assay_err *err)
{
	for (size_t i = 1; i < link->argv.n; i++) {
		const char *word = link->argv.words[i];
		if (takes_a_name(link->argv.words[i - 1]) || !looks_like_input(word))
			continue;
		if (!link->first_input)
			link->first_input = i;
		if (!link->object && ends_with(word, ".o"))
			link->object = i;
	}
	if (assay_argv_mentions(&link->argv, PAD_PARAMETER)) {
		link->first_input = 0;
		return ASSAY_OK;
	}
	if (!link->first_input)
		return assay_fail(err, ASSAY_EUSAGE,
				  "the link command names no object, archive or source file; write "
				  "{pad} where the first one would stand");
	return ASSAY_OK;
}

enum assay_code assay_link_read(char *const *words, size_t n, struct assay_link *ret,
				struct assay_err *err)
{
	if (n == 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "the link command is missing: -- cc -shared -o OUT a.o b.o");
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < n; i++)
		code = assay_argv_add(&ret->argv, words[i], err);
	if (code == ASSAY_OK)
		code = find_output(ret, err);
	return code == ASSAY_OK ? find_input(ret, err) : code;
}

void assay_link_done(struct assay_link *link)
{
	if (!link)
		return;
	assay_argv_done(&link->argv);
	*link = (struct assay_link){0};
}

const char *assay_link_output(const struct assay_link *link)
{
	return link->argv.words[link->output] + link->output_at;
}

/* `context` is the pad's name. */
static const char *value_of(void *context, const char *name, size_t length)
{
	bool is_pad = length == strlen(PAD_PARAMETER) && strncmp(name, PAD_PARAMETER, length) == 0;
	return is_pad ? *(const char **)context : NULL;
}

/* The option before the output's name, if they share a word, and the new name. */
static enum assay_code add_output(const struct assay_link *link, const char *output,
				  struct assay_argv *ret, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str word = {0};
	assay_str_put(&word, link->argv.words[link->output], link->output_at);
	assay_str_add(&word, "%s", output);
	if (word.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a link command");
	return assay_argv_add(ret, assay_str_text(&word), err);
}

enum assay_code assay_link_with(const struct assay_link *link, const char *output, const char *pad,
				struct assay_argv *ret, struct assay_err *err)
{
	ASSAY_AUTO(assay_argv_done) struct assay_argv filled = {0};
	enum assay_code code = ASSAY_OK;
	code = assay_argv_fill(&link->argv, value_of, &pad, &filled, err);
	for (size_t i = 0; code == ASSAY_OK && i < filled.n; i++) {
		if (i && i == link->first_input)
			code = assay_argv_add(ret, pad, err);
		if (code == ASSAY_OK && i == link->output)
			code = add_output(link, output, ret, err);
		else if (code == ASSAY_OK)
			code = assay_argv_add(ret, filled.words[i], err);
	}
	return code;
}
