/* SPDX-License-Identifier: MIT */
/* cases_balancer: groups of reference cases on load balancing: nginx, HAProxy, Envoy, gRPC. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suites/concurrency/maglev.h"
#include "suites/concurrency/smooth.h"
#include "suites/concurrency/stride.h"
#include "suites/concurrency/xxh64.h"
#include "tests/suites/concurrency/cases.h"

extern const struct assay_subject assay_subject_concurrency_round_robin,
	assay_subject_concurrency_smooth_weighted, assay_subject_concurrency_edf,
	assay_subject_concurrency_least_connections, assay_subject_concurrency_power_of_two,
	assay_subject_concurrency_balance_random, assay_subject_concurrency_balance_hash,
	assay_subject_concurrency_maglev;

enum { MOST = 64 };

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static json_int_t item(const json_t *array, size_t i)
{
	return json_integer_value(json_array_get(array, i));
}

/* A case may name the source of those after it. False: it does nothing else. */
static bool note_source(struct tally *tally, const json_t *entry, size_t members)
{
	const char *source = json_string_value(json_object_get(entry, "source"));
	if (source)
		tally->source = source;
	return json_object_size(entry) > (source ? members : 0);
}

/* Backends with the case's `weights` or `servers`, equal ones when it has neither. */
static struct balancer *make(const struct assay_subject *subject, const json_t *entry, size_t n)
{
	struct balancer_backend is[MOST] = {{0}};
	const json_t *weights = json_object_get(entry, "weights"),
		     *servers = json_object_get(entry, "servers"),
		     *keys = json_object_get(entry, "keys");
	n = json_array_size(weights) ? json_array_size(weights) : n;
	n = json_array_size(servers) ? json_array_size(servers) : n;
	for (size_t i = 0; i < n && i < MOST; i++) {
		const json_t *server = json_array_get(servers, i);
		double weight = json_is_array(weights)
					? json_number_value(json_array_get(weights, i))
					: number(server, "weight");
		is[i] = (struct balancer_backend){
			.name = json_string_value(json_array_get(keys, i)),
			.weight = weight,
			.limit = (uint32_t)number(server, "max"),
			.backup = json_is_true(json_object_get(server, "backup"))};
	}
	struct balancer_config config = {
		.backends = is, .n = n, .seed = 1, .table = (uint32_t)number(entry, "size")};
	struct balancer *b = NULL;
	struct assay_err err = {0};
	if (balancer_new(subject->ops, &config, &b, &err) != ASSAY_OK)
		printf("cannot make a balancer: %s\n", err.text);
	return b;
}

static int pick_and_end(struct balancer *b, uint64_t key)
{
	int i = balancer_pick(b, key, 1);
	if (i >= 0)
		balancer_end(b, i, 1, 1, true);
	return i;
}

/* `sequence`: the picks, one after the other. */
static bool gives(struct balancer *b, const json_t *sequence)
{
	bool ok = b && json_array_size(sequence) > 0;
	for (size_t i = 0; ok && i < json_array_size(sequence); i++)
		ok = pick_and_end(b, 0) == item(sequence, i);
	return ok;
}

static bool counts_are(const size_t *counts, const json_t *expected)
{
	bool ok = json_array_size(expected) > 0;
	for (size_t i = 0; i < json_array_size(expected); i++)
		ok &= (json_int_t)counts[i] == item(expected, i);
	return ok;
}

static void run_smooth(struct tally *tally, const json_t *cases)
{
	size_t c, step;
	json_t *entry, *after;
	json_array_foreach (cases, c, entry) {
		note_source(tally, entry, 1);
		struct balancer *b = make(&assay_subject_concurrency_smooth_weighted, entry, 0);
		tally_case(tally, gives(b, json_object_get(entry, "sequence")), "sequence");
		balancer_free(b);
		b = make(&assay_subject_concurrency_smooth_weighted, entry, 0);
		bool ok = b != NULL;
		json_array_foreach (json_object_get(entry, "current_weights_after"), step, after) {
			if (ok)
				pick_and_end(b, 0);
			for (size_t i = 0; ok && i < json_array_size(after); i++)
				ok = smooth_current(b, i) == item(after, i);
		}
		tally_case(tally, ok, "current weights after each step");
		balancer_free(b);
	}
}

