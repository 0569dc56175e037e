/* SPDX-License-Identifier: MIT */
/* test_pool: the pool across threads, after threads, between classes, and against misuse. */
#include "tests/t.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites/memory/pool_heap.h"

/* Two pools of the test's own, so that their figures can be read. */
static struct pool plain = POOL_INITIALIZER(false);
static struct pool hard = POOL_INITIALIZER(true);
static _Thread_local struct pool_heap *plain_heap = (struct pool_heap *)(uintptr_t)&pool_heap_none;
static _Thread_local struct pool_heap *hard_heap = (struct pool_heap *)(uintptr_t)&pool_heap_none;

static void *take(bool hardened, size_t size)
{
	return hardened ? pool_alloc(&hard, &hard_heap, size, true)
			: pool_alloc(&plain, &plain_heap, size, false);
}

static void give(bool hardened, void *ptr, size_t size)
{
	if (hardened)
		pool_release(&hard, &hard_heap, ptr, size, true);
	else
		pool_release(&plain, &plain_heap, ptr, size, false);
}

/* Every size up to past the largest class holds that many bytes, apart from its neighbour. */
static void test_sizes(void **state)
{
	(void)state;
	for (int hardened = 0; hardened < 2; hardened++)
		for (size_t size = 0; size < POOL_LARGEST + 100; size += size < 1100 ? 1 : 37) {
			unsigned char *a = take(hardened, size), *b = take(hardened, size);
			assert_non_null(a);
			assert_non_null(b);
			assert_int_equal((uintptr_t)a % 16, 0);
			assert_true(a + size <= b || b + size <= a);
			memset(a, 0xa5, size);
			memset(b, 0x5a, size);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(a[i], 0xa5);
			give(hardened, a, size);
			give(hardened, b, size);
		}
}

/* Mappings of aarch64 begin at the end of 48 bits, where this machine may have none: such addresses have a place
 * among the regions, and come through a link and through a parcel's entry. */
static void test_high_addresses(void **state)
{
	const uintptr_t high = 0x0000fffff7f00040u;
	const struct pool_block *next = (const struct pool_block *)high;
	struct pool_heap heap = {.secret = 0x1234567890abcdefu};
	struct pool_block block;
	(void)state;
	assert_true(high / POOL_REGION_BYTES < POOL_REGIONS);
	assert_false(pool_knows(&plain, next));
	for (int hardened = 0; hardened < 2; hardened++) {
		pool_link(&heap, &block, next, hardened);
		assert_ptr_equal(pool_next(&heap, &block, hardened), next);
		uintptr_t entry = pool_seal(&heap, &block, high << POOL_ENTRY_SHIFT | 7, hardened);
		assert_int_equal(pool_seal(&heap, &block, entry, hardened) >> POOL_ENTRY_SHIFT,
				 high);
	}
}

/* Blocks that one thread takes and leaves for another to release. */
enum { LEFT = 5000, LEFT_BYTES = 48 };
struct leaving {
	bool hardened;
	bool done_first; /* gives its heap up before it ends */
	size_t *blocks[LEFT];
	size_t failed;
};

static void *take_and_leave(void *argument)
{
	struct leaving *l = argument;

	for (size_t i = 0; i < LEFT; i++) {
		l->blocks[i] = take(l->hardened, LEFT_BYTES);
		if (!l->blocks[i]) {
			l->failed++;
			continue;
		}
		*l->blocks[i] = i;
	}
	if (l->done_first)
		pool_thread_done(l->hardened ? &hard_heap : &plain_heap);
	return NULL;
}

/* A thread that never took anything releases: through parcels, from a heap of its own. */
static void *release_all(void *argument)
{
	struct leaving *l = argument;

	for (size_t i = 0; i < LEFT; i++) {
		l->failed += *l->blocks[i] != i;
		give(l->hardened, l->blocks[i], LEFT_BYTES);
	}
	return NULL;
}

static size_t mapped(bool hardened)
{
	return hardened ? hard.mapped_slabs : plain.mapped_slabs;
}

static void run_thread(void *(*body)(void *), void *argument)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, body, argument), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Threads come and go while their blocks live on; the next threads use their memory again. */
static void test_generations(void **state)
{
	(void)state;
	for (int variant = 0; variant < 4; variant++) {
		struct leaving l = {.hardened = variant & 1, .done_first = variant & 2};
		size_t after_first = 0;
		for (int generation = 0; generation < 40; generation++) {
			run_thread(take_and_leave, &l);
			run_thread(release_all, &l);
			assert_int_equal(l.failed, 0);
			if (generation == 1)
				after_first = mapped(l.hardened);
		}
		assert_int_equal(mapped(l.hardened), after_first);
	}
}

