/* SPDX-License-Identifier: MIT */
/* pipe: four bytes through a pipe each way; the waiting side sleeps in read(). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "suites/memory/memory.h"

struct pipes {
	int to[2][2]; /* to[s]: read by side s */
};

static void close_pipes(void *state)
{
	struct pipes *pipes = state;

	for (int side = 0; pipes && side < 2; side++)
		for (int end = 0; end < 2; end++)
			if (pipes->to[side][end] >= 0)
				close(pipes->to[side][end]);
	free(pipes);
}

static enum assay_code open_pipes(void **ret_state, struct assay_err *err)
{
	struct pipes *pipes = malloc(sizeof(*pipes));
	uint32_t first = 0;

	if (!pipes)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for two pipes");
	memset(pipes, 0xff, sizeof(*pipes)); /* -1: not open */
	if (pipe2(pipes->to[0], O_CLOEXEC) != 0 || pipe2(pipes->to[1], O_CLOEXEC) != 0 ||
	    write(pipes->to[0][1], &first, sizeof(first)) != sizeof(first)) {
		enum assay_code code = assay_fail(err, ASSAY_EIO, "pipe: %s", strerror(errno));
		close_pipes(pipes);
		return code;
	}
	*ret_state = pipes;
	return ASSAY_OK;
}

static bool turn(void *state, unsigned side, uint32_t v)
{
	const struct pipes *pipes = state;
	uint32_t got = ~v, next = v + 1;

	return read(pipes->to[side][0], &got, sizeof(got)) == sizeof(got) && got == v &&
	       write(pipes->to[!side][1], &next, sizeof(next)) == sizeof(next);
}

static const struct handoff ops = {open_pipes, turn, close_pipes};

const struct assay_subject assay_subject_memory_pipe = {
	.interface = MEMORY_HANDOFF,
	.brief = "four bytes through a pipe",
	.ops = &ops,
};
