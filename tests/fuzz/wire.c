/* SPDX-License-Identifier: MIT */
/* wire: whatever a server answers, the call ends, and what it gives out has the length asked for. */
#include <sys/socket.h>
#include <unistd.h>

#include "suites/remote/wire.h"
#include "tests/fuzz/fuzz.h"

enum { KEYS = 3, VALUE_BYTES = 5 };

/* A connection on which the answer waits already, and then nothing more. */
static struct wire *answered(const uint8_t *data, size_t size)
{
	int ends[2];
	struct wire *wire = NULL;
	struct assay_err err = {0};
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	must(send(ends[1], data, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size);
	must(shutdown(ends[1], SHUT_WR) == 0);
	must(wire_adopt(ends[0], 1000, &wire, &err) == ASSAY_OK);
	/* the other end stays open for the request: it is closed with the process's table below */
	must(dup2(ends[1], 900) == 900);
	close(ends[1]);
	return wire;
}

static void see(void *context, const char *text, size_t length, int depth)
{
	size_t *bytes = context;
	must(depth >= 0 && (!text || strlen(text) <= length));
	*bytes += length;
}

/* The commands of more than one reply, and those that take any. */
static void try_many(const uint8_t *data, size_t size)
{
	static const uint64_t keys[KEYS] = {1, 2, 3};
	static const char *const words[] = {"XRANGE", "s", "-", "+"};
	static const size_t lengths[] = {6, 1, 1, 1};
	char values[KEYS * VALUE_BYTES] = "";
	size_t bytes = 0;
	struct wire *wire = answered(data, size);
	if (!wire_redis_fill(wire, keys, KEYS, values, VALUE_BYTES))
		must(wire_error(wire));
	wire_close(wire);
	wire = answered(data, size);
	if (wire_redis_set_get(wire, 1, values, values, VALUE_BYTES))
		must(!wire_error(wire));
	wire_close(wire);
	wire = answered(data, size);
	if (wire_redis_command(wire, 4, words, lengths, see, &bytes))
		must(bytes <= size);
	else
		must(wire_error(wire));
	wire_close(wire);
	wire = answered(data, size);
	if (wire_memcached_set(wire, 1, values, VALUE_BYTES))
		must(!wire_error(wire));
	wire_close(wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t keys[KEYS] = {1, 2, 3};
	char values[KEYS * VALUE_BYTES];
	bool found[KEYS];
	if (size > 32768) /* more than a socket takes at once */
		return 0;
	struct wire *wire = answered(data, size);
	if (!wire_redis_mget(wire, keys, KEYS, values, VALUE_BYTES, found))
		must(wire_error(wire));
	wire_close(wire);
	wire = answered(data, size);
	if (wire_redis_get(wire, 1, values, VALUE_BYTES))
		must(!wire_error(wire));
	else if (!wire_error(wire))
		wire_redis_set(wire, 1, values, VALUE_BYTES);
	wire_close(wire);
	wire = answered(data, size);
	if (wire_memcached_get(wire, 1, values, VALUE_BYTES))
		must(!wire_error(wire));
	wire_close(wire);
	try_many(data, size);
	close(900);
	return 0;
}
