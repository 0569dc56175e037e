/* SPDX-License-Identifier: MIT */
/* papi_session: one EventSet per component, owned by one thread, filled by trial. */
#include "profiler/papi_session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "profiler/natives.h"
#include "profiler/papi_names.h"
#include "profiler/papi_trial.h"

enum { MAX_GROUPS = 4, MAX_EVENTS = 32, NO_SET = -1 };

/* PAPI binds an EventSet to one component and lets one run per component and thread. */
struct group {
	int component;
	int set;
	bool multiplexed;
	bool running;
	size_t n;
	int codes[MAX_EVENTS];
	long long values[MAX_EVENTS];
};

/* Where the count of one event is found. */
struct slot {
	char event[64];
	size_t group, position;
};

struct papi_session {
	const struct papi_calls *calls;
	pthread_t owner;
	bool running;
	uint64_t started_ns;
	struct group groups[MAX_GROUPS];
	size_t n_groups;
	struct slot *slots;
	size_t n_slots;
};

static void group_drop(const struct papi_calls *calls, struct group *group)
{
	if (group->set == NO_SET)
		return;
	calls->set_cleanup(group->set);
	calls->set_destroy(&group->set);
	group->set = NO_SET;
}

/* Make the group's EventSet anew from codes[n]. On failure there is no set. */
static int group_build(const struct papi_calls *calls, struct group *group, size_t n,
		       bool multiplexed)
{
	group_drop(calls, group);
	int status = calls->set_create(&group->set);
	if (status != PAPI_CALL_OK)
		return status;
	if (multiplexed) {
		status = calls->set_assign(group->set, group->component);
		if (status == PAPI_CALL_OK)
			status = calls->set_multiplex(group->set);
	}
	for (size_t i = 0; i < n && status == PAPI_CALL_OK; i++)
		status = calls->set_add(group->set, group->codes[i]);
	if (status != PAPI_CALL_OK) {
		group_drop(calls, group);
		return status;
	}
	group->n = n;
	group->multiplexed = multiplexed;
	return PAPI_CALL_OK;
}

/* Add one code: beside the others if they fit, by turns if they do not, else leave it out. */
static int group_add(const struct papi_calls *calls, struct group *group, int code)
{
	size_t n = group->n;
	bool multiplexed = group->multiplexed;
	if (n == MAX_EVENTS)
		return PAPI_CALL_CONFLICT;
	group->codes[n] = code;
	int status = group_build(calls, group, n + 1, multiplexed);
	if (status == PAPI_CALL_OK)
		return PAPI_CALL_OK;
	if (!multiplexed && group_build(calls, group, n + 1, true) == PAPI_CALL_OK)
		return PAPI_CALL_OK;
	int restored = n > 0 ? group_build(calls, group, n, multiplexed) : PAPI_CALL_OK;
	return restored == PAPI_CALL_OK ? status : restored;
}

static struct group *group_of(struct papi_session *s, int component)
{
	for (size_t i = 0; i < s->n_groups; i++)
		if (s->groups[i].component == component)
			return &s->groups[i];
	if (s->n_groups == MAX_GROUPS)
		return NULL;
	struct group *group = &s->groups[s->n_groups++];
	*group = (struct group){.component = component, .set = NO_SET};
	return group;
}

/* Give `code` a place in its component's group; the same code is counted once. */
static int place(struct papi_session *s, int code, struct slot *slot)
{
	struct group *group = group_of(s, s->calls->event_component(code));
	if (!group)
		return PAPI_CALL_CONFLICT;
	slot->group = (size_t)(group - s->groups);
	for (size_t i = 0; i < group->n; i++) {
		if (group->codes[i] == code) {
			slot->position = i;
			return PAPI_CALL_OK;
		}
	}
	slot->position = group->n;
	return group_add(s->calls, group, code);
}

/*
 * Try one PAPI name for a count: known to PAPI, counts when tried, fits beside the others. *told is
 * set when the reason is about more than the name being unknown here.
 */
