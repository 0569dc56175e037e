/* SPDX-License-Identifier: MIT */
/* perf: the system call and its refusals. */
#include "profiler/perf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/pmu.h"

int perf_open(struct perf_event_attr *attr, int pid, int cpu, int group)
{
	attr->size = sizeof(*attr);
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, group, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

const char *perf_reason(int error, char *text, size_t size)
{
	struct pmu_facts facts;
	pmu_facts_read(&facts);
	if (error == EACCES || error == EPERM)
		snprintf(text, size,
			 "perf_event_open is not permitted (kernel.perf_event_paranoid is %d, or a "
			 "container forbids it): 'sysctl kernel.perf_event_paranoid=1', or grant "
			 "CAP_PERFMON",
			 facts.paranoid);
	else if (error == ENOSYS)
		snprintf(text, size, "this kernel has no perf_event_open");
	else if (error == ENOENT || error == ENODEV || error == EOPNOTSUPP)
		snprintf(text, size, "this kernel does not offer it");
	else if (error == EBUSY)
		snprintf(text, size, "the hardware performance unit is taken by somebody else");
	else if (error == EMFILE || error == ENFILE)
		snprintf(text, size, "too many open files: raise 'ulimit -n'");
	else
		snprintf(text, size, "perf_event_open: %s", strerror(error));
	return text;
}

int perf_sees_kernel(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.disabled = 1,
		.exclude_hv = 1,
	};
	int fd = perf_open(&attr, 0, -1, -1);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
