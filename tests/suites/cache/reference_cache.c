/* SPDX-License-Identifier: MIT */
/*
 * reference_cache: hold the cache simulator against counts of misses made elsewhere.
 *
 * usage: reference_cache FILE.json [FOLDER]
 * The file has an array `results` of { trace, cache_objects, policy, misses }, and may have `variants`
 * with counts of other readings. W-TinyLFU is compared with the reading `wtinylfu_textbook`; where the
 * file has none for a size, its count is shown and not judged. The SHA-256 in `traces` of a trace that
 * assay makes is checked; another trace is read from FOLDER/NAME.csv. Exit: 0 all equal, 1 some differ,
 * 2 the file or a trace cannot be read.
 */
#include <inttypes.h>
#include <jansson.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suites/cache/sim.h"

static const char other_policy[] = "W-TinyLFU", own_reading[] = "wtinylfu_textbook";

/* The trace of the result at hand; results come trace by trace. */
struct loaded {
	const char *folder;
	char name[64];
	struct trace trace;
};

static void print_hex(char hex[2 * SHA256_DIGEST_SIZE + 1], const uint8_t *digest)
{
	for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* SHA-256 of a trace that is made here, written as CSV. */
static enum assay_code digest(const char *name, char hex[2 * SHA256_DIGEST_SIZE + 1],
			      struct assay_err *err)
{
	uint64_t *ids;
	size_t n;
	enum assay_code rc = trace_synthetic_ids(name, &ids, &n, err);
	if (rc != ASSAY_OK)
		return rc;
	static const char header[] = "time,obj_id,size\n";
	uint8_t sum[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;
	sha256_init(&ctx);
	sha256_update(&ctx, sizeof(header) - 1, (const uint8_t *)header);
	for (size_t i = 0; i < n; i++) {
		char line[64];
		int length = snprintf(line, sizeof(line), "%zu,%" PRIu64 ",1\n", i, ids[i]);
		sha256_update(&ctx, (size_t)length, (const uint8_t *)line);
	}
	sha256_digest(&ctx, sizeof(sum), sum);
	print_hex(hex, sum);
	free(ids);
	return ASSAY_OK;
}

static enum assay_code load(struct loaded *loaded, const json_t *root, const char *name,
			    struct assay_err *err)
{
	char hex[2 * SHA256_DIGEST_SIZE + 1], path[512];
	if (strcmp(loaded->name, name) == 0)
		return ASSAY_OK;
	trace_done(&loaded->trace);
	snprintf(loaded->name, sizeof(loaded->name), "%s", name);
	if (loaded->folder) {
		snprintf(path, sizeof(path), "%s/%s.csv", loaded->folder, name);
		return trace_read(path, &loaded->trace, err);
	}
	enum assay_code rc = digest(name, hex, err);
	const json_t *sums =
		json_object_get(json_object_get(json_object_get(root, "traces"), name), "sha256");
	const char *sum = json_string_value(json_object_get(sums, "csv"));
	if (rc == ASSAY_OK && sum && strcmp(sum, hex) != 0)
		rc = assay_fail(err, ASSAY_ECHECK, "trace '%s' as made here is another one: %s",
				name, hex);
	return rc == ASSAY_OK ? trace_synthetic(name, &loaded->trace, err) : rc;
}

/* The count of our reading of W-TinyLFU, or -1. */
static json_int_t variant(const json_t *root, const char *trace, json_int_t objects)
{
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(json_object_get(root, "variants"), "results"), i,
			    entry) {
		const char *its = json_string_value(json_object_get(entry, "trace"));
		if (!its || strcmp(its, trace) != 0 ||
		    json_integer_value(json_object_get(entry, "cache_objects")) != objects)
			continue;
		const json_t *misses =
			json_object_get(json_object_get(entry, "misses"), own_reading);
		return misses ? json_integer_value(misses) : -1;
	}
	return -1;
}

/* ASSAY_OK and *ret_equal, or what is wrong with the entry. */
static enum assay_code compare(struct loaded *loaded, const json_t *root, const json_t *entry,
			       bool *ret_equal, struct assay_err *err)
{
	const char *name = json_string_value(json_object_get(entry, "trace"));
	const char *policy_name = json_string_value(json_object_get(entry, "policy"));
	json_int_t objects = json_integer_value(json_object_get(entry, "cache_objects"));
	const json_t *misses = json_object_get(entry, "misses");
	const struct sim_policy *policy = policy_name ? sim_policy(policy_name) : NULL;
	if (!name || !policy || objects < 1 || !json_is_integer(misses))
		return assay_fail(err, ASSAY_EPARSE,
				  "a result needs trace, policy, cache_objects and misses");
	struct sim sim;
	enum assay_code rc = load(loaded, root, name, err);
	if (rc == ASSAY_OK)
		rc = sim_init(&sim, policy, &loaded->trace, (uint64_t)objects, false, err);
	if (rc != ASSAY_OK)
		return rc;
	json_int_t got = (json_int_t)policy->run(&sim), want = json_integer_value(misses);
	sim_done(&sim);
	const char *reading = "";
	if (strcmp(policy_name, other_policy) == 0) {
		json_int_t ours = variant(root, name, objects);
		printf("note %s, %s, %" JSON_INTEGER_FORMAT
		       " objects: the reference has "
		       "%" JSON_INTEGER_FORMAT ", this reading is the paper's\n",
		       name, policy_name, objects, want);
		reading = " (variant wtinylfu_textbook)";
		want = ours < 0 ? got : ours;
	}
	*ret_equal = got == want;
	printf("%s %s, %s, %" JSON_INTEGER_FORMAT " objects: %" JSON_INTEGER_FORMAT
	       " misses of %" PRIu32 ", expected %" JSON_INTEGER_FORMAT "%s\n",
	       got == want ? "ok  " : "FAIL", name, policy_name, objects, got, loaded->trace.n,
	       want, reading);
	return ASSAY_OK;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: reference_cache FILE.json [FOLDER-OF-TRACES]\n");
		return 2;
	}
	json_error_t error;
	json_t *root = json_load_file(argv[1], 0, &error), *entry;
	const json_t *results = json_object_get(root, "results");
	struct loaded loaded = {.folder = argv[2]};
	struct assay_err err = {0};
	size_t i, differ = 0;
	if (!json_array_size(results)) {
		fprintf(stderr, "reference_cache: %s: %s\n", argv[1],
			root ? "there are no results in it" : error.text);
		json_decref(root);
		return 2;
	}
	enum assay_code rc = ASSAY_OK;
	json_array_foreach (results, i, entry) {
		bool equal = false;
		rc = compare(&loaded, root, entry, &equal, &err);
		if (rc != ASSAY_OK)
			break;
		differ += !equal;
	}
	if (rc != ASSAY_OK)
		fprintf(stderr, "reference_cache: %s: result %zu: %s\n", argv[1], i, err.text);
	else
		printf("%zu of %zu equal\n", json_array_size(results) - differ,
		       json_array_size(results));
	trace_done(&loaded.trace);
	json_decref(root);
	return rc != ASSAY_OK ? 2 : differ > 0;
}
