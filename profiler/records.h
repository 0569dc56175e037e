/* SPDX-License-Identifier: MIT */
/*
 * records: what the kernel wrote into the rings, taken apart and put in order of time. The bytes are
 * checked as if they came from anywhere.
 */
#ifndef ASSAY_PROFILER_RECORDS_H
#define ASSAY_PROFILER_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* What was asked of the kernel, in so far as it decides what a record looks like. */
struct record_layout {
	uint64_t registers; /* sample_regs_user; 0: neither registers nor stack */
};

enum record_kind { RECORD_SAMPLE, RECORD_MAP, RECORD_NAME, RECORD_FORK, RECORD_EXIT, RECORD_LOST };

/* Pointers lead into the bytes. Which members are set depends on the kind. */
struct record {
	enum record_kind kind;
	uint64_t time_ns;
	uint32_t pid, tid;
	uint32_t parent;  /* FORK: the process it came from */
	bool exec;        /* NAME: because of an exec: nothing that was mapped is left */
	const char *name; /* NAME: at most 15 bytes; MAP: the file */
	uint64_t address, length, offset; /* MAP */
	bool executable;                  /* MAP */
	uint64_t lost;                    /* LOST: how many */
	const uint64_t *chain; /* SAMPLE: addresses, innermost first, with the kernel's markers */
	size_t n_chain;
	const uint64_t *registers;
	size_t n_registers;
	const uint8_t *stack;
	size_t stack_size;
};

/* What stands between the addresses of a chain. */
#define RECORD_CHAIN_KERNEL  ((uint64_t)-128)
#define RECORD_CHAIN_USER    ((uint64_t)-512)
#define RECORD_CHAIN_MARKERS ((uint64_t)-4095)

typedef enum assay_code (*record_fn)(void *context, const struct record *record,
				     struct assay_err *err);

/*
 * Hand out the records in bytes[size] (8-aligned) in order of time. Kinds that are of no use are left
 * out. ASSAY_EPARSE when a record is malformed; what `on_record` returns other than ASSAY_OK ends it.
 */
enum assay_code records_read(const void *bytes, size_t size, const struct record_layout *layout,
			     record_fn on_record, void *context, struct assay_err *err);

#endif
