/* SPDX-License-Identifier: MIT */
/* run_json: a run as JSON. */
#include "harness/store/run_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "harness/base/json.h"
#include "harness/base/str.h"

void assay_time_text(uint64_t wall_ns, char text[24])
{
	time_t seconds = (time_t)(wall_ns / 1000000000u);
	struct tm tm;
	if (!gmtime_r(&seconds, &tm) || !strftime(text, 24, "%Y-%m-%dT%H:%M:%SZ", &tm))
		assay_copy(text, 24, "?");
}

void assay_uuid_text(const uint8_t uuid[16], char text[37])
{
	char *to = text;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		snprintf(to, 3, "%02x", uuid[i]);
		to += 2;
	}
}

static json_t *hash_json(const uint8_t hash[32])
{
	char text[65];
	for (int i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	return json_string(text);
}

/* A document that the store keeps as text. */
static json_t *parsed(const char *text)
{
	json_t *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
	return json ? json : json_null();
}

/* A key need not be UTF-8 either. */
static void set_text(json_t *object, const char *key, const char *value)
{
	json_t *clean = assay_json_text(key);
	json_object_set_new(object, json_string_value(clean), assay_json_text(value));
	json_decref(clean);
}

static json_t *tags_json(const struct assay_run_info *run)
{
	json_t *tags = json_object();
	for (size_t i = 0; i < run->n_tags; i++)
		set_text(tags, run->tags[i].key, run->tags[i].value);
	return tags;
}

static void add_rest(json_t *json, const struct assay_run_info *run)
{
	json_object_set_new(json, "started_ns", json_integer((json_int_t)run->started_ns));
	json_object_set_new(json, "finished_ns", json_integer((json_int_t)run->finished_ns));
	json_object_set_new(json, "plan", parsed(run->plan));
	json_object_set_new(json, "machine_facts", parsed(run->machine_json));
	json_object_set_new(json, "environment", parsed(run->environment_json));
	json_object_set_new(json, "environment_hash", hash_json(run->environment_hash));
	json_object_set_new(json, "topology_xml", assay_json_text(run->topology_xml));
}

json_t *assay_run_json(const struct assay_run_info *run, bool whole)
{
	char uuid[37], started[24], finished[24];
	assay_uuid_text(run->uuid, uuid);
	assay_time_text(run->started_ns, started);
	assay_time_text(run->finished_ns, finished);
	const char noise[] = {run->noise ? run->noise : '?', '\0'};
	json_t *json = json_object();
	json_object_set_new(json, "id", json_integer(run->id));
	json_object_set_new(json, "uuid", json_string(uuid));
	json_object_set_new(json, "status", json_string(assay_run_status_name(run->status)));
	json_object_set_new(json, "started", json_string(started));
	json_object_set_new(json, "finished",
			    run->finished_ns ? json_string(finished) : json_null());
	json_object_set_new(json, "profile", assay_json_text(run->profile));
	/* As text: half of all seeds are beyond what JSON readers keep exactly. */
	json_object_set_new(json, "seed", json_sprintf("%" PRIu64, run->seed));
	json_object_set_new(json, "noise", json_string(noise));
	json_object_set_new(json, "version", assay_json_text(run->version));
	json_object_set_new(json, "commit", assay_json_text(run->commit));
	json_object_set_new(json, "dirty", json_boolean(run->dirty));
	json_object_set_new(json, "machine", assay_json_text(run->machine_name));
	json_object_set_new(json, "fingerprint", hash_json(run->fingerprint));
	json_object_set_new(json, "command", parsed(run->command));
	json_object_set_new(json, "tags", tags_json(run));
	json_object_set_new(json, "results", json_integer((json_int_t)run->n_results));
	if (whole)
		add_rest(json, run);
	return json;
}
