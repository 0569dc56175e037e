/* SPDX-License-Identifier: MIT */
/* comm_tcp: who listens where, a connection between every two ranks, and what goes over them. */
#include "suites/scaling/comm_tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"

/* How long a rank waits for another before it says that this one is gone. */
#define PATIENCE_NS UINT64_C(10000000000)
/* And for the first word of whoever connects. */
#define STRANGER_NS UINT64_C(2000000000)

enum { DOUBLING_BELOW = 2048 /* floats */ };

/* What a connection begins with. */
struct greeting {
	uint64_t token;
	uint32_t rank, spare;
};

static enum assay_code failed(const char *what, unsigned rank, struct assay_err *err)
{
	return assay_fail(err, ASSAY_EIO, "tcp: %s rank %u: %s", what, rank, strerror(errno));
}

/* The address by which this host reaches `near`: that of a socket towards it. No packet is sent. */
static uint32_t own_address(const char *near)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
	struct sockaddr_in own = {0};
	struct addrinfo *list = NULL;
	socklen_t length = sizeof(own);
	uint32_t address = INADDR_LOOPBACK;
	char host[256];
	if (!near || !assay_copy(host, sizeof(host), near))
		return address;
	host[strcspn(host, ":/")] = '\0';
	if (getaddrinfo(host, "9", &hints, &list) != 0)
		return address;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) == 0 &&
	    getsockname(fd, (struct sockaddr *)&own, &length) == 0)
		address = ntohl(own.sin_addr.s_addr);
	if (fd >= 0)
		close(fd);
	freeaddrinfo(list);
	return address;
}

enum assay_code comm_mesh_listen(struct comm_mesh *mesh, unsigned rank, unsigned ranks,
				 const char *near, uint64_t *ret_where, struct assay_err *err)
{
	const uint32_t own = own_address(near);
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(near ? INADDR_ANY : INADDR_LOOPBACK),
	};
	socklen_t length = sizeof(address);
	*mesh = (struct comm_mesh){.rank = rank, .ranks = ranks, .patience_ns = PATIENCE_NS};
	for (unsigned i = 0; i < COMM_MAX_RANKS; i++)
		mesh->peers[i] = -1;
	mesh->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (mesh->listener < 0 ||
	    bind(mesh->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(mesh->listener, COMM_MAX_RANKS) != 0 ||
	    getsockname(mesh->listener, (struct sockaddr *)&address, &length) != 0)
		return failed("listen as", rank, err);
	*ret_where = (uint64_t)own << 16 | ntohs(address.sin_port);
	return ASSAY_OK;
}

static int time_left_ms(uint64_t until_ns)
{
	uint64_t now = assay_now_ns();
	return now < until_ns ? (int)((until_ns - now) / 1000000u) + 1 : 0;
}

/* One side of an exchange: bytes to or from a rank. */
struct way {
	unsigned rank;
	int fd;
	char *at;
	size_t left;
};

/* As much as goes without waiting; *ret_moved says whether anything went. */
static enum assay_code advance(struct way *w, bool out, bool *ret_moved, struct assay_err *err)
{
	while (w->left) {
		ssize_t n = out ? send(w->fd, w->at, w->left, MSG_NOSIGNAL | MSG_DONTWAIT)
				: recv(w->fd, w->at, w->left, MSG_DONTWAIT);
		if (n > 0) {
			w->at += n;
			w->left -= (size_t)n;
			*ret_moved = true;
		} else if (n == 0 && !out) {
			return assay_fail(err, ASSAY_EIO, "tcp: rank %u has gone", w->rank);
		} else if (errno == EAGAIN) {
			return ASSAY_OK;
		} else if (errno != EINTR) {
			return failed(out ? "send to" : "receive from", w->rank, err);
		}
	}
	return ASSAY_OK;
}

/* Both at once, so that a ring of ranks which all send first never stands still. */
static enum assay_code exchange(const struct comm_mesh *m, struct way out, struct way in,
				struct assay_err *err)
{
	uint64_t until = 0;
	for (;;) {
		bool moved = false;
		enum assay_code code = advance(&out, true, &moved, err);
		if (code == ASSAY_OK)
			code = advance(&in, false, &moved, err);
		if (code != ASSAY_OK || (!out.left && !in.left))
			return code;
		if (moved || !until)
			until = assay_now_ns() + m->patience_ns;
		struct pollfd fds[2] = {{.fd = out.left ? out.fd : -1, .events = POLLOUT},
					{.fd = in.left ? in.fd : -1, .events = POLLIN}};
		int ready = poll(fds, 2, time_left_ms(until));
		if (ready < 0 && errno != EINTR)
			return failed("wait for", in.left ? in.rank : out.rank, err);
		if (ready == 0 && time_left_ms(until) == 0)
			return assay_fail(err, ASSAY_EIO, "tcp: rank %u did not answer for %.3g s",
					  in.left ? in.rank : out.rank,
					  (double)m->patience_ns / 1e9);
	}
}

