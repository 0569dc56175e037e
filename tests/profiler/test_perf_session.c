/* SPDX-License-Identifier: MIT */
/*
 * test_perf_session: counters through a kernel that is well, forbids, is busy or crowded; then through the
 * real one; and the table of processors' own events.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "profiler/natives.h"
#include "profiler/perf_session.h"
#include "profiler/powercap.h"
#include "profiler/sources.h"
#include "tests/t.h"
#include "tests/temporary.h"

/* The fake kernel: what open() answers by kind, and what each region adds to what read() yields. Single-threaded. */
static struct {
	int hardware, kernel_side; /* errno of opening such an event; 0: fine */
	struct perf_value value, total;
	int read_error;
	int open_now;
	uint64_t last_config;
} fake;

static int fake_open(struct perf_event_attr *attr)
{
	if (attr->type != PERF_TYPE_SOFTWARE && fake.hardware)
		return -fake.hardware;
	if (!attr->exclude_kernel && fake.kernel_side)
		return -fake.kernel_side;
	fake.open_now++;
	fake.total = (struct perf_value){0};
	fake.last_config = attr->config;
	return 100;
}

static int fake_enable(int fd, bool on)
{
	(void)fd;
	if (!on) {
		fake.total.raw += fake.value.raw;
		fake.total.enabled_ns += fake.value.enabled_ns;
		fake.total.running_ns += fake.value.running_ns;
	}
	return 0;
}

static int fake_read(int fd, struct perf_value *ret)
{
	(void)fd;
	*ret = fake.total;
	return fake.read_error;
}

static void fake_close(int fd)
{
	(void)fd;
	fake.open_now--;
}

static const struct perf_calls calls = {fake_open, fake_enable, fake_read, fake_close};

static void reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.value = (struct perf_value){1000, 100, 100};
}

/* Count one event over nothing; its state as a source would leave it. */
static struct assay_count count_one(const char *event, const struct pmu_facts *facts)
{
	struct assay_err err = {0};
	struct assay_count count = {.quality = ASSAY_UNAVAILABLE};
	struct perf_session *s;
	assay_copy(count.event, sizeof(count.event), event);
	assert_ok(perf_session_open(&calls, facts, &count, 1, &s, &err));
	if (s) {
		assert_ok(perf_session_start(s, &err));
		if (perf_session_stop(s, &count, 1, &err) != ASSAY_OK)
			assay_copy(count.reason, sizeof(count.reason), err.text);
	} else {
		assert_int_equal(count.quality, ASSAY_UNAVAILABLE);
		assert_true(count.reason[0] != '\0' || strchr(event, ':'));
	}
	perf_session_close(s);
	assert_int_equal(fake.open_now, 0);
	return count;
}

static const struct pmu_facts well = {.error = 0, .paranoid = 1};
static const struct pmu_facts strict = {.error = EACCES, .paranoid = 3};
static const struct pmu_facts guest = {.error = ENOENT, .paranoid = 2, .hypervisor = "KVM"};

static void a_count_is_exact_or_scaled(void **state)
{
	(void)state;
	reset();
	struct assay_count c = count_one("cycles", &well);
	assert_int_equal(c.quality, ASSAY_EXACT);
	assert_close(c.value, 1000, 0);
	assert_string_equal(c.source, "perf");
	fake.value = (struct perf_value){900, 100, 90};
	c = count_one("cycles", &well);
	assert_int_equal(c.quality, ASSAY_SCALED);
	assert_close(c.value, 1000, 1e-12);
	assert_int_equal(c.raw, 900);
	assert_int_equal(c.running_ns, 90);
	/* Larger than 64 bits when multiplied. */
	fake.value = (struct perf_value){(uint64_t)1 << 60, 100000000000u, 90000000000u};
	c = count_one("cycles", &well);
	assert_close(c.value, 0x1p60 / 0.9, 1e-12);
}

