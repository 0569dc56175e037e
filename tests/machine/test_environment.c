/* SPDX-License-Identifier: MIT */
/* The environment record of this machine and of a planted one; its parsers; advice. */
#include "harness/machine/environment.h"

#include <dirent.h>
#include <ftw.h>

#include "harness/machine/facts.h"
#include "harness/machine/tree.h"
#include "tests/machine/fixture.h"
#include "tests/temporary.h"

static char root[T_PATH];

/* Write root + path, making its folders. */
static void plant(const char *path, const char *text)
{
	char full[512];
	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	write_whole(full, text, strlen(text));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

static int unplant(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#define CPU "/sys/devices/system/cpu"

static void plant_cpu(unsigned cpu, unsigned package, unsigned core, const char *siblings,
		      const char *l3)
{
	const struct {
		const char *file, *text;
	} files[] = {
		{"cache/index0/type", "Data\n"},        {"cache/index0/level", "1\n"},
		{"cache/index0/size", "48K\n"},         {"cache/index0/shared_cpu_list", siblings},
		{"cache/index1/type", "Instruction\n"}, {"cache/index1/level", "1\n"},
		{"cache/index1/size", "64K\n"},         {"cache/index1/shared_cpu_list", siblings},
		{"cache/index2/type", "Unified\n"},     {"cache/index2/level", "2\n"},
		{"cache/index2/size", "2048K\n"},       {"cache/index2/shared_cpu_list", siblings},
		{"cache/index3/type", "Unified\n"},     {"cache/index3/level", "3\n"},
		{"cache/index3/size", "36M\n"},         {"cache/index3/shared_cpu_list", l3},
	};
	char path[160], text[16];
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), CPU "/cpu%u/%s", cpu, files[i].file);
		plant(path, files[i].text);
	}
	snprintf(path, sizeof(path), CPU "/cpu%u/topology/physical_package_id", cpu);
	snprintf(text, sizeof(text), "%u\n", package);
	plant(path, text);
	snprintf(path, sizeof(path), CPU "/cpu%u/topology/core_id", cpu);
	snprintf(text, sizeof(text), "%u\n", core);
	plant(path, text);
	snprintf(path, sizeof(path), CPU "/cpu%u/node%u/x", cpu, package);
	plant(path, "");
}

/* Two packages of two cores of two threads, numbered as Linux does: siblings are 4 apart. */
static void plant_machine(void)
{
	static const char *const siblings[] = {"0,4\n", "1,5\n", "2,6\n", "3,7\n"};
	plant(CPU "/online", "0-7\n");
	for (unsigned cpu = 0; cpu < 8; cpu++)
		plant_cpu(cpu, cpu % 4 / 2, cpu % 2, siblings[cpu % 4],
			  cpu % 4 / 2 ? "2-3,6-7\n" : "0-1,4-5\n");
	plant("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:       4194304 kB\n");
	plant("/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:       4194304 kB\n");
	plant("/proc/meminfo",
	      "MemTotal:        8100000 kB\nMemAvailable:    4000000 kB\n"
	      "SwapTotal:             0 kB\nHugePages_Total:       0\n");
}

