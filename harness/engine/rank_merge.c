/* SPDX-License-Identifier: MIT */
/* rank_merge: the slowest of each batch, the distance to the others, and when they began. */
#include "harness/engine/rank_merge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"

struct merge {
	const struct assay_rank_part *parts;
	unsigned n;
	struct assay_collect *into;
	size_t *slowest_times; /* per rank */
	double *values;        /* of one batch, per rank */
	double *imbalance;     /* per batch */
	size_t batches;
};

static const struct collect_metric *metric_of(const struct merge *m, unsigned rank, size_t metric)
{
	return &m->parts[rank].collect.metrics[metric];
}

static enum assay_code check_alike(const struct merge *m, struct assay_err *err)
{
	const struct assay_collect *first = &m->parts[0].collect;
	for (unsigned r = 1; r < m->n; r++) {
		const struct assay_collect *other = &m->parts[r].collect;
		if (other->n_metrics != first->n_metrics)
			return assay_fail(err, ASSAY_EPARSE,
					  "rank %u measured %zu metrics, rank 0 measured %zu", r,
					  other->n_metrics, first->n_metrics);
		for (size_t i = 0; i < first->n_metrics; i++) {
			const struct collect_metric *a = &first->metrics[i],
						    *b = &other->metrics[i];
			if (strcmp(a->name, b->name) != 0 || a->n != b->n)
				return assay_fail(
					err, ASSAY_EPARSE,
					"rank %u has %zu samples of %s, rank 0 has %zu of %s", r,
					b->n, b->name, a->n, a->name);
		}
	}
	return ASSAY_OK;
}

static enum assay_code put(const struct merge *m, enum assay_frame_type type, const void *frame,
			   size_t size, struct assay_err *err)
{
	return assay_collect_record(m->into, type, frame, size, err);
}

static enum assay_code put_metric(const struct merge *m, size_t index, const char *name,
				  const char *unit, enum assay_better better, struct assay_err *err)
{
	struct assay_metric_frame frame = {.index = (uint32_t)index, .better = better};
	assay_copy(frame.name, sizeof(frame.name), name);
	assay_copy(frame.unit, sizeof(frame.unit), unit);
	return put(m, ASSAY_FRAME_METRIC, &frame, sizeof(frame), err);
}

/* All ranks must be bound for the result to be; rates are those of one rank. */
static enum assay_code put_hello(const struct merge *m, struct assay_err *err)
{
	struct assay_hello hello = m->parts[0].collect.hello;
	for (unsigned r = 1; r < m->n; r++)
		hello.pinned &= m->parts[r].collect.hello.pinned;
	return put(m, ASSAY_FRAME_HELLO, &hello, sizeof(hello), err);
}

/* Sample i of a metric: the worst rank's value, with the flags of all. Returns the rank. */
static unsigned worst_of(const struct merge *m, size_t metric, size_t i,
			 struct assay_sample_frame *ret)
{
	unsigned worst = 0;
	bool higher = metric_of(m, 0, metric)->better == ASSAY_HIGHER;
	*ret = (struct assay_sample_frame){.metric = (uint32_t)metric};
	for (unsigned r = 0; r < m->n; r++) {
		const struct collect_metric *one = metric_of(m, r, metric);
		double value = one->values[i], limit = metric_of(m, worst, metric)->values[i];
		ret->flags |= one->flags[i];
		if (higher ? value < limit : value > limit)
			worst = r;
	}
	ret->value = metric_of(m, worst, metric)->values[i];
	return worst;
}

static enum assay_code put_samples(const struct merge *m, size_t metric, struct assay_err *err)
{
	struct assay_sample_frame frame;
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < metric_of(m, 0, metric)->n; i++) {
		unsigned worst = worst_of(m, metric, i, &frame);
		if (metric == 0)
			m->slowest_times[worst]++;
		if (metric == 0 && i == 0) { /* all time and all CPU time, once */
			for (unsigned r = 0; r < m->n; r++) {
				frame.wall_ns += m->parts[r].collect.wall_ns;
				frame.cpu_ns += m->parts[r].collect.cpu_ns;
			}
		}
		code = put(m, ASSAY_FRAME_SAMPLE, &frame, sizeof(frame), err);
	}
	return code;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* How many times as long as the middle rank the slowest one took. */
