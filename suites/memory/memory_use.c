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

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

void memory_watch_begin(struct memory_watch *watch, struct assay_run *run, size_t own)
{
	size_t rss = memory_rss();

	assay_check(run, rss > 0, "the kernel does not say what is resident");
	watch->base = rss + own;
	watch->has_peak = memory_peak_reset();
}

double memory_watch_above(const struct memory_watch *watch, size_t bytes)
{
	return bytes > watch->base ? (double)(bytes - watch->base) : 0;
}

void memory_watch_report(const struct memory_watch *watch, struct assay_run *run, double live)
{
	if (!watch->has_peak)
		return;
	double peak = memory_watch_above(watch, memory_peak());
	assay_metric(run, "peak_rss", "B", ASSAY_LOWER, peak);
	if (live > 0)
		assay_metric(run, "bytes_per_live", "ratio", ASSAY_LOWER, peak / live);
}
