/* SPDX-License-Identifier: MIT */
/* rings: one inherited event per CPU, and the thread that empties their buffers. */
#include "profiler/rings.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "profiler/perf.h"

enum {
	STACK_BYTES = 8192,
	PAGES_ROOT = 512, /* of data per ring: half a second at 1000 Hz and whole stacks */
	PAGES_USER = 128, /* what kernel.perf_event_mlock_kb allows everybody */
	PAGES_AT_LEAST = 8,
	LOOK_MS = 50,
};
static const uint64_t spool_limit_bytes = (uint64_t)2 << 30;

struct ring {
	int fd;
	struct perf_event_mmap_page *page;
	uint8_t *data;
	size_t size; /* of data, a power of two */
};

struct rings {
	struct ring *rings;
	size_t n;
	int spool, stop; /* file, eventfd */
	pthread_t reader;
	bool reading;
	uint64_t written, dropped;
	void *mapped;
};

static struct perf_event_attr attributes(const struct rings_plan *plan)
{
	struct perf_event_attr attr = {
		.type = plan->cycles ? PERF_TYPE_HARDWARE : PERF_TYPE_SOFTWARE,
		.config = plan->cycles ? PERF_COUNT_HW_CPU_CYCLES : PERF_COUNT_SW_TASK_CLOCK,
		.sample_freq = plan->rate_hz,
		.freq = 1,
		.sample_type =
			PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN,
		.disabled = 1,
		.exclude_kernel = !plan->kernel,
		.exclude_callchain_kernel = !plan->kernel,
		.exclude_hv = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.sample_id_all = 1,
	};
	if (plan->registers) {
		attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
		attr.sample_regs_user = plan->registers;
		attr.sample_stack_user = STACK_BYTES;
	}
	return attr;
}

/* Map as large a buffer as we are allowed. */
static bool map_ring(struct ring *ring)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	for (size_t pages = geteuid() == 0 ? PAGES_ROOT : PAGES_USER; pages >= PAGES_AT_LEAST;
	     pages /= 2) {
		void *at = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE, MAP_SHARED,
				ring->fd, 0);
		if (at == MAP_FAILED)
			continue;
		ring->page = at;
		ring->data = (uint8_t *)at + page;
		ring->size = pages * page;
		return true;
	}
	return false;
}

static void unmap_ring(struct ring *ring)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (ring->page)
		munmap(ring->page, ring->size + page);
	if (ring->fd >= 0)
		close(ring->fd);
}

static bool write_whole(int fd, const uint8_t *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

/* Append what the ring holds, whole records, to the spool. */
static void drain(struct rings *rings, struct ring *ring)
{
	uint64_t head = atomic_load_explicit((_Atomic uint64_t *)&ring->page->data_head,
					     memory_order_acquire);
	uint64_t tail = ring->page->data_tail, n = head - tail;
	size_t from = tail & (ring->size - 1);
	size_t first = n < ring->size - from ? (size_t)n : ring->size - from;
	if (!n)
		return;
	/* A part of a record in the file would make nonsense of all that follows. */
	bool room = rings->dropped == 0 && rings->written + n <= spool_limit_bytes;
	if (room && write_whole(rings->spool, ring->data + from, first) &&
	    write_whole(rings->spool, ring->data, (size_t)n - first)) {
		rings->written += n;
	} else {
		rings->dropped += n;
		if (room && ftruncate(rings->spool, (off_t)rings->written) != 0)
			rings->written = 0;
	}
	atomic_store_explicit((_Atomic uint64_t *)&ring->page->data_tail, head,
			      memory_order_release);
}

static void *read_rings(void *argument)
{
	struct rings *rings = argument;
	struct pollfd *fds = calloc(rings->n + 1, sizeof(*fds));
	for (size_t i = 0; fds && i < rings->n; i++)
		fds[i] = (struct pollfd){rings->rings[i].fd, POLLIN, 0};
	struct pollfd stop = {rings->stop, POLLIN, 0};
	if (fds)
		fds[rings->n] = stop;
	for (bool last = false; !last;) {
		if (fds)
			poll(fds, rings->n + 1, LOOK_MS);
		else
			poll(&stop, 1, 1);
		last = ((fds ? fds[rings->n] : stop).revents & POLLIN) != 0;
		for (size_t i = 0; i < rings->n; i++) {
			drain(rings, &rings->rings[i]);
			if (fds && (fds[i].revents & (POLLHUP | POLLERR)))
				fds[i].fd = -1; /* would wake us without end; the timeout remains */
		}
	}
	free(fds);
	return NULL;
}

/* Signals are the caller's business. */
static int start_reader(struct rings *rings)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int error = pthread_create(&rings->reader, NULL, read_rings, rings);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	rings->reading = !error;
	return error;
}

static int open_spool(void)
{
	const char *folder = getenv("TMPDIR");
	int fd = open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : (int)memfd_create("assay-samples", MFD_CLOEXEC);
}

