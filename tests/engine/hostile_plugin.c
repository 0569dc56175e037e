/* SPDX-License-Identifier: MIT */
/* hostile_plugin: one plug-in whose name, given by the build, must be refused. */
#include "harness/bench.h"

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
