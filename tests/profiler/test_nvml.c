/* SPDX-License-Identifier: MIT */
/* test_nvml: energy, clocks and throttling on the stand-ins for NVML and the CUDA driver. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/source.h"
#include "profiler/nvml.h"
#include "profiler/sources.h"
#include "tests/t.h"

enum { EVENTS = 6, ENERGY = 0, POWER, CLOCK, MEMORY, TEMPERATURE, THROTTLED };

static const struct assay_source *source(void)
{
	for (size_t i = 0; assay_source_table[i]; i++)
		if (strcmp(assay_source_table[i]->name, "nvml") == 0)
			return assay_source_table[i];
	return NULL;
}

/* A region of 60 ms, long enough for several readings. Seconds that all of it took. */
static double count(const char *settings, struct assay_count counts[EVENTS])
{
	static const char *const names[EVENTS] = {"gpu_energy",      "gpu_power",
						  "gpu_clock",       "gpu_memory_clock",
						  "gpu_temperature", "gpu_throttled"};
	struct assay_err err = {0};
	void *state;
	uint64_t begin_ns = assay_now_ns();
	setenv("FAKE_NVML", settings, 1);
	memset(counts, 0, EVENTS * sizeof(*counts));
	for (size_t i = 0; i < EVENTS; i++)
		assay_copy(counts[i].event, sizeof(counts[i].event), names[i]);
	assert_ok(source()->probe(&err));
	assert_ok(source()->open(counts, EVENTS, &state, &err));
	assert_non_null(state);
	assert_ok(source()->start(state, &err));
	nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
	assert_ok(source()->stop(state, counts, EVENTS, &err));
	source()->close(state);
	return (double)(assay_now_ns() - begin_ns) / 1e9;
}

/* The driver as whoever uses CUDA has it loaded and initialised. */
static void use_cuda(void)
{
	unsigned (*init)(unsigned);
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
	assert_non_null(driver);
	void *symbol = dlsym(driver, "cuInit");
	memcpy(&init, &symbol, sizeof(init));
	assert_int_equal(init(0), 0);
}

static void who_does_not_use_cuda_is_not_read(void **state)
{
	struct assay_err err = {0};
	assert_fails(source()->probe(&err), ASSAY_SKIP, "nothing here uses CUDA");
}

static void values_are_those_of_the_device(void **state)
{
	struct assay_count c[EVENTS];
	use_cuda();
	double most_s = count("", c);
	for (size_t i = 0; i < EVENTS; i++) {
		assert_int_equal(c[i].quality, ASSAY_EXACT);
		assert_string_equal(c[i].source, "nvml");
		assert_true(assay_count_is_level(&c[i]) == (i != ENERGY));
	}
	/* The counter is read just outside of the time that counts. */
	assert_true(c[ENERGY].value >= 249.9 * (double)c[ENERGY].enabled_ns / 1e9 - 0.001);
	assert_true(c[ENERGY].value <= 250 * most_s + 0.001);
	assert_true(c[POWER].value == 250 && c[CLOCK].value == 1.5e9 && c[MEMORY].value == 2.6e9);
	assert_true(c[TEMPERATURE].value == 60 && c[THROTTLED].value == 0);
	assert_non_null(strstr(c[THROTTLED].reason, "0 of "));
}

/* Work that is done again until the counters can say something: a share of the energy is that of one turn. */
static void turns_share_the_energy(void **state)
{
	struct assay_err err = {0};
	struct assay_count c = {.event = "gpu_energy"};
	void *session;
	setenv("FAKE_NVML", "", 1);
	assert_ok(source()->open(&c, 1, &session, &err));
	for (int turn = 1; turn <= 3; turn++) {
		assert_ok(source()->start(session, &err));
		assert_int_equal(source()->start(session, NULL), ASSAY_EBUG);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		assert_ok(source()->stop(session, &c, 1, &err));
		assert_true(source()->again(session) || c.enabled_ns >= 500000000);
		assert_close(c.value, 250 * (double)c.enabled_ns / 1e9 / turn, 0.4);
	}
	assert_non_null(strstr(c.reason, "over 3 batches"));
	assert_int_equal(source()->stop(session, &c, 1, NULL), ASSAY_EBUG);
	source()->close(session);
}

static void *of_driver(const char *symbol)
{
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
	assert_non_null(driver);
	void *found = dlsym(driver, symbol);
	assert_non_null(found);
	return found;
}