static enum assay_code open_one(struct rings *rings, const struct rings_plan *plan, int cpu,
				struct assay_err *err)
{
	char reason[200];
	struct perf_event_attr attr = attributes(plan);
	struct ring *ring = &rings->rings[rings->n];
	attr.inherit = 1;
	attr.enable_on_exec = 1;
	attr.mmap = attr.mmap2 = attr.comm = attr.comm_exec = attr.task = 1;
	attr.watermark = 1;
	attr.wakeup_watermark = PAGES_USER * 4096 / 2; /* where the ring is smaller: LOOK_MS */
	ring->fd = perf_open(&attr, 0, cpu, -1);
	if (ring->fd == -ENODEV) /* this CPU is offline */
		return ASSAY_OK;
	if (ring->fd < 0)
		return assay_fail(err, ASSAY_SKIP, "%s",
				  perf_reason(-ring->fd, reason, sizeof(reason)));
	rings->n++;
	if (!map_ring(ring))
		return assay_fail(err, ASSAY_SKIP,
				  "no memory may be locked for samples: raise "
				  "kernel.perf_event_mlock_kb or 'ulimit -l'");
	return ASSAY_OK;
}

enum assay_code rings_open(const struct rings_plan *plan, struct rings **ret, struct assay_err *err)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_CONF);
	struct rings *rings = calloc(1, sizeof(*rings));
	*ret = NULL;
	if (rings)
		rings->rings = calloc((size_t)cpus, sizeof(*rings->rings));
	if (!rings || !rings->rings) {
		free(rings);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for samples");
	}
	rings->spool = open_spool();
	rings->stop = eventfd(0, EFD_CLOEXEC);
	enum assay_code rc = ASSAY_OK;
	if (rings->spool < 0 || rings->stop < 0)
		rc = assay_fail(err, ASSAY_EIO, "a file for samples: %s", strerror(errno));
	for (int cpu = 0; rc == ASSAY_OK && cpu < cpus; cpu++)
		rc = open_one(rings, plan, cpu, err);
	if (rc == ASSAY_OK && start_reader(rings) != 0)
		rc = assay_fail(err, ASSAY_EIO, "start a thread to read samples");
	if (rc != ASSAY_OK) {
		rings_close(rings);
		return rc;
	}
	*ret = rings;
	return ASSAY_OK;
}

static void stop_reader(struct rings *rings)
{
	uint64_t one = 1;
	if (!rings->reading)
		return;
	while (write(rings->stop, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(rings->reader, NULL);
	rings->reading = false;
}

enum assay_code rings_finish(struct rings *rings, const void **ret_bytes, size_t *ret_size,
			     uint64_t *ret_dropped, struct assay_err *err)
{
	for (size_t i = 0; i < rings->n; i++)
		ioctl(rings->rings[i].fd, PERF_EVENT_IOC_DISABLE, 0);
	stop_reader(rings);
	for (size_t i = 0; i < rings->n; i++) {
		unmap_ring(&rings->rings[i]);
		rings->rings[i] = (struct ring){.fd = -1};
	}
	*ret_bytes = "";
	*ret_size = (size_t)rings->written;
	*ret_dropped = rings->dropped;
	if (!rings->written)
		return ASSAY_OK;
	rings->mapped = mmap(NULL, (size_t)rings->written, PROT_READ, MAP_PRIVATE, rings->spool, 0);
	if (rings->mapped == MAP_FAILED) {
		rings->mapped = NULL;
		return assay_fail(err, ASSAY_EIO, "map %llu bytes of samples: %s",
				  (unsigned long long)rings->written, strerror(errno));
	}
	*ret_bytes = rings->mapped;
	return ASSAY_OK;
}

void rings_close(struct rings *rings)
{
	if (!rings)
		return;
	stop_reader(rings);
	for (size_t i = 0; i < rings->n; i++)
		unmap_ring(&rings->rings[i]);
	if (rings->mapped)
		munmap(rings->mapped, (size_t)rings->written);
	if (rings->spool >= 0)
		close(rings->spool);
	if (rings->stop >= 0)
		close(rings->stop);
	free(rings->rings);
	free(rings);
}

struct ring_trial {
	struct ring ring;
};

enum assay_code ring_trial_open(const struct rings_plan *plan, struct ring_trial **ret,
				struct assay_err *err)
{
	char reason[200];
	struct ring_trial *trial = calloc(1, sizeof(*trial));
	*ret = NULL;
	if (!trial)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	struct perf_event_attr attr = attributes(plan);
	trial->ring.fd = perf_open(&attr, 0, -1, -1);
	if (trial->ring.fd < 0) {
		perf_reason(-trial->ring.fd, reason, sizeof(reason));
		free(trial);
		return assay_fail(err, ASSAY_SKIP, "%s", reason);
	}
	if (!map_ring(&trial->ring)) {
		ring_trial_close(trial);
		return assay_fail(err, ASSAY_SKIP, "no memory may be locked for samples");
	}
	*ret = trial;
	return ASSAY_OK;
}

void ring_trial_on(struct ring_trial *trial)
{
	trial->ring.page->data_tail = trial->ring.page->data_head;
	ioctl(trial->ring.fd, PERF_EVENT_IOC_ENABLE, 0);
}

uint64_t ring_trial_off(struct ring_trial *trial)
{
	const struct ring *ring = &trial->ring;
	ioctl(ring->fd, PERF_EVENT_IOC_DISABLE, 0);
	uint64_t n = 0, at = ring->page->data_tail, head = ring->page->data_head;
	while (at < head) { /* a header never wraps: records are multiples of 8 bytes */
		struct perf_event_header h;
		memcpy(&h, ring->data + (at & (ring->size - 1)), sizeof(h));
		if (h.size < sizeof(h))
			break;
		n += h.type == PERF_RECORD_SAMPLE;
		at += h.size;
	}
	return n;
}

void ring_trial_close(struct ring_trial *trial)
{
	if (!trial)
		return;
	unmap_ring(&trial->ring);
	free(trial);
}
