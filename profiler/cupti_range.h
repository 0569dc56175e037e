/* SPDX-License-Identifier: MIT */
/*
 * cupti_range: hardware counters of a region, through CUPTI's range profiler: what of it runs where the device is, and
 * what runs in a process of its own, because a name that it does not know makes the library crash.
 */
#ifndef ASSAY_PROFILER_CUPTI_RANGE_H
#define ASSAY_PROFILER_CUPTI_RANGE_H

#include <stdint.h>

#include "profiler/cupti.h"

struct CUpti_Profiler_Host_Object;
struct CUpti_RangeProfiler_Object;

/* Parameters of the calls, as the toolkit has them. `size` is what CUPTI_SIZE() of the last member says. */
#define CUPTI_HEAD   \
	size_t size; \
	void *private
#define CUPTI_SIZE(type, last) (offsetof(struct type, last) + sizeof(((struct type *)0)->last))

struct cupti_bare {
	CUPTI_HEAD;
};
struct cupti_chip {
	CUPTI_HEAD;
	size_t device;
	const char *name;
};
struct cupti_chips {
	CUPTI_HEAD;
	size_t n;
	const char *const *names;
};
struct cupti_host_open {
	CUPTI_HEAD;
	unsigned type; /* 0: range profiler */
	const char *chip;
	const uint8_t *availability;
	struct CUpti_Profiler_Host_Object *host;
};
struct cupti_host_close {
	CUPTI_HEAD;
	struct CUpti_Profiler_Host_Object *host;
};
struct cupti_host_metric {
	CUPTI_HEAD;
	struct CUpti_Profiler_Host_Object *host;
	const char *name, *description, *unit, *dimension;
	unsigned type;
};
struct cupti_host_add {
	CUPTI_HEAD;
	struct CUpti_Profiler_Host_Object *host;
	const char **names;
	size_t n;
};
struct cupti_host_size {
	CUPTI_HEAD;
	struct CUpti_Profiler_Host_Object *host;
	size_t bytes;
};
struct cupti_host_image {
	CUPTI_HEAD;
	struct CUpti_Profiler_Host_Object *host;
	size_t bytes;
	uint8_t *image;
};
struct cupti_host_passes {
	CUPTI_HEAD;
	size_t bytes;
	uint8_t *image;
	size_t passes;
};
struct cupti_host_values {
	CUPTI_HEAD;
	struct CUpti_Profiler_Host_Object *host;
	const uint8_t *data;
	size_t bytes, range;
	const char **names;
	size_t n;
	double *values;
};
struct cupti_range_enable {
	CUPTI_HEAD;
	struct CUctx_st *context;
	struct CUpti_RangeProfiler_Object *range;
};
struct cupti_range_only { /* disable, start, pop */
	CUPTI_HEAD;
	struct CUpti_RangeProfiler_Object *range;
};
struct cupti_range_stop {
	CUPTI_HEAD;
	struct CUpti_RangeProfiler_Object *range;
	size_t pass, level;
	uint8_t complete;
};
struct cupti_range_push {
	CUPTI_HEAD;
	struct CUpti_RangeProfiler_Object *range;
	const char *name;
};
struct cupti_range_decode {
	CUPTI_HEAD;
	struct CUpti_RangeProfiler_Object *range;
	size_t dropped;
};
struct cupti_range_data_size {
	CUPTI_HEAD;
	struct CUpti_RangeProfiler_Object *range;
	const char **names;
	size_t n, ranges;
	uint32_t nodes;
	size_t bytes;
};
struct cupti_range_data {
	CUPTI_HEAD;
	struct CUpti_RangeProfiler_Object *range;
	size_t bytes;
	uint8_t *data;
};
struct cupti_range_config {
	CUPTI_HEAD;
	struct CUpti_RangeProfiler_Object *range;
	size_t config_bytes;
	const uint8_t *config;
	size_t data_bytes;
	uint8_t *data;
	unsigned ranges; /* CUPTI_USER */
	unsigned replay; /* CUPTI_USER */
	size_t most_ranges;
	uint16_t levels, lowest_level;
	size_t pass;
	uint16_t level;
};
enum { CUPTI_USER_RANGE = 2, CUPTI_USER_REPLAY = 3 };

