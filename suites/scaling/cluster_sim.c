/* SPDX-License-Identifier: MIT */
/* cluster_sim: slot 0 is the next arrival, 1 the next decision, then ends of work, then beginnings of service. */
#include "suites/scaling/cluster_sim.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/scaling/des.h"

enum { ARRIVAL, DECISION, END, BEGIN = END + CLUSTER_MOST, SLOTS = BEGIN + CLUSTER_MOST };
enum { BATCHES = 20, REQUEST_MILLI = 1000 };

enum state { OFF, STARTING, SERVING, LEAVING };

struct instance {
	enum state state;
	bool fresh; /* began to serve within this interval */
	bool busy;
	double arrived_s; /* the request it works on */
	double busy_since_s, busy_s;
};

struct cluster {
	const struct cluster_config *config;
	struct cluster_result *result;
	struct scaler *scaler;
	struct des des;
	struct assay_rng rng;
	struct instance instances[CLUSTER_MOST];
	uint64_t idle;     /* a bit for each that serves and has nothing to do */
	int current, held; /* starting and serving; leaving ones as well */
	double held_since_s;
	/* Arrival times of those that wait: a ring. */
	double *waiting;
	size_t head, count, room;
	double rate, rate_until_s;
	/* Of the interval. */
	uint64_t arrivals, losses, ends;
	double sojourns_s;
	size_t next_burst;
	double burst_s; /* one that is not answered yet, or negative */
	double notices_s;
	double sums[BATCHES];
	uint64_t counts[BATCHES];
};

static double exponential(struct assay_rng *rng)
{
	return -log(1 - assay_rng_unit(rng));
}

static bool counts(const struct cluster *c)
{
	return c->des.now >= c->config->warmup_s;
}

static void note_held(struct cluster *c, int change)
{
	double from_s = fmax(c->held_since_s, c->config->warmup_s);
	if (c->des.now > from_s)
		c->result->instance_s += (c->des.now - from_s) * c->held;
	c->held_since_s = c->des.now;
	c->held += change;
}

static void lose(struct cluster *c)
{
	c->losses++;
	c->result->lost += counts(c);
}

static void work_on(struct cluster *c, unsigned i, double arrived_s)
{
	struct instance *in = &c->instances[i];
	in->busy = true;
	in->arrived_s = arrived_s;
	in->busy_since_s = c->des.now;
	c->idle &= ~(1ull << i);
	des_put(&c->des, END + i, c->des.now + exponential(&c->rng) / c->config->scaler.per_s);
}

/* Whoever has waited longest goes first; who has waited too long went away. */
static void dispatch(struct cluster *c)
{
	while (c->idle && c->count) {
		double arrived_s = c->waiting[c->head];
		c->head = (c->head + 1) & (c->room - 1);
		c->count--;
		if (c->des.now - arrived_s > c->config->patience_s)
			lose(c);
		else
			work_on(c, (unsigned)__builtin_ctzll(c->idle), arrived_s);
	}
}

static bool grow(struct cluster *c)
{
	size_t room = c->room ? 2 * c->room : 256;
	double *more = malloc(room * sizeof(*more));
	if (!more)
		return false;
	for (size_t i = 0; i < c->count; i++)
		more[i] = c->waiting[(c->head + i) & (c->room - 1)];
	free(c->waiting);
	c->waiting = more;
	c->head = 0;
	c->room = room;
	return true;
}

/* Of a process at the highest rate, each arrival is taken with the share that holds now: thinning [Lewis & Shedler,
 * Naval Research Logistics Quarterly 26(3), 1979]. The rate is looked up once a second. */
static bool arrive(struct cluster *c)
{
	const struct load_trace *trace = c->config->trace;
	des_put(&c->des, ARRIVAL, c->des.now + exponential(&c->rng) / trace->most);
	if (c->des.now >= c->rate_until_s) {
		c->rate = load_trace_rate(trace, c->des.now);
		c->rate_until_s = c->des.now + 1;
	}
	if (assay_rng_unit(&c->rng) * trace->most >= c->rate)
		return true;
	c->arrivals++;
	c->result->arrived += counts(c);
	if (c->idle) {
		work_on(c, (unsigned)__builtin_ctzll(c->idle), c->des.now);
		return true;
	}
	if (c->count == c->room && !grow(c))
		return false;
	c->waiting[(c->head + c->count++) & (c->room - 1)] = c->des.now;
	return true;
}

static void give_back(struct cluster *c, unsigned i)
{
	c->instances[i] = (struct instance){.state = OFF};
	c->idle &= ~(1ull << i);
	des_drop(&c->des, BEGIN + i);
	note_held(c, -1);
}

