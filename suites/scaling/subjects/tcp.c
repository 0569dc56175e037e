/* SPDX-License-Identifier: MIT */
/* tcp: ranks that share no memory, on this host or on any: a connection between every two. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "suites/scaling/comm_pattern.h"
#include "suites/scaling/comm_tcp.h"
#include "suites/scaling/scaling.h"

extern const struct assay_subject assay_subject_scaling_processes;

/* What a rank keeps to itself, from one part to the next. */
struct rank {
	struct comm_mesh mesh;
	float *send, *receive;
};

/* Shared by the ranks that this subject starts; else a rank's own. */
struct job {
	struct rank *ranks; /* COMM_MAX_RANKS; each process has its copy */
	const char *near;
	size_t count;
	enum comm_op op;
	uint64_t n, token;
	uint32_t seed;
	uint64_t where[COMM_MAX_RANKS], ns[COMM_MAX_RANKS];
	size_t wrong[COMM_MAX_RANKS];
	enum assay_code codes[COMM_MAX_RANKS];
	struct assay_err why[COMM_MAX_RANKS];
};

struct comm {
	const struct team_ops *team_ops;
	struct team *team; /* NULL: joined, as rank `self` */
	unsigned self, size;
	struct rank *ranks;
	struct job *job;
};

static void listen_part(void *context, unsigned rank, unsigned ranks)
{
	struct job *job = context;
	job->codes[rank] = comm_mesh_listen(&job->ranks[rank].mesh, rank, ranks, job->near,
					    &job->where[rank], &job->why[rank]);
}

static void connect_part(void *context, unsigned rank, unsigned ranks)
{
	struct job *job = context;
	struct rank *r = &job->ranks[rank];
	(void)ranks;
	job->codes[rank] =
		comm_mesh_connect(&r->mesh, job->where, job->count, job->token, &job->why[rank]);
	r->send = team_alloc(job->count * sizeof(float));
	r->receive = team_alloc(job->count * sizeof(float));
	if (!r->send || !r->receive)
		job->codes[rank] = assay_fail(&job->why[rank], ASSAY_ENOMEM,
					      "no memory for 2 x %zu floats", job->count);
}

static void close_part(void *context, unsigned rank, unsigned ranks)
{
	struct job *job = context;
	struct rank *r = &job->ranks[rank];
	(void)ranks;
	comm_mesh_close(&r->mesh);
	team_free(r->send, job->count * sizeof(float));
	team_free(r->receive, job->count * sizeof(float));
	r->send = r->receive = NULL;
}

static enum assay_code do_once(struct job *job, unsigned rank, enum comm_op op, uint64_t i)
{
	struct rank *r = &job->ranks[rank];
	return comm_mesh_do(&r->mesh, op, i, r->send, r->receive, job->count, &job->why[rank]);
}

/* From rank 0, for those that look on: a float is as exact as any time here. */
static enum assay_code tell_time(struct job *job, unsigned rank, uint64_t *ns)
{
	float mine = (float)*ns, told = mine;
	enum assay_code code = comm_mesh_do(&job->ranks[rank].mesh, COMM_BROADCAST, 0, &mine, &told,
					    1, &job->why[rank]);
	if (rank > 1)
		*ns = (uint64_t)told;
	return code;
}

/* Together at the beginning; each rank's time is its own, but who only looks on at messages has that of the others. */
static void timed_part(void *context, unsigned rank, unsigned ranks)
{
	struct job *job = context;
	enum assay_code code = do_once(job, rank, COMM_BARRIER, 0);
	uint64_t begin = assay_now_ns(), end = begin;
	for (uint64_t i = 0; code == ASSAY_OK && i < job->n; i++)
		code = do_once(job, rank, job->op, i);
	end = assay_now_ns();
	if (code == ASSAY_OK)
		code = do_once(job, rank, COMM_BARRIER, 0);
	job->ns[rank] = end - begin;
	if (code == ASSAY_OK && job->op == COMM_PT2PT && ranks > 2)
		code = tell_time(job, rank, &job->ns[rank]);
	job->codes[rank] = code;
}

static float due(const struct job *job, unsigned rank, unsigned ranks, size_t i)
{
	if (job->op == COMM_ALLREDUCE)
		return comm_summed(job->seed, ranks, i);
	if (job->op == COMM_BROADCAST && rank != 0)
		return comm_sent(job->seed, 0, i);
	if (job->op == COMM_PT2PT && rank < 2)
		return comm_sent(job->seed, 1 - rank, i);
	return -1; /* untouched; the root of a broadcast has what it sent */
}

static void verified_part(void *context, unsigned rank, unsigned ranks)
{
	struct job *job = context;
	struct rank *r = &job->ranks[rank];
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < job->count; i++) {
		r->send[i] = comm_sent(job->seed, rank, i);
		r->receive[i] = -1;
	}
	for (uint64_t i = 0; code == ASSAY_OK && i < (job->op == COMM_PT2PT ? 2 : 1); i++)
		code = do_once(job, rank, job->op, i);
	job->wrong[rank] = 0;
	for (size_t i = 0; i < job->count; i++)
		job->wrong[rank] += r->receive[i] != due(job, rank, ranks, i);
	job->codes[rank] = code;
}