/* Devices that stand idle beside the one that works have no part in what it takes, nor in its clock. */
static void only_devices_that_are_used_count(void **state)
{
	struct assay_count c[EVENTS];
	struct assay_err err = {0};
	unsigned (*retain)(void **, int), (*release)(int);
	void *symbols[] = {of_driver("cuDevicePrimaryCtxRetain"),
			   of_driver("cuDevicePrimaryCtxRelease_v2")};
	void *context;
	struct nvml nvml;
	memcpy(&retain, &symbols[0], sizeof(retain));
	memcpy(&release, &symbols[1], sizeof(release));
	setenv("FAKE_CUDA", "devices=4", 1);
	use_cuda();
	count("", c);
	assert_true(c[POWER].value == 4 * 250);
	assert_int_equal(retain(&context, 2), 0);
	count("", c);
	assert_true(c[POWER].value == 250);
	assert_ok(nvml_load(&nvml, &err));
	assert_int_equal(nvml.n_devices, 1);
	struct nvmlDevice_st *third;
	assert_int_equal(nvml.by_bus("0000:03:00.0", &third), NVML_OK);
	assert_ptr_equal(nvml.devices[0], third);
	release(2);
	unsetenv("FAKE_CUDA");
	use_cuda();
}

static void throttled_readings_are_counted_and_named(void **state)
{
	struct assay_count c[EVENTS];
	char text[100];
	count("reasons=68", c);
	assert_true(c[THROTTLED].value > 0 && c[THROTTLED].value < 1);
	assert_non_null(strstr(c[THROTTLED].reason, ": power cap, temperature (hardware)"));
	/* Idleness and wished-for clocks are no throttling. */
	count("reasons=3", c);
	assert_true(c[THROTTLED].value == 0);
	assert_string_equal(nvml_reasons(0, text, sizeof(text)), "");
	assert_string_equal(nvml_reasons(NVML_THROTTLED, text, 10), "power cap");
}

static void a_device_without_a_counter_is_said_to(void **state)
{
	struct assay_count c[EVENTS];
	count("counter=0", c);
	assert_int_equal(c[ENERGY].quality, ASSAY_DERIVED);
	assert_non_null(strstr(c[ENERGY].reason, "power times time"));
	assert_close(c[ENERGY].value, 250 * (double)c[ENERGY].enabled_ns / 1e9, 1e-6);
	count("counter=2", c);
	assert_int_equal(c[ENERGY].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[ENERGY].reason, "did not move"));
	count("status=4,counter=0", c);
	assert_int_equal(c[ENERGY].quality, ASSAY_UNAVAILABLE);
	assert_int_equal(c[CLOCK].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[CLOCK].reason, "not permitted"));
	assert_int_equal(c[TEMPERATURE].quality, ASSAY_EXACT);
}

/* Reasons that cannot be read are not none; the power of a shared device is nobody's. */
static void what_is_not_known_is_no_zero(void **state)
{
	struct assay_count c[EVENTS];
	count("why=3", c);
	assert_int_equal(c[THROTTLED].quality, ASSAY_UNAVAILABLE);
	assert_int_equal(c[POWER].quality, ASSAY_EXACT);
	count("mig=1", c);
	assert_int_equal(c[ENERGY].quality, ASSAY_UNAVAILABLE);
	assert_int_equal(c[POWER].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[ENERGY].reason, "MIG instance has no power of its own"));
	assert_int_equal(c[CLOCK].quality, ASSAY_EXACT);
	assert_int_equal(c[THROTTLED].quality, ASSAY_EXACT);
}

static void every_refusal_is_a_sentence(void **state)
{
	struct assay_err err = {0};
	setenv("FAKE_NVML", "init=9", 1);
	assert_fails(source()->probe(&err), ASSAY_SKIP, "modprobe nvidia");
	setenv("FAKE_NVML", "init=18", 1);
	assert_fails(source()->probe(&err), ASSAY_SKIP, "different versions");
	setenv("FAKE_NVML", "init=77", 1);
	assert_fails(source()->probe(&err), ASSAY_SKIP, "nvmlInit gives 77");
	setenv("FAKE_NVML", "", 1);
	assert_ok(source()->probe(&err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_does_not_use_cuda_is_not_read),
		cmocka_unit_test(values_are_those_of_the_device),
		cmocka_unit_test(turns_share_the_energy),
		cmocka_unit_test(only_devices_that_are_used_count),
		cmocka_unit_test(throttled_readings_are_counted_and_named),
		cmocka_unit_test(a_device_without_a_counter_is_said_to),
		cmocka_unit_test(what_is_not_known_is_no_zero),
		cmocka_unit_test(every_refusal_is_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