static int plant_everything(void **state)
{
	(void)state;
	if (!mkdtemp(t_path(root, "environment")))
		return -1;
	plant_machine();
	plant("/proc/cpuinfo",
	      "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n"
	      "model\t\t: 143\nmodel name\t: Planted (R) CPU\nstepping\t: 8\n"
	      "microcode\t: 0x2b\ncpu MHz\t\t: 2000.000\n"
	      "flags\t\t: fpu avx avx2 avx512f constant_tsc nonstop_tsc\n");
	plant("/proc/cmdline",
	      "BOOT_IMAGE=/vmlinuz root=UUID=secret isolcpus=2,3 mitigations=off "
	      "password=hunter2 processor.max_cstate=1 -- mitigations=on\n");
	plant("/proc/loadavg", "3.50 2.00 1.00 5/900 12345\n");
	plant("/proc/self/mounts", "cgroup2 /cg cgroup2 rw 0 0\n");
	plant("/proc/self/cgroup", "0::/user/job\n");
	plant("/cg/user/job/cpu.max", "150000 100000\n");
	plant("/cg/user/job/memory.max", "max\n");
	plant("/cg/user/cpu.max", "120000 100000\n"); /* what is above holds as well */
	plant("/cg/user/memory.max", "1073741824\n");
	plant("/cg/user/job/cpu.stat", "usage_usec 5\nnr_throttled 2\nthrottled_usec 777\n");
	plant(CPU "/cpufreq/policy0/scaling_governor", "powersave\n");
	plant(CPU "/cpufreq/policy1/scaling_governor", "performance\n");
	plant(CPU "/cpufreq/policy2/scaling_governor", "powersave\n");
	plant(CPU "/intel_pstate/no_turbo", "0\n");
	plant(CPU "/smt/active", "1\n");
	plant(CPU "/vulnerabilities/meltdown", "Not affected\n");
	plant(CPU "/vulnerabilities/spectre_v2", "Mitigation: IBRS\n");
	plant(CPU "/cpu0/cpuidle/state0/name", "POLL\n");
	plant(CPU "/cpu0/cpuidle/state0/latency", "0\n");
	plant(CPU "/cpu0/cpuidle/state1/name", "C6\n");
	plant(CPU "/cpu0/cpuidle/state1/latency", "133\n");
	plant(CPU "/isolated", "\n");
	plant("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
	plant("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
	plant("/proc/sys/kernel/perf_event_paranoid", "3\n");
	plant("/sys/bus/event_source/devices/cpu/type", "4\n");
	plant("/etc/os-release", "NAME=\"x\"\nPRETTY_NAME=\"Planted OS 1\"\n");
	plant("/.dockerenv", "");
	plant("/proc/driver/nvidia/version", "NVRM version: NVIDIA 550\nGCC\n");
	plant("/proc/driver/nvidia/gpus/0000:01:00.0/information",
	      "Model: \t\t NVIDIA Planted\nGPU UUID: \t GPU-1\n");
	return 0;
}

static const char *fact(const struct assay_environment *environment, const char *key)
{
	const char *value = environment_value(environment, key);
	if (!value)
		fail_msg("%s is not available", key);
	return value;
}

static void planted_facts_are_read(void **state)
{
	static const struct {
		const char *key, *value;
	} expected[] = {
		{"cpu.vendor", "GenuineIntel"},
		{"cpu.model", "143"},
		{"cpu.name", "Planted (R) CPU"},
		{"cpu.microcode", "0x2b"},
		{"cpu.vectors", "avx avx2 avx512f"},
		{"cpu.smt", "on"},
		{"cpu.isolated", "none"},
		{"cpu.governor", "powersave,performance"},
		{"cpu.boost", "turbo on"},
		{"cpu.idle_states", "POLL 0 us, C6 133 us"},
		{"cpu.mitigations", "meltdown: Not affected; spectre_v2: Mitigation: IBRS"},
		{"cpu.pmu", "cpu"},
		{"clock.source", "hpet"},
		{"clock.tsc", "constant_tsc nonstop_tsc"},
		{"kernel.parameters", "isolcpus=2,3 mitigations=off processor.max_cstate=1"},
		{"os.name", "Planted OS 1"},
		{"memory.installed", "8 GiB"},
		{"memory.available", "4000000 kB"},
		{"memory.thp", "always"},
		{"load.average", "3.50 2.00 1.00"},
		{"cgroup.version", "2"},
		{"cgroup.cpu_quota", "1.20 CPUs"},
		{"cgroup.memory_max", "1073741824"},
		{"cgroup.throttled_us", "777"},
		{"container.kind", "docker"},
		{"gpu.driver", "NVRM version: NVIDIA 550"},
		{"gpu.models", "NVIDIA Planted"},
	};
	(void)state;
	struct assay_err err = {0};
	struct assay_environment environment;
	assert_ok(environment_read_from(root, &environment, &err));
	for (size_t i = 0; i < ASSAY_COUNT_OF(expected); i++)
		assert_string_equal(fact(&environment, expected[i].key), expected[i].value);
	assay_environment_done(&environment);
}

static void missing_facts_say_why(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_environment environment;
	assert_ok(environment_read_from("/nonexistent", &environment, &err));
	json_t *json = assay_environment_json(&environment);
	assert_int_equal(json_object_size(json), environment.n);
	for (size_t i = 0; i < environment.n; i++) {
		const struct assay_fact *f = &environment.facts[i];
		assert_true((f->value != NULL) != (f->unavailable != NULL));
		if (f->unavailable && !f->unavailable[0])
			fail_msg("%s: no reason", f->key);
		if (f->unavailable && strcmp(f->unavailable, "not readable here") == 0)
			fail_msg("%s: a reader that does not say why", f->key);
	}
	json_t *governor = json_object_get(json, "cpu.governor");
	assert_non_null(strstr(json_string_value(json_object_get(governor, "unavailable")), "no "));
	json_decref(json);
	assay_environment_done(&environment);
	assay_environment_done(&environment);
	assay_environment_done(NULL);
}

static void this_machine_is_recorded_twice_alike(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_environment first, second;
	uint8_t a[32], b[32];
	assert_ok(assay_environment_read(&first, &err));
	assert_ok(assay_environment_read(&second, &err));
	for (size_t i = 0; i < first.n; i++) {
		assert_string_equal(first.facts[i].key, second.facts[i].key);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(first.facts[i].key, first.facts[j].key);
	}
	assay_environment_hash(&first, a);
	assay_environment_hash(&second, b);
	assert_memory_equal(a, b, sizeof(a));
	assay_environment_done(&first);
	assay_environment_done(&second);
}

static void the_hash_sees_stable_facts_only(void **state)
{
	(void)state;
	struct assay_fact facts[] = {
		{"cpu.governor", (char[]){"performance"}, NULL, true},
		{"load.average", (char[]){"1.0"}, NULL, false},
	};
	struct assay_environment environment = {facts, 2};
	uint8_t before[32], after[32];
	assay_environment_hash(&environment, before);
	facts[1].value[0] = '7';
	assay_environment_hash(&environment, after);
	assert_memory_equal(before, after, sizeof(before));
	facts[0].value[0] = 'P';
	assay_environment_hash(&environment, after);
	assert_memory_not_equal(before, after, sizeof(before));
	assert_true(assay_environment_is_stable("cpu.governor"));
	assert_false(assay_environment_is_stable("load.average"));
	assert_false(assay_environment_is_stable("no.such"));
}

static void advice_follows_the_facts(void **state)
{
	static const char *const expected[] = {
		"governor is not 'performance'",
		"turbo clocks",
		"SMT",
		"deep idle states",
		"not the processor's own counter",
		"control group limits CPU",
		"transparent huge pages are used",
	};
	(void)state;
	struct assay_err err = {0};
	struct assay_environment environment;
	struct assay_advice advice[32];
	assert_ok(environment_read_from(root, &environment, &err));
	size_t n = assay_environment_advice(&environment, advice, ASSAY_COUNT_OF(advice));
	for (size_t i = 0; i < ASSAY_COUNT_OF(expected); i++) {
		bool given = false;
		for (size_t k = 0; k < n; k++)
			given |= strstr(advice[k].what, expected[i]) != NULL;
		if (!given)
			fail_msg("no advice says '%s'", expected[i]);
	}
	assert_int_equal(assay_environment_advice(&environment, advice, 2), 2);
	assay_environment_done(&environment);
}

static void unavailable_facts_give_no_advice(void **state)
{
	(void)state;
	struct assay_fact facts[] = {
		{"cpu.governor", NULL, (char[]){"no cpufreq"}, true},
		{"cpu.hypervisor", (char[]){"none"}, NULL, true},
	};
	struct assay_environment environment = {facts, 2};
	struct assay_advice advice[4];
	assert_int_equal(assay_environment_advice(&environment, advice, 4), 0);
}

static void only_slow_clocks_are_advised_against(void **state)
{
	(void)state;
	static const struct {
		const char *source;
		size_t n;
	} cases[] = {
		{"tsc", 0},  {"arch_sys_counter", 0}, {"kvm-clock", 0},
		{"hpet", 1}, {"acpi_pm", 1},          {"ts", 1},
		{"tscs", 1},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		char source[32];
		assay_copy(source, sizeof(source), cases[i].source);
		struct assay_fact fact = {"clock.source", source, NULL, true};
		struct assay_environment environment = {&fact, 1};
		struct assay_advice advice[4];
		if (assay_environment_advice(&environment, advice, 4) != cases[i].n)
			fail_msg("%s", source);
	}
}

static void root_is_not_told_about_perf_event_paranoid(void **state)
{
	(void)state;
	char capabilities[] = "0000000000000000";
	struct assay_fact facts[] = {
		{"kernel.perf_event_paranoid", (char[]){"2"}, NULL, true},
		{"process.capabilities", capabilities, NULL, true},
	};
	struct assay_environment environment = {facts, 2};
	struct assay_advice advice[4];
	assert_int_equal(assay_environment_advice(&environment, advice, 4), 1);
	assert_non_null(strstr(advice[0].command, "perf_event_paranoid"));
	snprintf(capabilities, sizeof(capabilities), "%016llx", 1ull << 38);
	assert_int_equal(assay_environment_advice(&environment, advice, 4), 0);
}

static void kernel_parameters_are_kept_by_allow_list(void **state)
{
	(void)state;
	static const struct {
		const char *cmdline, *kept;
	} cases[] = {
		{"", ""},
		{"quiet splash root=/dev/sda1 token=x", ""},
		{"nohz_full=1-3 nohz_fuller=1 psi=1", "nohz_full=1-3 psi=1"},
		{"nosmt", "nosmt"},
		{"idle=poll -- idle=halt", "idle=poll"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		char *kept = facts_kernel_parameters(cases[i].cmdline);
		assert_string_equal(kept, cases[i].kept);
		free(kept);
	}
}

static void cgroups_of_both_versions_are_found(void **state)
{
	(void)state;
	const char *cgroup = "9:name=systemd:/\n4:cpu,cpuacct:/docker/abc\n0::/unified/x\n";
	const char *mounts =
		"proc /proc proc rw 0 0\n"
		"cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu,cpuacct 0 0\n"
		"cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
	char *text = facts_cgroup_path(cgroup, "cpu");
	assert_string_equal(text, "/docker/abc");
	free(text);
	text = facts_cgroup_path(cgroup, NULL);
	assert_string_equal(text, "/unified/x");
	free(text);
	assert_null(facts_cgroup_path(cgroup, "memory"));
	assert_null(facts_cgroup_path("garbage\n::\n", "cpu"));
	text = facts_cgroup_mount(mounts, "cpu");
	assert_string_equal(text, "/sys/fs/cgroup/cpu");
	free(text);
	text = facts_cgroup_mount(mounts, NULL);
	assert_string_equal(text, "/sys/fs/cgroup/unified");
	free(text);
	assert_null(facts_cgroup_mount(mounts, "cpuset"));
}

static void memory_speed_comes_from_smbios(void **state)
{
	(void)state;
	enum { LENGTH = 0x28 };
	unsigned char table[256] = {1, 4, 0, 0, 'a', 0, 0}; /* a structure of type 1 and its text */
	unsigned char *device = &table[7];
	device[0] = 17;
	device[1] = LENGTH;
	device[0x20] = 4800 & 0xff;
	device[0x21] = 4800 >> 8;
	assert_int_equal(facts_dimm_speed(table, sizeof(table)), 4800);
	assert_int_equal(facts_dimm_speed(table, 20), 0); /* cut short */
	device[0x20] = device[0x21] = 0xff;               /* "unknown" */
	assert_int_equal(facts_dimm_speed(table, sizeof(table)), 0);
	assert_int_equal(facts_dimm_speed(table, 0), 0);
}

static void small_files_are_taken_apart(void **state)
{
	(void)state;
	char *text = proc_field("model name\t: A\nmodel\t\t: 17\n", "model", ':');
	assert_string_equal(text, "17");
	free(text);
	text = proc_field("MemTotal:   5 kB  \nX: 1", "MemTotal", ':');
	assert_string_equal(text, "5 kB");
	free(text);
	text = proc_field("a 1\nprocs_running 4\n", "procs_running", ' ');
	assert_string_equal(text, "4");
	free(text);
	assert_null(proc_field("procs_runninger 4\n", "procs_running", ' '));
	text = proc_selected("always [madvise] never");
	assert_string_equal(text, "madvise");
	free(text);
	text = proc_selected("plain");
	assert_string_equal(text, "plain");
	free(text);
	const char *pressure = "some avg10=12.50 avg60=1.00\nfull avg10=3.00 avg60=0.00\n";
	assert_close(proc_pressure_avg10(pressure, "some"), 12.5, 0);
	assert_close(proc_pressure_avg10(pressure, "full"), 3.0, 0);
	assert_true(isnan(proc_pressure_avg10("nonsense", "some")));
	struct proc_ticks ticks;
	assert_true(proc_stat_ticks("cpu  10 0 20 60 5 0 1 4 3 0\ncpu0 1\n", &ticks));
	assert_int_equal(ticks.total, 100);
	assert_int_equal(ticks.steal, 4);
	assert_false(proc_stat_ticks("cpu  10 0\n", &ticks));
	assert_false(proc_stat_ticks("intr 1\n", &ticks));
}

static void unreadable_files_say_why(void **state)
{
	(void)state;
	struct proc_why why;
	uint64_t value;
	assert_null(proc_read(root, "/proc/absent", &why));
	assert_string_equal(why.text, "no /proc/absent here");
	plant("/odd", "12x\n");
	assert_false(proc_read_u64(root, "/odd", &value, &why));
	assert_non_null(strstr(why.text, "holds '12x'"));
	plant("/sized", "36M\n");
	assert_true(proc_read_u64(root, "/sized", &value, &why));
	assert_int_equal(value, 36 << 20);
	plant("/huge", "99999999999999999999\n");
	assert_false(proc_read_u64(root, "/huge", &value, &why));
}

/* Without hwloc: two packages, each with its own memory and last-level cache. */
static void a_planted_machine_is_read_from_sysfs(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_topology topology = {0};
	assert_ok(sysfs_topology_load(root, &topology, &err));
	assert_ok(tree_finish(&topology, &err));
	struct assay_machine_shape shape;
	assay_topology_shape(&topology, &shape);
	assert_int_equal(shape.packages, 2);
	assert_int_equal(shape.numa_nodes, 2);
	assert_int_equal(shape.cores, 4);
	assert_int_equal(shape.pus, 8);
	assert_int_equal(shape.l1d_bytes, 48 << 10);
	assert_int_equal(shape.llc_bytes, 36 << 20);
	assert_string_equal(shape.cpu_model, "Planted (R) CPU");
	static const unsigned cpus[] = {0, 4, 1, 5, 2, 6, 3, 7};
	size_t n;
	const struct assay_pu *pus = assay_topology_pus(&topology, &n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(pus[i].os_index, cpus[i]);
		assert_int_equal(pus[i].core, i / 2);
		assert_int_equal(pus[i].rank_in_core, i % 2);
		assert_int_equal(pus[i].l3, i / 4);
		assert_int_equal(pus[i].numa, i / 4);
		assert_int_equal(pus[i].package, i / 4);
	}
	tree_free(topology.root);
	free(topology.pus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(planted_facts_are_read),
		cmocka_unit_test(missing_facts_say_why),
		cmocka_unit_test(this_machine_is_recorded_twice_alike),
		cmocka_unit_test(the_hash_sees_stable_facts_only),
		cmocka_unit_test(advice_follows_the_facts),
		cmocka_unit_test(unavailable_facts_give_no_advice),
		cmocka_unit_test(only_slow_clocks_are_advised_against),
		cmocka_unit_test(root_is_not_told_about_perf_event_paranoid),
		cmocka_unit_test(kernel_parameters_are_kept_by_allow_list),
		cmocka_unit_test(cgroups_of_both_versions_are_found),
		cmocka_unit_test(memory_speed_comes_from_smbios),
		cmocka_unit_test(small_files_are_taken_apart),
		cmocka_unit_test(unreadable_files_say_why),
		cmocka_unit_test(a_planted_machine_is_read_from_sysfs),
	};
	return cmocka_run_group_tests(tests, plant_everything, unplant);
}
