/* SPDX-License-Identifier: MIT */
/*
 * filesystem: an allow-list, because write-ahead logging needs memory shared by all openers: it fails
 * or corrupts on NFS, Lustre and GPFS, and the mode is kept in the file, so a wrong guess would last.
 */
#include "harness/store/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "harness/base/attr.h"

static const uint32_t local_magics[] = {
	0xef53,     /* ext2, ext3, ext4 */
	0x58465342, /* xfs */
	0x9123683e, /* btrfs */
	0x01021994, /* tmpfs */
	0x858458f6, /* ramfs */
	0x2fc12fc1, /* zfs */
	0xf2f52010, /* f2fs */
	0x3153464a, /* jfs */
	0x52654973, /* reiserfs */
	0xca451a4e, /* bcachefs */
	0x794c7630, /* overlayfs: its upper layer must be local */
};

bool store_filesystem_local(uint64_t magic)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(local_magics); i++)
		if (local_magics[i] == magic)
			return true;
	return false;
}

bool store_path_local(const char *path)
{
	struct statfs fs;
	return statfs(path, &fs) == 0 && store_filesystem_local((uint32_t)fs.f_type);
}

int store_take_name(const char *from, const char *to)
{
	if (link(from, to) == 0)
		return 0;
	if (errno == EEXIST)
		return -1;
	/* Where there are no hard links: the other way not to replace what is there. */
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

void store_sync_folder(const char *path)
{
	ASSAY_AUTO_FREE char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	if (slash)
		slash[slash == folder] = '\0';
	ASSAY_AUTO_CLOSE int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		fsync(fd);
}
