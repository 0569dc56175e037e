/* SPDX-License-Identifier: MIT */
/*
 * fakecupti_range: counters of the stand-in for CUPTI. Its chip is GH100, it has every name that begins with a unit of
 * that chip, and a counter's value is its length in letters times the ranges that were pushed. As the real one, it crashes
 * when it schedules a name that it does not have. $FAKE_CUPTI:
 *   counters=35   cuptiRangeProfilerEnable gives 35
 *   passes=4      so many are needed (3 else)
 *   gone=1        the range is dropped
 */
#include <stdlib.h>
#include <string.h>

#include "profiler/cupti_range.h"
#include "tests/profiler/fakecupti.h"

#define FAKE_RANGE_CALL(field, symbol, parameters) FAKE unsigned symbol parameters;
CUPTI_HOST_CALLS(FAKE_RANGE_CALL)
CUPTI_RANGE_CALLS(FAKE_RANGE_CALL)

enum { IMAGE_BYTES = 100, DATA_BYTES = 64 };

struct CUpti_Profiler_Host_Object {
	bool wrong; /* a name among those to schedule */
};
struct CUpti_RangeProfiler_Object {
	uint8_t *data;
	unsigned pushed, turns;
};

static bool has(const char *name)
{
	static const char *const units[] = {"dram__", "lts__", "l1tex__", "sm__", "gpu__"};
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strncmp(name, units[i], strlen(units[i])) == 0)
			return !strstr(name, "nothing");
	return false;
}

static unsigned passes(void)
{
	return fake_cupti_setting("passes") ? (unsigned)fake_cupti_setting("passes") : 3;
}

FAKE unsigned cuptiProfilerHostGetSupportedChips(struct cupti_chips *p)
{
	static const char *const chips[] = {"GH100"};
	p->names = chips;
	p->n = 1;
	return CUPTI_OK;
}

FAKE unsigned cuptiProfilerHostInitialize(struct cupti_host_open *p)
{
	if (strcmp(p->chip, "GH100") != 0)
		return CUPTI_INVALID_CHIP;
	p->host = calloc(1, sizeof(*p->host));
	return p->host ? CUPTI_OK : CUPTI_OUT_OF_MEMORY;
}

FAKE unsigned cuptiProfilerHostDeinitialize(struct cupti_host_close *p)
{
	free(p->host);
	return CUPTI_OK;
}

FAKE unsigned cuptiProfilerHostGetMetricProperties(struct cupti_host_metric *p)
{
	return has(p->name) ? CUPTI_OK : CUPTI_INVALID_METRIC;
}

FAKE unsigned cuptiProfilerHostConfigAddMetrics(struct cupti_host_add *p)
{
	for (size_t i = 0; i < p->n; i++)
		p->host->wrong |= !has(p->names[i]);
	return CUPTI_OK;
}

FAKE unsigned cuptiProfilerHostGetConfigImageSize(struct cupti_host_size *p)
{
	p->bytes = IMAGE_BYTES;
	return CUPTI_OK;
}

FAKE unsigned cuptiProfilerHostGetConfigImage(struct cupti_host_image *p)
{
	if (p->host->wrong)
		abort();
	memset(p->image, 0x5a, p->bytes);
	return CUPTI_OK;
}

FAKE unsigned cuptiProfilerHostGetNumOfPasses(struct cupti_host_passes *p)
{
	p->passes = passes();
	return CUPTI_OK;
}

FAKE unsigned cuptiProfilerHostEvaluateToGpuValues(struct cupti_host_values *p)
{
	for (size_t i = 0; i < p->n; i++)
		p->values[i] = (double)strlen(p->names[i]) * p->data[0];
	return p->bytes == DATA_BYTES ? CUPTI_OK : CUPTI_UNKNOWN;
}

FAKE unsigned cuptiProfilerInitialize(struct cupti_bare *p)
{
	return p->size == CUPTI_SIZE(cupti_bare, private) ? CUPTI_OK : CUPTI_UNKNOWN;
}

FAKE unsigned cuptiProfilerDeInitialize(struct cupti_bare *p)
{
	return CUPTI_OK;
}

FAKE unsigned cuptiDeviceGetChipName(struct cupti_chip *p)
{
	p->name = "GH100";
	return CUPTI_OK;
}

FAKE unsigned cuptiRangeProfilerEnable(struct cupti_range_enable *p)
{
	if (fake_cupti_setting("counters"))
		return (unsigned)fake_cupti_setting("counters");
	p->range = p->context ? calloc(1, sizeof(*p->range)) : NULL;
	return p->range ? CUPTI_OK : CUPTI_UNKNOWN;
}

FAKE unsigned cuptiRangeProfilerDisable(struct cupti_range_only *p)
{
	free(p->range);
	return CUPTI_OK;
}

FAKE unsigned cuptiRangeProfilerGetCounterDataSize(struct cupti_range_data_size *p)
{
	p->bytes = DATA_BYTES;
	return p->n ? CUPTI_OK : CUPTI_UNKNOWN;
}

FAKE unsigned cuptiRangeProfilerCounterDataImageInitialize(struct cupti_range_data *p)
{
	p->range->data = p->data;
	return CUPTI_OK;
}

FAKE unsigned cuptiRangeProfilerSetConfig(struct cupti_range_config *p)
{
	return p->config_bytes == IMAGE_BYTES && p->config[IMAGE_BYTES - 1] == 0x5a &&
			       p->data == p->range->data && p->ranges == CUPTI_USER_RANGE
		       ? CUPTI_OK
		       : CUPTI_UNKNOWN;
}

FAKE unsigned cuptiRangeProfilerStart(struct cupti_range_only *p)
{
	return CUPTI_OK;
}

FAKE unsigned cuptiRangeProfilerPushRange(struct cupti_range_push *p)
{
	p->range->pushed++;
	return CUPTI_OK;
}

FAKE unsigned cuptiRangeProfilerPopRange(struct cupti_range_only *p)
{
	return CUPTI_OK;
}

FAKE unsigned cuptiRangeProfilerStop(struct cupti_range_stop *p)
{
	p->complete = ++p->range->turns >= passes();
	return CUPTI_OK;
}

FAKE unsigned cuptiRangeProfilerDecodeData(struct cupti_range_decode *p)
{
	p->range->data[0] = (uint8_t)p->range->pushed;
	p->dropped = (size_t)fake_cupti_setting("gone");
	return CUPTI_OK;
}
