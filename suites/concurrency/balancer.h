/* SPDX-License-Identifier: MIT */
/*
 * balancer: which of several backends gets the next request. A policy is a subject; limits, failures,
 * health and backups are the same for all of them and live in balancer.c.
 *
 * A balancer belongs to one thread at a time, like that of a worker of nginx: nothing in it is atomic.
 * Times are nanoseconds of any one clock; they are passed in, so that simulations work too.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_BALANCER_H
#define ASSAY_SUITES_CONCURRENCY_BALANCER_H

#include "harness/base/rng.h"
#include "harness/bench.h"

#define BALANCER_INTERFACE "balancer"
#define BALANCER_NONE      (-1) /* no backend may be picked now */
#define BALANCER_WEIGHT    65535
#define BALANCER_BACKENDS  65536

/* What the user says of a backend; all zero is a plain one. */
struct balancer_backend {
	const char *name;   /* what Maglev hashes; NULL: its number */
	double weight;      /* 0: as the policy has it, 1 for most; at most BALANCER_WEIGHT */
	uint32_t limit;     /* requests at a time, 0: any number */
	uint32_t max_fails; /* out after so many failures in `fail_ns`, for as long; 0: never */
	uint64_t fail_ns;
	bool backup; /* only when no other may be picked */
};

struct balancer_config {
	const struct balancer_backend *backends; /* copied, but for the names */
	size_t n;                                /* 1 to BALANCER_BACKENDS */
	uint64_t seed;
	uint32_t table;     /* entries of a lookup table, a prime; 0: 65537 */
	double panic_share; /* with a smaller share healthy, health is ignored; 0: never */
};

/* One backend as it stands. */
struct backend {
	struct balancer_backend is;
	double share; /* weight, 1 where none was given */
	uint32_t in_flight;
	uint32_t fails;
	uint64_t failed_ns;  /* when the failures began to be counted */
	uint64_t away_until; /* out since it failed too often, until then; 0: not out */
	double load;         /* as it reported last */
	uint32_t sent;       /* picked since that report */
	bool healthy;
	bool open; /* may be picked now */
};

struct balancer {
	const struct balancer_policy *policy;
	struct backend *backends;
	size_t n;
	uint32_t *open; /* the numbers of those that may be picked, ascending */
	size_t n_open;
	size_t last; /* picked last, for policies that go around */
	uint64_t return_ns;
	double panic_share;
	uint32_t table;
	struct assay_rng rng;
	void *own; /* the policy's; freed by free() when it has no done() */
};

/* A policy; only pick() is required. It never sees a request when no backend is open. */
struct balancer_policy {
	enum assay_code (*init)(struct balancer *b, struct assay_err *err);
	/* One that is open. `key` is the hash of what the request is about, 0: nothing. */
	int (*pick)(struct balancer *b, uint64_t key, uint64_t now_ns);
	/* In-flight count or load of backend i has changed; i < 0: what is open has, anywhere. */
	void (*changed)(struct balancer *b, int i);
	/* An answer came. */
	void (*answered)(struct balancer *b, int i, uint64_t now_ns, uint64_t latency_ns);
	void (*done)(struct balancer *b);
	bool keyed;   /* equal keys get equal backends */
	bool central; /* not a policy but the bound: one queue for all, see queue_sim.h */
	bool weighted; /* backends get requests in proportion to their weights when each ends at once */
};

/* ASSAY_EUSAGE names what is wrong with the configuration; ASSAY_ENOMEM. */
enum assay_code balancer_new(const struct balancer_policy *policy,
			     const struct balancer_config *config, struct balancer **ret,
			     struct assay_err *err);
void balancer_free(struct balancer *b);

/* The backend for a request that starts now, or BALANCER_NONE. Each pick is ended by one end(). */
int balancer_pick(struct balancer *b, uint64_t key, uint64_t now_ns);
void balancer_end(struct balancer *b, int i, uint64_t now_ns, uint64_t latency_ns, bool ok);

/* What a health check found; and what a backend says of its load, 1 being all it can do. */
void balancer_set_healthy(struct balancer *b, size_t i, bool healthy);
void balancer_report(struct balancer *b, size_t i, double load);

/* For policies: (in flight + 1) / weight; the next one that is open after `last`, around. */
static inline double balancer_pressure(const struct backend *be)
{
	return (be->in_flight + 1) / be->share;
}
int balancer_around(struct balancer *b);

/* Oracle of the interface, see balancer_check.c. */
enum assay_code balancer_check(const struct balancer_policy *policy, uint64_t seed,
			       struct assay_err *err);

#endif
