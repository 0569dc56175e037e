/* SPDX-License-Identifier: MIT */
/*
 * kmeans: one step of Lloyd's algorithm: give each point the nearest of 16 centroids, and add up the
 * points of each [Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 1982]. The
 * serial code is written for itself: it is the baseline that teams are compared with.
 */
#ifndef ASSAY_SUITES_SCALING_KMEANS_H
#define ASSAY_SUITES_SCALING_KMEANS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/attr.h"
#include "harness/base/err.h"

enum { KMEANS_K = 16, KMEANS_D = 16, KMEANS_MAX_PARTS = 1024 };

/* What a step finds, without the labels. */
struct kmeans_sums {
	_Alignas(ASSAY_CACHE_LINE) double sum[KMEANS_K][KMEANS_D];
	uint64_t count[KMEANS_K];
};

/* All arrays are visible to every worker of a team. */
struct kmeans {
	size_t n;
	uint64_t seed;
	float *points;    /* n x KMEANS_D, row-major */
	float *centroids; /* KMEANS_D x KMEANS_K: all centroids of one dimension side by side */
	uint32_t *labels; /* n; of the team */
	struct kmeans_sums *partial; /* one per part */
	unsigned parts;
	uint32_t *serial_labels; /* n */
	struct kmeans_sums total, serial;
};

/* In memory of its own from team_alloc(); points not filled yet. parts <= KMEANS_MAX_PARTS. */
enum assay_code kmeans_new(size_t n, unsigned parts, uint64_t seed, struct kmeans **ret,
			   struct assay_err *err);
void kmeans_free(struct kmeans *km);

/* Parts, as team_part wants them. The points a part fills are those it works on: first touch. The
 * same seed gives the same points however they are shared out. */
void kmeans_fill_part(void *km, unsigned part, unsigned parts);
void kmeans_step_part(void *km, unsigned part, unsigned parts);
/* Add the parts up into km->total; on one thread, part of the step. */
void kmeans_merge(struct kmeans *km);

/* The whole step by the best serial code, into serial_labels and serial. */
void kmeans_step_serial(struct kmeans *km);

/* Spoil what the team left, so that stale answers cannot pass. */
void kmeans_poison(struct kmeans *km);
/* Does the team's answer equal the serial one? ASSAY_ECHECK names the first difference. */
enum assay_code kmeans_compare(const struct kmeans *km, struct assay_err *err);

/* Floating-point operations of one step: subtract, square, add per distance; add per sum. */
double kmeans_flops(const struct kmeans *km);

#endif
