/* SPDX-License-Identifier: MIT */
/* facts_kernel: the kernel, its knobs, memory, and the machine around it (DMI, GPU). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "harness/base/str.h"
#include "harness/machine/facts.h"
#include "harness/machine/tree.h"

static FACT_READER(kernel_name)
{
	struct utsname name;
	if (uname(&name) != 0)
		return fact_none(why, strerror(errno));
	const char *part = strcmp(argument, "release") == 0   ? name.release
			   : strcmp(argument, "version") == 0 ? name.version
							      : name.machine;
	return strdup(part);
}

/* Parameters that change how fast things run, or what can be measured; "driver." stands for all of
 * a driver's own. By allow-list: command lines also hold names, addresses and secrets. */
static const char *const known_parameters[] = {
	"mitigations isolcpus nohz nohz_full rcu_nocbs irqaffinity nosmt maxcpus nr_cpus mem",
	"intel_pstate amd_pstate cpufreq. cpuidle. intel_idle. processor. idle haltpoll.",
	"cpuidle_haltpoll. tsc clocksource hpet skew_tick preempt threadirqs sched_vcpu_pack",
	"transparent_hugepage hugepages hugepagesz default_hugepagesz numa numa_balancing",
	"page_reporting. init_on_alloc init_on_free slab_nomerge nokaslr pti nopti kpti spectre_v2",
	"nospectre_v1 nospectre_v2 l1tf mds retbleed srbds gather_data_sampling",
	"spec_store_bypass_disable psi nowatchdog nmi_watchdog audit iommu intel_iommu amd_iommu",
};

/* Does `word` set the parameter: as "parameter", "parameter=..." or, for "driver.", any of its own? */
static bool sets(const char *word, const char *parameter, size_t n)
{
	if (strncmp(word, parameter, n) != 0)
		return false;
	return parameter[n - 1] == '.' || word[n] == '\0' || word[n] == '=';
}

static bool matters(const char *word)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(known_parameters); i++) {
		for (const char *known = known_parameters[i]; *known;) {
			size_t n = strcspn(known, " ");
			if (sets(word, known, n))
				return true;
			known += n;
			known += strspn(known, " ");
		}
	}
	return false;
}

char *facts_kernel_parameters(const char *cmdline)
{
	struct assay_str kept = {0};
	char *copy = strdup(cmdline), *rest = copy;
	for (char *word; copy && (word = strsep(&rest, " ")) != NULL;) {
		if (strcmp(word, "--") == 0)
			break; /* what follows belongs to init */
		if (matters(word))
			assay_str_add(&kept, "%s%s", kept.length ? " " : "", word);
	}
	free(copy);
	return kept.text ? kept.text : strdup("");
}

static FACT_READER(parameters)
{
	if (!files->cmdline)
		return fact_none(why, "no /proc/cmdline here");
	char *kept = facts_kernel_parameters(files->cmdline);
	if (!kept || kept[0])
		return kept;
	free(kept);
	return strdup("none that matters");
}

static FACT_READER(distribution)
{
	ASSAY_AUTO_FREE char *text = proc_read(files->root, "/etc/os-release", why);
	ASSAY_AUTO_FREE char *name = text ? proc_field(text, "PRETTY_NAME", '=') : NULL;
	if (!name)
		return text ? fact_none(why, "/etc/os-release names none") : NULL;
	size_t n = strlen(name);
	bool quoted = n >= 2 && name[0] == '"' && name[n - 1] == '"';
	return quoted ? strndup(name + 1, n - 2) : strdup(name);
}

/* Installed memory: what the kernel keeps for itself would make two equal machines differ. */
static FACT_READER(memory_installed)
{
	uint64_t bytes = sysfs_memory_bytes(files->root);
	if (!bytes)
		return fact_none(why, "no MemTotal in /proc/meminfo");
	char text[32];
	snprintf(text, sizeof(text), "%" PRIu64 " GiB", tree_installed_bytes(bytes) >> 30);
	return strdup(text);
}

static FACT_READER(meminfo)
{
	if (!files->meminfo)
		return fact_none(why, "no /proc/meminfo here");
	char *value = proc_field(files->meminfo, argument, ':');
	if (!value)
		snprintf(why->text, sizeof(why->text), "/proc/meminfo has no '%s'", argument);
	return value;
}

/* SMBIOS structures follow each other: type, length, handle, fields; then texts up to two NULs. */
unsigned facts_dimm_speed(const unsigned char *table, size_t n)
{
	enum { MEMORY_DEVICE = 17, CONFIGURED_SPEED = 0x20, HEADER = 4 };
	size_t at = 0;
	while (at + HEADER <= n && table[at + 1] >= HEADER && at + table[at + 1] <= n) {
		size_t length = table[at + 1];
		if (table[at] == MEMORY_DEVICE && length >= CONFIGURED_SPEED + 2) {
			const unsigned char *field = &table[at + CONFIGURED_SPEED];
			unsigned speed = field[0] | (unsigned)field[1] << 8;
			if (speed != 0 && speed != 0xffff)
				return speed;
		}
		at += length;
		while (at + 1 < n && (table[at] || table[at + 1]))
			at++;
		at += 2;
	}
	return 0;
}

static FACT_READER(dimm_speed)
{
	char path[512];
	snprintf(path, sizeof(path), "%s%s", files->root, argument);
	FILE *file = fopen(path, "re");
	if (!file) {
		snprintf(why->text, sizeof(why->text), "%s: %s", argument, strerror(errno));
		return NULL;
	}
	enum { MOST_BYTES = 256 * 1024 };
	unsigned char *table = malloc(MOST_BYTES);
	size_t n = table ? fread(table, 1, MOST_BYTES, file) : 0;
	fclose(file);
	unsigned speed = table ? facts_dimm_speed(table, n) : 0;
	free(table);
	if (!speed)
		return fact_none(why, "the SMBIOS table states no speed");
	char text[32];
	snprintf(text, sizeof(text), "%u MT/s", speed);
	return strdup(text);
}

