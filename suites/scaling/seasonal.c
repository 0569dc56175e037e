/* SPDX-License-Identifier: MIT */
/* seasonal: level, trend and season, each by exponential smoothing. */
#include <stdlib.h>

#include "suites/scaling/scaler.h"

/* Share of the newest value. The season's is high: it is seen once a season only. */
#define LEVEL_SHARE  0.2
#define TREND_SHARE  0.01
#define SEASON_SHARE 0.4

bool seasonal_init(struct seasonal *s, size_t n)
{
	*s = (struct seasonal){.n = n, .season = calloc(n, sizeof(*s->season))};
	return s->season != NULL;
}

void seasonal_done(struct seasonal *s)
{
	free(s->season);
	*s = (struct seasonal){0};
}

void seasonal_add(struct seasonal *s, double value)
{
	size_t place = s->seen++ % s->n;
	if (s->seen <= s->n) { /* the first season only shows what it is like */
		s->season[place] = value;
		s->level = value;
		s->sum += value;
		if (s->seen < s->n)
			return;
		s->level = s->sum / (double)s->n;
		for (size_t i = 0; i < s->n; i++)
			s->season[i] -= s->level;
		return;
	}
	double before = s->level;
	s->level = LEVEL_SHARE * (value - s->season[place]) +
		   (1 - LEVEL_SHARE) * (s->level + s->trend);
	s->trend = TREND_SHARE * (s->level - before) + (1 - TREND_SHARE) * s->trend;
	s->season[place] =
		SEASON_SHARE * (value - s->level) + (1 - SEASON_SHARE) * s->season[place];
}

double seasonal_forecast(const struct seasonal *s, size_t ahead)
{
	if (s->seen < s->n)
		return s->level;
	return s->level + (double)ahead * s->trend + s->season[(s->seen + ahead - 1) % s->n];
}
