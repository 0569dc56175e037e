/* SPDX-License-Identifier: MIT */
/* nvml_watch: the management library, and a thread that reads it. */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "profiler/nvml.h"

/* Devices renew most of these values every 20 to 100 ms. */
enum { INTERVAL_NS = 10000000 };

static enum assay_code refused(const char *call, unsigned status, struct assay_err *err)
{
	static const struct {
		unsigned status;
		const char *advice;
	} advices[] = {
		{NVML_NOT_SUPPORTED, "this device does not have it"},
		{NVML_NO_PERMISSION, "not permitted: ask the administrator, or run as root"},
		{NVML_DRIVER_NOT_LOADED, "the kernel's driver is not loaded: modprobe nvidia"},
		{NVML_GPU_IS_LOST, "the device fell off the bus: restart the machine"},
		{NVML_VERSION_MISMATCH,
		 "library and kernel driver are of different versions: "
		 "restart the machine"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(advices); i++)
		if (advices[i].status == status)
			return assay_fail(err, ASSAY_SKIP, "NVML: %s", advices[i].advice);
	return assay_fail(err, ASSAY_SKIP, "NVML: %s gives %u", call, status);
}

static void *find(void *library, const char *symbol)
{
	return library ? dlsym(library, symbol) : NULL;
}

static enum assay_code find_calls(struct nvml *nvml, struct assay_err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} calls[] = {
#define NVML_SYMBOL(field, symbol, parameters) {#symbol, offsetof(struct nvml, field)},
		NVML_CALLS(NVML_SYMBOL)};
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		void *function = find(nvml->library, calls[i].symbol);
		if (!function)
			return assay_fail(err, ASSAY_SKIP, "libnvidia-ml.so.1 has no %s",
					  calls[i].symbol);
		/* POSIX wants dlsym's object pointer to be usable as a function pointer. */
		memcpy((char *)nvml + calls[i].offset, &function, sizeof(function));
	}
	void *reasons = find(nvml->library, "nvmlDeviceGetCurrentClocksEventReasons");
	if (!reasons)
		reasons = find(nvml->library, "nvmlDeviceGetCurrentClocksThrottleReasons");
	memcpy(&nvml->reasons, &reasons, sizeof(reasons));
	void *instances = find(nvml->library, "nvmlDeviceGetMigMode");
	memcpy(&nvml->instances, &instances, sizeof(instances));
	return ASSAY_OK;
}

/* Does this process work on the device? A library of CUDA's, as we do, works in the device's primary context. */
static bool is_used(void *driver, int device)
{
	unsigned (*state)(int, unsigned *, int *), flags;
	int active = 0;
	void *symbol = find(driver, "cuDevicePrimaryCtxGetState");
	memcpy(&state, &symbol, sizeof(state));
	return symbol && state(device, &flags, &active) == 0 && active;
}

/*
 * Those that are used; where none is, whatever works on them made contexts of its own, and it may be any. CUDA numbers
 * devices in its own way; their places on the bus are the same for both.
 */
static enum assay_code find_devices(struct nvml *nvml, struct assay_err *err)
{
	unsigned (*count)(int *), (*bus)(char *, int, int), status;
	bool any = false;
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
	void *count_symbol = find(driver, "cuDeviceGetCount");
	void *bus_symbol = find(driver, "cuDeviceGetPCIBusId");
	int n = 0;
	char place[32];
	memcpy(&count, &count_symbol, sizeof(count));
	memcpy(&bus, &bus_symbol, sizeof(bus));
	if (!count_symbol || !bus_symbol || count(&n) != 0 || n < 1)
		return assay_fail(err, ASSAY_SKIP, "nothing here uses CUDA");
	for (int i = 0; i < n; i++)
		any |= is_used(driver, i);
	for (int i = 0; i < n && nvml->n_devices < NVML_MOST_DEVICES; i++) {
		if (any && !is_used(driver, i))
			continue;
		if (bus(place, sizeof(place), i) != 0)
			return assay_fail(err, ASSAY_SKIP, "CUDA does not say where device %d is",
					  i);
		status = nvml->by_bus(place, &nvml->devices[nvml->n_devices]);
		if (status != NVML_OK)
			return refused("nvmlDeviceGetHandleByPciBusId", status, err);
		nvml->n_devices++;
	}
	return ASSAY_OK;
}

enum assay_code nvml_load(struct nvml *ret, struct assay_err *err)
{
	*ret = (struct nvml){.library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)};
	if (!ret->library)
		return assay_fail(err, ASSAY_SKIP,
				  "no libnvidia-ml.so.1: it comes with the driver "
				  "(package libnvidia-ml1)");
	enum assay_code rc = find_calls(ret, err);
	if (rc != ASSAY_OK)
		return rc;
	unsigned status = ret->init();
	return status == NVML_OK ? find_devices(ret, err) : refused("nvmlInit", status, err);
}

/* Sums of what was read; a value that was never read has no readings. */
struct sum {
	double total;
	unsigned n;
};

struct nvml_watch {
	const struct nvml *nvml;
	pthread_t thread;
	pthread_mutex_t lock; /* of `stop` and what was read */
	pthread_cond_t wake;
	bool stop;
	uint64_t begin_ns;
	unsigned readings, with_reasons, throttled, reasons;
	struct sum power, clock, memory;
	double temperature;
	double energy_j; /* of the counters; NaN: there are none */
	struct assay_err why;
};

