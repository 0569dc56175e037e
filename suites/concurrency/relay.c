/* SPDX-License-Identifier: MIT */
/* relay: start, stop and the loop; what happens on connections is in relay_conn.c. */
#include "suites/concurrency/relay.h"

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
#include "suites/concurrency/relay_conn.h"

enum { EVENTS = 64, ACCEPTS = 64, BACKLOG = 1024, SWEEP_MS = 50, MAX_FAILS = 2 };

struct relay_thread {
	struct relay relay; /* first: the handle is its address */
	pthread_t thread;
	bool started;
	uint16_t port;
};

/* Descriptors ran out: with the one in reserve the caller is taken and let go, so that it knows. */
static void turn_away(struct relay *r)
{
	close(r->reserve);
	int fd = accept4(r->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		close(fd);
		atomic_fetch_add_explicit(&r->refused, 1, memory_order_relaxed);
	}
	r->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void accept_some(struct relay *r)
{
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(r->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			relay_caller_add(r, fd);
		else if (errno == EMFILE || errno == ENFILE)
			turn_away(r);
		else if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

/* False: told to stop. */
static bool handle(struct relay *r, struct relay_end *end, uint32_t events)
{
	if (end == &r->stop)
		return false;
	if (end == &r->listener)
		accept_some(r);
	else if (end->fd >= 0 && end->side == RELAY_CALLER)
		relay_caller_ready(r, (struct relay_caller *)end, events);
	else if (end->fd >= 0)
		relay_link_ready(r, (struct relay_link *)end, events);
	return true;
}

static void *work(void *arg)
{
	struct relay *r = arg;
	struct epoll_event events[EVENTS];
	uint64_t sweep_ns = 0;
	cpu_set_t all;
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all); /* where it may not, it stays where it is */
	for (bool on = true; on;) {
		int n = epoll_wait(r->epoll, events, EVENTS, SWEEP_MS);
		r->now_ns = assay_now_ns();
		for (int i = 0; i < n && on; i++)
			on = handle(r, events[i].data.ptr, events[i].events);
		if (r->now_ns >= sweep_ns) {
			relay_sweep(r);
			sweep_ns = r->now_ns + SWEEP_MS * 1000000ull;
		}
		relay_bury(r);
	}
	return NULL;
}

static enum assay_code open_listener(struct relay_thread *t, struct assay_err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	t->relay.listener.fd = fd;
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, BACKLOG) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		return assay_fail(err, ASSAY_EIO, "listen on loopback: %s", strerror(errno));
	t->port = ntohs(at.sin_port);
	return ASSAY_OK;
}

static enum assay_code make_balancer(struct relay *r, struct assay_err *err)
{
	const struct relay_config *c = &r->config;
	struct balancer_backend backends[RELAY_BACKENDS_MAX] = {0};
	struct balancer_config config = {.backends = backends, .n = c->backends, .seed = c->seed};
	for (unsigned i = 0; i < c->backends; i++)
		backends[i] = (struct balancer_backend){.weight = c->weights ? c->weights[i] : 0,
							.max_fails = MAX_FAILS,
							.fail_ns = c->away_ms * 1000000ull};
	return balancer_new(c->policy, &config, &r->balancer, err);
}

static bool watch(struct relay *r, struct relay_end *end)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
	return end->fd >= 0 && epoll_ctl(r->epoll, EPOLL_CTL_ADD, end->fd, &event) == 0;
}

static enum assay_code begin(struct relay_thread *t, struct assay_err *err)
{
	struct relay *r = &t->relay;
	enum assay_code rc = make_balancer(r, err);
	if (rc == ASSAY_OK)
		rc = open_listener(t, err);
	if (rc != ASSAY_OK)
		return rc;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->stop.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	t->started = r->epoll >= 0 && watch(r, &r->listener) && watch(r, &r->stop) &&
		     pthread_create(&t->thread, NULL, work, r) == 0;
	return t->started
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_EIO, "start a relay's thread: %s", strerror(errno));
}

enum assay_code relay_start(const struct relay_config *config, struct relay **ret,
			    struct assay_err *err)
{
	if (config->backends < 1 || config->backends > RELAY_BACKENDS_MAX || !config->connections)
		return assay_fail(err, ASSAY_EUSAGE,
				  "%u backends, %u callers: 1 to %d backends, at least 1 caller",
				  config->backends, config->connections, RELAY_BACKENDS_MAX);
	struct relay_thread *t = calloc(1, sizeof(*t));
	if (!t)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a relay");
	struct relay *r = &t->relay;
	r->config = *config;
	memcpy(r->ports, config->ports, config->backends * sizeof(*r->ports));
	r->epoll = r->reserve = -1;
	r->listener = r->stop = (struct relay_end){.side = RELAY_OTHER, .fd = -1};
	enum assay_code rc = begin(t, err);
	if (rc != ASSAY_OK) {
		relay_stop(r);
		return rc;
	}
	*ret = r;
	return ASSAY_OK;
}

uint16_t relay_port(const struct relay *r)
{
	return ((const struct relay_thread *)r)->port;
}

void relay_stats(const struct relay *r, struct relay_stats *ret)
{
	ret->requests = atomic_load_explicit(&r->requests, memory_order_relaxed);
	ret->answered = atomic_load_explicit(&r->answered, memory_order_relaxed);
	ret->retried = atomic_load_explicit(&r->retried, memory_order_relaxed);
	ret->failed = atomic_load_explicit(&r->failed, memory_order_relaxed);
	ret->refused = atomic_load_explicit(&r->refused, memory_order_relaxed);
}

void relay_stop(struct relay *r)
{
	if (!r)
		return;
	struct relay_thread *t = (struct relay_thread *)r;
	uint64_t one = 1;
	/* an eventfd at zero cannot refuse */
	ssize_t written = t->started ? write(r->stop.fd, &one, sizeof(one)) : 0;
	(void)written;
	if (t->started)
		pthread_join(t->thread, NULL);
	while (r->ends)
		relay_end_close(r, r->ends);
	relay_bury(r);
	const int fds[] = {r->listener.fd, r->stop.fd, r->epoll, r->reserve};
	for (size_t i = 0; i < ASSAY_COUNT_OF(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	balancer_free(r->balancer);
	free(t);
}
