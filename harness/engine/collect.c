/* SPDX-License-Identifier: MIT */
/* collect: take records in, hand results out. */
#include "harness/engine/collect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/engine/measure.h"

void assay_collect_begin(struct assay_collect *collect)
{
	if (!collect->started_ns)
		collect->started_ns = assay_wall_ns();
	collect->n_index = 0;
}

void assay_collect_done(struct assay_collect *collect)
{
	for (size_t i = 0; i < collect->n_metrics; i++) {
		free(collect->metrics[i].values);
		free(collect->metrics[i].flags);
		free(collect->metrics[i].launch_end);
	}
	free(collect->histogram);
	assay_gpu_trace_done(&collect->trace);
	*collect = (struct assay_collect){0};
}

static enum assay_code malformed(struct assay_err *err)
{
	return assay_fail(err, ASSAY_EPARSE, "a record of the worker makes no sense");
}

static enum assay_code take_metric(struct assay_collect *collect, const void *payload,
				   struct assay_err *err)
{
	struct assay_metric_frame frame;
	memcpy(&frame, payload, sizeof(frame));
	frame.name[sizeof(frame.name) - 1] = '\0';
	frame.unit[sizeof(frame.unit) - 1] = '\0';
	char unit[sizeof(frame.unit)];
	assay_sanitise(unit, sizeof(unit), frame.unit);
	if (frame.index != collect->n_index || frame.index >= COLLECT_MAX_METRICS ||
	    !assay_name_valid(frame.name))
		return malformed(err);
	size_t i = 0;
	while (i < collect->n_metrics && strcmp(collect->metrics[i].name, frame.name) != 0)
		i++;
	if (i == COLLECT_MAX_METRICS)
		return malformed(err);
	if (i == collect->n_metrics) {
		struct collect_metric *metric = &collect->metrics[collect->n_metrics++];
		assay_copy(metric->name, sizeof(metric->name), frame.name);
		assay_copy(metric->unit, sizeof(metric->unit), unit);
		metric->better = frame.better == ASSAY_HIGHER ? ASSAY_HIGHER : ASSAY_LOWER;
	}
	collect->index[collect->n_index++] = (uint8_t)i;
	return ASSAY_OK;
}

static enum assay_code take_sample(struct assay_collect *collect, const void *payload,
				   struct assay_err *err)
{
	struct assay_sample_frame frame;
	memcpy(&frame, payload, sizeof(frame));
	if (frame.metric >= collect->n_index)
		return malformed(err);
	if (!isfinite(frame.value))
		return assay_fail(
			err, ASSAY_EPARSE,
			"a sample is not a finite number: is bytes_per_op or flops_per_op "
			"stated, and does the loop take any time?");
	struct collect_metric *metric = &collect->metrics[collect->index[frame.metric]];
	if (metric->n == metric->capacity) {
		size_t capacity = metric->capacity ? 2 * metric->capacity : 64;
		double *values = realloc(metric->values, capacity * sizeof(*values));
		if (values)
			metric->values = values;
		uint8_t *flags = realloc(metric->flags, capacity);
		if (flags)
			metric->flags = flags;
		if (!values || !flags)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for samples");
		metric->capacity = capacity;
	}
	metric->values[metric->n] = frame.value;
	metric->flags[metric->n++] = (uint8_t)frame.flags;
	collect->wall_ns += frame.wall_ns;
	collect->cpu_ns += frame.cpu_ns;
	return ASSAY_OK;
}

static enum assay_code take_histogram(struct assay_collect *collect, const void *payload,
				      size_t length, struct assay_err *err)
{
	if (!collect->histogram)
		collect->histogram = calloc(1, sizeof(*collect->histogram));
	if (!collect->histogram)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a histogram");
	for (size_t at = 0; at + sizeof(struct assay_bucket_frame) <= length;
	     at += sizeof(struct assay_bucket_frame)) {
		struct assay_bucket_frame bucket;
		memcpy(&bucket, (const char *)payload + at, sizeof(bucket));
		if (bucket.index >= ASSAY_HISTOGRAM_BUCKETS)
			return malformed(err);
		collect->histogram->counts[bucket.index] += bucket.count;
		collect->histogram->total += bucket.count;
	}
	return ASSAY_OK;
}

