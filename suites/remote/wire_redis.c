/* SPDX-License-Identifier: MIT */
/*
 * wire_redis: Redis's commands and replies through hiredis; the socket and its deadlines are the wire's. hiredis's
 * own sockets have deadlines only for each read, and a peer that is gone ends the process by a signal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "suites/remote/wire_io.h"

#ifdef ASSAY_HAVE_HIREDIS

#include <hiredis/hiredis.h>

enum assay_code wire_redis_probe(struct assay_err *err)
{
	(void)err;
	return ASSAY_OK;
}

/* Add a command of `n` words to what is to be sent. */
static bool put_command(struct wire *w, size_t n, const char **words, const size_t *lengths)
{
	char *text;
	int bytes = redisFormatCommandArgv(&text, (int)n, words, lengths);

	if (bytes < 0)
		return wire_broken(w, "out of memory for a request");
	wire_put(w, text, (size_t)bytes);
	redisFreeCommand(text);
	return true;
}

static const char *key_text(char text[WIRE_KEY_BYTES + 1], uint64_t key)
{
	snprintf(text, WIRE_KEY_BYTES + 1, "%016" PRIx64, key);
	return text;
}

/* More than any command here asks for. hiredis makes room for as many as the server says there will be. */
enum { MOST_ELEMENTS = 1 << 16 };

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

/* How a reader makes replies: hiredis's way, but for arrays. */
struct making {
	redisReplyObjectFunctions functions;
	void *(*array)(const redisReadTask *task, element_count n);
};

static void *make_array(const redisReadTask *task, element_count n)
{
	const struct making *making = task->privdata;

	return n > MOST_ELEMENTS ? NULL : making->array(task, n);
}

static void free_reader(void *ptr)
{
	redisReader *reader = ptr;
	void *making = reader->privdata;

	redisReaderFree(reader);
	free(making);
}

static redisReader *new_reader(void)
{
	redisReader *reader = redisReaderCreate();
	struct making *making = malloc(sizeof(*making));

	if (!reader || !making) {
		if (reader)
			redisReaderFree(reader);
		free(making);
		return NULL;
	}
	making->functions = *reader->fn;
	making->array = making->functions.createArray;
	making->functions.createArray = make_array;
	reader->fn = &making->functions;
	reader->privdata = making;
	return reader;
}

/* The next reply, to be freed; NULL: the wire is broken. */
static redisReply *take_reply(struct wire *w)
{
	if (!w->reader) {
		w->reader = new_reader();
		w->free_reader = free_reader;
		if (!w->reader) {
			wire_broken(w, "out of memory for a reply");
			return NULL;
		}
	}
	redisReader *reader = w->reader;
	for (;;) {
		void *reply = NULL;
		if (w->in_at < w->in_end)
			redisReaderFeed(reader, w->in + w->in_at, w->in_end - w->in_at);
		w->in_at = w->in_end;
		if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
			char text[200];
			snprintf(text, sizeof(text), "the server's reply is none: %s",
				 reader->errstr);
			wire_broken(w, text);
			return NULL;
		}
		if (reply)
			return reply;
		if (!wire_receive(w))
			return NULL;
	}
}

static bool unexpected(struct wire *w, const redisReply *reply)
{
	char shown[120], text[160];

	if (reply->type == REDIS_REPLY_ERROR || reply->type == REDIS_REPLY_STATUS) {
		assay_sanitise(shown, sizeof(shown), reply->str);
		snprintf(text, sizeof(text), "the server answered '%s'", shown);
	} else if (reply->type == REDIS_REPLY_STRING) {
		snprintf(text, sizeof(text), "the server answered with a value of %zu bytes",
			 (size_t)reply->len);
	} else {
		snprintf(text, sizeof(text), "the server answered with a reply of type %d",
			 reply->type);
	}
	return wire_broken(w, text);
}

