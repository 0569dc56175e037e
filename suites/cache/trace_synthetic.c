/* SPDX-License-Identifier: MIT */
/*
 * trace_synthetic: traces that are made, not read. `phases` is all whole-number arithmetic over
 * splitmix64, the same bytes on every machine: its counts of misses are known from libCacheSim.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/base/rng.h"
#include "suites/cache/trace.h"
#include "suites/cache/zipf.h"

enum {
	ZIPF_REQUESTS = 1000000,
	ZIPF_OBJECTS = 100000,
	OTHER_REQUESTS = 500000,
	LOOP_OBJECTS = 50000,
	SCAN_OBJECTS = 20000,
	SCAN_LENGTH = 50000,
};
#define ZIPF_SKEW 0.99

/* Ids while they are being made; `n` grows. */
struct making {
	uint64_t *ids;
	size_t n;
	uint64_t state; /* of splitmix64 */
};

/* In [0, bound): the high word of a product, as the reference generator has it. */
static uint64_t below(struct making *m, uint64_t bound)
{
	return (uint64_t)(((unsigned __int128)assay_splitmix(&m->state) * bound) >> 64);
}

static void add(struct making *m, uint64_t id)
{
	m->ids[m->n++] = id;
}

/* Four requests in five to the first fifth of the keys. */
static uint64_t hot_cold(struct making *m, uint64_t base, uint64_t keys)
{
	uint64_t hot = keys / 5;
	if (below(m, 100) < 80)
		return base + below(m, hot);
	return base + hot + below(m, keys - hot);
}

static void make_phases(struct making *m)
{
	m->state = 4;
	for (uint64_t i = 0; i < 60000; i++) /* a loop of 4,000 */
		add(m, 100000 + i % 4000);
	for (uint64_t i = 0; i < 80000; i++) /* working set A */
		add(m, hot_cold(m, 200000, 5000));
	for (uint64_t i = 0; i < 40000; i++) /* a scan */
		add(m, 300000 + i);
	for (uint64_t i = 0; i < 80000; i++) /* abrupt shift to working set B */
		add(m, hot_cold(m, 400000, 8000));
	for (uint64_t i = 0; i < 60000; i++) /* a loop of 12,000 beside 500 hot keys */
		add(m, i % 2 == 0 ? 500000 + i / 2 % 12000 : 600000 + below(m, 500));
	for (uint64_t i = 0; i < 80000; i++) /* a window of 6,000 that slides */
		add(m, 700000 + i / 10 + below(m, 6000));
	for (uint64_t i = 0; i < 60000; i++) /* back to A */
		add(m, hot_cold(m, 200000, 5000));
	for (uint64_t i = 0, scan = 0; i < 40000; i++) /* the scan again, A every fourth request */
		add(m, i % 4 == 3 ? hot_cold(m, 200000, 5000) : 300000 + scan++);
}

/* Ranks are shuffled to ids, so that popular objects are not the low numbers. */
static uint64_t zipf_id(const struct zipf *zipf, struct assay_rng *rng)
{
	uint64_t rank = zipf_next(zipf, rng);
	return assay_splitmix(&rank);
}

static void make_zipf(struct making *m, unsigned percent_one_hit)
{
	struct zipf zipf;
	struct assay_rng rng;
	zipf_init(&zipf, ZIPF_OBJECTS, ZIPF_SKEW);
	assay_rng_init(&rng, 2 + percent_one_hit);
	for (uint64_t i = 0; i < ZIPF_REQUESTS; i++)
		add(m, assay_rng_below(&rng, 100) < percent_one_hit ? i : zipf_id(&zipf, &rng));
}

static void make_scan(struct making *m)
{
	struct zipf zipf;
	struct assay_rng rng;
	zipf_init(&zipf, SCAN_OBJECTS, ZIPF_SKEW);
	assay_rng_init(&rng, 5);
	for (uint64_t i = 0; i < OTHER_REQUESTS; i++)
		add(m, i / SCAN_LENGTH % 2 ? i : zipf_id(&zipf, &rng));
}

static void make_loop(struct making *m)
{
	for (uint64_t i = 0; i < OTHER_REQUESTS; i++)
		add(m, i % LOOP_OBJECTS);
}

enum assay_code trace_synthetic_ids(const char *name, uint64_t **ret, size_t *ret_n,
				    struct assay_err *err)
{
	struct making m = {.ids = malloc(ZIPF_REQUESTS * sizeof(uint64_t))};
	if (!m.ids)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a trace");
	if (strcmp(name, "phases") == 0)
		make_phases(&m);
	else if (strcmp(name, "zipf") == 0)
		make_zipf(&m, 0);
	else if (strcmp(name, "zipf_onehit") == 0)
		make_zipf(&m, 30);
	else if (strcmp(name, "scan") == 0)
		make_scan(&m);
	else if (strcmp(name, "loop") == 0)
		make_loop(&m);
	if (!m.n) {
		free(m.ids);
		return assay_fail(err, ASSAY_EUSAGE, "no trace is made under the name '%s'", name);
	}
	*ret = m.ids;
	*ret_n = m.n;
	return ASSAY_OK;
}

enum assay_code trace_synthetic(const char *name, struct trace *ret, struct assay_err *err)
{
	uint64_t *ids;
	size_t n;
	enum assay_code rc = trace_synthetic_ids(name, &ids, &n, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = trace_from_ids(ids, NULL, n, ret, err);
	free(ids);
	return rc;
}
