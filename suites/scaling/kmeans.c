/* SPDX-License-Identifier: MIT */
/* kmeans: the step, in shares and serially. */
#include "suites/scaling/kmeans.h"

#include <math.h>
#include <string.h>

#include "harness/base/rng.h"
#include "suites/scaling/scaling.h"

/* Points whose random numbers come from one seed: shares begin anywhere, so it must be one. */
static void fill_point(float *point, uint64_t seed, size_t index)
{
	uint64_t state = seed ^ (0x9e3779b97f4a7c15u * (index + 1));
	for (int j = 0; j < KMEANS_D; j += 2) {
		uint64_t bits = assay_splitmix(&state);
		point[j] = (float)(bits >> 40) * 0x1p-24f;
		point[j + 1] = (float)(bits & 0xffffff) * 0x1p-24f;
	}
}

static size_t round_lines(size_t bytes)
{
	return (bytes + ASSAY_CACHE_LINE - 1) / ASSAY_CACHE_LINE * ASSAY_CACHE_LINE;
}

static void fill_centroids(struct kmeans *km)
{
	float centroid[KMEANS_D];
	for (size_t k = 0; k < KMEANS_K; k++) {
		fill_point(centroid, ~km->seed, k);
		for (size_t j = 0; j < KMEANS_D; j++)
			km->centroids[j * KMEANS_K + k] = centroid[j];
	}
}

enum assay_code kmeans_new(size_t n, unsigned parts, uint64_t seed, struct kmeans **ret,
			   struct assay_err *err)
{
	if (parts == 0 || parts > KMEANS_MAX_PARTS || n > SIZE_MAX / (4 * KMEANS_D * sizeof(float)))
		return assay_fail(err, ASSAY_EUSAGE, "kmeans: %zu points in %u parts", n, parts);
	struct kmeans *km = team_alloc(sizeof(*km));
	if (!km)
		return assay_fail(err, ASSAY_ENOMEM, "kmeans: out of memory");
	km->n = n;
	km->parts = parts;
	km->seed = seed;
	km->points = team_alloc(n * KMEANS_D * sizeof(float));
	km->centroids = team_alloc(KMEANS_K * KMEANS_D * sizeof(float));
	km->labels = team_alloc(round_lines(n * sizeof(uint32_t)));
	km->serial_labels = team_alloc(round_lines(n * sizeof(uint32_t)));
	km->partial = team_alloc(parts * sizeof(*km->partial));
	if (!km->points || !km->centroids || !km->labels || !km->serial_labels || !km->partial) {
		kmeans_free(km);
		return assay_fail(err, ASSAY_ENOMEM, "kmeans: out of memory for %zu points", n);
	}
	fill_centroids(km);
	*ret = km;
	return ASSAY_OK;
}

void kmeans_free(struct kmeans *km)
{
	if (!km)
		return;
	team_free(km->points, km->n * KMEANS_D * sizeof(float));
	team_free(km->centroids, KMEANS_K * KMEANS_D * sizeof(float));
	team_free(km->labels, round_lines(km->n * sizeof(uint32_t)));
	team_free(km->serial_labels, round_lines(km->n * sizeof(uint32_t)));
	team_free(km->partial, km->parts * sizeof(*km->partial));
	team_free(km, sizeof(*km));
}

/* Four floats side by side; the compilers lower it to whatever the machine has. */
typedef float lanes __attribute__((vector_size(16), may_alias));
enum { LANES = 4, VECTORS = KMEANS_K / LANES };

/*
 * Which centroid is nearest to one point. Lanes are centroids, not dimensions: no sum is reordered,
 * so every caller gets the same bits. Ties go to the lower centroid. Written with vectors because
 * gcc at -O3 unrolls the plain loops before it can vectorise them, and loses 1.8x.
 */
static inline __attribute__((always_inline)) uint32_t nearest(const float *restrict point,
							      const float *restrict centroids)
{
	const lanes *c = (const lanes *)centroids;
	lanes sums[VECTORS] = {0};
	for (int j = 0; j < KMEANS_D; j++) {
		lanes x = {point[j], point[j], point[j], point[j]};
		for (int v = 0; v < VECTORS; v++) {
			lanes difference = x - c[j * VECTORS + v];
			sums[v] += difference * difference;
		}
	}
	float distance[KMEANS_K];
	memcpy(distance, sums, sizeof(distance));
	/* The least one first, in four lanes, then where it stands: no branch depends on the data. */
	float low[4];
	for (int l = 0; l < 4; l++) {
		float a = distance[l] < distance[l + 4] ? distance[l] : distance[l + 4];
		float b = distance[l + 8] < distance[l + 12] ? distance[l + 8] : distance[l + 12];
		low[l] = a < b ? a : b;
	}
	float a = low[0] < low[1] ? low[0] : low[1], b = low[2] < low[3] ? low[2] : low[3];
	float least = a < b ? a : b;
	uint32_t best = 0;
	for (uint32_t k = KMEANS_K; k-- > 0;)
		best = distance[k] == least ? k : best;
	return best;
}