/* The first launch's counters stand: counts hardly vary, and one pass is what they are. */
static enum assay_code take_counter(struct assay_collect *collect, const void *payload)
{
	struct assay_count count;
	memcpy(&count, payload, sizeof(count));
	count.event[sizeof(count.event) - 1] = '\0';
	count.source[sizeof(count.source) - 1] = '\0';
	count.unit[sizeof(count.unit) - 1] = '\0';
	count.reason[sizeof(count.reason) - 1] = '\0';
	if (count.quality > ASSAY_DERIVED)
		count.quality = ASSAY_UNAVAILABLE;
	if (collect->launches_done == 0 && collect->n_counters < COLLECT_MAX_COUNTERS)
		collect->counters[collect->n_counters++] = count;
	return ASSAY_OK;
}

/* The first launch's trace stands, as its counters do. */
static enum assay_code take_trace(struct assay_collect *collect, const void *payload)
{
	if (collect->launches_done == 0) {
		memcpy(&collect->trace.head, payload, sizeof(collect->trace.head));
		collect->traced = true;
	}
	return ASSAY_OK;
}

static enum assay_code take_sums(struct assay_collect *collect, const char *payload, size_t length,
				 struct assay_err *err)
{
	struct assay_gpu_sum sum;
	enum assay_code rc = length % sizeof(sum) ? malformed(err) : ASSAY_OK;
	for (size_t at = 0; rc == ASSAY_OK && at < length && !collect->launches_done;
	     at += sizeof(sum)) {
		memcpy(&sum, payload + at, sizeof(sum));
		sum.name[sizeof(sum.name) - 1] = '\0';
		rc = sum.kind < ASSAY_GPU_KINDS
			     ? assay_gpu_trace_add_sum(&collect->trace, &sum, err)
			     : malformed(err);
	}
	return rc;
}

static enum assay_code take_activities(struct assay_collect *collect, const char *payload,
				       size_t length, struct assay_err *err)
{
	struct assay_gpu_activity a;
	enum assay_code rc = length % sizeof(a) ? malformed(err) : ASSAY_OK;
	for (size_t at = 0; rc == ASSAY_OK && at < length && !collect->launches_done;
	     at += sizeof(a)) {
		memcpy(&a, payload + at, sizeof(a));
		a.name[sizeof(a.name) - 1] = '\0';
		rc = a.kind < ASSAY_GPU_KINDS ? assay_gpu_trace_keep(&collect->trace, &a, err)
					      : malformed(err);
	}
	return rc;
}

