/* SPDX-License-Identifier: MIT */
/* check_kernel: the oracle of ways to compute kernels: the same as plain code, on rows drawn at random. */
#include <stdlib.h>

#include "suites/scaling/kernel_way.h"
#include "suites/scaling/scaling.h"

enum { ROWS = 11 };

static enum assay_code check_one(const struct kernel_code *code, size_t place, uint64_t seed,
				 struct assay_err *err)
{
	const struct kernel *k = &kernels[place];
	float *memory = malloc((k->shared + ROWS * (k->in + 2 * k->out)) * sizeof(*memory));
	if (!memory)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	float *in = memory + k->shared, *got = in + ROWS * k->in, *want = got + ROWS * k->out;
	if (k->fill_shared)
		k->fill_shared(memory);
	for (size_t r = 0; r < ROWS; r++)
		k->fill(in + r * k->in, seed, r);
	memset(got, 0xff, ROWS * k->out * sizeof(*got));
	code->rows[place](memory, in, got, ROWS);
	kernel_scalar.rows[place](memory, in, want, ROWS);
	enum assay_code rc = kernel_compare(k, got, want, ROWS * k->out, err);
	free(memory);
	return assay_context(err, rc, "%s", code->name);
}

enum assay_code scaling_check_kernel(const struct kernel_way *way, uint64_t seed,
				     struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t place = 0; !way->is_null && place < KERNELS && rc == ASSAY_OK; place++)
		rc = check_one(way->code(), place, seed, err);
	return rc;
}
