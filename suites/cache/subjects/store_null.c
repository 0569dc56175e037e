/* SPDX-License-Identifier: MIT */
/* store_null: keeps nothing: the cost of the keys and calls. */
#include "suites/cache/store.h"

static enum assay_code null_open(const struct store_config *config, struct kv_store **ret,
				 struct assay_err *err)
{
	*ret = NULL;
	return ASSAY_OK;
}

static enum assay_code null_get(struct kv_store *store, uint64_t key, void *value,
				struct assay_err *err)
{
	return ASSAY_SKIP;
}

static enum assay_code null_put(struct kv_store *store, uint64_t key, const void *value,
				struct assay_err *err)
{
	return ASSAY_OK;
}

static enum assay_code null_sync(struct kv_store *store, struct assay_err *err)
{
	return ASSAY_OK;
}

static void null_close(struct kv_store *store)
{
}

static const struct store_ops ops = {.open = null_open,
				     .get = null_get,
				     .put = null_put,
				     .sync = null_sync,
				     .close = null_close};

const struct assay_subject assay_subject_cache_store_null = {
	.interface = STORE_INTERFACE,
	.brief = "keeps nothing: keys and calls",
	.ops = &ops,
	.is_null = true,
};
