/* SPDX-License-Identifier: MIT */
/* link: find the controller, say who is here, bind, meet. */
#include "harness/engine/link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/engine/starter.h"
#include "harness/engine/world.h"
#include "harness/machine/placement.h"

enum { MORE_SECONDS = 10 }; /* the controller's own deadline comes first and says more */

static enum assay_code no_controller(struct assay_err *err)
{
	return assay_fail(err, ASSAY_EENV,
			  "the launcher did not hand on " ASSAY_LINK_VARIABLE
			  ", by which ranks find their controller");
}

/* "HOST:PORT/KEY" in three parts. */
static enum assay_code split_address(char *text, char **ret_port, char **ret_key,
				     struct assay_err *err)
{
	*ret_key = strrchr(text, '/');
	if (*ret_key)
		*(*ret_key)++ = '\0';
	*ret_port = strrchr(text, ':');
	if (*ret_port)
		*(*ret_port)++ = '\0';
	return *ret_key && *ret_port ? ASSAY_OK : no_controller(err);
}

static enum assay_code dial(const char *host, const char *port, int *ret, struct assay_err *err)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	int error = getaddrinfo(host, port, &hints, &list);
	if (error)
		return assay_fail(err, ASSAY_EENV, "find the controller %s: %s", host,
				  gai_strerror(error));
	int fd = -1;
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		error = errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		return assay_fail(err, ASSAY_EENV, "reach the controller at %s:%s: %s", host, port,
				  strerror(error));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	*ret = fd;
	return ASSAY_OK;
}

/* The first of these variables that holds a number, or -1. */
static int32_t number_of(const char *const *variables)
{
	for (; *variables; variables++) {
		uint64_t value;
		const char *text = getenv(*variables);
		if (text && assay_parse_u64(text, 0, INT32_MAX, &value, NULL) == ASSAY_OK)
			return (int32_t)value;
	}
	return -1;
}

static void read_line(const char *path, char *to, size_t size)
{
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, to, size - 1) : -1;
	to[n > 0 ? n : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
}

/* CPUs this thread may run on, rising; returns how many were written. */
static size_t allowed_cpus(unsigned *cpus, size_t capacity)
{
	enum { MOST_CPUS = 65536 }; /* the kernel refuses masks smaller than its own */
	size_t size = CPU_ALLOC_SIZE(MOST_CPUS), n = 0;
	cpu_set_t *set = CPU_ALLOC(MOST_CPUS);
	if (!set)
		return 0;
	CPU_ZERO_S(size, set);
	if (sched_getaffinity(0, size, set) == 0)
		for (unsigned i = 0; i < MOST_CPUS && n < capacity; i++)
			if (CPU_ISSET_S(i, size, set))
				cpus[n++] = i;
	CPU_FREE(set);
	return n;
}

static enum assay_code introduce(struct assay_link *link, const char *key, struct assay_err *err)
{
	static const char *const ranks[] = {"_ASSAY_RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK",
					    "PMI_RANK",    "SLURM_PROCID",         NULL};
	static const char *const sizes[] = {"_ASSAY_SIZE",  "OMPI_COMM_WORLD_SIZE",
					    "PMI_SIZE",     "SLURM_STEP_NUM_TASKS",
					    "SLURM_NTASKS", NULL};
	static const char *const locals[] = {"_ASSAY_LOCAL", "OMPI_COMM_WORLD_LOCAL_RANK",
					     "SLURM_LOCALID", NULL};
	struct assay_rank_frame frame = {
		.pid = getpid(),
		.rank = number_of(ranks),
		.size = number_of(sizes),
		.local = number_of(locals),
	};
	link->rank = (unsigned)frame.rank;
	link->size = (unsigned)frame.size;
	assay_copy(frame.key, sizeof(frame.key), key);
	assay_copy(frame.version, sizeof(frame.version), ASSAY_VERSION);
	gethostname(frame.host, sizeof(frame.host) - 1);
	read_line("/proc/sys/kernel/random/boot_id", frame.boot, sizeof(frame.boot));
	size_t n = allowed_cpus(link->cpus, ASSAY_LINK_MAX_CPUS);
	frame.n_allowed = (uint32_t)n;
	assay_cpus_text(link->cpus, n, frame.allowed, sizeof(frame.allowed));
	return assay_frame_write(link->fd, ASSAY_FRAME_RANK, &frame, sizeof(frame), err);
}

