/* SPDX-License-Identifier: MIT */
/* null: an allocator that does nothing: what the calls and the benchmark around them cost. */
#include <stdatomic.h>
#include <stdint.h>

#include "suites/memory/memory.h"

/*
 * Consecutive blocks come from different lines, round and round, because two threads that write to
 * one line would make the null subject dearer than an allocator. Large blocks run over the mark, so
 * the region ends with room for one more.
 */
#define LAP_BYTES     ((uintptr_t)1 << 20)
#define LARGEST_BYTES ((size_t)1 << 20)

struct region {
	_Alignas(64) char bytes[LAP_BYTES + LARGEST_BYTES];
};
static struct region region;
/* Threads begin apart, each a fifth of the lap after the one before it. Odd: it has not begun. */
static _Thread_local uintptr_t position __attribute__((tls_model("initial-exec"))) = 1;
static atomic_uint threads;

static __attribute__((noinline)) uintptr_t begin(void)
{
	return atomic_fetch_add(&threads, 1) * (LAP_BYTES / 5 & ~(uintptr_t)127) & (LAP_BYTES - 16);
}

static void *alloc(size_t size)
{
	uintptr_t at = position;

	if (__builtin_expect(at & 1, 0))
		at = begin();
	if (size > LARGEST_BYTES)
		return NULL;
	position = (at + size + 15) & (LAP_BYTES - 16);
	return region.bytes + at;
}

static void release(void *ptr, size_t size)
{
	(void)ptr;
	(void)size;
}

static const struct allocator ops = {.alloc = alloc, .release = release};

const struct assay_subject assay_subject_memory_null = {
	.brief = "no allocator at all: the cost of the calls",
	.ops = &ops,
	.is_null = true,
};
