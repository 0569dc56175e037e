/* SPDX-License-Identifier: MIT */
/* cupti_range: hardware counters of NVIDIA devices: bytes by level, instructions, flops, occupancy. */
#include "profiler/cupti_range.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/source.h"

static const char name_of_range[] = "assay";
/* A choice of one's own may need more turns than the default counters; beyond this it is a mistake. */
enum { MOST_PASSES = 24 };

#define RANGE_FIELD(field, symbol, parameters) unsigned(*field) parameters;
struct state {
	CUPTI_RANGE_CALLS(RANGE_FIELD)
	unsigned (*result_text)(unsigned, const char **);
	struct cupti_request request; /* the events we took, by their order */
	char events[CUPTI_MOST_METRICS][64];
	struct CUpti_RangeProfiler_Object *range;
	uint8_t *config, *data;
	size_t config_bytes, data_bytes;
	bool initialised, complete;
	uint32_t passes, turns;
};

static enum assay_code failed(const struct state *s, const char *call, unsigned status,
			      struct assay_err *err)
{
	const char *text = NULL;
	if (s->result_text(status, &text) != CUPTI_OK)
		text = NULL;
	return cupti_failed(call, status, text, err);
}

static enum assay_code find_calls(void *library, struct state *s, struct assay_err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} calls[] = {
#define RANGE_SYMBOL(field, symbol, parameters) {#symbol, offsetof(struct state, field)},
		CUPTI_RANGE_CALLS(RANGE_SYMBOL){"cuptiGetResultString",
						offsetof(struct state, result_text)}};
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		void *function = library ? dlsym(library, calls[i].symbol) : NULL;
		if (!function)
			return assay_fail(err, ASSAY_SKIP,
					  "CUPTI has no %s: counters need CUDA 12.6",
					  calls[i].symbol);
		/* POSIX wants dlsym's object pointer to be usable as a function pointer. */
		memcpy((char *)s + calls[i].offset, &function, sizeof(function));
	}
	return ASSAY_OK;
}

/* The context that this thread works in, and its device. */
static enum assay_code find_context(struct CUctx_st **ret, int *ret_device, struct assay_err *err)
{
	unsigned (*context)(struct CUctx_st **), (*device)(int *);
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
	void *context_symbol = driver ? dlsym(driver, "cuCtxGetCurrent") : NULL;
	void *device_symbol = driver ? dlsym(driver, "cuCtxGetDevice") : NULL;
	memcpy(&context, &context_symbol, sizeof(context));
	memcpy(&device, &device_symbol, sizeof(device));
	if (!context_symbol || !device_symbol || context(ret) != 0 || !*ret ||
	    device(ret_device) != 0)
		return assay_fail(err, ASSAY_SKIP, "this thread has no CUDA context");
	return ASSAY_OK;
}

static enum assay_code probe(struct assay_err *err)
{
	char path[512];
	int version = cupti_driver_version();
	if (!version)
		return assay_fail(err, ASSAY_SKIP, "nothing here uses CUDA");
	return cupti_find(version, path, sizeof(path), err);
}

static void close_state(void *state)
{
	struct state *s = state;
	if (!s)
		return;
	struct cupti_range_only disable = {CUPTI_SIZE(cupti_range_only, range), NULL, s->range};
	struct cupti_bare bare = {CUPTI_SIZE(cupti_bare, private), NULL};
	if (s->range)
		s->disable(&disable);
	if (s->initialised)
		s->deinitialize(&bare);
	free(s->config);
	free(s->data);
	free(s);
}

/* A logical event, or whatever the chip has behind our prefix. */
static bool take(struct state *s, const struct assay_count *count)
{
	const struct cupti_metric *metric = cupti_metric_find(count->event);
	bool raw = strncmp(count->event, "cupti_range:", 12) == 0;
	if (count->quality != ASSAY_UNAVAILABLE || (!metric && !raw) ||
	    s->request.n == CUPTI_MOST_METRICS)
		return false;
	char(*names)[CUPTI_METRIC_NAME] = s->request.names[s->request.n];
	if (raw)
		assay_copy(names[0], CUPTI_METRIC_NAME, count->event + 12);
	for (size_t k = 0; metric && k < CUPTI_ALIASES && metric->names[k]; k++)
		assay_copy(names[k], CUPTI_METRIC_NAME, metric->names[k]);
	assay_copy(s->events[s->request.n++], sizeof(s->events[0]), count->event);
	return true;
}

