/* SPDX-License-Identifier: MIT */
/* counting: open counters on a thread by asking each source in turn for what is still missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/engine/gang.h"

static size_t n_sources(const struct gang *gang)
{
	size_t n = 0;
	while (gang->sources[n])
		n++;
	return n;
}

static size_t n_events(const struct assay_run *run)
{
	size_t n = 0;
	while (n < GANG_MAX_EVENTS && run->counts[n].event[0])
		n++;
	return n;
}

/* Is the event one that this very source is there for? */
static bool claims(const struct assay_source *source, const char *event)
{
	for (const char *const *e = source->events; e && *e; e++)
		if (strcmp(*e, event) == 0)
			return true;
	return false;
}

/* Does the source count in this pass? */
static bool takes_part(const struct gang *gang, const struct assay_source *source)
{
	return gang->only ? gang->only == source : !source->alone;
}

static bool has_prefix(const struct assay_source *source, const char *event)
{
	size_t length = strlen(source->name);
	return strncmp(event, source->name, length) == 0 && event[length] == ':';
}

/* The source as a whole is out: that is the reason, unless an earlier one said more. */
static void refuse(struct assay_run *run, const struct assay_source *source,
		   const struct assay_err *err)
{
	for (size_t i = 0; i < n_events(run); i++)
		if (run->counts[i].quality == ASSAY_UNAVAILABLE &&
		    (claims(source, run->counts[i].event) ||
		     (source->alone && has_prefix(source, run->counts[i].event)) ||
		     (!source->events && !run->counts[i].reason[0])))
			assay_copy(run->counts[i].reason, sizeof(run->counts[i].reason), err->text);
}

bool counting_wanted(struct assay_run *run, const struct assay_source *source)
{
	struct assay_err err = {0};
	bool wanted = false;
	for (size_t i = 0; i < n_events(run); i++)
		wanted |= run->counts[i].quality == ASSAY_UNAVAILABLE &&
			  (claims(source, run->counts[i].event) ||
			   has_prefix(source, run->counts[i].event));
	if (!wanted || !source->probe || source->probe(&err) == ASSAY_OK)
		return wanted;
	refuse(run, source, &err);
	return false;
}

/* What earlier passes counted stays as it is. */
static void name_counts(struct assay_run *run, const char *const *events)
{
	if (run->gang->only)
		return;
	memset(run->counts, 0, sizeof(run->counts));
	for (size_t i = 0; i < GANG_MAX_EVENTS && events[i]; i++)
		assay_copy(run->counts[i].event, sizeof(run->counts[i].event), events[i]);
}

void counting_open(struct assay_run *run, const char *const *events)
{
	if (run->counting)
		return;
	name_counts(run, events);
	size_t n = n_events(run);
	size_t sources = n_sources(run->gang);
	run->counting = calloc(sources + 1, sizeof(*run->counting));
	for (size_t s = 0; run->counting && s < sources; s++) {
		const struct assay_source *source = run->gang->sources[s];
		struct assay_err err = {0};
		if (!takes_part(run->gang, source))
			continue;
		enum assay_code rc = source->probe ? source->probe(&err) : ASSAY_OK;
		if (rc == ASSAY_OK)
			rc = source->open(run->counts, n, &run->counting[s], &err);
		if (rc != ASSAY_OK)
			refuse(run, source, &err);
	}
}

/* A source that breaks half-way takes its numbers with it, and says why. */
static void give_up(struct assay_run *run, const struct assay_source *source,
		    const struct assay_err *err)
{
	for (size_t i = 0; i < n_events(run); i++) {
		if (strcmp(run->counts[i].source, source->name) != 0)
			continue;
		run->counts[i].quality = ASSAY_UNAVAILABLE;
		assay_copy(run->counts[i].reason, sizeof(run->counts[i].reason), err->text);
	}
}

void counting_start(struct assay_run *run)
{
	for (size_t s = 0; run->counting && run->gang->sources[s]; s++) {
		const struct assay_source *source = run->gang->sources[s];
		struct assay_err err = {0};
		if (run->counting[s] && source->start(run->counting[s], &err) != ASSAY_OK)
			give_up(run, source, &err);
	}
}

void counting_stop(struct assay_run *run)
{
	for (size_t s = 0; run->counting && run->gang->sources[s]; s++) {
		const struct assay_source *source = run->gang->sources[s];
		struct assay_err err = {0};
		if (!run->counting[s])
			continue;
		enum assay_code rc =
			source->stop(run->counting[s], run->counts, n_events(run), &err);
		if (rc == ASSAY_OK && source->trace) {
			pthread_mutex_lock(&run->gang->lock);
			rc = source->trace(run->counting[s], &run->gang->trace, &err);
			pthread_mutex_unlock(&run->gang->lock);
		}
		if (rc != ASSAY_OK)
			give_up(run, source, &err);
	}
}

void counting_close(struct assay_run *run)
{
	run->recount = false;
	for (size_t s = 0; run->counting && run->gang->sources[s]; s++)
		if (run->counting[s] && run->gang->sources[s]->again)
			run->recount |= run->gang->sources[s]->again(run->counting[s]);
	if (run->recount && run->gang->recounts && gang_ok(run->gang))
		return;
	run->recount = false;
	for (size_t s = 0; run->counting && run->gang->sources[s]; s++)
		if (run->counting[s])
			run->gang->sources[s]->close(run->counting[s]);
	free(run->counting);
	run->counting = NULL;
}
