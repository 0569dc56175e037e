/* SPDX-License-Identifier: MIT */
/* facts_cpu: what the processor is and how it is driven: clock, idle states, mitigations, PMU. */
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "harness/base/str.h"
#include "harness/machine/facts.h"

char *fact_none(struct proc_why *why, const char *text)
{
	assay_copy(why->text, sizeof(why->text), text);
	return NULL;
}

FACT_READER(fact_line)
{
	char *line = proc_read_line(files->root, argument, why);
	if (!line || line[0])
		return line;
	free(line);
	return strdup("none"); /* e.g. no isolated CPUs: an empty file is an answer */
}

FACT_READER(fact_selected)
{
	ASSAY_AUTO_FREE char *line = proc_read_line(files->root, argument, why);
	return line ? proc_selected(line) : NULL;
}

FACT_READER(fact_cpuinfo)
{
	if (!files->cpuinfo)
		return fact_none(why, "no /proc/cpuinfo here");
	char *value = proc_field(files->cpuinfo, argument, ':');
	if (!value)
		snprintf(why->text, sizeof(why->text), "/proc/cpuinfo has no '%s'", argument);
	return value;
}

/* x86 names them one way, ARM another. */
static FACT_READER(either_field)
{
	const char *bar = strchr(argument, '|');
	ASSAY_AUTO_FREE char *first = strndup(argument, (size_t)(bar - argument));
	char *value = first ? fact_cpuinfo(files, first, why) : NULL;
	return value ? value : fact_cpuinfo(files, bar + 1, why);
}

static FACT_READER(flags_hash)
{
	ASSAY_AUTO_FREE char *flags = either_field(files, "flags|Features", why);
	if (!flags)
		return NULL;
	struct sha256_ctx hash;
	uint8_t digest[8];
	sha256_init(&hash);
	sha256_update(&hash, strlen(flags), (const uint8_t *)flags);
	sha256_digest(&hash, sizeof(digest), digest);
	char text[2 * sizeof(digest) + 1];
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return strdup(text);
}

/* The instruction sets that kernels here choose by, in words; the hash stands for the rest. */
static FACT_READER(vector_flags)
{
	static const char *const known[] = {"sse4_2",   "avx",      "avx2",  "fma", "avx512f",
					    "avx512bw", "amx_tile", "asimd", "sve", "sve2"};
	ASSAY_AUTO_FREE char *flags = either_field(files, "flags|Features", why);
	if (!flags)
		return NULL;
	struct assay_str found = {0};
	char *rest = flags;
	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
		for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++)
			if (strcmp(word, known[i]) == 0)
				assay_str_add(&found, "%s%s", found.length ? " " : "", word);
	return found.text ? found.text : strdup("none");
}

static FACT_READER(smt)
{
	ASSAY_AUTO_FREE char *active = proc_read_line(files->root, argument, why);
	if (!active)
		return NULL;
	return strdup(strcmp(active, "1") == 0 ? "on" : "off");
}

/* The distinct values of one cpufreq file over all CPUs: normally one. */
static FACT_READER(cpufreq_of_all)
{
	size_t n;
	char **policies =
		proc_list(files->root, "/sys/devices/system/cpu/cpufreq", "policy", &n, why);
	if (!policies)
		return NULL;
	struct assay_str values = {0};
	for (size_t i = 0; i < n; i++) {
		char path[160];
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpufreq/%.40s/%s",
			 policies[i], argument);
		ASSAY_AUTO_FREE char *value = proc_read_line(files->root, path, why);
		if (value && !strstr(assay_str_text(&values), value))
			assay_str_add(&values, "%s%s", values.length ? "," : "", value);
	}
	proc_list_free(policies, n);
	if (!n)
		return fact_none(why, "no cpufreq driver (common in virtual machines)");
	return values.text; /* NULL: *why is that of the last file */
}

static FACT_READER(boost)
{
	uint64_t value;
	if (proc_read_u64(files->root, "/sys/devices/system/cpu/intel_pstate/no_turbo", &value,
			  NULL))
		return strdup(value ? "turbo off" : "turbo on");
	if (proc_read_u64(files->root, "/sys/devices/system/cpu/cpufreq/boost", &value, NULL))
		return strdup(value ? "on" : "off");
	return fact_none(why, "neither cpufreq/boost nor intel_pstate/no_turbo here");
}

