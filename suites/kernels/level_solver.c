/* SPDX-License-Identifier: MIT */
/* level_solver: flats and rises. */
#include "suites/kernels/level_solver.h"

#include <math.h>

/* What grows by less than this when the size doubles is still one level: the reach of a TLB, other lines. */
#define RISE 1.3
/* A rise that comes to less than this separates nothing. */
#define STEP 1.5

static double growth(const double *bytes, const double *ns, size_t i)
{
	double doublings = log2(bytes[i + 1] / bytes[i]);

	return ns[i] > 0 && doublings > 0 ? pow(ns[i + 1] / ns[i], 1 / doublings) : 1;
}

size_t levels_solve(const double *bytes, const double *ns, size_t n, struct level *ret, size_t most)
{
	size_t found = 0, begin = 0, top = 0;

	while (n && found + 1 < most) {
		while (top + 1 < n && growth(bytes, ns, top) < RISE)
			top++;
		size_t up = top;
		while (up + 1 < n && growth(bytes, ns, up) >= RISE)
			up++;
		if (up == top) /* nothing is left */
			break;
		if (ns[up] >= STEP * ns[top]) {
			ret[found++] = (struct level){bytes[top], bytes[top + 1], ns[begin]};
			begin = up;
		}
		top = up;
	}
	if (n && found < most)
		ret[found++] = (struct level){bytes[n - 1], 0, ns[begin]};
	return found;
}
