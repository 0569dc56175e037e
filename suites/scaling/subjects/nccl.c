/* SPDX-License-Identifier: MIT */
/* nccl: ranks are processes with a GPU each, and NVIDIA's library moves what is in the memory of these. */
#include <stdlib.h>
#include <string.h>

#include "suites/scaling/nccl_rank.h"
#include "suites/scaling/scaling.h"

extern const struct assay_subject assay_subject_scaling_processes;

/* Shared by the ranks that this subject starts; else a rank's own. */
struct job {
	struct nccl nccl;
	struct nccl_rank *self; /* each process has its copy */
	unsigned first;         /* the first part that is a rank */
	unsigned size;
	enum comm_op op;
	uint64_t n;
	uint32_t seed;
	struct nccl_id id;
	uint64_t ns[COMM_MAX_RANKS];
	size_t wrong[COMM_MAX_RANKS];
	enum assay_code codes[COMM_MAX_RANKS];
	struct assay_err why[COMM_MAX_RANKS];
};

struct comm {
	const struct team_ops *team_ops;
	struct team *team; /* NULL: joined, as rank `self` */
	unsigned self;
	struct nccl_rank rank;
	struct job *job;
};

/* The process that starts the ranks is none of them: it forks again, which a device does not survive. */
static bool is_rank(const struct job *job, unsigned part, unsigned *ret_rank)
{
	*ret_rank = part - job->first;
	return part >= job->first;
}

static void open_part(void *context, unsigned part, unsigned parts)
{
	struct job *job = context;
	unsigned rank;
	(void)parts;
	if (!is_rank(job, part, &rank))
		return;
	job->self->rank = rank;
	enum assay_code code = nccl_rank_open(job->self, job->first > 0, &job->why[rank]);
	if (code == ASSAY_OK && rank == 0)
		code = nccl_rank_name(job->self, &job->id, &job->why[rank]);
	job->codes[rank] = code;
}

static void join_part(void *context, unsigned part, unsigned parts)
{
	struct job *job = context;
	unsigned rank;
	(void)parts;
	if (is_rank(job, part, &rank))
		job->codes[rank] = nccl_rank_join(job->self, &job->id, &job->why[rank]);
}

static void timed_part(void *context, unsigned part, unsigned parts)
{
	struct job *job = context;
	unsigned rank;
	(void)parts;
	if (is_rank(job, part, &rank))
		job->codes[rank] =
			nccl_rank_run(job->self, job->op, job->n, &job->ns[rank], &job->why[rank]);
}

static void verified_part(void *context, unsigned part, unsigned parts)
{
	struct job *job = context;
	unsigned rank;
	(void)parts;
	if (is_rank(job, part, &rank))
		job->codes[rank] = nccl_rank_verify(job->self, job->op, job->seed,
						    &job->wrong[rank], &job->why[rank]);
}

static void close_part(void *context, unsigned part, unsigned parts)
{
	struct job *job = context;
	unsigned rank;
	(void)parts;
	if (!is_rank(job, part, &rank))
		return;
	bool whole = true;
	for (unsigned i = 0; i < job->size; i++)
		whole = whole && job->codes[i] == ASSAY_OK;
	nccl_rank_close(job->self, whole);
}

static enum assay_code do_part(struct comm *c, team_part part, struct assay_err *err)
{
	struct job *job = c->job;
	if (c->team) {
		enum assay_code code = c->team_ops->run(c->team, part, job, err);
		if (code != ASSAY_OK)
			return code;
	} else {
		part(job, c->self, job->size);
	}
	for (unsigned i = 0; i < job->size; i++)
		if (job->codes[i] != ASSAY_OK && (c->team || i == c->self))
			return job->codes[i] == ASSAY_SKIP
				       ? assay_fail(err, ASSAY_SKIP, "%s", job->why[i].text)
				       : assay_fail(err, job->codes[i], "nccl: rank %u: %s", i,
						    job->why[i].text);
	return ASSAY_OK;
}

static void stop(struct comm *c)
{
	struct assay_err ignored;
	if (!c)
		return;
	if (c->job &&
	    (c->team || !c->job->first)) /* what goes wrong here has been said, or is over */
		(void)do_part(c, close_part, &ignored);
	if (c->team)
		c->team_ops->stop(c->team);
	team_free(c->job, sizeof(*c->job));
	free(c);
}

