/* SPDX-License-Identifier: MIT */
/* powercap: energy of whole packages, through the kernel's powercap zones (RAPL). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/source.h"

enum { MOST_PACKAGES = 16 };
static const char event_name[] = "package_energy";
static const char root[] = "/sys/class/powercap/intel-rapl:";

struct state {
	unsigned n;
	double before_uj[MOST_PACKAGES], range_uj[MOST_PACKAGES];
	uint64_t started_ns;
	bool running;
};

/* One number of a zone; 0 or an errno. */
static int read_zone(unsigned zone, const char *name, double *ret)
{
	char path[96];
	snprintf(path, sizeof(path), "%s%u/%s", root, zone, name);
	FILE *file = fopen(path, "re");
	if (!file)
		return errno;
	int rc = fscanf(file, "%lf", ret) == 1 ? 0 : EIO;
	fclose(file);
	return rc;
}

static enum assay_code probe(struct assay_err *err)
{
	double value;
	int error = read_zone(0, "energy_uj", &value);
	if (error == EACCES || error == EPERM)
		return assay_fail(
			err, ASSAY_SKIP,
			"energy may be read by root only: 'chmod a+r %s0/energy_uj', or run as "
			"root",
			root);
	if (error)
		return assay_fail(err, ASSAY_SKIP,
				  "no powercap zone: this processor or hypervisor shows no energy");
	return ASSAY_OK;
}

static bool is_ours(const struct assay_count *count)
{
	return strcmp(count->event, event_name) == 0 ||
	       strcmp(count->event, "powercap:package_energy") == 0;
}

static enum assay_code open_counts(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	struct assay_err why = {0};
	bool usable = probe(&why) == ASSAY_OK, any = false;
	*ret_state = NULL;
	for (size_t i = 0; i < n; i++) {
		if (counts[i].quality != ASSAY_UNAVAILABLE)
			continue;
		if (!is_ours(&counts[i])) {
			if (strncmp(counts[i].event, "powercap:", 9) == 0)
				assay_copy(counts[i].reason, sizeof(counts[i].reason),
					   "powercap has package_energy alone");
			continue;
		}
		assay_copy(counts[i].reason, sizeof(counts[i].reason),
			   usable ? "of whole packages, everything that ran on them" : why.text);
		if (!usable)
			continue;
		assay_copy(counts[i].source, sizeof(counts[i].source), "powercap");
		assay_copy(counts[i].unit, sizeof(counts[i].unit), "J");
		counts[i].quality = ASSAY_EXACT;
		any = true;
	}
	if (!any)
		return ASSAY_OK;
	*ret_state = calloc(1, sizeof(struct state));
	return *ret_state ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "powercap: out of memory");
}

static enum assay_code start(void *state, struct assay_err *err)
{
	struct state *s = state;
	if (s->running)
		return assay_fail(err, ASSAY_EBUG, "powercap: started twice");
	s->running = true;
	s->started_ns = assay_now_ns();
	for (s->n = 0; s->n < MOST_PACKAGES; s->n++)
		if (read_zone(s->n, "energy_uj", &s->before_uj[s->n]) != 0 ||
		    read_zone(s->n, "max_energy_range_uj", &s->range_uj[s->n]) != 0)
			break;
	return s->n ? ASSAY_OK : assay_fail(err, ASSAY_EIO, "powercap: the zones are gone");
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	struct state *s = state;
	double total_uj = 0;
	if (!s->running)
		return assay_fail(err, ASSAY_EBUG, "powercap: stopped without start");
	s->running = false;
	for (unsigned zone = 0; zone < s->n; zone++) {
		double after;
		if (read_zone(zone, "energy_uj", &after) != 0)
			return assay_fail(err, ASSAY_EIO, "powercap: a zone is gone");
		total_uj += after - s->before_uj[zone] +
			    (after < s->before_uj[zone] ? s->range_uj[zone] : 0); /* wrapped */
	}
	for (size_t i = 0; i < n; i++) {
		if (!is_ours(&counts[i]) || strcmp(counts[i].source, "powercap") != 0)
			continue;
		counts[i].value = total_uj / 1e6;
		counts[i].raw = (uint64_t)total_uj;
		counts[i].enabled_ns = counts[i].running_ns = assay_now_ns() - s->started_ns;
	}
	return ASSAY_OK;
}

static void close_state(void *state)
{
	free(state);
}

const struct assay_source assay_source_powercap = {
	.name = "powercap",
	.brief = "energy of the processor's packages (RAPL)",
	.events = (const char *const[]){event_name, NULL},
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
};
