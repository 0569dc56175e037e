/* SPDX-License-Identifier: MIT */
/* gbench_absent: the same symbols where Google Benchmark is not built in. */
#include "harness/engine/gbench.h"

#include <stddef.h>

const char *gbench_version(void)
{
	return NULL;
}

bool gbench_run(uint64_t n, void (*body)(void *context), void *context, struct gbench_times *ret)
{
	(void)n;
	(void)body;
	(void)context;
	(void)ret;
	return false;
}

void gbench_begin(void *unused)
{
	(void)unused;
}

void gbench_end(void *unused)
{
	(void)unused;
}
