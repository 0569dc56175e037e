/* SPDX-License-Identifier: MIT */
/*
 * backends: servers to balance between. Each serves one request at a time, in the order of arrival, and takes
 * a random time for it (exponential), asleep: so many of them need next to no processor.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_BACKENDS_H
#define ASSAY_SUITES_CONCURRENCY_BACKENDS_H

#include <stdint.h>

#include "harness/base/err.h"

enum { BACKENDS_MAX = 16 };

struct backends;

/* mean_ns[n], 0: at once. Each answers /static to that many connections. ASSAY_EIO, ASSAY_ENOMEM. */
enum assay_code backends_start(const double *mean_ns, unsigned n, unsigned connections,
			       uint64_t seed, struct backends **ret, struct assay_err *err);
/* n of them, valid until the stop. */
const uint16_t *backends_ports(const struct backends *backends);
/* Time spent serving so far, and requests served; any thread. */
uint64_t backends_busy_ns(const struct backends *backends, unsigned i);
uint64_t backends_served(const struct backends *backends, unsigned i);
/* Stop one, which then refuses connections; once. */
void backends_kill(struct backends *backends, unsigned i);
void backends_stop(struct backends *backends);

#endif
