/* SPDX-License-Identifier: MIT */
/* shm: ranks are forked processes that map each other's buffers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "suites/scaling/comm_pattern.h"
#include "suites/scaling/comm_shm.h"
#include "suites/scaling/scaling.h"

/* How long a rank waits for another before it says that this one is gone. */
#define PATIENCE_NS UINT64_C(10000000000)

/* The head of what joined ranks share: the group, up to a page. */
#define GROUP_BYTES ((sizeof(struct comm_group) + 4095) / 4096 * 4096)

/* Where no process has anything, be it ever so randomised: a wish, which the kernel need not grant. */
#define FREE_EVERYWHERE ((void *)(uintptr_t)0x2a0000000000)

extern const struct assay_subject assay_subject_scaling_processes;

struct comm {
	const struct team_ops *team_ops;
	struct team *team; /* NULL: joined, as rank `self` */
	unsigned self;
	void *shared; /* joined: the group and all buffers */
	size_t shared_bytes;
	struct comm_group *group;
	size_t bytes; /* of one buffer */
	/* In shared memory with the group: what the next part does. */
	struct job {
		struct comm_group *group;
		enum comm_op op;
		uint64_t n;
		uint32_t seed;
	} * job;
};

static bool do_once(struct comm_group *g, enum comm_op op, unsigned rank, uint64_t i)
{
	switch (op) {
	case COMM_BARRIER:
		return comm_barrier(g, rank);
	case COMM_BROADCAST:
		return comm_broadcast(g, rank);
	case COMM_ALLREDUCE:
		return comm_allreduce(g, rank);
	case COMM_PT2PT:
		return comm_message(g, rank, i);
	case COMM_OPS:
		break;
	}
	return false;
}

/* Together at the beginning; each rank's time is its own. */
static void timed_part(void *context, unsigned rank, unsigned ranks)
{
	const struct job *job = context;
	struct comm_group *g = job->group;
	(void)ranks;
	bool going = comm_barrier(g, rank);
	uint64_t begin = assay_now_ns();
	for (uint64_t i = 0; going && i < job->n; i++)
		going = do_once(g, job->op, rank, i);
	g->slots[rank].ns = assay_now_ns() - begin;
	comm_barrier(g, rank);
}

/* First touch by its owner, on its own node. */
static void fill_part(void *context, unsigned rank, unsigned ranks)
{
	const struct job *job = context;
	struct comm_group *g = job->group;
	(void)ranks;
	g->slots[rank].pid = (int)getpid();
	for (size_t i = 0; i < g->count; i++) {
		g->send[rank][i] = comm_sent(job->seed, rank, i);
		g->receive[rank][i] = -1;
	}
}

static void verified_part(void *context, unsigned rank, unsigned ranks)
{
	const struct job *job = context;
	struct comm_group *g = job->group;
	uint64_t n = job->op == COMM_PT2PT ? 2 : 1;
	bool going = comm_barrier(g, rank);
	for (uint64_t i = 0; going && i < n; i++)
		going = do_once(g, job->op, rank, i);
	size_t wrong = going ? 0 : 1;
	for (size_t i = 0; i < g->count; i++) {
		float due = -1; /* untouched */
		if (job->op == COMM_BROADCAST)
			due = comm_sent(job->seed, 0, i);
		else if (job->op == COMM_ALLREDUCE)
			due = comm_summed(job->seed, ranks, i);
		else if (job->op == COMM_PT2PT && rank < 2)
			due = comm_sent(job->seed, 1 - rank, i);
		wrong += g->receive[rank][i] != due;
	}
	g->slots[rank].wrong = wrong;
	comm_barrier(g, rank);
}

static enum assay_code do_part(struct comm *c, team_part part, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	if (c->team)
		code = c->team_ops->run(c->team, part, c->job, err);
	else
		part(c->job, c->self, c->group->ranks);
	unsigned missing = atomic_load(&c->group->missing);
	if (missing) /* says more than that a worker died */
		return assay_fail(err, ASSAY_EIO, "shm: rank %u did not come within %.0f s",
				  missing - 1, (double)c->group->patience_ns / 1e9);
	return code;
}

static void stop(struct comm *c)
{
	if (!c)
		return;
	if (c->team)
		c->team_ops->stop(c->team);
	if (c->shared) {
		munmap(c->shared, c->shared_bytes);
		c->group = NULL;
	}
	for (unsigned i = 0; c->group && i < c->group->ranks; i++) {
		team_free(c->group->send[i], c->bytes);
		team_free(c->group->receive[i], c->bytes);
	}
	team_free(c->group, sizeof(*c->group));
	team_free(c->job, sizeof(*c->job));
	free(c);
}

