/* SPDX-License-Identifier: MIT */
/*
 * clocks: whether a device's times can be trusted: how fast its units run beside each batch, before the first one whether
 * that has settled, and how long nothing at all takes by its clock.
 */
#ifndef ASSAY_SUITES_GPU_CLOCKS_H
#define ASSAY_SUITES_GPU_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"

struct gpu_session;
struct gpu_kernel;
struct gpu_buffer;
struct gpu_kernel_source;

/* Cycles and nanoseconds that pass together, by the device's own two clocks. Parameters out (four unsigned: low and high
 * half of each), how many nanoseconds to wait. */
extern const struct gpu_kernel_source gpu_kernel_clocks;

struct gpu_clocks {
	bool ready;
	struct gpu_kernel *kernel, *empty;
	struct gpu_buffer *out, *counter;
	double floor_ns;    /* of an empty launch, median; NaN: not known */
	double hz;          /* in the last look; 0: the device does not tell */
	double most_hz;     /* of all looks */
	uint64_t throttled; /* looks below GPU_THROTTLED of the most */
	unsigned below;     /* batches in a row that took less than GPU_FLOORS floors */
};

/* Less than this part of the highest clock seen is called throttled, as nvbench does. */
#define GPU_THROTTLED 0.75
enum { GPU_FLOORS = 10, GPU_BELOW = 20 };

/*
 * Measure the floor, and have the units work until three looks in a row at their clock agree within a percent, at most
 * for half a second. What the device has not is left out. Once a session; a second call does nothing.
 */
enum assay_code gpu_clocks_settle(struct gpu_session *s, struct assay_err *err);
/* The same where the units' clock can be read, else nothing: for who has no use for the floor. */
enum assay_code gpu_clocks_warm(struct gpu_session *s, struct assay_err *err);
/* How fast do the units run now? After a batch, outside its time. */
enum assay_code gpu_clocks_look(struct gpu_session *s, struct assay_err *err);
void gpu_clocks_done(struct gpu_session *s);
/* File the time of a batch. True: GPU_BELOW of them in a row were too short to be told from nothing. */
bool gpu_clocks_too_short(struct gpu_clocks *c, double batch_ns);

#endif
