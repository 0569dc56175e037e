/* SPDX-License-Identifier: MIT */
/* replay: what benchmarks that replay a trace share: their axes `trace` and `capacity`. */
#ifndef ASSAY_SUITES_CACHE_REPLAY_H
#define ASSAY_SUITES_CACHE_REPLAY_H

#include <stdbool.h>

#include "harness/bench.h"
#include "suites/cache/trace.h"

/* The trace of the axis `trace`: a synthetic one by its name, else a file. As trace_read(). */
enum assay_code replay_load(struct assay_run *run, struct trace *ret, struct assay_err *err);

/*
 * A capacity from text: `8181` and `8Ki` are objects, `64KiB` and `1000B` bytes, `0.1` is a tenth of the
 * distinct objects (and never less than one). ASSAY_EUSAGE says what is wrong with it.
 */
enum assay_code replay_capacity(const char *text, const struct trace *trace, uint64_t *ret,
				bool *ret_by_bytes, struct assay_err *err);

#endif