/* Host 0 of two refuses every n-th request it gets; what is refused goes to the next. */
static void around(size_t counts[2], const struct balancer_backend *is, size_t requests,
		   size_t refuse_every)
{
	struct balancer_config config = {.backends = is, .n = 2};
	struct balancer *b = NULL;
	size_t asked = 0;
	if (balancer_new(assay_subject_concurrency_round_robin.ops, &config, &b, NULL) != ASSAY_OK)
		return;
	for (size_t r = 0; r < requests; r++) {
		int i = balancer_pick(b, 0, 1);
		while (i == 0 && ++asked % refuse_every == 0) {
			balancer_end(b, i, 1, 1, false);
			i = balancer_pick(b, 0, 1);
		}
		if (i < 0)
			break;
		counts[i]++;
		balancer_end(b, i, 1, 1, true);
	}
	balancer_free(b);
}

static void run_failing(struct tally *tally, const json_t *entry, const char *name)
{
	size_t counts[2] = {0}, requests = (size_t)number(entry, "requests");
	struct balancer_backend is[2] = {{.fail_ns = 1000000000u, .max_fails = 1}};
	if (strstr(name, "primary refuses")) {
		is[1].backup = true;
		around(counts, is, requests, 1);
	} else {
		is[0].max_fails = 3;
		around(counts, is, requests, 3);
	}
	tally_case(tally, counts_are(counts, json_object_get(entry, "counts")), "%s: got %zu, %zu",
		   name, counts[0], counts[1]);
}

static void run_round_robin(struct tally *tally, const json_t *cases)
{
	size_t c;
	json_t *entry;
	json_array_foreach (cases, c, entry) {
		note_source(tally, entry, 1);
		if (strstr(tally->source, "refuses") || strstr(tally->source, "max_fails")) {
			run_failing(tally, entry, tally->source);
			continue;
		}
		struct balancer *b = make(&assay_subject_concurrency_round_robin, entry, 0);
		const json_t *sequence = json_object_get(entry, "sequence");
		if (sequence) {
			tally_case(tally, gives(b, sequence), "case %zu", c);
		} else {
			size_t counts[MOST] = {0};
			for (size_t r = 0; b && r < (size_t)number(entry, "requests"); r++)
				counts[pick_and_end(b, 0)]++;
			tally_case(tally, counts_are(counts, json_object_get(entry, "counts")),
				   "case %zu", c);
		}
		balancer_free(b);
	}
}

static void run_edf_phase(struct tally *tally, const json_t *phase, size_t p)
{
	if (json_is_false(json_object_get(phase, "reproduced"))) {
		tally_skip(tally, "phase %zu: %s", p,
			   json_string_value(json_object_get(phase, "caution")));
		return;
	}
	struct balancer *b = make(&assay_subject_concurrency_edf, phase, 0);
	for (int skip = 0; b && skip < (int)number(phase, "skip"); skip++)
		pick_and_end(b, 0);
	tally_case(tally, gives(b, json_object_get(phase, "sequence")), "phase %zu", p);
	balancer_free(b);
}

static void run_edf(struct tally *tally, const json_t *cases)
{
	size_t c, p;
	json_t *entry, *phase;
	json_array_foreach (cases, c, entry) {
		note_source(tally, entry, 1);
		json_array_foreach (json_object_get(entry, "phases"), p, phase)
			run_edf_phase(tally, phase, p);
		const json_t *first = json_object_get(entry, "first_pick_counts_over_skips_0_to_9");
		size_t counts[MOST] = {0};
		for (int skip = 0; first && skip < 10; skip++) {
			struct balancer *b = make(&assay_subject_concurrency_edf, entry, 0);
			for (int i = 0; b && i < skip; i++)
				pick_and_end(b, 0);
			if (b)
				counts[pick_and_end(b, 0)]++;
			balancer_free(b);
		}
		if (first)
			tally_case(tally, counts_are(counts, first), "first picks");
	}
}

