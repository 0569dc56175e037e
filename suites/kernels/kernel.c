/* SPDX-License-Identifier: MIT */
/* kernel: what each workload is made of, and how its results are compared. */
#include "suites/kernels/kernel.h"

#include <math.h>
#include <string.h>

#include "harness/base/rng.h"

static const uint64_t shared_seed = 0x5eed;

const float kernel_gains[KERNEL_STATE] = {1.0f, 2.0f, 40.0f, 8.0f};

static float uniform(struct assay_rng *rng, double lo, double hi)
{
	return (float)(lo + (hi - lo) * assay_rng_unit(rng));
}

static void fill_uniform(float *to, size_t n, struct assay_rng *rng, double lo, double hi)
{
	for (size_t i = 0; i < n; i++)
		to[i] = uniform(rng, lo, hi);
}

/* A row's numbers depend on the seed and its own number alone, so that any worker may fill it. */
static struct assay_rng rng_of(uint64_t seed, uint64_t number)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed ^ (0x9e3779b97f4a7c15u * (number + 1)));
	return rng;
}

static void fill_point(float *row, uint64_t seed, uint64_t number)
{
	struct assay_rng rng = rng_of(seed, number);
	fill_uniform(row, KERNEL_WIDTH, &rng, 0, 1);
}

static void share_centroids(float *shared)
{
	struct assay_rng rng = rng_of(shared_seed, 0);
	fill_uniform(shared, KERNEL_WIDTH * KERNEL_WIDTH, &rng, 0, 1);
}

static void share_landmarks(float *shared)
{
	struct assay_rng rng = rng_of(shared_seed, 1);
	fill_uniform(shared, KERNEL_WIDTH * KERNEL_LANDMARKS, &rng, 0, 1);
}

/* Weights small enough for the state to fade [Jaeger, GMD report 148, 2001]. */
static void share_weights(float *shared)
{
	struct assay_rng rng = rng_of(shared_seed, 2);
	fill_uniform(shared, (KERNEL_NEURONS + KERNEL_INPUTS) * KERNEL_NEURONS, &rng, -0.25, 0.25);
}

static void fill_reservoir(float *row, uint64_t seed, uint64_t number)
{
	struct assay_rng rng = rng_of(seed, number);
	fill_uniform(row, KERNEL_NEURONS + KERNEL_INPUTS, &rng, -1, 1);
}

/* Potentials below the threshold of 1; currents that make some fire often and some never. */
static void fill_spiking(float *row, uint64_t seed, uint64_t number)
{
	struct assay_rng rng = rng_of(seed, number);
	fill_uniform(row, KERNEL_NEURONS, &rng, 0, 0.9);
	fill_uniform(row + KERNEL_NEURONS, KERNEL_NEURONS, &rng, 0, 6);
}

/* Loads of each bus, eight scenarios side by side, from half to one and a half times those of the case. */
static void fill_feeder(float *row, uint64_t seed, uint64_t number)
{
	struct assay_rng rng = rng_of(seed, number);
	for (size_t i = 0; i < FEEDER_BRANCHES; i++)
		for (size_t l = 0; l < KERNEL_LANES; l++) {
			float scale = uniform(&rng, 0.5, 1.5);
			row[2 * i * KERNEL_LANES + l] = scale * feeder_p[i];
			row[(2 * i + 1) * KERNEL_LANES + l] = scale * feeder_q[i];
		}
}

static void fill_signal(float *row, uint64_t seed, uint64_t number)
{
	struct assay_rng rng = rng_of(seed, number);
	fill_uniform(row, KERNEL_POINTS, &rng, -1, 1);
}

/* Cosines and sines of each kept mode at each point (points x 2 modes), the layer's complex weights, and the
 * cosines and sines once more the other way round (modes x 2 points), for the way back. */