/* From here on the names of the request are those of the chip. */
static enum assay_code schedule(struct state *s, struct cupti_answer *answer, struct assay_err *err)
{
	enum assay_code rc = cupti_host_ask(&s->request, NULL, answer, &s->config, err);
	if (rc != ASSAY_OK)
		return rc;
	s->config_bytes = answer->image_bytes;
	s->passes = answer->passes;
	if (s->passes > MOST_PASSES)
		return assay_fail(err, ASSAY_SKIP,
				  "these counters take %u passes together: ask for fewer",
				  s->passes);
	for (size_t i = 0; i < s->request.n; i++) {
		memset(s->request.names[i], 0, sizeof(s->request.names[i]));
		assay_copy(s->request.names[i][0], CUPTI_METRIC_NAME, answer->names[i]);
	}
	return ASSAY_OK;
}

static enum assay_code make_data(struct state *s, struct assay_err *err)
{
	const char *names[CUPTI_MOST_METRICS];
	struct cupti_range_data_size size = {.size = CUPTI_SIZE(cupti_range_data_size, bytes),
					     .range = s->range,
					     .names = names,
					     .ranges = 1,
					     .nodes = 1};
	for (size_t i = 0; i < s->request.n; i++)
		if (s->request.names[i][0][0])
			names[size.n++] = s->request.names[i][0];
	unsigned status = s->data_size(&size);
	if (status != CUPTI_OK)
		return failed(s, "cuptiRangeProfilerGetCounterDataSize", status, err);
	s->data_bytes = size.bytes;
	s->data = calloc(1, size.bytes ? size.bytes : 1);
	if (!s->data)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for counters");
	struct cupti_range_data data_of = {CUPTI_SIZE(cupti_range_data, data), NULL, s->range,
					   s->data_bytes, s->data};
	status = s->data_begin(&data_of);
	return status == CUPTI_OK
		       ? ASSAY_OK
		       : failed(s, "cuptiRangeProfilerCounterDataImageInitialize", status, err);
}

/* The region is what we say it is, and done again by us: no memory is saved and put back. */
static enum assay_code set_config(struct state *s, struct assay_err *err)
{
	struct cupti_range_config config = {.size = CUPTI_SIZE(cupti_range_config, level),
					    .range = s->range,
					    .config_bytes = s->config_bytes,
					    .config = s->config,
					    .data_bytes = s->data_bytes,
					    .data = s->data,
					    .ranges = CUPTI_USER_RANGE,
					    .replay = CUPTI_USER_REPLAY,
					    .most_ranges = 1,
					    .levels = 1,
					    .lowest_level = 1,
					    .level = 1};
	unsigned status = s->config_set(&config);
	return status == CUPTI_OK ? ASSAY_OK
				  : failed(s, "cuptiRangeProfilerSetConfig", status, err);
}

static enum assay_code prepare(struct state *s, struct cupti_answer *answer, struct assay_err *err)
{
	struct CUctx_st *context = NULL;
	struct cupti_bare bare = {CUPTI_SIZE(cupti_bare, private), NULL};
	struct cupti_chip chip = {.size = CUPTI_SIZE(cupti_chip, name)};
	int device = 0;
	enum assay_code rc = cupti_find(cupti_driver_version(), s->request.library,
					sizeof(s->request.library), err);
	if (rc == ASSAY_OK)
		rc = find_calls(dlopen(s->request.library, RTLD_NOW | RTLD_LOCAL), s, err);
	if (rc == ASSAY_OK)
		rc = find_context(&context, &device, err);
	if (rc != ASSAY_OK)
		return rc;
	unsigned status = s->initialize(&bare);
	if (status != CUPTI_OK)
		return failed(s, "cuptiProfilerInitialize", status, err);
	s->initialised = true;
	chip.device = (size_t)device;
	status = s->chip(&chip);
	if (status != CUPTI_OK)
		return failed(s, "cuptiDeviceGetChipName", status, err);
	assay_copy(s->request.chip, sizeof(s->request.chip), chip.name);
	rc = schedule(s, answer, err);
	if (rc != ASSAY_OK)
		return rc;
	struct cupti_range_enable enable = {.size = CUPTI_SIZE(cupti_range_enable, range),
					    .context = context};
	status = s->enable(&enable);
	if (status != CUPTI_OK)
		return failed(s, "cuptiRangeProfilerEnable", status, err);
	s->range = enable.range;
	rc = make_data(s, err);
	return rc == ASSAY_OK ? set_config(s, err) : rc;
}

