/* SPDX-License-Identifier: MIT */
/* resource_aware: the load that a backend reported, and what it was sent since, in the unit of its weight. */
#include "suites/concurrency/least.h"

static float measure(const struct backend *be)
{
	return (float)(be->load + be->sent / be->share);
}

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	return least_init(b, measure, err);
}

static const struct balancer_policy policy = {
	.init = init, .pick = least_pick, .changed = least_changed, .done = least_done};

const struct assay_subject assay_subject_concurrency_resource_aware = {
	.interface = BALANCER_INTERFACE,
	.brief = "smallest load, as reported and since added to",
	.ops = &policy,
};
