/* SPDX-License-Identifier: MIT */
/* eta: durations of earlier runs, adjusted to the effort of this one, and to how it goes. */
#include "cli/eta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A case that was never measured here: its time, half as much for set-up and warming, and a process. */
#define UNKNOWN_SHARE 1.5
#define PROCESS_NS    5e7

/* And where no time is given: anybody's guess, until the first launch is over. */
#define GUESS_NS 5e8

/* The expectation weighs as much as so many measured ns when the pace is judged. */
#define TRUST_NS 2e9

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct eta_case *)a)->name, ((const struct eta_case *)b)->name);
}

static int elapsed_by_name(const void *a, const void *b)
{
	return strcmp(((const struct assay_elapsed *)a)->name,
		      ((const struct assay_elapsed *)b)->name);
}

/* Of one launch: what it took, with the time for its samples exchanged for ours. */
static double launch_ns(const struct assay_elapsed *before, const struct eta_effort *effort)
{
	double ns = (double)before->elapsed_ns / (double)before->launches;
	if (effort->time_ns >= ETA_UNLIMITED_NS || before->time_ns >= ETA_UNLIMITED_NS)
		return ns;
	double changed = ns + (double)effort->time_ns - (double)before->time_ns;
	return changed > ns / 10 ? changed : ns / 10; /* its samples may have taken less */
}

static double unknown_ns(const struct eta_effort *effort)
{
	double ns = effort->time_ns < ETA_UNLIMITED_NS ? (double)effort->time_ns : GUESS_NS;
	return ns * UNKNOWN_SHARE + PROCESS_NS;
}

enum assay_code eta_init(const struct assay_plan *plan, const struct eta_effort *effort,
			 const struct assay_elapsed_list *history,
			 bool (*known)(void *context, const char *name), void *context,
			 struct eta *ret, struct assay_err *err)
{
	*ret = (struct eta){.effort = *effort, .cases = calloc(plan->n + 1, sizeof(*ret->cases))};
	if (!ret->cases)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a plan of %zu cases",
				  plan->n);
	for (size_t i = 0; i < plan->n; i++) {
		const struct assay_planned *planned = &plan->cases[i];
		const struct assay_elapsed wanted = {.name = planned->c.name};
		if (planned->skip || (known && known(context, planned->c.name)))
			continue;
		const struct assay_elapsed *before =
			history->n ? bsearch(&wanted, history->cases, history->n,
					     sizeof(*history->cases), elapsed_by_name)
				   : NULL;
		double ns = before ? launch_ns(before, effort) : unknown_ns(effort);
		ret->cases[ret->n++] =
			(struct eta_case){planned->c.name, effort->anchored ? 2 * ns : ns};
		ret->remembered += before != NULL;
	}
	if (ret->n)
		qsort(ret->cases, ret->n, sizeof(*ret->cases), by_name);
	return ASSAY_OK;
}

void eta_done(struct eta *eta)
{
	free(eta->cases);
	*eta = (struct eta){0};
}

static double all_ns(const struct eta *eta)
{
	double sum = 0;
	for (size_t i = 0; i < eta->n; i++)
		sum += eta->cases[i].launch_ns;
	return sum * (double)eta->effort.launches;
}

/* `ns`, or what the budget leaves after `elapsed_ns`; never below 0. */
static double within_budget(const struct eta *eta, double ns, double elapsed_ns)
{
	double most = (double)eta->effort.budget_ns - elapsed_ns;
	if (eta->effort.budget_ns && ns > most)
		ns = most;
	return ns > 0 ? ns : 0;
}

double eta_total_ns(const struct eta *eta)
{
	return within_budget(eta, all_ns(eta), 0);
}

void eta_step(struct eta *eta, const char *name)
{
	const struct eta_case wanted = {.name = eta->running};
	const struct eta_case *over = eta->running && eta->n ? bsearch(&wanted, eta->cases, eta->n,
								       sizeof(*eta->cases), by_name)
							     : NULL;
	if (over)
		eta->done_ns += over->launch_ns;
	eta->running = name;
}

double eta_left_ns(const struct eta *eta, uint64_t elapsed_ns)
{
	double pace = ((double)elapsed_ns + TRUST_NS) / (eta->done_ns + TRUST_NS);
	return within_budget(eta, (all_ns(eta) - eta->done_ns) * pace, (double)elapsed_ns);
}

const char *eta_clock(double ns, char *text, size_t size)
{
	unsigned long seconds = (unsigned long)(ns / 1e9 + 0.5);
	if (seconds >= 3600)
		snprintf(text, size, "%lu:%02lu:%02lu", seconds / 3600, seconds / 60 % 60,
			 seconds % 60);
	else
		snprintf(text, size, "%lu:%02lu", seconds / 60, seconds % 60);
	return text;
}