/* All that was asked for has been answered: what still waits was not asked for. */
static bool all_taken(struct wire *w)
{
	const redisReader *reader = w->reader;

	return (reader->pos == reader->len && w->in_at == w->in_end) ||
	       wire_broken(w, "the server answered more than it was asked");
}

/* A value of exactly `size` bytes, or none. False when it is something else. */
static bool copy_value(struct wire *w, const redisReply *reply, void *value, size_t size,
		       bool *ret_found)
{
	*ret_found = reply->type == REDIS_REPLY_STRING && (size_t)reply->len == size;
	if (*ret_found)
		memcpy(value, reply->str, size);
	return *ret_found || reply->type == REDIS_REPLY_NIL || unexpected(w, reply);
}

static bool take_ok(struct wire *w)
{
	redisReply *reply = take_reply(w);

	if (!reply)
		return false;
	bool ok = reply->type == REDIS_REPLY_STATUS || unexpected(w, reply);
	freeReplyObject(reply);
	return ok;
}

static bool put_get(struct wire *w, uint64_t key)
{
	char text[WIRE_KEY_BYTES + 1];
	const char *words[] = {"GET", key_text(text, key)};

	return put_command(w, 2, words, (const size_t[]){3, WIRE_KEY_BYTES});
}

/* The last reply, a value. */
static bool take_value(struct wire *w, void *value, size_t size)
{
	bool found = false;
	redisReply *reply = take_reply(w);

	if (!reply)
		return false;
	found = copy_value(w, reply, value, size, &found) && all_taken(w) && found;
	freeReplyObject(reply);
	return found;
}

bool wire_redis_get(struct wire *w, uint64_t key, void *value, size_t size)
{
	return wire_begin(w) && put_get(w, key) && wire_flush(w) && take_value(w, value, size);
}

static bool put_set(struct wire *w, uint64_t key, const void *value, size_t size)
{
	char text[WIRE_KEY_BYTES + 1];
	const char *words[] = {"SET", key_text(text, key), value};

	return put_command(w, 3, words, (const size_t[]){3, WIRE_KEY_BYTES, size});
}

bool wire_redis_set(struct wire *w, uint64_t key, const void *value, size_t size)
{
	return wire_begin(w) && put_set(w, key, value, size) && wire_flush(w) && take_ok(w) &&
	       all_taken(w);
}

bool wire_redis_set_get(struct wire *w, uint64_t key, const void *value, void *into, size_t size)
{
	return wire_begin(w) && put_set(w, key, value, size) && put_get(w, key) && wire_flush(w) &&
	       take_ok(w) && take_value(w, into, size);
}

bool wire_redis_fill(struct wire *w, const uint64_t *keys, size_t n, const void *values,
		     size_t size)
{
	enum { AT_ONCE = 256 };

	for (size_t from = 0; from < n; from += AT_ONCE) {
		size_t to = from + AT_ONCE < n ? from + AT_ONCE : n;
		if (!wire_begin(w))
			return false;
		for (size_t i = from; i < to; i++)
			if (!put_set(w, keys[i], (const char *)values + i * size, size))
				return false;
		if (!wire_flush(w))
			return false;
		for (size_t i = from; i < to; i++)
			if (!take_ok(w))
				return false;
		if (!all_taken(w))
			return false;
	}
	return true;
}

/* MGET of n keys, to be sent. */
static bool put_mget(struct wire *w, const uint64_t *keys, size_t n)
{
	char(*texts)[WIRE_KEY_BYTES + 1] = malloc(n * sizeof(*texts));
	const char **words = malloc((n + 1) * sizeof(*words));
	size_t *lengths = malloc((n + 1) * sizeof(*lengths));
	bool ok = texts && words && lengths;

	if (ok) {
		words[0] = "MGET";
		lengths[0] = 4;
	} else {
		wire_broken(w, "out of memory for a request");
	}
	for (size_t i = 0; ok && i < n; i++) {
		words[i + 1] = key_text(texts[i], keys[i]);
		lengths[i + 1] = WIRE_KEY_BYTES;
	}
	ok = ok && put_command(w, n + 1, words, lengths);
	free(texts);
	free(words);
	free(lengths);
	return ok;
}

