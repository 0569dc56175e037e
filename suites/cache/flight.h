/* SPDX-License-Identifier: MIT */
/*
 * flight: reads of a remote cache combined: whoever waits first sends one MGET for all keys that are
 * asked for at that moment, each key once, and answers everybody. No thread of its own.
 *
 * Sources: single flight as in groupcache [golang/groupcache, 2013]; the one who waits does the work of
 * all, as in flat combining [Hendler et al., SPAA 2010]. Any number of threads.
 */
#ifndef ASSAY_SUITES_CACHE_FLIGHT_H
#define ASSAY_SUITES_CACHE_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "suites/remote/wire.h"

enum { FLIGHT_MOST = 256 }; /* keys in one MGET */

/* One read in flight; the caller's, from submit until wait has returned. */
struct flight_request {
	uint64_t key;
	void *value;
	bool found; /* after wait: value is filled */
	bool done;
	struct flight_request *next;
};

struct flight;

/* `wire` is used by nobody else from now on, and stays the caller's. */
enum assay_code flight_new(struct wire *wire, size_t value_bytes, struct flight **ret,
			   struct assay_err *err);
void flight_free(struct flight *flight);

/* Ask for request->key, to request->value. */
void flight_submit(struct flight *flight, struct flight_request *request);
/* Until the request is done; false when the connection broke, see wire_error(). */
bool flight_wait(struct flight *flight, struct flight_request *request);

/* Keys asked for and keys sent so far: their difference is what single flight saved. */
void flight_counts(struct flight *flight, uint64_t *ret_asked, uint64_t *ret_sent);

#endif
