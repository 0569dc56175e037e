/* SPDX-License-Identifier: MIT */
/*
 * remote: a cache in another process. A thread gets a connection of its own at its first call. When one
 * breaks, all calls fail at once from then on and remote_error() says why: nothing hangs, nothing wrong
 * is taken for a miss without the case failing at its end.
 */
#include "suites/cache/remote.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "suites/remote/server.h"

enum { CONNECTIONS_MAX = 1024, ENTRY_OVERHEAD_BYTES = 96 };

struct cache {
	const struct remote_kind *kind;
	struct server *server;
	_Atomic unsigned connected;
	struct wire *wires[CONNECTIONS_MAX];
	_Atomic bool failed;
	struct assay_err errors[CONNECTIONS_MAX];
	size_t value_bytes, budget_bytes;
	pthread_key_t mine; /* a thread's own connection */
};

static struct wire *connect_thread(struct cache *c)
{
	unsigned slot = atomic_fetch_add(&c->connected, 1);
	if (slot >= CONNECTIONS_MAX ||
	    wire_open(server_socket(c->server), WIRE_DEADLINE_MS, &c->wires[slot],
		      &c->errors[slot]) != ASSAY_OK ||
	    pthread_setspecific(c->mine, c->wires[slot]) != 0) {
		atomic_store(&c->failed, true);
		return NULL;
	}
	return c->wires[slot];
}

static struct wire *wire_of(struct cache *c)
{
	if (atomic_load_explicit(&c->failed, memory_order_relaxed))
		return NULL;
	struct wire *wire = pthread_getspecific(c->mine);
	return wire ? wire : connect_thread(c);
}

static void note_failure(struct cache *c, const struct wire *wire)
{
	if (wire_error(wire))
		atomic_store(&c->failed, true);
}

bool remote_get(struct cache *c, uint64_t key, uint64_t *value)
{
	struct wire *wire = wire_of(c);
	bool hit = wire && c->kind->get(wire, key, value, c->value_bytes);
	if (wire && !hit)
		note_failure(c, wire);
	return hit;
}

void remote_put(struct cache *c, uint64_t key, const uint64_t *value)
{
	struct wire *wire = wire_of(c);
	if (wire && !c->kind->set(wire, key, value, c->value_bytes))
		note_failure(c, wire);
}

const char *remote_error(const struct cache *c)
{
	if (!atomic_load(&c->failed))
		return NULL;
	unsigned n = atomic_load(&c->connected);
	for (unsigned i = 0; i < n && i < CONNECTIONS_MAX; i++) {
		if (c->wires[i] && wire_error(c->wires[i]))
			return wire_error(c->wires[i]);
		if (c->errors[i].code != ASSAY_OK)
			return c->errors[i].text;
	}
	return "more threads than connections";
}

void remote_destroy(struct cache *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		wire_close(c->wires[i]);
	server_stop(c->server);
	pthread_key_delete(c->mine);
	free(c);
}

enum assay_code remote_create(const struct remote_kind *kind, const struct cache_config *config,
			      struct cache **ret, struct assay_err *err)
{
	char text[64];
	const char *argv[24] = {0};
	struct cache *c = calloc(1, sizeof(*c));
	if (!c || pthread_key_create(&c->mine, NULL) != 0) {
		free(c);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %s", kind->program);
	}
	c->kind = kind;
	c->value_bytes = config->value_words * sizeof(uint64_t);
	c->budget_bytes = config->budget_bytes;
	kind->command(config->budget_bytes, text, argv);
	enum assay_code rc = server_start(argv, &c->server, err);
	if (rc != ASSAY_OK)
		remote_destroy(c);
	else
		*ret = c;
	return rc;
}

/* An estimate: what the server spends on an entry beside key and value is its own affair. */
size_t remote_capacity(const struct cache *c)
{
	return c->budget_bytes / (c->value_bytes + WIRE_KEY_BYTES + ENTRY_OVERHEAD_BYTES) + 1;
}

size_t remote_footprint_bytes(const struct cache *c)
{
	return c->budget_bytes;
}
