/* SPDX-License-Identifier: MIT */
/* perf_session: one descriptor per event, inherited, read with its times. */
#include "profiler/perf_session.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "profiler/natives.h"
#include "profiler/perf.h"

static const char prefix[] = "perf:";

static int kernel_open(struct perf_event_attr *attr)
{
	return perf_open(attr, 0, -1, -1);
}

static int kernel_enable(int fd, bool on)
{
	return ioctl(fd, on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0) ? errno : 0;
}

static int kernel_read(int fd, struct perf_value *ret)
{
	ssize_t n;
	while ((n = read(fd, ret, sizeof(*ret))) < 0 && errno == EINTR)
		;
	return n == (ssize_t)sizeof(*ret) ? 0 : n < 0 ? errno : EIO;
}

static void kernel_close(int fd)
{
	close(fd);
}

const struct perf_calls perf_calls_kernel = {kernel_open, kernel_enable, kernel_read, kernel_close};

#define CACHE(level, result)                                                \
	((PERF_COUNT_HW_CACHE_##level) | PERF_COUNT_HW_CACHE_OP_READ << 8 | \
	 PERF_COUNT_HW_CACHE_RESULT_##result << 16)

/* What the kernel itself has a name for. */
static const struct event {
	const char *name;
	const char *unit;
	uint32_t type;
	uint64_t config;
	bool in_kernel; /* happens only there: not to be had without its side */
	bool must_move; /* any work at all makes it move */
	double factor;  /* of a processor's own event; 0: 1 */
} events[] = {
	{"task_clock", "ns", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, false, true},
	{"page_faults", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, false, false},
	{"minor_faults", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN, false, false},
	{"major_faults", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ, false, false},
	{"context_switches", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, true, false},
	{"cpu_migrations", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, true, false},
	{"alignment_faults", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS, false, false},
	{"cycles", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, false, true},
	{"instructions", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, false, true},
	{"branches", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, false, true},
	{"branch_misses", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, false, false},
	{"cache_references", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES, false, false},
	{"cache_misses", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, false, false},
	{"l1d_misses", "", PERF_TYPE_HW_CACHE, CACHE(L1D, MISS), false, false},
	{"dtlb_misses", "", PERF_TYPE_HW_CACHE, CACHE(DTLB, MISS), false, false},
	{"dtlb_loads", "", PERF_TYPE_HW_CACHE, CACHE(DTLB, ACCESS), false, false},
};

struct slot {
	char event[sizeof(((struct assay_count *)0)->event)];
	int fd;
	double factor;
	struct perf_value before; /* at the start of the region */
};

struct perf_session {
	const struct perf_calls *calls;
	struct slot *slots;
	size_t n;
	bool running;
};

static const struct event *find(const char *name)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(events); i++)
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	return NULL;
}

/* "r01c2": the processor's own number of an event, in hexadecimal. */
static bool raw_number(const char *text, uint64_t *ret)
{
	char *end;
	if (*text != 'r' || !text[1] || strlen(text) > 17 ||
	    strspn(text + 1, "0123456789abcdefABCDEF") != strlen(text + 1))
		return false;
	*ret = strtoull(text + 1, &end, 16);
	return true;
}

/* What to ask the kernel for; false with a reason for a name that means nothing. */
static bool describe(const struct assay_count *count, struct event *ret, char *reason, size_t size)
{
	bool own = strncmp(count->event, prefix, strlen(prefix)) == 0;
	const char *name = count->event + (own ? strlen(prefix) : 0);
	const struct event *known = find(name);
	struct native native = {.factor = 1};
	if (known) {
		*ret = *known;
		return true;
	}
	if (own ? raw_number(name, &native.config) : natives_here(name, &native)) {
		*ret = (struct event){name,  "",    PERF_TYPE_RAW, native.config,
				      false, false, native.factor};
		return true;
	}
	if (own)
		snprintf(
			reason, size,
			"perf_event has no event '%.40s'; perf:rHEX is one by the processor's number",
			name);
	else
		natives_reason(name, reason, size);
	return false;
}

static void explain(int error, const struct event *event, const struct pmu_facts *facts,
		    char *reason, size_t size)
{
	bool hardware = event->type != PERF_TYPE_SOFTWARE;
	bool refused = error == EACCES || error == EPERM;
	if (refused && event->in_kernel)
		pmu_kernel_reason(facts, reason, size);
	else if (hardware && facts->error)
		pmu_reason(facts, reason, size);
	else if (hardware && (error == ENOENT || error == EINVAL || error == EOPNOTSUPP))
		snprintf(reason, size, "this processor's performance unit does not count it");
	else
		perf_reason(error, reason, size);
}