static inline __attribute__((always_inline)) void add_point(struct kmeans_sums *sums,
							    uint32_t label, const float *point)
{
	for (int j = 0; j < KMEANS_D; j++)
		sums->sum[label][j] += point[j];
	sums->count[label]++;
}

static size_t first_of(const struct kmeans *km, unsigned part, unsigned parts)
{
	return (size_t)((unsigned __int128)km->n * part / parts);
}

void kmeans_fill_part(void *context, unsigned part, unsigned parts)
{
	struct kmeans *km = context;
	size_t end = first_of(km, part + 1, parts);
	for (size_t i = first_of(km, part, parts); i < end; i++) {
		fill_point(&km->points[i * KMEANS_D], km->seed, i);
		km->labels[i] = UINT32_MAX;
	}
}

void kmeans_step_part(void *context, unsigned part, unsigned parts)
{
	struct kmeans *km = context;
	struct kmeans_sums sums = {0}; /* on the worker's own stack: no line is shared */
	size_t i = first_of(km, part, parts), end = first_of(km, part + 1, parts);
	const float *point = km->points + i * KMEANS_D, *centroids = km->centroids;
	uint32_t *labels = km->labels;
	for (; i < end; i++, point += KMEANS_D) {
		uint32_t label = nearest(point, centroids);
		labels[i] = label;
		add_point(&sums, label, point);
	}
	km->partial[part] = sums;
}

void kmeans_merge(struct kmeans *km)
{
	km->total = km->partial[0];
	for (unsigned part = 1; part < km->parts; part++) {
		for (int k = 0; k < KMEANS_K; k++) {
			for (int j = 0; j < KMEANS_D; j++)
				km->total.sum[k][j] += km->partial[part].sum[k][j];
			km->total.count[k] += km->partial[part].count[k];
		}
	}
}

/* No shares, no copies, no merging: straight through the points into the sums. */
ASSAY_NOIPA void kmeans_step_serial(struct kmeans *km)
{
	struct kmeans_sums *sums = &km->serial;
	const float *point = km->points, *centroids = km->centroids;
	uint32_t *labels = km->serial_labels;
	memset(sums, 0, sizeof(*sums));
	for (size_t i = 0; i < km->n; i++, point += KMEANS_D) {
		uint32_t label = nearest(point, centroids);
		labels[i] = label;
		add_point(sums, label, point);
	}
}

void kmeans_poison(struct kmeans *km)
{
	memset(km->labels, 0xff, km->n * sizeof(*km->labels));
	memset(km->partial, 0xff, km->parts * sizeof(*km->partial)); /* NaN, and counts too large */
	memset(&km->total, 0xff, sizeof(km->total));
}

static enum assay_code compare_labels(const struct kmeans *km, struct assay_err *err)
{
	for (size_t i = 0; i < km->n; i++)
		if (km->labels[i] != km->serial_labels[i])
			return assay_fail(err, ASSAY_ECHECK,
					  "point %zu of %zu: centroid %u, the serial code says %u",
					  i, km->n, km->labels[i], km->serial_labels[i]);
	return ASSAY_OK;
}

enum assay_code kmeans_compare(const struct kmeans *km, struct assay_err *err)
{
	enum assay_code code = compare_labels(km, err);
	for (int k = 0; k < KMEANS_K && code == ASSAY_OK; k++) {
		if (km->total.count[k] != km->serial.count[k])
			return assay_fail(err, ASSAY_ECHECK, "centroid %d: %llu points, not %llu",
					  k, (unsigned long long)km->total.count[k],
					  (unsigned long long)km->serial.count[k]);
		/* Sums of non-negative numbers: shares change the rounding of each addition only. */
		for (int j = 0; j < KMEANS_D; j++) {
			double got = km->total.sum[k][j], want = km->serial.sum[k][j];
			if (!(fabs(got - want) <= 1e-9 * fabs(want)))
				return assay_fail(err, ASSAY_ECHECK,
						  "centroid %d: sum %d is %.17g, not %.17g", k, j,
						  got, want);
		}
	}
	return code;
}

double kmeans_flops(const struct kmeans *km)
{
	return (double)km->n * (3.0 * KMEANS_K * KMEANS_D + KMEANS_D);
}
