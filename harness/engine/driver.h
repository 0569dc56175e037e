/* SPDX-License-Identifier: MIT */
/* driver: who executes a batch and whose clock is believed. Both drivers fill the same record. */
#ifndef ASSAY_ENGINE_DRIVER_H
#define ASSAY_ENGINE_DRIVER_H

#include "harness/engine/gang.h"

struct assay_driver {
	const char *name;
	/* Run one batch as gang_batch() does. Failures are marked on the gang. */
	void (*batch)(struct gang *gang, uint64_t n, uint64_t window_ns, struct gang_batch *ret);
};

/* Own stamps; all modes, any number of threads. */
extern const struct assay_driver assay_driver_native;
/* Google Benchmark's clock; RATE on one thread. */
extern const struct assay_driver assay_driver_gbench;

/*
 * The driver called `name`, or with NULL the default for this case: gbench for RATE on one thread
 * where it is built in, else native. ASSAY_EUSAGE when the named one cannot run the case.
 */
enum assay_code assay_driver_choose(const char *name, const struct assay_case *c,
				    const struct assay_driver **ret, struct assay_err *err);

#endif
