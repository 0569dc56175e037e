/* SPDX-License-Identifier: MIT */
/* params_stripes: see the header. */
#include "suites/scaling/params_stripes.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/scaling/params_add.h"
#include "suites/scaling/scaling.h"

/* Floats in a stripe, 64 KiB: with smaller ones a worker more often finds lines that the other has just left. */
enum { STRIPE = 16384, SPINS = 200 };

struct lock {
	_Alignas(ASSAY_CACHE_LINE) _Atomic uint32_t taken;
};

struct params {
	size_t count, n_stripes;
	float *values;      /* shared */
	struct lock *locks; /* shared; one more than stripes, which counts the links */
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

void params_stripes_stop(struct params *p)
{
	if (!p)
		return;
	team_free(p->values, p->count * sizeof(float));
	team_free(p->locks, (p->n_stripes + 1) * sizeof(*p->locks));
	free(p);
}

enum assay_code params_stripes_start(size_t count, struct params **ret, struct assay_err *err)
{
	struct params *p = calloc(1, sizeof(*p));
	if (!p)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	p->count = count;
	p->n_stripes = (count + STRIPE - 1) / STRIPE;
	p->values = team_alloc(count * sizeof(float));
	p->locks = team_alloc((p->n_stripes + 1) * sizeof(*p->locks));
	if (!p->values || !p->locks) {
		params_stripes_stop(p);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu parameters", count);
	}
	*ret = p;
	return ASSAY_OK;
}

enum assay_code params_stripes_connect(struct params *p, struct params_link **ret,
				       struct assay_err *err)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	uint32_t number = atomic_fetch_add(&p->locks[p->n_stripes].taken, 1), reversed = 0;
	/* The start, the middle, the quarters: as far from each other as can be, however many come. */
	for (unsigned bit = 0; bit < 32; bit++)
		reversed |= (number >> bit & 1) << (31 - bit);
	**ret = (struct params_link){p, (size_t)((uint64_t)reversed * p->n_stripes >> 32)};
	return ASSAY_OK;
}

/* `into` may be NULL. */
static void add(struct params_link *link, const float *gradient, float *into)
{
	struct params *p = link->params;
	bool stream = p->count * sizeof(float) >= PARAMS_STREAMED_BYTES;
	for (size_t i = 0; i < p->n_stripes; i++) {
		size_t k = (link->first + i) % p->n_stripes, begin = k * STRIPE;
		size_t end = begin + STRIPE < p->count ? begin + STRIPE : p->count;
		take(&p->locks[k]);
		params_add(p->values, gradient, into, begin, end, stream);
		give(&p->locks[k]);
	}
}

enum assay_code params_stripes_push(struct params_link *link, const float *gradient,
				    struct assay_err *err)
{
	(void)err;
	add(link, gradient, NULL);
	return ASSAY_OK;
}

enum assay_code params_stripes_exchange(struct params_link *link, const float *gradient,
					float *into, struct assay_err *err)
{
	(void)err;
	add(link, gradient, into);
	return ASSAY_OK;
}

enum assay_code params_stripes_pull(struct params_link *link, float *into, struct assay_err *err)
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

const float *params_stripes_view(struct params_link *link)
{
	return link->params->values;
}

void params_stripes_disconnect(struct params_link *link)
{
	free(link);
}
