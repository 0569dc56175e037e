/* SPDX-License-Identifier: MIT */
/* papi_names: the table from logical events to PAPI presets and libpfm names. */
#include "profiler/papi_names.h"

#include <string.h>

#include "harness/base/attr.h"

/*
 * Presets first: PAPI maps them per processor. The perf:: names behind them are the kernel's own
 * generalised events, for processors that this PAPI has no preset table for. Switches and
 * migrations happen in the kernel, so counting the user side only, PAPI's default, reads 0 for
 * ever: hence ":u=1:k=1".
 */
static const struct papi_event table[] = {
	{"cycles", "", true, PAPI_WITNESS_NOT_ZERO, {"PAPI_TOT_CYC", "perf::CYCLES"}},
	{"instructions", "", true, PAPI_WITNESS_NOT_ZERO, {"PAPI_TOT_INS", "perf::INSTRUCTIONS"}},
	{"branches", "", true, PAPI_WITNESS_NOT_ZERO, {"PAPI_BR_INS", "perf::BRANCH-INSTRUCTIONS"}},
	{"branch_misses", "", true, PAPI_WITNESS_NONE, {"PAPI_BR_MSP", "perf::BRANCH-MISSES"}},
	{"cache_references",
	 "",
	 true,
	 PAPI_WITNESS_NONE,
	 {"PAPI_L3_TCA", "perf::CACHE-REFERENCES"}},
	{"cache_misses", "", true, PAPI_WITNESS_NONE, {"PAPI_L3_TCM", "perf::CACHE-MISSES"}},
	{"l1d_misses", "", true, PAPI_WITNESS_NONE, {"PAPI_L1_DCM", "perf::L1-DCACHE-LOAD-MISSES"}},
	{"dtlb_misses", "", true, PAPI_WITNESS_NONE, {"PAPI_TLB_DM", "perf::DTLB-LOAD-MISSES"}},
	{"task_clock", "ns", false, PAPI_WITNESS_NOT_ZERO, {"perf::TASK-CLOCK", "perf::CPU-CLOCK"}},
	{"page_faults", "", false, PAPI_WITNESS_NOT_ZERO, {"perf::PAGE-FAULTS"}},
	{"minor_faults", "", false, PAPI_WITNESS_NOT_ZERO, {"perf::MINOR-FAULTS"}},
	{"major_faults", "", false, PAPI_WITNESS_NONE, {"perf::MAJOR-FAULTS"}},
	{"context_switches", "", false, PAPI_WITNESS_SWITCHES, {"perf::CONTEXT-SWITCHES:u=1:k=1"}},
	{"cpu_migrations", "", false, PAPI_WITNESS_MIGRATIONS, {"perf::CPU-MIGRATIONS:u=1:k=1"}},
};

const struct papi_event *papi_event_find(const char *event)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(table); i++)
		if (strcmp(table[i].event, event) == 0)
			return &table[i];
	return NULL;
}

/* Length of a libpfm name without its modifiers: "perf::CPU-CLOCK:u=1" is 15 long. */
static size_t stem_length(const char *name)
{
	const char *rest = strstr(name, "::");
	rest = rest ? rest + 2 : name;
	return (size_t)(rest - name) + strcspn(rest, ":");
}

const struct papi_event *papi_event_of_native(const char *name)
{
	size_t length = stem_length(name);
	for (size_t i = 0; i < ASSAY_COUNT_OF(table); i++)
		for (const char *const *known = table[i].names; *known; known++)
			if (stem_length(*known) == length && strncmp(*known, name, length) == 0)
				return &table[i];
	return NULL;
}