static FACT_READER(load_average)
{
	char *line = proc_read_line(files->root, "/proc/loadavg", why);
	/* "0.08 0.04 0.01 1/94 8038": the rest says who, not how much. */
	for (int blanks = 0, i = 0; line && line[i]; i++)
		if (line[i] == ' ' && ++blanks == 3)
			line[i] = '\0';
	return line;
}

static FACT_READER(steal_since_boot)
{
	struct proc_ticks ticks;
	ASSAY_AUTO_FREE char *stat = proc_read(files->root, "/proc/stat", why);
	if (!stat)
		return NULL;
	if (!proc_stat_ticks(stat, &ticks) || !ticks.total)
		return fact_none(why, "/proc/stat counts no stolen time");
	char text[32];
	snprintf(text, sizeof(text), "%.2f %%", 100.0 * (double)ticks.steal / (double)ticks.total);
	return strdup(text);
}

static FACT_READER(clock_sync)
{
	struct timex state = {0};
	int rc = adjtimex(&state);
	if (rc < 0)
		return fact_none(why, strerror(errno));
	return strdup(rc == TIME_ERROR || (state.status & STA_UNSYNC) ? "not synchronised"
								      : "synchronised");
}

static FACT_READER(gpu_driver)
{
	ASSAY_AUTO_FREE char *line =
		proc_read_line(files->root, "/proc/driver/nvidia/version", why);
	if (!line)
		return fact_none(why, "no NVIDIA kernel driver is loaded");
	return strdup(line);
}

/* "NVIDIA H100; NVIDIA H100": models only, no UUID: they would name the machine. */
static FACT_READER(gpu_models)
{
	size_t n;
	struct assay_str text = {0};
	char **gpus = proc_list(files->root, "/proc/driver/nvidia/gpus", "", &n, why);
	for (size_t i = 0; gpus && i < n; i++) {
		char path[160];
		snprintf(path, sizeof(path), "/proc/driver/nvidia/gpus/%.60s/information", gpus[i]);
		ASSAY_AUTO_FREE char *information = proc_read(files->root, path, why);
		ASSAY_AUTO_FREE char *model =
			information ? proc_field(information, "Model", ':') : NULL;
		if (model)
			assay_str_add(&text, "%s%s", text.length ? "; " : "", model);
	}
	proc_list_free(gpus, n);
	return text.text ? text.text : fact_none(why, "no NVIDIA kernel driver is loaded");
}

#define SYS    "/proc/sys/"
#define THP    "/sys/kernel/mm/transparent_hugepage/"
#define DMI_ID "/sys/class/dmi/id/"

const struct fact_row fact_rows_kernel[] = {
	{"kernel.release", true, kernel_name, "release"},
	{"kernel.version", true, kernel_name, "version"},
	{"kernel.architecture", true, kernel_name, "machine"},
	{"kernel.parameters", true, parameters, NULL},
	{"kernel.aslr", true, fact_line, SYS "kernel/randomize_va_space"},
	{"kernel.numa_balancing", true, fact_line, SYS "kernel/numa_balancing"},
	{"kernel.perf_event_paranoid", true, fact_line, SYS "kernel/perf_event_paranoid"},
	{"kernel.nmi_watchdog", true, fact_line, SYS "kernel/nmi_watchdog"},
	{"kernel.autogroup", true, fact_line, SYS "kernel/sched_autogroup_enabled"},
	{"os.name", true, distribution, NULL},
	{"memory.installed", true, memory_installed, NULL},
	{"memory.available", false, meminfo, "MemAvailable"},
	{"memory.swap_total", true, meminfo, "SwapTotal"},
	{"memory.swap_free", false, meminfo, "SwapFree"},
	{"memory.huge_page", true, meminfo, "Hugepagesize"},
	{"memory.huge_pages", true, meminfo, "HugePages_Total"},
	{"memory.thp", true, fact_selected, THP "enabled"},
	{"memory.thp_defrag", true, fact_selected, THP "defrag"},
	{"memory.ksm", true, fact_line, "/sys/kernel/mm/ksm/run"},
	{"memory.overcommit", true, fact_line, SYS "vm/overcommit_memory"},
	{"memory.swappiness", true, fact_line, SYS "vm/swappiness"},
	{"memory.zone_reclaim", true, fact_line, SYS "vm/zone_reclaim_mode"},
	{"memory.dimm_speed", true, dimm_speed, "/sys/firmware/dmi/tables/DMI"},
	{"machine.vendor", true, fact_line, DMI_ID "sys_vendor"},
	{"machine.product", true, fact_line, DMI_ID "product_name"},
	{"machine.bios", true, fact_line, DMI_ID "bios_version"},
	{"load.average", false, load_average, NULL},
	{"load.pressure_cpu", false, fact_line, "/proc/pressure/cpu"},
	{"load.pressure_memory", false, fact_line, "/proc/pressure/memory"},
	{"load.pressure_io", false, fact_line, "/proc/pressure/io"},
	{"load.steal_since_boot", false, steal_since_boot, NULL},
	{"clock.sync", false, clock_sync, NULL},
	{"gpu.driver", true, gpu_driver, NULL},
	{"gpu.models", true, gpu_models, NULL},
	{0},
};
