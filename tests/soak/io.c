/* SPDX-License-Identifier: MIT */
/* io: every write, sync, truncation, removal and creation of a store fails in turn, once or from then on. */
#include "tests/soak/every.h"
#include "tests/soak/soak.h"
#include "tests/soak/vfs.h"

static void arm(struct every_shared *shared, const struct every_kind *kind, uint64_t k)
{
	shared->shim.failing = kind->ops;
	shared->shim.harm = (enum shim_harm)kind->harm;
	shared->shim.for_ever = kind->for_ever;
	shared->shim.at = k;
	shared->shim.seen = 0;
}

static uint64_t seen(const struct every_shared *shared)
{
	return shared->shim.seen;
}

#define KIND(name, ops, harm, for_ever)              \
	{                                            \
		name, arm, seen, ops, harm, for_ever \
	}

static const struct every_kind kinds[] = {
	KIND("failed write", SHIM_WRITE, SHIM_EIO, false),
	KIND("full disk", SHIM_WRITE, SHIM_FULL, true),
	KIND("short write", SHIM_WRITE, SHIM_SHORT, false),
	KIND("failed sync", SHIM_SYNC, SHIM_EIO, false),
	KIND("failed truncation", SHIM_TRUNCATE, SHIM_EIO, false),
	KIND("failed removal", SHIM_DELETE, SHIM_EIO, false),
	KIND("failed creation", SHIM_OPEN, SHIM_EIO, false),
	KIND("dead disk", SHIM_WRITE | SHIM_SYNC | SHIM_TRUNCATE, SHIM_EIO, true),
};

static void io_errors(struct soak *soak)
{
	struct every_shared *shared = every_shared_new();
	shared->shim.lazy = true;
	shim_install(&shared->shim);
	every_fault(soak, scenes, n_scenes, kinds, ASSAY_COUNT_OF(kinds), shared);
}

const struct campaign soak_io_errors = {
	.name = "io-errors",
	.brief =
		"writes, syncs, truncations, removals and creations of the store fail, once or from then on, at every place",
	.trials = 100000,
	.few = 20,
	.run = io_errors,
};
