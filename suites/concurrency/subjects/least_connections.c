/* SPDX-License-Identifier: MIT */
/* least_connections: the backend with the fewest requests in flight. */
#include "suites/concurrency/least.h"

static float measure(const struct backend *be)
{
	return (float)be->in_flight;
}

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	return least_init(b, measure, err);
}

static const struct balancer_policy policy = {
	.init = init, .pick = least_pick, .changed = least_changed, .done = least_done};

const struct assay_subject assay_subject_concurrency_least_connections = {
	.interface = BALANCER_INTERFACE,
	.brief = "fewest requests in flight",
	.ops = &policy,
};
