/* SPDX-License-Identifier: MIT */
/* log_store: our memory-mapped log with checksums, as a store. */
#include <stdio.h>

#include "suites/cache/log.h"
#include "suites/cache/store.h"

static enum assay_code log_store_open(const struct store_config *config, struct kv_store **ret,
				      struct assay_err *err)
{
	char path[FOLDER_BYTES + 8];
	snprintf(path, sizeof(path), "%s/log", config->folder);
	struct log_config of = {path, config->value_bytes, config->most_values, 0};
	struct log *log = NULL;
	enum assay_code rc = log_open(&of, &log, err);
	*ret = (struct kv_store *)log;
	return rc;
}

static enum assay_code log_store_get(struct kv_store *store, uint64_t key, void *value,
				     struct assay_err *err)
{
	return log_get((struct log *)store, key, value, err);
}

static enum assay_code log_store_put(struct kv_store *store, uint64_t key, const void *value,
				     struct assay_err *err)
{
	return log_put((struct log *)store, key, value, err);
}

static enum assay_code log_store_sync(struct kv_store *store, struct assay_err *err)
{
	return log_sync((struct log *)store, 0, err);
}

static void log_store_close(struct kv_store *store)
{
	log_close((struct log *)store);
}

static const struct store_ops ops = {
	.open = log_store_open,
	.get = log_store_get,
	.put = log_store_put,
	.sync = log_store_sync,
	.close = log_store_close,
};

const struct assay_subject assay_subject_cache_log_store = {
	.interface = STORE_INTERFACE,
	.brief = "memory-mapped log, a checksum per value, index in memory",
	.ops = &ops,
};
