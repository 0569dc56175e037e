/* SPDX-License-Identifier: MIT */
/*
 * kernel_vector: every workload eight numbers at a time. Built once for each instruction set, KERNEL_ISA being its
 * name; the compiler lowers the vectors to what that has.
 */
#include <string.h>

#include "suites/kernels/kernel.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define TEXT_(a)    #a
#define TEXT(a)     TEXT_(a)

enum { LANES = 8 };
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t masks __attribute__((vector_size(4 * LANES)));

#define INLINE static inline __attribute__((always_inline))

INLINE lanes load(const float *from)
{
	return *(const lanes *)from;
}

INLINE void store(float *to, lanes value)
{
	*(lanes *)to = value;
}

INLINE lanes all(float x)
{
	return (lanes){x, x, x, x, x, x, x, x};
}

INLINE lanes choose(masks mask, lanes yes, lanes no)
{
	return (lanes)((mask & (masks)yes) | (~mask & (masks)no));
}

INLINE lanes least_of(lanes a, lanes b)
{
	return choose((masks)(a < b), a, b);
}

INLINE lanes most_of(lanes a, lanes b)
{
	return choose((masks)(a > b), a, b);
}

INLINE lanes root(lanes x)
{
#if defined(__AVX__)
	return (lanes)_mm256_sqrt_ps((__m256)x);
#else
	for (int l = 0; l < LANES; l++)
		x[l] = __builtin_sqrtf(x[l]);
	return x;
#endif
}

INLINE float sum_of(lanes x)
{
	float a = (x[0] + x[4]) + (x[2] + x[6]), b = (x[1] + x[5]) + (x[3] + x[7]);
	return a + b;
}

/* A quotient of polynomials, exact to a few units in the last place; flat beyond +-7.9. */
INLINE lanes tanh_of(lanes x)
{
	x = most_of(least_of(x, all(7.90531110763549805f)), all(-7.90531110763549805f));
	lanes s = x * x;
	lanes p = s * -2.76076847742355e-16f + 2.00018790482477e-13f;
	p = p * s + -8.60467152213735e-11f;
	p = p * s + 5.12229709037114e-08f;
	p = p * s + 1.48572235717979e-05f;
	p = p * s + 6.37261928875436e-04f;
	p = (p * s + 4.89352455891786e-03f) * x;
	lanes q = s * 1.19825839466702e-06f + 1.18534705686654e-04f;
	q = q * s + 2.26843463243900e-03f;
	q = q * s + 4.89352518554385e-03f;
	return p / q;
}

/* Lanes are centroids. The least first, then where it stands: no branch depends on the data. */
static void kmeans(const float *shared, const float *in, float *out, size_t rows)
{
	for (size_t r = 0; r < rows; r++, in += KERNEL_WIDTH, out += 2) {
		lanes sums[2] = {all(0), all(0)};
		float sum[KERNEL_WIDTH];
		for (int j = 0; j < KERNEL_WIDTH; j++)
			for (int v = 0; v < 2; v++) {
				lanes d = all(in[j]) - load(shared + j * KERNEL_WIDTH + v * LANES);
				sums[v] += d * d;
			}
		lanes low = least_of(sums[0], sums[1]);
		float a = low[0] < low[4] ? low[0] : low[4], b = low[1] < low[5] ? low[1] : low[5];
		float c = low[2] < low[6] ? low[2] : low[6], d = low[3] < low[7] ? low[3] : low[7];
		a = a < b ? a : b;
		c = c < d ? c : d;
		float least = a < c ? a : c;
		int nearest = 0;
		store(sum, sums[0]);
		store(sum + LANES, sums[1]);
		for (int k = KERNEL_WIDTH - 1; k >= 0; k--)
			nearest = sum[k] == least ? k : nearest;
		out[0] = (float)nearest;
		out[1] = least;
	}
}

static void distance(const float *shared, const float *in, float *out, size_t rows)
{
	enum { VECTORS = KERNEL_LANDMARKS / LANES };
	for (size_t r = 0; r < rows; r++, in += KERNEL_WIDTH, out += KERNEL_LANDMARKS) {
		lanes sums[VECTORS] = {{0}};
		for (int j = 0; j < KERNEL_WIDTH; j++)
			for (int v = 0; v < VECTORS; v++) {
				lanes d = all(in[j]) -
					  load(shared + j * KERNEL_LANDMARKS + v * LANES);
				sums[v] += d * d;
			}
		for (int v = 0; v < VECTORS; v++)
			store(out + v * LANES, root(sums[v]));
	}
}