/* "POLL 0 us, C1 1 us, C6 133 us": names and exit latencies of CPU 0's idle states. */
static FACT_READER(idle_states)
{
	size_t n;
	char **states = proc_list(files->root, argument, "state", &n, why);
	if (!states)
		return NULL;
	struct assay_str text = {0};
	for (size_t i = 0; i < n; i++) {
		char path[160];
		uint64_t latency_us = 0;
		snprintf(path, sizeof(path), "%s/%.20s/name", argument, states[i]);
		ASSAY_AUTO_FREE char *name = proc_read_line(files->root, path, why);
		snprintf(path, sizeof(path), "%s/%.20s/latency", argument, states[i]);
		if (name && proc_read_u64(files->root, path, &latency_us, why))
			assay_str_add(&text, "%s%s %" PRIu64 " us", text.length ? ", " : "", name,
				      latency_us);
	}
	proc_list_free(states, n);
	return text.text ? text.text : fact_none(why, "no idle states here");
}

/* "meltdown: Not affected; spectre_v2: Mitigation: ...": every file of the folder. */
static FACT_READER(mitigations)
{
	size_t n;
	char **names = proc_list(files->root, argument, "", &n, why);
	if (!names)
		return NULL;
	struct assay_str text = {0};
	for (size_t i = 0; i < n; i++) {
		char path[200];
		snprintf(path, sizeof(path), "%s/%.80s", argument, names[i]);
		ASSAY_AUTO_FREE char *value = proc_read_line(files->root, path, why);
		if (value)
			assay_str_add(&text, "%s%s: %s", text.length ? "; " : "", names[i], value);
	}
	proc_list_free(names, n);
	return text.text ? text.text : fact_none(why, "no vulnerability files here");
}

#if defined(__x86_64__)
/* What hypervisors call themselves in CPUID, and what people call them. */
static const char *hypervisor_name(const char *signature)
{
	static const struct {
		const char *signature, *name;
	} known[] = {
		{"KVMKVMKVM", "KVM"},           {"Microsoft Hv", "Hyper-V"},
		{"VMwareVMware", "VMware"},     {"XenVMMXenVMM", "Xen"},
		{"TCGTCGTCGTCG", "QEMU (TCG)"}, {"bhyve bhyve ", "bhyve"},
		{"ACRNACRNACRN", "ACRN"},       {"VBoxVBoxVBox", "VirtualBox"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++)
		if (strcmp(signature, known[i].signature) == 0)
			return known[i].name;
	return signature[0] ? signature : "unnamed";
}
#endif

/* From CPUID, which no container hides. */
static FACT_READER(hypervisor)
{
#if defined(__x86_64__)
	const unsigned present = 1u << 31, leaf = 0x40000000;
	unsigned a, b, c, d;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & present))
		return strdup("none");
	unsigned name[4] = {0};
	__cpuid(leaf, a, name[0], name[1], name[2]);
	char clean[40];
	assay_sanitise(clean, sizeof(clean), (const char *)name);
	return strdup(hypervisor_name(clean));
#else
	return fact_line(files, "/sys/hypervisor/type", why);
#endif
}

static FACT_READER(tsc)
{
	static const char *const known[] = {"constant_tsc", "nonstop_tsc", "tsc_known_freq",
					    "tsc_reliable"};
	ASSAY_AUTO_FREE char *flags = fact_cpuinfo(files, "flags", why);
	if (!flags)
		return NULL;
	struct assay_str found = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++)
		if (strstr(flags, known[i]))
			assay_str_add(&found, "%s%s", found.length ? " " : "", known[i]);
	return found.text ? found.text : strdup("none");
}

/* Performance units the kernel has a driver for: a first hint; only a trial tells. */
static FACT_READER(pmu)
{
	size_t n;
	struct assay_str found = {0};
	char **names = proc_list(files->root, argument, "", &n, why);
	for (size_t i = 0; names && i < n; i++)
		if (strncmp(names[i], "cpu", 3) == 0 || strncmp(names[i], "armv", 4) == 0)
			assay_str_add(&found, "%s%s", found.length ? " " : "", names[i]);
	bool listed = names != NULL;
	proc_list_free(names, n);
	if (found.text || !listed)
		return found.text;
	return fact_none(why,
			 "the kernel drives no hardware performance unit (common in virtual "
			 "machines)");
}

