/* SPDX-License-Identifier: MIT */
/* hpa: from measurements to a number of replicas. */
#include "suites/scaling/hpa.h"

#include <math.h>

/* What pods are good for in this decision. */
enum use { COUNTED, UNREADY, MISSING, DROPPED };

static enum use use_of(const struct hpa_pod *pod, enum hpa_metric metric)
{
	if (pod->deleting || pod->phase == HPA_FAILED)
		return DROPPED;
	if (pod->phase == HPA_PENDING)
		return UNREADY;
	if (!pod->measured)
		return MISSING;
	/* Only what a CPU is used for at the start misleads; requests served do not. */
	if (metric == HPA_CPU && (!pod->ready || pod->just_started))
		return UNREADY;
	return COUNTED;
}

struct sums {
	int64_t usage, request;
	int64_t counted, unready, missing; /* pods */
	int64_t missing_request, unready_request;
	int64_t missing_full; /* what missing pods are taken to use on the way down */
};

static struct sums add_up(const struct hpa_target *t, const struct hpa_pod *pods, size_t n)
{
	struct sums s = {0};
	int64_t full = t->target > 100 ? t->target : 100; /* per cent */
	for (size_t i = 0; i < n; i++) {
		const struct hpa_pod *pod = &pods[i];
		switch (use_of(pod, t->metric)) {
		case COUNTED:
			s.usage += pod->usage_milli;
			s.request += pod->request_milli;
			s.counted++;
			break;
		case UNREADY:
			s.unready_request += pod->request_milli;
			s.unready++;
			break;
		case MISSING:
			s.missing_request += pod->request_milli;
			s.missing_full +=
				t->metric == HPA_CPU ? pod->request_milli * full / 100 : t->target;
			s.missing++;
			break;
		case DROPPED:
			break;
		}
	}
	return s;
}

/* Truncated first, divided then: the order is the algorithm's. */
static double ratio_of(const struct hpa_target *t, int64_t usage, int64_t request, int64_t pods,
		       int64_t *ret_usage)
{
	*ret_usage = t->metric == HPA_CPU ? usage * 100 / request : usage / pods;
	return (double)*ret_usage / (double)t->target;
}

static bool tolerates(const struct hpa_target *t, double ratio)
{
	return fabs(1 - ratio) <= t->tolerance;
}

/* Pods that say nothing are taken for what would change least. */
static int damped(const struct hpa_target *t, const struct sums *s, double ratio, int current)
{
	int64_t usage = s->usage, request = s->request, pods = s->counted, ignored;
	if (ratio < 1)
		usage += s->missing_full;
	if (ratio != 1 || t->metric == HPA_PODS) {
		request += s->missing_request;
		pods += s->missing;
	}
	if (ratio > 1) {
		request += s->unready_request;
		pods += s->unready;
	}
	double now = ratio_of(t, usage, request, pods, &ignored);
	if (tolerates(t, now) || (ratio < 1 && now > 1) || (ratio > 1 && now < 1))
		return current;
	int replicas = (int)ceil(now * (double)pods);
	if ((now < 1 && replicas > current) || (now > 1 && replicas < current))
		return current;
	return replicas;
}

static enum assay_code by_pods(const struct hpa_target *t, const struct hpa_pod *pods, size_t n,
			       int current, struct hpa_reading *ret, struct assay_err *err)
{
	struct sums s = add_up(t, pods, n);
	if (s.counted == 0 && s.unready == 0 && t->strangers == 0)
		return assay_fail(err, ASSAY_ECHECK, "no metrics returned");
	if (s.counted == 0 || (t->metric == HPA_CPU && s.request == 0))
		return assay_fail(err, ASSAY_ECHECK, "no metrics matched known pods");
	double ratio = ratio_of(t, s.usage, s.request, s.counted, &ret->usage);
	ret->average = s.usage / s.counted;
	if (s.missing || (s.unready && ratio > 1))
		ret->replicas = damped(t, &s, ratio, current);
	else if (tolerates(t, ratio))
		ret->replicas = current;
	else
		ret->replicas = (int)ceil(ratio * (double)s.counted);
	return ASSAY_OK;
}

static int ready_pods(const struct hpa_pod *pods, size_t n)
{
	int ready = 0;
	for (size_t i = 0; i < n; i++)
		ready += pods[i].phase == HPA_RUNNING && pods[i].ready;
	return ready;
}

enum assay_code hpa_replicas(const struct hpa_target *t, const struct hpa_pod *pods, size_t n,
			     int current, struct hpa_reading *ret, struct assay_err *err)
{
	*ret = (struct hpa_reading){.replicas = current};
	if (t->metric == HPA_CPU || t->metric == HPA_PODS)
		return by_pods(t, pods, n, current, ret, err);
	double usage = (double)t->usage, target = (double)t->target;
	if (t->metric == HPA_PER_POD) {
		if (!tolerates(t, usage / (target * current)))
			ret->replicas = (int)ceil(usage / target);
		ret->usage = current ? (int64_t)ceil(usage / current) : t->usage;
		return ASSAY_OK;
	}
	ret->usage = t->usage;
	if (current == 0)
		ret->replicas = (int)ceil(usage / target);
	else if (!tolerates(t, usage / target))
		ret->replicas = (int)ceil(usage / target * ready_pods(pods, n));
	return ASSAY_OK;
}
