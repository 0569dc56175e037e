/* SPDX-License-Identifier: MIT */
/* diagnosis: trying out what can be measured here: clocks, quiet, counters, the store's folder. */
#include "cli/diagnosis.h"

#include <errno.h>
#include <libgen.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/devices.h"
#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/store/filesystem.h"
#include "profiler/groups.h"

/* Best of several batches: the cost of one reading while nothing interferes. */
static double cost_ns(uint64_t (*clock)(void))
{
	enum { BATCHES = 20, READINGS = 1000 };
	double best = 1e9;
	for (int i = 0; i < BATCHES; i++) {
		uint64_t start = assay_now_ns();
		for (int k = 0; k < READINGS; k++)
			clock();
		double each = (double)(assay_now_ns() - start) / READINGS;
		best = each < best ? each : best;
	}
	return best;
}

static uint64_t read_clock(void)
{
	return assay_now_ns();
}

static uint64_t read_cpu_clock(void)
{
	return assay_thread_cpu_ns();
}

static void measure_clocks(struct diagnosis *d)
{
	d->core_clock_hz = assay_core_clock_hz();
	d->tick_ns = assay_clock_tick_ns();
	d->clock_cost_ns = cost_ns(read_clock);
	d->cpu_clock_cost_ns = cost_ns(read_cpu_clock);
}

static void list_event(struct diagnosis *d, const char *event)
{
	for (size_t i = 0; i < d->n_events; i++)
		if (strcmp(d->events[i].event, event) == 0)
			return;
	if (d->n_events == DIAGNOSIS_EVENTS)
		return;
	struct assay_count *count = &d->events[d->n_events++];
	assay_copy(count->event, sizeof(count->event), event);
}

/* What is counted by default, and what any group of counters needs. */
static void list_events(struct diagnosis *d)
{
	struct counter_groups groups;
	for (size_t i = 0; assay_default_events[i]; i++)
		list_event(d, assay_default_events[i]);
	if (counter_groups_read(groups_text, &groups, NULL) != ASSAY_OK)
		return;
	for (size_t i = 0; i < groups.n; i++)
		for (const char *const *e = groups.groups[i].events; *e; e++)
			list_event(d, *e);
	counter_groups_done(&groups);
}

/* What this source would count if it were the only one. */
static void try_alone(struct diagnosis *d, size_t which)
{
	const struct assay_source *source = d->sources[which].source;
	struct assay_count *counts = calloc(d->n_events, sizeof(*counts));
	void *state = NULL;
	for (size_t i = 0; counts && i < d->n_events; i++)
		assay_copy(counts[i].event, sizeof(counts[i].event), d->events[i].event);
	if (counts && source->open(counts, d->n_events, &state, NULL) == ASSAY_OK)
		source->close(state);
	for (size_t i = 0; counts && i < d->n_events; i++)
		d->counted[i][which] = counts[i].quality != ASSAY_UNAVAILABLE;
	free(counts);
}

static bool claims(const struct assay_source *source, const char *event)
{
	for (const char *const *e = source->events; e && *e; e++)
		if (strcmp(*e, event) == 0)
			return true;
	return false;
}

/* Let one source try the events nobody counts yet: only a trial tells what works. */
static void try_source(struct diagnosis *d, struct diagnosis_source *entry)
{
	const struct assay_source *source = entry->source;
	struct assay_err err = {0};
	void *state = NULL;
	enum assay_code rc = source->probe ? source->probe(&err) : ASSAY_OK;
	if (rc == ASSAY_OK)
		rc = source->open(d->events, d->n_events, &state, &err);
	source->close(state);
	entry->usable = rc == ASSAY_OK;
	if (entry->usable)
		return;
	assay_copy(entry->reason, sizeof(entry->reason), err.text);
	for (size_t i = 0; i < d->n_events; i++)
		if (d->events[i].quality == ASSAY_UNAVAILABLE &&
		    (claims(source, d->events[i].event) ||
		     (!source->events && !d->events[i].reason[0])))
			assay_copy(d->events[i].reason, sizeof(d->events[i].reason), err.text);
}

static void try_sources(struct diagnosis *d, const struct assay_registry *registry)
{
	const struct assay_source *const *sources = assay_registry_sources(registry);
	list_events(d);
	for (size_t i = 0; sources[i] && d->n_sources < DIAGNOSIS_SOURCES; i++) {
		struct diagnosis_source *entry = &d->sources[d->n_sources++];
		entry->source = sources[i];
		try_source(d, entry);
		if (entry->usable)
			try_alone(d, i);
	}
}

