/* SPDX-License-Identifier: MIT */
/* powerflow: admittances, mismatch, Jacobian, elimination. */
#include "suites/kernels/powerflow.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { BUSES = 14, STEPS_MAX = 20, COPIES_MAX = 64, TIE_BUS = 8 };
#define TOLERANCE 1e-8
#define BASE_MVA  100

enum kind { PQ, PV, SLACK };

/* MW, Mvar, per unit; generation at PV buses, voltage at PV and slack buses. */
static const struct bus {
	enum kind kind;
	double load_mw, load_mvar, shunt_mvar, generation_mw, voltage;
} buses[BUSES] = {
	{SLACK, 0, 0, 0, 232.4, 1.06}, {PV, 21.7, 12.7, 0, 40, 1.045}, {PV, 94.2, 19, 0, 0, 1.01},
	{PQ, 47.8, -3.9, 0, 0, 1},     {PQ, 7.6, 1.6, 0, 0, 1},        {PV, 11.2, 7.5, 0, 0, 1.07},
	{PQ, 0, 0, 0, 0, 1},           {PV, 0, 0, 0, 0, 1.09},         {PQ, 29.5, 16.6, 19, 0, 1},
	{PQ, 9, 5.8, 0, 0, 1},         {PQ, 3.5, 1.8, 0, 0, 1},        {PQ, 6.1, 1.6, 0, 0, 1},
	{PQ, 13.5, 5.8, 0, 0, 1},      {PQ, 14.9, 5, 0, 0, 1},
};

/* Series impedance, total line charging, turns ratio at `from` (0: a line), all per unit. */
static const struct branch {
	unsigned from, to;
	double r, x, charging, ratio;
} branches[] = {
	{1, 2, 0.01938, 0.05917, 0.0528, 0},
	{1, 5, 0.05403, 0.22304, 0.0492, 0},
	{2, 3, 0.04699, 0.19797, 0.0438, 0},
	{2, 4, 0.05811, 0.17632, 0.0340, 0},
	{2, 5, 0.05695, 0.17388, 0.0346, 0},
	{3, 4, 0.06701, 0.17103, 0.0128, 0},
	{4, 5, 0.01335, 0.04211, 0, 0},
	{4, 7, 0, 0.20912, 0, 0.978},
	{4, 9, 0, 0.55618, 0, 0.969},
	{5, 6, 0, 0.25202, 0, 0.932},
	{6, 11, 0.09498, 0.19890, 0, 0},
	{6, 12, 0.12291, 0.25581, 0, 0},
	{6, 13, 0.06615, 0.13027, 0, 0},
	{7, 8, 0, 0.17615, 0, 0},
	{7, 9, 0, 0.11001, 0, 0},
	{9, 10, 0.03181, 0.08450, 0, 0},
	{9, 14, 0.12711, 0.27038, 0, 0},
	{10, 11, 0.08205, 0.19207, 0, 0},
	{12, 13, 0.22092, 0.19988, 0, 0},
	{13, 14, 0.17093, 0.34802, 0, 0},
};
/* Between copies: an ordinary line of the voltage level at bus 9. */
static const struct branch tie = {0, 0, 0.05, 0.20, 0, 0};

struct grid {
	size_t n, unknowns;
	double complex *admittance; /* n x n */
	enum kind *kind;
	double *generation, *setpoint;
	size_t *angle_at, *magnitude_at; /* number of the unknown, SIZE_MAX: none */
	double *jacobian, *right;        /* unknowns x unknowns, unknowns */
	double complex *phasor, *current;
};

void grid_free(struct grid *g)
{
	if (!g)
		return;
	free(g->admittance);
	free(g->kind);
	free(g->generation);
	free(g->setpoint);
	free(g->angle_at);
	free(g->magnitude_at);
	free(g->jacobian);
	free(g->right);
	free(g->phasor);
	free(g->current);
	free(g);
}

static void add_branch(struct grid *g, size_t from, size_t to, const struct branch *b)
{
	double complex series = 1 / (b->r + I * b->x);
	double ratio = b->ratio > 0 ? b->ratio : 1;
	double complex own = series + I * (b->charging / 2);
	g->admittance[from * g->n + from] += own / (ratio * ratio);
	g->admittance[to * g->n + to] += own;
	g->admittance[from * g->n + to] -= series / ratio;
	g->admittance[to * g->n + from] -= series / ratio;
}

