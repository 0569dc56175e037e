/* SPDX-License-Identifier: MIT */
/*
 * event_waking: our event as a way to wake, but for how often a waiter looks before it sleeps: PAUSES, which
 * the including file defines, over `waker` and `waiter`. Included once by each such subject.
 */
#ifndef ASSAY_CONCURRENCY_EVENT_WAKING_H
#define ASSAY_CONCURRENCY_EVENT_WAKING_H

#include <stdlib.h>

#include "suites/concurrency/event.h"
#include "suites/concurrency/wake_cost.h"
#include "suites/concurrency/waking.h"

#ifndef PAUSES /* this header alone */
#define PAUSES 0
#endif

struct waking {
	struct event event;
};

static inline enum assay_code event_create(int waker, int waiter, struct waking **ret,
					   struct assay_err *err)
{
	struct waking *w = aligned_alloc(_Alignof(struct waking), sizeof(*w));
	if (!w)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for an event");
	*w = (struct waking){.event.pauses = PAUSES};
	*ret = w;
	return ASSAY_OK;
}

static inline void event_waits(struct waking *w)
{
	event_wait(&w->event);
}

static inline void event_wakes(struct waking *w)
{
	event_raise(&w->event);
}

static inline void event_destroy(struct waking *w)
{
	free(w);
}

/* The ops of the subject. */
#define EVENT_OPS                                                                 \
	&(const struct waking_ops)                                                \
	{                                                                         \
		.create = event_create, .wait = event_waits, .wake = event_wakes, \
		.destroy = event_destroy,                                         \
	}

#endif