/* What other threads release is used again; what of it has to wait is bounded, and a trim does not let it. */
static void test_comes_home(void **state)
{
	enum { ROUNDS = 60 };

	(void)state;
	for (int hardened = 0; hardened < 2; hardened++) {
		struct leaving l = {.hardened = hardened};
		size_t settled = 0, waited = 0;
		for (int round = 0; round < ROUNDS; round++) {
			/* The main thread takes, and lives on. */
			take_and_leave(&l);
			run_thread(release_all, &l);
			const struct pool_heap *heap = hardened ? hard_heap : plain_heap;
			/* What the last round sent may not have been received yet. */
			assert_true(heap->waiting_bytes < POOL_WAITING_BYTES + LEFT * 64);
			waited += heap->waiting_bytes > 0;
			if (round == ROUNDS / 2)
				settled = mapped(hardened);
		}
		assert_int_equal(l.failed, 0);
		assert_int_equal(mapped(hardened), settled);
		assert_true(waited > ROUNDS / 2);
		pool_trim(hardened ? &hard : &plain, hardened ? &hard_heap : &plain_heap);
		const struct pool_heap *heap = hardened ? hard_heap : plain_heap;
		assert_null(heap->waiting);
		assert_null(heap->opened);
		assert_int_equal(heap->waiting_bytes, 0);
	}
}

struct reuse {
	bool hardened;
	size_t failed;
};

/* Fill and empty memory with one class after the other: slabs must change classes. */
static void *change_classes(void *argument)
{
	struct reuse *r = argument;
	enum { BYTES = 8 << 20, SMALLEST = 64 };
	void **blocks = calloc(BYTES / SMALLEST, sizeof(*blocks));

	for (size_t size = SMALLEST; blocks && size <= POOL_LARGEST; size *= 2) {
		size_t n = BYTES / size;
		for (size_t i = 0; i < n; i++) {
			blocks[i] = take(r->hardened, size);
			if (blocks[i])
				memset(blocks[i], (int)i, size);
			else
				r->failed++;
		}
		for (size_t i = 0; i < n; i++)
			if (blocks[i])
				give(r->hardened, blocks[i], size);
	}
	free(blocks);
	return NULL;
}

static void test_classes_share(void **state)
{
	(void)state;
	for (int hardened = 0; hardened < 2; hardened++) {
		struct reuse r = {.hardened = hardened};
		size_t before = mapped(hardened);
		run_thread(change_classes, &r);
		assert_int_equal(r.failed, 0);
		/* 8 MiB are 128 slabs and some waste; eight classes one after the other took each. */
		assert_true(mapped(hardened) - before < 400);
	}
}

/* Several threads release each other's blocks while they take their own. */
enum { RACERS = 4, RACE_SLOTS = 64, RACE_STEPS = 30000 };
struct race {
	bool hardened;
	_Atomic(size_t *) slots[RACE_SLOTS];
	atomic_size_t failed;
};

static void *race(void *argument)
{
	struct race *r = argument;
	uint64_t state = (uint64_t)(uintptr_t)&state;

	for (size_t i = 0; i < RACE_STEPS; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		size_t slot = (size_t)(state >> 58), size = 16 + slot * 16;
		size_t *mine = take(r->hardened, size);
		if (!mine) {
			r->failed++;
			continue;
		}
		mine[0] = mine[1] = slot;
		/* The size is the slot's, so that whoever finds the block can release it. */
		size_t *other = atomic_exchange(&r->slots[slot], mine);
		if (!other)
			continue;
		r->failed += other[0] != slot || other[1] != slot;
		give(r->hardened, other, size);
	}
	return NULL;
}