static void stride_counts(struct tally *tally, const json_t *entry, const uint16_t *scaled,
			  size_t n, size_t c)
{
	size_t counts[MOST] = {0}, picks = (size_t)number(entry, "picks");
	size_t *first = calloc(picks, sizeof(*first));
	uint64_t sequence = 0;
	bool repeats = first != NULL;
	for (size_t i = 0; first && i < picks; i++)
		counts[first[i] = stride_next(scaled, n, &sequence)]++;
	if (json_object_get(entry, "counts_index2"))
		tally_case(tally, (double)counts[2] == number(entry, "counts_index2"),
			   "case %zu: %zu picks of index 2", c, counts[2]);
	else
		tally_case(tally, counts_are(counts, json_object_get(entry, "counts")), "case %zu",
			   c);
	const char *why = json_string_value(json_object_get(entry, "why"));
	if (why && strstr(why, "repeats in the same order")) {
		for (size_t i = 0; repeats && i < 1000 * picks; i++)
			repeats = stride_next(scaled, n, &sequence) == first[i % picks];
		tally_case(tally, repeats, "case %zu does not repeat", c);
	}
	free(first);
}

static void run_stride(struct tally *tally, const json_t *cases)
{
	size_t c;
	json_t *entry;
	json_array_foreach (cases, c, entry) {
		if (!note_source(tally, entry, 1))
			continue;
		const json_t *weights = json_object_get(entry, "weights");
		double given[MOST] = {0};
		uint16_t scaled[MOST];
		size_t n = json_array_size(weights);
		for (size_t i = 0; i < n && i < MOST; i++)
			given[i] = json_number_value(json_array_get(weights, i));
		int some = stride_scale(given, n, scaled);
		const char *expect = json_string_value(json_object_get(entry, "expect"));
		if (expect)
			tally_case(tally, strcmp(expect, "no scheduler") == 0 && !some, "case %zu",
				   c);
		else if (!some)
			tally_case(tally, false, "case %zu: no scheduler", c);
		else
			stride_counts(tally, entry, scaled, n, c);
	}
}

static void maglev_table(struct tally *tally, const json_t *entry, const struct balancer *b,
			 size_t c)
{
	const json_t *table = json_object_get(entry, "table");
	size_t counts[MOST] = {0}, least = SIZE_MAX, most = 0;
	bool same = json_array_size(table) == b->table;
	for (uint32_t i = 0; i < b->table; i++) {
		same &= maglev_entry(b, i) == item(table, i);
		counts[maglev_entry(b, i)]++;
	}
	for (size_t i = 0; i < b->n; i++) {
		least = counts[i] < least ? counts[i] : least;
		most = counts[i] > most ? counts[i] : most;
	}
	if (json_object_get(entry, "min_entries"))
		same &= (double)least == number(entry, "min_entries") &&
			(double)most == number(entry, "max_entries");
	tally_case(tally, same, "table of case %zu", c);
}

static void maglev_retries(struct tally *tally, const json_t *retries, const struct balancer *b)
{
	size_t r;
	json_t *retry;
	json_array_foreach (retries, r, retry) {
		uint64_t hash = (uint64_t)number(retry, "hash");
		const char *which = json_string_value(json_object_get(retry, "attempts_rejected"));
		uint32_t attempts = (uint32_t)number(retry, "attempts"), n = 0;
		uint32_t got = maglev_entry(b, (uint32_t)(hash % b->table));
		bool all = which && strcmp(which, "all") == 0;
		/* one try after each host that is rejected */
		while (all ? n < attempts : got == 1)
			got = maglev_entry(b, (uint32_t)(maglev_retry(hash, ++n) % b->table));
		tally_case(tally, got == (uint32_t)number(retry, "pick"), "retry %zu: got %u", r,
			   got);
	}
}

