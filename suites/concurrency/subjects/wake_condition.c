/* SPDX-License-Identifier: MIT */
/* wake_condition: a counter under the C library's mutex, with a condition variable. */
#include <pthread.h>
#include <stdlib.h>

#include "suites/concurrency/waking.h"

struct waking {
	pthread_mutex_t lock;
	pthread_cond_t raised;
	unsigned n;
};

static enum assay_code inner_create(int waker, int waiter, struct waking **ret,
				    struct assay_err *err)
{
	struct waking *w = calloc(1, sizeof(*w));
	if (!w)
		return assay_fail(err, ASSAY_ENOMEM, "wake_condition: no memory");
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->raised, NULL);
	*ret = w;
	return ASSAY_OK;
}

static void inner_wait(struct waking *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->n == 0)
		pthread_cond_wait(&w->raised, &w->lock);
	w->n--;
	pthread_mutex_unlock(&w->lock);
}

static void inner_wake(struct waking *w)
{
	pthread_mutex_lock(&w->lock);
	w->n++;
	pthread_mutex_unlock(&w->lock);
	pthread_cond_signal(&w->raised);
}

static void inner_destroy(struct waking *w)
{
	if (!w)
		return;
	pthread_cond_destroy(&w->raised);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static const struct waking_ops ops = {
	.create = inner_create,
	.wait = inner_wait,
	.wake = inner_wake,
	.destroy = inner_destroy,
};

const struct assay_subject assay_subject_concurrency_wake_condition = {
	.interface = WAKING_INTERFACE,
	.brief = "mutex and condition variable of the C library",
	.ops = &ops,
};