/* Both sides where that is permitted; else the user's alone, and a remark. 0 or a negative errno. */
static int open_event(struct perf_session *s, const struct event *event, char *remark, size_t size)
{
	struct perf_event_attr attr = {
		.type = event->type,
		.config = event->config,
		.disabled = 1,
		.inherit = 1, /* the threads of a pool that is started later count as well */
		.exclude_hv = 1,
		.exclude_kernel = event->type != PERF_TYPE_SOFTWARE,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	int fd = s->calls->open(&attr);
	if ((fd != -EACCES && fd != -EPERM) || attr.exclude_kernel || event->in_kernel)
		return fd;
	attr.exclude_kernel = 1;
	fd = s->calls->open(&attr);
	if (fd >= 0 && strcmp(event->unit, "ns") != 0)
		assay_copy(remark, size, "outside the kernel only");
	return fd;
}

/* By trial: what opens may still never count, because somebody else holds the unit. 0 or an errno. */
static int try_event(const struct perf_calls *calls, int fd, bool must_move)
{
	struct perf_value value = {0};
	int error = calls->enable(fd, true);
	for (volatile int i = 0; i < 20000; i++)
		;
	if (!error)
		error = calls->enable(fd, false);
	if (!error)
		error = calls->read(fd, &value);
	if (!error && value.running_ns == 0)
		error = EBUSY;
	return !error && must_move && value.raw == 0 ? ENOENT : error;
}

static void take(struct perf_session *s, const struct pmu_facts *facts, struct assay_count *count)
{
	char remark[sizeof(count->reason)] = "", reason[sizeof(count->reason)] = "";
	struct event event;
	bool own = strncmp(count->event, prefix, strlen(prefix)) == 0;
	if (!own && strchr(count->event, ':'))
		return; /* another source's business */
	if (!describe(count, &event, reason, sizeof(reason))) {
		if (own || !count->reason[0])
			assay_copy(count->reason, sizeof(count->reason), reason);
		return;
	}
	int fd = open_event(s, &event, remark, sizeof(remark));
	int error = fd < 0 ? -fd : try_event(s->calls, fd, event.must_move);
	if (error) {
		if (fd >= 0)
			s->calls->close(fd);
		explain(error, &event, facts, reason, sizeof(reason));
		if (own || !count->reason[0])
			assay_copy(count->reason, sizeof(count->reason), reason);
		return;
	}
	struct slot *slot = &s->slots[s->n++];
	slot->fd = fd;
	slot->factor = event.factor > 0 ? event.factor : 1;
	assay_copy(slot->event, sizeof(slot->event), count->event);
	assay_copy(count->source, sizeof(count->source), "perf");
	assay_copy(count->unit, sizeof(count->unit), event.unit);
	assay_copy(count->reason, sizeof(count->reason), remark);
	count->quality = ASSAY_EXACT;
}

enum assay_code perf_session_open(const struct perf_calls *calls, const struct pmu_facts *facts,
				  struct assay_count *counts, size_t n, struct perf_session **ret,
				  struct assay_err *err)
{
	struct perf_session *s = calloc(1, sizeof(*s));
	*ret = NULL;
	if (s)
		s->slots = calloc(n + 1, sizeof(*s->slots));
	if (!s || !s->slots) {
		free(s);
		return assay_fail(err, ASSAY_ENOMEM, "perf: out of memory");
	}
	s->calls = calls;
	for (size_t i = 0; i < n; i++)
		if (counts[i].quality == ASSAY_UNAVAILABLE)
			take(s, facts, &counts[i]);
	if (s->n == 0)
		perf_session_close(s);
	else
		*ret = s;
	return ASSAY_OK;
}

enum assay_code perf_session_start(struct perf_session *s, struct assay_err *err)
{
	if (s->running)
		return assay_fail(err, ASSAY_EBUG, "perf: started twice");
	for (size_t i = 0; i < s->n; i++) {
		struct slot *slot = &s->slots[i];
		int error = s->calls->read(slot->fd, &slot->before);
		if (!error)
			error = s->calls->enable(slot->fd, true);
		if (error)
			return assay_fail(err, ASSAY_EIO, "perf: start %s: %s", slot->event,
					  strerror(error));
	}
	s->running = true;
	return ASSAY_OK;
}

static const struct slot *slot_of(const struct perf_session *s, const char *event)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->slots[i].event, event) == 0)
			return &s->slots[i];
	return NULL;
}

/*
 * What was added since the start. Not by resetting: that leaves the times as they are, and what threads
 * counted that have ended since.
 */
static struct perf_value since(const struct perf_value *before, const struct perf_value *now)
{
	return (struct perf_value){now->raw - before->raw, now->enabled_ns - before->enabled_ns,
				   now->running_ns - before->running_ns};
}

/* Scaled in floating point: the product of a count and a time does not fit into 64 bits. */
static void fill(struct assay_count *count, const struct perf_value *v)
{
	double share = v->enabled_ns ? (double)v->running_ns / (double)v->enabled_ns : 0;
	count->raw = v->raw;
	count->enabled_ns = v->enabled_ns;
	count->running_ns = v->running_ns;
	count->value = share > 0 ? (double)v->raw / share : 0;
	count->quality = v->running_ns == v->enabled_ns ? ASSAY_EXACT : ASSAY_SCALED;
	if (share >= PERF_RUNNING_LEAST)
		return;
	count->quality = ASSAY_UNAVAILABLE;
	count->value = 0;
	if (v->running_ns == 0)
		assay_copy(
			count->reason, sizeof(count->reason),
			"never had its turn on the performance unit: ask for fewer events at once");
	else
		snprintf(
			count->reason, sizeof(count->reason),
			"counted %.0f %% of the time only, by turns with other events: ask for fewer "
			"at once",
			100 * share);
}

enum assay_code perf_session_stop(struct perf_session *s, struct assay_count *counts, size_t n,
				  struct assay_err *err)
{
	if (!s->running)
		return assay_fail(err, ASSAY_EBUG, "perf: stopped without start");
	s->running = false;
	int error = 0;
	for (size_t i = 0; i < s->n && !error; i++)
		error = s->calls->enable(s->slots[i].fd, false);
	for (size_t i = 0; i < n && !error; i++) {
		const struct slot *slot = slot_of(s, counts[i].event);
		struct perf_value value = {0};
		if (!slot || strcmp(counts[i].source, "perf") != 0)
			continue;
		error = s->calls->read(slot->fd, &value);
		value = since(&slot->before, &value);
		if (!error)
			fill(&counts[i], &value);
		counts[i].value *= slot->factor;
	}
	return error ? assay_fail(err, ASSAY_EIO, "perf: read: %s", strerror(error)) : ASSAY_OK;
}

void perf_session_close(struct perf_session *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		s->calls->close(s->slots[i].fd);
	free(s->slots);
	free(s);
}
