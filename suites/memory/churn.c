/* SPDX-License-Identifier: MIT */
/* churn: drawing the steps, filling and draining. */
#include "suites/memory/churn.h"

#include <stdlib.h>

enum assay_code churn_new(size_t n_slots, enum size_law law, size_t largest, uint64_t seed,
			  struct churn **ret, struct assay_err *err)
{
	struct churn *churn = calloc(1, sizeof(*churn));
	struct assay_rng rng;

	if (churn) {
		churn->slots = calloc(n_slots ? n_slots : 1, sizeof(*churn->slots));
		churn->steps = malloc(CHURN_STEPS * sizeof(*churn->steps));
	}
	if (!churn || !churn->slots || !churn->steps) {
		churn_free(churn);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu slots", n_slots);
	}
	churn->n_slots = n_slots;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < n_slots; i++)
		churn->slots[i].size = 0;
	for (size_t i = 0; i < CHURN_STEPS; i++) {
		churn->steps[i] =
			(struct churn_step){(uint32_t)assay_rng_below(&rng, n_slots ? n_slots : 1),
					    (uint32_t)size_draw(law, largest, &rng)};
		churn->mean_bytes += churn->steps[i].size / (double)CHURN_STEPS;
	}
	*ret = churn;
	return ASSAY_OK;
}

size_t churn_own_bytes(size_t n_slots)
{
	return n_slots * sizeof(struct churn_slot) + CHURN_STEPS * sizeof(struct churn_step);
}

void churn_free(struct churn *churn)
{
	if (churn) {
		free(churn->slots);
		free(churn->steps);
	}
	free(churn);
}

void churn_drain(struct churn *churn, const struct allocator *a)
{
	for (size_t i = 0; i < churn->n_slots; i++)
		if (churn->slots[i].block)
			churn_release(churn, a, &churn->slots[i], i);
}

bool churn_fill(struct churn *churn, const struct allocator *a)
{
	for (size_t i = 0; i < churn->n_slots; i++) {
		size_t size = churn->steps[(churn->at + i) % CHURN_STEPS].size;
		if (!churn->slots[i].block && !churn_take(churn, a, &churn->slots[i], i, size))
			return false;
	}
	return true;
}
