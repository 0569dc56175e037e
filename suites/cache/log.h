/* SPDX-License-Identifier: MIT */
/*
 * log: our own store on disk: records appended to a memory-mapped file, each with a checksum of its head
 * and one of its value, and an index in memory that is rebuilt when the file is opened.
 *
 * A put appends; the last record of a key counts. What is damaged is never given out: opening passes over
 * it to the next sound record, so that no valid record is lost, and a get says so. The file grows by
 * blocks that are allocated first, so that a full disk is an error and not a signal; a file that is cut or whose
 * disk goes while it is open is an error from then on.
 */
#ifndef ASSAY_SUITES_CACHE_LOG_H
#define ASSAY_SUITES_CACHE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct log;

struct log_config {
	const char *path;     /* made when it is not there */
	size_t value_bytes;   /* of every value, at least 1; a file with others is refused */
	uint64_t most_values; /* different keys, at most; the index has room for them */
	uint64_t most_bytes;  /* of address space for the file; 0: 1 GiB */
};

/* ASSAY_EIO with the path and the reason, ASSAY_EPARSE when the file is of another kind. */
enum assay_code log_open(const struct log_config *config, struct log **ret, struct assay_err *err);
void log_close(struct log *log);

/* As in struct store_ops. log_put(): ASSAY_EIO when the disk or the address space is full; both when
 * the file is gone. */
enum assay_code log_get(struct log *log, uint64_t key, void *value, struct assay_err *err);
enum assay_code log_put(struct log *log, uint64_t key, const void *value, struct assay_err *err);
/* Hand what was written to the kernel's care; `force`: wait until the disk has it. */
enum assay_code log_sync(struct log *log, int force, struct assay_err *err);

/* Different keys in it; damaged stretches passed over when it was opened; bytes of records. */
uint64_t log_values(const struct log *log);
uint64_t log_damaged(const struct log *log);
uint64_t log_bytes(const struct log *log);

#endif
