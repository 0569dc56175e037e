/* SPDX-License-Identifier: MIT */
/* powerflow_case: tables that describe a grid. */
#ifndef ASSAY_SUITES_KERNELS_POWERFLOW_CASE_H
#define ASSAY_SUITES_KERNELS_POWERFLOW_CASE_H

#include <stddef.h>

#include "harness/base/err.h"

/* What is given of a bus: loads; power and voltage; voltage alone. */
enum grid_kind { GRID_PQ, GRID_PV, GRID_SLACK };

/* MW and Mvar; a shunt's Mvar at 1 per unit; generation of PV buses; per unit what PV and slack buses keep. */
struct grid_bus {
	enum grid_kind kind;
	double load_mw, load_mvar, shunt_mvar, generation_mw, voltage;
};

/* Buses from 1; series impedance, total line charging, turns ratio at `from` (0: a line), per unit. */
struct grid_branch {
	unsigned from, to;
	double r, x, charging, ratio;
};

struct grid_case {
	const struct grid_bus *buses;
	size_t n_buses;
	const struct grid_branch *branches;
	size_t n_branches;
};

extern const struct grid_case grid_case_14, grid_case_118;

#endif
