/* SPDX-License-Identifier: MIT */
/* comm_bench: the ranks of one case, checked before they are timed. */
#include <stdlib.h>

#include "suites/scaling/comm.h"

struct state {
	const struct comm_ops *ops;
	struct comm *comm;
	enum comm_op op;
	uint64_t n; /* of the batch */
};

const char *comm_op_name(enum comm_op op)
{
	static const char *const names[COMM_OPS] = {"barrier", "broadcast", "allreduce", "pt2pt"};
	return op < COMM_OPS ? names[op] : "?";
}

uint64_t comm_slowest(enum comm_op op, const uint64_t *ns, unsigned ranks)
{
	uint64_t slowest = 0;
	for (unsigned i = 0; i < ranks && (op != COMM_PT2PT || i < 2); i++)
		slowest = ns[i] > slowest ? ns[i] : slowest;
	return slowest;
}

/* The ranks are those of the launch, and this is one of them. */
static enum assay_code join(struct assay_run *run, struct state *s, size_t count,
			    struct assay_err *err)
{
	if (assay_threads(run) > 1)
		return assay_fail(err, ASSAY_SKIP, "with --launcher a rank has one thread");
	if (!s->ops->join)
		return assay_fail(err, ASSAY_SKIP,
				  "it starts ranks of its own: measure it without --launcher");
	return s->ops->join(run, count, &s->comm, err);
}

static enum assay_code begin(struct assay_run *run, struct state *s, size_t count,
			     struct assay_err *err)
{
	unsigned world = assay_world_size(run), ranks = world > 1 ? world : assay_threads(run);
	int cpus[COMM_MAX_RANKS];
	if (ranks < 2)
		return assay_fail(err, ASSAY_SKIP, "one rank: there is nobody to talk to");
	if (ranks > COMM_MAX_RANKS)
		return assay_fail(err, ASSAY_SKIP, "%u ranks are more than %d", ranks,
				  COMM_MAX_RANKS);
	for (unsigned i = 0; world == 1 && i < ranks; i++)
		cpus[i] = assay_cpu(run, i);
	enum assay_code code = world > 1 ? join(run, s, count, err)
					 : s->ops->start(ranks, cpus, count, &s->comm, err);
	return code == ASSAY_OK ? s->ops->verify(s->comm, s->op, (uint32_t)assay_seed(run), err)
				: code;
}

void comm_bench_setup(struct assay_run *run, enum comm_op op, size_t count)
{
	struct state *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	assay_set_state(run, s);
	s->ops = assay_subject(run);
	s->op = op;
	enum assay_code code = begin(run, s, count, &err);
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else if (assay_check(run, code == ASSAY_OK, "%s", err.text) && op != COMM_BARRIER)
		assay_set_bytes_per_op(run, (double)(count * sizeof(float)));
}

void comm_bench_prepare(struct assay_run *run, uint64_t n)
{
	struct state *s = assay_state(run);
	s->n = n;
}

/* The ranks have clocks of their own, and do the whole batch on their own. */
void comm_bench_body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	uint64_t ns = 0;
	bool done = false;
	ASSAY_LOOP (run) {
		if (!done)
			code = s->ops->run(s->comm, s->op, s->n, &ns, &err);
		done = true;
	}
	if (assay_check(run, code == ASSAY_OK, "%s", err.text))
		assay_set_elapsed_ns(run, (double)ns);
}

void comm_bench_teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (s && s->comm)
		s->ops->stop(s->comm);
	free(s);
}
