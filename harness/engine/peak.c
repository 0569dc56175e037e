/* SPDX-License-Identifier: MIT */
/* peak: /proc/self/clear_refs and VmHWM. */
#include "harness/engine/peak.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/str.h"

enum assay_code assay_peak_reset(struct assay_err *err)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "5", 1) == 1;
	int error = errno;
	if (fd >= 0)
		close(fd);
	if (done)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_SKIP,
			  "/proc/self/clear_refs: %s: the peak of the start cannot be told from "
			  "the benchmark's",
			  strerror(error));
}

/* VmHWM in bytes; 0 when /proc does not say. */
static uint64_t mark_bytes(void)
{
	char line[256];
	uint64_t kib = 0;
	FILE *file = fopen("/proc/self/status", "re");
	while (file && !kib && fgets(line, sizeof(line), file))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtoull(line + 6, NULL, 10);
	if (file)
		fclose(file);
	return kib * 1024;
}

void assay_peak_read(enum assay_code reset, const struct assay_err *why, struct assay_count *ret)
{
	*ret = (struct assay_count){.event = ASSAY_PEAK_EVENT, .unit = "B"};
	uint64_t bytes = reset == ASSAY_OK ? mark_bytes() : 0;
	if (!bytes) {
		assay_copy(ret->reason, sizeof(ret->reason),
			   reset == ASSAY_OK ? "/proc/self/status has no VmHWM" : why->text);
		return;
	}
	ret->quality = ASSAY_EXACT;
	ret->raw = bytes;
	ret->value = (double)bytes;
	assay_copy(ret->source, sizeof(ret->source), "proc");
	assay_copy(ret->reason, sizeof(ret->reason),
		   "of the whole process since before set-up, not per operation");
}
