/* SPDX-License-Identifier: MIT */
/* run_record: machine, environment, command line and revision of a run. */
#include "cli/run_record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/revision.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"

static char *machine_text(const struct run_record *record)
{
	double core_clock_hz = assay_core_clock_hz();
	json_t *json = assay_topology_json(record->topology);
	json_object_set_new(json, "noise", assay_noise_json(record->noise));
	json_object_set_new(json, "core_clock_hz",
			    core_clock_hz > 0 ? json_real(core_clock_hz) : json_null());
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(json);
	return text;
}

static char *environment_text(const struct run_record *record)
{
	json_t *json = assay_environment_json(record->environment);
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(json);
	return text;
}

static char *command_text(const struct cli *cli)
{
	json_t *json = json_array();
	for (int i = 0; i < cli->argc; i++)
		json_array_append_new(json, assay_json_text(cli->argv[i]));
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

/*
 * Now; but never before the newest run that is stored, or a clock that was set back would make "@last" another one. A
 * store without runs, or one that cannot be read, has nothing to say here.
 */
static uint64_t started_ns(const struct cli *cli, struct assay_store *store)
{
	uint64_t now_ns = assay_wall_ns();
	struct assay_run_list runs = {0};
	if (assay_store_runs(store, "@last", &runs, NULL) != ASSAY_OK || runs.n == 0)
		return now_ns;
	uint64_t last_ns = runs.runs[0].started_ns;
	if (now_ns <= last_ns) {
		cli_warn(cli,
			 "the clock stands %.3g s before the start of run %" PRId64
			 ": this run is dated after that one",
			 (double)(last_ns - now_ns) / 1e9, runs.runs[0].id);
		now_ns = last_ns + 1;
	}
	assay_run_list_done(&runs);
	return now_ns;
}

enum assay_code run_record_begin(const struct run_record *record, struct assay_store *store,
				 int64_t *ret_run, struct assay_err *err)
{
	char host[128] = "";
	struct revision revision = {0};
	if (record->revision)
		revision = *record->revision;
	else
		revision_read(revision.commit, &revision.dirty);
	gethostname(host, sizeof(host) - 1);
	ASSAY_AUTO_FREE char *machine = machine_text(record);
	ASSAY_AUTO_FREE char *environment = environment_text(record);
	ASSAY_AUTO_FREE char *command = command_text(record->cli);
	ASSAY_AUTO_FREE char *xml = NULL;
	assay_topology_xml(record->topology, &xml, NULL); /* absent without hwloc: stored as such */
	if (!machine || !environment || !command)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the run's record");
	struct assay_run_info info = {
		.started_ns = started_ns(record->cli, store),
		.seed = record->seed,
		.profile = record->profile,
		.command = command,
		.plan = record->plan,
		.noise = record->noise->grade,
		.machine_name = host,
		.topology_xml = xml,
		.machine_json = machine,
		.environment_json = environment,
		.version = ASSAY_VERSION,
		.commit = revision.commit[0] ? revision.commit : NULL,
		.dirty = revision.dirty,
		.tags = record->tags,
		.n_tags = record->n_tags,
	};
	assay_topology_fingerprint(record->topology, info.fingerprint);
	assay_environment_hash(record->environment, info.environment_hash);
	return assay_store_begin_run(store, &info, ret_run, err);
}

/* Bytes of the texts behind all --tag. */
static size_t text_bytes(const struct cli_args *args, size_t *ret_n)
{
	size_t bytes = 0;
	*ret_n = 0;
	for (size_t i = 0; i < args->n_given; i++) {
		if (strcmp(args->given[i].option->name, "tag") != 0)
			continue;
		bytes += strlen(args->given[i].value) + 1;
		++*ret_n;
	}
	return bytes;
}

enum assay_code run_record_tags(const struct cli_args *args, struct assay_run_info *run,
				struct assay_tag **ret, struct assay_err *err)
{
	size_t n, bytes = text_bytes(args, &n);
	struct assay_tag *tags = malloc((run->n_tags + n) * sizeof(*tags) + bytes + 1);
	*ret = tags;
	if (!tags)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu tags", n);
	char *text = (char *)(tags + run->n_tags + n);
	if (run->n_tags)
		memcpy(tags, run->tags, run->n_tags * sizeof(*tags));
	run->tags = tags;
	for (size_t i = 0; i < args->n_given; i++) {
		if (strcmp(args->given[i].option->name, "tag") != 0)
			continue;
		size_t size = strlen(args->given[i].value) + 1;
		memcpy(text, args->given[i].value, size);
		char *equals = strchr(text, '=');
		if (!equals || equals == text)
			return assay_fail(err, ASSAY_EUSAGE, "--tag wants KEY=VALUE, not '%s'",
					  text);
		*equals = '\0';
		tags[run->n_tags++] = (struct assay_tag){text, equals + 1};
		text += size;
	}
	return ASSAY_OK;
}
