/* SPDX-License-Identifier: MIT */
/* wire: bytes out and in under a deadline, and memcached's protocol over them. */
#include "suites/remote/wire_io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"

enum { LINE_MAX_BYTES = 256 };

enum { IN_BYTES = 64 * 1024 };

bool wire_broken(struct wire *w, const char *what)
{
	if (w->err.code == ASSAY_OK)
		assay_fail(&w->err, ASSAY_EIO, "%s", what);
	return false;
}

static bool broken_errno(struct wire *w, const char *what)
{
	if (w->err.code == ASSAY_OK)
		assay_fail(&w->err, ASSAY_EIO, "%s: %s", what, strerror(errno));
	return false;
}

void wire_close(struct wire *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	if (w->free_reader)
		w->free_reader(w->reader);
	free(w->in);
	free(w->out);
	free(w);
}

const char *wire_error(const struct wire *w)
{
	return w->err.code == ASSAY_OK ? NULL : w->err.text;
}

enum assay_code wire_adopt(int fd, unsigned deadline_ms, struct wire **ret, struct assay_err *err)
{
	struct wire *w = calloc(1, sizeof(*w));
	if (!w || !(w->in = malloc(IN_BYTES)) || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		if (w)
			free(w->in);
		free(w);
		close(fd);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a connection");
	}
	w->fd = fd;
	w->deadline_ms = deadline_ms;
	*ret = w;
	return ASSAY_OK;
}

enum assay_code wire_open(const char *socket_path, unsigned deadline_ms, struct wire **ret,
			  struct assay_err *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	if (!assay_copy(to.sun_path, sizeof(to.sun_path), socket_path))
		return assay_fail(err, ASSAY_EIO, "'%s' is too long for a socket", socket_path);
	/* non-blocking already here: a server that does not accept is no reason to wait */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		assay_fail(err, ASSAY_EIO, "connect to '%s': %s", socket_path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return ASSAY_EIO;
	}
	return wire_adopt(fd, deadline_ms, ret, err);
}

bool wire_begin(struct wire *w)
{
	if (w->err.code != ASSAY_OK)
		return false;
	w->until_ns = assay_now_ns() + w->deadline_ms * UINT64_C(1000000);
	w->out_n = 0;
	return true;
}

void wire_put(struct wire *w, const void *bytes, size_t n)
{
	if (w->out_n + n > w->out_capacity) {
		size_t capacity = 2 * (w->out_n + n) + 1024;
		char *grown = realloc(w->out, capacity);
		if (!grown) {
			wire_broken(w, "out of memory for a request");
			return;
		}
		w->out = grown;
		w->out_capacity = capacity;
	}
	memcpy(w->out + w->out_n, bytes, n);
	w->out_n += n;
}

static void put_text(struct wire *w, const char *text)
{
	wire_put(w, text, strlen(text));
}

/* Until the socket is ready or the call's time is over. */
static bool await(struct wire *w, short events)
{
	for (;;) {
		uint64_t now = assay_now_ns();
		if (now >= w->until_ns)
			return wire_broken(w, "the server did not answer in time");
		struct pollfd p = {.fd = w->fd, .events = events};
		int n = poll(&p, 1, (int)((w->until_ns - now) / 1000000 + 1));
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return broken_errno(w, "wait for the server");
	}
}

bool wire_receive(struct wire *w)
{
	memmove(w->in, w->in + w->in_at, w->in_end - w->in_at);
	w->in_end -= w->in_at;
	w->in_at = 0;
	if (w->in_end == IN_BYTES)
		return wire_broken(w, "the server's reply has a line without end");
	for (;;) {
		ssize_t n = recv(w->fd, w->in + w->in_end, IN_BYTES - w->in_end, 0);
		if (n > 0) {
			w->in_end += (size_t)n;
			return true;
		}
		if (n == 0)
			return wire_broken(w, "the server closed the connection");
		if (errno != EAGAIN && errno != EINTR)
			return broken_errno(w, "receive from the server");
		if (errno == EAGAIN && !await(w, POLLIN))
			return false;
	}
}

