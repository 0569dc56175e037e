/* SPDX-License-Identifier: MIT */
/* core_to_core: two threads on two given CPUs take turns; one operation is the way from one to the other. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/machine/placement.h"
#include "suites/memory/memory.h"

enum { PING, PONG };

struct match {
	void *state;
	uint32_t serial[2]; /* each side's next turn; they differ by one between batches */
	unsigned cpu[2];
};

/*
 * The number that the kernel gives to the `ordinal`-th CPU, from 1, that the program may use. This process
 * has been pinned already, so the one that started it is asked.
 */
static enum assay_code cpu_of(unsigned ordinal, unsigned *ret, struct assay_err *err)
{
	cpu_set_t set;
	unsigned seen = 0;

	if (sched_getaffinity(getppid(), sizeof(set), &set) != 0)
		return assay_fail(err, ASSAY_SKIP, "the CPUs of this process are not known: %s",
				  strerror(errno));
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && ++seen == ordinal) {
			*ret = cpu;
			return ASSAY_OK;
		}
	return assay_fail(err, ASSAY_SKIP, "there is no CPU %u; there are %u (from 1)", ordinal,
			  seen);
}

static void setup(struct assay_run *run)
{
	const struct handoff *handoff = assay_subject(run);
	struct match *match = calloc(1, sizeof(*match));
	struct assay_err err = {0};
	double from = assay_axis(run, "from"), to = assay_axis(run, "to");

	assay_set_state(run, match);
	if (!assay_check(run, match != NULL, "no memory"))
		return;
	if (from == to) {
		assay_skip(run, "from and to are one CPU");
		return;
	}
	enum assay_code code = cpu_of((unsigned)from, &match->cpu[PING], &err);
	if (code == ASSAY_OK)
		code = cpu_of((unsigned)to, &match->cpu[PONG], &err);
	if (code == ASSAY_OK)
		code = handoff->open(&match->state, &err);
	match->serial[PONG] = 1;
	assay_set_ops_per_iteration(run, 2); /* there and back */
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else
		assay_check(run, code == ASSAY_OK, "%s", err.text);
}

/* Not where the plan put the thread, but where the axes say. */
static void thread_setup(struct assay_run *run)
{
	const struct match *match = assay_state(run);
	struct assay_err err = {0};

	if (assay_pin_thread(match->cpu[assay_role(run)], &err) != ASSAY_OK)
		assay_skip(run, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	const struct handoff *handoff = assay_subject(run);
	struct match *match = assay_state(run);

	if (match && match->state)
		handoff->close(match->state);
	free(match);
}

static void body(struct assay_run *run)
{
	const struct handoff *handoff = assay_subject(run);
	struct match *match = assay_state(run);
	unsigned side = assay_role(run);
	uint32_t v = match->serial[side];
	void *state = match->state;
	uint64_t wrong = 0;

	ASSAY_LOOP (run) {
		wrong += !handoff->turn(state, side, v);
		v += 2;
	}
	match->serial[side] = v;
	assay_check(run, wrong == 0, "%llu turns were passed on wrongly",
		    (unsigned long long)wrong);
}

const struct assay_bench assay_bench_memory_core_to_core = {
	.brief = "from one CPU to another: a line, two lines, a futex, a pipe",
	.source = "core-to-core-latency by N. Viennot; multichase pingpong; perf bench sched pipe",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.axes = ASSAY_AXES({"from", "cpu", "1..npus:+pustride", "1"},
			   {"to", "cpu", "1..npus:+pustride", "npus"}),
	.subjects = MEMORY_HANDOFF,
	.roles = ASSAY_ROLES({"ping", 1, true}, {"pong", 1, false}),
};