static void run_maglev(struct tally *tally, const json_t *cases)
{
	size_t c;
	json_t *entry;
	json_array_foreach (cases, c, entry) {
		note_source(tally, entry, 2);
		if (!json_object_get(entry, "keys"))
			continue;
		struct balancer *b = make(&assay_subject_concurrency_maglev, entry, 0);
		if (!b)
			tally_case(tally, false, "case %zu", c);
		else if (json_object_get(entry, "retry"))
			maglev_retries(tally, json_object_get(entry, "retry"), b);
		else
			maglev_table(tally, entry, b, c);
		balancer_free(b);
	}
}

static const struct assay_subject *policy_of(const char *name)
{
	if (!name)
		return &assay_subject_concurrency_round_robin;
	if (strcmp(name, "least_conn") == 0)
		return &assay_subject_concurrency_least_connections;
	if (strcmp(name, "random two least_conn") == 0)
		return &assay_subject_concurrency_power_of_two;
	return NULL;
}

/* Requests that stay open: how many each gets, or in which order. */
static bool held_open(const struct assay_subject *subject, const json_t *entry)
{
	struct balancer *b = make(subject, entry, 0);
	const json_t *sequence = json_object_get(entry, "sequence_for_6");
	size_t counts[MOST] = {0}, n = sequence ? 6 : (size_t)number(entry, "concurrent");
	bool ok = b != NULL;
	for (size_t r = 0; ok && r < n; r++) {
		int i = balancer_pick(b, 0, 1);
		if (i >= 0)
			counts[i]++;
		if (sequence)
			ok = i == item(sequence, r);
	}
	balancer_free(b);
	return ok && (sequence || counts_are(counts, json_object_get(entry, "counts")));
}

static void run_max_conns(struct tally *tally, const json_t *cases)
{
	size_t c;
	json_t *entry;
	json_array_foreach (cases, c, entry) {
		if (!note_source(tally, entry, 1))
			continue;
		const char *name = json_string_value(json_object_get(entry, "policy"));
		const struct assay_subject *subject = policy_of(name);
		if (name && strcmp(name, "random|random two") == 0) {
			tally_case(tally,
				   held_open(&assay_subject_concurrency_balance_random, entry),
				   "case %zu, random", c);
			subject = &assay_subject_concurrency_power_of_two;
		}
		tally_case(tally, subject && held_open(subject, entry), "case %zu, %s", c,
			   name ? name : "round robin");
	}
}

static void run_least(struct tally *tally, const json_t *cases)
{
	size_t c;
	json_t *entry;
	json_array_foreach (cases, c, entry) {
		note_source(tally, entry, 1);
		struct balancer *b = make(&assay_subject_concurrency_least_connections, NULL, 2);
		size_t counts[2] = {0};
		const json_t *idle = json_object_get(entry, "idle_requests");
		size_t n = (size_t)(idle ? json_number_value(idle) : number(entry, "requests"));
		if (b && !idle && balancer_pick(b, 0, 1) != 0) /* the slow request of host 0 */
			n = 0;
		for (size_t r = 0; b && r < n; r++)
			counts[pick_and_end(b, 0)]++;
		tally_case(tally, counts_are(counts, json_object_get(entry, "counts")),
			   "case %zu: got %zu, %zu", c, counts[0], counts[1]);
		balancer_free(b);
	}
}

/* nginx's hash of a client's address: its first three bytes. */
static uint64_t ip_hash(unsigned a, unsigned b, unsigned c)
{
	uint64_t hash = 89;
	hash = (hash * 113 + a) % 6271;
	hash = (hash * 113 + b) % 6271;
	return (hash * 113 + c) % 6271;
}

static bool hash_of_addresses(size_t servers, size_t requests, const json_t *expected)
{
	size_t counts[MOST] = {0};
	struct balancer *b = make(&assay_subject_concurrency_balance_hash, NULL, servers);
	for (unsigned i = 1; b && i <= requests; i++)
		counts[pick_and_end(b, ip_hash(127, 0, i))]++;
	balancer_free(b);
	return counts_are(counts, expected);
}