static void add_copy(struct grid *g, unsigned copy, unsigned copies)
{
	size_t first = (size_t)copy * BUSES;
	for (size_t i = 0; i < BUSES; i++) {
		const struct bus *bus = &buses[i];
		g->kind[first + i] = bus->kind == SLACK && copy ? PV : bus->kind;
		g->generation[first + i] = bus->generation_mw / BASE_MVA;
		g->setpoint[first + i] = bus->voltage;
		g->admittance[(first + i) * (g->n + 1)] += I * (bus->shunt_mvar / BASE_MVA);
	}
	for (size_t b = 0; b < ASSAY_COUNT_OF(branches); b++)
		add_branch(g, first + branches[b].from - 1, first + branches[b].to - 1,
			   &branches[b]);
	if (copies > 1)
		add_branch(g, first + TIE_BUS, (size_t)((copy + 1) % copies) * BUSES + TIE_BUS,
			   &tie);
}

static void number_unknowns(struct grid *g)
{
	for (size_t i = 0; i < g->n; i++)
		g->angle_at[i] = g->kind[i] == SLACK ? SIZE_MAX : g->unknowns++;
	for (size_t i = 0; i < g->n; i++)
		g->magnitude_at[i] = g->kind[i] == PQ ? g->unknowns++ : SIZE_MAX;
}

enum assay_code grid_new(unsigned copies, struct grid **ret, struct assay_err *err)
{
	if (copies < 1 || copies > COPIES_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "1 to %d copies of the grid, not %u",
				  COPIES_MAX, copies);
	struct grid *g = calloc(1, sizeof(*g));
	if (!g)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a grid");
	size_t n = g->n = (size_t)copies * BUSES;
	g->admittance = calloc(n * n, sizeof(*g->admittance));
	g->kind = calloc(n, sizeof(*g->kind));
	g->generation = calloc(n, sizeof(*g->generation));
	g->setpoint = calloc(n, sizeof(*g->setpoint));
	g->angle_at = calloc(n, sizeof(*g->angle_at));
	g->magnitude_at = calloc(n, sizeof(*g->magnitude_at));
	g->jacobian = calloc(4 * n * n, sizeof(*g->jacobian));
	g->right = calloc(2 * n, sizeof(*g->right));
	g->phasor = calloc(n, sizeof(*g->phasor));
	g->current = calloc(n, sizeof(*g->current));
	if (!g->admittance || !g->kind || !g->generation || !g->setpoint || !g->angle_at ||
	    !g->magnitude_at || !g->jacobian || !g->right || !g->phasor || !g->current) {
		grid_free(g);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a grid of %zu buses", n);
	}
	for (unsigned copy = 0; copy < copies; copy++)
		add_copy(g, copy, copies);
	number_unknowns(g);
	*ret = g;
	return ASSAY_OK;
}

size_t grid_buses(const struct grid *g)
{
	return g->n;
}

void grid_base_loads(const struct grid *g, double *loads)
{
	for (size_t i = 0; i < g->n; i++) {
		loads[2 * i] = buses[i % BUSES].load_mw / BASE_MVA;
		loads[2 * i + 1] = buses[i % BUSES].load_mvar / BASE_MVA;
	}
}

static double complex phasor_of(const double *voltages, size_t i)
{
	return voltages[2 * i] * cexp(I * voltages[2 * i + 1]);
}

/* What bus i lacks: scheduled less injected power. */
static double complex lack(const struct grid *g, const double *loads, size_t i,
			   double complex injected)
{
	return g->generation[i] - loads[2 * i] - I * loads[2 * i + 1] - injected;
}

/* Only what is scheduled counts: reactive power at PV buses and all at the slack bus are free. */
static double size_of(enum kind kind, double complex lacking)
{
	if (kind == SLACK)
		return 0;
	double size = fabs(creal(lacking));
	return kind == PQ ? fmax(size, fabs(cimag(lacking))) : size;
}

double grid_mismatch(const struct grid *g, const double *loads, const double *voltages)
{
	double worst = 0;
	for (size_t i = 0; i < g->n; i++) {
		double complex current = 0;
		for (size_t k = 0; k < g->n; k++)
			current += g->admittance[i * g->n + k] * phasor_of(voltages, k);
		double complex injected = phasor_of(voltages, i) * conj(current);
		worst = fmax(worst, size_of(g->kind[i], lack(g, loads, i, injected)));
	}
	return worst;
}

