/* SPDX-License-Identifier: MIT */
/* scaler: the policies. */
#include "suites/scaling/scaler.h"

#include <math.h>
#include <stdlib.h>

struct scaler {
	struct scaler_config config;
	struct hpa hpa;
	struct seasonal seasonal;
	size_t ahead;  /* intervals until an instance asked for now would serve */
	double target; /* of the adaptive policy */
	int64_t changed_up_ms, changed_ms;
};

static int clamp(const struct scaler_config *c, double wanted)
{
	if (!(wanted > c->min))
		return c->min;
	return wanted < c->max ? (int)wanted : c->max;
}

int scaler_needed(const struct scaler_config *c, double rate)
{
	return clamp(c, ceil(rate / (c->per_s * SCALER_TARGET)));
}

static void stop(struct scaler *s)
{
	if (!s)
		return;
	seasonal_done(&s->seasonal);
	free(s);
}

static enum assay_code start(const struct scaler_config *c, struct scaler **ret,
			     struct assay_err *err)
{
	if (c->min < 1 || c->max < c->min || !(c->interval_s > 0) || !(c->per_s > 0) ||
	    !(c->season_s >= c->interval_s) || !(c->delay_s >= 0))
		return assay_fail(
			err, ASSAY_EUSAGE,
			"scaler: %d to %d instances, decisions each %g s, delay %g s, season "
			"%g s make no sense",
			c->min, c->max, c->interval_s, c->delay_s, c->season_s);
	struct scaler *s = calloc(1, sizeof(*s));
	if (!s || !seasonal_init(&s->seasonal, (size_t)(c->season_s / c->interval_s))) {
		stop(s);
		return assay_fail(err, ASSAY_ENOMEM, "scaler: out of memory");
	}
	s->config = *c;
	s->ahead = 1 + (size_t)ceil(c->delay_s / c->interval_s);
	s->target = SCALER_TARGET;
	s->changed_ms = s->changed_up_ms = INT64_MIN / 2;
	hpa_init(&s->hpa, c->min, c->max);
	*ret = s;
	return ASSAY_OK;
}

static int64_t ms_of(const struct scaler_view *v)
{
	return (int64_t)(v->now_s * 1000);
}

/* ---- reactive: Kubernetes, on the utilisation of CPUs ---- */

static int desired_at(const struct scaler_view *v, double target)
{
	struct hpa_target t = {
		.metric = HPA_CPU, .target = (int64_t)(100 * target), .tolerance = 0.1};
	struct hpa_reading reading;
	struct assay_err err;
	/* Nothing to go by: then it stays as it is, as there. */
	if (hpa_replicas(&t, v->pods, v->n, v->current, &reading, &err) != ASSAY_OK)
		return v->current;
	return reading.replicas;
}

int scaler_hpa_desired(const struct scaler_view *v)
{
	return desired_at(v, SCALER_TARGET);
}

static int decide_hpa(struct scaler *s, const struct scaler_view *v)
{
	return hpa_decide(&s->hpa, v->current, scaler_hpa_desired(v), ms_of(v));
}

/* ---- predictive, and both together; what goes down passes the same window ---- */

static int predicted(struct scaler *s, const struct scaler_view *v)
{
	seasonal_add(&s->seasonal, v->arrivals_per_s);
	double most = 0;
	for (size_t i = 1; i <= s->ahead; i += s->ahead > 8 ? s->ahead / 8 : 1)
		most = fmax(most, seasonal_forecast(&s->seasonal, i));
	return scaler_needed(&s->config, fmax(most, seasonal_forecast(&s->seasonal, s->ahead)));
}

static int decide_holt_winters(struct scaler *s, const struct scaler_view *v)
{
	return hpa_decide(&s->hpa, v->current, predicted(s, v), ms_of(v));
}

static int decide_hybrid(struct scaler *s, const struct scaler_view *v)
{
	int ahead = predicted(s, v), now = scaler_hpa_desired(v);
	return hpa_decide(&s->hpa, v->current, now > ahead ? now : ahead, ms_of(v));
}

/* ---- adaptive: the target itself follows what was lost: down at once, up slowly ---- */