static void test_race(void **state)
{
	(void)state;
	for (int hardened = 0; hardened < 2; hardened++) {
		static struct race r;
		memset(&r, 0, sizeof(r));
		r.hardened = hardened;
		pthread_t threads[RACERS];
		size_t started = 0;
		for (; started < RACERS; started++)
			if (pthread_create(&threads[started], NULL, race, &r) != 0)
				break;
		for (size_t i = 0; i < started; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(started, RACERS);
		assert_int_equal(r.failed, 0);
		for (size_t i = 0; i < RACE_SLOTS; i++)
			if (r.slots[i])
				give(hardened, r.slots[i], 16 + i * 16);
	}
}

static size_t resident(const void *from, size_t bytes)
{
	static unsigned char pages[4096];
	size_t count = 0;
	uintptr_t base = (uintptr_t)from & ~(uintptr_t)4095;

	assert_true(bytes / 4096 <= sizeof(pages));
	assert_int_equal(mincore((void *)base, bytes, pages), 0);
	for (size_t i = 0; i < bytes / 4096; i++)
		count += pages[i] & 1;
	return count;
}

/* What is not in use goes back to the system when asked for; what is in use stays as it is. */
static void test_trim(void **state)
{
	enum { BLOCKS = 2000, BYTES = 1024 };
	static char *blocks[BLOCKS];

	(void)state;
	for (int hardened = 0; hardened < 2; hardened++) {
		struct pool *pool = hardened ? &hard : &plain;
		struct pool_heap **heap = hardened ? &hard_heap : &plain_heap;
		for (size_t i = 0; i < BLOCKS; i++) {
			blocks[i] = take(hardened, BYTES);
			memset(blocks[i], (int)i, BYTES);
		}
		char *slab =
			(char *)((uintptr_t)blocks[BLOCKS / 2] & ~(uintptr_t)(POOL_SLAB_BYTES - 1));
		assert_true(resident(slab, POOL_SLAB_BYTES) > 8);
		for (size_t i = 1; i < BLOCKS; i++)
			give(hardened, blocks[i], BYTES);
		pool_trim(pool, heap);
		assert_true(resident(slab, POOL_SLAB_BYTES) <= 1);
		for (size_t k = 0; k < BYTES; k++)
			assert_int_equal(blocks[0][k], 0);
		give(hardened, blocks[0], BYTES);
		pool_trim(pool, heap);
		char *again = take(hardened, BYTES);
		assert_non_null(again);
		memset(again, 1, BYTES);
		give(hardened, again, BYTES);
	}
}

static size_t empty_slabs(const struct pool_heap *heap)
{
	size_t n = heap->n_empty;

	for (const struct pool_slab *slab = heap->bare; slab; slab = slab->next)
		n++;
	return n;
}

/* Who only releases gives memory back without being asked, and gets on with the heap afterwards. */
static void test_gives_back(void **state)
{
	enum { BLOCKS = 60000, BYTES = 200 };
	static uint64_t *blocks[BLOCKS];

	(void)state;
	for (int hardened = 0; hardened < 2; hardened++) {
		struct pool_heap **heap = hardened ? &hard_heap : &plain_heap;
		uint64_t *kept = take(hardened, BYTES);
		*kept = 7;
		for (size_t i = 0; i < BLOCKS; i++) {
			blocks[i] = take(hardened, BYTES);
			*blocks[i] = i;
		}
		const struct pool_heap *real = *heap;
		size_t slabs = real->n_slabs;
		assert_true(slabs > BLOCKS * BYTES / POOL_SLAB_BYTES);
		/* In an order that has nothing to do with the slabs. */
		for (size_t i = 0; i < BLOCKS; i++) {
			size_t at = i * 7919 % BLOCKS;
			assert_int_equal(*blocks[at], at);
			give(hardened, blocks[at], BYTES);
		}
		assert_ptr_equal(*heap, real->stand_in);
		assert_true(real->n_slabs < slabs / 8 + 16);
		assert_true(empty_slabs(real) > slabs / 2);
		uint64_t *again = take(hardened, BYTES);
		assert_ptr_equal(*heap, real);
		assert_int_equal(*kept, 7);
		give(hardened, again, BYTES);
		give(hardened, kept, BYTES);
		/* What another thread left is not mixed up with that. */
		struct leaving l = {.hardened = hardened};
		run_thread(take_and_leave, &l);
		for (size_t i = 0; i < LEFT; i++)
			give(hardened, l.blocks[i], LEFT_BYTES);
		assert_int_equal(l.failed, 0);
	}
}

/* A heap whose region is full goes on in another, also what is released there. */
static void *outgrow(void *argument)
{
	struct reuse *r = argument;
	enum { BLOCKS = 3000, BYTES = 700 };
	static size_t *blocks[BLOCKS];

	give(r->hardened, take(r->hardened, BYTES), BYTES);
	struct pool_heap *heap = r->hardened ? hard_heap : plain_heap;
	for (size_t half = 0; half < 2; half++)
		heap->last->cut_end[half] = heap->last->open_end[half] =
			(uintptr_t)heap->last + (half + 1) * POOL_HALF_BYTES;
	const struct pool_region *full = heap->last;
	heap->empty = heap->bare = NULL;
	heap->n_empty = 0;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < BLOCKS; i++) {
			blocks[i] = take(r->hardened, BYTES);
			*blocks[i] = i;
		}
		for (size_t i = 0; i < BLOCKS; i++) {
			r->failed += *blocks[i] != i || pool_heap_of(blocks[i]) != heap;
			give(r->hardened, blocks[i], BYTES);
		}
	}
	r->failed += heap->last == full;
	return NULL;
}

