/* SPDX-License-Identifier: MIT */
/* null: a team that does none of the work: the cost of the harness around it. */
#include "suites/scaling/scaling.h"

struct team {
	unsigned threads;
};
static const struct team nobody = {0};

static enum assay_code start(unsigned threads, const int *cpus, struct team **ret,
			     struct assay_err *err)
{
	(void)threads;
	(void)cpus;
	(void)err;
	*ret = (struct team *)&nobody;
	return ASSAY_OK;
}

static enum assay_code run(struct team *team, team_part part, void *context, struct assay_err *err)
{
	(void)team;
	(void)part;
	(void)context;
	(void)err;
	return ASSAY_OK;
}

static void stop(struct team *team)
{
	(void)team;
}

static const struct team_ops ops = {
	.computes = false,
	.start = start,
	.run = run,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_null = {
	.brief = "does no part of the work: the cost of the harness",
	.ops = &ops,
	.is_null = true,
};
