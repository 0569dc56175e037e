/* SPDX-License-Identifier: MIT */
/* replay_dump: a profile is read whole or refused with a reason, and its texts are safe to show. */
#include "harness/engine/replay_dump.h"
#include "harness/base/str.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct assay_replay_dump dump;
	char *text = malloc(size ? size : 1); /* not terminated, as a file is not */
	char shown[sizeof(dump.trigger)];
	must(text);
	if (size)
		memcpy(text, data, size);
	enum assay_code rc = assay_replay_dump_read(text, size, &dump, &err);
	must(rc == ASSAY_OK || (rc == ASSAY_EPARSE && err.text[0]));
	assay_sanitise(shown, sizeof(shown), dump.trigger);
	must(strcmp(shown, dump.trigger) == 0);
	must(strlen(dump.creator) < sizeof(dump.creator));
	must(dump.counts[ASSAY_REPLAY_BRANCH_MISSES] >=
		     dump.counts[ASSAY_REPLAY_CONDITIONAL_MISSES] ||
	     rc != ASSAY_OK);
	free(text);
	return 0;
}