static struct way to(const struct comm_mesh *m, unsigned rank, const void *bytes, size_t n)
{
	return (struct way){rank, m->peers[rank], (char *)bytes, n};
}

static struct way from(const struct comm_mesh *m, unsigned rank, void *bytes, size_t n)
{
	return (struct way){rank, m->peers[rank], bytes, n};
}

static const struct way nobody = {.fd = -1};

static enum assay_code dial(struct comm_mesh *m, unsigned rank, uint64_t where, uint64_t token,
			    struct assay_err *err)
{
	const struct greeting greeting = {.token = token, .rank = m->rank};
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)where),
		.sin_addr.s_addr = htonl((uint32_t)(where >> 16)),
	};
	int fd = m->peers[rank] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 &&
		       errno != EINPROGRESS))
		return failed("reach", rank, err);
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	int error = ETIMEDOUT;
	socklen_t length = sizeof(error);
	if (poll(&ready, 1, (int)(m->patience_ns / 1000000u)) > 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	errno = error;
	if (error)
		return failed("reach", rank, err);
	return exchange(m, to(m, rank, &greeting, sizeof(greeting)), nobody, err);
}

/* Take in one connection; a stranger's is closed again. */
static enum assay_code let_in(struct comm_mesh *m, uint64_t token, uint64_t until,
			      unsigned *ret_came, struct assay_err *err)
{
	struct pollfd ready = {.fd = m->listener, .events = POLLIN};
	poll(&ready, 1, time_left_ms(until));
	/* whoever knocks: it may be strangers without end, or one for whom there is no descriptor */
	if (time_left_ms(until) == 0) {
		unsigned missing = m->rank + 1;
		while (missing + 1 < m->ranks && m->peers[missing] >= 0)
			missing++;
		return assay_fail(err, ASSAY_EIO, "tcp: rank %u did not come within %.3g s",
				  missing, (double)m->patience_ns / 1e9);
	}
	int fd = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return ASSAY_OK; /* it went again */
	struct greeting greeting = {0};
	struct assay_err stranger;
	struct comm_mesh brief = *m;
	brief.patience_ns = STRANGER_NS;
	enum assay_code code =
		exchange(&brief, nobody, (struct way){0, fd, (char *)&greeting, sizeof(greeting)},
			 &stranger);
	if (code != ASSAY_OK || greeting.token != token || greeting.rank <= m->rank ||
	    greeting.rank >= m->ranks || m->peers[greeting.rank] >= 0) {
		close(fd);
		return ASSAY_OK;
	}
	m->peers[greeting.rank] = fd;
	++*ret_came;
	return ASSAY_OK;
}

