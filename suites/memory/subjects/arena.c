/* SPDX-License-Identifier: MIT */
/* arena: our regions: a mark that moves up to take and down to give back; one to a thread. */
#include "suites/memory/arena.h"

#include "suites/memory/memory.h"

/* Each thread's, and the scope it has open. */
static _Thread_local struct arena arena;
static _Thread_local struct arena_mark scope;

static void *alloc(size_t size)
{
	return arena_alloc(&arena, size);
}

static void release(void *ptr, size_t size)
{
	arena_release(&arena, ptr, size);
}

static void scope_begin(void)
{
	scope = arena_mark(&arena);
}

static void scope_end(void)
{
	arena_rewind(&arena, &scope);
}

static void thread_done(void)
{
	arena_done(&arena);
}

static void trim(void)
{
	arena_trim(&arena);
}

static const struct allocator ops = {
	.alloc = alloc,
	.release = release,
	.thread_done = thread_done,
	.trim = trim,
	.scope_begin = scope_begin,
	.scope_end = scope_end,
	.keeps_content = true,
	.one_thread = true,
};

const struct assay_subject assay_subject_memory_arena = {
	.brief = "ours: a mark that moves; blocks stay on their thread",
	.ops = &ops,
};