/* Fill the right side; the largest mismatch. */
static double fill_right(struct grid *g, const double *loads, const double *voltages)
{
	double worst = 0;
	for (size_t i = 0; i < g->n; i++)
		g->phasor[i] = phasor_of(voltages, i);
	for (size_t i = 0; i < g->n; i++) {
		double complex current = 0;
		for (size_t k = 0; k < g->n; k++)
			current += g->admittance[i * g->n + k] * g->phasor[k];
		g->current[i] = current;
		double complex lacking = lack(g, loads, i, g->phasor[i] * conj(current));
		if (g->angle_at[i] != SIZE_MAX)
			g->right[g->angle_at[i]] = creal(lacking);
		if (g->magnitude_at[i] != SIZE_MAX)
			g->right[g->magnitude_at[i]] = cimag(lacking);
		worst = fmax(worst, size_of(g->kind[i], lacking));
	}
	return worst;
}

/* How the power at bus i changes with the voltage at bus k. */
static void fill_entry(struct grid *g, size_t i, size_t k, double magnitude)
{
	double complex flow = g->phasor[i] * conj(g->admittance[i * g->n + k] * g->phasor[k]);
	double complex by_angle = -I * flow, by_magnitude = flow / magnitude;
	if (i == k) {
		double complex injected = g->phasor[i] * conj(g->current[i]);
		by_angle += I * injected;
		by_magnitude += injected / magnitude;
	}
	size_t rows[2] = {g->angle_at[i], g->magnitude_at[i]};
	size_t columns[2] = {g->angle_at[k], g->magnitude_at[k]};
	double complex by[2] = {by_angle, by_magnitude};
	for (int c = 0; c < 2; c++) {
		if (columns[c] == SIZE_MAX)
			continue;
		if (rows[0] != SIZE_MAX)
			g->jacobian[rows[0] * g->unknowns + columns[c]] = creal(by[c]);
		if (rows[1] != SIZE_MAX)
			g->jacobian[rows[1] * g->unknowns + columns[c]] = cimag(by[c]);
	}
}

static void swap_rows(struct grid *g, size_t a, size_t b)
{
	size_t m = g->unknowns;
	double kept = g->right[a];
	g->right[a] = g->right[b];
	g->right[b] = kept;
	for (size_t j = 0; j < m; j++) {
		kept = g->jacobian[a * m + j];
		g->jacobian[a * m + j] = g->jacobian[b * m + j];
		g->jacobian[b * m + j] = kept;
	}
}

/* Gaussian elimination with partial pivoting; right becomes the solution. False: singular. */
static bool eliminate(struct grid *g)
{
	size_t m = g->unknowns;
	double *a = g->jacobian, *x = g->right;
	for (size_t p = 0; p < m; p++) {
		size_t best = p;
		for (size_t i = p + 1; i < m; i++)
			if (fabs(a[i * m + p]) > fabs(a[best * m + p]))
				best = i;
		if (!(fabs(a[best * m + p]) > 1e-12))
			return false;
		if (best != p)
			swap_rows(g, best, p);
		for (size_t i = p + 1; i < m; i++) {
			double factor = a[i * m + p] / a[p * m + p];
			if (factor == 0)
				continue; /* most are: a grid is sparse */
			for (size_t j = p + 1; j < m; j++)
				a[i * m + j] -= factor * a[p * m + j];
			x[i] -= factor * x[p];
		}
	}
	for (size_t i = m; i-- > 0;) {
		for (size_t j = i + 1; j < m; j++)
			x[i] -= a[i * m + j] * x[j];
		x[i] /= a[i * m + i];
	}
	return true;
}

enum assay_code grid_solve(struct grid *g, const double *loads, double *voltages,
			   struct assay_err *err)
{
	for (size_t i = 0; i < g->n; i++) {
		voltages[2 * i] = g->setpoint[i];
		voltages[2 * i + 1] = 0;
	}
	for (int step = 0; step < STEPS_MAX; step++) {
		if (fill_right(g, loads, voltages) < TOLERANCE)
			return ASSAY_OK;
		for (size_t i = 0; i < g->n; i++)
			for (size_t k = 0; k < g->n; k++)
				fill_entry(g, i, k, voltages[2 * k]);
		if (!eliminate(g))
			return assay_fail(err, ASSAY_ECHECK,
					  "power flow: the Jacobian is singular");
		for (size_t i = 0; i < g->n; i++) {
			if (g->magnitude_at[i] != SIZE_MAX)
				voltages[2 * i] += g->right[g->magnitude_at[i]];
			if (g->angle_at[i] != SIZE_MAX)
				voltages[2 * i + 1] += g->right[g->angle_at[i]];
		}
	}
	return assay_fail(err, ASSAY_ECHECK, "power flow: no solution within %d steps", STEPS_MAX);
}
