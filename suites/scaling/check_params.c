/* SPDX-License-Identifier: MIT */
/* check_params: the oracle of interface "params": two links, gradients of whole numbers, every float looked at. */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/scaling/params.h"

static void fill(float *values, size_t n, float value)
{
	for (size_t i = 0; i < n; i++)
		values[i] = value + (float)(i % 5);
}

static enum assay_code expect(const float *got, size_t n, float times, float value,
			      struct assay_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (got[i] != value + times * (float)(i % 5))
			return assay_fail(err, ASSAY_ECHECK, "parameter %zu is %g, not %g", i,
					  (double)got[i], (double)(value + times * (float)(i % 5)));
	return ASSAY_OK;
}

static enum assay_code drive(const struct params_ops *ops, struct params *params, size_t n,
			     struct params_link **links, float *buffer, float *pulled,
			     struct assay_err *err)
{
	enum assay_code code = ops->connect(params, &links[0], err);
	if (code == ASSAY_OK)
		code = ops->connect(params, &links[1], err);
	float sum = 0;
	for (unsigned round = 1; round <= 6 && code == ASSAY_OK; round++) {
		struct params_link *one = links[round % 2], *other = links[1 - round % 2];
		fill(buffer, n, (float)round);
		sum = ops->sums ? sum + (float)round : (float)round;
		if (round % 3 == 0) {
			code = params_exchange(ops, one, buffer, pulled, err);
			if (code == ASSAY_OK)
				code = expect(pulled, n, ops->sums ? (float)round : 1, sum, err);
		} else {
			code = ops->push(one, buffer, err);
		}
		if (code == ASSAY_OK)
			code = ops->pull(other, buffer, err);
		if (code == ASSAY_OK)
			code = expect(buffer, n, ops->sums ? (float)round : 1, sum, err);
		if (code == ASSAY_OK && ops->view)
			code = expect(ops->view(other), n, ops->sums ? (float)round : 1, sum, err);
	}
	return code;
}

enum assay_code scaling_check_params(const struct params_ops *ops, uint64_t seed,
				     struct assay_err *err)
{
	struct assay_rng rng;
	if (!ops->computes)
		return ASSAY_OK;
	assay_rng_init(&rng, seed);
	size_t n = 1 + (size_t)assay_rng_below(&rng, 40000);
	struct params *params = NULL;
	struct params_link *links[2] = {NULL, NULL};
	size_t bytes = (n * sizeof(float) + 63) / 64 * 64;
	float *buffer = aligned_alloc(64, bytes), *pulled = aligned_alloc(64, bytes);
	enum assay_code code = buffer && pulled ? ops->start(n, &params, err)
						: assay_fail(err, ASSAY_ENOMEM, "out of memory");
	if (code == ASSAY_OK)
		code = drive(ops, params, n, links, buffer, pulled, err);
	for (int i = 0; i < 2; i++)
		if (links[i])
			ops->disconnect(links[i]);
	if (params)
		ops->stop(params);
	free(buffer);
	free(pulled);
	return assay_context(err, code, "%zu parameters", n);
}
