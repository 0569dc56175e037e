/* SPDX-License-Identifier: MIT */
/* Checkpoints: what was written comes back, what is torn is found out, and kill -9 at any moment leaves a whole one. */
#include "suites/scaling/snapshot.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/t.h"

enum { WORDS = 20000, SIZE = WORDS * 8, KILLS = 25 };

struct place {
	char folder[64], path[80];
	uint64_t data[WORDS], back[WORDS];
};

static int begin(void **state)
{
	static struct place place;
	*state = &place;
	if (!mkdtemp(t_path(place.folder, "snapshot")))
		return -1;
	snprintf(place.path, sizeof(place.path), "%s/state", place.folder);
	return 0;
}

static int end(void **state)
{
	struct place *p = *state;
	char partial[100];
	snprintf(partial, sizeof(partial), "%s.partial", p->path);
	unlink(partial);
	unlink(p->path);
	return rmdir(p->folder);
}

/* Every word says which step it belongs to. */
static void fill(uint64_t *data, uint64_t step)
{
	for (uint64_t i = 0; i < WORDS; i++)
		data[i] = step * WORDS + i;
}

static void comes_back_every_way(void **state)
{
	struct place *p = *state;
	struct assay_err err = {0};
	uint64_t step = 0;
	for (int way = SNAPSHOT_REPLACE; way <= SNAPSHOT_IN_PLACE; way++) {
		fill(p->data, (uint64_t)way);
		assert_ok(snapshot_write(p->path, (enum snapshot_way)way, 7 + (uint64_t)way,
					 p->data, SIZE, &err));
		assert_ok(snapshot_read(p->path, &step, p->back, SIZE, &err));
		assert_int_equal(step, 7 + way);
		assert_memory_equal(p->data, p->back, SIZE);
		assert_fails(snapshot_read(p->path, &step, p->back, SIZE - 8, &err), ASSAY_EPARSE,
			     "bytes of state");
	}
	assert_fails(snapshot_read("/none/state", &step, p->back, SIZE, &err), ASSAY_EIO,
		     "cannot open");
	assert_fails(snapshot_write("/none/state", SNAPSHOT_REPLACE, 1, p->data, SIZE, &err),
		     ASSAY_EIO, "cannot create");
}

/* What cannot be finished leaves nothing beside the old one. */
static void a_failed_one_leaves_nothing(void **state)
{
	struct place *p = *state;
	struct assay_err err = {0};
	char partial[100], taken[90];
	snprintf(taken, sizeof(taken), "%s/taken", p->folder);
	snprintf(partial, sizeof(partial), "%s.partial", taken);
	assert_int_equal(mkdir(taken, 0700), 0); /* a folder cannot be replaced by a file */
	for (int way = SNAPSHOT_REPLACE; way <= SNAPSHOT_UNSYNCED; way++) {
		assert_fails(snapshot_write(taken, (enum snapshot_way)way, 1, p->data, SIZE, &err),
			     ASSAY_EIO, "cannot rename");
		assert_int_equal(access(partial, F_OK), -1);
	}
	assert_int_equal(rmdir(taken), 0);
}

/* One changed byte anywhere, or an end that is missing. */
static void torn_ones_are_found_out(void **state)
{
	struct place *p = *state;
	struct assay_err err = {0};
	uint64_t step;
	fill(p->data, 3);
	const off_t at[] = {0, 9, 17, 25, 32, 5000, 32 + SIZE - 1};
	for (size_t i = 0; i < ASSAY_COUNT_OF(at); i++) {
		assert_ok(snapshot_write(p->path, SNAPSHOT_REPLACE, 1, p->data, SIZE, &err));
		int fd = open(p->path, O_RDWR | O_CLOEXEC);
		unsigned char byte;
		assert_int_equal(pread(fd, &byte, 1, at[i]), 1);
		byte ^= 4;
		assert_int_equal(pwrite(fd, &byte, 1, at[i]), 1);
		close(fd);
		assert_int_equal(snapshot_read(p->path, &step, p->back, SIZE, &err), ASSAY_EPARSE);
		assert_ok(snapshot_write(p->path, SNAPSHOT_REPLACE, 1, p->data, SIZE, &err));
		assert_int_equal(truncate(p->path, at[i]), 0);
		assert_int_equal(snapshot_read(p->path, &step, p->back, SIZE, &err), ASSAY_EPARSE);
	}
}

static _Noreturn void write_until_killed(struct place *p, uint64_t step, _Atomic uint64_t *told)
{
	for (;; step++) {
		fill(p->data, step);
		if (snapshot_write(p->path, SNAPSHOT_UNSYNCED, step, p->data, SIZE, NULL) !=
		    ASSAY_OK)
			_exit(1);
		*told = step;
	}
}

/* A writer is killed again and again: what is read is whole, and no older than what it had been told was written. */
static void a_killed_writer_leaves_a_whole_one(void **state)
{
	struct place *p = *state;
	struct assay_err err = {0};
	_Atomic uint64_t *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(told != MAP_FAILED);
	fill(p->data, 0);
	assert_ok(snapshot_write(p->path, SNAPSHOT_REPLACE, 0, p->data, SIZE, &err));
	*told = 0;
	for (int i = 0; i < KILLS; i++) {
		uint64_t from = *told, step;
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			write_until_killed(p, from + 1, told);
		poll(NULL, 0, 1 + i % 5);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_ok(snapshot_read(p->path, &step, p->back, SIZE, &err));
		assert_true(step >= *told && step <= *told + 1);
		fill(p->data, step);
		assert_memory_equal(p->data, p->back, SIZE);
	}
	munmap((void *)told, sizeof(*told));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_back_every_way, begin, end),
		cmocka_unit_test_setup_teardown(torn_ones_are_found_out, begin, end),
		cmocka_unit_test_setup_teardown(a_failed_one_leaves_nothing, begin, end),
		cmocka_unit_test_setup_teardown(a_killed_writer_leaves_a_whole_one, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