static void reservoir(const float *shared, const float *in, float *out, size_t rows)
{
	enum { IN = KERNEL_NEURONS + KERNEL_INPUTS, VECTORS = KERNEL_NEURONS / LANES };
	for (size_t r = 0; r < rows; r++, in += IN, out += KERNEL_NEURONS) {
		lanes sums[VECTORS] = {{0}};
		for (int j = 0; j < IN; j++)
			for (int v = 0; v < VECTORS; v++)
				sums[v] +=
					load(shared + j * KERNEL_NEURONS + v * LANES) * all(in[j]);
		for (int v = 0; v < VECTORS; v++)
			store(out + v * LANES, load(in + v * LANES) * (1 - KERNEL_LEAK) +
						       tanh_of(sums[v]) * KERNEL_LEAK);
	}
}

static void spiking(const float *shared, const float *in, float *out, size_t rows)
{
	enum { N = KERNEL_NEURONS, VECTORS = N / LANES };
	for (size_t r = 0; r < rows; r++, in += 2 * N, out += 2 * N) {
		lanes v[VECTORS], current[VECTORS], spikes[VECTORS] = {{0}};
		for (int i = 0; i < VECTORS; i++) {
			v[i] = load(in + i * LANES);
			current[i] = load(in + N + i * LANES);
		}
		for (int step = 0; step < KERNEL_SPIKE_STEPS; step++)
			for (int i = 0; i < VECTORS; i++) {
				v[i] += (current[i] - v[i]) * KERNEL_SPIKE_DT;
				masks fires = (masks)(v[i] >= all(1));
				v[i] = choose(fires, all(0), v[i]);
				spikes[i] += choose(fires, all(1), all(0));
			}
		for (int i = 0; i < VECTORS; i++) {
			store(out + i * LANES, v[i]);
			store(out + N + i * LANES, spikes[i]);
		}
	}
}

/* Lanes are scenarios. */
static void powerflow(const float *shared, const float *in, float *out, size_t rows)
{
	for (size_t r = 0; r < rows; r++) {
		lanes vr[FEEDER_BUSES], vi[FEEDER_BUSES], ir[FEEDER_BUSES], ii[FEEDER_BUSES];
		for (int i = 0; i < FEEDER_BUSES; i++) {
			vr[i] = all(1);
			vi[i] = all(0);
		}
		for (int step = 0; step < FEEDER_SWEEPS; step++) {
			ir[0] = ii[0] = all(0);
			for (int i = 1; i < FEEDER_BUSES; i++) {
				lanes p = load(in + (2 * i - 2) * LANES);
				lanes q = load(in + (2 * i - 1) * LANES);
				lanes per = all(1) / (vr[i] * vr[i] + vi[i] * vi[i]);
				ir[i] = (p * vr[i] + q * vi[i]) * per;
				ii[i] = (p * vi[i] - q * vr[i]) * per;
			}
			for (int i = FEEDER_BUSES - 1; i > 0; i--) {
				ir[feeder_from[i - 1]] += ir[i];
				ii[feeder_from[i - 1]] += ii[i];
			}
			for (int i = 1; i < FEEDER_BUSES; i++) {
				int from = feeder_from[i - 1];
				lanes rr = all(feeder_r[i - 1]), x = all(feeder_x[i - 1]);
				vr[i] = vr[from] - (rr * ir[i] - x * ii[i]);
				vi[i] = vi[from] - (rr * ii[i] + x * ir[i]);
			}
		}
		for (int i = 0; i < FEEDER_BUSES; i++) {
			store(out + 2 * i * LANES, vr[i]);
			store(out + (2 * i + 1) * LANES, vi[i]);
		}
		in += 2 * FEEDER_BRANCHES * LANES;
		out += 2 * FEEDER_BUSES * LANES;
	}
}

