/* SPDX-License-Identifier: MIT */
/* rank_server: listen, spawn, look after, clear away. */
#include "harness/engine/rank_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/engine/pen.h"
#include "harness/engine/reap.h"
#include "harness/engine/starter.h"
#include "harness/engine/world.h"

enum {
	ASKED_PATIENCE_MS = 2000, /* after SIGTERM */
	REAP_PATIENCE_MS = 1500,
	LOOK_AGAIN_MS = 20,
	DRAIN_ROUNDS = 64,
};

static void make_key(char key[33])
{
	uint8_t random[16] = {0};
	size_t n = 0;
	while (n < sizeof(random)) {
		ssize_t more = getrandom(random + n, sizeof(random) - n, 0);
		if (more > 0)
			n += (size_t)more;
	}
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(key + 2 * i, 3, "%02x", random[i]);
}

/* Our name, if it means anything to a resolver; else only this host will find us. */
static void find_name(bool near, char *name, size_t size)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	name[size - 1] = '\0';
	if (near || gethostname(name, size - 1) != 0 || getaddrinfo(name, NULL, &hints, &list) != 0)
		assay_copy(name, size, "127.0.0.1");
	else
		freeaddrinfo(list);
}

enum assay_code rank_server_init(struct rank_server *server, bool near, struct assay_err *err)
{
	char name[256];
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(near ? INADDR_LOOPBACK : INADDR_ANY),
	};
	socklen_t length = sizeof(address);
	*server = (struct rank_server){.listener = -1, .exit_fd = -1, .output = -1};
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listener < 0 ||
	    bind(server->listener, (struct sockaddr *)&address, length) != 0 ||
	    listen(server->listener, ASSAY_MAX_RANKS) != 0 ||
	    getsockname(server->listener, (struct sockaddr *)&address, &length) != 0)
		return assay_fail(err, ASSAY_EIO, "listen for ranks: %s", strerror(errno));
	make_key(server->key);
	find_name(near, name, sizeof(name));
	snprintf(server->address, sizeof(server->address), ASSAY_LINK_VARIABLE "=%s:%u/%s", name,
		 ntohs(address.sin_port), server->key);
	return ASSAY_OK;
}

/* What a rank goes by must come from its launcher, not from one that we run under ourselves. */
static bool is_ours(const char *entry)
{
	return strncmp(entry, "_ASSAY_LINK=", 12) == 0 || strncmp(entry, "_ASSAY_RANK=", 12) == 0 ||
	       strncmp(entry, "_ASSAY_SIZE=", 12) == 0 || strncmp(entry, "_ASSAY_LOCAL=", 13) == 0;
}

static enum assay_code compose(const struct rank_server *server, const struct assay_argv *from,
			       struct assay_argv *ret, struct assay_err *err)
{
	enum assay_code code = assay_argv_add(ret, server->address, err);
	for (size_t i = 0; code == ASSAY_OK && i < from->n; i++)
		if (!is_ours(from->words[i]))
			code = assay_argv_add(ret, from->words[i], err);
	return code;
}

static int spawn_with(struct rank_server *server, const struct assay_argv *argv,
		      const struct assay_argv *environment, int output)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, normal;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, 1);
	posix_spawn_file_actions_adddup2(&files, output, 2);
	sigemptyset(&none);
	sigemptyset(&normal);
	sigaddset(&normal, SIGINT);
	sigaddset(&normal, SIGTERM);
	sigaddset(&normal, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &normal);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	int error = posix_spawnp(&server->leader.pid, argv->words[0], &files, &attr, argv->words,
				 environment->words);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