static double imbalance_of(const struct merge *m, size_t i)
{
	bool higher = metric_of(m, 0, 0)->better == ASSAY_HIGHER;
	for (unsigned r = 0; r < m->n; r++)
		m->values[r] = metric_of(m, r, 0)->values[i];
	qsort(m->values, m->n, sizeof(*m->values), by_value);
	double ratio = higher ? m->values[m->n / 2] / m->values[0]
			      : m->values[m->n - 1] / m->values[(m->n - 1) / 2];
	return isfinite(ratio) ? ratio : 1;
}

static enum assay_code put_imbalance(const struct merge *m, size_t metric, struct assay_err *err)
{
	enum assay_code code = put_metric(m, metric, "imbalance", "ratio", ASSAY_LOWER, err);
	for (size_t i = 0; code == ASSAY_OK && i < m->batches; i++) {
		struct assay_sample_frame frame;
		worst_of(m, 0, i, &frame);
		m->imbalance[i] = imbalance_of(m, i);
		frame.metric = (uint32_t)metric;
		frame.value = m->imbalance[i];
		code = put(m, ASSAY_FRAME_SAMPLE, &frame, sizeof(frame), err);
	}
	return code;
}

static bool have_spans(const struct merge *m)
{
	for (unsigned r = 0; r < m->n; r++)
		if (m->parts[r].n_spans != m->batches || !m->parts[r].before.rounds)
			return false;
	return m->n > 1;
}

/* No skew below this means anything: the two least certain clocks may be off by it together. */
static uint64_t clock_bound(const struct merge *m)
{
	uint64_t largest = 0, second = 0;
	for (unsigned r = 0; r < m->n; r++) {
		const struct assay_rank_part *p = &m->parts[r];
		uint64_t bound = p->before.bound_ns;
		if (p->after.rounds && p->after.bound_ns > bound)
			bound = p->after.bound_ns;
		second = bound > largest ? largest : bound > second ? bound : second;
		largest = bound > largest ? bound : largest;
	}
	return largest + second;
}

static enum assay_code put_skew(const struct merge *m, size_t metric, struct assay_err *err)
{
	enum assay_code code = put_metric(m, metric, "start_skew", "ns", ASSAY_LOWER, err);
	uint64_t origin = m->parts[0].before.at_ns;
	for (size_t i = 0; code == ASSAY_OK && i < m->batches; i++) {
		double first = INFINITY, last = -INFINITY;
		for (unsigned r = 0; r < m->n; r++) {
			const struct assay_rank_part *p = &m->parts[r];
			double at = assay_clock_since(&p->before, &p->after, p->spans[i].begin_ns,
						      origin);
			first = at < first ? at : first;
			last = at > last ? at : last;
		}
		const struct assay_sample_frame frame = {.metric = (uint32_t)metric,
							 .value = last - first};
		code = put(m, ASSAY_FRAME_SAMPLE, &frame, sizeof(frame), err);
	}
	return code;
}

static enum assay_code put_count(const struct merge *m, const char *name, uint64_t value,
				 struct assay_err *err)
{
	struct assay_count count = {.quality = ASSAY_EXACT, .value = (double)value, .raw = value};
	assay_copy(count.event, sizeof(count.event), name);
	assay_copy(count.source, sizeof(count.source), ASSAY_SOURCE_STATED);
	return put(m, ASSAY_FRAME_COUNTER, &count, sizeof(count), err);
}

