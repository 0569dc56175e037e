/* SPDX-License-Identifier: MIT */
/* pmu: why the kernel does or does not count for us, in words. */
#ifndef ASSAY_PROFILER_PMU_H
#define ASSAY_PROFILER_PMU_H

#include <stddef.h>

/* What decides whether hardware events can be counted on this machine by this user. */
struct pmu_facts {
	int error;    /* errno of opening the CPU's cycle counter on ourselves; 0: it works */
	int paranoid; /* kernel.perf_event_paranoid, or -100 when there is no such file */
	char hypervisor[16]; /* "KVM", ..., or empty on bare metal and where it cannot be told */
};

/* Opens and closes one counter; about 10 us. Thread-safe. */
void pmu_facts_read(struct pmu_facts *ret);

/* Why no hardware event can be counted, or "" when they can. Text in reason[size]. */
const char *pmu_reason(const struct pmu_facts *facts, char *reason, size_t size);

/* Why counting what happens inside the kernel was refused with EPERM. Text in reason[size]. */
const char *pmu_kernel_reason(const struct pmu_facts *facts, char *reason, size_t size);

#endif