enum assay_code rank_server_spawn(struct rank_server *server, const struct assay_argv *argv,
				  const struct assay_argv *environment, struct assay_err *err)
{
	int ends[2];
	struct assay_argv all = {0};
	enum assay_code code = compose(server, environment, &all, err);
	if (code == ASSAY_OK && pipe2(ends, O_CLOEXEC) != 0)
		code = assay_fail(err, ASSAY_EIO, "make a pipe: %s", strerror(errno));
	if (code != ASSAY_OK) {
		assay_argv_done(&all);
		return code;
	}
	server->output = ends[0];
	fcntl(server->output, F_SETFL, O_NONBLOCK);
	int error = spawn_with(server, argv, &all, ends[1]);
	close(ends[1]);
	assay_argv_done(&all);
	if (error) {
		server->leader.pid = 0;
		return assay_fail(err, ASSAY_EENV, "start the launcher '%s': %s", argv->words[0],
				  strerror(error));
	}
	server->exit_fd = assay_exit_fd(server->leader.pid);
	return ASSAY_OK;
}

int rank_server_accept(struct rank_server *server)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

static void keep_tail(struct rank_server *server, const char *bytes, size_t n)
{
	size_t room = sizeof(server->tail) - 1, have = strlen(server->tail);
	if (n > room) {
		bytes += n - room;
		n = room;
	}
	size_t keep = have + n > room ? room - n : have;
	memmove(server->tail, server->tail + (have - keep), keep);
	memcpy(server->tail + keep, bytes, n);
	server->tail[keep + n] = '\0';
}

static void drain(struct rank_server *server)
{
	char bytes[16384];
	for (int i = 0; server->output >= 0 && i < DRAIN_ROUNDS; i++) {
		ssize_t n = read(server->output, bytes, sizeof(bytes));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			close(server->output);
			server->output = -1;
		}
		if (n <= 0)
			return;
		keep_tail(server, bytes, (size_t)n);
	}
}

void rank_server_look(struct rank_server *server)
{
	if (server->leader.pid && !server->leader.exited &&
	    waitpid(server->leader.pid, &server->leader.wait_status, WNOHANG) == server->leader.pid)
		server->leader.exited = true;
	drain(server);
}

static void wait_for_exit(struct rank_server *server, unsigned patience_ms)
{
	uint64_t until = assay_now_ns() + patience_ms * UINT64_C(1000000);
	while (server->leader.pid && !server->leader.exited && assay_now_ns() < until) {
		struct pollfd fds[] = {{.fd = server->exit_fd, .events = POLLIN},
				       {.fd = server->output, .events = POLLIN}};
		poll(fds, ASSAY_COUNT_OF(fds), LOOK_AGAIN_MS);
		rank_server_look(server);
	}
}

/* Lines of nothing but signs frame what mpirun says. */
static bool says_something(const char *line)
{
	return strspn(line, "-=* \t") != strlen(line);
}

const char *rank_server_words(struct rank_server *server, unsigned patience_ms, char *text,
			      size_t size)
{
	char tail[sizeof(server->tail)];
	wait_for_exit(server, patience_ms);
	rank_server_look(server);
	assay_copy(tail, sizeof(tail), server->tail);
	text[0] = '\0';
	bool own = false; /* launchers sum up at length what a rank has said in one line */
	char *rest;
	for (char *line = strtok_r(tail, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		bool of_rank = strncmp(line, "assay: worker: ", 15) == 0;
		if (says_something(line) && (of_rank || !own))
			assay_sanitise(text, size, line);
		own |= of_rank;
	}
	return text;
}

int rank_server_done(struct rank_server *server, unsigned patience_ms)
{
	int left = 0;
	if (server->leader.pid) {
		wait_for_exit(server, patience_ms);
		if (!server->leader.exited) {
			assay_pen_clear(); /* before it has ended, they could fork */
			kill(server->leader.pid, SIGTERM);
			kill(server->leader.pid, SIGCONT);
			wait_for_exit(server, ASKED_PATIENCE_MS);
		}
		left = assay_reap_tree(&server->leader, REAP_PATIENCE_MS);
	}
	if (server->listener >= 0)
		close(server->listener);
	if (server->output >= 0)
		close(server->output);
	if (server->exit_fd >= 0)
		close(server->exit_fd);
	*server = (struct rank_server){.listener = -1, .exit_fd = -1, .output = -1};
	return left;
}
