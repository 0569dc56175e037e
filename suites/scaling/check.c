/* SPDX-License-Identifier: MIT */
/* check: the oracle of suites/scaling; each interface has its own. */
#include "suites/scaling/comm.h"
#include "suites/scaling/drift.h"
#include "suites/scaling/kernel_way.h"
#include "suites/scaling/params.h"
#include "suites/scaling/scaler.h"
#include "suites/scaling/scaling.h"

static enum assay_code check(const struct assay_subject *subject, uint64_t seed,
			     struct assay_err *err)
{
	const char *interface = subject->interface ? subject->interface : SCALING_TEAM;

	if (strcmp(interface, SCALING_TEAM) == 0)
		return scaling_check_team(subject->ops, seed, err);
	if (strcmp(interface, SCALING_SCALER) == 0)
		return scaling_check_scaler(subject->ops, seed, err);
	if (strcmp(interface, SCALING_KERNEL) == 0)
		return scaling_check_kernel(subject->ops, seed, err);
	if (strcmp(interface, SCALING_DETECTOR) == 0)
		return scaling_check_detector(subject->ops, seed, err);
	if (strcmp(interface, SCALING_PARAMS) == 0)
		return scaling_check_params(subject->ops, seed, err);
	if (strcmp(interface, SCALING_COMM) == 0)
		return scaling_check_comm(subject->ops, seed, err);
	return assay_fail(err, ASSAY_EBUG, "suite scaling has no oracle for interface '%s'",
			  interface);
}

const struct assay_suite assay_suite_scaling = {
	.brief = "the same work by one worker after another, against the best serial code",
	.interface = SCALING_TEAM,
	.check = check,
};
