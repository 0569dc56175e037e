/* SPDX-License-Identifier: MIT */
/* pool: our allocator: size classes, thread heaps, remote free stacks. */
#include "suites/memory/memory.h"
#include "suites/memory/pool_heap.h"

/* An allocator has no handle to hang its state on: this, and each thread's heap, are all of it. */
static struct pool pool = POOL_INITIALIZER(false);
static _Thread_local struct pool_heap *heap __attribute__((tls_model("initial-exec"))) =
	(struct pool_heap *)(uintptr_t)&pool_heap_none;

/* Each of the two in as few fetches as it takes, wherever the linker puts them: worth a cycle in ten. */
#define ON_A_LINE __attribute__((aligned(ASSAY_CACHE_LINE)))

static ON_A_LINE void *alloc(size_t size)
{
	return pool_alloc(&pool, &heap, size, false);
}

static ON_A_LINE void release(void *ptr, size_t size)
{
	pool_release(&pool, &heap, ptr, size, false);
}

static void thread_done(void)
{
	pool_thread_done(&heap);
}

static void trim(void)
{
	pool_trim(&pool, &heap);
}

static const struct allocator ops = {
	.alloc = alloc,
	.release = release,
	.thread_done = thread_done,
	.trim = trim,
	.keeps_content = true,
};

const struct assay_subject assay_subject_memory_pool = {
	.brief = "ours: size classes, thread heaps, remote free stacks",
	.ops = &ops,
};