/* Is `folder` at or below the mount point? */
static bool below(const char *folder, const char *mount)
{
	size_t n = strlen(mount);
	if (n && mount[n - 1] == '/')
		n--;
	return strncmp(folder, mount, n) == 0 && (folder[n] == '/' || folder[n] == '\0');
}

/* Type of the innermost mount that holds the folder. */
static void find_filesystem(struct diagnosis_store *store)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	if (!mounts)
		return;
	size_t longest = 0;
	char text[4096];
	struct mntent entry;
	while (getmntent_r(mounts, &entry, text, sizeof(text))) {
		size_t n = strlen(entry.mnt_dir);
		if (n < longest || !below(store->folder, entry.mnt_dir))
			continue;
		longest = n; /* later mounts hide earlier ones at the same place */
		assay_sanitise(store->filesystem, sizeof(store->filesystem), entry.mnt_type);
	}
	endmntent(mounts);
}

static void look_at_store(const char *db, struct diagnosis_store *store)
{
	char copy[PATH_MAX];
	store->exists = access(db, F_OK) == 0;
	if (!assay_copy(copy, sizeof(copy), db) || !realpath(dirname(copy), store->folder)) {
		snprintf(store->problem, sizeof(store->problem), "its folder: %s", strerror(errno));
		return;
	}
	find_filesystem(store);
	store->local = store_path_local(store->folder);
	if (access(store->folder, W_OK) != 0)
		snprintf(store->problem, sizeof(store->problem), "its folder: %s", strerror(errno));
	else if (store->exists && access(db, R_OK | W_OK) != 0)
		snprintf(store->problem, sizeof(store->problem), "the file: %s", strerror(errno));
}

static void advise(struct diagnosis *d, const char *what, const char *why, const char *command)
{
	if (d->n_advice < DIAGNOSIS_ADVICE)
		d->advice[d->n_advice++] = (struct assay_advice){what, why, command};
}

static bool counts_cycles(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->n_events; i++)
		if (strcmp(d->events[i].event, "cycles") == 0)
			return d->events[i].quality != ASSAY_UNAVAILABLE;
	return false;
}

static void collect_advice(struct diagnosis *d)
{
	if (d->noise.grade >= 'C')
		advise(d, "the machine is busy right now", d->noise.reason,
		       "ps -eo pcpu,pid,comm --sort=-pcpu | head");
	if (d->store.problem[0])
		advise(d, "results cannot be stored here", d->store.problem,
		       "assay --db /var/tmp/results.db ...");
	else if (!d->store.local)
		advise(d, "the store is not on a file system known to be local",
		       "write-ahead logging is unsafe there: every result waits for the disk",
		       "assay --db /var/tmp/results.db ...");
	d->n_advice += assay_environment_advice(&d->environment, d->advice + d->n_advice,
						DIAGNOSIS_ADVICE - d->n_advice);
	if (!counts_cycles(d))
		advise(d, "no hardware counters",
		       "cycles are derived from time and the measured clock, instructions and cache "
		       "misses are unknown; a hypervisor can give its guests a performance unit",
		       NULL);
}

enum assay_code diagnosis_make(const struct cli *cli, uint64_t probe_ns, struct diagnosis *ret,
			       struct assay_err *err)
{
	*ret = (struct diagnosis){0};
	/* First, before our own work shows up in the readings. */
	assay_noise_probe(probe_ns, &ret->noise);
	measure_clocks(ret);
	enum assay_code rc = assay_topology_load(NULL, &ret->topology, err);
	if (rc == ASSAY_OK)
		rc = assay_environment_read(&ret->environment, err);
	if (rc != ASSAY_OK) {
		diagnosis_done(ret);
		return rc;
	}
	try_sources(ret, cli->registry);
	look_at_store(cli->db, &ret->store);
	collect_advice(ret);
	ret->devices = devices_look(cli);
	return ret->devices ? ASSAY_OK
			    : assay_fail(err, ASSAY_ENOMEM, "doctor: out of memory for devices");
}

void diagnosis_done(struct diagnosis *diagnosis)
{
	if (!diagnosis)
		return;
	assay_topology_free(diagnosis->topology);
	diagnosis->topology = NULL;
	assay_environment_done(&diagnosis->environment);
	json_decref(diagnosis->devices);
	diagnosis->devices = NULL;
}

const char *diagnosis_fact(const struct diagnosis *diagnosis, const char *key, const char **ret_why)
{
	const struct assay_environment *environment = &diagnosis->environment;
	*ret_why = "";
	for (size_t i = 0; i < environment->n; i++) {
		if (strcmp(environment->facts[i].key, key) != 0)
			continue;
		if (environment->facts[i].unavailable)
			*ret_why = environment->facts[i].unavailable;
		return environment->facts[i].value;
	}
	return NULL;
}
