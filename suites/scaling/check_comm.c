/* SPDX-License-Identifier: MIT */
/* check_comm: the oracle of interface "comm": odd sizes, one rank to seven, every float looked at. */
#include "harness/base/rng.h"
#include "suites/scaling/comm.h"

static enum assay_code check_group(const struct comm_ops *ops, unsigned ranks, size_t count,
				   struct assay_rng *rng, struct assay_err *err)
{
	struct comm *comm = NULL;
	enum assay_code code = ops->start(ranks, NULL, count, &comm, err);
	for (int round = 0; round < 2; round++) {
		for (int op = 0; op < COMM_OPS && code == ASSAY_OK; op++) {
			uint64_t ns;
			if (op == COMM_PT2PT && ranks < 2)
				continue;
			code = ops->run(comm, (enum comm_op)op, 1 + assay_rng_below(rng, 5), &ns,
					err);
			if (code == ASSAY_OK)
				code = ops->verify(comm, (enum comm_op)op,
						   (uint32_t)assay_rng_next(rng), err);
		}
	}
	ops->stop(comm);
	return assay_context(err, code, "%u ranks, %zu floats", ranks, count);
}

enum assay_code scaling_check_comm(const struct comm_ops *ops, uint64_t seed, struct assay_err *err)
{
	static const struct {
		unsigned ranks;
		size_t most;
	} groups[] = {{2, 300}, {2, 600000}, {1, 50}, {3, 5000}, {7, 100}};
	struct assay_rng rng;
	enum assay_code code = ASSAY_OK;
	if (!ops->computes)
		return ASSAY_OK;
	assay_rng_init(&rng, seed);
	size_t n = ops->slow_start ? 1 : ASSAY_COUNT_OF(groups);
	for (size_t i = 0; i < n && code == ASSAY_OK; i++)
		code = check_group(ops, groups[i].ranks,
				   1 + (size_t)assay_rng_below(&rng, groups[i].most), &rng, err);
	/* Ranks that see one device each cannot start another; those of a case are checked before they are timed. */
	if (code == ASSAY_SKIP)
		code = check_group(ops, 1, 50, &rng, err);
	return code;
}
