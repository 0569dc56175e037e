/* SPDX-License-Identifier: MIT */
/* snapshot: a head with a checksum, the state, and three ways to give them a name. */
#include "suites/scaling/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/attr.h"

#define MAGIC UINT64_C(0x31544b4341535341) /* "ASSACKT1" */

struct head {
	uint64_t magic, step, size, sum;
};

/* Four lanes of multiply and rotate: finds accidents at memory speed, and is no cryptographic hash. */
static uint64_t checksum(const struct head *head, const void *data, size_t size)
{
	uint64_t lanes[4] = {head->step, head->size, MAGIC, 1}, words[4] = {0};
	const char *at = data;
	for (; size >= sizeof(words); at += sizeof(words), size -= sizeof(words)) {
		memcpy(words, at, sizeof(words));
		for (int i = 0; i < 4; i++) {
			lanes[i] = (lanes[i] ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
			lanes[i] = lanes[i] << 29 | lanes[i] >> 35;
		}
	}
	memset(words, 0, sizeof(words));
	if (size)
		memcpy(words, at, size);
	uint64_t sum = 0;
	for (int i = 0; i < 4; i++)
		sum = (sum ^ lanes[i] ^ words[i]) * UINT64_C(0xff51afd7ed558ccd) + (uint64_t)i;
	return sum;
}

static enum assay_code failed(const char *doing, const char *path, struct assay_err *err)
{
	return assay_fail(err, ASSAY_EIO, "cannot %s checkpoint '%s': %s", doing, path,
			  strerror(errno));
}

static bool write_all(int fd, const void *data, size_t size)
{
	for (const char *at = data; size > 0;) {
		ssize_t n = write(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static bool read_all(int fd, void *data, size_t size)
{
	for (char *at = data; size > 0;) {
		ssize_t n = read(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static enum assay_code write_file(const char *path, bool sync, const struct head *head,
				  const void *data, struct assay_err *err)
{
	ASSAY_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed("create", path, err);
	if (!write_all(fd, head, sizeof(*head)) || !write_all(fd, data, head->size) ||
	    ftruncate(fd, (off_t)(sizeof(*head) + head->size)) != 0)
		return failed("write", path, err);
	if (sync && fsync(fd) != 0)
		return failed("sync", path, err);
	return ASSAY_OK;
}

static enum assay_code sync_folder(const char *path, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *folder = strdup(path);
	if (!folder)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a name");
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	ASSAY_AUTO_CLOSE int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0 ? ASSAY_OK : failed("sync the folder of", path, err);
}

enum assay_code snapshot_write(const char *path, enum snapshot_way way, uint64_t step,
			       const void *data, size_t size, struct assay_err *err)
{
	struct head head = {MAGIC, step, size, 0};
	head.sum = checksum(&head, data, size);
	if (way == SNAPSHOT_IN_PLACE)
		return write_file(path, true, &head, data, err);
	ASSAY_AUTO_FREE char *partial = NULL;
	if (asprintf(&partial, "%s.partial", path) < 0) {
		partial = NULL;
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a name");
	}
	bool sync = way == SNAPSHOT_REPLACE;
	enum assay_code code = write_file(partial, sync, &head, data, err);
	if (code == ASSAY_OK && rename(partial, path) != 0)
		code = failed("rename", path, err);
	if (code != ASSAY_OK)
		unlink(partial); /* a full disk is no better for half a checkpoint on it */
	return code == ASSAY_OK && sync ? sync_folder(path, err) : code;
}

enum assay_code snapshot_read(const char *path, uint64_t *ret_step, void *data, size_t size,
			      struct assay_err *err)
{
	struct head head;
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", path, err);
	if (!read_all(fd, &head, sizeof(head)) || head.magic != MAGIC)
		return assay_fail(err, ASSAY_EPARSE, "'%s' is no checkpoint", path);
	if (head.size != size)
		return assay_fail(err, ASSAY_EPARSE, "'%s' holds %llu bytes of state, not %zu",
				  path, (unsigned long long)head.size, size);
	if (!read_all(fd, data, size) || checksum(&head, data, size) != head.sum)
		return assay_fail(err, ASSAY_EPARSE, "'%s' is torn", path);
	*ret_step = head.step;
	return ASSAY_OK;
}