static void a_crowded_unit_gives_no_number(void **state)
{
	(void)state;
	reset();
	fake.value = (struct perf_value){700, 100, 79};
	struct assay_count c = count_one("instructions", &well);
	assert_int_equal(c.quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c.reason, "79 % of the time only"));
	assert_int_equal(c.raw, 700);
	fake.value = (struct perf_value){0, 100, 0};
	c = count_one("instructions", &well);
	assert_int_equal(c.quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c.reason, "taken by somebody else"));
}

static void every_refusal_has_its_words(void **state)
{
	(void)state;
	static const struct {
		const char *event;
		const struct pmu_facts *facts;
		int hardware, kernel_side;
		const char *words;
	} cases[] = {
		{"cycles", &guest, ENOENT, 0, "the hypervisor (KVM) offers none"},
		{"cycles", &strict, EACCES, EACCES, "CAP_PERFMON"},
		{"cycles", &well, EBUSY, 0, "taken by somebody else"},
		{"l1d_misses", &well, ENOENT, 0, "performance unit does not count it"},
		{"context_switches", &strict, 0, EACCES, "happens inside the kernel"},
		{"perf:nonsense", &well, 0, 0, "perf_event has no event 'nonsense'"},
		{"perf:rXYZ", &well, 0, 0, "perf:rHEX"},
		{"nonsense", &well, 0, 0, "no event 'nonsense'"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		reset();
		fake.hardware = cases[i].hardware;
		fake.kernel_side = cases[i].kernel_side;
		struct assay_count c = count_one(cases[i].event, cases[i].facts);
		assert_int_equal(c.quality, ASSAY_UNAVAILABLE);
		if (!strstr(c.reason, cases[i].words))
			fail_msg("%s: '%s' is without '%s'", cases[i].event, c.reason,
				 cases[i].words);
	}
}

static void without_the_kernels_side_it_says_so(void **state)
{
	(void)state;
	reset();
	fake.kernel_side = EACCES;
	struct assay_count c = count_one("page_faults", &strict);
	assert_int_equal(c.quality, ASSAY_EXACT);
	assert_string_equal(c.reason, "outside the kernel only");
	assert_string_equal(count_one("task_clock", &strict).reason, "");
}

static void a_failed_read_is_no_zero(void **state)
{
	(void)state;
	reset();
	fake.read_error = EIO;
	struct assay_count c = count_one("page_faults", &well);
	assert_int_equal(c.quality, ASSAY_UNAVAILABLE);
	assert_true(c.reason[0] != '\0');
}

static void raw_numbers_are_asked_for_as_they_are(void **state)
{
	(void)state;
	reset();
	assert_int_equal(count_one("perf:r1000001a0", &well).quality, ASSAY_EXACT);
	assert_true(fake.last_config == 0x1000001a0);
	assert_int_equal(count_one("papi:perf::CYCLES", &well).quality, ASSAY_UNAVAILABLE);
}

static void each_processor_has_its_own_numbers(void **state)
{
	(void)state;
	static const struct natives_cpu zen4 = {"AuthenticAMD", 25, 17},
					zen3 = {"AuthenticAMD", 25, 33},
					zen5 = {"AuthenticAMD", 26, 2},
					spr = {"GenuineIntel", 6, 143}, v2 = {"Arm", 0x41, 0xd4f};
	struct native n;
	assert_true(natives_find(natives_text, &zen4, "slots", &n));
	assert_close(n.factor, 6, 0);
	assert_true(n.config == 0x76);
	assert_true(natives_find(natives_text, &zen4, "instructions", &n));
	assert_string_equal(n.papi, "amd64_fam19h_zen4::RETIRED_INSTRUCTIONS");
	assert_true(natives_find(natives_text, &zen5, "slots", &n));
	assert_close(n.factor, 8, 0);
	assert_true(natives_find(natives_text, &spr, "slots_backend", &n));
	assert_true(n.config == 0x2a4);
	assert_string_equal(n.papi, "");
	assert_true(natives_find(natives_text, &v2, "slots_frontend", &n));
	assert_true(n.config == 0x3e);
	assert_false(natives_find(natives_text, &zen3, "slots", &n));
	assert_false(natives_find(natives_text, &zen4, "no_such_event", &n));
	assert_false(natives_find("", &zen4, "slots", &n));
	assert_false(natives_find("[", &zen4, "slots", &n));
	assert_false(natives_find("[a] b\nslots 1 1 x\n", &zen4, "slots", &n));
}

static const struct assay_source *source(const char *name)
{
	for (const struct assay_source *const *s = assay_source_table; *s; s++)
		if (strcmp((*s)->name, name) == 0)
			return *s;
	return NULL;
}

enum { PAGES = 256 };

static void *touch(void *unused)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = PAGES * page;
	char *fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		return unused;
	madvise(fresh, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += page)
		((volatile char *)fresh)[i] = 1;
	munmap(fresh, size);
	return unused;
}

