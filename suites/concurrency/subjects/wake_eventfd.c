/* SPDX-License-Identifier: MIT */
/* wake_eventfd: an eventfd(2), as event loops are woken. */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "suites/concurrency/waking.h"

struct waking {
	int fd;
};

static enum assay_code inner_create(int waker, int waiter, struct waking **ret,
				    struct assay_err *err)
{
	struct waking *w = calloc(1, sizeof(*w));
	if (!w)
		return assay_fail(err, ASSAY_ENOMEM, "wake_eventfd: no memory");
	w->fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
	if (w->fd < 0) {
		free(w);
		return assay_fail(err, ASSAY_EENV, "eventfd: %s", strerror(errno));
	}
	*ret = w;
	return ASSAY_OK;
}

static void inner_wait(struct waking *w)
{
	uint64_t one;
	while (read(w->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void inner_wake(struct waking *w)
{
	const uint64_t one = 1;
	while (write(w->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void inner_destroy(struct waking *w)
{
	if (!w)
		return;
	close(w->fd);
	free(w);
}

static const struct waking_ops ops = {
	.create = inner_create,
	.wait = inner_wait,
	.wake = inner_wake,
	.destroy = inner_destroy,
};

const struct assay_subject assay_subject_concurrency_wake_eventfd = {
	.interface = WAKING_INTERFACE,
	.brief = "a counter of the kernel behind a descriptor",
	.ops = &ops,
};