/* Lanes are modes on the way there and points on the way back. */
static void fourier(const float *shared, const float *in, float *out, size_t rows)
{
	enum { X = KERNEL_POINTS, K = KERNEL_MODES, VECTORS = X / LANES };
	const float *weights = shared + 2 * X * K, *back = weights + 2 * K;
	for (size_t r = 0; r < rows; r++, in += X, out += X) {
		lanes re[2] = {{0}}, im[2] = {{0}}, sums[VECTORS] = {{0}};
		float wr[K], wi[K];
		for (int x = 0; x < X; x++)
			for (int v = 0; v < 2; v++) {
				const float *table = shared + x * 2 * K + v * LANES;
				re[v] += load(table) * all(in[x]);
				im[v] -= load(table + K) * all(in[x]);
			}
		for (int v = 0; v < 2; v++) {
			lanes a = load(weights + v * LANES), b = load(weights + K + v * LANES);
			store(wr + v * LANES, (a * re[v] - b * im[v]) * (2.0f / X));
			store(wi + v * LANES, (a * im[v] + b * re[v]) * (2.0f / X));
		}
		wr[0] /= 2;
		wi[0] /= 2;
		for (int k = 0; k < K; k++)
			for (int v = 0; v < VECTORS; v++) {
				const float *table = back + k * 2 * X + v * LANES;
				sums[v] += load(table) * all(wr[k]) - load(table + X) * all(wi[k]);
			}
		for (int v = 0; v < VECTORS; v++)
			store(out + v * LANES, sums[v]);
	}
}

static void adamw(const float *shared, const float *in, float *out, size_t rows)
{
	enum { N = KERNEL_LAYER };
	for (size_t r = 0; r < rows; r++, in += 4 * N, out += 3 * N)
		for (int i = 0; i < N; i += LANES) {
			lanes w = load(in + i), g = load(in + N + i);
			lanes m = load(in + 2 * N + i) * KERNEL_BETA1 + g * (1 - KERNEL_BETA1);
			lanes v = load(in + 3 * N + i) * KERNEL_BETA2 + g * g * (1 - KERNEL_BETA2);
			lanes mean = m / (1 - KERNEL_BETA1), square = v / (1 - KERNEL_BETA2);
			lanes step = mean / (root(square) + KERNEL_EPSILON) + w * KERNEL_DECAY;
			store(out + i, w - step * KERNEL_LEARN_RATE);
			store(out + N + i, m);
			store(out + 2 * N + i, v);
		}
}

static void lion(const float *shared, const float *in, float *out, size_t rows)
{
	enum { N = KERNEL_LAYER };
	for (size_t r = 0; r < rows; r++, in += 4 * N, out += 2 * N)
		for (int i = 0; i < N; i += LANES) {
			lanes w = load(in + i), g = load(in + N + i), m = load(in + 2 * N + i);
			lanes c = m * KERNEL_BETA1 + g * (1 - KERNEL_BETA1);
			lanes sign = choose((masks)(c > all(0)), all(1), all(0)) -
				     choose((masks)(c < all(0)), all(1), all(0));
			store(out + i, w - (sign + w * KERNEL_DECAY) * KERNEL_LEARN_RATE);
			store(out + N + i, m * KERNEL_LION_BETA2 + g * (1 - KERNEL_LION_BETA2));
		}
}

static void lars(const float *shared, const float *in, float *out, size_t rows)
{
	enum { N = KERNEL_LAYER };
	for (size_t r = 0; r < rows; r++, in += 4 * N, out += 2 * N) {
		lanes ww = all(0), gg = all(0);
		for (int i = 0; i < N; i += LANES) {
			lanes w = load(in + i), g = load(in + N + i);
			ww += w * w;
			gg += g * g;
		}
		float norm = __builtin_sqrtf(sum_of(ww));
		float gradient = __builtin_sqrtf(sum_of(gg));
		float rate = KERNEL_TRUST * norm / (gradient + KERNEL_DECAY * norm);
		for (int i = 0; i < N; i += LANES) {
			lanes w = load(in + i);
			lanes step = (load(in + N + i) + w * KERNEL_DECAY) * rate;
			lanes m = load(in + 2 * N + i) * KERNEL_BETA1 + step;
			store(out + i, w - m);
			store(out + N + i, m);
		}
	}
}

/* A vector of KERNEL_WIDTH numbers. */
struct pair {
	lanes half[2];
};

INLINE float dot(const struct pair *x, const struct pair *y)
{
	return sum_of(x->half[0] * y->half[0] + x->half[1] * y->half[1]);
}

