/* SPDX-License-Identifier: MIT */
/* balancer: what every policy needs: who may be picked, and who is out for how long. */
#include "suites/concurrency/balancer.h"

#include <stdlib.h>

static bool is_usable(const struct backend *be, bool panic)
{
	bool full = be->is.limit && be->in_flight >= be->is.limit;
	return !full && (panic || (be->healthy && !be->away_until));
}

/* With too few healthy, the few would be overrun: then all get their share (Envoy's panic mode). */
static bool panics(const struct balancer *b)
{
	size_t healthy = 0;
	for (size_t i = 0; i < b->n; i++)
		healthy += b->backends[i].healthy;
	return (double)healthy < b->panic_share * (double)b->n;
}

static size_t list_open(struct balancer *b, bool backup, bool panic)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->backends[i].is.backup == backup && is_usable(&b->backends[i], panic)) {
			b->backends[i].open = true;
			b->open[b->n_open++] = (uint32_t)i;
		}
	return b->n_open;
}

/* O(n), when a backend fills up, has room again, fails or returns: not on every request. */
static void update_open(struct balancer *b)
{
	bool panic = panics(b);
	b->n_open = 0;
	for (size_t i = 0; i < b->n; i++)
		b->backends[i].open = false;
	if (!list_open(b, false, panic))
		list_open(b, true, panic);
	if (b->policy->changed)
		b->policy->changed(b, -1);
}

/* Those whose time out is over, and when to look again. */
static void take_back(struct balancer *b, uint64_t now_ns)
{
	b->return_ns = UINT64_MAX;
	for (size_t i = 0; i < b->n; i++) {
		struct backend *be = &b->backends[i];
		if (be->away_until && be->away_until <= now_ns) {
			be->away_until = 0;
			be->fails = 0;
		} else if (be->away_until && be->away_until < b->return_ns) {
			b->return_ns = be->away_until;
		}
	}
	update_open(b);
}

int balancer_pick(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	if (__builtin_expect(now_ns >= b->return_ns, 0))
		take_back(b, now_ns);
	if (__builtin_expect(b->n_open == 0, 0))
		return BALANCER_NONE;
	int i = b->policy->pick(b, key, now_ns);
	struct backend *be = &b->backends[i];
	be->in_flight++;
	be->sent++;
	if (be->in_flight == be->is.limit)
		update_open(b);
	else if (b->policy->changed)
		b->policy->changed(b, i);
	return i;
}

static void count_failure(struct balancer *b, struct backend *be, uint64_t now_ns)
{
	if (now_ns >= b->return_ns)
		take_back(b, now_ns);
	if (!be->is.max_fails || be->away_until)
		return;
	if (!be->fails || now_ns - be->failed_ns > be->is.fail_ns) {
		be->fails = 0;
		be->failed_ns = now_ns;
	}
	if (++be->fails < be->is.max_fails)
		return;
	be->away_until = now_ns + be->is.fail_ns;
	if (be->away_until < b->return_ns)
		b->return_ns = be->away_until;
	update_open(b);
}

void balancer_end(struct balancer *b, int i, uint64_t now_ns, uint64_t latency_ns, bool ok)
{
	struct backend *be = &b->backends[i];
	bool was_full = be->in_flight == be->is.limit;
	be->in_flight--;
	if (ok && b->policy->answered)
		b->policy->answered(b, i, now_ns, latency_ns);
	if (was_full)
		update_open(b);
	else if (b->policy->changed)
		b->policy->changed(b, i);
	if (__builtin_expect(!ok, 0))
		count_failure(b, be, now_ns);
}

void balancer_set_healthy(struct balancer *b, size_t i, bool healthy)
{
	b->backends[i].healthy = healthy;
	update_open(b);
}

void balancer_report(struct balancer *b, size_t i, double load)
{
	b->backends[i].load = load;
	b->backends[i].sent = 0;
	if (b->policy->changed)
		b->policy->changed(b, (int)i);
}

int balancer_around(struct balancer *b)
{
	do
		b->last = b->last + 1 < b->n ? b->last + 1 : 0;
	while (!b->backends[b->last].open);
	return (int)b->last;
}

static enum assay_code check_config(const struct balancer_config *config, struct assay_err *err)
{
	if (config->n < 1 || config->n > BALANCER_BACKENDS)
		return assay_fail(err, ASSAY_EUSAGE, "%zu backends: at least 1, at most %d",
				  config->n, BALANCER_BACKENDS);
	for (size_t i = 0; i < config->n; i++)
		if (!(config->backends[i].weight >= 0 &&
		      config->backends[i].weight <= BALANCER_WEIGHT))
			return assay_fail(err, ASSAY_EUSAGE,
					  "weight %g of backend %zu: from 0 to %d",
					  config->backends[i].weight, i, BALANCER_WEIGHT);
	return ASSAY_OK;
}

static enum assay_code fill(struct balancer *b, const struct balancer_config *config,
			    struct assay_err *err)
{
	b->backends = calloc(config->n, sizeof(*b->backends));
	b->open = calloc(config->n, sizeof(*b->open));
	if (!b->backends || !b->open)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu backends", config->n);
	for (size_t i = 0; i < config->n; i++) {
		const struct balancer_backend *is = &config->backends[i];
		b->backends[i] = (struct backend){
			.is = *is, .share = is->weight > 0 ? is->weight : 1, .healthy = true};
	}
	b->n = config->n;
	b->last = config->n - 1;
	b->return_ns = UINT64_MAX;
	b->panic_share = config->panic_share;
	b->table = config->table ? config->table : 65537;
	assay_rng_init(&b->rng, config->seed);
	return ASSAY_OK;
}

enum assay_code balancer_new(const struct balancer_policy *policy,
			     const struct balancer_config *config, struct balancer **ret,
			     struct assay_err *err)
{
	enum assay_code rc = check_config(config, err);
	if (rc != ASSAY_OK)
		return rc;
	struct balancer *b = calloc(1, sizeof(*b));
	if (!b)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a balancer");
	b->policy = policy;
	rc = fill(b, config, err);
	if (rc == ASSAY_OK && policy->init)
		rc = policy->init(b, err);
	if (rc != ASSAY_OK) {
		balancer_free(b);
		return rc;
	}
	update_open(b);
	*ret = b;
	return ASSAY_OK;
}

void balancer_free(struct balancer *b)
{
	if (!b)
		return;
	if (b->policy->done)
		b->policy->done(b);
	else
		free(b->own);
	free(b->backends);
	free(b->open);
	free(b);
}
