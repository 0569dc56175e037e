/* SPDX-License-Identifier: MIT */
/* squeue: what a scheduler prints is words, never more: a job that is not named in it is unknown. */
#include <stdlib.h>
#include <string.h>

#include "cli/job_watch.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char name[] = "assay-7";
	char *text = malloc(size + 1);
	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	enum job_state state = job_state_read(text, name);
	must(state == JOB_UNKNOWN || state == JOB_ALIVE || state == JOB_ENDED);
	must(strstr(text, "assay-7 ") || state == JOB_UNKNOWN);
	must(job_number_read(text) == 0 || (text[0] >= '0' && text[0] <= '9'));
	free(text);
	return 0;
}
