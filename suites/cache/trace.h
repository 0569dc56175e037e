/* SPDX-License-Identifier: MIT */
/* trace: sequences of requests to objects, from files or made here, for the cache simulator. */
#ifndef ASSAY_SUITES_CACHE_TRACE_H
#define ASSAY_SUITES_CACHE_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* No further request to the object. */
#define TRACE_NEVER UINT32_MAX

/* Requests in order. Objects are numbered 0 .. n_objects - 1 by first appearance. */
struct trace {
	uint32_t n;         /* requests, 1 to UINT32_MAX - 1 */
	uint32_t n_objects; /* distinct */
	uint32_t max_count; /* requests to the most popular object */
	uint32_t *objects;  /* n: which object each request is for */
	uint32_t *sizes;    /* n: bytes, at least 1 (0 in a file counts as 1) */
	uint32_t *next;     /* n: index of the next request to the same object, or TRACE_NEVER */
	uint64_t footprint_bytes; /* sizes of all objects at their first request, added up */
};

/*
 * Parse bytes[n_bytes] in one of two formats, told apart by the first bytes:
 *
 *   CSV            lines `time,obj_id,size`, whole numbers, with or without that header line
 *   oracleGeneral  packed little-endian records u32 time, u64 obj_id, u32 size, i64 next, where
 *                  next is the 1-based position of the object's next request, or -1
 *
 * The next position of each binary record is compared with the requests themselves, so that a
 * foreign file or one cut short is found out. ASSAY_EPARSE with the line or record, and what is
 * wrong; ASSAY_ENOMEM. Free with trace_done(). The binary layout is libCacheSim's.
 */
enum assay_code trace_parse(const char *bytes, size_t n_bytes, struct trace *ret,
			    struct assay_err *err);

/* Read a whole file and parse it. ASSAY_EIO, and the above, with the name. */
enum assay_code trace_read(const char *path, struct trace *ret, struct assay_err *err);

/* A trace from ids of any 64-bit value; sizes may be NULL: all 1. Copies both. */
enum assay_code trace_from_ids(const uint64_t *ids, const uint32_t *sizes, size_t n,
			       struct trace *ret, struct assay_err *err);

/* The names of the traces that are made here, comma-separated. */
#define TRACE_SYNTHETIC_NAMES "zipf,zipf_onehit,phases,scan,loop"

/*
 * Make a synthetic trace: the same requests on every machine, all sizes 1.
 *   zipf         1,000,000 requests, 100,000 objects, exponent 0.99
 *   zipf_onehit  the same, three requests in ten to an object never requested before or after
 *   phases       500,000 requests in eight phases: loop, working set, scan, abrupt shift, loop with a
 *                hot set, sliding window, return, repeated scan
 *   scan         500,000 requests: zipf over 20,000 objects, every other 50,000 a scan of new ones
 *   loop         500,000 requests: 50,000 objects in order, over and over
 * ASSAY_EUSAGE when there is none of that name.
 */
enum assay_code trace_synthetic(const char *name, struct trace *ret, struct assay_err *err);

/* The ids alone, malloc'd, for the caller to free. */
enum assay_code trace_synthetic_ids(const char *name, uint64_t **ret, size_t *ret_n,
				    struct assay_err *err);

void trace_done(struct trace *trace);

#endif
