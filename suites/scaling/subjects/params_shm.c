/* SPDX-License-Identifier: MIT */
/* params_shm: parameters in shared memory, in stripes with a lock each; workers add and copy themselves. */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "suites/scaling/comm_sum.h"
#include "suites/scaling/params.h"
#include "suites/scaling/scaling.h"

/* Floats in a stripe: 64 KiB, so that it stays in the second cache between reading and writing it. */
enum { STRIPE = 16384, SPINS = 200 };

struct lock {
	_Alignas(ASSAY_CACHE_LINE) _Atomic uint32_t taken;
};

struct params {
	size_t count, n_stripes;
	float *values;      /* shared */
	struct lock *locks; /* shared */
};

struct params_link {
	struct params *params;
	size_t first; /* the stripe to begin with: workers start at different ones */
};

static void take(struct lock *lock)
{
	for (unsigned spins = 0; atomic_exchange_explicit(&lock->taken, 1, memory_order_acquire);)
		if (++spins % SPINS)
			assay_cpu_relax();
		else
			sched_yield();
}

static void give(struct lock *lock)
{
	atomic_store_explicit(&lock->taken, 0, memory_order_release);
}

static void stop(struct params *p)
{
	if (!p)
		return;
	team_free(p->values, p->count * sizeof(float));
	team_free(p->locks, p->n_stripes * sizeof(*p->locks));
	free(p);
}

static enum assay_code start(size_t count, struct params **ret, struct assay_err *err)
{
	struct params *p = calloc(1, sizeof(*p));
	if (!p)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	p->count = count;
	p->n_stripes = (count + STRIPE - 1) / STRIPE;
	p->values = team_alloc(count * sizeof(float));
	p->locks = team_alloc(p->n_stripes * sizeof(*p->locks));
	if (!p->values || !p->locks) {
		stop(p);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu parameters", count);
	}
	*ret = p;
	return ASSAY_OK;
}

static enum assay_code connect(struct params *p, struct params_link **ret, struct assay_err *err)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	**ret = (struct params_link){p, p->n_stripes ? (size_t)getpid() % p->n_stripes : 0};
	return ASSAY_OK;
}

static enum assay_code push(struct params_link *link, const float *gradient, struct assay_err *err)
{
	struct params *p = link->params;
	(void)err;
	for (size_t i = 0; i < p->n_stripes; i++) {
		size_t k = (link->first + i) % p->n_stripes, begin = k * STRIPE;
		size_t end = begin + STRIPE < p->count ? begin + STRIPE : p->count;
		const float *from[] = {p->values, gradient};
		float *to[] = {p->values, p->values};
		take(&p->locks[k]);
		comm_sum(from, to, 2, begin, end, false);
		give(&p->locks[k]);
	}
	return ASSAY_OK;
}

static enum assay_code pull(struct params_link *link, float *into, struct assay_err *err)
{
	struct params *p = link->params;
	(void)err;
	for (size_t i = 0; i < p->n_stripes; i++) {
		size_t k = (link->first + i) % p->n_stripes, begin = k * STRIPE;
		size_t end = begin + STRIPE < p->count ? begin + STRIPE : p->count;
		take(&p->locks[k]);
		memcpy(into + begin, p->values + begin, (end - begin) * sizeof(float));
		give(&p->locks[k]);
	}
	return ASSAY_OK;
}

static void disconnect(struct params_link *link)
{
	free(link);
}

static const struct params_ops ops = {
	.computes = true,
	.sums = true,
	.start = start,
	.connect = connect,
	.push = push,
	.pull = pull,
	.disconnect = disconnect,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_params_shm = {
	.interface = SCALING_PARAMS,
	.brief = "parameters in shared memory, in stripes with a lock each",
	.ops = &ops,
};
