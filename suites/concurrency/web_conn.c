/* SPDX-License-Identifier: MIT */
/* web_conn: read, answer all whole requests, write; one direction at a time. */
#include "suites/concurrency/web_conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_BYTES = 160 };

static void link_newest(struct web_worker *w, struct web_conn *c)
{
	c->before = w->newest;
	c->next = NULL;
	*(w->newest ? &w->newest->next : &w->oldest) = c;
	w->newest = c;
}

static void unlink_conn(struct web_worker *w, struct web_conn *c)
{
	*(c->before ? &c->before->next : &w->oldest) = c->next;
	*(c->next ? &c->next->before : &w->newest) = c->before;
}

void web_conn_close(struct web_worker *w, struct web_conn *c)
{
	unlink_conn(w, c);
	close(c->fd); /* leaves the epoll by itself */
	free(c);
	atomic_fetch_sub_explicit(&w->connections, 1, memory_order_relaxed);
}

/* A refusal that fits any socket's buffer; what cannot be sent is not missed. */
static void refuse(struct web_worker *w, int fd)
{
	static const char text[] =
		"HTTP/1.1 503 Service Unavailable\r\n"
		"Content-Length: 0\r\nConnection: close\r\n\r\n";
	send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	web_count(&w->refused);
}

void web_conn_add(struct web_worker *w, int fd)
{
	int on = 1;
	bool full =
		atomic_load_explicit(&w->connections, memory_order_relaxed) >= w->connections_most;
	struct web_conn *c = full ? NULL : malloc(sizeof(*c));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	if (!c || epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		free(c);
		refuse(w, fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* only saves time */
	c->fd = fd;
	c->writing = c->last = false;
	c->in_size = c->out_size = c->out_at = 0;
	c->since_ns = w->now_ns;
	link_newest(w, c);
	atomic_fetch_add_explicit(&w->connections, 1, memory_order_relaxed);
	web_count(&w->accepted);
}

static void put(struct web_conn *c, unsigned status, const char *body, size_t size, bool with_body)
{
	int n = snprintf(c->out + c->out_size, HEAD_BYTES,
			 "HTTP/1.1 %u %s\r\nContent-Type: text/plain\r\nContent-Length: "
			 "%zu\r\n%s\r\n",
			 status, http_reason(status), size, c->last ? "Connection: close\r\n" : "");
	c->out_size += (size_t)n;
	if (with_body && size) {
		memcpy(c->out + c->out_size, body, size);
		c->out_size += size;
	}
}

static void answer(struct web_worker *w, struct web_conn *c, const struct http_request *request)
{
	char body[WEB_BODY_MAX];
	unsigned status = 404;
	size_t size = 0;
	for (const struct web_route *r = w->routes; r->path; r++)
		if (strlen(r->path) == request->path_size &&
		    memcmp(r->path, request->path, request->path_size) == 0) {
			status = 200;
			size = r->answer(r->context, w->number, request, body, &status);
			break;
		}
	/* a handler that broke its contract: nothing of what it says is passed on */
	if (size > WEB_BODY_MAX || status < 200 || status > 599) {
		status = 500;
		size = 0;
	}
	c->last = !request->keep_alive;
	put(c, status, body, size, request->method != HTTP_HEAD);
	web_count(&w->requests);
}

/* All whole requests there is room to answer; the rest moves to the front. */
static void answer_all(struct web_worker *w, struct web_conn *c)
{
	size_t at = 0;
	while (!c->last && WEB_OUT_MAX - c->out_size >= HEAD_BYTES + WEB_BODY_MAX) {
		struct http_request request;
		int rc = http_parse(c->in + at, c->in_size - at, &request);
		if (rc == HTTP_MORE)
			break;
		if (rc != HTTP_OK) {
			c->last = true;
			put(c, (unsigned)rc, NULL, 0, false);
			web_count(&w->malformed);
			break;
		}
		answer(w, c, &request);
		at += request.size;
	}
	if (at == 0)
		return;
	memmove(c->in, c->in + at, c->in_size - at);
	c->in_size -= at;
	c->since_ns = w->now_ns;
	unlink_conn(w, c);
	link_newest(w, c);
}

static void want(struct web_worker *w, struct web_conn *c, bool writing)
{
	struct epoll_event event = {.events = writing ? EPOLLOUT : EPOLLIN, .data.ptr = c};
	if (c->writing != writing)
		epoll_ctl(w->epoll, EPOLL_CTL_MOD, c->fd, &event);
	c->writing = writing;
}

/* False: the client is gone. */
static bool flush(struct web_worker *w, struct web_conn *c)
{
	while (c->out_at < c->out_size) {
		ssize_t n = send(c->fd, c->out + c->out_at, c->out_size - c->out_at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			want(w, c, true);
			return true;
		}
		if (n < 0)
			return false;
		c->out_at += (size_t)n;
	}
	c->out_at = c->out_size = 0;
	want(w, c, false);
	return !c->last;
}

/* Bytes into in[]. False: an error. *ended: nothing more will come, but answers may still be read. */
static bool receive(struct web_conn *c, bool *ended)
{
	if (c->in_size == sizeof(c->in))
		return true;
	ssize_t n = recv(c->fd, c->in + c->in_size, sizeof(c->in) - c->in_size, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	*ended = n == 0;
	c->in_size += (size_t)n;
	return true;
}

void web_conn_ready(struct web_worker *w, struct web_conn *c)
{
	bool ended = false, ok = c->writing || receive(c, &ended);
	while (ok) {
		size_t before = c->in_size;
		if (!c->writing)
			answer_all(w, c);
		ok = flush(w, c);
		/* answers gone, so there is room for those of the requests that are left */
		if (c->writing || c->in_size == before || c->in_size == 0)
			break;
	}
	if (!ok || (ended && !c->writing))
		web_conn_close(w, c);
}

void web_conn_sweep(struct web_worker *w)
{
	while (w->oldest && w->now_ns - w->oldest->since_ns >= w->idle_ns) {
		struct web_conn *c = w->oldest;
		c->last = true;
		if (c->in_size && !c->writing) {
			put(c, 408, NULL, 0, false);
			flush(w, c);
		}
		web_count(&w->timed_out);
		web_conn_close(w, c);
	}
}
