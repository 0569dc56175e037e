/* SPDX-License-Identifier: MIT */
/* run_resume: a run is gone on with as it was begun: the same plan, program and machine. */
#include "cli/run_resume.h"

#include <inttypes.h>
#include <string.h>

/* What says how to go on, or what to show. All else was said when the run began, and is in its plan. */
static bool goes_on(const char *option)
{
	static const char *const names[] = {"resume", "dry-run", "strict"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++)
		if (strcmp(option, names[i]) == 0)
			return true;
	for (const struct cli_option *o = cli_globals; o->name; o++)
		if (strcmp(option, o->name) == 0)
			return true;
	return false;
}

static enum assay_code check_words(const struct cli_args *args, struct assay_err *err)
{
	for (size_t i = 0; i < args->n_given; i++)
		if (!goes_on(args->given[i].option->name))
			return assay_fail(err, ASSAY_EUSAGE,
					  "--resume goes on as the run was begun: leave out --%s",
					  args->given[i].option->name);
	if (args->n_positional || args->dashes)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--resume goes on as the run was begun: leave out '%.100s'",
				  args->n_positional ? args->positional[0] : "--");
	return ASSAY_OK;
}

/* Its cases belong in pairs with those of the other side, and may be those of another program. */
static bool is_side_of_gate(const struct assay_run_info *run)
{
	for (size_t i = 0; i < run->n_tags; i++)
		if (strcmp(run->tags[i].key, "gate") == 0 && strcmp(run->profile, "gate") == 0)
			return true;
	return false;
}

enum assay_code run_resume_check(const struct cli_args *args, const struct assay_run_info *run,
				 const struct assay_topology *topology, struct assay_err *err)
{
	uint8_t fingerprint[32];
	enum assay_code rc = check_words(args, err);
	if (rc != ASSAY_OK)
		return rc;
	if (run->status == ASSAY_RUN_COMPLETE)
		return assay_fail(err, ASSAY_EUSAGE, "run %" PRId64 " is complete", run->id);
	if (is_side_of_gate(run))
		return assay_fail(
			err, ASSAY_EUSAGE,
			"run %" PRId64
			" is one side of a gate, which cannot be gone on with: gate again",
			run->id);
	assay_topology_fingerprint(topology, fingerprint);
	if (memcmp(fingerprint, run->fingerprint, sizeof(fingerprint)) != 0)
		return assay_fail(
			err, ASSAY_EENV,
			"run %" PRId64
			" was begun on '%.60s', which is another machine or was another then: "
			"only there the rest of it can be measured",
			run->id, run->machine_name);
	return ASSAY_OK;
}
