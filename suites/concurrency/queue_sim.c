/* SPDX-License-Identifier: MIT */
/*
 * queue_sim: a request's end is known when it is sent, since a server works in order of arrival; what
 * remains is to tell the balancer of each end before the next arrival. Time in nanoseconds, a unit of
 * work being one millisecond at speed 1, so that a balancer sees latencies like real ones.
 */
#include "suites/concurrency/queue_sim.h"

#include <math.h>
#include <stdlib.h>

#include "suites/concurrency/argmin.h"

#define UNIT_NS   1e6
#define NOBODY    UINT32_MAX
#define REPORT_NS 20000000u /* servers report their load so often: not on every request */

struct request {
	uint64_t start_ns, end_ns;
	uint32_t next; /* in the same queue, or in the list of free ones */
};

struct server {
	double speed;
	uint64_t free_ns; /* when it will have done all it was given */
	uint64_t busy_ns;
	uint64_t reported_busy_ns;
	uint32_t first, last;
};

struct sim {
	const struct queue_sim_config *config;
	struct balancer *balancer;
	struct server *servers;
	struct argmin ends; /* of the first request of each server; free_ns when central */
	struct request *requests;
	uint32_t room, free;
	double *sojourns;
	size_t n;
	uint64_t began_ns, reported_ns;
	struct assay_rng rng;
};

static double exponential(struct assay_rng *rng)
{
	return -log(1 - assay_rng_unit(rng));
}

static bool grow(struct sim *s)
{
	uint32_t room = s->room ? 2 * s->room : 1024;
	struct request *more = realloc(s->requests, room * sizeof(*more));
	if (!more)
		return false;
	s->requests = more;
	for (uint32_t i = s->room; i < room; i++)
		more[i].next = i + 1 < room ? i + 1 : NOBODY;
	s->free = s->room;
	s->room = room;
	return true;
}

static void end_first(struct sim *s, uint32_t which)
{
	struct server *server = &s->servers[which];
	uint32_t id = server->first;
	struct request *r = &s->requests[id];
	balancer_end(s->balancer, (int)which, r->end_ns, r->end_ns - r->start_ns, true);
	server->first = r->next;
	argmin_set(&s->ends, which,
		   server->first == NOBODY ? UINT64_MAX : s->requests[server->first].end_ns);
	r->next = s->free;
	s->free = id;
}

static bool enqueue(struct sim *s, uint32_t which, uint64_t now_ns, uint64_t end_ns)
{
	struct server *server = &s->servers[which];
	if (s->free == NOBODY && !grow(s))
		return false;
	uint32_t id = s->free;
	s->free = s->requests[id].next;
	s->requests[id] = (struct request){now_ns, end_ns, NOBODY};
	if (server->first == NOBODY) {
		server->first = id;
		argmin_set(&s->ends, which, end_ns);
	} else {
		s->requests[server->last].next = id;
	}
	server->last = id;
	return true;
}

/* What each was busy since the last report, as it would measure it itself. */
static void report(struct sim *s, uint64_t now_ns)
{
	double span = (double)(now_ns - s->reported_ns);
	for (size_t i = 0; i < s->config->servers; i++) {
		struct server *server = &s->servers[i];
		uint64_t left = server->free_ns > now_ns ? server->free_ns - now_ns : 0;
		uint64_t done = server->busy_ns - left;
		/* busy share, and the work it still has, in requests of mean size */
		balancer_report(s->balancer, i,
				(double)(done - server->reported_busy_ns) / span +
					(double)left / UNIT_NS);
		server->reported_busy_ns = done;
	}
	s->reported_ns = now_ns;
}

/* One queue: whoever is free first takes the request that has waited longest. */
static uint32_t take(struct sim *s, uint64_t now_ns)
{
	while (!s->config->policy->central) {
		uint32_t which = argmin_first(&s->ends);
		if (s->ends.key[which] > now_ns) {
			if (now_ns - s->reported_ns >= REPORT_NS)
				report(s, now_ns);
			return (uint32_t)balancer_pick(s->balancer, assay_rng_next(&s->rng),
						       now_ns);
		}
		end_first(s, which);
	}
	return argmin_first(&s->ends);
}

