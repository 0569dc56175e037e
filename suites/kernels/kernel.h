/* SPDX-License-Identifier: MIT */
/*
 * kernel: workloads that suites share: rows that do not depend on each other, so that any worker, lane or device
 * may do any of them. Each has plain code, one number at a time, which is the reference; a version for vectors,
 * compiled for several instruction sets and chosen when the program runs; and a comparison of the two.
 */
#ifndef ASSAY_SUITES_KERNELS_KERNEL_H
#define ASSAY_SUITES_KERNELS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* Rows `in` to results `out`, row after row; `shared` is the same for all. Threads may share everything but out. */
typedef void kernel_rows(const float *shared, const float *in, float *out, size_t rows);

struct kernel {
	const char *name;
	const char *brief, *source;
	size_t in, out, shared; /* floats of a row, of its result, and those that all rows share */
	size_t items;     /* what a row holds: points, neurons, parameters, environments ... */
	double flops;     /* of a row */
	double tolerance; /* between plain and vector code, see kernel_compare() */
	void (*fill_shared)(float *shared);
	void (*fill)(float *row, uint64_t seed, uint64_t number); /* of the row, from 0 */
};

/* Ends with a { 0 } entry. */
extern const struct kernel kernels[];

/* The words of an axis that names a kernel, in the order of kernels[]. */
#define KERNEL_WORDS \
	"kmeans,distance,reservoir,spiking,powerflow,fourier,adamw,lion,lars,svd,episode"
/* How many there are, and where some of them are. */
enum { KERNEL_KMEANS = 0, KERNEL_EPISODE = 10, KERNELS = 11 };

/* One way of computing all of them, in the order of kernels[]. */
struct kernel_code {
	const char *name; /* "scalar", "sse2", "avx2", ... */
	kernel_rows *rows[KERNELS];
};
extern const struct kernel_code kernel_scalar;
/* The widest that this machine can run; never NULL. */
const struct kernel_code *kernel_vector(void);
/* All that were built and can run here, NULL at the end; for tests. */
const struct kernel_code *const *kernel_vectors(void);

/* Is |got - want| <= tolerance (1 + |want|) everywhere in n floats? ASSAY_ECHECK names the first that is not. */
enum assay_code kernel_compare(const struct kernel *kernel, const float *got, const float *want,
			       size_t n, struct assay_err *err);

/* Sizes that both versions know. */
enum {
	KERNEL_WIDTH = 16,     /* of a point, and how many centroids there are */
	KERNEL_LANDMARKS = 64, /* that distances are taken to */
	KERNEL_NEURONS = 32,   /* of a reservoir, or that spike */
	KERNEL_INPUTS = 4,     /* of a reservoir */
	KERNEL_SPIKE_STEPS = 16,
	KERNEL_POINTS = 64, /* of a signal */
	KERNEL_MODES = 16,  /* of it that a Fourier layer keeps */
	KERNEL_LAYER = 64,  /* parameters that are optimised together */
	KERNEL_ROWS = 32,   /* of a matrix, KERNEL_WIDTH wide */
	KERNEL_RANK = 4,    /* singular values wanted */
	KERNEL_POWER = 16,  /* steps of iteration for them */
	KERNEL_LANES = 8,   /* environments, or scenarios of load, side by side in a row */
	KERNEL_STATE = 4,   /* floats of an environment */
	KERNEL_STEPS = 200, /* of an episode */
};

#define KERNEL_LEAK       0.3f /* of a reservoir */
#define KERNEL_SPIKE_DT   0.1f
#define KERNEL_LEARN_RATE 1e-3f
#define KERNEL_BETA1      0.9f
#define KERNEL_BETA2      0.999f
#define KERNEL_DECAY      0.01f
#define KERNEL_EPSILON    1e-8f
#define KERNEL_TRUST      1e-3f /* of LARS */
#define KERNEL_LION_BETA2 0.99f

/* A cart with a pole [Barto, Sutton & Anderson, IEEE Trans. SMC 13(5), 1983], pushed in proportion to its
 * state, at most 10 N, 50 steps a second. */
#define KERNEL_GRAVITY 9.8f
#define KERNEL_MASS    1.1f  /* of cart and pole */
#define KERNEL_POLE    0.05f /* mass of the pole times half its length */
#define KERNEL_HALF    0.5f
#define KERNEL_DT      0.02f
#define KERNEL_FORCE   10.0f
extern const float kernel_gains[KERNEL_STATE];

/*
 * A radial feeder of 33 buses [Baran & Wu, "Network reconfiguration in distribution systems", IEEE Trans. Power
 * Delivery 4(2), 1989], solved by sweeps backward and forward [Shirmohammadi et al., IEEE Trans. Power Systems
 * 3(2), 1988]. Bus 0 is the source; branch i leads to bus i + 1 from feeder_from[i] <= i. Per unit of 1 MVA.
 */
enum { FEEDER_BRANCHES = 32, FEEDER_BUSES = 33, FEEDER_SWEEPS = 10 };
extern const uint8_t feeder_from[FEEDER_BRANCHES];
extern const float feeder_r[FEEDER_BRANCHES], feeder_x[FEEDER_BRANCHES]; /* per unit */
extern const float feeder_p[FEEDER_BRANCHES], feeder_q[FEEDER_BRANCHES]; /* loads of bus i + 1 */

#endif
