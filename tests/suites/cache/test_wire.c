/* SPDX-License-Identifier: MIT */
/* wire: servers that are missing, refuse, die, dawdle or talk nonsense are reasons, and never a hang. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "suites/remote/server.h"
#include "suites/remote/wire.h"
#include "tests/t.h"

/* Answers the first request with `reply`, then closes; with no reply it keeps the connection open. */
struct fake {
	char folder[T_PATH], path[T_PATH + 8];
	int listener;
	const char *reply;
	pthread_t thread;
};

static void *serve(void *argument)
{
	struct fake *fake = argument;
	char request[4096];
	int fd = accept(fake->listener, NULL, NULL);
	if (fd >= 0 && recv(fd, request, sizeof(request), 0) > 0 && fake->reply)
		send(fd, fake->reply, strlen(fake->reply), MSG_NOSIGNAL);
	if (fd >= 0 && !fake->reply) /* until the other side gives up */
		while (recv(fd, request, sizeof(request), 0) > 0)
			;
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void fake_start(struct fake *fake, const char *reply)
{
	*fake = (struct fake){.reply = reply};
	assert_non_null(mkdtemp(t_path(fake->folder, "fake")));
	snprintf(fake->path, sizeof(fake->path), "%s/socket", fake->folder);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", fake->path);
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fake->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fake->listener, 1), 0);
	assert_int_equal(pthread_create(&fake->thread, NULL, serve, fake), 0);
}

static void fake_stop(struct fake *fake)
{
	pthread_join(fake->thread, NULL);
	close(fake->listener);
	unlink(fake->path);
	rmdir(fake->folder);
}

static void bad_replies_are_reasons(void **state)
{
	static const struct {
		const char *reply, *says;
	} bad[] = {
		{"", "closed the connection"},
		{"$8\r\nabc", "closed the connection"},
		{"-ERR no\r\n", "answered 'ERR no'"},
		{"$9\r\n123456789\r\n", "a value of 9 bytes"},
		{"$8\r\n123456789\r\n", "more than it was asked"},
		{"$8\r\n12345678\r\n$8\r\n12345678\r\n", "more than it was asked"},
		{"*1\r\n$8\r\n12345678\r\n", "a reply of type 2"},
		{"*1000000000\r\n$8\r\n", "reply is none"},
		{"HTTP/1.1 200 OK\r\n", "reply is none"},
		{NULL, "did not answer in time"},
	};
	struct assay_err err = {0};
	if (wire_redis_probe(&err) != ASSAY_OK) {
		print_message("# %s\n", err.text);
		skip();
	}
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct fake fake;
		struct wire *wire;
		uint64_t value = 0;
		fake_start(&fake, bad[i].reply);
		assert_ok(wire_open(fake.path, 50, &wire, &err));
		assert_false(wire_redis_get(wire, 1, &value, sizeof(value)));
		assert_non_null(wire_error(wire));
		if (!strstr(wire_error(wire), bad[i].says))
			fail_msg("says '%s', without '%s'", wire_error(wire), bad[i].says);
		/* once broken it stays so, without another wait */
		assert_false(wire_redis_set(wire, 1, &value, sizeof(value)));
		wire_close(wire);
		fake_stop(&fake);
	}
}

static void memcached_replies_are_checked(void **state)
{
	static const struct {
		const char *reply;
		bool hit, sound;
	} replies[] = {
		{"VALUE 0000000000000001 0 4\r\nabcd\r\nEND\r\n", true, true},
		{"END\r\n", false, true},
		{"VALUE 0000000000000002 0 4\r\nabcd\r\nEND\r\n", false, false},
		{"VALUE 0000000000000001 0 4\r\nabcd\r\nNOT\r\n", false, false},
		{"SERVER_ERROR out of memory\r\n", false, false},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(replies); i++) {
		struct fake fake;
		struct wire *wire;
		struct assay_err err = {0};
		char value[5] = "";
		fake_start(&fake, replies[i].reply);
		assert_ok(wire_open(fake.path, 1000, &wire, &err));
		assert_int_equal(wire_memcached_get(wire, 1, value, 4), replies[i].hit);
		assert_int_equal(wire_error(wire) == NULL, replies[i].sound);
		if (replies[i].hit)
			assert_string_equal(value, "abcd");
		wire_close(wire);
		fake_stop(&fake);
	}
}

static void no_server_is_a_reason(void **state)
{
	struct wire *wire;
	struct server *server;
	struct assay_err err = {0};
	assert_fails(wire_open("/nowhere/socket", 50, &wire, &err), ASSAY_EIO, "/nowhere/socket");
	assert_fails(server_probe("no-such-program", "its-package", &err), ASSAY_SKIP,
		     "install its-package");
	static const char *const missing[] = {"no-such-program", NULL};
	assert_fails(server_start(missing, &server, &err), ASSAY_SKIP, "no-such-program");
	static const char *const ends[] = {"echo", "refused", NULL};
	assert_fails(server_start(ends, &server, &err), ASSAY_SKIP, "ended at once: refused");
}

static void a_server_that_is_killed_is_a_reason(void **state)
{
	static const char *const argv[] = {"redis-server", "--port", "0",           "--unixsocket",
					   SERVER_SOCKET,  "--dir",  SERVER_FOLDER, NULL};
	struct server *server;
	struct wire *wire;
	struct assay_err err = {0};
	if (wire_redis_probe(&err) != ASSAY_OK ||
	    server_probe(argv[0], "redis-server", &err) != ASSAY_OK) {
		print_message("# %s\n", err.text);
		return;
	}
	assert_ok(server_start(argv, &server, &err));
	assert_ok(wire_open(server_socket(server), 1000, &wire, &err));
	uint64_t keys[600], values[600], got[3] = {0};
	bool found[3];
	for (uint64_t i = 0; i < 600; i++) {
		keys[i] = i;
		values[i] = i * i;
	}
	assert_true(wire_redis_call(wire, "PING"));
	assert_true(wire_redis_fill(wire, keys, 600, values, sizeof(values[0])));
	assert_true(
		wire_redis_mget(wire, (uint64_t[]){599, 600, 2}, 3, got, sizeof(got[0]), found));
	assert_true(found[0] && !found[1] && found[2]);
	assert_int_equal(got[0], 599 * 599);
	assert_int_equal(got[2], 4);
	kill(server_pid(server), SIGKILL);
	for (int i = 0; i < 1000 && !wire_error(wire); i++)
		wire_redis_get(wire, 1, got, sizeof(got[0]));
	assert_non_null(wire_error(wire));
	wire_close(wire);
	server_stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_replies_are_reasons),
		cmocka_unit_test(memcached_replies_are_checked),
		cmocka_unit_test(no_server_is_a_reason),
		cmocka_unit_test(a_server_that_is_killed_is_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
