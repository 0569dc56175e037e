/* SPDX-License-Identifier: MIT */
/* loop_body: the C side of loop.cc, as an author would write it. */
#include "harness/bench.h"

void assay_loop_body(struct assay_run *run);
void assay_loop_body(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_clobber();
}
