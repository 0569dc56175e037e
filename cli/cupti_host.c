/* SPDX-License-Identifier: MIT */
/* cupti_host: the hidden verb that a worker starts to ask CUPTI about counters; see profiler/cupti_range.h. */
#include <unistd.h>

#include "cli/cli.h"
#include "profiler/cupti_range.h"

static const struct cli_option options[] = {{0}};

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)cli;
	(void)args;
	(void)err;
	*ret_exit = cupti_host_serve(STDIN_FILENO, STDOUT_FILENO);
	return ASSAY_OK;
}

const struct cli_verb cli_verb_cupti_host = {
	.name = CUPTI_HOST_VERB,
	.usage = "",
	.options = options,
	.bare = true,
	.run = run,
};