/* What needs neither a device nor a driver: X(field, symbol, parameters). */
#define CUPTI_HOST_CALLS(X)                                                            \
	X(chips, cuptiProfilerHostGetSupportedChips, (struct cupti_chips *))           \
	X(open, cuptiProfilerHostInitialize, (struct cupti_host_open *))               \
	X(close, cuptiProfilerHostDeinitialize, (struct cupti_host_close *))           \
	X(metric, cuptiProfilerHostGetMetricProperties, (struct cupti_host_metric *))  \
	X(add, cuptiProfilerHostConfigAddMetrics, (struct cupti_host_add *))           \
	X(image_size, cuptiProfilerHostGetConfigImageSize, (struct cupti_host_size *)) \
	X(image, cuptiProfilerHostGetConfigImage, (struct cupti_host_image *))         \
	X(passes, cuptiProfilerHostGetNumOfPasses, (struct cupti_host_passes *))       \
	X(values, cuptiProfilerHostEvaluateToGpuValues, (struct cupti_host_values *))

/* What is done where the device is. */
#define CUPTI_RANGE_CALLS(X)                                                                     \
	X(initialize, cuptiProfilerInitialize, (struct cupti_bare *))                            \
	X(deinitialize, cuptiProfilerDeInitialize, (struct cupti_bare *))                        \
	X(chip, cuptiDeviceGetChipName, (struct cupti_chip *))                                   \
	X(enable, cuptiRangeProfilerEnable, (struct cupti_range_enable *))                       \
	X(disable, cuptiRangeProfilerDisable, (struct cupti_range_only *))                       \
	X(data_size, cuptiRangeProfilerGetCounterDataSize, (struct cupti_range_data_size *))     \
	X(data_begin, cuptiRangeProfilerCounterDataImageInitialize, (struct cupti_range_data *)) \
	X(config_set, cuptiRangeProfilerSetConfig, (struct cupti_range_config *))                \
	X(start, cuptiRangeProfilerStart, (struct cupti_range_only *))                           \
	X(push, cuptiRangeProfilerPushRange, (struct cupti_range_push *))                        \
	X(pop, cuptiRangeProfilerPopRange, (struct cupti_range_only *))                          \
	X(stop, cuptiRangeProfilerStop, (struct cupti_range_stop *))                             \
	X(decode, cuptiRangeProfilerDecodeData, (struct cupti_range_decode *))

/* A counter by our name, and by what chips call it. */
enum { CUPTI_ALIASES = 3, CUPTI_METRIC_NAME = 96, CUPTI_MOST_METRICS = 24, CUPTI_MOST_PASSES = 3 };
struct cupti_metric {
	const char *event;
	const char *unit;
	double factor; /* of the chip's value: 0.01 makes percents a ratio */
	const char *names[CUPTI_ALIASES];
};
extern const struct cupti_metric cupti_metrics[];
extern const char *const cupti_metric_events[]; /* NULL-terminated */
extern const size_t cupti_n_metrics;
/* The metric of that event, or NULL. */
const struct cupti_metric *cupti_metric_find(const char *event);

/* What the helping process is asked, and answers; structs and then bytes, over its standard input and output. */
struct cupti_request {
	char library[512], chip[32];
	uint32_t n;
	char names[CUPTI_MOST_METRICS][CUPTI_ALIASES][CUPTI_METRIC_NAME];
	uint64_t data_bytes; /* 0: configure; else evaluate what follows, for names[][0] */
};
struct cupti_answer {
	uint32_t refused; /* 1: `text` says why */
	char text[160];
	uint32_t passes;
	char names[CUPTI_MOST_METRICS]
		  [CUPTI_METRIC_NAME]; /* as this chip has them; "": it has not */
	double values[CUPTI_MOST_METRICS];
	uint64_t image_bytes; /* that follow */
};

/* The helper's own side: one request, one answer. An exit status. */
int cupti_host_serve(int in, int out);
/* The word by which a program that is started with it becomes the helper. */
#define CUPTI_HOST_VERB "cupti_host"
/*
 * Start this program again as the helper and ask it. *ret_image is for the caller to free. ASSAY_SKIP: it refused,
 * crashed or took too long, and why.
 */
enum assay_code cupti_host_ask(const struct cupti_request *request, const uint8_t *data,
			       struct cupti_answer *ret, uint8_t **ret_image,
			       struct assay_err *err);
/* All chips that a library knows, for tests: their names, at most `most`. Runs in this process. */
enum assay_code cupti_host_chips(const char *library, char (*ret)[32], size_t most, size_t *ret_n,
				 struct assay_err *err);
/* The request for every default metric. */
void cupti_request_all(const char *library, const char *chip, struct cupti_request *ret);
/* Answer it in this process: for the helper, and for tests of many chips. */
void cupti_host_answer(const struct cupti_request *request, const uint8_t *data,
		       struct cupti_answer *ret, uint8_t **ret_image);

#endif
