/* SPDX-License-Identifier: MIT */
/*
 * nvml: clocks, power, temperature and reasons of throttling of NVIDIA devices, read at intervals through their
 * management library, which is opened at run time. Its toolkit header is seldom installed: declared after the
 * published reference of NVML.
 */
#ifndef ASSAY_PROFILER_NVML_H
#define ASSAY_PROFILER_NVML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct nvmlDevice_st;

enum {
	NVML_OK = 0,
	NVML_NOT_SUPPORTED = 3,
	NVML_NO_PERMISSION = 4,
	NVML_DRIVER_NOT_LOADED = 9,
	NVML_GPU_IS_LOST = 15,
	NVML_VERSION_MISMATCH = 18,

	NVML_CLOCK_SM = 1,
	NVML_CLOCK_MEMORY = 2,
	NVML_TEMPERATURE_GPU = 0,

	/* Reasons for a lower clock that are no idleness and nobody's wish. */
	NVML_POWER_CAP = 0x4,
	NVML_HARDWARE = 0x8,
	NVML_SYNC_BOOST = 0x10,
	NVML_THERMAL_SOFTWARE = 0x20,
	NVML_THERMAL_HARDWARE = 0x40,
	NVML_POWER_BRAKE = 0x80,
	NVML_THROTTLED = NVML_POWER_CAP | NVML_HARDWARE | NVML_SYNC_BOOST | NVML_THERMAL_SOFTWARE |
			 NVML_THERMAL_HARDWARE | NVML_POWER_BRAKE,
};

/* X(field, symbol, parameters). All return a status. */
#define NVML_CALLS(X)                                                                            \
	X(init, nvmlInit_v2, (void))                                                             \
	X(by_bus, nvmlDeviceGetHandleByPciBusId_v2, (const char *, struct nvmlDevice_st **))     \
	X(clock, nvmlDeviceGetClockInfo, (struct nvmlDevice_st *, unsigned, unsigned *))         \
	X(temperature, nvmlDeviceGetTemperature, (struct nvmlDevice_st *, unsigned, unsigned *)) \
	X(power, nvmlDeviceGetPowerUsage, (struct nvmlDevice_st *, unsigned *))                  \
	X(energy, nvmlDeviceGetTotalEnergyConsumption,                                           \
	  (struct nvmlDevice_st *, unsigned long long *))

enum { NVML_MOST_DEVICES = 16 };

/* The devices that this process works on by CUDA, or all that CUDA shows to it where that cannot be told. */
struct nvml {
	void *library;
#define NVML_FIELD(field, symbol, parameters) unsigned(*field) parameters;
	NVML_CALLS(NVML_FIELD)
	/* By its name of before or after driver 535. */
	unsigned (*reasons)(struct nvmlDevice_st *, unsigned long long *);
	unsigned (*instances)(struct nvmlDevice_st *, unsigned *,
			      unsigned *); /* MIG; may be NULL */
	struct nvmlDevice_st *devices[NVML_MOST_DEVICES];
	unsigned n_devices;
};

/* Open the library and find the devices. It stays mapped for good. ASSAY_SKIP says what is missing. */
enum assay_code nvml_load(struct nvml *ret, struct assay_err *err);

/* What the devices did between two moments. NaN: not to be had, for the reason in `why`. */
struct nvml_summary {
	unsigned readings;          /* moments that were looked at */
	unsigned with_reasons;      /* of them, those at which the device told its reasons */
	unsigned throttled;         /* and had one */
	unsigned reasons;           /* all of them together */
	bool instance;              /* the device is shared out: energy and power are not known */
	double energy_j;            /* of all devices */
	bool energy_integrated;     /* from power: the device has no counter */
	double power_w;             /* of all devices, mean */
	double clock_hz, memory_hz; /* mean over readings and devices */
	double temperature_c;       /* the highest */
	double seconds;
	char why[100];
};

/* Reads at intervals on a thread of its own. */
struct nvml_watch;
enum assay_code nvml_watch_begin(const struct nvml *nvml, struct nvml_watch **ret,
				 struct assay_err *err);
/* What it has seen so far; it goes on. */
void nvml_watch_look(struct nvml_watch *watch, struct nvml_summary *ret);
/* Ends and frees it; takes NULL. */
void nvml_watch_end(struct nvml_watch *watch);

/* "power cap, hardware": the reasons in words, to text[size]. Returns text. */
const char *nvml_reasons(unsigned reasons, char *text, size_t size);

#endif
