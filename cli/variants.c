/* SPDX-License-Identifier: MIT */
/* variants: link a program or plug-in several times with its code in different places, or show a set. */
#include <stdlib.h>

#include "cli/cli.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/gate/variants.h"

static const struct cli_option options[] = {
	{"count", 'k', "N", "how many variants, 2 to 64 (8)"},
	{"step", 0, "BYTES", "how far apart their code lies (64)"},
	{"output", 'o', "FOLDER", "where they go (OUT.variants, OUT the command's -o)"},
	{0},
};

static enum assay_code read_request(const struct cli_args *args, struct assay_variants_request *ret,
				    struct assay_err *err)
{
	const char *count = cli_value(args, "count"), *step = cli_value(args, "step");
	uint64_t n = 8;
	*ret = (struct assay_variants_request){
		.words = args->positional + args->n_before,
		.n_words = (size_t)(args->n_positional - args->n_before),
		.folder = cli_value(args, "output"),
		.step_bytes = 64,
	};
	enum assay_code code = ASSAY_OK;
	if (count)
		code = assay_parse_u64(count, 2, ASSAY_VARIANTS_MAX, &n, err);
	if (code != ASSAY_OK)
		return assay_context(err, code, "--count");
	if (step)
		code = assay_parse_u64(step, 1, ASSAY_VARIANTS_MAX_STEP, &ret->step_bytes, err);
	ret->count = n;
	return assay_context(err, code, "--step");
}

/* What the link commands printed, so that it can be read and does nothing else to the terminal. */
static void show_said(const struct assay_str *said)
{
	char line[512], clean[sizeof(line)];
	for (const char *at = assay_str_text(said); *at;) {
		size_t n = strcspn(at, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)n, at);
		assay_sanitise(clean, sizeof(clean), line);
		fprintf(stderr, "%s\n", clean);
		at += n + (at[n] == '\n');
	}
}

static void print_text(const struct assay_variants *set, FILE *out)
{
	static const char *const columns[] = {"variant", ">pad", ">code at", ">moved"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	char output[100], symbol[64];
	assay_sanitise(output, sizeof(output), set->output);
	assay_sanitise(symbol, sizeof(symbol), set->symbol);
	fprintf(out, "%zu variants of %s, %llu bytes apart", set->n, output,
		(unsigned long long)set->step_bytes);
	if (set->functions)
		fprintf(out, "; %llu functions, the last is %s", (unsigned long long)set->functions,
			symbol);
	fputc('\n', out);
	for (size_t i = 0; i < set->n; i++) {
		const struct assay_variant *v = &set->variants[i];
		char pad[24], at[24], moved[24];
		snprintf(pad, sizeof(pad), "%llu", (unsigned long long)v->pad_bytes);
		snprintf(at, sizeof(at), "0x%llx", (unsigned long long)v->code_at);
		snprintf(moved, sizeof(moved), "%llu", (unsigned long long)v->moved);
		const char *const cells[] = {v->path, pad, at, set->functions ? moved : NULL};
		cli_table_row(table, cells);
	}
	cli_table_print(table, out);
}

static enum assay_code print(struct cli *cli, const struct assay_variants *set,
			     struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	if (cli->json) {
		json_t *json = assay_variants_json(set, true);
		json_object_set_new(json, "folder", assay_json_text(set->folder));
		code = assay_json_document(json, cli->json, err);
	}
	if (!cli->json_is_stdout)
		print_text(set, stdout);
	return code;
}

static enum assay_code build(struct cli *cli, const struct cli_args *args,
			     struct assay_variants *set, struct assay_err *err)
{
	struct assay_variants_request request;
	ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
	if (args->n_before)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' stands before the --; the folder is named with -o",
				  args->positional[0]);
	enum assay_code code = read_request(args, &request, err);
	if (code == ASSAY_OK)
		code = assay_variants_build(&request, set, &said, err);
	if (code != ASSAY_OK || cli->verbose)
		show_said(&said);
	return code;
}

static enum assay_code show(const struct cli_args *args, struct assay_variants *set,
			    struct assay_err *err)
{
	if (args->n_positional != 1)
		return assay_fail(err, ASSAY_EUSAGE,
				  "name a set to show, or build one: "
				  "assay variants -- cc -shared -o text.so text.o");
	if (args->n_given &&
	    (cli_value(args, "count") || cli_value(args, "step") || cli_value(args, "output")))
		return assay_fail(err, ASSAY_EUSAGE,
				  "a set is built from a link command, which comes after --");
	enum assay_code code = assay_variants_find(args->positional[0], set, err);
	if (code == ASSAY_OK && !set->folder)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is a plain file, no set of variants",
				  args->positional[0]);
	return code;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)ret_exit;
	ASSAY_AUTO(assay_variants_done) struct assay_variants set = {0};
	enum assay_code code = args->dashes ? build(cli, args, &set, err) : show(args, &set, err);
	return code == ASSAY_OK ? print(cli, &set, err) : code;
}

const struct cli_verb cli_verb_variants = {
	.name = "variants",
	.usage = "[-k N] [-o FOLDER] -- LINK COMMAND...\nFOLDER",
	.brief = "build a program several times with its code in other places",
	.details =
		"The command is run once for each variant, without a shell, with another output\n"
		"and with an object in front that is nothing but padding. Where the code went is\n"
		"read back: what did not move is an error. {pad} in the command names the object,\n"
		"where it must stand elsewhere than before the first input.\n\n"
		"Compile with -falign-functions=64 -falign-loops=32; where you cannot, --step 16.\n"
		"FOLDER alone shows a set and checks its files. docs/placement.md says more.",
	.options = options,
	.run = run,
};