static void end_work(struct cluster *c, unsigned i)
{
	struct instance *in = &c->instances[i];
	double sojourn_s = c->des.now - in->arrived_s;
	in->busy = false;
	in->busy_s += c->des.now - in->busy_since_s;
	c->ends++;
	c->sojourns_s += sojourn_s;
	if (counts(c)) {
		double share = (c->des.now - c->config->warmup_s) / c->config->length_s;
		size_t batch = (size_t)(share * BATCHES);
		batch = batch < BATCHES ? batch : BATCHES - 1;
		c->sums[batch] += sojourn_s;
		c->counts[batch]++;
		c->result->served++;
	}
	if (in->state == LEAVING) {
		give_back(c, i);
		return;
	}
	c->idle |= 1ull << i;
	dispatch(c);
}

static void begin_service(struct cluster *c, unsigned i)
{
	struct instance *in = &c->instances[i];
	*in = (struct instance){.state = SERVING, .fresh = true};
	c->idle |= 1ull << i;
	dispatch(c);
}

/* Those asked for last go first, then those without work, then the others when they are done. */
static bool give_up_one(struct cluster *c)
{
	int found = -1, best = -1;
	for (int i = 0; i < CLUSTER_MOST; i++) {
		const struct instance *in = &c->instances[i];
		int merit = in->state == STARTING ? 2 : in->state == SERVING ? !in->busy : -1;
		if (merit >= 0 && merit >= best)
			found = i, best = merit;
	}
	if (found < 0)
		return false;
	c->current--;
	if (c->instances[found].busy)
		c->instances[found].state = LEAVING;
	else
		give_back(c, (unsigned)found);
	return true;
}

static bool ask_for_one(struct cluster *c)
{
	for (unsigned i = 0; i < CLUSTER_MOST; i++) {
		if (c->instances[i].state != OFF)
			continue;
		c->instances[i] = (struct instance){.state = STARTING};
		c->current++;
		note_held(c, 1);
		if (c->des.now == 0)
			begin_service(c, i);
		else
			des_put(&c->des, BEGIN + i, c->des.now + c->config->scaler.delay_s);
		return true;
	}
	return false;
}

static void resize(struct cluster *c, int wanted)
{
	while (c->current < wanted && ask_for_one(c))
		;
	while (c->current > wanted && give_up_one(c))
		;
}

static size_t look_at_pods(struct cluster *c, struct hpa_pod *pods)
{
	double interval_s = c->config->scaler.interval_s;
	size_t n = 0;
	for (int i = 0; i < CLUSTER_MOST; i++) {
		struct instance *in = &c->instances[i];
		double since_s = fmax(in->busy_since_s, c->des.now - interval_s);
		double busy_s = in->busy_s + (in->busy ? c->des.now - since_s : 0);
		in->busy_s = 0;
		if (in->busy)
			in->busy_since_s = c->des.now;
		if (in->state != STARTING && in->state != SERVING)
			continue;
		bool serves = in->state == SERVING;
		pods[n++] = (struct hpa_pod){
			.usage_milli = (int64_t)(REQUEST_MILLI * fmin(1, busy_s / interval_s)),
			.request_milli = REQUEST_MILLI,
			.phase = serves ? HPA_RUNNING : HPA_PENDING,
			.measured = serves,
			.ready = serves,
			.just_started = in->fresh,
		};
		in->fresh = false;
	}
	return n;
}

static void look(struct cluster *c, struct hpa_pod *pods, struct scaler_view *v)
{
	const struct scaler_config *s = &c->config->scaler;
	size_t n = look_at_pods(c, pods);
	*v = (struct scaler_view){
		.now_s = c->des.now,
		.arrivals_per_s = (double)c->arrivals / s->interval_s,
		.latency_s = c->ends ? c->sojourns_s / (double)c->ends : 0,
		/* A base, and what waits. */
		.memory = fmin(1, 0.4 + 0.02 * (double)c->count / (n ? (double)n : 1)),
		.queue = (double)c->count,
		.lost = c->arrivals ? (double)c->losses / (double)c->arrivals : 0,
		.current = c->current,
		.pods = pods,
		.n = n,
		.coming_per_s = load_trace_peak(c->config->trace, c->des.now,
						c->des.now + s->interval_s + s->delay_s),
	};
	c->arrivals = c->losses = c->ends = 0;
	c->sojourns_s = 0;
}

/* Has a burst begun that this many instances cannot serve? */
static void watch_bursts(struct cluster *c)
{
	const struct load_trace *t = c->config->trace;
	if (c->burst_s >= 0 && c->des.now > c->burst_s + t->burst_s)
		c->burst_s = -1;
	for (; c->next_burst < t->n && t->bursts[c->next_burst] <= c->des.now; c->next_burst++) {
		double at_s = t->bursts[c->next_burst];
		double enough = SCALER_TARGET * c->config->scaler.per_s * c->current;
		if (!counts(c) || c->current >= c->config->scaler.max ||
		    load_trace_rate(t, at_s) <= enough)
			continue;
		c->burst_s = at_s;
		c->result->bursts++;
	}
}