static void share_modes(float *shared)
{
	struct assay_rng rng = rng_of(shared_seed, 3);
	for (int x = 0; x < KERNEL_POINTS; x++)
		for (int k = 0; k < KERNEL_MODES; k++) {
			double angle = 2 * 3.14159265358979323846 * k * x / KERNEL_POINTS;
			float *back = shared + 2 * (KERNEL_POINTS + 1) * KERNEL_MODES;
			float c = (float)cos(angle), s = (float)sin(angle);
			shared[x * 2 * KERNEL_MODES + k] = c;
			shared[x * 2 * KERNEL_MODES + KERNEL_MODES + k] = s;
			back[k * 2 * KERNEL_POINTS + x] = c;
			back[k * 2 * KERNEL_POINTS + KERNEL_POINTS + x] = s;
		}
	fill_uniform(shared + 2 * KERNEL_POINTS * KERNEL_MODES, (size_t)2 * KERNEL_MODES, &rng, -1,
		     1);
}

/* Parameters, gradients, first and second moments. */
static void fill_layer(float *row, uint64_t seed, uint64_t number)
{
	struct assay_rng rng = rng_of(seed, number);
	fill_uniform(row, (size_t)3 * KERNEL_LAYER, &rng, -1, 1);
	fill_uniform(row + 3 * KERNEL_LAYER, KERNEL_LAYER, &rng, 0.01, 1);
}

/* Four dyads of falling size and a little noise: so that the leading singular values stand apart. */
static void fill_matrix(float *row, uint64_t seed, uint64_t number)
{
	struct assay_rng rng = rng_of(seed, number);
	float u[KERNEL_ROWS], v[KERNEL_WIDTH];
	fill_uniform(row, (size_t)KERNEL_ROWS * KERNEL_WIDTH, &rng, -0.02, 0.02);
	for (int r = 0; r < KERNEL_RANK; r++) {
		fill_uniform(u, KERNEL_ROWS, &rng, -1, 1);
		fill_uniform(v, KERNEL_WIDTH, &rng, -1, 1);
		for (int i = 0; i < KERNEL_ROWS; i++)
			for (int j = 0; j < KERNEL_WIDTH; j++)
				row[i * KERNEL_WIDTH + j] += ldexpf(u[i] * v[j], -2 * r);
	}
}

/* Position, speed, angle and its speed of eight environments, each of these side by side. */
static void fill_episode(float *row, uint64_t seed, uint64_t number)
{
	struct assay_rng rng = rng_of(seed, number);
	fill_uniform(row, (size_t)KERNEL_STATE * KERNEL_LANES, &rng, -0.05, 0.05);
}

