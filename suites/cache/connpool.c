/* SPDX-License-Identifier: MIT */
/*
 * connpool: a query over a connection of its own, opened and closed for it, or over one from a pool. To
 * SQLite, to Redis on a unix socket, and to a minimal HTTP server in this process.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "suites/cache/anywhere.h"
#include "suites/cache/cache.h"
#include "suites/cache/pool.h"
#include "suites/cache/redis_server.h"
#include "suites/cache/store.h"

extern const struct assay_subject assay_subject_cache_sqlite;

enum { KEYS = 1000, WORDS = 4, HTTP_MS = 2000 };

/* One peer: how a connection is made, and what one query is. */
struct place {
	char folder[FOLDER_BYTES]; /* SQLite's, or of the HTTP server's socket */
	struct server *redis;
	int listener;
	pthread_t http;
	bool http_runs;
};

static uint64_t key_at(uint64_t i)
{
	return redis_server_key(i % KEYS);
}

static bool is_value(const uint64_t value[WORDS], uint64_t key)
{
	return cache_value_is(value, WORDS, cache_value_base(key, 0));
}

/* SQLite */
static const struct store_ops *sqlite(void)
{
	return assay_subject_cache_sqlite.ops;
}

static enum assay_code sqlite_connect(void *context, void **ret, struct assay_err *err)
{
	const struct place *place = context;
	struct store_config config = {place->folder, sizeof(uint64_t[WORDS]), KEYS};
	struct kv_store *store = NULL;
	enum assay_code rc = sqlite()->open(&config, &store, err);
	*ret = store;
	return rc;
}

static bool always_healthy(void *connection)
{
	return connection != NULL;
}

static void sqlite_disconnect(void *connection)
{
	sqlite()->close(connection);
}

/* A transaction each: a pooled connection that stays in one would see nothing new, and pay for none. */
static bool sqlite_query(void *connection, uint64_t key)
{
	uint64_t value[WORDS];
	return sqlite()->get(connection, key, value, NULL) == ASSAY_OK &&
	       sqlite()->sync(connection, NULL) == ASSAY_OK && is_value(value, key);
}

static enum assay_code sqlite_prepare(struct place *place, struct assay_err *err)
{
	void *connection = NULL;
	enum assay_code rc = assay_subject_cache_sqlite.probe(err);
	if (rc == ASSAY_OK)
		rc = sqlite_connect(place, &connection, err);
	for (uint64_t i = 0; rc == ASSAY_OK && i < KEYS; i++) {
		uint64_t value[WORDS];
		cache_value_fill(value, WORDS, cache_value_base(key_at(i), 0));
		rc = sqlite()->put(connection, key_at(i), value, err);
	}
	if (rc == ASSAY_OK)
		rc = sqlite()->sync(connection, err);
	if (connection)
		sqlite_disconnect(connection);
	return rc;
}

/* Redis */
static enum assay_code redis_connect(void *context, void **ret, struct assay_err *err)
{
	const struct place *place = context;
	struct wire *wire = NULL;
	enum assay_code rc = wire_open(server_socket(place->redis), WIRE_DEADLINE_MS, &wire, err);
	*ret = wire;
	return rc;
}

static bool redis_healthy(void *connection)
{
	return wire_error(connection) == NULL;
}

static void redis_disconnect(void *connection)
{
	wire_close(connection);
}

static bool redis_query(void *connection, uint64_t key)
{
	uint64_t value[WORDS];
	return wire_redis_get(connection, key, value, sizeof(value)) && is_value(value, key);
}

static enum assay_code redis_prepare(struct place *place, struct assay_err *err)
{
	enum assay_code rc = redis_server_start(&place->redis, err);
	return rc == ASSAY_OK ? redis_server_fill(place->redis, KEYS, WORDS, err) : rc;
}

/* HTTP: one request a line, one thread that serves connections one at a time or side by side. */
struct http_connection {
	int fd;
	bool broken;
};

static bool wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;
	do
		n = poll(&p, 1, HTTP_MS);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* False: the client is gone. */
static bool answer(int fd)
{
	static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char request[512];
	ssize_t n = recv(fd, request, sizeof(request), 0);
	return n > 0 && send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL) > 0;
}

/* Until one of them is ready; a signal, such as a profiler's, is no reason to end. */
static bool await(struct pollfd *at, size_t n)
{
	int ready;
	do
		ready = poll(at, n, -1);
	while (ready < 0 && errno == EINTR);
	return ready >= 0;
}

enum { HTTP_CLIENTS = 8 };

