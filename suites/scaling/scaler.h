/* SPDX-License-Identifier: MIT */
/*
 * scaler: the interface "scaler": a policy that says how many instances there should be. A decision sees
 * what a real one would see: measurements of the interval that has just ended.
 */
#ifndef ASSAY_SUITES_SCALING_SCALER_H
#define ASSAY_SUITES_SCALING_SCALER_H

#include "harness/bench.h"
#include "suites/scaling/hpa.h"

#define SCALING_SCALER "scaler"

struct scaler_config {
	int min, max;
	double interval_s; /* between decisions */
	double delay_s;    /* from asking for an instance until it serves */
	double season_s;   /* after which the load comes again, for those that predict */
	double per_s;      /* what one instance can do */
};

/* Of the interval before now_s, but for the counts, which are of now. */
struct scaler_view {
	double now_s;
	double arrivals_per_s;
	double latency_s;           /* mean of the requests that ended; 0: none did */
	double memory;              /* share in use, mean of the instances that serve */
	double queue;               /* requests that wait now */
	double lost;                /* share of arrivals that nobody served */
	int current;                /* instances that serve or will */
	const struct hpa_pod *pods; /* one for each of them; usage is that of a CPU */
	size_t n;
	/* The highest rate of arrivals from now until an instance asked for next time would serve. Not a measurement:
	 * for the clairvoyant alone. */
	double coming_per_s;
};

struct scaler;

struct scaler_ops {
	enum assay_code (*start)(const struct scaler_config *config, struct scaler **ret,
				 struct assay_err *err);
	/* How many instances there should be; from min to max. Times of views must not go back. */
	int (*decide)(struct scaler *scaler, const struct scaler_view *view);
	void (*stop)(struct scaler *scaler); /* takes NULL */
	bool is_null;                        /* decides nothing */
};

/* The policies, by the words of autoscale_trace's axis; ends with {0}. */
struct scaler_policy {
	const char *name;
	const struct scaler_ops *ops;
};
extern const struct scaler_policy scaler_policies[];

/*
 * The share of its capacity that an instance should use: what the predictive policies, the clairvoyant one and the
 * reactive one aim at alike, so that none looks better by keeping more in reserve.
 */
#define SCALER_TARGET 0.8

/* Instances for `rate` per second at SCALER_TARGET, from min to max. */
int scaler_needed(const struct scaler_config *config, double rate);

/* What the reactive and hybrid policies start with: hpa_replicas() on CPU at 80 %, and its behaviour. */
int scaler_hpa_desired(const struct scaler_view *view);

/* Additive Holt-Winters [Winters, Management Science 6(3), 1960] over one season of intervals. */
struct seasonal {
	double level, trend;
	double *season; /* n */
	size_t n, seen;
	double sum; /* of the first season */
};
bool seasonal_init(struct seasonal *s, size_t n);
void seasonal_done(struct seasonal *s);
void seasonal_add(struct seasonal *s, double value);
/* `ahead` >= 1 values from the last one; after the first season, the last value before. */
double seasonal_forecast(const struct seasonal *s, size_t ahead);

extern const struct scaler_ops scaler_hpa_ops, scaler_holt_winters_ops, scaler_hybrid_ops,
	scaler_adaptive_ops, scaler_thresholds_ops, scaler_clairvoyant_ops, scaler_none_ops;

#endif