/* The next frame, waited for. */
static enum assay_code receive(struct assay_link *link, enum assay_frame_type *ret_type,
			       const void **ret_payload, size_t *ret_length, struct assay_err *err)
{
	enum assay_code code;
	while (!assay_frame_next(&link->reader, ret_type, ret_payload, ret_length, &code, err)) {
		char bytes[4096];
		if (code != ASSAY_OK)
			return code;
		ssize_t n = read(link->fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return assay_fail(err, ASSAY_EIO, "the controller is gone");
		code = assay_frame_feed(&link->reader, bytes, (size_t)n, err);
		if (code != ASSAY_OK)
			return code;
	}
	return ASSAY_OK;
}

/*
 * CPUs of our own: of those that all ranks of this host may use, in the order of the machine, our share; or, where the
 * launcher shared them out already, of ours alone.
 */
static enum assay_code choose_cpus(struct assay_link *link, const struct assay_place_frame *place,
				   unsigned threads, struct assay_err *err)
{
	unsigned shares = place->own_cpus ? 1 : place->on_host;
	unsigned share = place->own_cpus ? 0 : place->local_rank;
	const struct assay_placement compact = {.policy = ASSAY_COMPACT};
	struct assay_topology *topology;
	if ((uint64_t)shares * threads > ASSAY_LINK_MAX_CPUS)
		return assay_fail(err, ASSAY_SKIP,
				  "%u ranks with %u threads are too many for a host", shares,
				  threads);
	enum assay_code code = assay_topology_load(NULL, &topology, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_placement_plan(topology, &compact, shares * threads, link->cpus, err);
	assay_topology_free(topology);
	if (code != ASSAY_OK)
		return assay_context(err, code, "%u ranks with %u threads each on one host", shares,
				     threads);
	memmove(link->cpus, link->cpus + (size_t)share * threads, threads * sizeof(*link->cpus));
	link->n_cpus = threads;
	return ASSAY_OK;
}

/* The CPUs that the kernel says we are bound to. */
static enum assay_code read_back(char *text, size_t size, struct assay_err *err)
{
	ASSAY_AUTO_FREE unsigned *cpus = calloc(ASSAY_LINK_MAX_CPUS, sizeof(*cpus));
	if (!cpus)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a CPU mask");
	assay_cpus_text(cpus, allowed_cpus(cpus, ASSAY_LINK_MAX_CPUS), text, size);
	return ASSAY_OK;
}

static enum assay_code take_place(struct assay_link *link, const struct assay_place_frame *place,
				  unsigned threads, struct assay_err *err)
{
	struct assay_err why = {0};
	struct assay_bound_frame bound = {0};
	link->n_cpus = 0;
	enum assay_code code = place->bind ? choose_cpus(link, place, threads, &why) : ASSAY_OK;
	if (code == ASSAY_OK && place->bind)
		code = assay_pin_to_all(link->cpus, link->n_cpus,
					&why); /* each thread goes further */
	if (code == ASSAY_OK)
		code = read_back(bound.bound, sizeof(bound.bound), &why);
	bound.code = code;
	link->placed = code == ASSAY_OK;
	assay_copy(bound.reason, sizeof(bound.reason), why.text);
	assay_copy(link->reason, sizeof(link->reason), why.text);
	return assay_frame_write(link->fd, ASSAY_FRAME_BOUND, &bound, sizeof(bound), err);
}

static enum assay_code join(struct assay_link *link, unsigned threads, const char *key,
			    struct assay_err *err)
{
	enum assay_frame_type type;
	const void *payload;
	size_t length;
	struct assay_place_frame place;
	enum assay_code code = introduce(link, key, err);
	if (code == ASSAY_OK)
		code = receive(link, &type, &payload, &length, err);
	if (code != ASSAY_OK)
		return code;
	if (type != ASSAY_FRAME_PLACE || length != sizeof(place))
		return assay_fail(err, ASSAY_EPARSE, "the controller does not speak our language");
	memcpy(&place, payload, sizeof(place));
	return take_place(link, &place, threads, err);
}

enum assay_code assay_link_open(struct assay_link *link, unsigned threads, uint64_t deadline_ns,
				struct assay_err *err)
{
	const char *variable = getenv(ASSAY_LINK_VARIABLE);
	char text[320], *port, *key;
	*link = (struct assay_link){.fd = -1};
	if (!variable || !assay_copy(text, sizeof(text), variable))
		return no_controller(err);
	if (deadline_ns)
		alarm((unsigned)(deadline_ns / 1000000000u) + MORE_SECONDS);
	enum assay_code code = split_address(text, &port, &key, err);
	if (code == ASSAY_OK)
		code = dial(text, port, &link->fd, err);
	if (code == ASSAY_OK)
		code = join(link, threads, key, err);
	if (code != ASSAY_OK)
		assay_link_close(link);
	return code;
}

enum assay_code assay_link_meet(struct assay_link *link, enum measure_meeting what, uint64_t *value,
				struct assay_err *err)
{
	const struct assay_meet_frame meet = {.what = what, .brought = *value};
	enum assay_code code =
		assay_frame_write(link->fd, ASSAY_FRAME_MEET, &meet, sizeof(meet), err);
	while (code == ASSAY_OK) {
		enum assay_frame_type type;
		const void *payload;
		size_t length;
		code = receive(link, &type, &payload, &length, err);
		if (code == ASSAY_OK && type == ASSAY_FRAME_PING) {
			uint64_t now = assay_now_ns();
			code = assay_frame_write(link->fd, ASSAY_FRAME_PONG, &now, sizeof(now),
						 err);
		} else if (code == ASSAY_OK && type == ASSAY_FRAME_GO && length == sizeof(*value)) {
			memcpy(value, payload, sizeof(*value));
			return ASSAY_OK;
		} else if (code == ASSAY_OK) {
			return assay_fail(err, ASSAY_EPARSE,
					  "the controller does not speak our language");
		}
	}
	return code;
}

void assay_link_close(struct assay_link *link)
{
	if (!link)
		return;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	assay_frame_reader_done(&link->reader);
}
