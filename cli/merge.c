/* SPDX-License-Identifier: MIT */
/* merge: stores and bundles of many machines folded into one store. */
#include <inttypes.h>

#include "cli/cli.h"
#include "harness/base/json.h"
#include "harness/store/merge.h"

struct totals {
	uint64_t files, refused, runs, results;
};

static enum assay_code file_json(const struct cli *cli, const char *path,
				 const struct assay_merged *merged, const char *refused,
				 struct assay_err *err)
{
	return assay_json_line(
		json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:b, s:o}", "schema", "assay/1", "event",
			  "merged", "file", assay_json_text(path), "runs", (json_int_t)merged->runs,
			  "new_runs", (json_int_t)merged->new_runs, "new_results",
			  (json_int_t)merged->new_results, "bundle", (int)merged->bundle, "refused",
			  refused ? assay_json_text(refused) : json_null()),
		cli->json, err);
}

/* One file: a damaged one is named and the others go on; only what stops all of them is an error. */
static enum assay_code merge_file(struct cli *cli, struct assay_store *store, const char *path,
				  struct totals *totals, struct assay_err *err)
{
	struct assay_merged merged;
	struct assay_err found = {0};
	enum assay_code code = assay_store_merge(store, path, &merged, &found);
	if (code != ASSAY_OK && code != ASSAY_ESTORE)
		return assay_fail(err, code, "%s", found.text);
	if (code != ASSAY_OK) {
		merged = (struct assay_merged){0};
		totals->refused++;
		cli_warn(cli, "left out: %s", found.text);
	}
	totals->files++;
	totals->runs += merged.new_runs;
	totals->results += merged.new_results;
	return cli->json ? file_json(cli, path, &merged, code != ASSAY_OK ? found.text : NULL, err)
			 : ASSAY_OK;
}

static enum assay_code merge_all(struct cli *cli, const struct cli_args *args,
				 struct assay_store *store, struct totals *totals,
				 struct assay_err *err)
{
	const char *const *paths = (const char *const *)args->positional;
	size_t n = (size_t)args->n_positional;
	enum assay_code code = assay_store_merge_begin(store, paths, n, err);
	for (size_t i = 0; i < n && code == ASSAY_OK; i++)
		code = merge_file(cli, store, paths[i], totals, err);
	struct assay_err second = {0};
	enum assay_code end = assay_store_merge_end(store, &second);
	return code == ASSAY_OK && end != ASSAY_OK ? assay_fail(err, end, "%s", second.text) : code;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	struct assay_store *store;
	struct totals totals = {0};
	if (args->n_positional == 0)
		return assay_fail(err, ASSAY_EUSAGE, "name the FILEs to merge into '%s'", cli->db);
	enum assay_code code = assay_store_open(cli->db, ASSAY_STORE_WRITE, &store, err);
	if (code != ASSAY_OK)
		return code;
	code = merge_all(cli, args, store, &totals, err);
	assay_store_close(store);
	if (code != ASSAY_OK)
		return code;
	if (!cli->json_is_stdout)
		printf("%" PRIu64 " file%s: %" PRIu64 " new run%s, %" PRIu64
		       " result%s into %s; %" PRIu64 " refused\n",
		       totals.files, totals.files == 1 ? "" : "s", totals.runs,
		       totals.runs == 1 ? "" : "s", totals.results, totals.results == 1 ? "" : "s",
		       cli->db, totals.refused);
	if (totals.refused)
		*ret_exit = CLI_STORE;
	return ASSAY_OK;
}

const struct cli_verb cli_verb_merge = {
	.name = "merge",
	.usage = "FILE...",
	.brief = "fold other stores and bundles into this one",
	.details =
		"FILE is a store, or a bundle made by 'assay export --format bundle'. Merging a\n"
		"file again changes nothing, and the order does not matter. A damaged or altered\n"
		"file is named and left out; the others are merged, and the exit code is 7.",
	.run = run,
};
