/* SPDX-License-Identifier: MIT */
/* params_tcp: a server process of our own behind TCP on loopback, which adds; one request after the other. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites/scaling/params.h"
#include "suites/scaling/params_add.h"

enum { LINKS_MOST = 64, PATIENCE_S = 20 };
enum { PUSH = 'p', PULL = 'g', EXCHANGE = 'x' };

struct params {
	size_t count;
	struct sockaddr_in address;
	pid_t server;
};

struct params_link {
	int fd;
	size_t bytes;
};

static bool send_all(int fd, const void *data, size_t size)
{
	for (const char *at = data; size > 0;) {
		ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static bool receive_all(int fd, void *data, size_t size)
{
	for (char *at = data; size > 0;) {
		ssize_t n = recv(fd, at, size, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

struct server {
	size_t count;
	float *values, *gradient;
	struct pollfd fds[1 + LINKS_MOST]; /* the first one listens */
	nfds_t n;
};

/* A whole request; false: this worker has gone. */
static bool answer(struct server *s, int fd)
{
	char what;
	if (!receive_all(fd, &what, 1))
		return false;
	if (what == PULL)
		return send_all(fd, s->values, s->count * sizeof(float));
	if ((what != PUSH && what != EXCHANGE) ||
	    !receive_all(fd, s->gradient, s->count * sizeof(float)))
		return false;
	params_add(s->values, s->gradient, NULL, 0, s->count, false);
	if (what == EXCHANGE)
		return send_all(fd, s->values, s->count * sizeof(float));
	return send_all(fd, &what, 1);
}

static void serve(struct server *s)
{
	for (;;) {
		if (poll(s->fds, s->n, -1) < 0 && errno != EINTR)
			_exit(1);
		for (nfds_t i = s->n; i-- > 1;) {
			if (!s->fds[i].revents || answer(s, s->fds[i].fd))
				continue;
			close(s->fds[i].fd);
			s->fds[i] = s->fds[--s->n];
		}
		if (!s->fds[0].revents || s->n > LINKS_MOST)
			continue;
		int fd = accept4(s->fds[0].fd, NULL, NULL, SOCK_CLOEXEC);
		int one = 1;
		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		s->fds[s->n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
}

/* The server: anywhere, and gone with its parent. */
static void run_server(int listener, size_t count, pid_t parent)
{
	cpu_set_t all;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	CPU_ZERO(&all);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		CPU_SET(cpu, &all);
	sched_setaffinity(0, sizeof(all), &all);
	struct server s = {
		.count = count,
		.values = calloc(count, sizeof(float)),
		.gradient = calloc(count, sizeof(float)),
		.fds = {{.fd = listener, .events = POLLIN}},
		.n = 1,
	};
	if (s.values && s.gradient)
		serve(&s);
	_exit(1);
}

static void stop(struct params *p)
{
	if (!p)
		return;
	if (p->server > 0) {
		kill(p->server, SIGKILL);
		waitpid(p->server, NULL, 0);
	}
	free(p);
}

static enum assay_code listen_on(struct params *p, int fd, struct assay_err *err)
{
	socklen_t size = sizeof(p->address);
	p->address = (struct sockaddr_in){.sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (fd < 0 || bind(fd, (struct sockaddr *)&p->address, size) != 0 ||
	    listen(fd, LINKS_MOST) != 0 ||
	    getsockname(fd, (struct sockaddr *)&p->address, &size) != 0)
		return assay_fail(err, ASSAY_SKIP, "no TCP on loopback: %s", strerror(errno));
	return ASSAY_OK;
}

static enum assay_code start(size_t count, struct params **ret, struct assay_err *err)
{
	struct params *p = calloc(1, sizeof(*p));
	if (!p)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	p->count = count;
	ASSAY_AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enum assay_code code = listen_on(p, fd, err);
	if (code == ASSAY_OK) {
		pid_t parent = getpid();
		p->server = fork();
		if (p->server == 0)
			run_server(fd, count, parent);
		if (p->server < 0)
			code = assay_fail(err, ASSAY_EIO, "fork: %s", strerror(errno));
	}
	if (code == ASSAY_OK)
		*ret = p;
	else
		stop(p);
	return code;
}

static enum assay_code connect_to(struct params *p, struct params_link **ret, struct assay_err *err)
{
	struct params_link *link = calloc(1, sizeof(*link));
	if (!link)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int one = 1;
	link->bytes = p->count * sizeof(float);
	link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->fd < 0 ||
	    connect(link->fd, (struct sockaddr *)&p->address, sizeof(p->address)) != 0 ||
	    setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    setsockopt(link->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
	    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0) {
		enum assay_code code =
			assay_fail(err, ASSAY_EIO, "parameter server: %s", strerror(errno));
		if (link->fd >= 0)
			close(link->fd);
		free(link);
		return code;
	}
	*ret = link;
	return ASSAY_OK;
}

static enum assay_code gone(struct assay_err *err)
{
	return assay_fail(err, ASSAY_EIO,
			  "the parameter server has gone, or did not answer within %d s",
			  PATIENCE_S);
}

static enum assay_code push(struct params_link *link, const float *gradient, struct assay_err *err)
{
	char what = PUSH;
	bool ok = send_all(link->fd, &what, 1) && send_all(link->fd, gradient, link->bytes) &&
		  receive_all(link->fd, &what, 1); /* it has been added */
	return ok ? ASSAY_OK : gone(err);
}

static enum assay_code pull(struct params_link *link, float *into, struct assay_err *err)
{
	char what = PULL;
	bool ok = send_all(link->fd, &what, 1) && receive_all(link->fd, into, link->bytes);
	return ok ? ASSAY_OK : gone(err);
}

static enum assay_code exchange(struct params_link *link, const float *gradient, float *into,
				struct assay_err *err)
{
	char what = EXCHANGE;
	bool ok = send_all(link->fd, &what, 1) && send_all(link->fd, gradient, link->bytes) &&
		  receive_all(link->fd, into, link->bytes);
	return ok ? ASSAY_OK : gone(err);
}

static void disconnect(struct params_link *link)
{
	if (!link)
		return;
	close(link->fd);
	free(link);
}

static const struct params_ops ops = {
	.computes = true,
	.sums = true,
	.start = start,
	.connect = connect_to,
	.push = push,
	.pull = pull,
	.exchange = exchange,
	.disconnect = disconnect,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_params_tcp = {
	.interface = SCALING_PARAMS,
	.brief = "a server process of our own behind TCP on loopback",
	.ops = &ops,
};
