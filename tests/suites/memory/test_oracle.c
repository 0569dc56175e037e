/* SPDX-License-Identifier: MIT */
/* test_oracle: every subject passes the suite's oracle, and subjects with one fault each do not. */
#include "tests/t.h"

#include <stdatomic.h>

#include "suites/memory/memory.h"
#include "suites/table.h"

enum { SEEDS = 2 };

/* Planted faults that are races: a thread sanitizer would rightly stop at them. */
static const bool plant_races = !ASSAY_TSAN;

extern const struct assay_suite assay_suite_memory;

static void test_subjects(void **state)
{
	size_t checked = 0;

	(void)state;
	for (const struct assay_subject_entry *e = assay_subject_table; e->name; e++) {
		struct assay_err err = {0};
		if (strcmp(e->suite, "memory") != 0)
			continue;
		if (e->subject->probe && e->subject->probe(&err) != ASSAY_OK) {
			assert_int_equal(err.code, ASSAY_SKIP);
			print_message("%s skipped: %s\n", e->name, err.text);
			continue;
		}
		for (uint64_t seed = 0; seed < SEEDS; seed++)
			if (assay_suite_memory.check(e->subject, seed, &err) != ASSAY_OK)
				fail_msg("%s: %s", e->name, err.text);
		checked++;
	}
	assert_true(checked >= 5);
}

/* Allocators with one fault each, over a region that is handed out once. */
static char region[64 << 20] __attribute__((aligned(16)));
static atomic_size_t used;

static char *cut(size_t size, size_t step)
{
	size_t at = atomic_fetch_add(&used, step);

	return at + size <= sizeof(region) ? region + at : NULL;
}

static void release_nothing(void *ptr, size_t size)
{
	(void)ptr;
	(void)size;
}

static void *alloc_none(size_t size)
{
	(void)size;
	return NULL;
}

static void *alloc_same(size_t size)
{
	return size < sizeof(region) ? region : NULL;
}

static void *alloc_misaligned(size_t size)
{
	return cut(size + 8, (size + 23) / 16 * 16) + 8;
}

/* One unit too little for exact multiples of it. */
static void *alloc_short(size_t size)
{
	size_t step = (size + 15) / 16 * 16;

	return cut(size, size > 16 && size % 16 == 0 ? step - 16 : step);
}

/* Right in all but that nothing is ever used again. */
static void *alloc_wasteful(size_t size)
{
	return cut(size, (size + 15) / 16 * 16);
}

static void *alloc_scribbling(size_t size)
{
	static _Thread_local char *last;
	static _Thread_local unsigned count;

	if (last && ++count % 64 == 0)
		last[0] ^= 1;
	return last = alloc_wasteful(size);
}

static void test_faulty_allocators(void **state)
{
	static const struct {
		struct allocator ops;
		const char *says;
	} faulty[] = {
		{{.alloc = alloc_none, .release = release_nothing, .keeps_content = true},
		 "gave NULL"},
		{{.alloc = alloc_misaligned, .release = release_nothing, .keeps_content = true},
		 "not aligned"},
		{{.alloc = alloc_same, .release = release_nothing, .keeps_content = true},
		 "overlap"},
		{{.alloc = alloc_short, .release = release_nothing, .keeps_content = true},
		 "overlap"},
		{{.alloc = alloc_scribbling, .release = release_nothing, .keeps_content = true},
		 "changed"},
		{{.alloc = alloc_wasteful, .release = release_nothing, .keeps_content = true},
		 "not used again"},
	};

	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(faulty); i++) {
		struct assay_err err = {0};
		if (ASSAY_ASAN && strcmp(faulty[i].says, "not used again") == 0)
			continue;
		used = 0;
		assert_fails(memory_check_allocator(&faulty[i].ops, 1, &err), ASSAY_ECHECK,
			     faulty[i].says);
		assert_non_null(strstr(err.text, "seed 1"));
	}
}

/* Kernels with one fault each. */
static double read_but_last(const double *a, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i + 1 < n; i++)
		sum += a[i];
	return sum;
}

static void write_beyond(double *a, double value, size_t n)
{
	for (size_t i = 0; i <= n; i++)
		a[i] = value;
}

static void write_before(double *a, double value, size_t n)
{
	a[-1] = value;
	for (size_t i = 0; i < n; i++)
		a[i] = value;
}

static void copy_in_fours(double *a, const double *b, size_t n)
{
	for (size_t i = 0; i + 4 <= n; i += 4)
		memcpy(a + i, b + i, 4 * sizeof(*a));
}

static void triad_swapped(double *a, const double *b, const double *c, double scale, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = c[i] + scale * b[i];
}

static void test_faulty_kernels(void **state)
{
	static const struct {
		struct stream_kernel ops;
		const char *says;
	} faulty[] = {
		{{NULL}, "no operation"},
		{{.read = read_but_last}, "read of 1 elements"},
		{{.write = write_beyond}, "write of 0 elements: element 0"},
		{{.write = write_before}, "element -1"},
		{{.copy = copy_in_fours}, "copy of 1 elements"},
		{{.triad = triad_swapped}, "triad of"},
	};

	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(faulty); i++) {
		struct assay_err err = {0};
		assert_fails(memory_check_stream(&faulty[i].ops, 1, &err), ASSAY_ECHECK,
			     faulty[i].says);
	}
}

