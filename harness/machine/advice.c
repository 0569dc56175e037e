/* SPDX-License-Identifier: MIT */
/* advice: what makes this machine noisy, from the environment record, and the command against it. */
#include <stdlib.h>
#include <string.h>

#include "harness/machine/facts.h"

/* A test of one fact; `argument` is the row's. Facts that are unavailable never give advice. */
static bool is(const char *value, const char *argument)
{
	return strcmp(value, argument) == 0;
}

static bool is_not(const char *value, const char *argument)
{
	return strcmp(value, argument) != 0;
}

/* `argument` is a list of words with blanks between them. */
static bool is_none_of(const char *value, const char *argument)
{
	size_t length = strlen(value);
	for (const char *word = argument; *word; word += strspn(word, " ")) {
		size_t n = strcspn(word, " ");
		if (n == length && strncmp(word, value, n) == 0)
			return false;
		word += n;
	}
	return true;
}

static bool above(const char *value, const char *argument)
{
	return strtod(value, NULL) > strtod(argument, NULL);
}

static bool holds(const char *value, const char *argument)
{
	return strstr(value, argument) != NULL;
}

/* Does a list "POLL 0 us, C6 133 us" have a state slower to leave than `argument` us? */
static bool slow_state(const char *value, const char *argument)
{
	double limit = strtod(argument, NULL);
	for (const char *us = strstr(value, " us"); us; us = strstr(us + 1, " us")) {
		const char *number = us;
		while (number > value && number[-1] >= '0' && number[-1] <= '9')
			number--;
		if (strtod(number, NULL) > limit)
			return true;
	}
	return false;
}

/* In the order in which people should look at them. */
static const struct rule {
	const char *key;
	bool (*test)(const char *value, const char *argument);
	const char *argument;
	struct assay_advice advice;
} rules[] = {
	{"build.type",
	 is,
	 "debug",
	 {"assay itself was built without optimisation",
	  "the harness adds to every operation; figures compare with no other build",
	  "meson configure build -Dbuildtype=release"}},
	{"cpu.governor",
	 is_not,
	 "performance",
	 {"the CPU frequency governor is not 'performance'",
	  "the clock follows the load, so that the first samples run slower",
	  "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"}},
	{"cpu.energy_preference",
	 is_not,
	 "performance",
	 {"the CPU prefers saving energy over a steady clock",
	  "the clock rises late and falls early",
	  "echo performance | sudo tee "
	  "/sys/devices/system/cpu/cpu*/cpufreq/energy_performance_preference"}},
	{"cpu.boost",
	 is,
	 "on",
	 {"boost clocks are on", "the clock depends on temperature and on what other cores do",
	  "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"}},
	{"cpu.boost",
	 is,
	 "turbo on",
	 {"turbo clocks are on", "the clock depends on temperature and on what other cores do",
	  "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"}},
	{"cpu.smt",
	 is,
	 "on",
	 {"hardware threads share cores (SMT)", "whatever runs on a sibling takes half the core",
	  "echo off | sudo tee /sys/devices/system/cpu/smt/control"}},
	{"cpu.idle_states",
	 slow_state,
	 "50",
	 {"deep idle states are enabled", "waking a core takes longer than many operations last",
	  "sudo cpupower idle-set -D 10"}},
	{"cpu.throttles",
	 above,
	 "0",
	 {"the CPU has throttled itself for heat since it was started",
	  "a hot processor lowers its clock in the middle of a run", NULL}},
	{"clock.source",
	 is_none_of,
	 "tsc kvm-clock hyperv_clocksource_tsc_page arch_sys_counter riscv_clocksource timebase",
	 {"the clock is not the processor's own counter",
	  "each reading is a system call or a device access; short samples suffer",
	  "echo tsc | sudo tee "
	  "/sys/devices/system/clocksource/clocksource0/current_clocksource"}},
	{"cpu.hypervisor",
	 is_not,
	 "none",
	 {"this is a virtual machine",
	  "neighbours share caches, memory and time, and the steal counter shows only part of it",
	  NULL}},
	{"cgroup.cpu_quota",
	 is_not,
	 "unlimited",
	 {"the control group limits CPU time",
	  "a process over its quota is stopped for up to 100 ms at a time; CPUs of its own (docker "
	  "run --cpuset-cpus) are quieter than a quota (--cpus)",
	  NULL}},
	{"kernel.numa_balancing",
	 is,
	 "1",
	 {"automatic NUMA balancing is on",
	  "the kernel unmaps pages to see who uses them, and moves them during a run",
	  "sudo sysctl kernel.numa_balancing=0"}},
	{"memory.thp",
	 is,
	 "always",
	 {"transparent huge pages are used wherever possible",
	  "whether memory is made of 4 KiB or 2 MiB pages is decided anew in every run",
	  "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"}},
	{"memory.thp",
	 is,
	 "never",
	 {"transparent huge pages are off", "cases that ask for huge pages are skipped",
	  "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"}},
	{"memory.ksm",
	 is,
	 "1",
	 {"the kernel merges equal pages (KSM)", "it scans and write-protects memory meanwhile",
	  "echo 0 | sudo tee /sys/kernel/mm/ksm/run"}},
	{"kernel.nmi_watchdog",
	 is,
	 "1",
	 {"the NMI watchdog is on", "it takes one hardware counter and interrupts every core",
	  "sudo sysctl kernel.nmi_watchdog=0"}},
	{"kernel.perf_event_paranoid",
	 above,
	 "2",
	 {"the kernel keeps performance events to root",
	  "counters cannot be opened by other users at all",
	  "sudo sysctl kernel.perf_event_paranoid=1"}},
	{"kernel.perf_event_paranoid",
	 is,
	 "2",
	 {"only root may count what happens inside the kernel",
	  "context switches and kernel time are missing from counters of other users",
	  "sudo sysctl kernel.perf_event_paranoid=1"}},
	{"process.tunables",
	 holds,
	 "LD_PRELOAD=",
	 {"LD_PRELOAD is set", "a preloaded library replaces functions in what is measured",
	  "unset LD_PRELOAD"}},
	{"process.tunables",
	 holds,
	 "MALLOC_PERTURB_=",
	 {"MALLOC_PERTURB_ is set", "glibc fills all memory it hands out",
	  "unset MALLOC_PERTURB_"}},
	{"process.scheduling",
	 holds,
	 "idle",
	 {"assay runs in the idle scheduling class", "any other work comes first",
	  "chrt --other 0 assay ..."}},
};

static bool applies(const struct rule *rule, const struct assay_environment *environment)
{
	const char *value = environment_value(environment, rule->key);
	if (!value || !rule->test(value, rule->argument))
		return false;
	/* Root passes every setting of perf_event_paranoid. */
	const char *capabilities = environment_value(environment, "process.capabilities");
	const unsigned long long perfmon = 1ull << 38, sys_admin = 1ull << 21;
	bool may_count =
		capabilities && (strtoull(capabilities, NULL, 16) & (perfmon | sys_admin)) != 0;
	return !may_count || strcmp(rule->key, "kernel.perf_event_paranoid") != 0;
}

size_t assay_environment_advice(const struct assay_environment *environment,
				struct assay_advice *advice, size_t capacity)
{
	size_t n = 0;
	for (size_t i = 0; i < ASSAY_COUNT_OF(rules) && n < capacity; i++)
		if (applies(&rules[i], environment))
			advice[n++] = rules[i].advice;
	return n;
}
