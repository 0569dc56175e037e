/* SPDX-License-Identifier: MIT */
/* owner: pid, start time and boot id name a process for good. */
#include "harness/store/owner.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/attr.h"

static bool read_text(const char *path, char *text, size_t size)
{
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Field 22 of /proc/PID/stat, in clock ticks since boot; 0 when there is no such process. */
static unsigned long long start_time(long pid)
{
	char path[64], text[1024];
	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (!read_text(path, text, sizeof(text)))
		return 0;
	/* The second field is the program's name in parentheses and may hold anything. */
	const char *at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	unsigned long long ticks;
	return at && sscanf(at, "%llu", &ticks) == 1 ? ticks : 0;
}

static void describe(long pid, char owner[STORE_OWNER_SIZE])
{
	char boot[64];
	if (!read_text("/proc/sys/kernel/random/boot_id", boot, sizeof(boot)))
		boot[0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	snprintf(owner, STORE_OWNER_SIZE, "%ld %llu %s", pid, start_time(pid), boot);
}

void store_owner_self(char owner[STORE_OWNER_SIZE])
{
	describe((long)getpid(), owner);
}

bool store_owner_alive(const char *owner)
{
	long pid;
	char now[STORE_OWNER_SIZE];
	if (sscanf(owner, "%ld", &pid) != 1 || pid <= 0 || start_time(pid) == 0)
		return false;
	describe(pid, now);
	return strcmp(now, owner) == 0;
}