static enum assay_code allocate(struct comm *c, unsigned ranks, size_t count, struct assay_err *err)
{
	c->bytes = count * sizeof(float);
	c->group = team_alloc(sizeof(*c->group));
	c->job = team_alloc(sizeof(*c->job));
	bool complete = c->group && c->job;
	if (complete) {
		*c->job = (struct job){.group = c->group};
		c->group->ranks = ranks;
		c->group->count = count;
		c->group->patience_ns = PATIENCE_NS;
	}
	for (unsigned i = 0; complete && i < ranks; i++) {
		c->group->send[i] = team_alloc(c->bytes);
		c->group->receive[i] = team_alloc(c->bytes);
		complete = c->group->send[i] && c->group->receive[i];
	}
	return complete ? ASSAY_OK
			: assay_fail(err, ASSAY_ENOMEM, "no memory for %u ranks of 2 x %zu bytes",
				     ranks, c->bytes);
}

/* As many processes as asked for, and no two of them the same. */
static enum assay_code check_world(const struct comm *c, struct assay_err *err)
{
	const struct comm_group *g = c->group;
	for (unsigned i = 0; i < g->ranks; i++)
		for (unsigned j = 0; j <= i; j++)
			if (g->slots[i].pid == 0 || (i != j && g->slots[i].pid == g->slots[j].pid))
				return assay_fail(err, ASSAY_ECHECK,
						  "shm: ranks %u and %u are one process", i, j);
	return ASSAY_OK;
}

static enum assay_code start(unsigned ranks, const int *cpus, size_t count, struct comm **ret,
			     struct assay_err *err)
{
	if (ranks == 0 || ranks > COMM_MAX_RANKS)
		return assay_fail(err, ASSAY_SKIP, "shm: %u ranks; it does 1 to %d", ranks,
				  COMM_MAX_RANKS);
	struct comm *c = calloc(1, sizeof(*c));
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	c->team_ops = assay_subject_scaling_processes.ops;
	enum assay_code code = allocate(c, ranks, count, err);
	if (code == ASSAY_OK)
		code = c->team_ops->start(ranks, cpus, &c->team, err);
	if (code == ASSAY_OK)
		code = do_part(c, fill_part, err);
	if (code == ASSAY_OK)
		code = check_world(c, err);
	if (code == ASSAY_OK)
		*ret = c;
	else
		stop(c);
	return code;
}

static enum assay_code no_memory(const struct comm *c, struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "memory of rank 0 (%zu bytes) cannot be mapped here: %s",
			  c->shared_bytes, errno ? strerror(errno) : "it is on another host");
}

/* The file that rank 0 made, or -1: on another host the same process number may be anybody's. */
static int open_made(const char *path, size_t bytes)
{
	char target[64];
	struct stat st;
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (strncmp(target, "/memfd:ranks", 12) != 0)
		return -1;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || (fstat(fd, &st) == 0 && (size_t)st.st_size == bytes))
		return fd;
	close(fd);
	return -1;
}

/*
 * Rank 0 makes the memory and says where it is: process, file, and then the address, which must be free everywhere, as
 * the group is full of pointers. Nothing with a name is left behind when somebody is killed.
 */