static size_t index_of(const struct state *s, const char *event)
{
	size_t i = 0;
	while (i < s->request.n && strcmp(s->events[i], event) != 0)
		i++;
	return i;
}

static void say_what_is_taken(const struct state *s, struct assay_count *c)
{
	const struct cupti_metric *metric = cupti_metric_find(c->event);
	size_t i = index_of(s, c->event);
	if (c->quality != ASSAY_UNAVAILABLE || i == s->request.n)
		return;
	if (!s->request.names[i][0][0]) {
		snprintf(c->reason, sizeof(c->reason), "%s has no such counter", s->request.chip);
		return;
	}
	assay_copy(c->source, sizeof(c->source), "cupti_range");
	assay_copy(c->unit, sizeof(c->unit), metric ? metric->unit : "");
	c->quality = ASSAY_EXACT;
	snprintf(c->reason, sizeof(c->reason), "%s, %u passes", s->request.names[i][0], s->passes);
}

static enum assay_code open_counts(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	bool any = false;
	*ret_state = NULL;
	struct state *s = calloc(1, sizeof(*s));
	struct cupti_answer *answer = calloc(1, sizeof(*answer));
	for (size_t i = 0; s && i < n; i++)
		any |= take(s, &counts[i]);
	enum assay_code rc = s && answer
				     ? ASSAY_OK
				     : assay_fail(err, ASSAY_ENOMEM, "out of memory for counters");
	if (rc == ASSAY_OK && any)
		rc = prepare(s, answer, err);
	free(answer);
	if (rc != ASSAY_OK || !any) {
		close_state(s);
		return rc;
	}
	for (size_t i = 0; i < n; i++)
		say_what_is_taken(s, &counts[i]);
	*ret_state = s;
	return ASSAY_OK;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	struct state *s = state;
	struct cupti_range_only only = {CUPTI_SIZE(cupti_range_only, range), NULL, s->range};
	struct cupti_range_push push = {CUPTI_SIZE(cupti_range_push, name), NULL, s->range,
					name_of_range};
	unsigned status = s->start(&only);
	if (status == CUPTI_OK)
		status = s->push(&push);
	return status == CUPTI_OK ? ASSAY_OK : failed(s, "cuptiRangeProfilerStart", status, err);
}

static enum assay_code read_values(struct state *s, struct assay_count *counts, size_t n,
				   struct assay_err *err)
{
	struct cupti_range_decode decode = {.size = CUPTI_SIZE(cupti_range_decode, dropped),
					    .range = s->range};
	struct cupti_answer *answer = calloc(1, sizeof(*answer));
	uint8_t *nothing = NULL;
	if (!answer)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for counters");
	unsigned status = s->decode(&decode);
	s->request.data_bytes = s->data_bytes;
	enum assay_code rc =
		status != CUPTI_OK ? failed(s, "cuptiRangeProfilerDecodeData", status, err)
		: decode.dropped   ? assay_fail(err, ASSAY_SKIP, "CUPTI dropped the range")
				   : cupti_host_ask(&s->request, s->data, answer, &nothing, err);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		const struct cupti_metric *metric = cupti_metric_find(counts[i].event);
		size_t at = index_of(s, counts[i].event);
		if (strcmp(counts[i].source, "cupti_range") != 0 || at == s->request.n)
			continue;
		counts[i].value = answer->values[at] * (metric ? metric->factor : 1);
		counts[i].raw = counts[i].value > 0 ? (uint64_t)counts[i].value : 0;
	}
	free(nothing);
	free(answer);
	return rc;
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	struct state *s = state;
	struct cupti_range_only only = {CUPTI_SIZE(cupti_range_only, range), NULL, s->range};
	struct cupti_range_stop end = {.size = CUPTI_SIZE(cupti_range_stop, complete),
				       .range = s->range};
	unsigned status = s->pop(&only);
	if (status == CUPTI_OK)
		status = s->stop(&end);
	s->turns++;
	s->complete = end.complete || status != CUPTI_OK;
	if (status != CUPTI_OK)
		return failed(s, "cuptiRangeProfilerStop", status, err);
	return s->complete ? read_values(s, counts, n, err) : ASSAY_OK;
}

static bool again(void *state)
{
	const struct state *s = state;
	return s->turns && !s->complete;
}

const struct assay_source assay_source_cupti_range = {
	.name = "cupti_range",
	.brief = "hardware counters of NVIDIA devices: bytes by level, instructions, occupancy",
	.events = cupti_metric_events,
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
	.alone = true,
	.again = again,
};
