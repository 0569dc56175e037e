/* SPDX-License-Identifier: MIT */
/* comm_null: ranks that exchange nothing: what the benchmark itself costs. */
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/scaling/comm.h"

struct comm {
	char nothing;
};

static enum assay_code start(unsigned ranks, const int *cpus, size_t count, struct comm **ret,
			     struct assay_err *err)
{
	(void)ranks;
	(void)cpus;
	(void)count;
	*ret = calloc(1, sizeof(**ret));
	return *ret ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "out of memory");
}

static enum assay_code join(struct assay_run *run, size_t count, struct comm **ret,
			    struct assay_err *err)
{
	return start(assay_world_size(run), NULL, count, ret, err);
}

static enum assay_code run(struct comm *comm, enum comm_op op, uint64_t n, uint64_t *ret_ns,
			   struct assay_err *err)
{
	(void)op;
	(void)err;
	uint64_t begin = assay_now_ns();
	for (uint64_t i = 0; i < n; i++)
		assay_keep(comm);
	*ret_ns = assay_now_ns() - begin;
	return ASSAY_OK;
}

static enum assay_code verify(struct comm *comm, enum comm_op op, uint32_t seed,
			      struct assay_err *err)
{
	(void)comm;
	(void)op;
	(void)seed;
	(void)err;
	return ASSAY_OK;
}

static void stop(struct comm *comm)
{
	free(comm);
}

static const struct comm_ops ops = {
	.start = start,
	.join = join,
	.run = run,
	.verify = verify,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_comm_null = {
	.interface = SCALING_COMM,
	.brief = "exchanges nothing",
	.ops = &ops,
	.is_null = true,
};
