/* SPDX-License-Identifier: MIT */
/* load: nonblocking connections on one epoll; a request is sent when it is due and one is idle. */
#include "suites/concurrency/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "suites/concurrency/http.h"

enum { ANSWER_MAX = 16384, EVENTS = 64 };

struct client {
	int fd;
	bool busy;
	uint64_t intended_ns;
	size_t size;
	char in[ANSWER_MAX];
};

struct load {
	struct load_config config;
	size_t request_size;
	int epoll;
	struct client *clients;
	unsigned *idle, n_idle; /* a stack */
	struct epoll_event events[EVENTS];
	int n_events, at_event;
	double next_ns;  /* when the next request is due */
	double until_ns; /* those due later do not come */
	double mean_gap_ns;
	uint64_t began_ns, cpu_ns, answered, intended, most;
	struct assay_rng rng;
};

static enum assay_code connect_client(struct load *l, unsigned i, struct assay_err *err)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(l->config.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct client *c = &l->clients[i];
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
	int on = 1, rc;
	/* on loopback, connect ends at once or is refused; a full backlog makes it wait: then poll */
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return assay_fail(err, ASSAY_EIO, "connection %u: %s", i, strerror(errno));
	rc = connect(c->fd, (struct sockaddr *)&to, sizeof(to));
	if (rc != 0 && errno == EINPROGRESS) {
		struct pollfd wait = {.fd = c->fd, .events = POLLOUT};
		socklen_t size = sizeof(rc);
		rc = ETIMEDOUT;
		if (poll(&wait, 1, (int)l->config.deadline_ms) == 1)
			getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &rc, &size);
		errno = rc;
	}
	if (rc != 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		return assay_fail(err, ASSAY_EIO, "connection %u to port %u: %s", i, l->config.port,
				  strerror(errno));
	l->idle[l->n_idle++] = i;
	return ASSAY_OK;
}

static enum assay_code prepare(struct load *l, struct assay_err *err)
{
	unsigned n = l->config.connections;
	l->clients = calloc(n, sizeof(*l->clients));
	l->idle = calloc(n, sizeof(*l->idle));
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; l->clients && i < n; i++)
		l->clients[i].fd = -1;
	if (!l->clients || !l->idle)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %u connections", n);
	if (l->epoll < 0)
		return assay_fail(err, ASSAY_EIO, "epoll_create1: %s", strerror(errno));
	enum assay_code rc = ASSAY_OK;
	for (unsigned i = 0; i < n && rc == ASSAY_OK; i++)
		rc = connect_client(l, i, err);
	return rc;
}

enum assay_code load_new(const struct load_config *config, struct load **ret, struct assay_err *err)
{
	if (config->connections < 1 || config->connections > LOAD_CONNECTIONS_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "%u connections: from 1 to %d",
				  config->connections, LOAD_CONNECTIONS_MAX);
	struct load *l = calloc(1, sizeof(*l));
	if (!l)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a load generator");
	l->config = *config;
	if (!l->config.deadline_ms)
		l->config.deadline_ms = LOAD_DEADLINE_MS;
	l->request_size = strlen(config->request);
	l->epoll = -1;
	assay_rng_init(&l->rng, config->seed);
	enum assay_code rc = load_set_rate(l, config->rate_hz, err);
	if (rc == ASSAY_OK)
		rc = prepare(l, err);
	if (rc != ASSAY_OK) {
		load_free(l);
		return rc;
	}
	*ret = l;
	return ASSAY_OK;
}

void load_free(struct load *l)
{
	if (!l)
		return;
	for (unsigned i = 0; l->clients && i < l->config.connections; i++)
		if (l->clients[i].fd >= 0)
			close(l->clients[i].fd);
	if (l->epoll >= 0)
		close(l->epoll);
	free(l->clients);
	free(l->idle);
	free(l);
}

enum assay_code load_set_rate(struct load *l, double rate_hz, struct assay_err *err)
{
	if (!(rate_hz >= 0 && rate_hz <= 1e9))
		return assay_fail(err, ASSAY_EUSAGE, "%g requests a second: from 0 to 1e9",
				  rate_hz);
	l->config.rate_hz = rate_hz;
	l->mean_gap_ns = rate_hz > 0 ? 1e9 / rate_hz : 0;
	return ASSAY_OK;
}

void load_begin(struct load *l, uint64_t most)
{
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* else requests start up to 50 us late */
	l->most = most ? most : UINT64_MAX;
	l->began_ns = assay_now_ns();
	l->cpu_ns = assay_thread_cpu_ns();
	l->next_ns = (double)l->began_ns;
	l->until_ns = INFINITY;
	l->answered = l->intended = 0;
}

void load_close(struct load *l)
{
	l->until_ns = (double)assay_now_ns();
}

bool load_owes(const struct load *l)
{
	bool due = l->mean_gap_ns > 0 && l->intended < l->most && l->next_ns <= l->until_ns;
	return due || l->n_idle < l->config.connections;
}

static enum assay_code send_one(struct load *l, uint64_t intended_ns, struct assay_err *err)
{
	struct client *c = &l->clients[l->idle[--l->n_idle]];
	c->busy = true;
	c->size = 0;
	c->intended_ns = intended_ns;
	/* small, and the connection is idle: a socket's buffer holds it whole */
	ssize_t n = send(c->fd, l->config.request, l->request_size, MSG_NOSIGNAL);
	if (n != (ssize_t)l->request_size)
		return assay_fail(err, ASSAY_EIO, "send a request: %s",
				  n < 0 ? strerror(errno) : "sent in part only");
	return ASSAY_OK;
}

