/* SPDX-License-Identifier: MIT */
/*
 * proc: what /proc tells of this thread and of the whole machine: bytes read and written, pressure, time
 * stolen by the hypervisor. One thread's figures and the machine's are told apart by their names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/source.h"

/*
 * A number in a file: after `key` at the beginning of a line; in that line the `field`th number, from 0.
 */
static const struct event {
	const char *name;
	const char *unit;
	const char *path;
	const char *key;
	int field;
	double factor;
	const char *missing; /* why the file may not be there */
} events[] = {
	{"io_read_bytes", "B", "/proc/thread-self/io", "rchar:", 0, 1,
	 "kernel without task I/O accounting"},
	{"io_write_bytes", "B", "/proc/thread-self/io", "wchar:", 0, 1,
	 "kernel without task I/O accounting"},
	{"disk_read_bytes", "B", "/proc/thread-self/io", "read_bytes:", 0, 1,
	 "kernel without task I/O accounting"},
	{"disk_write_bytes", "B", "/proc/thread-self/io", "write_bytes:", 0, 1,
	 "kernel without task I/O accounting"},
	{"machine_steal_time", "ns", "/proc/stat", "cpu ", 7, 1e7, "no /proc/stat"},
	{"machine_cpu_pressure", "ns", "/proc/pressure/cpu", "some", 3, 1e3,
	 "kernel without pressure stall information (CONFIG_PSI)"},
	{"machine_memory_pressure", "ns", "/proc/pressure/memory", "some", 3, 1e3,
	 "kernel without pressure stall information (CONFIG_PSI)"},
	{"machine_io_pressure", "ns", "/proc/pressure/io", "some", 3, 1e3,
	 "kernel without pressure stall information (CONFIG_PSI)"},
};

/* Their logical names again, for those who ask. */
static const char *const names[] = {
	"io_read_bytes",           "io_write_bytes",      "disk_read_bytes",
	"disk_write_bytes",        "machine_steal_time",  "machine_cpu_pressure",
	"machine_memory_pressure", "machine_io_pressure", NULL};

struct state {
	double before[ASSAY_COUNT_OF(events)];
	uint64_t started_ns;
	bool wanted[ASSAY_COUNT_OF(events)];
	bool running;
};

/* Position in the table, or -1. "proc:NAME" is the same as NAME. */
static int find(const char *name)
{
	if (strncmp(name, "proc:", 5) == 0)
		name += 5;
	for (size_t i = 0; i < ASSAY_COUNT_OF(events); i++)
		if (strcmp(events[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* The field in a line behind its key: digits that follow a blank or '='. */
static bool number_in(const char *line, int field, double *ret)
{
	for (const char *at = line; *at; at++) {
		if ((*at != ' ' && *at != '=') || at[1] < '0' || at[1] > '9')
			continue;
		if (field-- == 0) {
			*ret = strtod(at + 1, NULL);
			return true;
		}
	}
	return false;
}

static bool read_event(const struct event *event, double *ret)
{
	char line[512];
	bool found = false;
	FILE *file = fopen(event->path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		if (strncmp(line, event->key, strlen(event->key)) == 0)
			found = number_in(line + strlen(event->key) - 1, event->field, ret);
	if (file)
		fclose(file);
	if (found)
		*ret *= event->factor;
	return found;
}

static enum assay_code probe(struct assay_err *err)
{
	double value;
	for (size_t i = 0; i < ASSAY_COUNT_OF(events); i++)
		if (read_event(&events[i], &value))
			return ASSAY_OK;
	return assay_fail(err, ASSAY_SKIP, "/proc is not mounted here");
}

static void take(struct state *s, struct assay_count *count)
{
	bool own = strncmp(count->event, "proc:", 5) == 0;
	int i = find(count->event);
	double value;
	if (i < 0) {
		if (own)
			snprintf(count->reason, sizeof(count->reason), "/proc has no event '%.60s'",
				 count->event + 5);
		return;
	}
	if (!read_event(&events[i], &value)) {
		snprintf(count->reason, sizeof(count->reason), "%s is not there: %s",
			 events[i].path, events[i].missing);
		return;
	}
	s->wanted[i] = true;
	assay_copy(count->source, sizeof(count->source), "proc");
	assay_copy(count->unit, sizeof(count->unit), events[i].unit);
	assay_copy(count->reason, sizeof(count->reason),
		   strncmp(events[i].name, "machine_", 8) == 0 ? "of the whole machine" : "");
	count->quality = ASSAY_EXACT;
}

static enum assay_code open_counts(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	struct state *s = calloc(1, sizeof(*s));
	bool any = false;
	*ret_state = NULL;
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "proc: out of memory");
	for (size_t i = 0; i < n; i++)
		if (counts[i].quality == ASSAY_UNAVAILABLE)
			take(s, &counts[i]);
	for (size_t i = 0; i < ASSAY_COUNT_OF(events); i++)
		any |= s->wanted[i];
	if (any)
		*ret_state = s;
	else
		free(s);
	return ASSAY_OK;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	struct state *s = state;
	if (s->running)
		return assay_fail(err, ASSAY_EBUG, "proc: started twice");
	s->running = true;
	s->started_ns = assay_now_ns();
	for (size_t i = 0; i < ASSAY_COUNT_OF(events); i++)
		if (s->wanted[i] && !read_event(&events[i], &s->before[i]))
			return assay_fail(err, ASSAY_EIO, "proc: %s is gone", events[i].path);
	return ASSAY_OK;
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	struct state *s = state;
	if (!s->running)
		return assay_fail(err, ASSAY_EBUG, "proc: stopped without start");
	s->running = false;
	for (size_t i = 0; i < n; i++) {
		int e = find(counts[i].event);
		double after;
		if (e < 0 || strcmp(counts[i].source, "proc") != 0)
			continue;
		if (!read_event(&events[e], &after))
			return assay_fail(err, ASSAY_EIO, "proc: %s is gone", events[e].path);
		counts[i].value = after > s->before[e] ? after - s->before[e] : 0;
		counts[i].raw = (uint64_t)counts[i].value;
		counts[i].enabled_ns = counts[i].running_ns = assay_now_ns() - s->started_ns;
	}
	return ASSAY_OK;
}

static void close_state(void *state)
{
	free(state);
}

const struct assay_source assay_source_proc = {
	.name = "proc",
	.brief = "bytes of input and output, pressure and stolen time, from /proc",
	.events = names,
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
};