static bool try_name(struct papi_session *s, const struct pmu_facts *facts, const char *name,
		     const struct papi_event *known, struct slot *slot, char *reason, size_t size,
		     bool *told)
{
	int code = 0;
	*told = false;
	if (s->calls->event_code(name, &code) != PAPI_CALL_OK) {
		snprintf(reason, size, "PAPI knows no event '%.60s' on this machine", name);
		return false;
	}
	int status = papi_trial(s->calls, code, known, reason, size);
	if (status == PAPI_TRIAL_DISBELIEVED) {
		*told = true;
		return false;
	}
	if (status == PAPI_CALL_OK)
		status = place(s, code, slot);
	if (status == PAPI_CALL_OK)
		return true;
	papi_explain(s->calls, facts, status, reason, size);
	*told = status != PAPI_CALL_NO_EVENT;
	return false;
}

static void accept(struct papi_session *s, struct assay_count *count, const char *unit,
		   struct slot *slot, const char *remark)
{
	assay_copy(count->source, sizeof(count->source), "papi");
	assay_copy(count->unit, sizeof(count->unit), unit);
	assay_copy(count->reason, sizeof(count->reason), remark);
	assay_copy(slot->event, sizeof(slot->event), count->event);
	count->quality = ASSAY_EXACT;
	s->slots[s->n_slots++] = *slot;
}

/* "papi:NAME": exactly that name. What it is known to be tells the witness and the unit. */
static void take_native(struct papi_session *s, const struct pmu_facts *facts,
			struct assay_count *count)
{
	const char *name = count->event + strlen("papi:");
	const struct papi_event *known = papi_event_of_native(name);
	struct slot slot = {0};
	char reason[sizeof(count->reason)] = "";
	bool told = false;
	if (try_name(s, facts, name, known, &slot, reason, sizeof(reason), &told)) {
		accept(s, count, known ? known->unit : "", &slot, reason);
		return;
	}
	assay_copy(count->reason, sizeof(count->reason), reason);
}

/* A logical event: the first of its names that works; else the reason, the machine's own first. */
static void take_logical(struct papi_session *s, const struct pmu_facts *facts,
			 struct assay_count *count)
{
	const struct papi_event *known = papi_event_find(count->event);
	struct slot slot = {0};
	char reason[sizeof(count->reason)] = "";
	if (!known) {
		if (!count->reason[0] && !natives_know(count->event)) /* else perf says more */
			snprintf(
				count->reason, sizeof(count->reason),
				"PAPI has nothing for '%.40s' (papi:NAME asks for a name of its own)",
				count->event);
		return;
	}
	if (known->hardware && pmu_reason(facts, reason, sizeof(reason))[0]) {
		assay_copy(count->reason, sizeof(count->reason), reason);
		return;
	}
	bool told = false; /* the first reason that tells something is kept */
	for (const char *const *name = known->names; *name; name++) {
		char why[sizeof(reason)] = "";
		bool tells = false;
		if (try_name(s, facts, *name, known, &slot, why, sizeof(why), &tells)) {
			accept(s, count, known->unit, &slot, why);
			return;
		}
		if (!told)
			assay_copy(reason, sizeof(reason), why);
		told = told || tells;
	}
	struct native native; /* for processors that this PAPI has no presets for */
	if (natives_here(count->event, &native) && native.papi[0] && native.factor == 1) {
		char why[sizeof(reason)] = "";
		bool tells;
		if (try_name(s, facts, native.papi, known, &slot, why, sizeof(why), &tells)) {
			accept(s, count, known->unit, &slot, why);
			return;
		}
	}
	assay_copy(count->reason, sizeof(count->reason), reason);
}

static void take(struct papi_session *s, const struct pmu_facts *facts, struct assay_count *count)
{
	if (strncmp(count->event, "papi:", strlen("papi:")) == 0)
		take_native(s, facts, count);
	else if (!strchr(count->event, ':')) /* another prefix is another source's business */
		take_logical(s, facts, count);
}

enum assay_code papi_session_open(const struct papi_calls *calls, const struct pmu_facts *facts,
				  struct assay_count *counts, size_t n, struct papi_session **ret,
				  struct assay_err *err)
{
	*ret = NULL;
	struct papi_session *s = calloc(1, sizeof(*s));
	if (s)
		s->slots = calloc(n ? n : 1, sizeof(*s->slots));
	if (!s || !s->slots) {
		free(s);
		return assay_fail(err, ASSAY_ENOMEM, "papi: out of memory");
	}
	s->calls = calls;
	s->owner = pthread_self();
	for (size_t i = 0; i < n; i++)
		if (counts[i].quality == ASSAY_UNAVAILABLE)
			take(s, facts, &counts[i]);
	if (s->n_slots == 0) {
		papi_session_close(s);
		return ASSAY_OK;
	}
	*ret = s;
	return ASSAY_OK;
}

