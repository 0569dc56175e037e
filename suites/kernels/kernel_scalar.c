/* SPDX-License-Identifier: MIT */
/* kernel_scalar: every workload in plain code, one number at a time: the reference. Built without vectors. */
#include <math.h>
#include <string.h>

#include "suites/kernels/kernel.h"

static void kmeans(const float *shared, const float *in, float *out, size_t rows)
{
	for (size_t r = 0; r < rows; r++, in += KERNEL_WIDTH, out += 2) {
		float least = INFINITY;
		int nearest = 0;
		for (int k = 0; k < KERNEL_WIDTH; k++) {
			float sum = 0;
			for (int j = 0; j < KERNEL_WIDTH; j++) {
				float d = in[j] - shared[j * KERNEL_WIDTH + k];
				sum += d * d;
			}
			if (sum < least) {
				least = sum;
				nearest = k;
			}
		}
		out[0] = (float)nearest;
		out[1] = least;
	}
}

static void distance(const float *shared, const float *in, float *out, size_t rows)
{
	for (size_t r = 0; r < rows; r++, in += KERNEL_WIDTH, out += KERNEL_LANDMARKS)
		for (int k = 0; k < KERNEL_LANDMARKS; k++) {
			float sum = 0;
			for (int j = 0; j < KERNEL_WIDTH; j++) {
				float d = in[j] - shared[j * KERNEL_LANDMARKS + k];
				sum += d * d;
			}
			out[k] = sqrtf(sum);
		}
}

static void reservoir(const float *shared, const float *in, float *out, size_t rows)
{
	enum { IN = KERNEL_NEURONS + KERNEL_INPUTS };
	for (size_t r = 0; r < rows; r++, in += IN, out += KERNEL_NEURONS)
		for (int i = 0; i < KERNEL_NEURONS; i++) {
			float sum = 0;
			for (int j = 0; j < IN; j++)
				sum += shared[j * KERNEL_NEURONS + i] * in[j];
			out[i] = (1 - KERNEL_LEAK) * in[i] + KERNEL_LEAK * tanhf(sum);
		}
}

static void spiking(const float *shared, const float *in, float *out, size_t rows)
{
	for (size_t r = 0; r < rows; r++, in += 2 * KERNEL_NEURONS, out += 2 * KERNEL_NEURONS)
		for (int i = 0; i < KERNEL_NEURONS; i++) {
			float v = in[i], current = in[KERNEL_NEURONS + i];
			int spikes = 0;
			for (int step = 0; step < KERNEL_SPIKE_STEPS; step++) {
				v += KERNEL_SPIKE_DT * (current - v);
				if (v >= 1) {
					v = 0;
					spikes++;
				}
			}
			out[i] = v;
			out[KERNEL_NEURONS + i] = (float)spikes;
		}
}

/* One scenario: `load` and `volt` are KERNEL_LANES apart. */
static void sweep(const float *load, float *volt)
{
	float vr[FEEDER_BUSES], vi[FEEDER_BUSES], ir[FEEDER_BUSES], ii[FEEDER_BUSES];
	for (int i = 0; i < FEEDER_BUSES; i++) {
		vr[i] = 1;
		vi[i] = 0;
	}
	for (int step = 0; step < FEEDER_SWEEPS; step++) {
		ir[0] = ii[0] = 0;
		for (int i = 1; i < FEEDER_BUSES; i++) { /* what each load draws: conj(S / V) */
			float p = load[(2 * i - 2) * KERNEL_LANES];
			float q = load[(2 * i - 1) * KERNEL_LANES];
			float square = vr[i] * vr[i] + vi[i] * vi[i];
			ir[i] = (p * vr[i] + q * vi[i]) / square;
			ii[i] = (p * vi[i] - q * vr[i]) / square;
		}
		for (int i = FEEDER_BUSES - 1; i > 0; i--) { /* backward: currents of branches */
			ir[feeder_from[i - 1]] += ir[i];
			ii[feeder_from[i - 1]] += ii[i];
		}
		for (int i = 1; i < FEEDER_BUSES; i++) { /* forward: voltages */
			int from = feeder_from[i - 1];
			float rr = feeder_r[i - 1], x = feeder_x[i - 1];
			vr[i] = vr[from] - (rr * ir[i] - x * ii[i]);
			vi[i] = vi[from] - (rr * ii[i] + x * ir[i]);
		}
	}
	for (int i = 0; i < FEEDER_BUSES; i++) {
		volt[2 * i * KERNEL_LANES] = vr[i];
		volt[(2 * i + 1) * KERNEL_LANES] = vi[i];
	}
}