INLINE float orthonormalise(struct pair *q, int k)
{
	for (int p = 0; p < k; p++) {
		lanes along = all(dot(&q[p], &q[k]));
		q[k].half[0] -= along * q[p].half[0];
		q[k].half[1] -= along * q[p].half[1];
	}
	float length = __builtin_sqrtf(dot(&q[k], &q[k]));
	q[k].half[0] /= length;
	q[k].half[1] /= length;
	return length;
}

static void svd(const float *shared, const float *in, float *out, size_t rows)
{
	enum { N = KERNEL_WIDTH };
	for (size_t r = 0; r < rows; r++, in += KERNEL_ROWS * N, out += KERNEL_RANK) {
		struct pair gram[N] = {{{{0}}}}, q[KERNEL_RANK], next[KERNEL_RANK];
		for (int i = 0; i < KERNEL_ROWS; i++) {
			lanes low = load(in + i * N), high = load(in + i * N + LANES);
			for (int a = 0; a < N; a++) {
				gram[a].half[0] += low * all(in[i * N + a]);
				gram[a].half[1] += high * all(in[i * N + a]);
			}
		}
		for (int k = 0; k < KERNEL_RANK; k++)
			q[k] = gram[k];
		for (int k = 0; k < KERNEL_RANK; k++)
			orthonormalise(q, k);
		for (int step = 0; step < KERNEL_POWER; step++) {
			/* A'A is symmetric: its columns, weighted, are its product. */
			for (int k = 0; k < KERNEL_RANK; k++) {
				lanes low = all(0), high = all(0);
				for (int a = 0; a < N; a++) {
					lanes x = all(((const float *)&q[k])[a]);
					low += gram[a].half[0] * x;
					high += gram[a].half[1] * x;
				}
				next[k].half[0] = low;
				next[k].half[1] = high;
			}
			memcpy(q, next, sizeof(q));
			for (int k = 0; k < KERNEL_RANK; k++)
				out[k] = __builtin_sqrtf(orthonormalise(q, k));
		}
	}
}

/* Lanes are environments. Angles stay small: the first terms of sine and cosine are enough. */
static void episode(const float *shared, const float *in, float *out, size_t rows)
{
	for (size_t r = 0; r < rows; r++) {
		lanes x = load(in), dx = load(in + LANES), a = load(in + 2 * LANES);
		lanes da = load(in + 3 * LANES), cost = all(0);
		for (int step = 0; step < KERNEL_STEPS; step++) {
			lanes force = x * kernel_gains[0] + dx * kernel_gains[1] +
				      a * kernel_gains[2] + da * kernel_gains[3];
			force = least_of(most_of(force, all(-KERNEL_FORCE)), all(KERNEL_FORCE));
			lanes aa = a * a;
			lanes s = a * (1 - aa * (1 / 6.0f - aa * (1 / 120.0f - aa / 5040.0f)));
			lanes c = 1 - aa * (0.5f - aa * (1 / 24.0f - aa / 720.0f));
			lanes push = (force + da * da * s * KERNEL_POLE) * (1 / KERNEL_MASS);
			lanes dda = (s * KERNEL_GRAVITY - c * push) /
				    (KERNEL_HALF * (4.0f / 3 - c * c * (0.1f / KERNEL_MASS)));
			lanes ddx = push - dda * c * (KERNEL_POLE / KERNEL_MASS);
			x += dx * KERNEL_DT;
			dx += ddx * KERNEL_DT;
			a += da * KERNEL_DT;
			da += dda * KERNEL_DT;
			cost += a * a + x * x * 0.1f;
		}
		store(out, x);
		store(out + LANES, dx);
		store(out + 2 * LANES, a);
		store(out + 3 * LANES, da);
		store(out + 4 * LANES, cost / KERNEL_STEPS);
		in += KERNEL_STATE * LANES;
		out += (KERNEL_STATE + 1) * LANES;
	}
}

extern const struct kernel_code JOIN(kernel_vector_, KERNEL_ISA);
const struct kernel_code JOIN(kernel_vector_,
			      KERNEL_ISA) = {TEXT(KERNEL_ISA),
					     {kmeans, distance, reservoir, spiking, powerflow,
					      fourier, adamw, lion, lars, svd, episode}};