static void keep_view(struct cluster *c, const struct scaler_view *v)
{
	const struct cluster_config *config = c->config;
	size_t at = c->result->views;
	if (!config->views || at >= config->room || !counts(c))
		return;
	struct hpa_pod *pods = config->pods + at * CLUSTER_MOST;
	for (size_t i = 0; i < v->n; i++)
		pods[i] = v->pods[i];
	config->views[at] = *v;
	config->views[at].pods = pods;
	c->result->views++;
}

static void decide(struct cluster *c)
{
	struct hpa_pod pods[CLUSTER_MOST];
	struct scaler_view view;
	des_put(&c->des, DECISION, c->des.now + c->config->scaler.interval_s);
	watch_bursts(c);
	look(c, pods, &view);
	keep_view(c, &view);
	int before = c->current;
	resize(c, c->config->policy->decide(c->scaler, &view));
	c->result->decisions += counts(c);
	c->result->changes += counts(c) && c->current != before;
	if (c->current > before && c->burst_s >= 0) {
		c->result->noticed++;
		c->notices_s += c->des.now - c->burst_s;
		c->burst_s = -1;
	}
}

static enum assay_code simulate(struct cluster *c, struct assay_err *err)
{
	double end_s = c->config->warmup_s + c->config->length_s;
	resize(c, c->config->instances);
	des_put(&c->des, ARRIVAL, 0);
	if (c->config->policy)
		des_put(&c->des, DECISION, c->config->scaler.interval_s);
	while (c->des.now < end_s) {
		uint32_t slot = des_take(&c->des);
		c->result->events++;
		if (slot == ARRIVAL) {
			if (!arrive(c))
				return assay_fail(err, ASSAY_ENOMEM, "no memory for the queue");
		} else if (slot == DECISION) {
			decide(c);
		} else if (slot < BEGIN) {
			end_work(c, slot - END);
		} else {
			begin_service(c, slot - BEGIN);
		}
	}
	note_held(c, 0);
	return ASSAY_OK;
}

static void conclude(const struct cluster *c, struct cluster_result *r)
{
	double means[BATCHES], mean = 0, squares = 0, all = 0;
	for (int i = 0; i < BATCHES; i++) {
		all += c->sums[i];
		means[i] = c->counts[i] ? c->sums[i] / (double)c->counts[i] : 0;
		mean += means[i] / BATCHES;
	}
	for (int i = 0; i < BATCHES; i++)
		squares += (means[i] - mean) * (means[i] - mean);
	r->mean_sojourn_s = r->served ? all / (double)r->served : 0;
	/* Student's t, 19 degrees of freedom, 99 % */
	r->half_width_s = 2.861 * sqrt(squares / (BATCHES - 1) / BATCHES);
	r->notice_s = r->noticed ? c->notices_s / r->noticed : 0;
}

static bool makes_sense(const struct cluster_config *c)
{
	return c->instances >= 1 && c->instances <= CLUSTER_MOST &&
	       (!c->policy || c->scaler.max <= CLUSTER_MOST) && c->scaler.per_s > 0 &&
	       c->length_s > 0 && c->warmup_s >= 0 && c->trace->most > 0 && c->trace->season_s > 0;
}

enum assay_code cluster_sim(const struct cluster_config *config, struct cluster_result *ret,
			    struct assay_err *err)
{
	*ret = (struct cluster_result){0};
	if (!makes_sense(config))
		return assay_fail(err, ASSAY_EUSAGE,
				  "cluster: %d instances, at most %d, %g s: 1 to %d instances and "
				  "times above 0",
				  config->instances, config->scaler.max, config->length_s,
				  CLUSTER_MOST);
	ASSAY_AUTO_FREE struct cluster *c = calloc(1, sizeof(*c));
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a cluster");
	c->config = config;
	c->result = ret;
	c->burst_s = -1;
	assay_rng_init(&c->rng, config->seed);
	enum assay_code code = des_init(&c->des, SLOTS, 0.5 / config->trace->most, err);
	if (code == ASSAY_OK && config->policy)
		code = config->policy->start(&config->scaler, &c->scaler, err);
	if (code == ASSAY_OK)
		code = simulate(c, err);
	if (code == ASSAY_OK)
		conclude(c, ret);
	if (config->policy)
		config->policy->stop(c->scaler);
	des_done(&c->des);
	free(c->waiting);
	return code;
}
