/* SPDX-License-Identifier: MIT */
/* powerflow: admittances, mismatch, Jacobian, elimination. */
#include "suites/kernels/powerflow.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "suites/kernels/powerflow_case.h"

enum { STEPS_MAX = 20 };
#define TOLERANCE 1e-8
#define BASE_MVA  100

struct grid {
	const struct grid_case *of;
	size_t n, unknowns;
	double complex *admittance; /* n x n */
	enum grid_kind *kind;
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

static void add_branch(struct grid *g, size_t from, size_t to, const struct grid_branch *b)
{
	double complex series = 1 / (b->r + I * b->x);
	double ratio = b->ratio > 0 ? b->ratio : 1;
	double complex own = series + I * (b->charging / 2);
	g->admittance[from * g->n + from] += own / (ratio * ratio);
	g->admittance[to * g->n + to] += own;
	g->admittance[from * g->n + to] -= series / ratio;
	g->admittance[to * g->n + from] -= series / ratio;
}

static void add_case(struct grid *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct grid_bus *bus = &g->of->buses[i];
		g->kind[i] = bus->kind;
		g->generation[i] = bus->generation_mw / BASE_MVA;
		g->setpoint[i] = bus->voltage;
		g->admittance[i * (g->n + 1)] += I * (bus->shunt_mvar / BASE_MVA);
	}
	for (const struct grid_branch *b = g->of->branches; b < g->of->branches + g->of->n_branches;
	     b++)
		add_branch(g, b->from - 1, b->to - 1, b);
}

static void number_unknowns(struct grid *g)
{
	for (size_t i = 0; i < g->n; i++)
		g->angle_at[i] = g->kind[i] == GRID_SLACK ? SIZE_MAX : g->unknowns++;
	for (size_t i = 0; i < g->n; i++)
		g->magnitude_at[i] = g->kind[i] == GRID_PQ ? g->unknowns++ : SIZE_MAX;
}

enum assay_code grid_new(unsigned buses, struct grid **ret, struct assay_err *err)
{
	if (buses != 14 && buses != 118)
		return assay_fail(err, ASSAY_EUSAGE,
				  "there are grids of 14 and of 118 buses, not of %u", buses);
	struct grid *g = calloc(1, sizeof(*g));
	if (!g)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a grid");
	g->of = buses == 14 ? &grid_case_14 : &grid_case_118;
	size_t n = g->n = g->of->n_buses;
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
	add_case(g);
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
		loads[2 * i] = g->of->buses[i].load_mw / BASE_MVA;
		loads[2 * i + 1] = g->of->buses[i].load_mvar / BASE_MVA;
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
static double size_of(enum grid_kind kind, double complex lacking)
{
	if (kind == GRID_SLACK)
		return 0;
	double size = fabs(creal(lacking));
	return kind == GRID_PQ ? fmax(size, fabs(cimag(lacking))) : size;
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
