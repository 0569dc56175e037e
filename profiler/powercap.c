/* SPDX-License-Identifier: MIT */
/* powercap: energy of whole packages, through the kernel's powercap zones (RAPL). */
#include "profiler/powercap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/source.h"

static const char energy_name[] = "package_energy", power_name[] = "package_power";
static const char folder[] = "/sys/class/powercap";

/*
 * The threads of a region each ask, and their counts are added up: each has its share of what belongs to all of
 * them. Nobody else knows how many they are.
 */
static _Atomic unsigned sharing;

struct state {
	const char *folder;
	struct powercap_reading before;
	uint64_t started_ns;
	bool running;
};

/* First line of a file of a zone; 0 or an errno. */
static int read_file(const char *from, unsigned zone, const char *name, char *text, size_t size)
{
	char path[320];
	if ((size_t)snprintf(path, sizeof(path), "%s/intel-rapl:%u/%s", from, zone, name) >=
	    sizeof(path))
		return ENAMETOOLONG;
	FILE *file = fopen(path, "re");
	if (!file)
		return errno;
	int rc = fgets(text, (int)size, file) ? 0 : EIO;
	fclose(file);
	return rc;
}

static int read_number(const char *from, unsigned zone, const char *name, double *ret)
{
	char text[64];
	int error = read_file(from, zone, name, text, sizeof(text));
	return error ? error : sscanf(text, "%lf", ret) == 1 ? 0 : EIO;
}

static bool is_package(const char *from, unsigned zone)
{
	char name[64];
	return read_file(from, zone, "name", name, sizeof(name)) == 0 &&
	       strncmp(name, "package", strlen("package")) == 0;
}

int powercap_read(const char *from, struct powercap_reading *ret)
{
	*ret = (struct powercap_reading){0};
	for (unsigned zone = 0; zone < POWERCAP_MOST; zone++) {
		if (!is_package(from, zone))
			continue;
		int error = read_number(from, zone, "energy_uj", &ret->energy_uj[ret->n]);
		if (!error)
			error = read_number(from, zone, "max_energy_range_uj",
					    &ret->range_uj[ret->n]);
		if (error)
			return error;
		ret->zone[ret->n++] = zone;
	}
	return ret->n ? 0 : ENOENT;
}

double powercap_spent_uj(const struct powercap_reading *before,
			 const struct powercap_reading *after)
{
	double total_uj = 0;
	for (size_t b = 0, a = 0; b < before->n && a < after->n;) {
		if (before->zone[b] != after->zone[a]) {
			*(before->zone[b] < after->zone[a] ? &b : &a) += 1;
			continue;
		}
		double uj = after->energy_uj[a] - before->energy_uj[b];
		total_uj += uj < 0 ? uj + before->range_uj[b] : uj;
		a++, b++;
	}
	return total_uj;
}

static enum assay_code probe_in(const char *from, struct assay_err *err)
{
	struct powercap_reading now;
	int error = powercap_read(from, &now);
	if (error == EACCES || error == EPERM)
		return assay_fail(
			err, ASSAY_SKIP,
			"energy may be read by root only: 'chmod a+r %s/intel-rapl:*/energy_uj', "
			"or run as root",
			from);
	if (error)
		return assay_fail(err, ASSAY_SKIP,
				  "no powercap zone: this processor or hypervisor shows no energy");
	return ASSAY_OK;
}

static enum assay_code probe(struct assay_err *err)
{
	return probe_in(folder, err);
}

static bool is_ours(const struct assay_count *count)
{
	const char *name = count->event + (strncmp(count->event, "powercap:", 9) == 0 ? 9 : 0);
	return strcmp(name, energy_name) == 0 || strcmp(name, power_name) == 0;
}

static bool is_power(const struct assay_count *count)
{
	return strstr(count->event, power_name) != NULL;
}

enum assay_code powercap_open(const char *from, struct assay_count *counts, size_t n,
			      void **ret_state, struct assay_err *err)
{
	struct assay_err why = {0};
	bool usable = probe_in(from, &why) == ASSAY_OK, any = false;
	*ret_state = NULL;
	for (size_t i = 0; i < n; i++) {
		if (counts[i].quality != ASSAY_UNAVAILABLE)
			continue;
		if (!is_ours(&counts[i])) {
			if (strncmp(counts[i].event, "powercap:", 9) == 0)
				assay_copy(counts[i].reason, sizeof(counts[i].reason),
					   "powercap has package_energy and package_power alone");
			continue;
		}
		assay_copy(counts[i].reason, sizeof(counts[i].reason),
			   usable ? "of whole packages, everything that ran on them" : why.text);
		if (!usable)
			continue;
		assay_copy(counts[i].source, sizeof(counts[i].source), "powercap");
		assay_copy(counts[i].unit, sizeof(counts[i].unit),
			   is_power(&counts[i]) ? "W" : "J");
		counts[i].quality = ASSAY_EXACT;
		any = true;
	}
	if (!any)
		return ASSAY_OK;
	struct state *s = *ret_state = calloc(1, sizeof(*s));
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "powercap: out of memory");
	s->folder = from;
	sharing++;
	return ASSAY_OK;
}

static enum assay_code open_counts(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	return powercap_open(folder, counts, n, ret_state, err);
}

static enum assay_code start(void *state, struct assay_err *err)
{
	struct state *s = state;
	if (s->running)
		return assay_fail(err, ASSAY_EBUG, "powercap: started twice");
	s->running = true;
	s->started_ns = assay_now_ns();
	int error = powercap_read(s->folder, &s->before);
	return error ? assay_fail(err, ASSAY_EIO, "powercap: %s", strerror(error)) : ASSAY_OK;
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	struct state *s = state;
	struct powercap_reading after;
	if (!s->running)
		return assay_fail(err, ASSAY_EBUG, "powercap: stopped without start");
	s->running = false;
	int error = powercap_read(s->folder, &after);
	if (error)
		return assay_fail(err, ASSAY_EIO, "powercap: %s", strerror(error));
	double joules = powercap_spent_uj(&s->before, &after) / 1e6 / sharing;
	uint64_t ns = assay_now_ns() - s->started_ns;
	for (size_t i = 0; i < n; i++) {
		if (!is_ours(&counts[i]) || strcmp(counts[i].source, "powercap") != 0)
			continue;
		counts[i].value = is_power(&counts[i]) ? 1e9 * joules / (double)ns : joules;
		counts[i].raw = (uint64_t)(1e6 * counts[i].value);
		counts[i].enabled_ns = counts[i].running_ns = ns;
	}
	return ASSAY_OK;
}

static void close_state(void *state)
{
	if (state)
		sharing--;
	free(state);
}

const struct assay_source assay_source_powercap = {
	.name = "powercap",
	.brief = "energy of the processor's packages (RAPL)",
	.events = (const char *const[]){energy_name, power_name, NULL},
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
};
