/* SPDX-License-Identifier: MIT */
/* weighted_least: the fewest requests in flight for its weight, the one asked for included. */
#include "suites/concurrency/least.h"

static float measure(const struct backend *be)
{
	return (float)balancer_pressure(be);
}

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	return least_init(b, measure, err);
}

static const struct balancer_policy policy = {
	.init = init, .pick = least_pick, .changed = least_changed, .done = least_done};

const struct assay_subject assay_subject_concurrency_weighted_least = {
	.interface = BALANCER_INTERFACE,
	.brief = "fewest requests in flight for its weight",
	.ops = &policy,
};
