/* SPDX-License-Identifier: MIT */
/* cpus: affinity widened and restored. */
#include "suites/gpu/cpus.h"

#include <string.h>

void gpu_cpus_widen(cpu_set_t *saved)
{
	cpu_set_t all;
	CPU_ZERO(saved);
	sched_getaffinity(0, sizeof(*saved), saved);
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
}

void gpu_cpus_restore(const cpu_set_t *saved)
{
	if (CPU_COUNT(saved) > 0)
		sched_setaffinity(0, sizeof(*saved), saved);
}

unsigned gpu_cpus(void)
{
	cpu_set_t saved, wide;
	CPU_ZERO(&wide);
	gpu_cpus_widen(&saved);
	sched_getaffinity(0, sizeof(wide), &wide);
	gpu_cpus_restore(&saved);
	return CPU_COUNT(&wide) > 0 ? (unsigned)CPU_COUNT(&wide) : 1;
}
