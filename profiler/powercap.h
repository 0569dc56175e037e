/* SPDX-License-Identifier: MIT */
/* powercap: the energy of a machine's packages, as the kernel shows it in a folder. */
#ifndef ASSAY_PROFILER_POWERCAP_H
#define ASSAY_PROFILER_POWERCAP_H

#include <stddef.h>

#include "harness/source.h"

enum { POWERCAP_MOST = 64 };

/* The zones that are packages. Counters of the processor, which begin again at 0 when they reach their range. */
struct powercap_reading {
	size_t n;
	unsigned zone[POWERCAP_MOST];
	double energy_uj[POWERCAP_MOST], range_uj[POWERCAP_MOST];
};

/*
 * Of the zones in `folder` (normally "/sys/class/powercap") those that are whole packages: a zone "psys" is of
 * the platform, packages included. 0; ENOENT when there is none; else the errno of the first that refused.
 */
int powercap_read(const char *folder, struct powercap_reading *ret);

/* Microjoules between the two, over the packages that both have. Each may have begun anew once. */
double powercap_spent_uj(const struct powercap_reading *before,
			 const struct powercap_reading *after);

/*
 * open() of the source "powercap" over zones in `folder`, which must stay. Of what the packages take, each session that
 * is open when it stops gets the same share, so that those of the threads of a region add up to all of it.
 */
enum assay_code powercap_open(const char *folder, struct assay_count *counts, size_t n,
			      void **ret_state, struct assay_err *err);

#endif
