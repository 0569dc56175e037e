/* SPDX-License-Identifier: MIT */
/* profile_cases: benchmarks under the sampler. */
#include <stdlib.h>
#include <string.h>

#include "cli/counters.h"
#include "cli/profile.h"
#include "cli/run_request.h"
#include "cli/settings.h"
#include "harness/engine/guard.h"
#include "harness/engine/launch.h"
#include "harness/machine/topology.h"

enum { SECONDS_PER_CASE = 1 };

/* When the timed loops of one worker ran, and everything else it said. */
struct spans {
	struct sampler_span *list;
	size_t n, capacity;
	struct assay_collect *collect;
};

static enum assay_code take_record(void *context, enum assay_frame_type type, const void *payload,
				   size_t length, struct assay_err *err)
{
	struct spans *spans = context;
	struct assay_span_frame frame;
	if (type != ASSAY_FRAME_SPAN)
		return assay_collect_record(spans->collect, type, payload, length, err);
	if (length != sizeof(frame))
		return assay_fail(err, ASSAY_EPARSE, "the worker sent a malformed record");
	memcpy(&frame, payload, sizeof(frame));
	if (spans->n == spans->capacity) {
		size_t capacity = spans->capacity ? spans->capacity * 2 : 64;
		struct sampler_span *larger = realloc(spans->list, capacity * sizeof(*larger));
		if (!larger)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for spans");
		spans->list = larger;
		spans->capacity = capacity;
	}
	spans->list[spans->n++] = (struct sampler_span){frame.begin_ns, frame.end_ns};
	return ASSAY_OK;
}

/* What the subject wants in its environment and what the sampler wants, one after the other. */
static const char **join(const char *const *a, const char *const *b)
{
	size_t n = 0, k = 0;
	for (size_t i = 0; a && a[i]; i++)
		n++;
	for (size_t i = 0; b && b[i]; i++)
		n++;
	const char **all = calloc(n + 1, sizeof(*all));
	for (size_t i = 0; all && a && a[i]; i++)
		all[k++] = a[i];
	for (size_t i = 0; all && b && b[i]; i++)
		all[k++] = b[i];
	return all;
}

struct session {
	struct cli *cli;
	struct run_request request;
	const struct profile_means *means;
	const char *const *events; /* NULL: none */
	char **device_events;      /* of cases that use devices, or NULL; owned */
	struct profiled_case *cases;
	size_t n_cases;
};

static enum assay_code launch(const struct session *s, const struct assay_planned *planned,
			      const char *const *environment, struct spans *spans,
			      struct assay_outcome *ret, struct assay_err *err)
{
	const struct run_request *q = &s->request;
	const struct assay_subject_entry *subject = planned->c.subject;
	ASSAY_AUTO_FREE const char **all =
		join(subject ? subject->subject->environment : NULL, environment);
	const struct assay_job job = {
		.case_name = planned->c.name,
		.cpus = planned->cpus,
		.n_cpus = planned->cpus ? planned->c.threads : 0,
		.seed = q->seed,
		.effort = {.samples = (unsigned)q->samples, .time_ns = q->time_ns},
		.driver = q->driver,
		.events = s->events,
		.spans = true,
	};
	const struct assay_launch what = {
		.program = s->cli->program,
		.plugins = assay_registry_plugins(s->cli->registry),
		.job = &job,
		.environment = all,
		.n_threads = planned->c.threads,
		.timeout_ns = q->timeout_ns + q->time_ns,
		.interrupted = s->means->interrupted,
		.sandbox = s->means->bwrap,
		.reads = sampler_reads(s->means->sampler),
		.writes = sampler_writes(s->means->sampler),
	};
	if (!all)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	return assay_launch_run(&what, take_record, spans, ret, err);
}

/* Its stacks, and a place among the cases that are judged in the end. */
static enum assay_code keep(struct session *s, const struct assay_planned *planned,
			    const struct spans *spans, const struct assay_outcome *outcome,
			    struct profile_list *list, struct assay_err *err)
{
	/* Without a single span all of it was something else than the timed loop. */
	const struct sampler_span never = {0, 0};
	const struct sampler_view view = {
		.title = planned->c.name,
		.spans = spans->n ? spans->list : &never,
		.n_spans = spans->n ? spans->n : 1,
		.root = "run_body",
	};
	struct profiled_case *one = &s->cases[s->n_cases];
	struct assay_stacks *stacks = NULL;
	enum assay_code rc = sampler_finish(s->means->sampler, &view, &stacks, err);
	if (rc == ASSAY_OK)
		rc = profile_list_add(list, stacks, err);
	if (rc == ASSAY_OK)
		rc = assay_collect_end(&one->collect, outcome->status, outcome->reason, err);
	one->planned = planned;
	one->at = list->n ? list->n - 1 : 0;
	if (rc == ASSAY_OK && one->collect.traced) { /* it lives longer than the records */
		list->figures[one->at].gpu = one->collect.trace;
		one->collect.trace = (struct assay_gpu_trace){0};
		one->collect.traced = false;
	}
	s->n_cases += rc == ASSAY_OK;
	return rc;
}