static void threads_started_meanwhile_count_as_well(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_count c = {.event = "page_faults"};
	void *session;
	pthread_t threads[3];
	if (source("perf")->probe(&err) != ASSAY_OK) {
		assert_true(err.text[0] != '\0');
		skip();
	}
	assert_ok(source("perf")->open(&c, 1, &session, &err));
	assert_non_null(session);
	assert_ok(source("perf")->start(session, &err));
	assert_fails(source("perf")->start(session, &err), ASSAY_EBUG, "twice");
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, touch, NULL), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_ok(source("perf")->stop(session, &c, 1, &err));
	assert_int_equal(c.quality, ASSAY_EXACT);
	assert_true(c.value >= 3 * PAGES);
	assert_fails(source("perf")->stop(session, &c, 1, &err), ASSAY_EBUG, "without start");
	/* What ended threads have counted, and how long, belongs to the region that they were in. */
	uint64_t first_ns = c.enabled_ns;
	assert_ok(source("perf")->start(session, &err));
	assert_ok(source("perf")->stop(session, &c, 1, &err));
	assert_true(c.value < PAGES);
	assert_true(c.enabled_ns < first_ns);
	source("perf")->close(session);
	source("perf")->close(NULL);
}

static void proc_counts_bytes(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_count c[3] = {{.event = "io_write_bytes"},
				   {.event = "proc:machine_steal_time"},
				   {.event = "proc:nonsense"}};
	void *session;
	char bytes[5000] = {0};
	FILE *null = fopen("/dev/null", "w");
	assert_non_null(null);
	assert_ok(source("proc")->open(c, 3, &session, &err));
	assert_string_equal(c[2].reason, "/proc has no event 'nonsense'");
	if (!session || c[0].quality == ASSAY_UNAVAILABLE)
		skip();
	assert_ok(source("proc")->start(session, &err));
	assert_int_equal(write(fileno(null), bytes, sizeof(bytes)), sizeof(bytes));
	assert_ok(source("proc")->stop(session, c, 3, &err));
	assert_true(c[0].value >= sizeof(bytes) && c[0].value < 100 * sizeof(bytes));
	assert_string_equal(c[0].unit, "B");
	if (c[1].quality != ASSAY_UNAVAILABLE)
		assert_string_equal(c[1].reason, "of the whole machine");
	source("proc")->close(session);
	fclose(null);
}

static void energy_is_a_number_or_a_reason(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_count c = {.event = "package_energy"};
	void *session;
	enum assay_code rc = source("powercap")->probe(&err);
	assert_true(rc == ASSAY_OK || rc == ASSAY_SKIP);
	assert_string_equal(source("powercap")->events[0], "package_energy");
	assert_ok(source("powercap")->open(&c, 1, &session, NULL));
	if (rc == ASSAY_SKIP) {
		assert_null(session);
		assert_string_equal(c.reason, err.text);
		assert_true(c.reason[0] != '\0');
		return;
	}
	assert_ok(source("powercap")->start(session, &err));
	assert_ok(source("powercap")->stop(session, &c, 1, &err));
	assert_true(c.value >= 0);
	assert_string_equal(c.unit, "J");
	source("powercap")->close(session);
}

