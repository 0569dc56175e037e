/* SPDX-License-Identifier: MIT */
/* memory_use: reading /proc/self. */
#include "suites/memory/memory_use.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

size_t memory_rss(void)
{
	unsigned long size, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(file);
	return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

size_t memory_peak(void)
{
	char line[256];
	unsigned long kib = 0;
	FILE *file = fopen("/proc/self/status", "re");

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %lu kB", &kib) == 1)
			break;
	fclose(file);
	return (size_t)kib * 1024;
}

bool memory_peak_reset(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool reset = write(fd, "5", 1) == 1;
	close(fd);
	return reset;
}

long memory_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}
