/* SPDX-License-Identifier: MIT */
/*
 * relay_conn: a caller has one request under way at a time, which stays at the front of its buffer until it
 * is answered, so that it can be sent again. Whatever changes a caller ends in advance().
 */
#include "suites/concurrency/relay_conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void tally(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void want(struct relay *r, struct relay_end *end, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = end};
	if (end->events != events)
		epoll_ctl(r->epoll, EPOLL_CTL_MOD, end->fd, &event);
	end->events = events;
}

/* False: the end is not taken over. */
static bool enlist(struct relay *r, struct relay_end *end, enum relay_side side, int fd,
		   uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = end};
	int on = 1;
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		return false;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* only saves time */
	*end = (struct relay_end){side, fd, events, r->ends, &r->ends};
	if (end->next)
		end->next->link = &end->next;
	r->ends = end;
	return true;
}

void relay_end_close(struct relay *r, struct relay_end *end)
{
	close(end->fd); /* leaves the epoll by itself */
	end->fd = -1;
	*end->link = end->next;
	if (end->next)
		end->next->link = end->link;
	end->next = r->gone;
	r->gone = end;
	r->callers -= end->side == RELAY_CALLER;
}

void relay_bury(struct relay *r)
{
	while (r->gone) {
		struct relay_end *end = r->gone;
		r->gone = end->next;
		free(end);
	}
}

/* A caller that goes takes the connection with its request along: the answer to come is nobody's. */
static void close_caller(struct relay *r, struct relay_caller *c)
{
	struct relay_link *l = c->link;
	if (l) {
		balancer_end(r->balancer, (int)l->backend, r->now_ns, r->now_ns - l->sent_ns, true);
		relay_end_close(r, &l->end);
	}
	relay_end_close(r, &c->end);
}

/* What the socket takes of out[]; the rest when it can be written again. */
static void flush(struct relay *r, struct relay_caller *c)
{
	while (c->out_at < c->out_size) {
		ssize_t n =
			send(c->end.fd, c->out + c->out_at, c->out_size - c->out_at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0) {
			close_caller(r, c);
			return;
		}
		c->out_at += (size_t)n;
	}
	c->out_at = c->out_size = 0;
}

/* The request is answered by what is in out[]: room for the next. */
static void finish(struct relay *r, struct relay_caller *c)
{
	c->in_size -= c->request.size;
	memmove(c->in, c->in + c->request.size, c->in_size);
	c->request.size = 0;
	c->link = NULL;
	c->since_ns = r->now_ns;
	flush(r, c);
}

static void say(struct relay *r, struct relay_caller *c, unsigned status)
{
	int n = snprintf(c->out, sizeof(c->out), "HTTP/1.1 %u %s\r\nContent-Length: 0\r\n%s\r\n",
			 status, http_reason(status), c->last ? "Connection: close\r\n" : "");
	c->out_size = (size_t)n;
	tally(&r->failed);
	finish(r, c);
}

static struct relay_link *open_link(struct relay *r, unsigned backend)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(r->ports[backend]),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct relay_link *l = malloc(sizeof(*l));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool ok = l && fd >= 0;
	bool at_once = ok && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	ok = ok && (at_once || errno == EINPROGRESS) &&
	     enlist(r, &l->end, RELAY_BACKEND, fd, at_once ? EPOLLIN : EPOLLOUT);
	if (!ok) {
		if (fd >= 0)
			close(fd);
		free(l);
		return NULL;
	}
	l->backend = backend;
	l->connecting = !at_once;
	l->used = false;
	l->in_size = 0;
	return l;
}

static bool send_request(struct relay_link *l)
{
	const struct relay_caller *c = l->caller;
	/* nothing else is under way here: a socket's buffer holds it whole */
	return send(l->end.fd, c->in, c->request.size, MSG_NOSIGNAL) == (ssize_t)c->request.size;
}

