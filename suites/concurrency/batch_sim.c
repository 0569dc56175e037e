/* SPDX-License-Identifier: MIT */
/* batch_sim: three kinds of event: a request comes, a batch ends, a batch must begin. */
#include "suites/concurrency/batch_sim.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/attr.h"
#include "harness/base/rng.h"

struct scene {
	const struct batch_sim_config *config;
	struct batcher *batcher;
	struct assay_rng rng;
	uint64_t *arrived_ns; /* of those let in, in order; each becomes its latency */
	uint32_t came, let_in;
	uint64_t next_ns; /* the next request; UINT64_MAX: none */
	uint32_t working; /* requests of the batch under way */
	uint64_t end_ns;
	struct batch_sim_result *result;
};

static uint64_t draw_next(struct scene *s, uint64_t now_ns)
{
	const struct batch_sim_config *c = s->config;
	if (s->came == c->requests)
		return UINT64_MAX;
	bool high = fmod((double)now_ns, 2 * c->turn_ns) >= c->turn_ns;
	double gap_ns = -log(1 - assay_rng_unit(&s->rng)) * 1e9 / (high ? c->high_hz : c->rate_hz);
	return now_ns + (uint64_t)gap_ns;
}

static void come(struct scene *s, uint64_t now_ns)
{
	s->came++;
	if (batcher_add(s->batcher, now_ns))
		s->arrived_ns[s->let_in++] = now_ns;
	else
		s->result->refused++;
	s->next_ns = draw_next(s, now_ns);
}

static void end_batch(struct scene *s, uint64_t now_ns)
{
	struct batch_sim_result *r = s->result;
	batcher_done(s->batcher, now_ns);
	for (uint32_t i = 0; i < s->working; i++) {
		uint64_t *ns = &s->arrived_ns[r->answered++];
		*ns = now_ns - *ns;
		r->late += *ns > s->config->batcher.deadline_ns;
	}
	s->working = 0;
}

static void begin_batch(struct scene *s, uint64_t now_ns)
{
	double took_ns = s->config->batch_ns + s->working * s->config->item_ns;
	s->result->busy_ns += took_ns;
	s->result->batches++;
	s->end_ns = now_ns + (uint64_t)took_ns;
}

static void play(struct scene *s)
{
	uint64_t now_ns = 0;
	s->next_ns = draw_next(s, 0);
	for (;;) {
		uint64_t until_ns = UINT64_MAX;
		if (!s->working) {
			s->working = batcher_take(s->batcher, now_ns, &until_ns);
			if (s->working)
				begin_batch(s, now_ns);
		}
		if (s->working)
			until_ns = s->end_ns;
		if (until_ns == UINT64_MAX && s->next_ns == UINT64_MAX)
			break;
		now_ns = s->next_ns < until_ns ? s->next_ns : until_ns;
		if (s->next_ns < until_ns)
			come(s, now_ns);
		else if (s->working)
			end_batch(s, now_ns);
	}
	s->result->span_ns = (double)now_ns;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void summarise(struct scene *s)
{
	struct batch_sim_result *r = s->result;
	size_t n = r->answered;
	if (!n)
		return;
	qsort(s->arrived_ns, n, sizeof(*s->arrived_ns), by_size);
	r->p50_ns = (double)s->arrived_ns[n / 2];
	r->p99_ns = (double)s->arrived_ns[n * 99 / 100];
	r->worst_ns = (double)s->arrived_ns[n - 1];
}

enum assay_code batch_sim(const struct batch_sim_config *config, struct batch_sim_result *ret,
			  struct assay_err *err)
{
	struct scene s = {.config = config, .result = ret};
	*ret = (struct batch_sim_result){0};
	if (!(config->rate_hz > 0 && config->high_hz > 0 && config->turn_ns > 0 &&
	      config->batch_ns >= 0 && config->item_ns >= 0))
		return assay_fail(err, ASSAY_EUSAGE, "rates and turns: above 0; costs: at least 0");
	enum assay_code rc = batcher_new(&config->batcher, &s.batcher, err);
	if (rc != ASSAY_OK)
		return rc;
	s.arrived_ns = calloc(config->requests ? config->requests : 1, sizeof(*s.arrived_ns));
	if (s.arrived_ns) {
		assay_rng_init(&s.rng, config->seed);
		play(&s);
		summarise(&s);
	} else {
		rc = assay_fail(err, ASSAY_ENOMEM, "no memory for %u requests", config->requests);
	}
	free(s.arrived_ns);
	batcher_free(s.batcher);
	return rc;
}
