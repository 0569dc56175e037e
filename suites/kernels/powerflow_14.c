/* SPDX-License-Identifier: MIT */
/*
 * powerflow_14: the IEEE 14-bus test case, a part of the American Electric Power system of February 1962 [University
 * of Washington, Power Systems Test Case Archive, 14 bus power flow test case].
 */
#include "suites/kernels/powerflow_case.h"

static const struct grid_bus buses[14] = {
	{GRID_SLACK, 0, 0, 0, 232.4, 1.06}, {GRID_PV, 21.7, 12.7, 0, 40, 1.045},
	{GRID_PV, 94.2, 19, 0, 0, 1.01},    {GRID_PQ, 47.8, -3.9, 0, 0, 1},
	{GRID_PQ, 7.6, 1.6, 0, 0, 1},       {GRID_PV, 11.2, 7.5, 0, 0, 1.07},
	{GRID_PQ, 0, 0, 0, 0, 1},           {GRID_PV, 0, 0, 0, 0, 1.09},
	{GRID_PQ, 29.5, 16.6, 19, 0, 1},    {GRID_PQ, 9, 5.8, 0, 0, 1},
	{GRID_PQ, 3.5, 1.8, 0, 0, 1},       {GRID_PQ, 6.1, 1.6, 0, 0, 1},
	{GRID_PQ, 13.5, 5.8, 0, 0, 1},      {GRID_PQ, 14.9, 5, 0, 0, 1},
};

static const struct grid_branch branches[] = {
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
const struct grid_case grid_case_14 = {
	.buses = buses,
	.n_buses = ASSAY_COUNT_OF(buses),
	.branches = branches,
	.n_branches = ASSAY_COUNT_OF(branches),
};
