/* SPDX-License-Identifier: MIT */
/* declared: what is declared about the machine, with its origin, beside what was measured. */
#ifndef ASSAY_CLI_DECLARED_H
#define ASSAY_CLI_DECLARED_H

#include <stdio.h>

#include "harness/machine/topology.h"

/* Print a table; `core_clock_hz` is the measured one, 0 when it was not. */
void cli_declared_print(const struct assay_topology *topology, double core_clock_hz, FILE *out);

/* "32 MiB", "23.5 GiB", "3.695 GHz". Returns text; size 32 is enough. */
const char *cli_declared_value(double value, const char *unit, char *text, size_t size);

#endif