bool wire_flush(struct wire *w)
{
	for (size_t sent = 0; w->err.code == ASSAY_OK && sent < w->out_n;) {
		ssize_t n = send(w->fd, w->out + sent, w->out_n - sent, MSG_NOSIGNAL);
		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			await(w, POLLOUT);
		else if (errno != EINTR)
			broken_errno(w, "send to the server");
	}
	w->out_n = 0;
	return w->err.code == ASSAY_OK;
}

/* A line without its end, in line[LINE_MAX_BYTES]. */
static bool take_line(struct wire *w, char *line)
{
	for (;;) {
		const char *from = w->in + w->in_at;
		const char *end = memchr(from, '\n', w->in_end - w->in_at);
		if (end) {
			size_t n = (size_t)(end - from);
			w->in_at += n + 1;
			n -= n && from[n - 1] == '\r';
			if (n >= LINE_MAX_BYTES)
				return wire_broken(w, "the server's reply has a line of 256 bytes");
			memcpy(line, from, n);
			line[n] = '\0';
			return true;
		}
		if (!wire_receive(w))
			return false;
	}
}

static bool take_bytes(struct wire *w, void *to, size_t n)
{
	for (size_t done = 0; done < n;) {
		size_t have = w->in_end - w->in_at;
		have = have < n - done ? have : n - done;
		memcpy((char *)to + done, w->in + w->in_at, have);
		w->in_at += have;
		done += have;
		if (done < n && !wire_receive(w))
			return false;
	}
	return true;
}

static bool unexpected(struct wire *w, const char *line)
{
	char shown[120], text[160];
	assay_sanitise(shown, sizeof(shown), line);
	snprintf(text, sizeof(text), "the server answered '%s'", shown);
	return wire_broken(w, text);
}

static bool take_end(struct wire *w)
{
	char end[2];
	return take_bytes(w, end, sizeof(end)) &&
	       (memcmp(end, "\r\n", 2) == 0 ||
		wire_broken(w, "the server's value has another length"));
}

static void put_key(struct wire *w, uint64_t key)
{
	char text[WIRE_KEY_BYTES + 1];
	snprintf(text, sizeof(text), "%016" PRIx64, key);
	wire_put(w, text, WIRE_KEY_BYTES);
}

static void put_length(struct wire *w, const char *before, size_t n)
{
	char text[64];
	snprintf(text, sizeof(text), "%s%zu\r\n", before, n);
	put_text(w, text);
}

bool wire_memcached_get(struct wire *w, uint64_t key, void *value, size_t size)
{
	char line[LINE_MAX_BYTES], want[64];
	if (!wire_begin(w))
		return false;
	put_text(w, "get ");
	put_key(w, key);
	put_text(w, "\r\n");
	if (!wire_flush(w) || !take_line(w, line) || strcmp(line, "END") == 0)
		return false;
	snprintf(want, sizeof(want), "VALUE %016" PRIx64 " 0 %zu", key, size);
	if (strcmp(line, want) != 0)
		return unexpected(w, line);
	if (!take_bytes(w, value, size) || !take_end(w) || !take_line(w, line))
		return false;
	return strcmp(line, "END") == 0 || unexpected(w, line);
}

bool wire_memcached_set(struct wire *w, uint64_t key, const void *value, size_t size)
{
	char line[LINE_MAX_BYTES];
	if (!wire_begin(w))
		return false;
	put_text(w, "set ");
	put_key(w, key);
	put_length(w, " 0 0 ", size);
	wire_put(w, value, size);
	put_text(w, "\r\n");
	if (!wire_flush(w) || !take_line(w, line))
		return false;
	return strcmp(line, "STORED") == 0 || unexpected(w, line);
}