/* poll() over the listener and its clients, until the listener is shut down. */
static void *serve(void *argument)
{
	const struct place *place = argument;
	struct pollfd at[1 + HTTP_CLIENTS] = {{.fd = place->listener, .events = POLLIN}};
	size_t n = 1;
	anywhere_begin(); /* for good, as the other servers are */
	while (await(at, n)) {
		if (at[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			break;
		for (size_t i = n; i-- > 1;) {
			if (!at[i].revents)
				continue;
			if (answer(at[i].fd))
				continue;
			close(at[i].fd);
			at[i] = at[--n];
		}
		if (at[0].revents & POLLIN && n < ASSAY_COUNT_OF(at)) {
			int fd = accept4(place->listener, NULL, NULL, SOCK_CLOEXEC);
			if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
				continue;
			if (fd < 0)
				break;
			at[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	}
	while (n > 1)
		close(at[--n].fd);
	return NULL;
}

static void http_address(const struct place *place, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/http", place->folder);
}

static enum assay_code http_prepare(struct place *place, struct assay_err *err)
{
	struct sockaddr_un at;
	http_address(place, &at);
	place->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (place->listener < 0 || bind(place->listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(place->listener, HTTP_CLIENTS) != 0)
		return assay_fail(err, ASSAY_EIO, "listen at '%s': %s", at.sun_path,
				  strerror(errno));
	if (pthread_create(&place->http, NULL, serve, place) != 0)
		return assay_fail(err, ASSAY_EENV, "no thread for the HTTP server");
	place->http_runs = true;
	return ASSAY_OK;
}

static enum assay_code http_connect(void *context, void **ret, struct assay_err *err)
{
	struct sockaddr_un at;
	http_address(context, &at);
	struct http_connection *c = calloc(1, sizeof(*c));
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a connection");
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		assay_fail(err, ASSAY_EIO, "connect to '%s': %s", at.sun_path, strerror(errno));
		if (c->fd >= 0)
			close(c->fd);
		free(c);
		return ASSAY_EIO;
	}
	*ret = c;
	return ASSAY_OK;
}

static bool http_healthy(void *connection)
{
	const struct http_connection *c = connection;
	return !c->broken;
}

static void http_disconnect(void *connection)
{
	struct http_connection *c = connection;
	close(c->fd);
	free(c);
}

static bool http_query(void *connection, uint64_t key)
{
	struct http_connection *c = connection;
	char request[80], reply[128];
	int n = snprintf(request, sizeof(request), "GET /%llx HTTP/1.1\r\nHost: assay\r\n\r\n",
			 (unsigned long long)key);
	if (send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n || !wait_for(c->fd, POLLIN)) {
		c->broken = true;
		return false;
	}
	ssize_t got = recv(c->fd, reply, sizeof(reply), 0);
	return got > 15 && memcmp(reply, "HTTP/1.1 200 OK", 15) == 0;
}

/* In the order of the axis `peer`. */
static const struct peer_kind {
	struct pool_kind pool;
	bool (*query)(void *connection, uint64_t key);
	enum assay_code (*prepare)(struct place *place, struct assay_err *err);
} kinds[] = {
	{{sqlite_connect, always_healthy, sqlite_disconnect}, sqlite_query, sqlite_prepare},
	{{redis_connect, redis_healthy, redis_disconnect}, redis_query, redis_prepare},
	{{http_connect, http_healthy, http_disconnect}, http_query, http_prepare},
};

struct state {
	struct place place;
	const struct peer_kind *kind;
	struct pool *pool;
	uint64_t position;
};

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->place.listener = -1;
	s->kind = &kinds[(size_t)assay_axis(run, "peer")];
	bool pooled = strcmp(assay_axis_text(run, "way"), "pooled") == 0;
	struct assay_err err = {0};
	enum assay_code rc = folder_make(s->place.folder, &err);
	if (rc != ASSAY_OK)
		s->place.folder[0] = '\0';
	if (rc == ASSAY_OK)
		rc = s->kind->prepare(&s->place, &err);
	if (rc == ASSAY_OK) /* a pool that keeps none closes each connection after its use */
		rc = pool_new(&s->kind->pool, &s->place, pooled ? 4 : 0, &s->pool, &err);
	if (rc == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else
		assay_check(run, rc == ASSAY_OK, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	pool_free(s->pool);
	server_stop(s->place.redis);
	if (s->place.listener >= 0)
		shutdown(s->place.listener, SHUT_RDWR);
	if (s->place.http_runs)
		pthread_join(s->place.http, NULL);
	if (s->place.listener >= 0)
		close(s->place.listener);
	if (s->place.folder[0])
		folder_remove(s->place.folder);
	free(s);
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	bool (*query)(void *, uint64_t) = s->kind->query;
	uint64_t i = s->position, wrong = 0;
	struct assay_err err = {0};

	ASSAY_LOOP (run) {
		void *connection = NULL;
		if (pool_acquire(s->pool, &connection, &err) == ASSAY_OK) {
			bool ok = query(connection, key_at(i++));
			wrong += !ok;
			pool_release(s->pool, connection, !ok);
		} else {
			wrong++;
		}
	}
	s->position = i;
	assay_check(run, wrong == 0, "%llu queries failed: %s", (unsigned long long)wrong,
		    err.text[0] ? err.text : "another value, or none");
	uint64_t acquired, reused;
	pool_counts(s->pool, &acquired, &reused);
	assay_metric(run, "reused", "ratio", ASSAY_HIGHER, (double)reused / (double)acquired);
}

const struct assay_bench assay_bench_cache_connpool = {
	.brief = "a query over a new connection or a pooled one: SQLite, Redis, HTTP",
	.source = "connection against query time, as pgbench -C beside pgbench",
	.claim = "S1.dbpool",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"peer", "name", "sqlite,redis,http", "sqlite,redis"},
			   {"way", "name", "fresh,pooled", NULL}),
	.version = 2, /* the HTTP server is on any processor */
};
