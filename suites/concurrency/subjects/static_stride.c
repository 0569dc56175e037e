/* SPDX-License-Identifier: MIT */
/* static_stride: weighted round robin without any state but a counter; see stride.h. */
#include <stdlib.h>

#include "suites/concurrency/balancer.h"
#include "suites/concurrency/stride.h"

struct strides {
	uint64_t sequence;
	int some; /* something to choose from */
	uint16_t scaled[];
};

static enum assay_code init(struct balancer *b, struct assay_err *err)
{
	struct strides *s = calloc(1, sizeof(*s) + b->n * sizeof(s->scaled[0]));
	ASSAY_AUTO_FREE double *weights = calloc(b->n, sizeof(*weights));
	b->own = s;
	if (!s || !weights)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu strides", b->n);
	for (size_t i = 0; i < b->n; i++)
		weights[i] = b->backends[i].share;
	s->some = stride_scale(weights, b->n, s->scaled);
	return ASSAY_OK;
}

static int pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	struct strides *s = b->own;
	if (!s->some)
		return (int)b->open[0];
	size_t i;
	do
		i = stride_next(s->scaled, b->n, &s->sequence);
	while (!b->backends[i].open);
	return (int)i;
}

static const struct balancer_policy policy = {.init = init, .pick = pick, .weighted = true};

const struct assay_subject assay_subject_concurrency_static_stride = {
	.interface = BALANCER_INTERFACE,
	.brief = "weighted round robin by a counter alone, as gRPC has it",
	.ops = &policy,
};
