/* SPDX-License-Identifier: MIT */
/* pmu: asks the kernel for one hardware counter and explains a refusal. */
#include "profiler/pmu.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "harness/base/str.h"

static int open_cycles(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE,
				       .size = sizeof(attr),
				       .config = PERF_COUNT_HW_CPU_CYCLES,
				       .disabled = 1,
				       .exclude_kernel = 1,
				       .exclude_hv = 1};
	long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return errno;
	close((int)fd);
	return 0;
}

static int read_paranoid(void)
{
	int level = -100;
	FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	if (!file)
		return level;
	if (fscanf(file, "%d", &level) != 1)
		level = -100;
	fclose(file);
	return level;
}

/* The hypervisor's own signature, leaf 0x40000000, under the name people know. */
static void read_hypervisor(char *to, size_t size)
{
	to[0] = '\0';
#if defined(__x86_64__) || defined(__i386__)
	static const char *const known[][2] = {
		{"KVMKVMKVM", "KVM"},    {"Microsoft Hv", "Hyper-V"}, {"VMwareVMware", "VMware"},
		{"XenVMMXenVMM", "Xen"}, {"TCGTCGTCGTCG", "QEMU"},    {"bhyve bhyve ", "bhyve"},
	};
	unsigned eax, ebx, ecx, edx;
	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & (1u << 31)))
		return;
	__cpuid(0x40000000, eax, ebx, ecx, edx);
	char signature[13] = {0};
	memcpy(signature, &ebx, 4);
	memcpy(signature + 4, &ecx, 4);
	memcpy(signature + 8, &edx, 4);
	assay_copy(to, size, "unknown");
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++)
		if (strcmp(signature, known[i][0]) == 0)
			assay_copy(to, size, known[i][1]);
#endif
}

void pmu_facts_read(struct pmu_facts *ret)
{
	*ret = (struct pmu_facts){.error = open_cycles(), .paranoid = read_paranoid()};
	read_hypervisor(ret->hypervisor, sizeof(ret->hypervisor));
}

const char *pmu_reason(const struct pmu_facts *facts, char *reason, size_t size)
{
	reason[0] = '\0';
	switch (facts->error) {
	case 0:
		break;
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		if (facts->hypervisor[0])
			snprintf(reason, size,
				 "no hardware performance unit: the hypervisor (%s) offers none",
				 facts->hypervisor);
		else
			snprintf(reason, size,
				 "no hardware performance unit that this kernel has a driver for");
		break;
	case EACCES:
	case EPERM:
		snprintf(
			reason, size,
			"hardware counters are not permitted (kernel.perf_event_paranoid is %d, or a "
			"container forbids them): set it to 2 or grant CAP_PERFMON",
			facts->paranoid);
		break;
	case ENOSYS:
		snprintf(reason, size, "this kernel has no perf_event_open");
		break;
	case EBUSY:
		snprintf(reason, size, "the hardware performance unit is taken by somebody else");
		break;
	default:
		snprintf(reason, size, "perf_event_open: %s", strerror(facts->error));
	}
	return reason;
}

const char *pmu_kernel_reason(const struct pmu_facts *facts, char *reason, size_t size)
{
	if (facts->paranoid >= 2)
		snprintf(
			reason, size,
			"happens inside the kernel, and kernel.perf_event_paranoid is %d: set it to 1 "
			"or grant CAP_PERFMON",
			facts->paranoid);
	else
		snprintf(reason, size, "counting inside the kernel is not permitted here");
	return reason;
}