/* A bad end of a case is said, not fatal: what was sampled of it is shown all the same. */
static enum assay_code profile_one(struct session *s, const struct assay_planned *planned,
				   struct profile_list *list, int *ret_exit, struct assay_err *err)
{
	const char *const *environment;
	struct spans spans = {.collect = &s->cases[s->n_cases].collect};
	struct assay_outcome outcome = {0};
	assay_collect_begin(spans.collect);
	enum assay_code rc = sampler_start(s->means->sampler, &environment, err);
	if (rc == ASSAY_OK)
		rc = launch(s, planned, environment, &spans, &outcome, err);
	if (rc == ASSAY_OK && outcome.status == ASSAY_STATUS_SKIPPED) {
		cli_note(s->cli, "%s: skipped: %s", planned->c.name, outcome.reason);
		assay_collect_done(spans.collect);
		*spans.collect = (struct assay_collect){0};
	} else if (rc == ASSAY_OK) {
		rc = keep(s, planned, &spans, &outcome, list, err);
		if (outcome.status != ASSAY_STATUS_OK) {
			cli_warn(s->cli, "%s: %s: %s", planned->c.name,
				 assay_status_name(outcome.status), outcome.reason);
			*ret_exit = CLI_FAILED;
		}
	}
	free(spans.list);
	return rc;
}

static bool uses_devices(const struct assay_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (strcmp(plan->cases[i].c.bench->suite, "gpu") == 0)
			return true;
	return false;
}

/* What was asked for, else what the advice is made of, or what devices do; allocations are a matter of their own. */
static enum assay_code choose_events(struct session *s, const struct cli_args *args,
				     const struct assay_plan *plan, const struct advisor *advisor,
				     struct assay_err *err)
{
	size_t n;
	if (cli_value(args, "counters"))
		s->events = (const char *const *)s->request.events;
	else if (cli_flag(args, "allocations"))
		s->events = NULL;
	else if (!uses_devices(plan))
		s->events = advisor_events(advisor);
	else if (counters_expand(s->cli, "gpu", &s->device_events, &n, err) != ASSAY_OK)
		return err->code;
	if (s->device_events)
		s->events = (const char *const *)s->device_events;
	return ASSAY_OK;
}

static enum assay_code profile_plan(struct session *s, const struct assay_plan *plan,
				    struct profile_list *list, int *ret_exit, struct assay_err *err)
{
	enum assay_code rc = assay_guard_start(err);
	for (size_t i = 0; rc == ASSAY_OK && i < plan->n && !*s->means->interrupted; i++) {
		const struct assay_planned *planned = &plan->cases[i];
		if (planned->skip) {
			cli_note(s->cli, "%s: skipped: %s", planned->c.name, planned->skip);
			continue;
		}
		cli_note(s->cli, "[%zu/%zu] %s", i + 1, plan->n, planned->c.name);
		rc = profile_one(s, planned, list, ret_exit, err);
	}
	return rc == ASSAY_EINTR ? ASSAY_OK : rc; /* what was taken before is shown */
}

enum assay_code profile_cases(struct cli *cli, const struct cli_args *args,
			      const struct profile_means *means, struct profile_list *ret,
			      int *ret_exit, struct assay_err *err)
{
	struct session *s = calloc(1, sizeof(*s)); /* the CPU list makes it large */
	struct assay_topology *topology = NULL;
	struct assay_plan plan = {0};
	struct advisor *advisor = NULL;
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	s->cli = cli;
	s->means = means;
	enum assay_code rc = run_request_read(cli, args, &s->request, err);
	if (rc == ASSAY_OK && !config_get(cli->config, "time"))
		s->request.time_ns = SECONDS_PER_CASE * 1000000000ull;
	if (rc == ASSAY_OK)
		rc = assay_topology_load(NULL, &topology, err);
	if (rc == ASSAY_OK)
		rc = run_request_plan(cli, &s->request, topology, &plan, err);
	if (rc == ASSAY_OK)
		rc = advice_rules(&advisor, err);
	if (rc == ASSAY_OK)
		rc = choose_events(s, args, &plan, advisor, err);
	if (rc == ASSAY_OK) {
		s->cases = calloc(plan.n + 1, sizeof(*s->cases));
		rc = s->cases
			     ? profile_plan(s, &plan, ret, ret_exit, err)
			     : assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu cases", plan.n);
	}
	if (rc == ASSAY_OK && !cli_flag(args, "allocations"))
		rc = profile_judge_cases(cli, s->cases, s->n_cases, ret, err);
	if (rc == ASSAY_OK && !ret->n && !*means->interrupted)
		rc = assay_fail(err, ASSAY_SKIP, "none of these cases is possible here");
	for (size_t i = 0; s->cases && i <= s->n_cases; i++)
		assay_collect_done(&s->cases[i].collect);
	free(s->cases);
	for (size_t i = 0; s->device_events && s->device_events[i]; i++)
		free(s->device_events[i]);
	free(s->device_events);
	advisor_free(advisor);
	assay_plan_done(&plan);
	assay_topology_free(topology);
	run_request_done(&s->request);
	free(s);
	return rc;
}
