/* SPDX-License-Identifier: MIT */
/*
 * link: a rank's end of the connection to its controller. A rank is a worker whose records go over a socket in place
 * of a pipe. Before it measures it says who it is (RANK), is told its place among those of its host (PLACE), binds
 * itself and says what it read back (BOUND). Then, before each batch, it meets the others (MEET, GO), and while it waits
 * it answers questions about its clock (PING, PONG). Results and the last word (STATUS) are those of any worker.
 */
#ifndef ASSAY_ENGINE_LINK_H
#define ASSAY_ENGINE_LINK_H

#include <stdbool.h>

#include "harness/engine/frame.h"
#include "harness/engine/measure.h"

struct assay_rank_frame {
	char key[40]; /* of the launch: whoever lacks it is not ours */
	char version[24];
	char host[64], boot[40];
	char allowed[256];
	int64_t pid;
	int32_t rank, size, local; /* -1: unknown */
	uint32_t n_allowed;
};
struct assay_place_frame {
	uint32_t local_rank, on_host;
	uint32_t own_cpus; /* 1: its CPUs are its own already, and not to be shared out */
	uint32_t bind;     /* 1: take CPUs of its own; 0: stay where the launcher put it */
};
struct assay_bound_frame {
	uint32_t code; /* enum assay_code: ASSAY_OK, or why there is no such binding */
	char bound[256];
	char reason[256];
};
struct assay_meet_frame {
	uint64_t what; /* enum measure_meeting */
	uint64_t brought;
};

enum { ASSAY_LINK_MAX_CPUS = 4096 };

struct assay_link {
	int fd; /* records go here; -1 when closed */
	struct assay_frame_reader reader;
	unsigned cpus[ASSAY_LINK_MAX_CPUS]; /* its own, one per thread; n_cpus 0: not bound */
	size_t n_cpus;
	unsigned rank,
		size; /* as its launcher told it; checked by the controller before it is placed */
	bool placed;  /* the binding is possible here; else `reason` is the result of the launch */
	char reason[256];
};

/*
 * Connect to the controller that the environment names, and take CPUs for `threads` threads. ASSAY_EENV: there is none,
 * or it does not want us. The process ends after `deadline_ns` whatever happens (0: never), because nobody may be left
 * to end it. Only for a worker.
 */
enum assay_code assay_link_open(struct assay_link *link, unsigned threads, uint64_t deadline_ns,
				struct assay_err *err);
/* Wait for all ranks; *value is what this one brings, and then the largest of all. ASSAY_EIO: the controller is gone. */
enum assay_code assay_link_meet(struct assay_link *link, enum measure_meeting what, uint64_t *value,
				struct assay_err *err);
/* NULL and a link that was never opened are fine. */
void assay_link_close(struct assay_link *link);

#endif
