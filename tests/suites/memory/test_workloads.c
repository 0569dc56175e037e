/* SPDX-License-Identifier: MIT */
/* test_workloads: laws of sizes, tables of blocks, what the kernel says of memory, the slab's guard. */
#include "tests/t.h"

#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites/memory/churn.h"
#include "suites/memory/memory_use.h"
#include "suites/memory/scratch_file.h"
#include "suites/memory/size_class.h"

extern const struct assay_subject assay_subject_memory_slab;
extern const struct assay_subject assay_subject_memory_glibc;

enum { BYTES = 16 << 20 };

static void test_laws(void **state)
{
	enum { DRAWS = 20000, LARGEST = 4096 };
	double mean[4] = {0};

	(void)state;
	for (int law = LAW_UNIFORM; law <= LAW_PROGRAM; law++) {
		struct assay_rng rng;
		assay_rng_init(&rng, 11);
		for (int i = 0; i < DRAWS; i++) {
			size_t size = size_draw((enum size_law)law, LARGEST, &rng);
			assert_in_range(size, 8, LARGEST);
			mean[law] += (double)size / DRAWS;
		}
		assert_int_equal(size_draw((enum size_law)law, 8, &rng), 8);
	}
	assert_close(mean[LAW_UNIFORM], (8 + LARGEST) / 2.0, 0.02);
	/* shape 1 cut at b: mean = ln(b / a) / (1/a - 1/b), less the half that rounding down takes */
	assert_close(mean[LAW_PARETO], log(4096 / 8.0) / (1 / 8.0 - 1 / 4096.0), 0.08);
	assert_close(mean[LAW_BIMODAL], 0.9 * 32 + 0.1 * LARGEST, 0.05);
	assert_in_range(mean[LAW_PROGRAM], 100, 400);
}

/* What is in memory for good cannot be dropped, and that is said. */
static void test_tmpfs_is_never_cold(void **state)
{
	struct scratch_file file;
	struct statfs where;
	struct assay_err err = {0};
	const char *before = getenv("TMPDIR");

	(void)state;
	if (statfs("/dev/shm", &where) != 0 || where.f_type != TMPFS_MAGIC ||
	    access("/dev/shm", W_OK) != 0)
		skip();
	char *kept = before ? strdup(before) : NULL;
	assert_int_equal(setenv("TMPDIR", "/dev/shm", 1), 0);
	assert_ok(scratch_file_make(&file, 1 << 20, 1, &err));
	assert_int_equal(kept ? setenv("TMPDIR", kept, 1) : unsetenv("TMPDIR"), 0);
	free(kept);
	assert_fails(scratch_file_drop_cache(&file, &err), ASSAY_SKIP, "100 % of the file stay");
	scratch_file_done(&file);
}

static void test_classes(void **state)
{
	(void)state;
	for (size_t size = 1; size <= SIZE_LARGEST; size++) {
		size_t class = size_class_of(size), bytes = size_class_bytes(class);
		assert_true(class < SIZE_CLASSES);
		assert_true(bytes >= size);
		assert_true(bytes - size < (size <= SIZE_STEPPED ? 16 : size / 4));
		assert_true(class == 0 || size_class_bytes(class - 1) < size || class == 1);
	}
}

/* An allocator that hands one and the same block out again and again. */
static void *alloc_one(size_t size)
{
	static uint64_t block[512];

	return size <= sizeof(block) ? block : NULL;
}

static void release_none(void *ptr, size_t size)
{
	(void)ptr;
	(void)size;
}

static void test_churn(void **state)
{
	static const struct allocator same = {.alloc = alloc_one, .release = release_none};
	const struct allocator *good = assay_subject_memory_glibc.ops;
	struct assay_err err = {0};

	(void)state;
	for (int writing = CHURN_NOTHING; writing <= CHURN_WHOLE; writing++)
		for (int faulty = 0; faulty < 2; faulty++) {
			const struct allocator *a = faulty ? &same : good;
			struct churn *churn;
			assert_ok(churn_new(100, LAW_PROGRAM, 4096, 3, &churn, &err));
			churn->writing = (enum churn_writing)writing;
			assert_true(churn_fill(churn, a));
			for (int i = 0; i < 2 * CHURN_STEPS; i++)
				churn_step(churn, a);
			assert_int_equal(churn->wrong > 0, faulty && writing != CHURN_NOTHING);
			churn_drain(churn, a);
			churn_free(churn);
		}
	churn_free(NULL);
}

static void test_use(void **state)
{
	size_t before = memory_rss();
	long faults = memory_faults();

	(void)state;
	assert_true(before > 0);
	bool reset = memory_peak_reset();
	char *bytes = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(bytes != MAP_FAILED);
	for (size_t i = 0; i < BYTES; i += 4096)
		bytes[i] = 1;
	assert_true(memory_faults() > faults);
	assert_true(memory_rss() >= before + BYTES * 3 / 4);
	munmap(bytes, BYTES);
	assert_true(memory_rss() < before + BYTES / 2);
	assert_true(memory_peak() >= before + BYTES * 3 / 4);
	if (reset && memory_peak_reset())
		assert_true(memory_peak() < before + BYTES * 3 / 4);
}

static int signal_of(void (*misuse)(const struct allocator *))
{
	pid_t child = fork();

	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		signal(SIGILL, SIG_DFL);
		signal(SIGTRAP, SIG_DFL);
		misuse(assay_subject_memory_slab.ops);
		_exit(0);
	}
	int status = 0;
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void proper(const struct allocator *a)
{
	a->release(a->alloc(100), 100);
}

static void twice(const struct allocator *a)
{
	void *block = a->alloc(100), *other = a->alloc(100);

	a->release(block, 100);
	a->release(block, 100);
	a->release(other, 100);
}

static void inside(const struct allocator *a)
{
	char *block = a->alloc(100);

	a->release(block + 8, 100);
}

static void test_slab_guard(void **state)
{
	(void)state;
	assert_int_equal(signal_of(proper), 0);
	assert_int_not_equal(signal_of(twice), 0);
	assert_int_not_equal(signal_of(inside), 0);
}

static void *touch(void *bytes)
{
	for (size_t i = 0; i < BYTES; i += 4096)
		((volatile char *)bytes)[i] = 1;
	return NULL;
}

/* Each thread's over its own operations: those of all over one's would be as many times too much. */
static void faults_are_the_threads_own(void **state)
{
	pthread_t other;
	char *bytes = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(bytes != MAP_FAILED);
	madvise(bytes, BYTES, MADV_NOHUGEPAGE);
	long faults = memory_faults();
	assert_int_equal(pthread_create(&other, NULL, touch, bytes), 0);
	pthread_join(other, NULL);
	assert_true(memory_faults() - faults < (long)(BYTES / 65536));
	munmap(bytes, BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tmpfs_is_never_cold),
		cmocka_unit_test(test_laws),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_slab_guard),
		cmocka_unit_test(faults_are_the_threads_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
