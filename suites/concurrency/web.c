/* SPDX-License-Identifier: MIT */
/* web: start and stop, and each worker's loop; what happens on a connection is in web_conn.c. */
#include "suites/concurrency/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "suites/concurrency/web_conn.h"

enum { EVENTS = 64, BACKLOG = 1024, ACCEPTS = 64 };

struct web {
	struct web_config config;
	int listener, stop;
	uint16_t port;
	unsigned started;
	struct web_worker workers[WEB_WORKERS_MAX];
	pthread_t threads[WEB_WORKERS_MAX];
};

/* Descriptors ran out: with the one in reserve the caller is taken and let go, so that it knows. */
static void turn_away(struct web_worker *w)
{
	close(w->reserve);
	int fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		close(fd);
		web_count(&w->refused);
	}
	w->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void accept_some(struct web_worker *w)
{
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			web_conn_add(w, fd);
		else if (errno == EMFILE || errno == ENFILE)
			turn_away(w);
		else if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

/* Until the connection that has been silent for longest must be closed. */
static int patience_ms(const struct web_worker *w, uint64_t now_ns)
{
	if (!w->oldest)
		return -1;
	uint64_t until_ns = w->oldest->since_ns + w->idle_ns;
	return until_ns <= now_ns ? 0 : (int)((until_ns - now_ns) / 1000000 + 1);
}

static void *work(void *arg)
{
	struct web_worker *w = arg;
	struct epoll_event events[EVENTS];
	cpu_set_t all;
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all); /* where it may not, it stays where it is */
	for (;;) {
		int n = epoll_wait(w->epoll, events, EVENTS, patience_ms(w, assay_now_ns()));
		w->now_ns = assay_now_ns();
		for (int i = 0; i < n; i++) {
			void *what = events[i].data.ptr;
			if (what == w)
				return NULL;
			if (what == &w->listener)
				accept_some(w);
			else
				web_conn_ready(w, what);
		}
		web_conn_sweep(w);
	}
}

static bool watch(int epoll, int fd, void *what, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = what};
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool start_worker(struct web *web, unsigned i)
{
	struct web_worker *w = &web->workers[i];
	*w = (struct web_worker){.number = i,
				 .listener = web->listener,
				 .routes = web->config.routes,
				 .connections_most = web->config.connections,
				 .idle_ns = web->config.idle_ms * 1000000ull};
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool ok = w->epoll >= 0 && watch(w->epoll, web->stop, w, EPOLLIN) &&
		  watch(w->epoll, web->listener, &w->listener, EPOLLIN | EPOLLEXCLUSIVE) &&
		  pthread_create(&web->threads[i], NULL, work, w) == 0;
	if (!ok && w->epoll >= 0)
		close(w->epoll);
	if (!ok && w->reserve >= 0)
		close(w->reserve);
	return ok;
}

static enum assay_code open_listener(struct web *web, struct assay_err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(web->config.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int on = 1;
	web->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* for connections of a server that has ended; a port in use stays refused */
	if (web->listener < 0 ||
	    setsockopt(web->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(web->listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(web->listener, BACKLOG) != 0 ||
	    getsockname(web->listener, (struct sockaddr *)&at, &size) != 0)
		return assay_fail(err, ASSAY_EIO, "listen on port %u of loopback: %s",
				  web->config.port, strerror(errno));
	web->port = ntohs(at.sin_port);
	return ASSAY_OK;
}

enum assay_code web_start(const struct web_config *config, struct web **ret, struct assay_err *err)
{
	if (config->workers < 1 || config->workers > WEB_WORKERS_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "%u workers: from 1 to %d", config->workers,
				  WEB_WORKERS_MAX);
	struct web *web = calloc(1, sizeof(*web));
	if (!web)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a server");
	web->config = *config;
	web->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	enum assay_code rc = open_listener(web, err);
	while (rc == ASSAY_OK && web->started < config->workers)
		if (web->stop >= 0 && start_worker(web, web->started))
			web->started++;
		else
			rc = assay_fail(err, ASSAY_EIO, "start worker %u of a server: %s",
					web->started, strerror(errno));
	if (rc != ASSAY_OK) {
		web_stop(web);
		return rc;
	}
	*ret = web;
	return ASSAY_OK;
}

uint16_t web_port(const struct web *web)
{
	return web->port;
}

void web_stats(const struct web *web, struct web_stats *ret)
{
	*ret = (struct web_stats){0};
	for (unsigned i = 0; i < web->started; i++) {
		const struct web_worker *w = &web->workers[i];
		ret->requests += atomic_load_explicit(&w->requests, memory_order_relaxed);
		ret->accepted += atomic_load_explicit(&w->accepted, memory_order_relaxed);
		ret->open += atomic_load_explicit(&w->connections, memory_order_relaxed);
		ret->refused += atomic_load_explicit(&w->refused, memory_order_relaxed);
		ret->malformed += atomic_load_explicit(&w->malformed, memory_order_relaxed);
		ret->timed_out += atomic_load_explicit(&w->timed_out, memory_order_relaxed);
	}
}

void web_stop(struct web *web)
{
	if (!web)
		return;
	uint64_t one = 1;
	/* never read, so that it wakes each worker; an eventfd at zero cannot refuse */
	ssize_t written = web->stop >= 0 ? write(web->stop, &one, sizeof(one)) : 0;
	(void)written;
	for (unsigned i = 0; i < web->started; i++) {
		struct web_worker *w = &web->workers[i];
		pthread_join(web->threads[i], NULL);
		while (w->oldest)
			web_conn_close(w, w->oldest);
		close(w->epoll);
		close(w->reserve);
	}
	if (web->listener >= 0)
		close(web->listener);
	if (web->stop >= 0)
		close(web->stop);
	free(web);
}