static double flops_one_less(uint64_t rounds, double factor, double step)
{
	double sum = 0;

	for (int k = 0; k < 12; k++) {
		double a = k;
		for (uint64_t i = 1; i < rounds; i++)
			a = a * factor + step;
		sum += a;
	}
	return sum;
}

static void test_faulty_flops(void **state)
{
	static const struct flop_kernel faulty = {flops_one_less, 1, false};
	struct assay_err err = {0};

	(void)state;
	assert_fails(memory_check_flops(&faulty, 1, &err), ASSAY_ECHECK, "rounds by");
}

static enum assay_code open_none(void **ret_state, struct assay_err *err)
{
	static atomic_uint word;

	(void)err;
	word = 0;
	*ret_state = &word;
	return ASSAY_OK;
}

static void close_none(void *state)
{
	(void)state;
}

static bool turn_refused(void *state, unsigned side, uint32_t v)
{
	(void)state;
	(void)side;
	return v < 100;
}

static bool turn_at_once(void *state, unsigned side, uint32_t v)
{
	(void)state;
	(void)side;
	(void)v;
	return true;
}

static void test_faulty_handoffs(void **state)
{
	static const struct handoff faulty[] = {
		{open_none, turn_refused, close_none, false},
		{open_none, turn_at_once, close_none, false},
	};

	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(faulty) && plant_races; i++) {
		struct assay_err err = {0};
		assert_fails(memory_check_handoff(&faulty[i], 1, &err), ASSAY_ECHECK, "turn");
	}
}

/* Codecs, readers and pools with one fault each. */
static size_t pack_beyond(void *to, size_t capacity, const void *from, size_t n)
{
	memcpy(to, from, n);
	((char *)to)[capacity] = 1;
	return n;
}

static size_t pack_copy(void *to, size_t capacity, const void *from, size_t n)
{
	if (capacity < n)
		return 0;
	memcpy(to, from, n);
	return n;
}

static bool unpack_copy(void *to, size_t n, const void *from, size_t bytes)
{
	memcpy(to, from, bytes < n ? bytes : n);
	return bytes == n;
}

static bool unpack_beyond(void *to, size_t n, const void *from, size_t bytes)
{
	memcpy(to, from, n);
	((char *)to)[n] = 1;
	return bytes == n;
}

static bool unpack_all_but_one(void *to, size_t n, const void *from, size_t bytes)
{
	memcpy(to, from, n);
	((char *)to)[n - 1] ^= 1;
	return bytes == n;
}

static enum assay_code sum_one(const struct file_pass *pass, uint64_t *ret_sum,
			       struct assay_err *err)
{
	(void)pass;
	(void)err;
	*ret_sum = 1;
	return ASSAY_OK;
}

static void *acquire_same(void *pool, bool *ret_reused)
{
	*ret_reused = true;
	return pool;
}

static void release_same(void *pool, void *object)
{
	(void)pool;
	(void)object;
}

static enum assay_code open_same(size_t bytes, void **ret_pool, struct assay_err *err)
{
	static char object[4096];

	(void)err;
	*ret_pool = bytes <= sizeof(object) ? object : NULL;
	return ASSAY_OK;
}

static void test_faulty_others(void **state)
{
	static const struct codec beyond = {pack_beyond, unpack_copy},
				  right = {pack_copy, unpack_copy},
				  back_beyond = {pack_copy, unpack_beyond},
				  all_but = {pack_copy, unpack_all_but_one};
	static const struct file_reader reader = {.pass = sum_one};
	static const struct object_pool pool = {open_same, acquire_same, release_same, close_none};
	struct assay_err err = {0};

	(void)state;
	assert_fails(memory_check_codec(&beyond, 1, &err), ASSAY_ECHECK, "beyond the room");
	assert_fails(memory_check_codec(&back_beyond, 1, &err), ASSAY_ECHECK, "beyond them");
	assert_fails(memory_check_codec(&all_but, 1, &err), ASSAY_ECHECK, "did not come back");
	assert_ok(memory_check_codec(&right, 1, &err));
	assert_fails(memory_check_reader(&reader, 1, &err), ASSAY_ECHECK, "words of a file");
	if (plant_races)
		assert_fails(memory_check_objects(&pool, 1, &err), ASSAY_ECHECK,
			     "changed while they were held");
}

static void test_unknown_interface(void **state)
{
	static const struct assay_subject subject = {.interface = "teapot"};
	struct assay_err err = {0};

	(void)state;
	assert_fails(assay_suite_memory.check(&subject, 1, &err), ASSAY_EBUG, "teapot");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subjects),          cmocka_unit_test(test_faulty_allocators),
		cmocka_unit_test(test_faulty_kernels),    cmocka_unit_test(test_faulty_flops),
		cmocka_unit_test(test_faulty_handoffs),   cmocka_unit_test(test_faulty_others),
		cmocka_unit_test(test_unknown_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
