/* SPDX-License-Identifier: MIT */
/* sim: the table of policies, and their memory. */
#include "suites/cache/sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct sim_policy *const policies[SIM_POLICIES] = {
	&sim_null,    &sim_fifo, &sim_lru, &sim_clock,      &sim_sieve,
	&sim_s3_fifo, &sim_lfu,  &sim_arc, &sim_w_tiny_lfu, &sim_belady,
};

const struct sim_policy *const *sim_policies(void)
{
	return policies;
}

const struct sim_policy *sim_policy(const char *name)
{
	for (size_t i = 0; i < SIM_POLICIES; i++)
		if (strcmp(policies[i]->name, name) == 0)
			return policies[i];
	return NULL;
}

enum assay_code sim_init(struct sim *sim, const struct sim_policy *policy,
			 const struct trace *trace, uint64_t capacity, bool by_bytes,
			 struct assay_err *err)
{
	*sim = (struct sim){.trace = trace, .capacity = capacity, .by_bytes = by_bytes};
	if (!capacity)
		return assay_fail(err, ASSAY_EUSAGE, "a cache of no %s holds nothing",
				  by_bytes ? "bytes" : "objects");
	size_t bytes = policy->bytes(sim);
	sim->memory = aligned_alloc(64, bytes + 64 - bytes % 64);
	if (!sim->memory)
		return assay_fail(err, ASSAY_ENOMEM, "%s: no memory for %zu bytes", policy->name,
				  bytes);
	return ASSAY_OK;
}

void sim_done(struct sim *sim)
{
	free(sim->memory);
	*sim = (struct sim){0};
}