bool wire_redis_mget(struct wire *w, const uint64_t *keys, size_t n, void *values, size_t size,
		     bool *found)
{
	if (!wire_begin(w) || !put_mget(w, keys, n) || !wire_flush(w))
		return false;
	redisReply *reply = take_reply(w);
	if (!reply)
		return false;
	bool ok =
		(reply->type == REDIS_REPLY_ARRAY && reply->elements == n) || unexpected(w, reply);
	for (size_t i = 0; ok && i < n; i++)
		ok = copy_value(w, reply->element[i], (char *)values + i * size, size, &found[i]);
	ok = ok && all_taken(w);
	freeReplyObject(reply);
	return ok;
}

/* Replies nest a few deep; what is deeper was not asked for. */
enum { DEPTH_MOST = 8 };

static bool flatten(struct wire *w, const redisReply *reply, int depth, wire_redis_each each,
		    void *context)
{
	char number[32];
	switch (reply->type) {
	case REDIS_REPLY_STATUS:
	case REDIS_REPLY_STRING:
		each(context, reply->str, (size_t)reply->len, depth);
		return true;
	case REDIS_REPLY_INTEGER:
		snprintf(number, sizeof(number), "%lld", reply->integer);
		each(context, number, strlen(number), depth);
		return true;
	case REDIS_REPLY_NIL:
		each(context, NULL, 0, depth);
		return true;
	case REDIS_REPLY_ARRAY:
		for (size_t i = 0; i < reply->elements && depth < DEPTH_MOST; i++)
			if (!flatten(w, reply->element[i], depth + 1, each, context))
				return false;
		return depth < DEPTH_MOST || unexpected(w, reply);
	default:
		return unexpected(w, reply);
	}
}

static void ignore(void *context, const char *text, size_t length, int depth)
{
	(void)context;
	(void)text;
	(void)length;
	(void)depth;
}

bool wire_redis_command(struct wire *w, size_t n, const char *const *words, const size_t *lengths,
			wire_redis_each each, void *context)
{
	if (!wire_begin(w) || !put_command(w, n, (const char **)words, lengths) || !wire_flush(w))
		return false;
	redisReply *reply = take_reply(w);
	if (!reply)
		return false;
	bool ok = flatten(w, reply, 0, each ? each : ignore, context) && all_taken(w);
	freeReplyObject(reply);
	return ok;
}

bool wire_redis_call(struct wire *w, const char *command)
{
	const char *words[] = {command};

	return wire_begin(w) && put_command(w, 1, words, (const size_t[]){strlen(command)}) &&
	       wire_flush(w) && take_ok(w) && all_taken(w);
}

#else

enum assay_code wire_redis_probe(struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP,
			  "built without hiredis; install libhiredis-dev and build again");
}

static bool without(struct wire *w)
{
	return wire_broken(w, "built without hiredis");
}

bool wire_redis_get(struct wire *w, uint64_t key, void *value, size_t size)
{
	return without(w);
}

bool wire_redis_set(struct wire *w, uint64_t key, const void *value, size_t size)
{
	return without(w);
}

bool wire_redis_set_get(struct wire *w, uint64_t key, const void *value, void *into, size_t size)
{
	return without(w);
}

bool wire_redis_mget(struct wire *w, const uint64_t *keys, size_t n, void *values, size_t size,
		     bool *found)
{
	return without(w);
}

bool wire_redis_fill(struct wire *w, const uint64_t *keys, size_t n, const void *values,
		     size_t size)
{
	return without(w);
}

bool wire_redis_command(struct wire *w, size_t n, const char *const *words, const size_t *lengths,
			wire_redis_each each, void *context)
{
	return without(w);
}

bool wire_redis_call(struct wire *w, const char *command)
{
	return without(w);
}

#endif
