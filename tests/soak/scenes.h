/* SPDX-License-Identifier: MIT */
/* scenes: pieces of a store's life, played under faults: what they say was kept is written down. */
#ifndef ASSAY_TESTS_SOAK_SCENES_H
#define ASSAY_TESTS_SOAK_SCENES_H

#include "tests/soak/soak.h"
#include "tests/soak/vfs.h"

/* Where a scene stands; in shared memory it outlives a process that was killed. */
struct scene_state {
	volatile uint64_t acknowledged; /* results that whoever asks must find */
	struct shim *shim;              /* NULL: nothing is recorded */
};

struct scene {
	const char *name;
	/* In the current folder: made beforehand, without faults; may be NULL. Returns what is there to be found then. */
	uint64_t (*prepare)(void);
	/* The scene itself: ends at the first error, which it returns with its sentence. */
	enum assay_code (*play)(struct scene_state *state, struct assay_err *err);
	bool remote; /* with the care of a network file system */
};

/* In the order of the table; all of them work on "results.db". */
extern const struct scene *const scenes[];
extern const size_t n_scenes;

/* Results in the store, or -1 with a failure written down when it cannot be opened and counted. */
int64_t scene_count(struct soak *soak, const char *what);
/* The store must be sound, hold what was acknowledged, and take more. */
void scene_judge(struct soak *soak, uint64_t acknowledged, const char *what);

#endif
