/* SPDX-License-Identifier: MIT */
/* every: a scene played in a process of its own for every place where a fault can be put. */
#ifndef ASSAY_TESTS_SOAK_EVERY_H
#define ASSAY_TESTS_SOAK_EVERY_H

#include "tests/failing.h"
#include "tests/soak/scenes.h"
#include "tests/soak/soak.h"

/* Memory that the process that plays and the one that judges share. */
struct every_shared {
	struct scene_state state;
	struct shim shim;
	struct failing allocation; /* see memory.c */
	struct assay_err err;
};

/* One kind of fault. */
struct every_kind {
	const char *name;
	/* Arm it for the `k`th time, from 1; UINT64_MAX: only count. */
	void (*arm)(struct every_shared *shared, const struct every_kind *kind, uint64_t k);
	uint64_t (*seen)(const struct every_shared *shared); /* how often it could have struck */
	unsigned ops, harm;                                  /* for the shim */
	bool for_ever;
};

/*
 * Each of `played` under each of `kinds`, at every k or, when soak->asked is less than that, at as many, evenly spread.
 * A scene must end with an error of one sentence, or succeed; a signal, or losing what was acknowledged, fails.
 */
void every_fault(struct soak *soak, const struct scene *const *played, size_t n_played,
		 const struct every_kind *kinds, size_t n_kinds, struct every_shared *shared);
/* Shared memory, zeroed. */
struct every_shared *every_shared_new(void);

#endif
