/* SPDX-License-Identifier: MIT */
/* fakecuda: what the two halves of the stand-in for the CUDA driver share, and its settings. */
#ifndef ASSAY_TESTS_FAKECUDA_H
#define ASSAY_TESTS_FAKECUDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "suites/gpu/cuda.h"

#define FAKE __attribute__((visibility("default")))

/* The driver's functions, as we declare them; and how many contexts, buffers, streams, events, modules and graphs
 * there are, for tests that look for leaks. */
#define FAKE_CALL(field, symbol, parameters) FAKE unsigned symbol parameters;
CUDA_CALLS(FAKE_CALL)
FAKE int fake_cuda_alive(void);

/* What a stand-in for a profiler is told: each call that starts something, then what came of it. */
struct fake_activity {
	enum fake_moment { FAKE_CALLED, FAKE_DONE } moment;
	enum fake_what {
		FAKE_KERNEL,
		FAKE_COPY,
		FAKE_FILL,
		FAKE_GRAPH,
		FAKE_ALLOC,
		FAKE_FREE
	} what;
	uint32_t correlation; /* of the call */
	uint32_t device, stream;
	const char *name; /* FAKE_KERNEL */
	const void *from, *to;
	size_t bytes, items;
	uint64_t begin_ns, end_ns;
};
typedef void (*fake_watch_fn)(const struct fake_activity *activity);
/* NULL: nobody watches. */
FAKE void fake_cuda_watch(fake_watch_fn see);

/* Settings by their names in $FAKE_CUDA, read by cuInit(); then the state. */
struct fake {
	long devices;      /* devices: how many there are */
	long driver;       /* driver: 12040 is CUDA 12.4 */
	long arch;         /* arch: 90 is sm_90 */
	long memory_bytes; /* memory: of a device */
	long init;         /* init: the status that cuInit() gives */
	long pools;        /* pools: 0, no memory in stream order */
	long oom_bytes;    /* oom: allocations of this size or more fail; 0: never */
	long lost_after;   /* lost: the n-th launch ends in `status`, and all after it; 0: never */
	long lost_status;  /* status */
	long hang_after;   /* hang: the n-th launch never ends; 0: none does */
	long wrong_after;  /* wrong: the n-th launch leaves one bit wrong; 0: none does */
	long nan_after; /* nan: the n-th launch leaves a NaN where its answer begins; 0: none does */
	long slow_permille;  /* slow: of the time that events see */
	long image_status;   /* image: what loading a module gives */
	long clock_permille; /* clock: of a gigahertz that kernels read */
	/*
	 * noise: not 0: time is not the CPU's but a nanosecond a work item, with so many thousandths of noise in each launch,
	 * and half as many in all of a process, both drawn by `seed`
	 */
	long noise_permille;
	long seed;
	long fail_at;   /* fail: the n-th call that can fails once, with `status`; 0: none does */
	long peers;     /* peers: 0, devices do not reach each other */
	long throttled; /* throttled: every n-th such look finds half of it; 0: none */
	long cache_status; /* cache: what resetting the cache gives */
	long mig;          /* mig: 1, devices are instances of one that is shared out */
	long dear_us;      /* dear: what a launch takes of the caller */
	long together; /* together: dot products end when so many devices have been given one; 0: alone */

	bool initialised, lost, hung;
	long launches, looks, calls;
	uint64_t epoch_ns;
	uint64_t random;
	double worked_ns;
	uint32_t together_now; /* a bit for each device that has */
	size_t used_bytes;
	struct pinned *pinned;
	int alive;
	int current;      /* device whose context is */
	int contexts[16]; /* retained, of each device */
	struct CUstream_st *all_streams;

	fake_watch_fn see;
	uint32_t correlations, streams;
};
extern struct fake fake;

/* CUDRV_SUCCESS, or what every call gives now. */
unsigned fake_state(void);
/* A number of a normal distribution. */
double fake_noise(uint64_t *state);
/* Is there memory of at least so many bytes? */
bool fake_holds(cuda_address address, size_t bytes);
/* Is it memory of the host's that the device copies by itself? */
bool fake_is_pinned(const void *memory);
/* Work off a stream as far as it goes: CUDRV_NOT_READY when something holds it back. */
unsigned fake_drain(struct CUstream_st *stream);
/* All of them, as the real driver does before memory goes. */
void fake_drain_all(void);

#endif
