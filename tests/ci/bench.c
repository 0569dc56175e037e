/* SPDX-License-Identifier: MIT */
/* bench: the plug-in of a project that wants to know whether it got slower; DEPTH is its hot loop. */
#include "harness/bench.h"

#ifndef DEPTH
#define DEPTH 4000
#endif

/* A chain of multiplications: nothing to predict, nothing to place badly, no memory. */
static ASSAY_NOIPA uint64_t mix(uint64_t x, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		x = x * 6364136223846793005u + 1442695040888963407u;
	return x;
}

static void hash(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_keep(mix(assay_keep((uint64_t)1), DEPTH));
}

static void parse(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_keep(mix(assay_keep((uint64_t)2), 2000));
}

static const struct assay_bench hash_bench = {
	.brief = "a hash",
	.body = hash,
	.subjects = ASSAY_NO_SUBJECT,
};
static const struct assay_bench parse_bench = {
	.brief = "a parser",
	.body = parse,
	.subjects = ASSAY_NO_SUBJECT,
};

ASSAY_API extern const struct assay_plugin assay_plugin;
const struct assay_plugin assay_plugin = {
	.abi = ASSAY_ABI,
	.suite = "demo",
	.description = &(const struct assay_suite){.brief = "a project under test"},
	.benches =
		(const struct assay_plugin_bench[]){
			{"hash", &hash_bench},
#ifndef WITHOUT_PARSE
			{"parse", &parse_bench},
#endif
			{0},
		},
};