static void powerflow(const float *shared, const float *in, float *out, size_t rows)
{
	for (size_t r = 0; r < rows; r++) {
		for (int l = 0; l < KERNEL_LANES; l++)
			sweep(in + l, out + l);
		in += 2 * FEEDER_BRANCHES * KERNEL_LANES;
		out += 2 * FEEDER_BUSES * KERNEL_LANES;
	}
}

static void fourier(const float *shared, const float *in, float *out, size_t rows)
{
	const float *weights = shared + 2 * KERNEL_POINTS * KERNEL_MODES;
	const float *back = weights + 2 * KERNEL_MODES;
	for (size_t r = 0; r < rows; r++, in += KERNEL_POINTS, out += KERNEL_POINTS) {
		memset(out, 0, KERNEL_POINTS * sizeof(*out));
		for (int k = 0; k < KERNEL_MODES; k++) {
			float re = 0, im = 0;
			for (int x = 0; x < KERNEL_POINTS; x++) {
				re += in[x] * shared[x * 2 * KERNEL_MODES + k];
				im -= in[x] * shared[x * 2 * KERNEL_MODES + KERNEL_MODES + k];
			}
			float a = weights[k], b = weights[KERNEL_MODES + k];
			float wr = a * re - b * im, wi = a * im + b * re;
			/* All but the mean stand for themselves and for their conjugates. */
			float scale = (k ? 2.0f : 1.0f) / KERNEL_POINTS;
			const float *cosine = back + k * 2 * KERNEL_POINTS;
			for (int x = 0; x < KERNEL_POINTS; x++)
				out[x] += scale * (wr * cosine[x] - wi * cosine[KERNEL_POINTS + x]);
		}
	}
}

/* The first step, so that the moments' corrections are those of t = 1. */
static void adamw(const float *shared, const float *in, float *out, size_t rows)
{
	enum { N = KERNEL_LAYER };
	for (size_t r = 0; r < rows; r++, in += 4 * N, out += 3 * N)
		for (int i = 0; i < N; i++) {
			float w = in[i], g = in[N + i];
			float m = KERNEL_BETA1 * in[2 * N + i] + (1 - KERNEL_BETA1) * g;
			float v = KERNEL_BETA2 * in[3 * N + i] + (1 - KERNEL_BETA2) * g * g;
			float mean = m / (1 - KERNEL_BETA1), square = v / (1 - KERNEL_BETA2);
			out[i] = w - KERNEL_LEARN_RATE * (mean / (sqrtf(square) + KERNEL_EPSILON) +
							  KERNEL_DECAY * w);
			out[N + i] = m;
			out[2 * N + i] = v;
		}
}

static void lion(const float *shared, const float *in, float *out, size_t rows)
{
	enum { N = KERNEL_LAYER };
	for (size_t r = 0; r < rows; r++, in += 4 * N, out += 2 * N)
		for (int i = 0; i < N; i++) {
			float w = in[i], g = in[N + i], m = in[2 * N + i];
			float c = KERNEL_BETA1 * m + (1 - KERNEL_BETA1) * g;
			float sign = (float)((c > 0) - (c < 0));
			out[i] = w - KERNEL_LEARN_RATE * (sign + KERNEL_DECAY * w);
			out[N + i] = KERNEL_LION_BETA2 * m + (1 - KERNEL_LION_BETA2) * g;
		}
}

static void lars(const float *shared, const float *in, float *out, size_t rows)
{
	enum { N = KERNEL_LAYER };
	for (size_t r = 0; r < rows; r++, in += 4 * N, out += 2 * N) {
		float ww = 0, gg = 0;
		for (int i = 0; i < N; i++) {
			ww += in[i] * in[i];
			gg += in[N + i] * in[N + i];
		}
		float norm = sqrtf(ww);
		float rate = KERNEL_TRUST * norm / (sqrtf(gg) + KERNEL_DECAY * norm);
		for (int i = 0; i < N; i++) {
			float step = rate * (in[N + i] + KERNEL_DECAY * in[i]);
			float m = KERNEL_BETA1 * in[2 * N + i] + step;
			out[i] = in[i] - m;
			out[N + i] = m;
		}
	}
}

