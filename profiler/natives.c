/* SPDX-License-Identifier: MIT */
/* natives: read natives.txt, find the section of this processor. */
#include "profiler/natives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "harness/base/str.h"

void natives_cpu_read(struct natives_cpu *ret)
{
	*ret = (struct natives_cpu){"", 0, 0};
#if defined(__x86_64__) || defined(__i386__)
	unsigned a, b, c, d;
	if (!__get_cpuid(0, &a, &b, &c, &d))
		return;
	memcpy(ret->vendor, &b, 4);
	memcpy(ret->vendor + 4, &d, 4);
	memcpy(ret->vendor + 8, &c, 4);
	if (!__get_cpuid(1, &a, &b, &c, &d))
		return;
	ret->family = (a >> 8 & 15) + ((a >> 8 & 15) == 15 ? a >> 20 & 255 : 0);
	ret->model = (a >> 4 & 15) | (a >> 16 & 15) << 4;
#elif defined(__aarch64__)
	unsigned long long midr = 0;
	FILE *file = fopen("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1", "re");
	if (!file)
		return;
	if (fscanf(file, "%llx", &midr) == 1) {
		memcpy(ret->vendor, "Arm", sizeof("Arm"));
		ret->family = (unsigned)(midr >> 24 & 0xff);
		ret->model = (unsigned)(midr >> 4 & 0xfff);
	}
	fclose(file);
#endif
}

/* One line without its end to line[size]; where the next one begins, or NULL after the last. */
static const char *next_line(const char *text, char *line, size_t size)
{
	const char *end = strchr(text, '\n');
	size_t n = end ? (size_t)(end - text) : strlen(text);
	if (n >= size)
		n = size - 1;
	memcpy(line, text, n);
	line[n] = '\0';
	return end ? end + 1 : NULL;
}

static bool in_range(const char *word, int base, unsigned value)
{
	char *end;
	unsigned long from = strtoul(word, &end, base), to = from;
	if (*end == '-')
		to = strtoul(end + 1, &end, base);
	return !*end && value >= from && value <= to;
}

/* "[unit] vendor family model...": is it about this processor? */
static bool section_matches(char *line, const struct natives_cpu *cpu, char *unit, size_t size)
{
	char *cursor = line + 1, *name = strsep(&cursor, "]");
	char *vendor = cursor ? strtok_r(cursor, " ", &cursor) : NULL;
	char *family = vendor ? strtok_r(NULL, " ", &cursor) : NULL;
	int base = vendor && strcmp(vendor, "Arm") == 0 ? 16 : 10;
	if (!family || strcmp(vendor, cpu->vendor) != 0 || !in_range(family, base, cpu->family))
		return false;
	for (char *model; (model = strtok_r(NULL, " ", &cursor));)
		if (in_range(model, base, cpu->model)) {
			assay_copy(unit, size, name);
			return true;
		}
	return false;
}

bool natives_find(const char *text, const struct natives_cpu *cpu, const char *event,
		  struct native *ret)
{
	char line[200], unit[40] = "", name[64], config[32], papi[64];
	bool here = false;
	while (text) {
		text = next_line(text, line, sizeof(line));
		if (line[0] == '[') {
			here = section_matches(line, cpu, unit, sizeof(unit));
			continue;
		}
		if (!here || line[0] == '#' ||
		    sscanf(line, "%63s %31s %lf %63s", name, config, &ret->factor, papi) != 4 ||
		    strcmp(name, event) != 0)
			continue;
		ret->config = strtoull(config, NULL, 16);
		ret->papi[0] = '\0';
		if (strcmp(papi, "-") != 0)
			snprintf(ret->papi, sizeof(ret->papi), "%s::%s", unit, papi);
		return true;
	}
	return false;
}

bool natives_here(const char *event, struct native *ret)
{
	struct natives_cpu cpu;
	natives_cpu_read(&cpu);
	return natives_find(natives_text, &cpu, event, ret);
}

bool natives_know(const char *event)
{
	char line[200], name[64];
	for (const char *text = natives_text; text;) {
		text = next_line(text, line, sizeof(line));
		if (line[0] != '[' && line[0] != '#' && sscanf(line, "%63s", name) == 1 &&
		    strcmp(name, event) == 0)
			return true;
	}
	return false;
}

const char *natives_reason(const char *event, char *reason, size_t size)
{
	struct natives_cpu cpu;
	natives_cpu_read(&cpu);
	if (natives_know(event))
		snprintf(
			reason, size,
			"its number on this processor (%s family %u model %u) is not known to assay",
			cpu.vendor[0] ? cpu.vendor : "unknown", cpu.family, cpu.model);
	else
		snprintf(reason, size, "perf_event has no event '%.60s'", event);
	return reason;
}
