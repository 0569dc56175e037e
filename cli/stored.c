/* SPDX-License-Identifier: MIT */
/* stored: which runs a reference on the command line means, and how a run is described. */
#include "cli/stored.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/str.h"
#include "harness/store/ack.h"

bool stored_names_file(const char *reference)
{
	size_t length = strlen(reference);
	return strstr(reference, ".db#") ||
	       (length > 3 && strcmp(reference + length - 3, ".db") == 0);
}

/* Split FILE.db[#REFERENCE]; NULL when `reference` names no file. malloc'd; *ret_rest points into it. */
static char *split_file(const char *reference, const char **ret_rest)
{
	const char *hash = strstr(reference, ".db#");
	if (!stored_names_file(reference))
		return NULL;
	char *copy = strdup(reference);
	if (!copy)
		return NULL;
	*ret_rest = "@last";
	if (hash) {
		copy[hash - reference + 3] = '\0';
		*ret_rest = copy + (hash - reference) + 4;
	}
	return copy;
}

enum assay_code stored_open(const struct cli *cli, const char *reference, struct stored *ret,
			    struct assay_err *err)
{
	const char *rest = reference;
	ASSAY_AUTO_FREE char *file = split_file(reference, &rest);
	*ret = (struct stored){0};
	enum assay_code code =
		assay_store_open(file ? file : cli->db, ASSAY_STORE_READ, &ret->store, err);
	if (code == ASSAY_OK)
		code = assay_store_runs(ret->store, rest, &ret->runs, err);
	if (code == ASSAY_OK && ret->runs.n == 0)
		code = assay_fail(err, ASSAY_EUSAGE, "'%s' holds no run yet",
				  file ? file : cli->db);
	if (code != ASSAY_OK)
		stored_done(ret);
	return code;
}

enum assay_code stored_open_to_change(const char *path, struct assay_store **ret,
				      struct assay_err *err)
{
	enum assay_code code = assay_store_open(path, ASSAY_STORE_READ, ret, err);
	if (code != ASSAY_OK)
		return code;
	assay_store_close(*ret);
	*ret = NULL; /* it may fail */
	return assay_store_open(path, ASSAY_STORE_WRITE, ret, err);
}

void stored_done(struct stored *stored)
{
	assay_run_list_done(&stored->runs);
	assay_store_close(stored->store);
	*stored = (struct stored){0};
}

const struct assay_run_info *stored_one(const struct cli *cli, const char *reference,
					const struct stored *stored, const uint8_t *fingerprint)
{
	const struct assay_run_info *runs = stored->runs.runs;
	size_t chosen = 0;
	for (size_t i = 0; fingerprint && i < stored->runs.n; i++) {
		if (memcmp(runs[i].fingerprint, fingerprint, 32) == 0) {
			chosen = i;
			break;
		}
	}
	if (stored->runs.n > 1)
		cli_note(cli, "'%s' names %zu runs; run %" PRId64 " is taken", reference,
			 stored->runs.n, runs[chosen].id);
	return &runs[chosen];
}

static bool utc(uint64_t wall_ns, struct tm *ret)
{
	time_t seconds = (time_t)(wall_ns / 1000000000u);
	return gmtime_r(&seconds, ret) != NULL;
}

const char *stored_describe(const struct assay_run_info *run, char *text, size_t size)
{
	struct tm tm;
	char when[32] = "?";
	if (utc(run->started_ns, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	char commit[48] = "";
	if (run->commit)
		snprintf(commit, sizeof(commit), ", commit %.10s%s", run->commit,
			 run->dirty ? " (modified)" : "");
	snprintf(text, size, "run %" PRId64 ", %s, %s, %s%s, noise %c%s%s", run->id, when,
		 run->machine_name, run->profile, commit, run->noise ? run->noise : '?',
		 run->status == ASSAY_RUN_COMPLETE ? "" : ", ",
		 run->status == ASSAY_RUN_COMPLETE ? "" : assay_run_status_name(run->status));
	return text;
}

enum sandbox { SANDBOX_UNKNOWN, SANDBOX_NONE, SANDBOX_SOME };

static enum sandbox sandbox_of(const struct assay_run_info *run)
{
	json_t *facts = json_loads(run->environment_json ? run->environment_json : "", 0, NULL);
	const char *text = json_string_value(json_object_get(facts, "process.sandbox"));
	enum sandbox found = !text                       ? SANDBOX_UNKNOWN
			     : strcmp(text, "none") == 0 ? SANDBOX_NONE
							 : SANDBOX_SOME;
	json_decref(facts);
	return found;
}

bool stored_sandboxed(const struct assay_run_info *run)
{
	return sandbox_of(run) == SANDBOX_SOME;
}

bool stored_sandboxed_apart(const struct assay_run_info *a, const struct assay_run_info *b)
{
	enum sandbox of_a = sandbox_of(a), of_b = sandbox_of(b);
	return of_a != SANDBOX_UNKNOWN && of_b != SANDBOX_UNKNOWN && of_a != of_b;
}

/* As many path parts of `name` as `pattern` has: a mistyped benchmark is not near a whole case. */
static char *same_depth(const char *name, const char *pattern)
{
	size_t parts = 1, length = 0;
	for (const char *c = pattern; *c; c++)
		parts += *c == '/';
	while (name[length] && !(name[length] == '/' && --parts == 0))
		length++;
	return strndup(name, length);
}

enum assay_code stored_no_series(struct assay_store *store, const char *pattern,
				 struct assay_err *err)
{
	struct assay_series_list all;
	enum assay_code code = assay_store_series(store, NULL, &all, err);
	if (code != ASSAY_OK)
		return code;
	char **names = calloc(all.n + 1, sizeof(*names));
	size_t n = 0;
	while (names && n < all.n && (names[n] = same_depth(all.series[n].name, pattern)))
		n++;
	const char *nearest = assay_nearest(pattern, (const char *const *)names, n);
	code = assay_fail(err, ASSAY_EUSAGE, "no series matches '%.100s'%s%.150s%s", pattern,
			  nearest ? "; did you mean '"
			  : all.n ? "; 'assay history' lists them"
				  : "",
			  nearest ? nearest : "", nearest ? "'?" : "");
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	assay_series_list_done(&all);
	return code;
}
