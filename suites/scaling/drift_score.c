/* SPDX-License-Identifier: MIT */
/* drift_score: streams with one change each, and the oracle of detectors. */
#include <math.h>

#include "harness/base/rng.h"
#include "suites/scaling/drift.h"
#include "suites/scaling/scaling.h"

enum { BEFORE = 2000, AFTER = 2000 };
#define RATE 0.2

static double draw(struct assay_rng *rng, double rate)
{
	return assay_rng_unit(rng) < rate ? 1 : 0;
}

/* Values until the alarm, from 1; 0: none. */
static int first_alarm(const struct detector_ops *ops, struct detector *d, struct assay_rng *rng,
		       double rate, int n)
{
	for (int i = 1; i <= n; i++)
		if (ops->see(d, draw(rng, rate)))
			return i;
	return 0;
}

enum assay_code drift_score(const struct detector_ops *ops, double shift, unsigned streams,
			    uint64_t seed, struct drift_score *ret, struct assay_err *err)
{
	struct assay_rng rng;
	unsigned found = 0, early = 0;
	double delays = 0;
	assay_rng_init(&rng, seed);
	for (unsigned s = 0; s < streams; s++) {
		struct detector *d = ops->start(shift);
		if (!d)
			return assay_fail(err, ASSAY_ENOMEM, "detector: out of memory");
		if (first_alarm(ops, d, &rng, RATE, BEFORE)) {
			early++;
		} else {
			int delay = first_alarm(ops, d, &rng, RATE + shift, AFTER);
			found += delay > 0;
			delays += delay;
		}
		ops->stop(d);
	}
	*ret = (struct drift_score){.found = (double)found / streams,
				    .false_alarms = (double)early / streams,
				    .delay = found ? delays / found : NAN};
	return ASSAY_OK;
}

/* What stays as it is gives no alarm; what goes from never to always does, and then no more. */
enum assay_code scaling_check_detector(const struct detector_ops *ops, uint64_t seed,
				       struct assay_err *err)
{
	struct assay_rng rng;
	if (ops->is_null)
		return ASSAY_OK;
	struct detector *d = ops->start(0.3);
	if (!d)
		return assay_fail(err, ASSAY_ENOMEM, "detector: out of memory");
	assay_rng_init(&rng, seed);
	int before = first_alarm(ops, d, &rng, 0, BEFORE);
	int alarm = first_alarm(ops, d, &rng, 1, AFTER);
	int again = first_alarm(ops, d, &rng, 1, AFTER);
	ops->stop(d);
	if (before)
		return assay_fail(err, ASSAY_ECHECK, "an alarm at value %d of zeros", before);
	if (!alarm || again)
		return assay_fail(err, ASSAY_ECHECK,
				  alarm ? "a second alarm, %d ones after the first"
					: "no alarm in %d ones after zeros",
				  alarm ? again : AFTER);
	return ASSAY_OK;
}
