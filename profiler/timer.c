/* SPDX-License-Identifier: MIT */
/* timer: the controller's side of the preloaded sampler. */
#include "profiler/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "profiler/preload.h"

struct timer_sampler {
	struct assay_str preload, variable;
	const char *environment[3], *reads[2], *writes[3];
	char *library; /* its path */
	char path[64], sums[72];
	int fd;
	void *bytes;
	size_t size;
};

unsigned timer_limit_hz(void)
{
	/* CPU-time timers are looked at by the tick, whose period the coarse clock shows. */
	struct timespec tick;
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_sec || tick.tv_nsec <= 0)
		return 100;
	return (unsigned)(1000000000 / tick.tv_nsec);
}

enum assay_code timer_open(const char *library, const char *variable, uint64_t number,
			   struct timer_sampler **ret, struct assay_err *err)
{
	struct timer_sampler *t = calloc(1, sizeof(*t));
	*ret = NULL;
	if (!t)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	t->fd = -1;
	enum assay_code rc = preload_pair(library, &t->preload, err);
	if (rc == ASSAY_OK) {
		memcpy(t->path, "/tmp/assay-samples-XXXXXX", sizeof("/tmp/assay-samples-XXXXXX"));
		t->fd = mkostemp(t->path, O_CLOEXEC);
		if (t->fd < 0)
			rc = assay_fail(err, ASSAY_EIO, "a file for samples in /tmp: %s",
					strerror(errno));
	}
	if (rc == ASSAY_OK) {
		snprintf(t->sums, sizeof(t->sums), "%s.sums", t->path);
		int fd = open(t->sums, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
		else
			rc = assay_fail(err, ASSAY_EIO, "a file for sums in /tmp: %s",
					strerror(errno));
	}
	assay_str_add(&t->variable, "%s=%llu:%s", variable, (unsigned long long)number, t->path);
	if (rc == ASSAY_OK && t->variable.failed)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	if (rc != ASSAY_OK) {
		timer_close(t);
		return rc;
	}
	const char *pair = assay_str_text(&t->preload), *list = strchr(pair, '=') + 1;
	t->library = strndup(list, strcspn(list, ":"));
	if (!t->library) {
		timer_close(t);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	t->reads[0] = t->library;
	t->writes[0] = t->path;
	t->writes[1] = t->sums;
	t->environment[0] = pair;
	t->environment[1] = assay_str_text(&t->variable);
	*ret = t;
	return ASSAY_OK;
}

const char *const *timer_environment(struct timer_sampler *t)
{
	return t->environment;
}

const char *const *timer_reads(const struct timer_sampler *t)
{
	return t->reads;
}

const char *const *timer_writes(const struct timer_sampler *t)
{
	return t->writes;
}

enum assay_code timer_finish(struct timer_sampler *t, const void **ret_bytes, size_t *ret_size,
			     struct assay_err *err)
{
	struct stat st;
	*ret_bytes = "";
	*ret_size = 0;
	if (fstat(t->fd, &st) != 0)
		return assay_fail(err, ASSAY_EIO, "the file of samples: %s", strerror(errno));
	if (st.st_size == 0)
		return ASSAY_OK;
	t->bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, t->fd, 0);
	if (t->bytes == MAP_FAILED) {
		t->bytes = NULL;
		return assay_fail(err, ASSAY_EIO, "map the samples: %s", strerror(errno));
	}
	*ret_bytes = t->bytes;
	*ret_size = t->size = (size_t)st.st_size;
	return ASSAY_OK;
}

FILE *timer_sums(struct timer_sampler *t)
{
	return fopen(t->sums, "re");
}

void timer_close(struct timer_sampler *t)
{
	if (!t)
		return;
	if (t->bytes)
		munmap(t->bytes, t->size);
	if (t->fd >= 0) {
		close(t->fd);
		unlink(t->path);
		unlink(t->sums);
	}
	assay_str_done(&t->preload);
	assay_str_done(&t->variable);
	free(t->library);
	free(t);
}
