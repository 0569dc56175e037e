/* SPDX-License-Identifier: MIT */
/* filled: open, put every key, commit, open again, read every key back, whole. */
#include "suites/cache/filled.h"

#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/cache.h"

#define STREAM_LENGTH (UINT64_C(1) << 18)

static enum assay_code fill(struct filled *f, struct assay_err *err)
{
	uint64_t value[CACHE_VALUE_WORDS_MAX];
	enum assay_code rc = ASSAY_OK;
	for (uint64_t i = 0; rc == ASSAY_OK && i < f->n_keys; i++) {
		uint64_t state = i, key = assay_splitmix(&state);
		cache_value_fill(value, f->value_words, cache_value_base(key, 0));
		rc = f->ops->put(f->store, key, value, err);
	}
	return rc == ASSAY_OK ? f->ops->sync(f->store, err) : rc;
}

/* What was only written so far, to a list in memory or a log of its own, is where a store keeps it. */
static enum assay_code open_again(struct filled *f, const struct store_config *config,
				  struct assay_err *err)
{
	f->ops->close(f->store);
	f->store = NULL;
	return f->ops->open(config, &f->store, err);
}

/* Every key once: pages are hot afterwards, and what is timed later is known to be whole. */
static enum assay_code read_back(struct filled *f, struct assay_err *err)
{
	uint64_t value[CACHE_VALUE_WORDS_MAX];
	for (uint64_t i = 0; i < f->n_keys; i++) {
		uint64_t state = i, key = assay_splitmix(&state);
		enum assay_code rc = f->ops->get(f->store, key, value, err);
		if (rc == ASSAY_SKIP && !f->store)
			return ASSAY_OK; /* the null store */
		if (rc == ASSAY_SKIP ||
		    (rc == ASSAY_OK &&
		     !cache_value_is(value, f->value_words, cache_value_base(key, 0))))
			rc = assay_fail(err, ASSAY_ECHECK, "a value that was put is not there");
		if (rc != ASSAY_OK)
			return rc;
	}
	return ASSAY_OK;
}

static bool make_stream(struct filled *f, uint64_t seed)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	f->mask = STREAM_LENGTH - 1;
	f->stream = malloc(STREAM_LENGTH * sizeof(*f->stream));
	for (uint64_t i = 0; f->stream && i < STREAM_LENGTH; i++) {
		uint64_t state = assay_rng_below(&rng, f->n_keys);
		f->stream[i] = assay_splitmix(&state);
	}
	return f->stream != NULL;
}

void filled_setup(struct assay_run *run)
{
	double value_bytes = assay_axis(run, "value"), n_keys = assay_axis(run, "keys");
	if (value_bytes < 8 || value_bytes > CACHE_VALUE_WORDS_MAX * 8 ||
	    (size_t)value_bytes % 8 != 0 || n_keys < 1) {
		assay_skip(run, "value must be a multiple of 8 bytes, 8 to %d, and keys at least 1",
			   CACHE_VALUE_WORDS_MAX * 8);
		return;
	}
	struct filled *f = calloc(1, sizeof(*f));
	if (!assay_check(run, f, "out of memory"))
		return;
	assay_set_state(run, f);
	f->ops = assay_subject(run);
	f->value_words = (size_t)value_bytes / 8;
	f->n_keys = (uint64_t)n_keys;
	struct assay_err err = {0};
	enum assay_code rc = folder_make(f->folder, &err);
	if (rc != ASSAY_OK)
		f->folder[0] = '\0';
	struct store_config config = {f->folder, (size_t)value_bytes, f->n_keys};
	if (rc == ASSAY_OK)
		rc = f->ops->open(&config, &f->store, &err);
	if (rc == ASSAY_OK)
		rc = fill(f, &err);
	if (rc == ASSAY_OK)
		rc = open_again(f, &config, &err);
	if (rc == ASSAY_OK)
		rc = read_back(f, &err);
	if (assay_check(run, rc == ASSAY_OK, "%s", err.text))
		assay_check(run, make_stream(f, assay_seed(run)), "out of memory");
}

void filled_teardown(struct assay_run *run)
{
	struct filled *f = assay_state(run);
	if (!f)
		return;
	if (f->store)
		f->ops->close(f->store);
	if (f->folder[0])
		folder_remove(f->folder);
	free(f->stream);
	free(f);
}
