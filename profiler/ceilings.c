/* SPDX-License-Identifier: MIT */
/* ceilings: the best of stored results of the kernels that are there to find limits. */
#include "profiler/ceilings.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"

enum { NEWEST = 20 };

/* The text behind "/NAME:" in a case's name as a size; 0 where there is none. */
static uint64_t part_of(const char *name, const char *part)
{
	const char *at = strstr(name, part);
	char text[32];
	uint64_t value = 0;
	if (!at)
		return 0;
	at += strlen(part);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, "/"), at);
	return assay_parse_size(text, &value, NULL) == ASSAY_OK ? value : 0;
}

/* The best point on this machine; those known to be stable go before all others. */
static const struct assay_history_point *best_of(const struct assay_history *h,
						 const uint8_t fingerprint[32])
{
	const struct assay_history_point *best = NULL;
	for (size_t i = 0; i < h->n; i++) {
		const struct assay_history_point *p = &h->points[i];
		if (!assay_status_measured(p->status) || !isfinite(p->median) || p->median <= 0 ||
		    memcmp(p->fingerprint, fingerprint, sizeof(p->fingerprint)) != 0)
			continue;
		bool better = !best || (p->status == best->status ? p->median > best->median
								  : p->status == ASSAY_STATUS_OK);
		best = better ? p : best;
	}
	return best;
}

static enum assay_code add(struct ceilings *c, enum ceiling_kind kind,
			   const struct assay_history *h, const struct assay_history_point *p,
			   struct assay_err *err)
{
	struct ceiling one = {
		.kind = kind,
		.per_ns = p->median / 1e9,
		.bytes = part_of(h->name, "/size:"),
		.threads = (unsigned)part_of(h->name, "/threads:"),
		.stable = p->status == ASSAY_STATUS_OK,
	};
	snprintf(one.from, sizeof(one.from), "%.120s in run %" PRId64, h->name, p->run);
	for (size_t i = 0; i < c->n; i++) {
		struct ceiling *known = &c->list[i];
		if (known->kind != kind || known->bytes != one.bytes ||
		    known->threads != one.threads)
			continue;
		if (one.stable == known->stable ? one.per_ns > known->per_ns : one.stable)
			*known = one;
		return ASSAY_OK;
	}
	struct ceiling *larger = realloc(c->list, (c->n + 1) * sizeof(*larger));
	if (!larger)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for ceilings");
	c->list = larger;
	c->list[c->n++] = one;
	return ASSAY_OK;
}

static enum assay_code load(struct assay_store *store, const char *pattern, const char *unit,
			    const uint8_t fingerprint[32], struct ceilings *ret,
			    struct assay_err *err)
{
	struct assay_history_list list;
	enum assay_code rc = assay_store_history(store, pattern, NEWEST, &list, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; rc == ASSAY_OK && i < list.n; i++) {
		const struct assay_history *h = &list.series[i];
		/* the null subject has a time where the others have a rate */
		const struct assay_history_point *p =
			h->primary && strcmp(h->unit, unit) == 0 ? best_of(h, fingerprint) : NULL;
		if (p && strcmp(unit, "Hz") == 0)
			ret->clock_hz = fmax(ret->clock_hz, p->median);
		else if (p)
			rc = add(ret, strcmp(unit, "B/s") == 0 ? CEILING_BANDWIDTH : CEILING_FLOPS,
				 h, p, err);
	}
	assay_history_list_done(&list);
	return rc;
}

enum assay_code ceilings_load(struct assay_store *store, const uint8_t fingerprint[32],
			      struct ceilings *ret, struct assay_err *err)
{
	*ret = (struct ceilings){0};
	enum assay_code rc = load(store, "memory/bandwidth/*", "B/s", fingerprint, ret, err);
	if (rc == ASSAY_OK)
		rc = load(store, "memory/flops/*", "flop/s", fingerprint, ret, err);
	if (rc == ASSAY_OK)
		rc = load(store, "memory/clock/*", "Hz", fingerprint, ret, err);
	if (rc != ASSAY_OK)
		ceilings_done(ret);
	return rc;
}

void ceilings_done(struct ceilings *c)
{
	free(c->list);
	*c = (struct ceilings){0};
}

/* Is `a` a better stand-in for `wanted` than `b`: the least that is enough, else the largest? */
static bool nearer(uint64_t a, uint64_t b, uint64_t wanted)
{
	if (a >= wanted && b >= wanted)
		return a < b;
	return a >= wanted || (b < wanted && a > b);
}

const struct ceiling *ceiling_of(const struct ceilings *c, enum ceiling_kind kind, unsigned threads,
				 uint64_t bytes)
{
	const struct ceiling *best = NULL;
	uint64_t wanted = bytes ? bytes : UINT64_MAX;
	for (size_t i = 0; i < c->n; i++) {
		const struct ceiling *one = &c->list[i];
		if (one->kind != kind)
			continue;
		bool closer = !best || (one->threads == best->threads
						? nearer(one->bytes, best->bytes, wanted)
						: nearer(one->threads, best->threads, threads));
		best = closer ? one : best;
	}
	return best;
}
