/* SPDX-License-Identifier: MIT */
/* job_watch: words of a scheduler, and what they are worth. */
#include "cli/job_watch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/attr.h"

enum {
	UNKNOWN_IS_GONE = 3, /* once or twice may be a failover */
	SILENCE_IS_GONE = 30,
};

/* States after which a job does nothing more. A state that is not among them keeps us waiting, not failing. */
static const char *const ended_states[] = {
	"BOOT_FAIL", "CANCELLED", "COMPLETED",     "DEADLINE", "FAILED",
	"NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY", "REVOKED",  "TIMEOUT",
};

static bool is_ended(const char *word, size_t length)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(ended_states); i++)
		if (strlen(ended_states[i]) == length &&
		    strncmp(ended_states[i], word, length) == 0)
			return true;
	return false;
}

enum job_state job_state_read(const char *lines, const char *name)
{
	size_t n = strlen(name);
	bool seen = false;
	for (const char *line = lines; *line; line += *line == '\n') {
		bool ours = strncmp(line, name, n) == 0 && line[n] == ' ';
		const char *word = ours ? line + n + 1 : line;
		size_t length = strcspn(word, " \n");
		if (ours && !is_ended(word, length))
			return JOB_ALIVE;
		seen |= ours;
		line += strcspn(line, "\n");
	}
	return seen ? JOB_ENDED : JOB_UNKNOWN;
}

uint64_t job_number_read(const char *text)
{
	char *end;
	if (!isdigit((unsigned char)*text))
		return 0;
	uint64_t number = strtoull(text, &end, 10);
	return *end == '\0' || *end == '\n' || *end == ';' ? number : 0;
}

static void hear(struct job_watch *watch, enum job_state state, uint64_t now_ns)
{
	watch->unknown = state == JOB_UNKNOWN ? watch->unknown + 1 : 0;
	watch->silent = state == JOB_NO_ANSWER ? watch->silent + 1 : 0;
	bool gone = state == JOB_ENDED || watch->unknown >= UNKNOWN_IS_GONE ||
		    watch->silent >= SILENCE_IS_GONE;
	if (gone && !watch->given_up)
		watch->given_up_ns = now_ns;
	/* Listed as alive again: requeued. One unknown or no answer changes nothing. */
	watch->given_up = gone || (watch->given_up && state != JOB_ALIVE);
}

enum job_verdict job_watch_look(struct job_watch *watch, size_t there, size_t due, bool asked,
				enum job_state state, uint64_t now_ns)
{
	if (there >= due)
		return JOB_DONE;
	if (asked)
		hear(watch, state, now_ns);
	bool lost = watch->given_up && now_ns - watch->given_up_ns >= watch->patience_ns;
	return lost ? JOB_LOST : JOB_WAIT;
}