static void add(struct sum *sum, unsigned status, double value, const char *call,
		struct assay_err *why)
{
	if (status != NVML_OK) {
		refused(call, status, why);
		return;
	}
	sum->total += value;
	sum->n++;
}

/* One moment; power of all devices together is one value. */
static void read_once(struct nvml_watch *w)
{
	const struct nvml *nvml = w->nvml;
	unsigned now = 0, value = 0, failed = NVML_OK, told = 0;
	unsigned long long reasons = 0;
	double power_w = 0;
	for (unsigned i = 0; i < nvml->n_devices; i++) {
		struct nvmlDevice_st *d = nvml->devices[i];
		unsigned status = nvml->power(d, &value);
		failed = status == NVML_OK ? failed : status;
		power_w += value / 1e3;
		status = nvml->clock(d, NVML_CLOCK_SM, &value);
		add(&w->clock, status, value * 1e6, "nvmlDeviceGetClockInfo", &w->why);
		status = nvml->clock(d, NVML_CLOCK_MEMORY, &value);
		add(&w->memory, status, value * 1e6, "nvmlDeviceGetClockInfo", &w->why);
		if (nvml->temperature(d, NVML_TEMPERATURE_GPU, &value) == NVML_OK)
			w->temperature = fmax(w->temperature, value);
		if (!nvml->reasons || nvml->reasons(d, &reasons) != NVML_OK)
			continue;
		told++;
		now |= (unsigned)reasons & NVML_THROTTLED;
	}
	add(&w->power, failed, power_w, "nvmlDeviceGetPowerUsage", &w->why);
	w->readings++;
	w->with_reasons += told > 0;
	w->throttled += now != 0;
	w->reasons |= now;
}

static double read_energy(const struct nvml *nvml)
{
	double energy_j = 0;
	for (unsigned i = 0; i < nvml->n_devices; i++) {
		unsigned long long millijoules = 0;
		if (nvml->energy(nvml->devices[i], &millijoules) != NVML_OK)
			return NAN;
		energy_j += (double)millijoules / 1e3;
	}
	return energy_j;
}

/* With MIG the driver's devices are instances, and what is read here is that of the whole. */
static bool is_shared(const struct nvml *nvml)
{
	for (unsigned i = 0; i < nvml->n_devices; i++) {
		unsigned now = 0, later = 0;
		if (nvml->instances && nvml->instances(nvml->devices[i], &now, &later) == NVML_OK &&
		    now)
			return true;
	}
	return false;
}

static void *watch(void *context)
{
	struct nvml_watch *w = context;
	struct timespec next;
	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		next.tv_nsec += INTERVAL_NS;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		if (pthread_cond_timedwait(&w->wake, &w->lock, &next) == 0 || w->stop)
			continue;
		read_once(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum assay_code nvml_watch_begin(const struct nvml *nvml, struct nvml_watch **ret,
				 struct assay_err *err)
{
	struct nvml_watch *w = *ret = calloc(1, sizeof(*w));
	pthread_condattr_t by_clock;
	if (!w)
		return assay_fail(err, ASSAY_ENOMEM, "nvml: out of memory");
	w->nvml = nvml;
	w->temperature = NAN;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&by_clock);
	pthread_condattr_setclock(&by_clock, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &by_clock);
	pthread_condattr_destroy(&by_clock);
	w->energy_j = read_energy(nvml);
	/* Once for certain: on a busy machine a short region is over before the thread runs. */
	read_once(w);
	w->begin_ns = assay_now_ns();
	if (pthread_create(&w->thread, NULL, watch, w) == 0)
		return ASSAY_OK;
	free(w);
	*ret = NULL;
	return assay_fail(err, ASSAY_EIO, "nvml: no thread to read with");
}

static double mean(const struct sum *sum)
{
	return sum->n ? sum->total / sum->n : NAN;
}

void nvml_watch_look(struct nvml_watch *w, struct nvml_summary *ret)
{
	pthread_mutex_lock(&w->lock);
	*ret = (struct nvml_summary){
		.readings = w->readings,
		.with_reasons = w->with_reasons,
		.throttled = w->throttled,
		.reasons = w->reasons,
		.energy_j = read_energy(w->nvml) - w->energy_j,
		.power_w = mean(&w->power),
		.clock_hz = mean(&w->clock),
		.memory_hz = mean(&w->memory),
		.temperature_c = w->temperature,
		.seconds = (double)(assay_now_ns() - w->begin_ns) / 1e9,
	};
	assay_copy(ret->why, sizeof(ret->why),
		   w->why.text[0] ? w->why.text : "the device does not say");
	pthread_mutex_unlock(&w->lock);
	if (isnan(ret->energy_j)) {
		ret->energy_j = ret->power_w * ret->seconds;
		ret->energy_integrated = true;
	}
	ret->instance = is_shared(w->nvml);
	if (ret->instance)
		ret->energy_j = ret->power_w = NAN;
}

void nvml_watch_end(struct nvml_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

const char *nvml_reasons(unsigned reasons, char *text, size_t size)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{NVML_POWER_CAP, "power cap"},
		{NVML_HARDWARE, "hardware"},
		{NVML_SYNC_BOOST, "sync boost"},
		{NVML_THERMAL_SOFTWARE, "temperature"},
		{NVML_THERMAL_HARDWARE, "temperature (hardware)"},
		{NVML_POWER_BRAKE, "power brake"},
	};
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < ASSAY_COUNT_OF(names) && used < size; i++)
		if (reasons & names[i].bit)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
						 names[i].name);
	return text;
}