static bool arrive(struct sim *s, uint64_t now_ns, bool counts)
{
	uint32_t which = take(s, now_ns);
	struct server *server = &s->servers[which];
	uint64_t begin_ns = server->free_ns > now_ns ? server->free_ns : now_ns;
	uint64_t work_ns = (uint64_t)(exponential(&s->rng) * UNIT_NS / server->speed);
	server->free_ns = begin_ns + work_ns;
	server->busy_ns += work_ns;
	if (counts)
		s->sojourns[s->n++] = (double)(server->free_ns - now_ns) / UNIT_NS;
	if (!s->config->policy->central)
		return enqueue(s, which, now_ns, server->free_ns);
	argmin_set(&s->ends, which, server->free_ns);
	return true;
}

static enum assay_code simulate(struct sim *s, uint64_t *ret_now_ns, struct assay_err *err)
{
	double speed = 0, now_ns = 0;
	for (size_t i = 0; i < s->config->servers; i++)
		speed += s->config->speeds[i];
	double gap_ns = UNIT_NS / (s->config->load * speed);
	size_t n = s->config->warmup + s->config->requests;
	for (size_t i = 0; i < n; i++) {
		now_ns += exponential(&s->rng) * gap_ns;
		if (!arrive(s, (uint64_t)now_ns, i >= s->config->warmup))
			return assay_fail(err, ASSAY_ENOMEM, "no memory for requests in flight");
	}
	*ret_now_ns = (uint64_t)now_ns;
	return ASSAY_OK;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void conclude(struct sim *s, uint64_t now_ns, struct queue_sim_result *ret)
{
	double sum = 0;
	for (size_t i = 0; i < s->n; i++)
		sum += s->sojourns[i];
	qsort(s->sojourns, s->n, sizeof(*s->sojourns), by_value);
	*ret = (struct queue_sim_result){.mean_sojourn = sum / (double)s->n,
					 .p99_sojourn = s->sojourns[(s->n - 1) * 99 / 100],
					 .utilisation_least = 1};
	for (size_t i = 0; i < s->config->servers; i++) {
		const struct server *server = &s->servers[i];
		uint64_t left = server->free_ns > now_ns ? server->free_ns - now_ns : 0;
		double busy = (double)(server->busy_ns - left) / (double)now_ns;
		ret->utilisation_least = fmin(ret->utilisation_least, busy);
		ret->utilisation_most = fmax(ret->utilisation_most, busy);
	}
}

static enum assay_code prepare(struct sim *s, struct assay_err *err)
{
	const struct queue_sim_config *c = s->config;
	ASSAY_AUTO_FREE struct balancer_backend *is = calloc(c->servers, sizeof(*is));
	s->servers = calloc(c->servers, sizeof(*s->servers));
	s->sojourns = malloc(c->requests * sizeof(*s->sojourns));
	if (!is || !s->servers || !s->sojourns || !argmin_init(&s->ends, c->servers))
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu servers and %zu requests",
				  c->servers, c->requests);
	for (size_t i = 0; i < c->servers; i++) {
		is[i].weight = c->speeds[i];
		s->servers[i] =
			(struct server){.speed = c->speeds[i], .first = NOBODY, .last = NOBODY};
		if (c->policy->central)
			argmin_set(&s->ends, i, 0);
	}
	struct balancer_config config = {.backends = is, .n = c->servers, .seed = c->seed};
	return balancer_new(c->policy, &config, &s->balancer, err);
}

enum assay_code queue_sim(const struct queue_sim_config *config, struct queue_sim_result *ret,
			  struct assay_err *err)
{
	if (config->servers < 1 || config->requests < 1 || !(config->load > 0 && config->load < 1))
		return assay_fail(err, ASSAY_EUSAGE,
				  "%zu servers, %zu requests, load %g: at least one of each, and a "
				  "load between 0 and 1",
				  config->servers, config->requests, config->load);
	struct sim s = {.config = config, .free = NOBODY};
	uint64_t now_ns = 0;
	assay_rng_init(&s.rng, config->seed);
	enum assay_code rc = prepare(&s, err);
	if (rc == ASSAY_OK)
		rc = simulate(&s, &now_ns, err);
	if (rc == ASSAY_OK)
		conclude(&s, now_ns, ret);
	balancer_free(s.balancer);
	argmin_done(&s.ends);
	free(s.servers);
	free(s.requests);
	free(s.sojourns);
	return rc;
}
