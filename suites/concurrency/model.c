/* SPDX-License-Identifier: MIT */
/* model: 32 inputs, 32 hidden, 8 outputs, rectified; and the box that its versions live in. */
#include "suites/concurrency/model.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/concurrency/epochs.h"

enum { HIDDEN = 32 };

struct model {
	uint64_t seed;
	float first[HIDDEN][MODEL_INPUTS], second[MODEL_OUTPUTS][HIDDEN];
};

/* A line each, since each worker writes its own all the time. */
struct reader {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t epoch;
	_Atomic uint64_t answers_b;
	double owed_b; /* of the requests so far, how many B should have had and has not */
};

struct model_box {
	_Atomic(void *) arms[MODEL_ARMS]; /* struct model */
	double share_b;
	unsigned workers;
	struct reader *readers;
};

static struct model *make(uint64_t seed)
{
	struct model *m = malloc(sizeof(*m));
	struct assay_rng rng;
	if (!m)
		return NULL;
	m->seed = seed;
	assay_rng_init(&rng, seed);
	for (int i = 0; i < HIDDEN; i++)
		for (int k = 0; k < MODEL_INPUTS; k++)
			m->first[i][k] = (float)(assay_rng_unit(&rng) - 0.5);
	for (int i = 0; i < MODEL_OUTPUTS; i++)
		for (int k = 0; k < HIDDEN; k++)
			m->second[i][k] = (float)(assay_rng_unit(&rng) - 0.5);
	return m;
}

static void compute(const struct model *m, const float *inputs, float *outputs)
{
	float hidden[HIDDEN];
	for (int i = 0; i < HIDDEN; i++) {
		float sum = 0;
		for (int k = 0; k < MODEL_INPUTS; k++)
			sum += m->first[i][k] * inputs[k];
		hidden[i] = sum > 0 ? sum : 0;
	}
	for (int i = 0; i < MODEL_OUTPUTS; i++) {
		outputs[i] = 0;
		for (int k = 0; k < HIDDEN; k++)
			outputs[i] += m->second[i][k] * hidden[k];
	}
}

uint64_t model_predict(struct model_box *box, unsigned worker, const float inputs[MODEL_INPUTS],
		       float outputs[MODEL_OUTPUTS])
{
	struct reader *r = &box->readers[worker];
	r->owed_b += box->share_b;
	enum model_arm arm = r->owed_b >= 1 ? MODEL_B : MODEL_A;
	r->owed_b -= arm == MODEL_B;
	atomic_store_explicit(&r->answers_b,
			      atomic_load_explicit(&r->answers_b, memory_order_relaxed) +
				      (arm == MODEL_B),
			      memory_order_relaxed);
	const struct model *m = epoch_enter(&r->epoch, &box->arms[arm]);
	compute(m, inputs, outputs);
	uint64_t seed = m->seed;
	epoch_leave(&r->epoch);
	return seed;
}

enum assay_code model_swap(struct model_box *box, enum model_arm arm, uint64_t seed,
			   struct assay_err *err)
{
	struct model *m = make(seed);
	if (!m)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a version of the model");
	struct model *old = epoch_exchange(&box->arms[arm], m);
	for (unsigned i = 0; i < box->workers; i++)
		epoch_left(&box->readers[i].epoch);
	free(old);
	return ASSAY_OK;
}

enum assay_code model_box_new(unsigned workers, const uint64_t seeds[MODEL_ARMS], double share_b,
			      struct model_box **ret, struct assay_err *err)
{
	struct model_box *box = calloc(1, sizeof(*box));
	if (!(share_b >= 0 && share_b <= 1)) {
		free(box);
		return assay_fail(err, ASSAY_EUSAGE, "share %g of B: from 0 to 1", share_b);
	}
	bool ok = box != NULL;
	if (ok) {
		box->share_b = share_b;
		box->workers = workers;
		box->readers = aligned_alloc(2 * ASSAY_CACHE_LINE, workers * sizeof(struct reader));
		ok = box->readers != NULL;
		for (unsigned i = 0; ok && i < workers; i++)
			box->readers[i] = (struct reader){0};
		for (int arm = 0; arm < MODEL_ARMS; arm++) {
			atomic_init(&box->arms[arm], make(seeds[arm]));
			ok &= atomic_load(&box->arms[arm]) != NULL;
		}
	}
	if (!ok) {
		model_box_free(box);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a model");
	}
	*ret = box;
	return ASSAY_OK;
}

void model_box_free(struct model_box *box)
{
	if (!box)
		return;
	for (int arm = 0; arm < MODEL_ARMS; arm++)
		free(atomic_load(&box->arms[arm]));
	free(box->readers);
	free(box);
}

void model_answers(const struct model_box *box, uint64_t ret[MODEL_ARMS])
{
	ret[MODEL_A] = ret[MODEL_B] = 0;
	for (unsigned i = 0; i < box->workers; i++) {
		const struct reader *r = &box->readers[i];
		uint64_t of_b = atomic_load_explicit(&r->answers_b, memory_order_relaxed);
		/* two steps of the epoch for each answer */
		ret[MODEL_A] += atomic_load_explicit(&r->epoch, memory_order_relaxed) / 2 - of_b;
		ret[MODEL_B] += of_b;
	}
}

enum assay_code model_reference(uint64_t seed, const float inputs[MODEL_INPUTS],
				float outputs[MODEL_OUTPUTS], struct assay_err *err)
{
	struct model *m = make(seed);
	if (!m)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a model");
	compute(m, inputs, outputs);
	free(m);
	return ASSAY_OK;
}
