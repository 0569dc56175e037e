/* SPDX-License-Identifier: MIT */
/*
 * debuginfo: callers and names from what compilers write for debuggers, through elfutils' libdwfl. The only
 * file that includes it; built without, everything answers that nothing is known.
 */
#ifndef ASSAY_PROFILER_DEBUGINFO_H
#define ASSAY_PROFILER_DEBUGINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One address space: what was mapped where. Not thread-safe. */
struct debuginfo;

/* Built with libdwfl? Else why not, in words. */
const char *debuginfo_missing(void);

/* NULL when out of memory or built without. */
struct debuginfo *debuginfo_new(void);
void debuginfo_free(struct debuginfo *dwarf); /* takes NULL */

/* What is mapped now, in place of what was: begin, each module, end. */
void debuginfo_begin(struct debuginfo *dwarf);
/* `bias`: what to add to the file's addresses. fd: read this instead of the path, or -1. */
void debuginfo_module(struct debuginfo *dwarf, const char *name, const char *path, int fd,
		      uint64_t bias);
void debuginfo_end(struct debuginfo *dwarf);

struct debuginfo_function {
	const char *name;  /* as linked, maybe mangled; NULL: none */
	const char *file;  /* of the source; NULL: unknown */
	unsigned line;     /* where the function begins; 0: unknown */
	uint64_t begin_at; /* address */
};
/* The function at this address; false when nothing is known. Texts live until the next debuginfo_begin. */
bool debuginfo_function(struct debuginfo *dwarf, uint64_t address, struct debuginfo_function *ret);

/*
 * The functions that were inlined at this address into the one debuginfo_function() finds, innermost first, to
 * ret[capacity]; 0 where no debug information says so. The same life of texts.
 */
size_t debuginfo_inlined(struct debuginfo *dwarf, uint64_t address, struct debuginfo_function *ret,
			 size_t capacity);

/* Registers of a thread of this machine's kind in the order of perf_event, and its stack's top. */
struct debuginfo_thread {
	const uint64_t *registers;
	size_t n_registers;
	const uint8_t *stack;
	size_t stack_size;
};
/* Which registers perf_event has to record, as in sample_regs_user; 0: not known on this machine. */
uint64_t debuginfo_registers(void);
/*
 * Addresses of the frames, innermost first, to ips[capacity]; return addresses are lowered by one, so
 * that they lie in the call. *ret_complete: the outermost frame was reached.
 */
size_t debuginfo_unwind(struct debuginfo *dwarf, const struct debuginfo_thread *thread,
			uint64_t *ips, size_t capacity, bool *ret_complete);

#endif
