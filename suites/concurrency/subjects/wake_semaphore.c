/* SPDX-License-Identifier: MIT */
/* wake_semaphore: the C library's semaphore. */
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>

#include "suites/concurrency/waking.h"

struct waking {
	sem_t inner;
};

static enum assay_code inner_create(int waker, int waiter, struct waking **ret,
				    struct assay_err *err)
{
	struct waking *w = calloc(1, sizeof(*w));
	if (!w)
		return assay_fail(err, ASSAY_ENOMEM, "wake_semaphore: no memory");
	sem_init(&w->inner, 0, 0);
	*ret = w;
	return ASSAY_OK;
}

static void inner_wait(struct waking *w)
{
	while (sem_wait(&w->inner) != 0 && errno == EINTR)
		;
}

static void inner_wake(struct waking *w)
{
	sem_post(&w->inner);
}

static void inner_destroy(struct waking *w)
{
	if (!w)
		return;
	sem_destroy(&w->inner);
	free(w);
}

static const struct waking_ops ops = {
	.create = inner_create,
	.wait = inner_wait,
	.wake = inner_wake,
	.destroy = inner_destroy,
};

const struct assay_subject assay_subject_concurrency_wake_semaphore = {
	.interface = WAKING_INTERFACE,
	.brief = "the C library's semaphore",
	.ops = &ops,
};