static enum assay_code put_counters(const struct merge *m, const struct assay_rank_merged *merged,
				    struct assay_err *err)
{
	const struct assay_collect *first = &m->parts[0].collect;
	enum assay_code code = put_count(m, "slowest_rank", merged->slowest, err);
	if (code == ASSAY_OK)
		code = put_count(m, "slowest_batches", merged->times, err);
	if (code == ASSAY_OK)
		code = put_count(m, "clock_bound_ns", merged->clock_bound_ns, err);
	for (size_t i = 0; code == ASSAY_OK && i < first->n_counters; i++)
		code = put(m, ASSAY_FRAME_COUNTER, &first->counters[i], sizeof(first->counters[i]),
			   err);
	return code;
}

static enum assay_code put_histograms(const struct merge *m, struct assay_err *err)
{
	for (unsigned r = 0; r < m->n; r++) {
		const struct assay_histogram *one = m->parts[r].collect.histogram;
		if (!one)
			continue;
		if (!m->into->histogram)
			m->into->histogram = calloc(1, sizeof(*m->into->histogram));
		if (!m->into->histogram)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a histogram");
		for (uint32_t i = 0; i < ASSAY_HISTOGRAM_BUCKETS; i++)
			m->into->histogram->counts[i] += one->counts[i];
		m->into->histogram->total += one->total;
	}
	return ASSAY_OK;
}

static enum assay_code put_all(struct merge *m, struct assay_rank_merged *ret,
			       struct assay_err *err)
{
	const struct assay_collect *first = &m->parts[0].collect;
	size_t metrics = first->n_metrics;
	enum assay_code code = put_hello(m, err);
	for (size_t i = 0; code == ASSAY_OK && i < metrics; i++) {
		const struct collect_metric *one = &first->metrics[i];
		code = put_metric(m, i, one->name, one->unit, one->better, err);
		if (code == ASSAY_OK)
			code = put_samples(m, i, err);
	}
	if (code == ASSAY_OK && m->batches)
		code = put_imbalance(m, metrics++, err);
	if (code == ASSAY_OK && m->batches && have_spans(m)) {
		code = put_skew(m, metrics++, err);
		ret->clock_bound_ns = clock_bound(m);
	}
	for (unsigned r = 0; r < m->n; r++)
		if (m->slowest_times[r] > m->slowest_times[ret->slowest])
			ret->slowest = r;
	ret->times = m->slowest_times[ret->slowest];
	ret->batches = m->batches;
	qsort(m->imbalance, m->batches, sizeof(*m->imbalance), by_value);
	ret->imbalance = m->batches ? m->imbalance[m->batches / 2] : 1;
	if (code == ASSAY_OK)
		code = put_counters(m, ret, err);
	if (code == ASSAY_OK)
		code = put(m, ASSAY_FRAME_BATCH, &first->batch, sizeof(first->batch), err);
	return code == ASSAY_OK ? put_histograms(m, err) : code;
}

enum assay_code assay_rank_merge(const struct assay_rank_part *parts, unsigned n,
				 struct assay_collect *into, struct assay_rank_merged *ret,
				 struct assay_err *err)
{
	const struct assay_collect *first = &parts[0].collect;
	size_t batches = first->n_metrics ? first->metrics[0].n : 0;
	struct merge m = {
		.parts = parts,
		.n = n,
		.into = into,
		.batches = batches,
		.slowest_times = calloc(n, sizeof(*m.slowest_times)),
		.values = calloc(n, sizeof(*m.values)),
		.imbalance = calloc(batches + 1, sizeof(*m.imbalance)),
	};
	*ret = (struct assay_rank_merged){0};
	enum assay_code code = ASSAY_OK;
	if (!m.slowest_times || !m.values || !m.imbalance)
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory for %u ranks", n);
	if (code == ASSAY_OK)
		code = check_alike(&m, err);
	if (code == ASSAY_OK)
		code = put_all(&m, ret, err);
	free(m.slowest_times);
	free(m.values);
	free(m.imbalance);
	return code;
}

void assay_rank_part_done(struct assay_rank_part *part)
{
	assay_collect_done(&part->collect);
	free(part->spans);
	*part = (struct assay_rank_part){0};
}
