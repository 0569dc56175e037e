/* SPDX-License-Identifier: MIT */
/*
 * load: a generator of HTTP requests to a server on loopback, from one thread.
 *
 * Open loop (rate > 0): each request has an intended start, at fixed or random (Poisson) distances, which
 * does not wait for earlier answers. Its latency counts from there, so that a server that stalls is
 * charged for all who would have come meanwhile [Tene, "How NOT to measure latency"]. A request that
 * finds no idle connection waits for one, and that counts too. Closed loop (rate 0): each connection sends
 * its next request when the last answer has come.
 *
 * Every call ends: with an answer, an error, or after its deadline without any progress.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_LOAD_H
#define ASSAY_SUITES_CONCURRENCY_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"

enum { LOAD_DEADLINE_MS = 2000, LOAD_CONNECTIONS_MAX = 1024 };

struct load_config {
	uint16_t port;
	unsigned connections; /* 1 to LOAD_CONNECTIONS_MAX */
	double rate_hz;       /* 0: closed loop */
	bool poisson;
	const char *request; /* the bytes of one request, terminated; must outlive the generator */
	uint64_t seed;
	unsigned deadline_ms; /* 0: LOAD_DEADLINE_MS */
};

/* Since load_begin(). */
struct load_report {
	uint64_t answered, intended;
	double offered_hz, achieved_hz;
	bool saturated;    /* less than 95 % of what was offered was answered in its time */
	double own_cpu_ns; /* of this thread, for each answer */
};

struct load;

/* Connect. ASSAY_EIO says what failed, ASSAY_EUSAGE what makes no sense. */
enum assay_code load_new(const struct load_config *config, struct load **ret,
			 struct assay_err *err);
void load_free(struct load *load);

/* Another rate from the next load_begin() on; 0: closed loop. ASSAY_EUSAGE as in load_new(). */
enum assay_code load_set_rate(struct load *load, double rate_hz, struct assay_err *err);
/* Start the schedule, on this thread, whose timers become precise: the first request is due now; after `most` requests none follows (0: no end). */
void load_begin(struct load *load, uint64_t most);
/* Wait for the next answer; *ret_intended_ns is when its request should have started. */
enum assay_code load_next(struct load *load, uint64_t *ret_intended_ns, struct assay_err *err);
/*
 * Open loop: no request comes any more but those that are due by now, sent or not. They are answered too, by
 * load_next(), as long as load_owes(): who looks only at so many answers and then begins anew forgets whoever still
 * waits, which are those that wait for longest.
 */
void load_close(struct load *load);
bool load_owes(const struct load *load);
/* Figures since load_begin(); then take in what is still on its way. */
enum assay_code load_end(struct load *load, struct load_report *ret, struct assay_err *err);

#endif