static enum assay_code do_part(struct comm *c, team_part part, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	if (c->team)
		code = c->team_ops->run(c->team, part, c->job, err);
	else
		part(c->job, c->self, c->size);
	for (unsigned i = 0; i < c->size && code == ASSAY_OK; i++)
		if (c->job->codes[i] != ASSAY_OK)
			code = assay_fail(err, c->job->codes[i], "rank %u: %s", i,
					  c->job->why[i].text);
	return code;
}

static void stop(struct comm *c)
{
	if (!c)
		return;
	struct assay_err ignored; /* whoever is gone has closed its own */
	if (c->job && c->ranks && (c->team || !c->team_ops))
		do_part(c, close_part, &ignored);
	if (c->team)
		c->team_ops->stop(c->team);
	team_free(c->job, sizeof(*c->job));
	free(c->ranks);
	free(c);
}

static enum assay_code prepare(unsigned ranks, size_t count, uint64_t token, struct comm **ret,
			       struct assay_err *err)
{
	struct comm *c = *ret = calloc(1, sizeof(*c));
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	c->size = ranks;
	c->ranks = calloc(COMM_MAX_RANKS, sizeof(*c->ranks));
	c->job = team_alloc(sizeof(*c->job));
	if (!c->ranks || !c->job)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	for (unsigned i = 0; i < ranks; i++)
		c->ranks[i].mesh.listener = -1;
	c->job->ranks = c->ranks;
	c->job->count = count;
	c->job->token = token;
	return ASSAY_OK;
}

static enum assay_code start(unsigned ranks, const int *cpus, size_t count, struct comm **ret,
			     struct assay_err *err)
{
	struct comm *c;
	if (ranks == 0 || ranks > COMM_MAX_RANKS)
		return assay_fail(err, ASSAY_SKIP, "tcp: %u ranks; it does 1 to %d", ranks,
				  COMM_MAX_RANKS);
	enum assay_code code = prepare(ranks, count, assay_now_ns() ^ (uint64_t)getpid(), &c, err);
	if (code == ASSAY_OK) {
		c->team_ops = assay_subject_scaling_processes.ops;
		code = c->team_ops->start(ranks, cpus, &c->team, err);
	}
	if (code == ASSAY_OK)
		code = do_part(c, listen_part, err);
	if (code == ASSAY_OK)
		code = do_part(c, connect_part, err);
	if (code == ASSAY_OK)
		*ret = c;
	else
		stop(c);
	return code;
}

/* Each rank tells the others in turn where it listens, as long as these know nothing larger than zero. */
static enum assay_code meet(struct assay_run *run, struct comm *c, struct assay_err *err)
{
	struct job *job = c->job;
	enum assay_code code = do_part(c, listen_part, err);
	for (unsigned i = 0; i < c->size && code == ASSAY_OK; i++) {
		uint64_t where = i == c->self ? job->where[i] : 0;
		code = assay_world_max(run, &where, err);
		job->where[i] = where;
	}
	if (code == ASSAY_OK)
		code = do_part(c, connect_part, err);
	return code;
}

static enum assay_code join(struct assay_run *run, size_t count, struct comm **ret,
			    struct assay_err *err)
{
	struct comm *c;
	enum assay_code code = prepare(assay_world_size(run), count, assay_seed(run), &c, err);
	if (code == ASSAY_OK) {
		c->self = assay_world_rank(run);
		c->job->near = getenv("_ASSAY_LINK"); /* the network that the controller is on */
		code = meet(run, c, err);
	}
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
	c->job->op = op;
	c->job->n = messages;
	enum assay_code code = do_part(c, timed_part, err);
	uint64_t slowest = c->team ? comm_slowest(op, c->job->ns, c->size) : c->job->ns[c->self];
	*ret_ns = (uint64_t)((double)slowest * (double)n / (double)messages);
	return code;
}

static enum assay_code verify(struct comm *c, enum comm_op op, uint32_t seed, struct assay_err *err)
{
	c->job->op = op;
	c->job->seed = seed;
	enum assay_code code = do_part(c, verified_part, err);
	for (unsigned i = 0; i < c->size && code == ASSAY_OK; i++)
		if (c->job->wrong[i])
			code = assay_fail(err, ASSAY_ECHECK,
					  "%s: rank %u has %zu wrong floats of %zu",
					  comm_op_name(op), i, c->job->wrong[i], c->job->count);
	return code;
}

static const struct comm_ops ops = {
	.computes = true,
	.start = start,
	.join = join,
	.run = run,
	.verify = verify,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_tcp = {
	.interface = SCALING_COMM,
	.brief = "TCP between every two ranks, on one host or many; ring, tree, doubling",
	.ops = &ops,
};
