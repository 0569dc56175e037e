/* SPDX-License-Identifier: MIT */
/* hostile_plugin: one plug-in whose name, given by the build, must be refused. */
#include <stdlib.h>

#include "harness/bench.h"

/* What must not happen before the file has been judged. */
static __attribute__((constructor)) void leave_a_mark(void)
{
	setenv("ASSAY_HOSTILE_RAN", "1", 1);
}

static void body(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_clobber();
}

static const struct assay_bench bench = {.brief = "x", .body = body};

ASSAY_API const struct assay_plugin assay_plugin = {
	.abi = HOSTILE_ABI,
	.suite = HOSTILE_SUITE,
	.benches =
		(const struct assay_plugin_bench[]){
			{HOSTILE_BENCH, &bench},
			{0},
		},
};
