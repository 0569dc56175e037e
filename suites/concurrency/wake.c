/* SPDX-License-Identifier: MIT */
/*
 * wake: the time from one thread's call to wake another until that one runs again, after it has waited for `idle`;
 * and the share of the time that the waiter's processor was busy.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/concurrency/waking.h"

enum { WAKER, WAITER };

struct pair {
	const struct waking_ops *ops;
	struct waking *waking;
	uint64_t idle_ns;
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t waits; /* the waiter has begun */
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t stamp; /* of the call to wake it */
};

static void setup(struct assay_run *run)
{
	struct pair *p = aligned_alloc(_Alignof(struct pair), sizeof(*p));
	struct assay_err err = {0};
	if (!assay_check(run, p, "out of memory"))
		return;
	memset(p, 0, sizeof(*p));
	assay_set_state(run, p);
	p->ops = assay_subject(run);
	p->idle_ns = (uint64_t)(assay_axis(run, "idle") * 1000);
	enum assay_code code =
		p->ops->create(assay_cpu(run, 0), assay_cpu(run, 1), &p->waking, &err);
	assay_check(run, code == ASSAY_OK, "%s", err.text);
}

static void teardown(struct assay_run *run)
{
	struct pair *p = assay_state(run);
	if (p)
		p->ops->destroy(p->waking);
	free(p);
}

static void wake_again_and_again(struct assay_run *run, struct pair *p)
{
	uint64_t turn = atomic_load_explicit(&p->waits, memory_order_relaxed);
	ASSAY_LOOP (run) {
		turn++;
		while (atomic_load_explicit(&p->waits, memory_order_acquire) < turn)
			assay_cpu_relax();
		uint64_t from = assay_now_ns();
		while (assay_now_ns() - from < p->idle_ns)
			assay_cpu_relax();
		/* relaxed: the waking orders it */
		atomic_store_explicit(&p->stamp, assay_op_begin(run), memory_order_relaxed);
		p->ops->wake(p->waking);
	}
}

static void wait_again_and_again(struct assay_run *run, struct pair *p)
{
	uint64_t began_ns = assay_now_ns(), began_cpu_ns = assay_thread_cpu_ns();
	ASSAY_LOOP (run) {
		atomic_fetch_add_explicit(&p->waits, 1, memory_order_release);
		p->ops->wait(p->waking);
		assay_op_end(run, atomic_load_explicit(&p->stamp, memory_order_relaxed));
	}
	double busy_ns = (double)(assay_thread_cpu_ns() - began_cpu_ns);
	assay_metric(run, "busy", "ratio", ASSAY_LOWER,
		     busy_ns / (double)(assay_now_ns() - began_ns));
}

static void body(struct assay_run *run)
{
	if (assay_role(run) == WAKER)
		wake_again_and_again(run, assay_state(run));
	else
		wait_again_and_again(run, assay_state(run));
}

const struct assay_bench assay_bench_concurrency_wake = {
	.brief = "time from waking a thread until it runs, after it has waited for a while",
	.source = "perf bench futex wake and sched pipe of Linux, with the time before as an axis",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"idle", "us", "1,20,200", "20"}),
	.subjects = WAKING_INTERFACE,
	.roles = ASSAY_ROLES({"waker", 1}, {"waiter", 1, .counts = true}),
	.mode = ASSAY_LATENCY,
	.thorough = true,
};
