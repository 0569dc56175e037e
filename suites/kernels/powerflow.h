/* SPDX-License-Identifier: MIT */
/*
 * powerflow: the steady state of an electric grid: voltages at all buses for given loads, by Newton's
 * method in polar coordinates [Tinney & Hart, "Power flow solution by Newton's method", IEEE Trans.
 * PAS-86(11), 1967], with a dense factorisation.
 */
#ifndef ASSAY_SUITES_KERNELS_POWERFLOW_H
#define ASSAY_SUITES_KERNELS_POWERFLOW_H

#include <stddef.h>

#include "harness/base/err.h"

struct grid;

/*
 * The IEEE test case of 14 or of 118 buses (University of Washington, Power Systems Test Case Archive). ASSAY_EUSAGE
 * for another number.
 */
enum assay_code grid_new(unsigned buses, struct grid **ret, struct assay_err *err);
void grid_free(struct grid *grid);
size_t grid_buses(const struct grid *grid);

/*
 * Solve for loads[2 * buses]: at bus i active loads[2i] and reactive loads[2i + 1], in per unit of 100 MVA.
 * voltages[2 * buses]: magnitude in per unit and angle in radians at each, that of the slack bus being 0. From a flat start, to a
 * mismatch under 1e-8 per unit. ASSAY_ECHECK when that takes more than 20 steps. One thread a grid.
 */
enum assay_code grid_solve(struct grid *grid, const double *loads, double *voltages,
			   struct assay_err *err);

/* The loads of the base case, and the largest mismatch of a solution at any bus. */
void grid_base_loads(const struct grid *grid, double *loads);
double grid_mismatch(const struct grid *grid, const double *loads, const double *voltages);

#endif