static void test_regions(void **state)
{
	(void)state;
	for (int hardened = 0; hardened < 2; hardened++) {
		struct reuse r = {.hardened = hardened};
		run_thread(outgrow, &r);
		assert_int_equal(r.failed, 0);
	}
}

/* The signal that ends a child which runs `misuse`, 0 when it lives. */
static int signal_of(void (*misuse)(void))
{
	pid_t child = fork();

	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		signal(SIGILL, SIG_DFL);
		signal(SIGTRAP, SIG_DFL);
		misuse();
		_exit(0);
	}
	int status = 0;
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void release_twice(void)
{
	void *block = take(true, 64);

	give(true, block, 64);
	give(true, block, 64);
}

static void release_twice_apart(void)
{
	void *a = take(true, 64), *b = take(true, 64);

	give(true, a, 64);
	give(true, b, 64);
	give(true, a, 64);
}

/* A block of another thread's heap: while it is on its way home. */
static void release_twice_far(void)
{
	static struct leaving l = {.hardened = true};

	run_thread(take_and_leave, &l);
	give(true, l.blocks[0], LEFT_BYTES);
	give(true, l.blocks[1], LEFT_BYTES);
	give(true, l.blocks[0], LEFT_BYTES);
}

static void release_wrong_size(void)
{
	give(true, take(true, 64), 128);
}

static void release_inside(void)
{
	give(true, (char *)take(true, 64) + 8, 64);
}

static void write_after_release(void)
{
	uintptr_t *block = take(true, 64);

	give(true, block, 64);
	block[0] = 0x4141414141414141u;
	for (int i = 0; i < 3; i++)
		(void)take(true, 64);
}

static void release_of_malloc(void)
{
	char *block = malloc(64); /* somewhere inside a mapping of the C library's */

	give(true, (void *)(((uintptr_t)block + 15) & ~(uintptr_t)15), 64);
}

static void release_of_stack(void)
{
	_Alignas(16) char block[64] = {0};

	give(true, block, 64);
}

static void release_of_nothing(void)
{
	volatile uintptr_t address = 64;

	give(true, (void *)address, 64);
}

static void release_beyond_user_space(void)
{
	volatile uintptr_t address = 0xffff800000000040u;

	give(true, (void *)address, 64);
}

/* A block of one pool given to the other. */
static void release_of_another(void)
{
	give(true, take(false, 64), 64);
}

static void proper_use(void)
{
	give(true, take(true, 64), 64);
}

static void test_hardening(void **state)
{
	void (*const misuses[])(void) = {release_twice,      release_twice_apart,
					 release_twice_far,  release_wrong_size,
					 release_inside,     write_after_release,
					 release_of_malloc,  release_of_stack,
					 release_of_nothing, release_beyond_user_space,
					 release_of_another};

	(void)state;
	/* The heap is there before the children are made. */
	give(true, take(true, 64), 64);
	assert_int_equal(signal_of(proper_use), 0);
	for (size_t i = 0; i < ASSAY_COUNT_OF(misuses); i++) {
		int signal = signal_of(misuses[i]);
		/* A trap of the pool's own, not an access that happened to fail. */
		if (signal != SIGILL && signal != SIGTRAP)
			fail_msg("misuse %zu was not noticed (signal %d)", i, signal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),       cmocka_unit_test(test_high_addresses),
		cmocka_unit_test(test_generations), cmocka_unit_test(test_classes_share),
		cmocka_unit_test(test_race),        cmocka_unit_test(test_trim),
		cmocka_unit_test(test_gives_back),  cmocka_unit_test(test_comes_home),
		cmocka_unit_test(test_regions),     cmocka_unit_test(test_hardening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