enum assay_code assay_collect_record(void *context, enum assay_frame_type type, const void *payload,
				     size_t length, struct assay_err *err)
{
	struct assay_collect *collect = context;
	static const size_t sizes[] = {
		[ASSAY_FRAME_HELLO] = sizeof(struct assay_hello),
		[ASSAY_FRAME_METRIC] = sizeof(struct assay_metric_frame),
		[ASSAY_FRAME_SAMPLE] = sizeof(struct assay_sample_frame),
		[ASSAY_FRAME_COUNTER] = sizeof(struct assay_count),
		[ASSAY_FRAME_SPAN] = sizeof(struct assay_span_frame),
		[ASSAY_FRAME_STATUS] = sizeof(struct assay_status_frame),
		[ASSAY_FRAME_BATCH] = sizeof(uint64_t),
		[ASSAY_FRAME_TRACE] = sizeof(struct assay_gpu_trace_head),
	};
	if (type == ASSAY_FRAME_TRACE_SUM)
		return take_sums(collect, payload, length, err);
	if (type == ASSAY_FRAME_ACTIVITY)
		return take_activities(collect, payload, length, err);
	if (type > ASSAY_FRAME_STATUS || (type != ASSAY_FRAME_HISTOGRAM && length != sizes[type]))
		return malformed(err); /* what ranks say beside their results never comes here */
	switch (type) {
	case ASSAY_FRAME_HELLO:
		memcpy(&collect->hello, payload, sizeof(collect->hello));
		collect->hello.driver[sizeof(collect->hello.driver) - 1] = '\0';
		collect->hello.clock[sizeof(collect->hello.clock) - 1] = '\0';
		return ASSAY_OK;
	case ASSAY_FRAME_METRIC:
		return take_metric(collect, payload, err);
	case ASSAY_FRAME_SAMPLE:
		return take_sample(collect, payload, err);
	case ASSAY_FRAME_HISTOGRAM:
		return take_histogram(collect, payload, length, err);
	case ASSAY_FRAME_COUNTER:
		return take_counter(collect, payload);
	case ASSAY_FRAME_TRACE:
		return take_trace(collect, payload);
	case ASSAY_FRAME_TRACE_SUM: /* taken above */
	case ASSAY_FRAME_ACTIVITY:
	case ASSAY_FRAME_SPAN: /* for profilers, which read the records themselves */
	case ASSAY_FRAME_STATUS:
		return ASSAY_OK;
	case ASSAY_FRAME_BATCH:
		memcpy(&collect->batch, payload, sizeof(collect->batch));
		return ASSAY_OK;
	default:
		break;
	}
	return malformed(err);
}

static enum assay_code close_launch(struct collect_metric *metric, struct assay_err *err)
{
	uint32_t *grown = realloc(metric->launch_end, (metric->launches + 1) * sizeof(*grown));
	if (!grown)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for samples");
	metric->launch_end = grown;
	grown[metric->launches++] = (uint32_t)metric->n;
	return ASSAY_OK;
}

enum assay_code assay_collect_end(struct assay_collect *collect, enum assay_status status,
				  const char *reason, struct assay_err *err)
{
	for (size_t i = 0; i < collect->n_index; i++) {
		enum assay_code rc = close_launch(&collect->metrics[collect->index[i]], err);
		if (rc != ASSAY_OK)
			return rc;
	}
	if (status != ASSAY_STATUS_OK && collect->status == ASSAY_STATUS_OK) {
		collect->status = status;
		assay_copy(collect->reason, sizeof(collect->reason), reason);
	}
	collect->launches_done++;
	return ASSAY_OK;
}

/* The histogram as the result carries it, and the quantiles that only it can give. */
static enum assay_code attach_histogram(const struct assay_histogram *h,
					struct assay_result *result, struct assay_err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < ASSAY_HISTOGRAM_BUCKETS; i++)
		n += h->counts[i] != 0;
	result->histogram.index = calloc(n + 1, sizeof(uint32_t));
	result->histogram.counts = calloc(n + 1, sizeof(uint64_t));
	if (!result->histogram.index || !result->histogram.counts)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a histogram");
	for (uint32_t i = 0; i < ASSAY_HISTOGRAM_BUCKETS; i++) {
		if (!h->counts[i])
			continue;
		result->histogram.index[result->histogram.n] = i;
		result->histogram.counts[result->histogram.n++] = h->counts[i];
	}
	struct assay_estimate *e = &result->estimate;
	e->p50 = assay_histogram_quantile(h, 0.5);
	e->p90 = assay_histogram_quantile(h, 0.9);
	e->p99 = assay_histogram_quantile(h, 0.99);
	e->p999 = assay_histogram_quantile(h, 0.999);
	return ASSAY_OK;
}