static float dot(const float *x, const float *y, int n)
{
	float sum = 0;
	for (int i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

/* Make q[k] orthogonal to those before it and of length 1; what its length was. */
static float orthonormalise(float q[KERNEL_RANK][KERNEL_WIDTH], int k)
{
	for (int p = 0; p < k; p++) {
		float along = dot(q[p], q[k], KERNEL_WIDTH);
		for (int j = 0; j < KERNEL_WIDTH; j++)
			q[k][j] -= along * q[p][j];
	}
	float length = sqrtf(dot(q[k], q[k], KERNEL_WIDTH));
	for (int j = 0; j < KERNEL_WIDTH; j++)
		q[k][j] /= length;
	return length;
}

/* Subspace iteration on A'A: what q[k] grows by is the square of a singular value. */
static void svd(const float *shared, const float *in, float *out, size_t rows)
{
	enum { N = KERNEL_WIDTH };
	for (size_t r = 0; r < rows; r++, in += KERNEL_ROWS * N, out += KERNEL_RANK) {
		float gram[N][N] = {{0}}, q[KERNEL_RANK][N], next[KERNEL_RANK][N];
		for (int i = 0; i < KERNEL_ROWS; i++)
			for (int a = 0; a < N; a++)
				for (int b = 0; b < N; b++)
					gram[a][b] += in[i * N + a] * in[i * N + b];
		for (int k = 0; k < KERNEL_RANK; k++)
			memcpy(q[k], gram[k], sizeof(q[k]));
		for (int k = 0; k < KERNEL_RANK; k++)
			orthonormalise(q, k);
		for (int step = 0; step < KERNEL_POWER; step++) {
			for (int k = 0; k < KERNEL_RANK; k++)
				for (int a = 0; a < N; a++)
					next[k][a] = dot(gram[a], q[k], N);
			memcpy(q, next, sizeof(q));
			for (int k = 0; k < KERNEL_RANK; k++)
				out[k] = sqrtf(orthonormalise(q, k));
		}
	}
}

/* One environment: `in` and `out` are KERNEL_LANES apart. The last result is the mean cost of a step. */
static void play(const float *in, float *out)
{
	float x = in[0], dx = in[KERNEL_LANES], a = in[2 * KERNEL_LANES], da = in[3 * KERNEL_LANES];
	float cost = 0;
	for (int step = 0; step < KERNEL_STEPS; step++) {
		float force = kernel_gains[0] * x + kernel_gains[1] * dx + kernel_gains[2] * a +
			      kernel_gains[3] * da;
		force = fminf(fmaxf(force, -KERNEL_FORCE), KERNEL_FORCE);
		float s = sinf(a), c = cosf(a);
		float push = (force + KERNEL_POLE * da * da * s) / KERNEL_MASS;
		float dda = (KERNEL_GRAVITY * s - c * push) /
			    (KERNEL_HALF * (4.0f / 3 - 0.1f * c * c / KERNEL_MASS));
		float ddx = push - KERNEL_POLE * dda * c / KERNEL_MASS;
		x += KERNEL_DT * dx;
		dx += KERNEL_DT * ddx;
		a += KERNEL_DT * da;
		da += KERNEL_DT * dda;
		cost += a * a + 0.1f * x * x;
	}
	out[0] = x;
	out[KERNEL_LANES] = dx;
	out[2 * KERNEL_LANES] = a;
	out[3 * KERNEL_LANES] = da;
	out[4 * KERNEL_LANES] = cost / KERNEL_STEPS;
}

static void episode(const float *shared, const float *in, float *out, size_t rows)
{
	for (size_t r = 0; r < rows; r++) {
		for (int l = 0; l < KERNEL_LANES; l++)
			play(in + l, out + l);
		in += KERNEL_STATE * KERNEL_LANES;
		out += (KERNEL_STATE + 1) * KERNEL_LANES;
	}
}

const struct kernel_code kernel_scalar = {"scalar",
					  {kmeans, distance, reservoir, spiking, powerflow, fourier,
					   adamw, lion, lars, svd, episode}};
