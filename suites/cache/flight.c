/* SPDX-License-Identifier: MIT */
/* flight: a list of requests, and a leader at a time. */
#include "suites/cache/flight.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "suites/cache/hash.h"

enum { SLOTS = 2 * FLIGHT_MOST };

struct flight {
	pthread_mutex_t lock;
	pthread_cond_t landed;
	struct flight_request *pending, **pending_end;
	bool led, broken;
	uint64_t asked, sent;
	size_t value_bytes;
	/* The leader's alone. */
	struct wire *wire;
	uint64_t keys[FLIGHT_MOST];
	bool found[FLIGHT_MOST];
	char *values;
	uint16_t slots[SLOTS]; /* number of a key in `keys` + 1; 0: free */
};

void flight_free(struct flight *f)
{
	if (!f)
		return;
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->landed);
	free(f->values);
	free(f);
}

enum assay_code flight_new(struct wire *wire, size_t value_bytes, struct flight **ret,
			   struct assay_err *err)
{
	struct flight *f = calloc(1, sizeof(*f));
	if (!f || !(f->values = malloc(FLIGHT_MOST * value_bytes))) {
		free(f);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for reads in flight");
	}
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->landed, NULL);
	f->wire = wire;
	f->value_bytes = value_bytes;
	f->pending_end = &f->pending;
	*ret = f;
	return ASSAY_OK;
}

void flight_submit(struct flight *f, struct flight_request *request)
{
	request->done = request->found = false;
	request->next = NULL;
	pthread_mutex_lock(&f->lock);
	*f->pending_end = request;
	f->pending_end = &request->next;
	f->asked++;
	pthread_mutex_unlock(&f->lock);
}

/* The number of `key` in this batch, a new one when it is not in it yet. */
static unsigned number_of(struct flight *f, uint64_t key, unsigned *n)
{
	unsigned slot = (unsigned)cache_hash(key) % SLOTS;
	while (f->slots[slot] && f->keys[f->slots[slot] - 1] != key)
		slot = (slot + 1) % SLOTS;
	if (!f->slots[slot]) {
		f->keys[*n] = key;
		f->slots[slot] = (uint16_t)++ * n;
	}
	return f->slots[slot] - 1u;
}

/* Take requests off the list, up to FLIGHT_MOST. Under the lock. */
static struct flight_request *take(struct flight *f)
{
	struct flight_request *first = f->pending, *last = first;
	for (unsigned n = 1; last && last->next && n < FLIGHT_MOST; n++)
		last = last->next;
	f->pending = last ? last->next : NULL;
	if (!f->pending)
		f->pending_end = &f->pending;
	if (last)
		last->next = NULL;
	return first;
}

/* One MGET for all. Only the leader is here, without the lock. */
static bool fly(struct flight *f, struct flight_request *all, unsigned *ret_sent)
{
	unsigned n = 0;
	memset(f->slots, 0, sizeof(f->slots));
	for (struct flight_request *r = all; r; r = r->next)
		number_of(f, r->key, &n);
	*ret_sent = n;
	if (!wire_redis_mget(f->wire, f->keys, n, f->values, f->value_bytes, f->found))
		return false;
	for (struct flight_request *r = all; r; r = r->next) {
		unsigned i = number_of(f, r->key, &n);
		r->found = f->found[i];
		if (r->found)
			memcpy(r->value, f->values + i * f->value_bytes, f->value_bytes);
	}
	return true;
}

static void lead(struct flight *f)
{
	struct flight_request *all = take(f);
	unsigned sent = 0;
	f->led = true;
	pthread_mutex_unlock(&f->lock);
	bool ok = all == NULL || fly(f, all, &sent);
	pthread_mutex_lock(&f->lock);
	f->led = false;
	f->broken |= !ok;
	f->sent += sent;
	for (struct flight_request *r = all, *next; r; r = next) {
		next = r->next; /* once it is done it is its owner's again */
		r->done = true;
	}
	pthread_cond_broadcast(&f->landed);
}

bool flight_wait(struct flight *f, struct flight_request *request)
{
	pthread_mutex_lock(&f->lock);
	while (!request->done) {
		if (f->led)
			pthread_cond_wait(&f->landed, &f->lock); /* the leader has a deadline */
		else
			lead(f);
	}
	bool ok = !f->broken;
	pthread_mutex_unlock(&f->lock);
	return ok;
}

void flight_counts(struct flight *f, uint64_t *ret_asked, uint64_t *ret_sent)
{
	pthread_mutex_lock(&f->lock);
	*ret_asked = f->asked;
	*ret_sent = f->sent;
	pthread_mutex_unlock(&f->lock);
}
