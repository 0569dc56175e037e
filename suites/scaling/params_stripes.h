/* SPDX-License-Identifier: MIT */
/*
 * params_stripes: parameters in shared memory, in stripes with a lock each; workers add to them themselves, starting far
 * from each other. What two subjects of interface "params" have in common: they differ in how a worker reads.
 */
#ifndef ASSAY_SUITES_SCALING_PARAMS_STRIPES_H
#define ASSAY_SUITES_SCALING_PARAMS_STRIPES_H

#include "suites/scaling/params.h"

/* These are functions of struct params_ops, and do what is said there. */
enum assay_code params_stripes_start(size_t count, struct params **ret, struct assay_err *err);
enum assay_code params_stripes_connect(struct params *p, struct params_link **ret,
				       struct assay_err *err);
enum assay_code params_stripes_push(struct params_link *link, const float *gradient,
				    struct assay_err *err);
enum assay_code params_stripes_pull(struct params_link *link, float *into, struct assay_err *err);
enum assay_code params_stripes_exchange(struct params_link *link, const float *gradient,
					float *into, struct assay_err *err);
const float *params_stripes_view(struct params_link *link);
void params_stripes_disconnect(struct params_link *link); /* takes NULL */
void params_stripes_stop(struct params *p);               /* takes NULL */

#endif
