/* SPDX-License-Identifier: MIT */
/* merge_source: a file is looked at, through a connection of its own, before it is merged. */
#include "harness/store/merge_source.h"

#include <nettle/sha2.h>
#include <string.h>

#include "harness/store/digest.h"
#include "harness/store/merge.h"
#include "harness/store/migrate.h"
#include "harness/store/sql.h"

/*
 * One run, and what the constraints of the tables with a row per result ask: a set at once takes a third of the time
 * that it takes row by row as they are written. What is not plain is merged row by row, and refused there.
 */
#define PLAIN                                                                                  \
	"SELECT (SELECT count(*) FROM run) = 1"                                                \
	" AND (SELECT coalesce(max(id), 0) < " STORE_MOST_ID                                   \
	" AND coalesce(min(id), 0) > -" STORE_MOST_ID                                          \
	" FROM result)"                                                                        \
	" AND NOT EXISTS (SELECT 1 FROM result WHERE is_primary NOT IN (0, 1) OR n < 0"        \
	" OR status NOT IN ('ok', 'skipped', 'failed', 'crashed', 'timeout', 'unstable')"      \
	" OR run NOT IN (SELECT id FROM run) OR series NOT IN (SELECT id FROM series))"        \
	" AND NOT EXISTS (SELECT 1 FROM sample_set WHERE kind NOT IN ('samples', 'histogram')" \
	" OR encoding NOT IN ('raw', 'zstd') OR n < 0 OR launches < 0"                         \
	" OR result NOT IN (SELECT id FROM result))"                                           \
	" AND NOT EXISTS (SELECT 1 FROM counter WHERE quality NOT IN ('unavailable', 'exact'," \
	" 'scaled', 'simulated', 'derived') OR result NOT IN (SELECT id FROM result))"

/* With the schema, so that a file of a known dictionary is of a known schema as well. */
static const char *const dictionary[] = {
	"SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type <> 'index' ORDER BY name",
	"SELECT id, suite, name, version FROM benchmark ORDER BY id",
	"SELECT id, name, unit, better FROM metric ORDER BY id",
	"SELECT id, key, benchmark, metric, subject, threads, name FROM series ORDER BY id",
	"SELECT series, position, name, value, number FROM param ORDER BY series, position",
};

static enum assay_code read_dictionary(struct assay_store *source, uint8_t ret[32],
				       struct assay_err *err)
{
	struct sha256_ctx hash;
	enum assay_code code = ASSAY_OK;
	sha256_init(&hash);
	for (size_t i = 0; i < ASSAY_COUNT_OF(dictionary) && code == ASSAY_OK; i++)
		code = store_hash_query(source, dictionary[i], &hash, err);
	sha256_digest(&hash, 32, ret);
	return code;
}

static enum assay_code check_version(const struct assay_store *source, struct assay_err *err)
{
	int version = source->version, mine = store_schema_current.version;
	if (version == mine)
		return ASSAY_OK;
	return assay_fail(
		err, ASSAY_ESTORE, "'%s' has schema %d, this program merges schema %d; %s",
		source->path, version, mine,
		version < mine ? "'assay db migrate' brings it up to date" : "use a newer assay");
}

/* Is all of a store sound that has no digest to say so? */
static enum assay_code check_content(const char *path, struct assay_err *err)
{
	struct assay_store_report report;
	enum assay_code code = assay_store_check(path, &report, err);
	if (code == ASSAY_OK && report.problem[0])
		return assay_fail(err, ASSAY_ESTORE, "'%.150s' is damaged: %s", path,
				  report.problem);
	return code;
}

/* What of it cannot be read is not plain, and is named when it is merged. */
static bool is_plain(struct assay_store *source, uint8_t ret_dictionary[32])
{
	int64_t plain = 0;
	return store_number(source, PLAIN, &plain, NULL) == ASSAY_OK && plain &&
	       read_dictionary(source, ret_dictionary, NULL) == ASSAY_OK;
}

enum assay_code store_source_look(const char *path, struct store_source *ret, struct assay_err *err)
{
	uint8_t digest[32];
	struct assay_store *source;
	*ret = (struct store_source){0};
	enum assay_code code = assay_bundle_verify(path, &ret->bundle, digest, err);
	if (code == ASSAY_OK)
		code = assay_store_open(path, ASSAY_STORE_READ, &source, err);
	if (code != ASSAY_OK)
		return code;
	code = check_version(source, err);
	if (code == ASSAY_OK && !ret->bundle)
		code = check_content(path, err);
	ret->immutable = source->immutable;
	ret->plain = code == ASSAY_OK && is_plain(source, ret->dictionary);
	assay_store_close(source);
	return code;
}
