/* SPDX-License-Identifier: MIT */
/*
 * wire: a connection to a unix socket, and the commands of Redis and memcached that the suite sends.
 *
 * Every call ends by its deadline: a server that is slow, dead or talks nonsense makes it fail with the
 * reason, and all later calls fail at once with the same. Not to be shared by threads.
 * Protocols: Redis's through hiredis, memcached's text protocol.
 */
#ifndef ASSAY_SUITES_REMOTE_WIRE_H
#define ASSAY_SUITES_REMOTE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

enum { WIRE_DEADLINE_MS = 2000, WIRE_KEY_BYTES = 16 };

struct wire;

/* Each later call has `deadline_ms`, usually WIRE_DEADLINE_MS. ASSAY_EIO with the reason. */
enum assay_code wire_open(const char *socket_path, unsigned deadline_ms, struct wire **ret,
			  struct assay_err *err);
/* The same over a connected socket, which becomes the wire's and non-blocking. */
enum assay_code wire_adopt(int fd, unsigned deadline_ms, struct wire **ret, struct assay_err *err);
void wire_close(struct wire *wire);
/* Why it is broken; NULL while it is not. */
const char *wire_error(const struct wire *wire);

/* ASSAY_SKIP with the reason where the program was built without hiredis: all wire_redis_*() then fail. */
enum assay_code wire_redis_probe(struct assay_err *err);

/*
 * Redis, one reply awaited. `key` is sent as 16 hexadecimal digits. wire_redis_get(): the value of
 * exactly `size` bytes is copied; false when there is none, or on failure (see wire_error).
 */
bool wire_redis_get(struct wire *wire, uint64_t key, void *value, size_t size);
bool wire_redis_set(struct wire *wire, uint64_t key, const void *value, size_t size);
/* A SET of `value` and a GET into `into`, both sent before the first reply is awaited. */
bool wire_redis_set_get(struct wire *wire, uint64_t key, const void *value, void *into,
			size_t size);
/* n keys in one MGET: found[i] says whether values[i * size] was filled. False on failure. */
bool wire_redis_mget(struct wire *wire, const uint64_t *keys, size_t n, void *values, size_t size,
		     bool *found);
/* Many SETs sent before the first reply is awaited. */
bool wire_redis_fill(struct wire *wire, const uint64_t *keys, size_t n, const void *values,
		     size_t size);
/* A command without arguments or values, such as PING; true when the reply is not an error. */
bool wire_redis_call(struct wire *wire, const char *command);

/*
 * Any command of n words, such as XADD, and its reply flattened: `each` (may be NULL) is called with every text, number
 * (as decimal text) and nil (NULL) in it, in its order and with how many arrays are around it. The text is valid during the
 * call. False on failure, an error reply among them, whose text wire_error() gives; a server's error breaks the wire.
 */
typedef void (*wire_redis_each)(void *context, const char *text, size_t length, int depth);
bool wire_redis_command(struct wire *wire, size_t n, const char *const *words,
			const size_t *lengths, wire_redis_each each, void *context);

/* memcached. */
bool wire_memcached_get(struct wire *wire, uint64_t key, void *value, size_t size);
bool wire_memcached_set(struct wire *wire, uint64_t key, const void *value, size_t size);

#endif