static void write_zone(const char *folder, unsigned zone, const char *name, const char *energy)
{
	const char *const files[][2] = {
		{"name", name}, {"energy_uj", energy}, {"max_energy_range_uj", "1000000"}};
	char path[T_PATH + 64];
	snprintf(path, sizeof(path), "%s/intel-rapl:%u", folder, zone);
	assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/intel-rapl:%u/%s", folder, zone, files[i][0]);
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fprintf(file, "%s\n", files[i][1]);
		fclose(file);
	}
}

static void remove_zones(const char *folder)
{
	static const char *const names[] = {"name", "energy_uj", "max_energy_range_uj", ""};
	char path[T_PATH + 64];
	for (unsigned zone = 0; zone < 4; zone++)
		for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++) {
			snprintf(path, sizeof(path), "%s/intel-rapl:%u/%s", folder, zone, names[i]);
			remove(path);
		}
	remove(folder);
}

/* A laptop's "psys" has the package in it; numbers need not be without gaps; a counter begins anew. */
static void energy_is_that_of_packages_alone(void **state)
{
	(void)state;
	char folder[T_PATH];
	struct powercap_reading before, after;
	assert_non_null(mkdtemp(t_path(folder, "powercap")));
	assert_int_equal(powercap_read(folder, &before), ENOENT);
	write_zone(folder, 0, "package-0", "999000");
	write_zone(folder, 1, "psys", "5000");
	write_zone(folder, 3, "package-1-die-0", "100");
	assert_int_equal(powercap_read(folder, &before), 0);
	assert_int_equal(before.n, 2);
	write_zone(folder, 0, "package-0", "2000");
	write_zone(folder, 1, "psys", "900000");
	write_zone(folder, 3, "package-1-die-0", "150");
	assert_int_equal(powercap_read(folder, &after), 0);
	assert_close(powercap_spent_uj(&before, &after), 3000 + 50, 0);
	after.n = 1;
	assert_close(powercap_spent_uj(&before, &after), 3000, 0);
	remove_zones(folder);
}

/* Each thread of a region asks, and what they get is added up: it is the packages' energy once. */
static void threads_share_the_energy(void **state)
{
	(void)state;
	enum { THREADS = 4 };
	char folder[T_PATH];
	struct assay_err err = {0};
	struct assay_count c[THREADS][2];
	void *sessions[THREADS];
	double joules = 0, watts = 0;
	assert_non_null(mkdtemp(t_path(folder, "powercap")));
	write_zone(folder, 0, "package-0", "100000");
	for (int i = 0; i < THREADS; i++) {
		c[i][0] = (struct assay_count){.event = "package_energy"};
		c[i][1] = (struct assay_count){.event = "powercap:package_power"};
		assert_ok(powercap_open(folder, c[i], 2, &sessions[i], &err));
	}
	for (int i = 0; i < THREADS; i++)
		assert_ok(source("powercap")->start(sessions[i], &err));
	write_zone(folder, 0, "package-0", "900000");
	for (int i = 0; i < THREADS; i++) {
		assert_ok(source("powercap")->stop(sessions[i], c[i], 2, &err));
		joules += c[i][0].value;
		watts += c[i][1].value * (double)c[i][1].enabled_ns / 1e9;
		assert_true(assay_count_is_level(&c[i][1]));
	}
	for (int i = 0; i < THREADS; i++)
		source("powercap")->close(sessions[i]);
	assert_close(joules, 0.8, 1e-9);
	assert_close(watts, 0.8, 1e-9);
	remove_zones(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_exact_or_scaled),
		cmocka_unit_test(a_crowded_unit_gives_no_number),
		cmocka_unit_test(every_refusal_has_its_words),
		cmocka_unit_test(without_the_kernels_side_it_says_so),
		cmocka_unit_test(a_failed_read_is_no_zero),
		cmocka_unit_test(raw_numbers_are_asked_for_as_they_are),
		cmocka_unit_test(each_processor_has_its_own_numbers),
		cmocka_unit_test(threads_started_meanwhile_count_as_well),
		cmocka_unit_test(proc_counts_bytes),
		cmocka_unit_test(energy_is_a_number_or_a_reason),
		cmocka_unit_test(energy_is_that_of_packages_alone),
		cmocka_unit_test(threads_share_the_energy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