static enum assay_code prepare(unsigned ranks, size_t count, unsigned first, struct comm **ret,
			       struct assay_err *err)
{
	struct comm *c = *ret = calloc(1, sizeof(*c));
	if (!c || !(c->job = team_alloc(sizeof(*c->job))))
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	c->team_ops = assay_subject_scaling_processes.ops;
	c->rank = (struct nccl_rank){.nccl = &c->job->nccl, .size = ranks, .count = count};
	c->job->self = &c->rank;
	c->job->size = ranks;
	c->job->first = first;
	return nccl_load(&c->job->nccl, err);
}

static enum assay_code start(unsigned ranks, const int *cpus, size_t count, struct comm **ret,
			     struct assay_err *err)
{
	struct comm *c = NULL;
	int shifted[COMM_MAX_RANKS + 1] = {-1};
	if (ranks == 0 || ranks > COMM_MAX_RANKS)
		return assay_fail(err, ASSAY_SKIP, "nccl: %u ranks; it does 1 to %d", ranks,
				  COMM_MAX_RANKS);
	for (unsigned i = 0; i < ranks; i++)
		shifted[i + 1] = cpus ? cpus[i] : -1;
	enum assay_code code = prepare(ranks, count, 1, &c, err);
	if (code == ASSAY_OK)
		code = c->team_ops->start(ranks + 1, shifted, &c->team, err);
	if (code == ASSAY_OK)
		code = do_part(c, open_part, err);
	if (code == ASSAY_OK)
		code = do_part(c, join_part, err);
	if (code == ASSAY_OK)
		*ret = c;
	else
		stop(c);
	return code;
}

/* What rank 0 was given, word by word: the others know nothing larger than zero. */
static enum assay_code share_id(struct assay_run *run, struct comm *c, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t at = 0; at < sizeof(c->job->id) && code == ASSAY_OK; at += sizeof(uint64_t)) {
		uint64_t word = 0;
		if (c->self == 0)
			memcpy(&word, c->job->id.bytes + at, sizeof(word));
		code = assay_world_max(run, &word, err);
		memcpy(c->job->id.bytes + at, &word, sizeof(word));
	}
	return code;
}

static enum assay_code join(struct assay_run *run, size_t count, struct comm **ret,
			    struct assay_err *err)
{
	struct comm *c = NULL;
	enum assay_code code = prepare(assay_world_size(run), count, 0, &c, err);
	if (code == ASSAY_OK) {
		c->self = assay_world_rank(run);
		code = do_part(c, open_part, err);
	}
	if (code == ASSAY_OK)
		code = share_id(run, c, err);
	if (code == ASSAY_OK)
		code = do_part(c, join_part, err);
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
	uint64_t slowest =
		c->team ? comm_slowest(op, c->job->ns, c->job->size) : c->job->ns[c->self];
	*ret_ns = (uint64_t)((double)slowest * (double)n / (double)messages);
	return code;
}

static enum assay_code verify(struct comm *c, enum comm_op op, uint32_t seed, struct assay_err *err)
{
	c->job->op = op;
	c->job->seed = seed;
	enum assay_code code = do_part(c, verified_part, err);
	for (unsigned i = 0; i < c->job->size && code == ASSAY_OK; i++)
		if (c->job->wrong[i])
			code = assay_fail(err, ASSAY_ECHECK,
					  "%s: rank %u has %zu wrong floats of %zu",
					  comm_op_name(op), i, c->job->wrong[i], c->rank.count);
	return code;
}

static enum assay_code probe(struct assay_err *err)
{
	struct nccl nccl;
	return nccl_load(&nccl, err);
}

static const struct comm_ops ops = {
	.computes = true,
	.slow_start = true,
	.start = start,
	.join = join,
	.run = run,
	.verify = verify,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_nccl = {
	.interface = SCALING_COMM,
	.brief = "NVIDIA's NCCL, a process and a GPU per rank; buffers in the GPU's memory",
	.ops = &ops,
	.probe = probe,
};
