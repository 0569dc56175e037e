/* SPDX-License-Identifier: MIT */
/* scan_table: prints the table of harness/stats/scan_table.h. usage: scan_table [ORDERS] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/stats/changepoint.h"
#include "tests/stats/scan_null.h"

int main(int argc, char **argv)
{
	static const double levels[] = {0.05, 0.01, 0.001};
	size_t trials = argc > 1 ? strtoul(argv[1], NULL, 10) : 4000000;
	double *simulated = malloc((trials + 1) * sizeof(*simulated));
	if (!simulated || trials < 10000)
		return 2;
	for (size_t n = ASSAY_SCAN_LEAST; n <= ASSAY_SCAN_MOST; n++) {
		if (n > SCAN_EXACT)
			scan_simulate(n, trials, 20260101 + n, simulated);
		printf("\t{");
		for (size_t i = 0; i < 3; i++) {
			double value = scan_critical_value(n, levels[i], simulated, trials);
			/* Rounded up: the chance stays below the level. */
			if (isfinite(value))
				printf("%s%.4f", i ? ", " : "", ceil(value * 1e4 - 1e-5) / 1e4);
			else
				printf("%sINFINITY", i ? ", " : "");
		}
		printf("}, /* %zu */\n", n);
		fflush(stdout);
	}
	free(simulated);
	return 0;
}