void assay_collect_describe(const struct assay_collect *collect,
			    const struct assay_planned *planned, struct assay_param *params,
			    char noise, struct assay_result *ret)
{
	const struct assay_case *c = &planned->c;
	for (size_t i = 0; i < c->n_params; i++)
		params[i] = (struct assay_param){c->params[i].name, c->params[i].text};
	*ret = (struct assay_result){
		.name = c->name,
		.suite = c->bench->suite,
		.benchmark = c->bench->name,
		.subject = c->subject ? c->subject->name : "",
		.version = c->bench->bench->version,
		.threads = c->threads,
		.params = params,
		.n_params = c->n_params,
		.status = collect->status,
		.reason = collect->reason,
		.bytes_per_op = collect->hello.bytes_per_op,
		.flops_per_op = collect->hello.flops_per_op,
		.cpu_ratio = collect->wall_ns > 0 ? collect->cpu_ns / collect->wall_ns : NAN,
		.driver = collect->hello.driver[0] ? collect->hello.driver : "native",
		.clock = collect->hello.clock[0] ? collect->hello.clock : "monotonic",
		.noise = noise,
		.started_ns = collect->started_ns,
		.elapsed_ns = collect->elapsed_ns,
	};
	if (!collect->hello.pinned && collect->hello.driver[0])
		ret->flags |= ASSAY_RESULT_UNPINNED;
}

/* Counters that the benchmark stated come first, and belong to every metric. */
static size_t n_stated(const struct assay_collect *collect)
{
	size_t n = 0;
	while (n < collect->n_counters &&
	       strcmp(collect->counters[n].source, ASSAY_SOURCE_STATED) == 0)
		n++;
	return n;
}

static enum assay_code one_result(const struct assay_collect *collect, size_t metric_index,
				  struct assay_result *result, assay_result_fn on_result,
				  void *context, struct assay_err *err)
{
	const struct collect_metric *metric = &collect->metrics[metric_index];
	bool primary = metric_index == 0;
	result->metric = (struct assay_metric_info){metric->name, metric->unit, metric->better};
	result->primary = primary;
	result->samples = (struct assay_samples){metric->values, metric->flags, metric->n,
						 metric->launch_end, metric->launches};
	struct assay_summary summary;
	enum assay_code rc = assay_summarise(&result->samples, &summary, err);
	if (rc != ASSAY_OK)
		return rc;
	result->estimate = summary.estimate;
	result->flags |= summary.flags;
	bool counted = primary && collect->histogram && collect->histogram->total;
	if (assay_status_measured(result->status) && !metric->n && !counted) {
		result->status = ASSAY_STATUS_FAILED; /* what is not there is never a pass */
		result->reason = "it ended well, without a sample of this";
	}
	if (primary && summary.unstable && result->status == ASSAY_STATUS_OK) {
		result->status = ASSAY_STATUS_UNSTABLE;
		result->reason = summary.reason;
	}
	result->counters = collect->counters;
	result->n_counters = primary ? collect->n_counters : n_stated(collect);
	result->trace = primary && collect->traced ? &collect->trace : NULL;
	result->histogram = (struct assay_histogram_data){0};
	if (primary && collect->histogram)
		rc = attach_histogram(collect->histogram, result, err);
	if (rc == ASSAY_OK)
		rc = on_result(context, result, err);
	free(result->histogram.index);
	free(result->histogram.counts);
	return rc;
}

enum assay_code assay_collect_results(const struct assay_collect *collect,
				      const struct assay_planned *planned, char noise,
				      assay_result_fn on_result, void *context,
				      struct assay_err *err)
{
	struct assay_param params[ASSAY_CASE_MAX_AXES];
	struct assay_result result;
	assay_collect_describe(collect, planned, params, noise, &result);
	if (!collect->n_metrics) {
		const struct assay_case *c = &planned->c;
		result.metric = assay_primary_metric(c->bench->bench,
						     c->subject ? c->subject->subject : NULL);
		result.primary = true;
		if (assay_status_measured(result.status)) {
			result.status = ASSAY_STATUS_FAILED;
			result.reason = "it ended well, without a sample";
		}
		struct assay_summary empty;
		enum assay_code rc = assay_summarise(&result.samples, &empty, err);
		result.estimate = empty.estimate;
		return rc == ASSAY_OK ? on_result(context, &result, err) : rc;
	}
	enum assay_code rc = ASSAY_OK;
	for (size_t i = collect->n_metrics; rc == ASSAY_OK && i > 0; i--) {
		struct assay_result one = result;
		rc = one_result(collect, i - 1, &one, on_result, context, err);
	}
	return rc;
}