static bool hash_of_one_key(const char *key)
{
	struct balancer *b = make(&assay_subject_concurrency_balance_hash, NULL, 3);
	int first = b ? pick_and_end(b, xxh64(key, strlen(key), 0)) : -1;
	bool same = first >= 0;
	for (int r = 1; same && r < 10; r++)
		same = pick_and_end(b, xxh64(key, strlen(key), 0)) == first;
	balancer_free(b);
	return same;
}

/* How many of `keys` keys that did not belong to the server removed have another one now. */
static size_t moved(const struct assay_subject *subject, size_t keys, size_t removed)
{
	struct balancer *b = make(subject, NULL, 3);
	size_t n = 0;
	for (uint64_t k = 1; b && k <= keys; k++) {
		uint64_t key = xxh64(&k, sizeof(k), 0);
		int before = pick_and_end(b, key);
		balancer_set_healthy(b, removed, false);
		n += (size_t)before != removed && pick_and_end(b, key) != before;
		balancer_set_healthy(b, removed, true);
	}
	balancer_free(b);
	return n;
}

static void run_hash(struct tally *tally, const json_t *cases)
{
	size_t c;
	json_t *entry;
	json_array_foreach (cases, c, entry) {
		note_source(tally, entry, 1);
		const json_t *counts = json_object_get(entry, "counts");
		const char *key = json_string_value(json_object_get(entry, "key"));
		size_t servers = (size_t)number(entry, "servers");
		size_t requests = (size_t)number(entry, "requests");
		if (json_object_get(entry, "remove_server")) {
			size_t keys = (size_t)number(entry, "keys"),
			       removed = (size_t)number(entry, "remove_server");
			size_t plain =
				moved(&assay_subject_concurrency_balance_hash, keys, removed);
			tally_case(tally, plain > 0, "case %zu: no other key moved", c);
		} else if (servers) {
			tally_case(tally,
				   hash_of_addresses(servers, requests ? requests : 30, counts),
				   "case %zu, by address", c);
		} else if (key && strcmp(key, "empty") == 0) {
			struct balancer *b = make(&assay_subject_concurrency_balance_hash, NULL, 3);
			size_t got[MOST] = {0};
			for (size_t r = 0; b && r < requests; r++)
				got[pick_and_end(b, 0)]++;
			tally_case(tally, counts_are(got, counts), "case %zu, no key", c);
			balancer_free(b);
		} else {
			tally_case(tally, key && hash_of_one_key(key), "case %zu, one key", c);
		}
	}
}

static void run_panic(struct tally *tally, const json_t *cases)
{
	size_t c;
	json_t *entry;
	json_array_foreach (cases, c, entry) {
		note_source(tally, entry, 1);
		size_t total = (size_t)number(entry, "total"),
		       healthy = (size_t)number(entry, "healthy");
		const char *expect = json_string_value(json_object_get(entry, "expect"));
		size_t among = expect && strstr(expect, "over all") ? total : healthy;
		struct balancer_backend is[MOST] = {{0}};
		struct balancer_config config = {.backends = is, .n = total, .panic_share = 0.5};
		struct balancer *b = NULL;
		bool ok = expect && balancer_new(assay_subject_concurrency_round_robin.ops, &config,
						 &b, NULL) == ASSAY_OK;
		for (size_t i = healthy; ok && i < total; i++)
			balancer_set_healthy(b, i, false);
		for (size_t r = 0; ok && r < 2 * total; r++)
			ok = pick_and_end(b, 0) == (int)(r % among);
		tally_case(tally, ok, "%zu of %zu healthy", healthy, total);
		balancer_free(b);
	}
}

const struct case_group balancer_groups[] = {
	{"smooth_wrr", run_smooth},
	{"round_robin", run_round_robin},
	{"edf_wrr", run_edf},
	{"static_stride", run_stride},
	{"maglev_xxhash64", run_maglev},
	{"max_conns", run_max_conns},
	{"least_conn", run_least},
	{"hash_properties", run_hash},
	{"panic", run_panic},
	{0},
};