/* Over a kept connection that still works, or a new one. False: it cannot be reached. */
static bool give(struct relay *r, struct relay_caller *c, unsigned backend)
{
	for (;;) {
		struct relay_link *l = r->idle[backend];
		if (l)
			r->idle[backend] = l->next_idle;
		else if (!(l = open_link(r, backend)))
			return false;
		l->caller = c;
		l->sent_ns = r->now_ns;
		if (l->connecting || send_request(l)) {
			c->link = l;
			return true;
		}
		bool fresh = !l->used;
		relay_end_close(r, &l->end);
		if (fresh)
			return false;
	}
}

/* Requests for the same path have the same key (FNV-1a). */
static uint64_t key_of(const struct http_request *request)
{
	uint64_t key = 0xcbf29ce484222325u;
	for (size_t i = 0; i < request->path_size; i++)
		key = (key ^ (unsigned char)request->path[i]) * 0x100000001b3u;
	return key;
}

/* To some backend, or an answer of our own. What has effects is sent once: nobody knows how far it got. */
static void dispatch(struct relay *r, struct relay_caller *c)
{
	unsigned most = c->request.method == HTTP_POST ? 1 : RELAY_TRIES;
	for (; c->tries < most; c->tries++) {
		int i = balancer_pick(r->balancer, key_of(&c->request), r->now_ns);
		if (i == BALANCER_NONE) {
			say(r, c, 503);
			return;
		}
		if (c->tries)
			tally(&r->retried);
		if (give(r, c, (unsigned)i))
			return;
		balancer_end(r->balancer, i, r->now_ns, 0, false);
	}
	say(r, c, 502);
}

/* All requests that can be sent on now; then what epoll should tell. May close it. */
static void advance(struct relay *r, struct relay_caller *c)
{
	while (c->end.fd >= 0 && !c->link && c->out_size == 0 && !c->last) {
		int rc = http_parse(c->in, c->in_size, &c->request);
		if (rc == HTTP_MORE)
			break;
		tally(&r->requests);
		c->tries = 0;
		c->since_ns = r->now_ns;
		c->last = rc != HTTP_OK || !c->request.keep_alive;
		if (rc == HTTP_OK) {
			dispatch(r, c);
		} else {
			c->request.size = c->in_size;
			say(r, c, (unsigned)rc);
		}
	}
	if (c->end.fd >= 0 && !c->link && c->out_size == 0 && (c->last || c->ended))
		close_caller(r, c);
	if (c->end.fd < 0)
		return;
	uint32_t read = c->ended || c->in_size == sizeof(c->in) ? 0 : (uint32_t)EPOLLIN;
	want(r, &c->end, read | (c->out_size ? (uint32_t)EPOLLOUT : 0));
}

/* A refusal that fits any socket's buffer; what cannot be sent is not missed. */
static void refuse(struct relay *r, int fd)
{
	static const char text[] =
		"HTTP/1.1 503 Service Unavailable\r\n"
		"Content-Length: 0\r\nConnection: close\r\n\r\n";
	send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	tally(&r->refused);
}

void relay_caller_add(struct relay *r, int fd)
{
	bool full = r->callers >= r->config.connections;
	struct relay_caller *c = full ? NULL : malloc(sizeof(*c));
	if (!c || !enlist(r, &c->end, RELAY_CALLER, fd, EPOLLIN)) {
		free(c);
		refuse(r, fd);
		return;
	}
	c->link = NULL;
	c->since_ns = r->now_ns;
	c->last = c->ended = false;
	c->request.size = c->in_size = c->out_size = c->out_at = 0;
	r->callers++;
}

void relay_caller_ready(struct relay *r, struct relay_caller *c, uint32_t events)
{
	ssize_t n = 1;
	if (events & (EPOLLERR | EPOLLHUP))
		n = -1;
	else if (events & EPOLLIN && c->in_size < sizeof(c->in))
		n = recv(c->end.fd, c->in + c->in_size, sizeof(c->in) - c->in_size, 0);
	else
		events &= ~(uint32_t)EPOLLIN;
	if (n < 0 && !(events & (EPOLLERR | EPOLLHUP)) && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		close_caller(r, c);
		return;
	}
	if (events & EPOLLIN)
		c->in_size += (size_t)n;
	c->ended |= n == 0;
	if (events & EPOLLOUT)
		flush(r, c);
	advance(r, c);
}