/* Highest of all thermal zones. */
static FACT_READER(temperature)
{
	size_t n;
	uint64_t hottest = 0;
	char **zones = proc_list(files->root, argument, "thermal_zone", &n, why);
	for (size_t i = 0; zones && i < n; i++) {
		char path[120];
		uint64_t milli;
		snprintf(path, sizeof(path), "%s/%.40s/temp", argument, zones[i]);
		if (proc_read_u64(files->root, path, &milli, NULL) && milli > hottest)
			hottest = milli;
	}
	bool listed = zones != NULL;
	proc_list_free(zones, n);
	if (!hottest)
		return listed ? fact_none(why, "no thermal zone to read") : NULL;
	char text[32];
	snprintf(text, sizeof(text), "%.1f C", (double)hottest / 1000);
	return strdup(text);
}

static FACT_READER(throttles)
{
	size_t n;
	uint64_t sum = 0;
	bool any = false;
	char **cpus = proc_list(files->root, argument, "cpu", &n, why);
	for (size_t i = 0; cpus && i < n; i++) {
		char path[120];
		uint64_t count;
		snprintf(path, sizeof(path), "%s/%.20s/thermal_throttle/core_throttle_count",
			 argument, cpus[i]);
		if (proc_read_u64(files->root, path, &count, NULL)) {
			sum += count;
			any = true;
		}
	}
	proc_list_free(cpus, n);
	if (!any)
		return fact_none(why, "no thermal_throttle counters here");
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, sum);
	return strdup(text);
}

#define CPU "/sys/devices/system/cpu"

const struct fact_row fact_rows_cpu[] = {
	{"cpu.vendor", true, either_field, "vendor_id|CPU implementer"},
	{"cpu.family", true, either_field, "cpu family|CPU architecture"},
	{"cpu.model", true, either_field, "model|CPU part"},
	{"cpu.stepping", true, either_field, "stepping|CPU revision"},
	{"cpu.name", true, fact_cpuinfo, "model name"},
	{"cpu.microcode", true, fact_cpuinfo, "microcode"},
	{"cpu.vectors", true, vector_flags, NULL},
	{"cpu.flags_hash", true, flags_hash, NULL},
	{"cpu.smt", true, smt, CPU "/smt/active"},
	{"cpu.online", true, fact_line, CPU "/online"},
	{"cpu.offline", true, fact_line, CPU "/offline"},
	{"cpu.isolated", true, fact_line, CPU "/isolated"},
	{"cpu.nohz_full", true, fact_line, CPU "/nohz_full"},
	{"cpu.frequency_driver", true, cpufreq_of_all, "scaling_driver"},
	{"cpu.governor", true, cpufreq_of_all, "scaling_governor"},
	{"cpu.energy_preference", true, cpufreq_of_all, "energy_performance_preference"},
	{"cpu.base_khz", true, cpufreq_of_all, "base_frequency"},
	{"cpu.max_khz", true, cpufreq_of_all, "scaling_max_freq"},
	{"cpu.boost", true, boost, NULL},
	{"cpu.mhz_now", false, fact_cpuinfo, "cpu MHz"},
	{"cpu.idle_driver", true, fact_line, CPU "/cpuidle/current_driver"},
	{"cpu.idle_governor", true, fact_line, CPU "/cpuidle/current_governor"},
	{"cpu.idle_states", true, idle_states, CPU "/cpu0/cpuidle"},
	{"cpu.mitigations", true, mitigations, CPU "/vulnerabilities"},
	{"cpu.hypervisor", true, hypervisor, NULL},
	{"cpu.pmu", true, pmu, "/sys/bus/event_source/devices"},
	{"cpu.temperature", false, temperature, "/sys/class/thermal"},
	{"cpu.throttles", false, throttles, CPU},
	{"clock.source", true, fact_line,
	 "/sys/devices/system/clocksource/clocksource0/current_clocksource"},
	{"clock.tsc", true, tsc, NULL},
	{0},
};
