/* SPDX-License-Identifier: MIT */
/* fleet_view: machines of one shape held against each other: who is odd, in what, and who lacks what. */
#ifndef ASSAY_CLI_FLEET_VIEW_H
#define ASSAY_CLI_FLEET_VIEW_H

#include <stdbool.h>

#include "harness/store/fleet.h"

/* Fewer alike than this, and nobody can say which of them is the odd one. */
enum { FLEET_ENOUGH = 4 };

struct fleet_node {
	size_t n_series; /* it has a figure of */
	double ratio; /* median over its series of its cost to the class's; 1 is typical, NaN unknown */
	double score; /* of that ratio among its class, see harness/stats/outlier.h */
	bool odd;
};

struct fleet_class {
	size_t first, n; /* machines of the fleet */
	size_t n_series; /* that any of them has */
	double spread;   /* of the ratios, as a share; NaN when they are too few */
};

/* One figure that stands out among those of its class. */
struct fleet_cell {
	uint32_t machine, series;
	double ratio, score;
};

struct fleet_view {
	struct fleet_node *nodes; /* one per machine of the fleet */
	struct fleet_class *classes;
	size_t n_classes;
	struct fleet_cell *cells; /* the furthest from 1 first */
	size_t n_cells;
};

/*
 * Look at a fleet. Costs are compared: a rate counts as its inverse, so that above 1 is always worse. A machine is odd
 * when its median ratio is an outlier among its class and more than 3 % from 1; a figure when it is one by 5 spreads
 * and more than 10 %. ASSAY_ENOMEM.
 */
enum assay_code fleet_view_new(const struct assay_fleet *fleet, struct fleet_view *ret,
			       struct assay_err *err);
void fleet_view_done(struct fleet_view *view);

#endif
