/* SPDX-License-Identifier: MIT */
/* kernel_names: names of the kernel's functions, as far as it tells this user. */
#ifndef ASSAY_PROFILER_KERNEL_NAMES_H
#define ASSAY_PROFILER_KERNEL_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct kernel_names;

/* Reads /proc/kallsyms, about 0.1 s. NULL when it hides its addresses, or out of memory. */
struct kernel_names *kernel_names_new(void);
/* The function at or below the address; NULL when there is none. Takes NULL. */
const char *kernel_name(const struct kernel_names *names, uint64_t address);
void kernel_names_free(struct kernel_names *names); /* takes NULL */

#endif
