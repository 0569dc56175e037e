/* SPDX-License-Identifier: MIT */
/*
 * hpa: the algorithm of Kubernetes' Horizontal Pod Autoscaler (autoscaling/v2): how many replicas the
 * measurements ask for, and how much of that the rules of a behaviour allow at once.
 * [kubernetes/kubernetes pkg/controller/podautoscaler, replica_calculator.go and horizontal.go.]
 * Quantities are integers in thousandths, as there, because their truncation is part of the algorithm.
 */
#ifndef ASSAY_SUITES_SCALING_HPA_H
#define ASSAY_SUITES_SCALING_HPA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

enum hpa_phase { HPA_RUNNING, HPA_PENDING, HPA_FAILED };

struct hpa_pod {
	int64_t usage_milli;   /* of all its containers */
	int64_t request_milli; /* what HPA_CPU's utilisation is a share of */
	enum hpa_phase phase;
	bool measured; /* there is a measurement */
	bool ready;
	bool just_started; /* within its time of initialisation: what it uses says nothing yet */
	bool deleting;
};

enum hpa_metric {
	HPA_CPU,     /* per cent of what pods request */
	HPA_PODS,    /* an amount per pod */
	HPA_TOTAL,   /* an amount of something else, to be divided by pods: object, external */
	HPA_PER_POD, /* the same with a target per pod */
};

struct hpa_target {
	enum hpa_metric metric;
	int64_t target;   /* per cent for HPA_CPU, else thousandths; > 0 */
	int64_t usage;    /* HPA_TOTAL and HPA_PER_POD: thousandths */
	double tolerance; /* 0.1 by default */
	size_t strangers; /* measurements of pods that are not ours */
};

struct hpa_reading {
	int replicas;
	int64_t usage;   /* per cent for HPA_CPU, else thousandths */
	int64_t average; /* HPA_CPU: thousandths a pod */
};

/*
 * What `current` replicas should be for these measurements of pods[n]. ASSAY_ECHECK: there is nothing to go by
 * ("no metrics returned", "no metrics matched known pods"), and the number of replicas is to stay. O(n).
 */
enum assay_code hpa_replicas(const struct hpa_target *target, const struct hpa_pod *pods, size_t n,
			     int current, struct hpa_reading *ret, struct assay_err *err);

/* ---- behaviour: what a recommendation may change, and when ---- */

/* A window of 300 s has a recommendation a second when decisions are as close as autoscale_trace allows. */
enum { HPA_RULES = 4, HPA_LOG = 512 };

struct hpa_rule {
	bool percent; /* else pods */
	int value;
	int64_t period_ms;
};
enum hpa_select { HPA_MOST, HPA_LEAST, HPA_NEVER }; /* Max, Min, Disabled */

struct hpa_rules {
	struct hpa_rule rules[HPA_RULES];
	size_t n;
	enum hpa_select select;
	int64_t window_ms; /* of stabilisation */
};

/* Numbers that belong to a time. A full log loses what it has had longest. */
struct hpa_log {
	struct hpa_stamp {
		int value;
		bool outdated;
		int64_t at_ms;
	} stamps[HPA_LOG];
	size_t n;
};

struct hpa {
	int min, max;
	struct hpa_rules up, down;
	struct hpa_log recommendations, ups, downs;
};

enum hpa_condition { HPA_IN_RANGE, HPA_UP_LIMIT, HPA_DOWN_LIMIT, HPA_TOO_FEW, HPA_TOO_MANY };

/* Defaults: up by 4 pods or 100 % in 15 s, whichever is more, at once; down by 100 % in 15 s to what was the
 * highest recommendation of 300 s. */
void hpa_init(struct hpa *hpa, int min, int max);

/* One turn: from the recommendation to what is to be, and the events of it filed. Times must not go back. */
int hpa_decide(struct hpa *hpa, int current, int desired, int64_t now_ms);

/* Its parts. */
int hpa_stabilise(struct hpa *hpa, int current, int desired, int64_t now_ms);
/* As without a behaviour: the highest recommendation of the window. */
int hpa_stabilise_plain(struct hpa_log *log, int64_t window_ms, int desired, int64_t now_ms);
int hpa_limit(const struct hpa *hpa, int current, int desired, int64_t now_ms,
	      enum hpa_condition *ret);
int hpa_up_limit(const struct hpa *hpa, int current, int64_t now_ms);
int hpa_down_limit(const struct hpa *hpa, int current, int64_t now_ms);
void hpa_file_event(struct hpa_log *log, const struct hpa_rules *rules, int change, int64_t now_ms);
int hpa_change_within(const struct hpa_log *log, int64_t period_ms, int64_t now_ms);
void hpa_log_add(struct hpa_log *log, int value, int64_t at_ms);

#endif
