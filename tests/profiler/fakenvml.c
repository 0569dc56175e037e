/* SPDX-License-Identifier: MIT */
/*
 * fakenvml: a stand-in for libnvidia-ml.so.1: 250 W, 1500 MHz, 60 degrees, energy as power over time. $FAKE_NVML:
 *   init=9       nvmlInit gives 9
 *   reasons=4    reasons of throttling, in every second reading
 *   counter=0    there is no counter of energy (1 else); counter=2: it stands still
 *   status=4     clocks and power give 4
 *   why=3  reasons give 3
 *   mig=1        the device is shared out
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "profiler/nvml.h"

#define FAKE                                 __attribute__((visibility("default")))
#define FAKE_CALL(field, symbol, parameters) FAKE unsigned symbol parameters;
NVML_CALLS(FAKE_CALL)
FAKE unsigned nvmlDeviceGetCurrentClocksThrottleReasons(struct nvmlDevice_st *device,
							unsigned long long *reasons);
FAKE unsigned nvmlDeviceGetMigMode(struct nvmlDevice_st *device, unsigned *now, unsigned *later);

static long setting(const char *name, long standard)
{
	char wanted[32];
	const char *text = getenv("FAKE_NVML");
	snprintf(wanted, sizeof(wanted), "%s=", name);
	const char *found = text ? strstr(text, wanted) : NULL;
	return found ? strtol(found + strlen(wanted), NULL, 10) : standard;
}

FAKE unsigned nvmlInit_v2(void)
{
	return (unsigned)setting("init", 0);
}

FAKE unsigned nvmlDeviceGetHandleByPciBusId_v2(const char *bus, struct nvmlDevice_st **ret)
{
	static const char devices[16];
	long number = strtol(bus + 5, NULL, 16); /* "0000:01:00.0" */
	if (number < 1 || number > 16)
		return 6; /* NVML_ERROR_NOT_FOUND */
	*ret = (struct nvmlDevice_st *)(uintptr_t)&devices[number - 1];
	return NVML_OK;
}

FAKE unsigned nvmlDeviceGetClockInfo(struct nvmlDevice_st *device, unsigned which, unsigned *mhz)
{
	*mhz = which == NVML_CLOCK_SM ? 1500 : 2600;
	return (unsigned)setting("status", NVML_OK);
}

FAKE unsigned nvmlDeviceGetTemperature(struct nvmlDevice_st *device, unsigned sensor,
				       unsigned *degrees)
{
	*degrees = 60;
	return NVML_OK;
}

FAKE unsigned nvmlDeviceGetPowerUsage(struct nvmlDevice_st *device, unsigned *milliwatts)
{
	*milliwatts = 250000;
	return (unsigned)setting("status", NVML_OK);
}

FAKE unsigned nvmlDeviceGetTotalEnergyConsumption(struct nvmlDevice_st *device,
						  unsigned long long *millijoules)
{
	*millijoules = setting("counter", 1) == 2 ? 5 : assay_now_ns() / 4000; /* 250 W */
	return setting("counter", 1) ? NVML_OK : NVML_NOT_SUPPORTED;
}

/* By its old name: that it is found is part of the test. */
FAKE unsigned nvmlDeviceGetCurrentClocksThrottleReasons(struct nvmlDevice_st *device,
							unsigned long long *reasons)
{
	static unsigned readings;
	*reasons = readings++ % 2 ? (unsigned long long)setting("reasons", 0) : 1;
	return (unsigned)setting("why", NVML_OK);
}

FAKE unsigned nvmlDeviceGetMigMode(struct nvmlDevice_st *device, unsigned *now, unsigned *later)
{
	*now = *later = (unsigned)setting("mig", 0);
	return NVML_OK;
}
