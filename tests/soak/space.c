/* SPDX-License-Identifier: MIT */
/*
 * space: there is no room: a small file system that is full, or out of inodes, or becomes read-only; a limit on the
 * size of files; a folder that may not be written. The mount is seen by this process and its children alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/soak/scenes.h"
#include "tests/soak/soak.h"
#include "tests/soak/tree.h"
#include "tests/store/fixture.h"

enum want { WANT_BYTES, WANT_INODES, WANT_WRITING, WANT_FILE_SIZE, WANTS };
static const char *const names[] = {"bytes", "inodes", "a writable disk", "file size"};

static const struct {
	const char *words[16];
} verbs[] = {
	{{"run", "selftest/empty", "selftest/walk", "-n", "20", "-t", "5ms", "--launches", "2",
	  "--counters", "none"}},
	{{"report", "-o", "page.html"}},
	{{"export", "--all", "-o", "all.json"}},
	{{"db", "backup", "copy.db"}},
	{{"merge", "../other.db"}},
};

/* A private file system as the folder "disk". Options as for mount(8). */
static bool mount_disk(const char *options)
{
	return mkdir("disk", 0755) == 0 && mount("soak", "disk", "tmpfs", 0, options) == 0;
}

static void unmount_disk(void)
{
	if (chdir("..") != 0 || umount2("disk", MNT_DETACH) != 0 || rmdir("disk") != 0)
		soak_broken("unmount the small disk");
}

/* The disk's options: nearly no room beyond what is there. */
static void tighten(struct soak *soak, enum want want, size_t present)
{
	char options[64] = "size=64m,nr_inodes=10000";
	if (want == WANT_BYTES)
		snprintf(options, sizeof(options), "size=%zuk",
			 present / 1024 + 4 + (size_t)soak_below(soak, 400));
	else if (want == WANT_INODES) /* the root, the store, two links, and few more */
		snprintf(options, sizeof(options), "nr_inodes=%d", 5 + (int)soak_below(soak, 4));
	if (mount("soak", ".", "tmpfs", MS_REMOUNT | (want == WANT_WRITING ? MS_RDONLY : 0),
		  options) != 0)
		soak_broken("mount again with %s", options);
}

static void loosen(void)
{
	if (mount("soak", ".", "tmpfs", MS_REMOUNT, "size=64m,nr_inodes=10000") != 0)
		soak_broken("mount again");
}

static int play(struct soak *soak, enum want want, size_t verb, const char *what)
{
	struct rlimit before, small;
	struct tree tree;
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 1024 + soak_below(soak, 300000);
	if (want == WANT_FILE_SIZE)
		setrlimit(RLIMIT_FSIZE, &small);
	tree_start(soak, &tree, verbs[verb].words, NULL);
	setrlimit(RLIMIT_FSIZE, &before);
	tree_outlive(soak, &tree, what);
	return tree_exit(&tree);
}

/* What was stored is there, nothing half-written is, and who failed said where. */
static void judge(struct soak *soak, enum want want, int exit_code, uint64_t before,
		  const char *what)
{
	char said[300];
	file_last("err", said, sizeof(said));
	if (exit_code != 0 && exit_code != 3 && exit_code != 7)
		soak_fail(soak, "%s: exit status %d, '%s'", what, exit_code, said);
	if (exit_code == 7 && !strstr(said, "results.db") && !strstr(said, "copy.db") &&
	    !strstr(said, "other.db") && file_count("out", "refused") == 0)
		soak_fail(soak, "%s: '%s' does not say where", what, said);
	scene_judge(soak, before + file_lines("err", "["), what);
	if (exit_code != 0 && (access("page.html", F_OK) == 0 || access("all.json", F_OK) == 0 ||
			       access("copy.db", F_OK) == 0))
		soak_fail(soak, "%s: half a file is left", what);
}

static void one_want(struct soak *soak, enum want want, const unsigned char *store, size_t size,
		     uint64_t before)
{
	char what[80];
	size_t verb = soak_below(soak, ASSAY_COUNT_OF(verbs));
	snprintf(what, sizeof(what), "%s without %s", verbs[verb].words[0], names[want]);
	/* What is printed goes elsewhere. */
	if (!mount_disk("size=64m") || chdir("disk") != 0 || spit("results.db", store, size) != 0 ||
	    symlink("../out", "out") != 0 || symlink("../err", "err") != 0)
		soak_broken("prepare a small disk");
	tighten(soak, want, size);
	int exit_code = play(soak, want, verb, what);
	loosen();
	judge(soak, want, exit_code, before, what);
	unmount_disk();
}

static void space(struct soak *soak)
{
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    !mount_disk("size=64m")) {
		soak_skip(soak, "no file system can be mounted here: %s", strerror(errno));
		rmdir("disk");
		return;
	}
	if (chdir("disk") != 0)
		soak_broken("use a small disk");
	unmount_disk();
	size_t size;
	uint64_t before = scenes[4]->prepare();
	unsigned char *store = slurp("results.db", &size);
	if (!store || unlink("results.db") != 0)
		soak_broken("make a store");
	while (soak_trial(soak))
		one_want(soak, (enum want)(soak->done % WANTS), store, size, before);
	free(store);
}

const struct campaign soak_space = {
	.name = "space",
	.brief =
		"no room: full disks, no inodes left, limits on the size of files, disks that may not be written",
	.trials = 600,
	.few = 4,
	.run = space,
};
