/* SPDX-License-Identifier: MIT */
/* team_memory: memory that threads and forked processes see alike. */
#include <sys/mman.h>

#include "suites/scaling/scaling.h"

void *team_alloc(size_t size)
{
	void *memory = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void team_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size ? size : 1);
}
