/* SPDX-License-Identifier: MIT */
/*
 * modules: the files that processes had mapped, each read once, and who had which of them mapped where.
 * From an address in a process it finds the function.
 */
#ifndef ASSAY_PROFILER_MODULES_H
#define ASSAY_PROFILER_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/stacks.h"
#include "profiler/debuginfo.h"

struct modules;
struct space; /* one process between two execs */

/* *ret: ASSAY_ENOMEM. `dwarf`: use libdwfl for names and callers where it is built in. */
enum assay_code modules_new(bool dwarf, struct modules **ret, struct assay_err *err);
void modules_free(struct modules *modules); /* takes NULL */

/* The process with this number; made when it is new. NULL when out of memory. */
struct space *modules_process(struct modules *modules, uint32_t pid);
/* It was forked: its maps are those of its parent. */
void modules_fork(struct modules *modules, uint32_t pid, uint32_t parent);
/* It executes another program: what was mapped is gone. */
void space_exec(struct space *space);
void space_name(struct space *space, const char *name);
const char *space_named(const struct space *space);
/* Something executable was mapped over whatever was there. False when out of memory. */
bool space_map(struct modules *modules, struct space *space, const char *file, uint64_t address,
	       uint64_t length, uint64_t offset);

/* As many functions as one address may stand for: one, and those that were inlined into it. */
enum { MODULES_INLINED = 16 };

/*
 * The function at an address, interned in `stacks`, behind those that are inlined into it there, innermost
 * first, to ret[MODULES_INLINED]; an address nobody knows becomes "[unknown]". Lowered return addresses
 * welcome.
 */
enum assay_code modules_frames(struct modules *modules, struct space *space, uint64_t address,
			       struct assay_stacks *stacks, uint32_t *ret, size_t *ret_n,
			       struct assay_err *err);
/* The same for an address in the kernel. */
enum assay_code modules_kernel_frame(struct modules *modules, uint64_t address,
				     struct assay_stacks *stacks, uint32_t *ret,
				     struct assay_err *err);

/* As debuginfo_unwind(); 0 frames where that is not possible. */
size_t space_unwind(struct modules *modules, struct space *space,
		    const struct debuginfo_thread *thread, uint64_t *ips, size_t capacity,
		    bool *ret_complete);

/* Files that were mapped and cannot be read now, for a remark; how many, and the first one's name. */
size_t modules_missing(const struct modules *modules, const char **ret_first);

#endif
