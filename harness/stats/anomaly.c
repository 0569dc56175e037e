/* SPDX-License-Identifier: MIT */
/* anomaly: distances from the median of the neighbours, their spread, and what is beyond. */
#include "harness/stats/anomaly.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/detect.h"
#include "harness/stats/estimate.h"

/* 80 % quantile of the absolute value of a standard normal. */
#define Q80_OF_NORMAL 1.2815515655446004
/* A side of zero with fewer distances says nothing of its own spread; the other's is taken. */
enum { SIDE_LEAST = 5 };

/* Lengths of stretches that are looked at; the shorter ones first, as they say more exactly where. */
static const size_t lengths[] = {3, 6, ASSAY_ANOMALY_LONGEST};

struct search {
	size_t n, reach;
	double *x, *usual, *away; /* without the gaps */
	size_t *index;            /* where each was in the caller's array */
	double *y, *sorted;       /* n each; sorted: and of a window */
	uint8_t *flags;
	double *score; /* of the flagged */
};

static double median_of(const double *x, size_t n, double *scratch)
{
	memcpy(scratch, x, n * sizeof(*x));
	assay_sort(scratch, n);
	return assay_median(scratch, n);
}

/* At the ends the window has the same number of values, so that its median is as sure. */
static void find_usual(struct search *s)
{
	size_t width = 2 * s->reach + 1;
	for (size_t i = 0; i < s->n; i++) {
		size_t from = i > width / 2 ? i - width / 2 : 0;
		from = from + width > s->n ? s->n - width : from;
		s->usual[i] = median_of(s->x + from, width, s->sorted);
		s->away[i] = s->x[i] - s->usual[i];
	}
}

/* Of the values of y[n] with the sign of `side`, without it; NaN when they are few. */
static double side_spread(const double *y, size_t n, double side, double *sorted)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (y[i] * side > 0)
			sorted[kept++] = y[i] * side;
	if (kept < SIDE_LEAST)
		return NAN;
	assay_sort(sorted, kept);
	return fmax(ASSAY_MAD_TO_SD * assay_median(sorted, kept),
		    assay_quantile(sorted, kept, 0.8) / Q80_OF_NORMAL);
}

struct spreads {
	double up, down;
};

static struct spreads find_spreads(const double *y, size_t n, double *sorted)
{
	struct spreads s = {side_spread(y, n, 1, sorted), side_spread(y, n, -1, sorted)};
	s.up = isnan(s.up) ? s.down : s.up;
	s.down = isnan(s.down) ? s.up : s.down;
	if (isnan(s.up)) /* nearly all are the same */
		s.up = s.down = 0;
	return s;
}

/* Of the stretch that begins at i, those that are themselves at least half as far away. */
static void flag(struct search *s, size_t i, size_t length, double off, double score)
{
	for (size_t k = i; k < i + length; k++)
		if (s->away[k] / off > 0.5) {
			s->flags[k] = 1;
			s->score[k] = fmax(s->score[k], score);
		}
}

/* `single`: spreads of the values themselves, NULL when those are looked at. */
static struct spreads look(struct search *s, size_t length, double least,
			   const struct spreads *single)
{
	size_t n = s->n - length + 1;
	for (size_t i = 0; i < n; i++)
		s->y[i] = length == 1 ? s->away[i] : median_of(s->away + i, length, s->sorted);
	struct spreads spreads = find_spreads(s->y, n, s->sorted);
	for (size_t i = 0; i < n; i++) {
		double spread = s->y[i] > 0 ? spreads.up : spreads.down, off = fabs(s->y[i]);
		if (single)
			spread = fmax(spread, (s->y[i] > 0 ? single->up : single->down) / 2);
		if (off > 0 && off >= least && off > ASSAY_ANOMALY_SPREADS * spread)
			flag(s, i, length, s->y[i], off / spread);
	}
	return spreads;
}

/* Neighbours that are off to the same side are one stretch. */
static size_t collect(struct search *s, struct assay_anomaly *ret, size_t max)
{
	size_t found = 0;
	for (size_t i = 0, end; i < s->n; i = end) {
		end = i + 1;
		if (!s->flags[i])
			continue;
		double score = s->score[i];
		for (; end < s->n && s->flags[end] && s->away[end] * s->away[i] > 0; end++)
			score = fmax(score, s->score[end]);
		if (found < max)
			ret[found] = (struct assay_anomaly){
				.from = s->index[i],
				.to = s->index[end - 1],
				.usual = median_of(s->usual + i, end - i, s->sorted),
				.off = median_of(s->away + i, end - i, s->sorted),
				.spreads = score,
			};
		found++;
	}
	return found;
}

enum assay_code assay_anomalies(const double *x, size_t n, double least, struct assay_anomaly *ret,
				size_t max, size_t *ret_n, struct assay_err *err)
{
	ASSAY_AUTO_FREE double *values = calloc(6 * n + 1, sizeof(*values));
	ASSAY_AUTO_FREE size_t *index = calloc(n + 1, sizeof(*index));
	ASSAY_AUTO_FREE uint8_t *flags = calloc(n + 1, 1);
	*ret_n = 0;
	if (!values || !index || !flags)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to look at %zu values", n);
	struct search s = {
		.x = values,
		.usual = values + n,
		.away = values + 2 * n,
		.y = values + 3 * n,
		.sorted = values + 4 * n,
		.score = values + 5 * n,
		.index = index,
		.flags = flags,
	};
	for (size_t i = 0; i < n; i++)
		if (isfinite(x[i])) {
			s.index[s.n] = i;
			s.x[s.n++] = x[i];
		}
	if (s.n < ASSAY_ANOMALY_LEAST)
		return ASSAY_OK;
	s.reach = s.n / 4 < ASSAY_ANOMALY_REACH ? s.n / 4 : ASSAY_ANOMALY_REACH;
	find_usual(&s);
	const struct spreads single = look(&s, 1, least, NULL);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		if (2 * lengths[i] <= s.reach)
			look(&s, lengths[i], least, &single);
	*ret_n = collect(&s, ret, max);
	return ASSAY_OK;
}