static bool is_owner(const struct papi_session *s)
{
	return pthread_equal(s->owner, pthread_self()) != 0;
}

/* Stop every running group; the first failure's status. */
static int stop_groups(struct papi_session *s)
{
	int first = PAPI_CALL_OK;
	for (size_t i = 0; i < s->n_groups; i++) {
		struct group *group = &s->groups[i];
		if (!group->running)
			continue;
		int status = s->calls->set_stop(group->set, group->values);
		group->running = false;
		if (first == PAPI_CALL_OK)
			first = status;
	}
	return first;
}

enum assay_code papi_session_start(struct papi_session *s, struct assay_err *err)
{
	if (!is_owner(s))
		return assay_fail(err, ASSAY_EBUG, "papi: started on a thread that did not open");
	if (s->running)
		return assay_fail(err, ASSAY_EBUG, "papi: started twice");
	s->started_ns = assay_now_ns();
	for (size_t i = 0; i < s->n_groups; i++) {
		struct group *group = &s->groups[i];
		int status = group->n ? s->calls->set_start(group->set) : PAPI_CALL_OK;
		if (status != PAPI_CALL_OK) {
			stop_groups(s);
			return assay_fail(err, ASSAY_EIO, "papi: start: %s (%d)",
					  s->calls->error_text(status), status);
		}
		group->running = group->n > 0;
	}
	s->running = true;
	return ASSAY_OK;
}

static const struct slot *slot_of(const struct papi_session *s, const char *event)
{
	for (size_t i = 0; i < s->n_slots; i++)
		if (strcmp(s->slots[i].event, event) == 0)
			return &s->slots[i];
	return NULL;
}

/*
 * PAPI scales a multiplexed count itself and does not tell by how much, so the times stay 0; and a
 * 0 then may mean that the event never had its turn, which is not a count.
 */
static void fill_multiplexed(struct assay_count *count, long long value)
{
	count->quality = value > 0 ? ASSAY_SCALED : ASSAY_UNAVAILABLE;
	count->enabled_ns = count->running_ns = 0;
	assay_copy(count->reason, sizeof(count->reason),
		   value > 0 ? "took turns with other events; PAPI does not tell for how long"
			     : "took turns with other events and may never have counted");
}

static void fill(struct assay_count *count, const struct group *group, long long value,
		 uint64_t elapsed_ns)
{
	count->value = (double)value;
	count->raw = value > 0 ? (uint64_t)value : 0;
	count->quality = ASSAY_EXACT;
	count->enabled_ns = count->running_ns = elapsed_ns;
	if (group->multiplexed)
		fill_multiplexed(count, value);
}

enum assay_code papi_session_stop(struct papi_session *s, struct assay_count *counts, size_t n,
				  struct assay_err *err)
{
	if (!is_owner(s))
		return assay_fail(err, ASSAY_EBUG, "papi: stopped on a thread that did not open");
	if (!s->running)
		return assay_fail(err, ASSAY_EBUG, "papi: stopped without start");
	int status = stop_groups(s);
	uint64_t elapsed_ns = assay_now_ns() - s->started_ns;
	s->running = false;
	if (status != PAPI_CALL_OK)
		return assay_fail(err, ASSAY_EIO, "papi: stop: %s (%d)",
				  s->calls->error_text(status), status);
	for (size_t i = 0; i < n; i++) {
		const struct slot *slot = slot_of(s, counts[i].event);
		if (!slot || strcmp(counts[i].source, "papi") != 0)
			continue;
		const struct group *group = &s->groups[slot->group];
		fill(&counts[i], group, group->values[slot->position], elapsed_ns);
	}
	return ASSAY_OK;
}

void papi_session_close(struct papi_session *s)
{
	if (!s)
		return;
	/* From a foreign thread PAPI's sets are out of reach: they die with their thread. */
	if (is_owner(s)) {
		stop_groups(s);
		for (size_t i = 0; i < s->n_groups; i++)
			group_drop(s->calls, &s->groups[i]);
	}
	free(s->slots);
	free(s);
}