/* All that is due and finds an idle connection. */
static enum assay_code send_due(struct load *l, uint64_t now_ns, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	bool closed = l->mean_gap_ns == 0;
	while (rc == ASSAY_OK && l->n_idle && l->intended < l->most &&
	       (closed || l->next_ns <= fmin((double)now_ns, l->until_ns))) {
		rc = send_one(l, closed ? now_ns : (uint64_t)l->next_ns, err);
		l->next_ns += l->config.poisson ? -log(1 - assay_rng_unit(&l->rng)) * l->mean_gap_ns
						: l->mean_gap_ns;
		l->intended++;
	}
	return rc;
}

/* 1: an answer is whole, 0: not yet. */
static int receive(struct load *l, struct client *c, enum assay_code *rc, struct assay_err *err)
{
	unsigned status = 0;
	ssize_t n = recv(c->fd, c->in + c->size, sizeof(c->in) - c->size, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		*rc = assay_fail(err, ASSAY_EIO, "the server closed a connection: %s",
				 n < 0 ? strerror(errno) : "end of stream");
		return 0;
	}
	c->size += (size_t)n;
	long whole = http_answer(c->in, c->size, sizeof(c->in), &status);
	if (whole == 0)
		return 0;
	if (whole < 0 || (size_t)whole != c->size || !c->busy || status != 200) {
		*rc = assay_fail(err, ASSAY_ECHECK, "the server's answer is no 200: status %u",
				 status);
		return 0;
	}
	c->busy = false;
	l->idle[l->n_idle++] = (unsigned)(c - l->clients);
	return 1;
}

/* As epoll_wait(), but to the nanosecond. */
static int wait_on_epoll(struct load *l, const struct timespec *wait)
{
	int n = epoll_pwait2(l->epoll, l->events, EVENTS, wait, NULL);
	if (n >= 0 || errno != ENOSYS)
		return n;
	/* Before Linux 5.11: the descriptor itself can be waited for. */
	struct pollfd ready = {.fd = l->epoll, .events = POLLIN};
	n = ppoll(&ready, 1, wait, NULL);
	return n > 0 ? epoll_wait(l->epoll, l->events, EVENTS, 0) : n;
}

/* Until something can be read or the next request is due, at most the deadline. False: neither. */
static bool wait_for_events(struct load *l, uint64_t now_ns)
{
	unsigned most_ms = l->config.deadline_ms;
	struct timespec wait = {most_ms / 1000, most_ms % 1000 * 1000000};
	double until_due = l->next_ns - (double)now_ns;
	bool due = l->mean_gap_ns > 0 && l->n_idle && l->intended < l->most &&
		   l->next_ns <= l->until_ns && until_due < most_ms * 1e6;
	if (due)
		wait = (struct timespec){(time_t)(until_due / 1e9),
					 (long)fmax(0, fmod(until_due, 1e9))};
	l->at_event = 0;
	l->n_events = wait_on_epoll(l, &wait);
	if (l->n_events < 0)
		l->n_events = 0;
	return l->n_events > 0 || due;
}

static enum assay_code next_answer(struct load *l, bool sends, uint64_t *ret_intended_ns,
				   struct assay_err *err)
{
	uint64_t progress_ns = assay_now_ns();
	enum assay_code rc = ASSAY_OK;
	for (;;) {
		while (rc == ASSAY_OK && l->at_event < l->n_events) {
			struct client *c = &l->clients[l->events[l->at_event++].data.u32];
			if (receive(l, c, &rc, err)) {
				*ret_intended_ns = c->intended_ns;
				return ASSAY_OK;
			}
		}
		uint64_t now_ns = assay_now_ns();
		if (rc == ASSAY_OK && sends)
			rc = send_due(l, now_ns, err);
		if (rc != ASSAY_OK)
			return rc;
		bool some = wait_for_events(l, now_ns);
		if (!some && assay_now_ns() - progress_ns >= l->config.deadline_ms * 1000000ull)
			return assay_fail(err, ASSAY_EIO, "no answer within %u ms",
					  l->config.deadline_ms);
	}
}

enum assay_code load_next(struct load *l, uint64_t *ret_intended_ns, struct assay_err *err)
{
	enum assay_code rc = next_answer(l, true, ret_intended_ns, err);
	l->answered += rc == ASSAY_OK;
	return rc;
}

enum assay_code load_end(struct load *l, struct load_report *ret, struct assay_err *err)
{
	uint64_t now_ns = assay_now_ns(), ignored;
	double span_s = (double)(now_ns - l->began_ns) / 1e9;
	double due = (double)l->intended;
	/* those that are due and found no connection were offered as well */
	if (l->mean_gap_ns > 0 && l->intended < l->most && l->next_ns < (double)now_ns)
		due += ((double)now_ns - l->next_ns) / l->mean_gap_ns;
	*ret = (struct load_report){.answered = l->answered, .intended = l->intended};
	ret->offered_hz = due / span_s;
	ret->achieved_hz = (double)l->answered / span_s;
	ret->saturated =
		l->mean_gap_ns > 0 && (double)l->answered < 0.95 * due - l->config.connections;
	ret->own_cpu_ns = (double)(assay_thread_cpu_ns() - l->cpu_ns) /
			  (double)(l->answered ? l->answered : 1);
	enum assay_code rc = ASSAY_OK;
	while (rc == ASSAY_OK && l->n_idle < l->config.connections)
		rc = next_answer(l, false, &ignored, err);
	return rc;
}