const struct kernel kernels[] = {
	{"kmeans", "the nearest of 16 centroids and its distance, 16 dimensions",
	 "Lloyd, IEEE Trans. Information Theory 28(2), 1982", KERNEL_WIDTH, 2,
	 KERNEL_WIDTH *KERNEL_WIDTH, 1, 3.0 * KERNEL_WIDTH *KERNEL_WIDTH, 1e-4, share_centroids,
	 fill_point},
	{"distance", "distances of a point to 64 landmarks, 16 dimensions", "Euclid", KERNEL_WIDTH,
	 KERNEL_LANDMARKS, KERNEL_WIDTH *KERNEL_LANDMARKS, 1, 3.0 * KERNEL_WIDTH *KERNEL_LANDMARKS,
	 1e-5, share_landmarks, fill_point},
	{"reservoir", "one step of an echo state network of 32 neurons with 4 inputs",
	 "Jaeger, GMD report 148, 2001", KERNEL_NEURONS + KERNEL_INPUTS, KERNEL_NEURONS,
	 (KERNEL_NEURONS + KERNEL_INPUTS) * KERNEL_NEURONS, KERNEL_NEURONS,
	 KERNEL_NEURONS *(2.0 * (KERNEL_NEURONS + KERNEL_INPUTS) + 24), 1e-5, share_weights,
	 fill_reservoir},
	{"spiking", "32 leaky neurons that integrate and fire, 16 steps",
	 "Lapicque, J. Physiol. Pathol. Gen. 9, 1907", 2 * KERNEL_NEURONS, 2 * KERNEL_NEURONS, 0,
	 KERNEL_NEURONS, 4.0 * KERNEL_NEURONS *KERNEL_SPIKE_STEPS, 1e-4, NULL, fill_spiking},
	{"powerflow", "AC power flow of a radial feeder of 33 buses, eight scenarios of load",
	 "Shirmohammadi et al., IEEE Trans. Power Systems 3(2), 1988",
	 2 * FEEDER_BRANCHES *KERNEL_LANES, 2 * FEEDER_BUSES *KERNEL_LANES, 0, KERNEL_LANES,
	 24.0 * FEEDER_BRANCHES *KERNEL_LANES *FEEDER_SWEEPS, 1e-5, NULL, fill_feeder},
	{"fourier", "a Fourier layer: 16 modes of 64 points kept, weighted, turned back",
	 "Li et al., Fourier neural operator, ICLR 2021", KERNEL_POINTS, KERNEL_POINTS,
	 4 * KERNEL_POINTS *KERNEL_MODES + 2 * KERNEL_MODES, KERNEL_POINTS,
	 8.0 * KERNEL_POINTS *KERNEL_MODES + 6.0 * KERNEL_MODES, 1e-4, share_modes, fill_signal},
	{"adamw", "one AdamW step of 64 parameters", "Loshchilov & Hutter, ICLR 2019",
	 4 * KERNEL_LAYER, 3 * KERNEL_LAYER, 0, KERNEL_LAYER, 13.0 * KERNEL_LAYER, 1e-5, NULL,
	 fill_layer},
	{"lion", "one Lion step of 64 parameters", "Chen et al., NeurIPS 2023", 4 * KERNEL_LAYER,
	 2 * KERNEL_LAYER, 0, KERNEL_LAYER, 11.0 * KERNEL_LAYER, 1e-5, NULL, fill_layer},
	{"lars", "one LARS step of a layer of 64 parameters", "You et al., arXiv:1708.03888, 2017",
	 4 * KERNEL_LAYER, 2 * KERNEL_LAYER, 0, KERNEL_LAYER, 10.0 * KERNEL_LAYER, 1e-5, NULL,
	 fill_layer},
	{"svd", "the four largest singular values of a matrix of 32 x 16",
	 "Halko, Martinsson & Tropp, SIAM Review 53(2), 2011", KERNEL_ROWS *KERNEL_WIDTH,
	 KERNEL_RANK, 0, 1,
	 2.0 * KERNEL_ROWS *KERNEL_WIDTH *KERNEL_WIDTH +
		 KERNEL_POWER *(2.0 * KERNEL_RANK * KERNEL_WIDTH * KERNEL_WIDTH + 600),
	 1e-3, NULL, fill_matrix},
	{"episode", "episodes of 200 steps of a cart with a pole, eight side by side",
	 "Barto, Sutton & Anderson, IEEE Trans. SMC 13(5), 1983", KERNEL_STATE *KERNEL_LANES,
	 (KERNEL_STATE + 1) * KERNEL_LANES, 0, KERNEL_LANES, 44.0 * KERNEL_LANES *KERNEL_STEPS,
	 1e-3, NULL, fill_episode},
	{0},
};
_Static_assert(ASSAY_COUNT_OF(kernels) == KERNELS + 1, "every kernel has its place");

enum assay_code kernel_compare(const struct kernel *kernel, const float *got, const float *want,
			       size_t n, struct assay_err *err)
{
	for (size_t i = 0; i < n; i++) {
		double off = fabs((double)got[i] - want[i]);
		if (!(off <= kernel->tolerance * (1 + fabs((double)want[i]))))
			return assay_fail(
				err, ASSAY_ECHECK, "%s: result %zu of row %zu is %.8g, not %.8g",
				kernel->name, i % kernel->out, i / kernel->out, got[i], want[i]);
	}
	return ASSAY_OK;
}