static void forget_idle(struct relay *r, struct relay_link *l)
{
	struct relay_link **at = &r->idle[l->backend];
	while (*at && *at != l)
		at = &(*at)->next_idle;
	if (*at)
		*at = l->next_idle;
}

/* The backend broke off, or never answered: another may do it. */
static void lost(struct relay *r, struct relay_link *l)
{
	struct relay_caller *c = l->caller;
	/* one that was kept may have been closed while the request was on its way: no failure */
	bool stale = l->used && l->in_size == 0;
	balancer_end(r->balancer, (int)l->backend, r->now_ns, r->now_ns - l->sent_ns, stale);
	relay_end_close(r, &l->end);
	c->link = NULL;
	c->tries++;
	dispatch(r, c);
	advance(r, c);
}

/* As http_answer(); to HEAD there is no body, whatever the length says. */
static long answer_size(const struct relay_link *l, unsigned *ret_status)
{
	if (l->caller->request.method != HTTP_HEAD)
		return http_answer(l->in, l->in_size, sizeof(l->in), ret_status);
	const char *empty = memmem(l->in, l->in_size, "\r\n\r\n", 4);
	*ret_status = 200;
	return empty ? empty + 4 - l->in : l->in_size < sizeof(l->in) ? 0 : -1;
}

static void answered(struct relay *r, struct relay_link *l, unsigned status)
{
	struct relay_caller *c = l->caller;
	balancer_end(r->balancer, (int)l->backend, r->now_ns, r->now_ns - l->sent_ns, status < 500);
	memcpy(c->out, l->in, l->in_size);
	c->out_size = l->in_size;
	l->in_size = 0;
	l->used = true;
	l->caller = NULL;
	l->next_idle = r->idle[l->backend];
	r->idle[l->backend] = l;
	tally(&r->answered);
	finish(r, c);
	advance(r, c);
}

static void connected(struct relay *r, struct relay_link *l)
{
	int error = 0;
	socklen_t size = sizeof(error);
	l->connecting = false;
	if (getsockopt(l->end.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0 ||
	    !send_request(l))
		lost(r, l);
	else
		want(r, &l->end, EPOLLIN);
}

void relay_link_ready(struct relay *r, struct relay_link *l, uint32_t events)
{
	unsigned status = 0;
	if (!l->caller) { /* idle: it can only have been closed */
		forget_idle(r, l);
		relay_end_close(r, &l->end);
		return;
	}
	if (l->connecting) {
		connected(r, l);
		return;
	}
	ssize_t n = recv(l->end.fd, l->in + l->in_size, sizeof(l->in) - l->in_size, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	l->in_size += n > 0 ? (size_t)n : 0;
	long whole = n > 0 ? answer_size(l, &status) : -1;
	if (whole < 0 || (whole > 0 && (size_t)whole != l->in_size))
		lost(r, l);
	else if (whole > 0)
		answered(r, l, status);
}

static void sweep_caller(struct relay *r, struct relay_caller *c)
{
	struct relay_link *l = c->link;
	if (l && r->now_ns - l->sent_ns >= r->config.answer_ms * 1000000ull) {
		balancer_end(r->balancer, (int)l->backend, r->now_ns, r->now_ns - l->sent_ns,
			     false);
		relay_end_close(r, &l->end);
		say(r, c, 504);
		advance(r, c);
	} else if (!l && r->now_ns - c->since_ns >= r->config.idle_ms * 1000000ull) {
		c->last = true;
		c->request.size = c->in_size;
		if (c->in_size && !c->out_size)
			say(r, c, 408);
		if (c->end.fd >= 0)
			close_caller(r, c);
	}
}

void relay_sweep(struct relay *r)
{
	for (struct relay_end *end = r->ends; end;) {
		struct relay_end *next = end->next;
		if (end->side == RELAY_CALLER)
			sweep_caller(r, (struct relay_caller *)end);
		/* closed along with its caller: what is left waits for the next sweep */
		if (next && next->fd < 0)
			break;
		end = next;
	}
}