static enum assay_code map_together(struct assay_run *run, struct comm *c, struct assay_err *err)
{
	char path[64];
	bool first = c->self == 0;
	int fd = first ? memfd_create("ranks", MFD_CLOEXEC) : -1;
	if (fd >= 0 && ftruncate(fd, (off_t)c->shared_bytes) != 0)
		return no_memory(c, err);
	uint64_t where = first ? (uint64_t)getpid() << 20 | (unsigned)fd : 0;
	enum assay_code code = assay_world_max(run, &where, err);
	snprintf(path, sizeof(path), "/proc/%u/fd/%u", (unsigned)(where >> 20),
		 (unsigned)where & 0xfffff);
	if (!first)
		fd = code == ASSAY_OK ? open_made(path, c->shared_bytes) : -1;
	uint64_t address = 0;
	if (first && fd >= 0) {
		c->shared = mmap(FREE_EVERYWHERE, c->shared_bytes, PROT_READ | PROT_WRITE,
				 MAP_SHARED, fd, 0);
		address = (uint64_t)(uintptr_t)c->shared;
	}
	if (code == ASSAY_OK)
		code = assay_world_max(run, &address, err);
	if (!first && fd >= 0 && code == ASSAY_OK)
		c->shared = mmap((void *)(uintptr_t)address, c->shared_bytes,
				 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
	if (code == ASSAY_OK && (fd < 0 || c->shared == MAP_FAILED))
		code = no_memory(c, err);
	if (c->shared == MAP_FAILED)
		c->shared = NULL;
	/* All have opened it before anybody closes it. */
	uint64_t done = 0;
	if (code == ASSAY_OK)
		code = assay_world_max(run, &done, err);
	if (fd >= 0)
		close(fd);
	return code;
}

/* Rank 0 describes the buffers; then each fills its own. */
static void lay_out(struct comm *c, unsigned ranks, size_t count)
{
	char *at = (char *)c->shared + GROUP_BYTES;
	c->group->ranks = ranks;
	c->group->count = count;
	c->group->patience_ns = PATIENCE_NS;
	for (unsigned i = 0; i < ranks; i++) {
		c->group->send[i] = (float *)(void *)(at + 2 * i * c->bytes);
		c->group->receive[i] = (float *)(void *)(at + (2 * i + 1) * c->bytes);
	}
}

static enum assay_code join_memory(struct assay_run *run, struct comm *c, size_t count,
				   struct assay_err *err)
{
	unsigned ranks = assay_world_size(run);
	uint64_t laid_out = 0;
	c->self = assay_world_rank(run);
	c->bytes = (count * sizeof(float) + 4095) / 4096 * 4096;
	c->shared_bytes = GROUP_BYTES + 2 * ranks * c->bytes;
	c->job = team_alloc(sizeof(*c->job));
	if (!c->job)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	enum assay_code code = map_together(run, c, err);
	if (code != ASSAY_OK)
		return code;
	c->group = c->shared;
	*c->job = (struct job){.group = c->group};
	if (c->self == 0)
		lay_out(c, ranks, count);
	code = assay_world_max(run, &laid_out, err);
	return code == ASSAY_OK ? do_part(c, fill_part, err) : code;
}

/* Only on one host: else there is no such process, and that is what is said. */
static enum assay_code join(struct assay_run *run, size_t count, struct comm **ret,
			    struct assay_err *err)
{
	struct comm *c = calloc(1, sizeof(*c));
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	enum assay_code code = join_memory(run, c, count, err);
	if (code == ASSAY_OK)
		*ret = c;
	else
		stop(c);
	return code;
}

static enum assay_code run(struct comm *c, enum comm_op op, uint64_t n, uint64_t *ret_ns,
			   struct assay_err *err)
{
	/* Both ranks send equally often, so that the next run begins as this one did. */
	uint64_t messages = op == COMM_PT2PT ? n + n % 2 : n;
	uint64_t slowest = 0;
	c->job->op = op;
	c->job->n = messages;
	enum assay_code code = do_part(c, timed_part, err);
	if (c->shared) /* each speaks for itself, but who looks on at messages has no time of its own */
		slowest = c->group->slots[op == COMM_PT2PT && c->self > 1 ? 0 : c->self].ns;
	for (unsigned i = 0; !c->shared && i < c->group->ranks; i++)
		if (c->group->slots[i].ns > slowest)
			slowest = c->group->slots[i].ns;
	*ret_ns = (uint64_t)((double)slowest * (double)n / (double)messages);
	return code;
}

static enum assay_code verify(struct comm *c, enum comm_op op, uint32_t seed, struct assay_err *err)
{
	c->job->op = op;
	c->job->seed = seed;
	enum assay_code code = do_part(c, fill_part, err);
	if (code == ASSAY_OK)
		code = do_part(c, verified_part, err);
	for (unsigned i = 0; i < c->group->ranks && code == ASSAY_OK; i++)
		if (c->group->slots[i].wrong && (!c->shared || i == c->self))
			code = assay_fail(
				err, ASSAY_ECHECK, "%s: rank %u has %zu wrong floats of %zu",
				comm_op_name(op), i, c->group->slots[i].wrong, c->group->count);
	return code;
}

struct comm_group *comm_shm_group(struct comm *comm)
{
	return comm->group;
}

static const struct comm_ops ops = {
	.computes = true,
	.start = start,
	.join = join,
	.run = run,
	.verify = verify,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_shm = {
	.interface = SCALING_COMM,
	.brief = "processes that map each other's buffers; sums read and written in place",
	.ops = &ops,
};
