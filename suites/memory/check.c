/* SPDX-License-Identifier: MIT */
/* check: the oracle of suites/memory; each interface has its own. */
#include "suites/memory/memory.h"

static enum assay_code check(const struct assay_subject *subject, uint64_t seed,
			     struct assay_err *err)
{
	const char *interface = subject->interface ? subject->interface : MEMORY_ALLOCATOR;

	if (strcmp(interface, MEMORY_ALLOCATOR) == 0)
		return memory_check_allocator(subject->ops, seed, err);
	if (strcmp(interface, MEMORY_STREAM_KERNEL) == 0)
		return memory_check_stream(subject->ops, seed, err);
	if (strcmp(interface, MEMORY_FLOP_KERNEL) == 0)
		return memory_check_flops(subject->ops, seed, err);
	if (strcmp(interface, MEMORY_HANDOFF) == 0)
		return memory_check_handoff(subject->ops, seed, err);
	if (strcmp(interface, MEMORY_CODEC) == 0)
		return memory_check_codec(subject->ops, seed, err);
	if (strcmp(interface, MEMORY_FILE_READER) == 0)
		return memory_check_reader(subject->ops, seed, err);
	if (strcmp(interface, MEMORY_OBJECT_POOL) == 0)
		return memory_check_objects(subject->ops, seed, err);
	return assay_fail(err, ASSAY_EBUG, "suite memory has no oracle for interface '%s'",
			  interface);
}

const struct assay_suite assay_suite_memory = {
	.brief =
		"the machine's clock, arithmetic, caches and memory; allocators, pools and compression",
	.interface = MEMORY_ALLOCATOR,
	.check = check,
};
