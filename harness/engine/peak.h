/* SPDX-License-Identifier: MIT */
/* peak: the most memory that the process had resident at once since a moment of our choice. */
#ifndef ASSAY_ENGINE_PEAK_H
#define ASSAY_ENGINE_PEAK_H

#include "harness/source.h"

/* Name of the counter. Of the whole process, never per operation. */
#define ASSAY_PEAK_EVENT "peak_rss"

/*
 * Set the kernel's mark of the most resident memory back to what is resident now [proc(5), clear_refs 5].
 * ASSAY_SKIP and why where the kernel refuses.
 */
enum assay_code assay_peak_reset(struct assay_err *err);

/* The mark as a counter in bytes; unavailable, with its reason, when the reset did not return ASSAY_OK. */
void assay_peak_read(enum assay_code reset, const struct assay_err *why, struct assay_count *ret);

#endif