#define ADAPTIVE_LEAST 0.5
#define ADAPTIVE_MOST  0.9
#define ADAPTIVE_DOWN  0.9    /* times, for an interval with losses */
#define ADAPTIVE_UP    0.0005 /* plus, for one without */

static int decide_adaptive(struct scaler *s, const struct scaler_view *v)
{
	bool hurts = v->lost > 0 || v->latency_s > 3 / s->config.per_s;
	s->target = hurts ? fmax(ADAPTIVE_LEAST, s->target * ADAPTIVE_DOWN)
			  : fmin(ADAPTIVE_MOST, s->target + ADAPTIVE_UP);
	return hpa_decide(&s->hpa, v->current, desired_at(v, s->target), ms_of(v));
}

/*
 * ---- thresholds: one instance up when any of four measurements is over its limit, one down when all are under
 * half of it; 60 s after the last change up, 300 s after the last change down ----
 */

#define LIMIT_CPU       0.80
#define LIMIT_MEMORY    0.85
#define LIMIT_LATENCY_S 0.2
#define LIMIT_QUEUE     20
enum { COOLDOWN_UP_MS = 60000, COOLDOWN_DOWN_MS = 300000 };

static double mean_cpu(const struct scaler_view *v)
{
	double usage = 0, request = 0;
	for (size_t i = 0; i < v->n; i++) {
		const struct hpa_pod *pod = &v->pods[i];
		if (!pod->measured || !pod->ready)
			continue;
		usage += (double)pod->usage_milli;
		request += (double)pod->request_milli;
	}
	return request > 0 ? usage / request : 0;
}

static int decide_thresholds(struct scaler *s, const struct scaler_view *v)
{
	int64_t now_ms = ms_of(v);
	double cpu = mean_cpu(v);
	/* The wait alone: how long the work itself takes is no matter of instances. */
	double latency_s = fmax(0, v->latency_s - 1 / s->config.per_s);
	bool over = cpu > LIMIT_CPU || v->memory > LIMIT_MEMORY || latency_s > LIMIT_LATENCY_S ||
		    v->queue > LIMIT_QUEUE;
	bool under = cpu < LIMIT_CPU / 2 && v->memory < LIMIT_MEMORY / 2 &&
		     latency_s < LIMIT_LATENCY_S / 2 && v->queue < LIMIT_QUEUE / 2.0;
	int next = v->current;
	if (over && now_ms - s->changed_up_ms >= COOLDOWN_UP_MS)
		next++;
	else if (under && now_ms - s->changed_ms >= COOLDOWN_DOWN_MS)
		next--;
	next = clamp(&s->config, next);
	if (next != v->current)
		s->changed_ms = now_ms;
	if (next > v->current)
		s->changed_up_ms = now_ms;
	return next;
}

/* ---- clairvoyant: knows the rate ahead, not the requests; a bound for the others ---- */

static int decide_clairvoyant(struct scaler *s, const struct scaler_view *v)
{
	return scaler_needed(&s->config, v->coming_per_s);
}

static int decide_none(struct scaler *s, const struct scaler_view *v)
{
	(void)s;
	return v->current;
}

const struct scaler_ops scaler_hpa_ops = {start, decide_hpa, stop, false};
const struct scaler_ops scaler_holt_winters_ops = {start, decide_holt_winters, stop, false};
const struct scaler_ops scaler_hybrid_ops = {start, decide_hybrid, stop, false};
const struct scaler_ops scaler_adaptive_ops = {start, decide_adaptive, stop, false};
const struct scaler_ops scaler_thresholds_ops = {start, decide_thresholds, stop, false};
const struct scaler_ops scaler_clairvoyant_ops = {start, decide_clairvoyant, stop, false};
const struct scaler_ops scaler_none_ops = {start, decide_none, stop, true};

const struct scaler_policy scaler_policies[] = {
	{"hpa", &scaler_hpa_ops},
	{"holt_winters", &scaler_holt_winters_ops},
	{"hybrid", &scaler_hybrid_ops},
	{"adaptive", &scaler_adaptive_ops},
	{"thresholds", &scaler_thresholds_ops},
	{"clairvoyant", &scaler_clairvoyant_ops},
	{0},
};