enum assay_code comm_mesh_connect(struct comm_mesh *m, const uint64_t *where, size_t count,
				  uint64_t token, struct assay_err *err)
{
	size_t share = count / m->ranks + 1;
	unsigned came = 0;
	enum assay_code code = ASSAY_OK;
	m->scratch = calloc(share > DOUBLING_BELOW ? share : DOUBLING_BELOW, sizeof(float));
	if (!m->scratch)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu floats", share);
	for (unsigned i = 0; i < m->rank && code == ASSAY_OK; i++)
		code = dial(m, i, where[i], token, err);
	uint64_t until = assay_now_ns() + m->patience_ns;
	while (code == ASSAY_OK && came + m->rank + 1 < m->ranks)
		code = let_in(m, token, until, &came, err);
	for (unsigned i = 0; i < m->ranks; i++)
		if (m->peers[i] >= 0)
			setsockopt(m->peers[i], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	close(m->listener);
	m->listener = -1;
	return code;
}

static enum assay_code barrier(struct comm_mesh *m, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (unsigned step = 1; step < m->ranks && code == ASSAY_OK; step *= 2) {
		char word = 1, answer;
		code = exchange(m, to(m, (m->rank + step) % m->ranks, &word, 1),
				from(m, (m->rank + m->ranks - step) % m->ranks, &answer, 1), err);
	}
	return code;
}

/* In round k the ranks below 2^k have it, and each gives it to the one 2^k above. */
static enum assay_code broadcast(struct comm_mesh *m, const float *mine, float *receive, size_t n,
				 struct assay_err *err)
{
	const float *have = m->rank == 0 ? mine : receive;
	enum assay_code code = ASSAY_OK;
	for (unsigned step = 1; step < m->ranks && code == ASSAY_OK; step *= 2) {
		if (m->rank < step && m->rank + step < m->ranks)
			code = exchange(m, to(m, m->rank + step, have, n * sizeof(float)), nobody,
					err);
		else if (m->rank >= step && m->rank < 2 * step)
			code = exchange(m, nobody,
					from(m, m->rank - step, receive, n * sizeof(float)), err);
	}
	return code;
}

static void add(float *restrict sum, const float *restrict more, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += more[i];
}

static enum assay_code reduce_by_doubling(struct comm_mesh *m, float *sum, size_t n,
					  struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (unsigned step = 1; step < m->ranks && code == ASSAY_OK; step *= 2) {
		unsigned other = m->rank ^ step;
		code = exchange(m, to(m, other, sum, n * sizeof(float)),
				from(m, other, m->scratch, n * sizeof(float)), err);
		if (code == ASSAY_OK)
			add(sum, m->scratch, n);
	}
	return code;
}

static size_t share_begin(const struct comm_mesh *m, unsigned share, size_t n)
{
	return (size_t)((unsigned __int128)n * share / m->ranks);
}

/* Step k of the ring: a share goes to the next rank, the share before it comes from the one before. */
static enum assay_code ring_step(struct comm_mesh *m, unsigned share, bool adds, float *sum,
				 size_t n, struct assay_err *err)
{
	unsigned before = (share + m->ranks - 1) % m->ranks;
	size_t begin = share_begin(m, share, n), end = share_begin(m, share + 1, n);
	size_t in = share_begin(m, before, n), length = share_begin(m, before + 1, n) - in;
	float *into = adds ? m->scratch : sum + in;
	enum assay_code code = exchange(
		m, to(m, (m->rank + 1) % m->ranks, sum + begin, (end - begin) * sizeof(float)),
		from(m, (m->rank + m->ranks - 1) % m->ranks, into, length * sizeof(float)), err);
	if (code == ASSAY_OK && adds)
		add(sum + in, m->scratch, length);
	return code;
}

static enum assay_code allreduce(struct comm_mesh *m, const float *mine, float *sum, size_t n,
				 struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	memcpy(sum, mine, n * sizeof(float));
	if (n <= DOUBLING_BELOW && (m->ranks & (m->ranks - 1)) == 0)
		return reduce_by_doubling(m, sum, n, err);
	for (unsigned k = 0; k + 1 < m->ranks && code == ASSAY_OK; k++)
		code = ring_step(m, (m->rank + m->ranks - k) % m->ranks, true, sum, n, err);
	for (unsigned k = 0; k + 1 < m->ranks && code == ASSAY_OK; k++)
		code = ring_step(m, (m->rank + 1 + m->ranks - k) % m->ranks, false, sum, n, err);
	return code;
}

static enum assay_code do_once(struct comm_mesh *m, enum comm_op op, uint64_t i, const float *mine,
			       float *receive, size_t count, struct assay_err *err)
{
	unsigned sender = (unsigned)(i % 2);
	switch (op) {
	case COMM_BARRIER:
		return barrier(m, err);
	case COMM_BROADCAST:
		return broadcast(m, mine, receive, count, err);
	case COMM_ALLREDUCE:
		return allreduce(m, mine, receive, count, err);
	case COMM_PT2PT:
		if (m->rank == sender)
			return exchange(m, to(m, 1 - sender, mine, count * sizeof(float)), nobody,
					err);
		if (m->rank == 1 - sender)
			return exchange(m, nobody, from(m, sender, receive, count * sizeof(float)),
					err);
		return ASSAY_OK;
	case COMM_OPS:
		break;
	}
	return assay_fail(err, ASSAY_EBUG, "no such operation");
}

static void hang_up(struct comm_mesh *m)
{
	for (unsigned i = 0; i < m->ranks; i++) {
		if (m->peers[i] >= 0)
			close(m->peers[i]);
		m->peers[i] = -1;
	}
}

/* Who fails hangs up, so that nobody waits for it in vain. */
enum assay_code comm_mesh_do(struct comm_mesh *m, enum comm_op op, uint64_t i, const float *mine,
			     float *receive, size_t count, struct assay_err *err)
{
	enum assay_code code = do_once(m, op, i, mine, receive, count, err);
	if (code != ASSAY_OK)
		hang_up(m);
	return code;
}

void comm_mesh_close(struct comm_mesh *m)
{
	hang_up(m);
	if (m->listener >= 0)
		close(m->listener);
	m->listener = -1;
	free(m->scratch);
	m->scratch = NULL;
}
