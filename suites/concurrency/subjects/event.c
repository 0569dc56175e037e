/* SPDX-License-Identifier: MIT */
/* event: ours: spins for as long as a wake-up costs here, then sleeps; see event.h. */
#include "suites/concurrency/event.h"

#include <stdlib.h>

#include "suites/concurrency/wake_cost.h"
#include "suites/concurrency/waking.h"

struct waking {
	struct event event;
};

static enum assay_code event_create(int waker, int waiter, struct waking **ret,
				    struct assay_err *err)
{
	struct waking *w = aligned_alloc(_Alignof(struct waking), sizeof(*w));
	if (!w)
		return assay_fail(err, ASSAY_ENOMEM, "event: no memory");
	*w = (struct waking){.event.pauses = wake_cost_pauses(waker, waiter)};
	*ret = w;
	return ASSAY_OK;
}

static void event_waits(struct waking *w)
{
	event_wait(&w->event);
}

static void event_wakes(struct waking *w)
{
	event_raise(&w->event);
}

static void event_destroy(struct waking *w)
{
	free(w);
}

static const struct waking_ops ops = {
	.create = event_create,
	.wait = event_waits,
	.wake = event_wakes,
	.destroy = event_destroy,
};

const struct assay_subject assay_subject_concurrency_event = {
	.interface = WAKING_INTERFACE,
	.brief = "spins as long as a wake-up costs here, then sleeps on a futex",
	.ops = &ops,
};
