/* SPDX-License-Identifier: MIT */
/*
 * params: interface "params": parameters that workers, a process each, push gradients to and pull from. A subject is a
 * place where they are kept: shared memory, a server behind TCP, Redis.
 */
#ifndef ASSAY_SUITES_SCALING_PARAMS_H
#define ASSAY_SUITES_SCALING_PARAMS_H

#include "harness/bench.h"

#define SCALING_PARAMS "params"

/* From here on parameters, gradient and copy together leave the second cache, and the copy goes past it. */
#define PARAMS_STREAMED_BYTES ((size_t)1 << 20)

struct params;
struct params_link;

struct params_ops {
	bool computes; /* false: the null subject, which keeps nothing */
	bool sums;     /* gradients are added up; else the last one pushed is what is pulled */
	/* Keep `count` floats, all 0. Called before the workers are forked. ASSAY_SKIP when that cannot be had here. */
	enum assay_code (*start)(size_t count, struct params **ret, struct assay_err *err);
	/* A worker's own way there, made and used in its process. */
	enum assay_code (*connect)(struct params *params, struct params_link **ret,
				   struct assay_err *err);
	enum assay_code (*push)(struct params_link *link, const float *gradient,
				struct assay_err *err);
	/* All of it, perhaps while others push; each float is of some moment in between. */
	enum assay_code (*pull)(struct params_link *link, float *into, struct assay_err *err);
	/* Both at once: what is pulled has the gradient in it. NULL: a push, then a pull. */
	enum assay_code (*exchange)(struct params_link *link, const float *gradient, float *into,
				    struct assay_err *err);
	/*
	 * Where all of it can be read in place, until disconnect; what others push appears there. NULL: it must be
	 * pulled.
	 */
	const float *(*view)(struct params_link *link);
	void (*disconnect)(struct params_link *link); /* takes NULL */
	void (*stop)(struct params *params);          /* takes NULL */
};

static inline enum assay_code params_exchange(const struct params_ops *ops,
					      struct params_link *link, const float *gradient,
					      float *into, struct assay_err *err)
{
	if (ops->exchange)
		return ops->exchange(link, gradient, into, err);
	enum assay_code code = ops->push(link, gradient, err);
	return code == ASSAY_OK ? ops->pull(link, into, err) : code;
}

enum assay_code scaling_check_params(const struct params_ops *ops, uint64_t seed,
				     struct assay_err *err);

#endif
