/* SPDX-License-Identifier: MIT */
/*
 * single_flight: 64 reads at a time of Zipf-distributed keys in Redis: one GET after the other, or
 * combined into one MGET with each key once. One operation is one read; every value is verified.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/cache.h"
#include "suites/cache/flight.h"
#include "suites/cache/redis_server.h"
#include "suites/cache/zipf.h"

enum { WINDOW = 64, KEYS = 4096, WORDS = 4, STREAM = 1 << 16 };
enum way { NULL_WAY, SYNC, FLIGHT };

struct shared {
	enum way way;
	struct server *server;
	struct wire *wire; /* of all threads together, when combined */
	struct flight *flight;
	uint64_t asked, sent;
};

struct client {
	struct wire *wire; /* own, when not combined */
	uint64_t position;
	uint64_t keys[STREAM];
	struct flight_request requests[WINDOW];
	uint64_t values[WINDOW][WORDS];
};

static enum assay_code start(struct shared *s, struct assay_err *err)
{
	if (s->way == NULL_WAY)
		return ASSAY_OK;
	enum assay_code rc = redis_server_start(&s->server, err);
	if (rc == ASSAY_OK)
		rc = redis_server_fill(s->server, KEYS, WORDS, err);
	if (rc == ASSAY_OK && s->way == FLIGHT)
		rc = wire_open(server_socket(s->server), WIRE_DEADLINE_MS, &s->wire, err);
	if (rc == ASSAY_OK && s->way == FLIGHT)
		rc = flight_new(s->wire, sizeof(uint64_t[WORDS]), &s->flight, err);
	return rc;
}

static void setup(struct assay_run *run)
{
	struct shared *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->way = (enum way)assay_axis(run, "way");
	assay_set_ops_per_iteration(run, WINDOW);
	struct assay_err err = {0};
	enum assay_code rc = start(s, &err);
	if (rc == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else
		assay_check(run, rc == ASSAY_OK, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	struct shared *s = assay_state(run);
	if (!s)
		return;
	flight_free(s->flight);
	wire_close(s->wire);
	server_stop(s->server);
	free(s);
}

static void thread_setup(struct assay_run *run)
{
	struct shared *s = assay_state(run);
	struct client *c = calloc(1, sizeof(*c));
	if (!assay_check(run, c, "out of memory"))
		return;
	assay_set_thread_state(run, c);
	struct zipf zipf;
	struct assay_rng rng;
	zipf_init(&zipf, KEYS, 0.99);
	assay_rng_init(&rng, assay_seed(run) + assay_thread(run));
	for (size_t i = 0; i < STREAM; i++)
		c->keys[i] = redis_server_key(zipf_next(&zipf, &rng) - 1);
	struct assay_err err = {0};
	if (s->way == SYNC)
		assay_check(run,
			    wire_open(server_socket(s->server), WIRE_DEADLINE_MS, &c->wire, &err) ==
				    ASSAY_OK,
			    "%s", err.text);
}

static void thread_teardown(struct assay_run *run)
{
	struct client *c = assay_thread_state(run);
	if (!c)
		return;
	wire_close(c->wire);
	free(c);
}

static void read_window(const struct shared *s, struct client *c)
{
	const uint64_t *keys = &c->keys[c->position++ * WINDOW % STREAM];
	for (size_t i = 0; i < WINDOW; i++) {
		struct flight_request *r = &c->requests[i];
		*r = (struct flight_request){.key = keys[i], .value = c->values[i]};
		if (s->way == SYNC)
			r->found = wire_redis_get(c->wire, keys[i], r->value, sizeof(c->values[i]));
		else if (s->way == FLIGHT)
			flight_submit(s->flight, r);
	}
	for (size_t i = 0; s->way == FLIGHT && i < WINDOW; i++)
		flight_wait(s->flight, &c->requests[i]);
}

/* How many of the window are not what they should be. */
static uint64_t count_wrong(const struct client *c)
{
	uint64_t wrong = 0;
	for (size_t i = 0; i < WINDOW; i++)
		wrong += !c->requests[i].found ||
			 !cache_value_is(c->values[i], WORDS,
					 cache_value_base(c->requests[i].key, 0));
	return wrong;
}

static void body(struct assay_run *run)
{
	struct shared *s = assay_state(run);
	struct client *c = assay_thread_state(run);
	uint64_t wrong = 0;

	ASSAY_LOOP (run) {
		read_window(s, c);
		wrong += count_wrong(c);
	}
	if (s->way == NULL_WAY)
		return;
	const char *error = wire_error(s->way == SYNC ? c->wire : s->wire);
	assay_check(run, !error, "redis: %s", error ? error : "");
	assay_check(run, wrong == 0, "%llu reads gave another value", (unsigned long long)wrong);
	if (s->way == FLIGHT) {
		uint64_t asked, sent;
		flight_counts(s->flight, &asked, &sent);
		assay_metric(run, "sent_share", "ratio", ASSAY_LOWER, (double)sent / (double)asked);
	}
}

const struct assay_bench assay_bench_cache_single_flight = {
	.brief = "64 reads from Redis at a time, one by one or combined, each key once",
	.source = "single flight as in groupcache; combining as in Hendler et al., SPAA 2010",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.thread_teardown = thread_teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"way", "name", "null,sync,flight", NULL}),
	.threads = "1",
	.unit = "op/s",
};
