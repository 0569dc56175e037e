/* SPDX-License-Identifier: MIT */
/* rank_show: one launch of several ranks as its controller sees it: what each has said so far. For ranks.c alone. */
#ifndef ASSAY_ENGINE_RANK_SHOW_H
#define ASSAY_ENGINE_RANK_SHOW_H

#include "harness/engine/link.h"
#include "harness/engine/rank_server.h"
#include "harness/engine/ranks.h"

/* One connection, and the rank at its end. */
struct peer {
	int fd; /* -1: gone */
	struct assay_frame_reader reader;
	uint64_t bytes;
	bool known, bound, waiting, ended;
	struct assay_rank who; /* once known */
	struct assay_meet_frame meet;
	struct assay_status_frame status;
	uint64_t pong;
	bool ponged;
};

struct show {
	const struct assay_ranks *ranks;
	const struct assay_launch *launch;
	bool roll_call;
	struct rank_server server;
	struct assay_world world;
	struct assay_rank_part *parts; /* by rank */
	struct peer *peers;
	size_t n_peers, capacity;
	uint64_t deadline_ns;
	size_t meetings; /* of all ranks so far, about the size of batches and before each */
	bool over;       /* the outcome is settled */
	struct assay_outcome *outcome;
};

/* Settle the outcome; only the first call has an effect. */
void show_end(struct show *s, enum assay_status status, const char *fmt, ...) ASSAY_PRINTF(3, 4);

/* "rank 1 (process 4711 on node07)". */
const char *show_name(const struct peer *p, char *text, size_t size);
/* "before its first batch", "after batch 7". */
const char *show_moment(const struct show *s, char *text, size_t size);

size_t show_count_known(const struct show *s);
size_t show_count_bound(const struct show *s);
size_t show_count_waiting(const struct show *s);
size_t show_count_ended(const struct show *s);

/*
 * Read what is there of one connection. What is wrong with a rank settles the outcome; an error means that the world is
 * wrong (ASSAY_EENV), which is nobody's own failure.
 */
enum assay_code show_read(struct show *s, struct peer *p, struct assay_err *err);

#endif
