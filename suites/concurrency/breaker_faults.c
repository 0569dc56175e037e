/* SPDX-License-Identifier: MIT */
/*
 * breaker_faults: a service that fails for a while, and what a breaker saves: in simulated time, so that
 * all but the time per call is exact. One operation is one request.
 *
 * Requests come at random, 1000 a second for a minute. From second 20 on the service fails, for as long
 * as `fault` says; a failed call costs its caller the timeout. Wasted are calls made while it fails; lost
 * are requests refused while it works.
 */
#include "suites/concurrency/breaker.h"

#include <math.h>

#include "harness/base/rng.h"
#include "harness/bench.h"

#define SECOND 1e9

enum { REQUESTS = 60000, RATE = 1000, FAULT_AT = 20, SERVICE_NS = 1000000, TIMEOUT_NS = 20000000 };

enum policy { NONE, WINDOW_COUNT, WINDOW_TIME };

struct story {
	uint64_t made, wasted, refused, lost;
	double opened_percent; /* of the calls judged had failed when it opened first */
	double opened_ns,
		closed_ns; /* after the fault began, and after it ended; negative: never */
};

struct setting {
	enum policy policy;
	double fault_ns;   /* how long the service fails */
	double fail_share; /* of its calls that fail then */
};

static double exponential(struct assay_rng *rng)
{
	return -log(1 - assay_rng_unit(rng));
}

static void note_state(struct story *story, struct breaker *b, double now_ns, double begin_ns,
		       double end_ns)
{
	struct breaker_view view;
	breaker_look(b, (uint64_t)now_ns, &view);
	if (view.state == BREAKER_OPEN && story->opened_ns < 0 && now_ns >= begin_ns) {
		story->opened_ns = now_ns - begin_ns;
		story->opened_percent = view.failure_percent;
	}
	if (view.state != BREAKER_CLOSED)
		story->closed_ns = -1;
	else if (now_ns >= end_ns && story->opened_ns >= 0 && story->closed_ns < 0)
		story->closed_ns = now_ns - end_ns;
}

static void request(struct story *story, struct breaker *b, bool faulty, bool fails, double now_ns)
{
	uint64_t ticket = b ? breaker_allow(b, (uint64_t)now_ns) : 1;
	if (ticket == BREAKER_REFUSED) {
		story->refused++;
		story->lost += !faulty;
		return;
	}
	/* reported at once: calls overlap, and their order is that of their beginnings */
	uint64_t took_ns = fails ? TIMEOUT_NS : SERVICE_NS;
	story->made++;
	story->wasted += fails;
	if (b)
		breaker_report(b, ticket, fails ? BREAKER_FAILURE : BREAKER_SUCCESS,
			       (uint64_t)now_ns, took_ns);
}

static bool tell(const struct setting *setting, uint64_t seed, struct story *story)
{
	struct breaker_config config = breaker_defaults();
	struct breaker *b = NULL;
	struct assay_rng rng;
	double now_ns = SECOND, begin_ns = (1 + FAULT_AT) * SECOND;
	double end_ns = begin_ns + setting->fault_ns;
	*story = (struct story){.opened_ns = -1, .closed_ns = -1};
	config.open_ns = 5 * (uint64_t)SECOND;
	config.window = setting->policy == WINDOW_TIME ? BREAKER_TIME : BREAKER_COUNT;
	config.size = setting->policy == WINDOW_TIME ? 10 : config.size;
	assay_rng_init(&rng, seed);
	if (setting->policy != NONE && breaker_new(&config, 1, &b, NULL) != ASSAY_OK)
		return false;
	for (int i = 0; i < REQUESTS; i++) {
		now_ns += exponential(&rng) * SECOND / RATE;
		bool faulty = now_ns >= begin_ns && now_ns < end_ns;
		bool fails = faulty && assay_rng_unit(&rng) < setting->fail_share;
		request(story, b, faulty, fails, now_ns);
		if (b)
			note_state(story, b, now_ns, begin_ns, end_ns);
	}
	breaker_free(b);
	return true;
}

static void setup(struct assay_run *run)
{
	assay_set_ops_per_iteration(run, REQUESTS);
}

static void body(struct assay_run *run)
{
	struct setting setting = {(enum policy)assay_axis(run, "breaker"),
				  assay_axis(run, "fault") * SECOND, assay_axis(run, "failing")};
	/* the same story every time: its counts are exact */
	struct story story = {0};
	uint64_t untold = 0;

	ASSAY_LOOP (run)
		untold += !tell(&setting, 1, &story);
	if (!assay_check(run, untold == 0, "no memory for a breaker") ||
	    !assay_check(run, story.made + story.refused == REQUESTS, "requests were lost"))
		return;
	assay_metric(run, "failed_share", "ratio", ASSAY_LOWER, (double)story.wasted / REQUESTS);
	if (story.opened_ns >= 0) {
		assay_metric(run, "open", "ns", ASSAY_LOWER, story.opened_ns);
		assay_metric(run, "opened_at", "ratio", ASSAY_LOWER, story.opened_percent / 100);
	}
	if (story.closed_ns >= 0)
		assay_metric(run, "recover", "ns", ASSAY_LOWER, story.closed_ns);
	assay_counter(run, "wasted", story.wasted);
	assay_counter(run, "refused", story.refused);
	assay_counter(run, "refused_needlessly", story.lost);
}

const struct assay_bench assay_bench_concurrency_breaker_faults = {
	.brief = "a service that fails for a while: calls wasted, time to open and to recover",
	.source = "defaults of resilience4j, half open after 5 s",
	.claim = "S4.recover",
	.body = body,
	.setup = setup,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"breaker", "name", "none,count,time"},
			   {"fault", "seconds", "1,10", "10"}, {"failing", "share", "0.6,1", "1"}),
	.unit = "op/s",
};
