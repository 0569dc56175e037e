/* SPDX-License-Identifier: MIT */
/* ceilings: the best of stored results of the kernels that are there to find limits. */
#include "profiler/ceilings.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/attr.h"
#include "harness/base/parse.h"

enum { NEWEST = 20 };

/* Whose results are limits, and of what. The axis whose value tells limits of a device apart; NULL: the processor. */
static const struct limiting {
	const char *suite, *benchmark;
	const char *pattern, *unit;
	enum ceiling_kind kind;
	const char *key;
} limiting[] = {
	{"memory", "bandwidth", "memory/bandwidth/*", "B/s", CEILING_BANDWIDTH, NULL},
	{"memory", "flops", "memory/flops/*", "flop/s", CEILING_FLOPS, NULL},
	{"memory", "clock", "memory/clock/*", "Hz", CEILING_FLOPS, NULL},
	{"gpu", "stream", "gpu/stream/*", "B/s", CEILING_BANDWIDTH, "/cache:"},
	{"gpu", "roofline", "gpu/roofline/*", "op/s", CEILING_FLOPS, "/type:"},
	{"gpu", "gemm", "gpu/gemm/way:library/*", "flop/s", CEILING_FLOPS, "/type:"},
	{"gpu", "transfer", "gpu/transfer/*/memory:pinned/*", "B/s", CEILING_LINK, "/way:"},
};

/* The text behind "/NAME:" in a case's name; "" where there is none. */
static void word_of(const char *name, const char *part, char *text, size_t size)
{
	const char *at = strstr(name, part);
	text[0] = '\0';
	if (!at)
		return;
	at += strlen(part);
	snprintf(text, size, "%.*s", (int)strcspn(at, "/"), at);
}

/* The same as a size; 0 where there is none. */
static uint64_t part_of(const char *name, const char *part)
{
	char text[32];
	uint64_t value = 0;
	word_of(name, part, text, sizeof(text));
	return text[0] && assay_parse_size(text, &value, NULL) == ASSAY_OK ? value : 0;
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

static bool same_limit(const struct ceiling *a, const struct ceiling *b)
{
	return a->kind == b->kind && a->bytes == b->bytes && a->threads == b->threads &&
	       strcmp(a->device, b->device) == 0 && strcmp(a->key, b->key) == 0;
}

static enum assay_code add(struct ceilings *c, const struct limiting *from,
			   const struct assay_history *h, const struct assay_history_point *p,
			   struct assay_err *err)
{
	struct ceiling one = {
		.kind = from->kind,
		.per_ns = p->median / 1e9,
		.bytes = part_of(h->name, "/size:"),
		.threads = (unsigned)part_of(h->name, "/threads:"),
		.stable = p->status == ASSAY_STATUS_OK,
	};
	if (from->key) {
		word_of(h->name, "/subject:", one.device, sizeof(one.device));
		word_of(h->name, from->key, one.key, sizeof(one.key));
		/* What units can do is no matter of how much they read. */
		one.bytes = from->kind == CEILING_FLOPS ? 0 : one.bytes;
	}
	snprintf(one.from, sizeof(one.from), "%.120s in run %" PRId64, h->name, p->run);
	for (size_t i = 0; i < c->n; i++) {
		struct ceiling *known = &c->list[i];
		if (!same_limit(known, &one))
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

static enum assay_code load(struct assay_store *store, const struct limiting *from,
			    const uint8_t fingerprint[32], struct ceilings *ret,
			    struct assay_err *err)
{
	struct assay_history_list list;
	enum assay_code rc = assay_store_history(store, from->pattern, NEWEST, &list, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; rc == ASSAY_OK && i < list.n; i++) {
		const struct assay_history *h = &list.series[i];
		/* the null subject has a time where the others have a rate */
		const struct assay_history_point *p = h->primary && strcmp(h->unit, from->unit) == 0
							      ? best_of(h, fingerprint)
							      : NULL;
		if (p && strcmp(from->unit, "Hz") == 0)
			ret->clock_hz = fmax(ret->clock_hz, p->median);
		else if (p)
			rc = add(ret, from, h, p, err);
	}
	assay_history_list_done(&list);
	return rc;
}

enum assay_code ceilings_load(struct assay_store *store, const uint8_t fingerprint[32],
			      struct ceilings *ret, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	*ret = (struct ceilings){0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(limiting) && rc == ASSAY_OK; i++)
		rc = load(store, &limiting[i], fingerprint, ret, err);
	if (rc != ASSAY_OK)
		ceilings_done(ret);
	return rc;
}

bool ceilings_from(const char *suite, const char *benchmark)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(limiting); i++)
		if (limiting[i].key && strcmp(limiting[i].suite, suite) == 0 &&
		    strcmp(limiting[i].benchmark, benchmark) == 0)
			return true;
	return false;
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

static const struct ceiling *find(const struct ceilings *c, enum ceiling_kind kind,
				  const char *device, const char *key, unsigned threads,
				  uint64_t bytes)
{
	const struct ceiling *best = NULL;
	uint64_t wanted = bytes ? bytes : UINT64_MAX;
	for (size_t i = 0; i < c->n; i++) {
		const struct ceiling *one = &c->list[i];
		if (one->kind != kind || strcmp(one->device, device) != 0 ||
		    strcmp(one->key, key) != 0)
			continue;
		bool closer = !best || (one->threads == best->threads
						? nearer(one->bytes, best->bytes, wanted)
						: nearer(one->threads, best->threads, threads));
		best = closer ? one : best;
	}
	return best;
}

const struct ceiling *ceiling_of(const struct ceilings *c, enum ceiling_kind kind, unsigned threads,
				 uint64_t bytes)
{
	return find(c, kind, "", "", threads, bytes);
}

const struct ceiling *ceiling_of_device(const struct ceilings *c, enum ceiling_kind kind,
					const char *device, const char *key, uint64_t bytes)
{
	return find(c, kind, device, key, 1, bytes);
}
