/* SPDX-License-Identifier: MIT */
/* params_bound: what the memory alone allows: every worker adds to parameters of its own. Nothing is shared, so nothing is summed. */
#include <stdlib.h>

#include "suites/scaling/params.h"
#include "suites/scaling/params_add.h"

struct params {
	size_t count;
};

struct params_link {
	size_t count;
	float *values;
};

static enum assay_code start(size_t count, struct params **ret, struct assay_err *err)
{
	*ret = malloc(sizeof(**ret));
	if (!*ret)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	**ret = (struct params){count};
	return ASSAY_OK;
}

static void disconnect(struct params_link *link)
{
	if (!link)
		return;
	free(link->values);
	free(link);
}

static enum assay_code connect(struct params *p, struct params_link **ret, struct assay_err *err)
{
	size_t bytes = (p->count * sizeof(float) + 63) / 64 * 64;
	struct params_link *link = calloc(1, sizeof(*link));
	if (link) {
		link->count = p->count;
		link->values = aligned_alloc(64, bytes);
	}
	if (!link || !link->values) {
		disconnect(link);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu parameters", p->count);
	}
	memset(link->values, 0, bytes);
	*ret = link;
	return ASSAY_OK;
}

static enum assay_code push(struct params_link *link, const float *gradient, struct assay_err *err)
{
	(void)err;
	params_add(link->values, gradient, NULL, 0, link->count, false);
	return ASSAY_OK;
}

static enum assay_code pull(struct params_link *link, float *into, struct assay_err *err)
{
	(void)err;
	memcpy(into, link->values, link->count * sizeof(float));
	return ASSAY_OK;
}

static enum assay_code exchange(struct params_link *link, const float *gradient, float *into,
				struct assay_err *err)
{
	(void)err;
	params_add(link->values, gradient, into, 0, link->count,
		   link->count * sizeof(float) >= PARAMS_STREAMED_BYTES);
	return ASSAY_OK;
}

static void stop(struct params *p)
{
	free(p);
}

static const struct params_ops ops = {
	.start = start,
	.connect = connect,
	.push = push,
	.pull = pull,
	.exchange = exchange,
	.disconnect = disconnect,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_params_bound = {
	.interface = SCALING_PARAMS,
	.brief = "each worker adds to memory of its own: the bound",
	.ops = &ops,
	.is_bound = true,
};
