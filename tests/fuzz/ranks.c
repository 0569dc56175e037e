/* SPDX-License-Identifier: MIT */
/*
 * ranks: whatever two ranks and a stranger say, in whatever order, the controller neither trips nor mistakes one for
 * another. An input is a list of messages: who, type, length, and as many bytes.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/engine/rank_show.h"
#include "tests/fuzz/fuzz.h"

enum { RANKS = 2, PEERS = 3 };

static void say(int fd, unsigned type, const uint8_t *bytes, size_t n)
{
	/* as long as the message of that type is, so that most get past the first check */
	static const size_t sizes[] = {
		[ASSAY_FRAME_HELLO] = sizeof(struct assay_hello),
		[ASSAY_FRAME_METRIC] = sizeof(struct assay_metric_frame),
		[ASSAY_FRAME_SAMPLE] = sizeof(struct assay_sample_frame),
		[ASSAY_FRAME_COUNTER] = sizeof(struct assay_count),
		[ASSAY_FRAME_BATCH] = sizeof(uint64_t),
		[ASSAY_FRAME_SPAN] = sizeof(struct assay_span_frame),
		[ASSAY_FRAME_STATUS] = sizeof(struct assay_status_frame),
		[ASSAY_FRAME_RANK] = sizeof(struct assay_rank_frame),
		[ASSAY_FRAME_BOUND] = sizeof(struct assay_bound_frame),
		[ASSAY_FRAME_PONG] = sizeof(uint64_t),
		[ASSAY_FRAME_MEET] = sizeof(struct assay_meet_frame),
		[ASSAY_FRAME_GO] = 0,
	};
	uint8_t payload[2048] = {0};
	size_t size = sizes[type] ? sizes[type] : n;
	must(size <= sizeof(payload));
	if (type == ASSAY_FRAME_RANK) { /* one of ours, but for its numbers */
		struct assay_rank_frame rank = {.size = RANKS, .local = -1, .pid = fd};
		memcpy(rank.version, ASSAY_VERSION, sizeof(ASSAY_VERSION));
		rank.rank = n ? (int8_t)bytes[0] : 0;
		rank.size = n > 1 && bytes[1] > 200 ? bytes[1] : RANKS;
		memcpy(payload, &rank, sizeof(rank));
	} else {
		memcpy(payload, bytes, n < size ? n : size);
	}
	must(assay_frame_write(fd, (enum assay_frame_type)type, payload, size, NULL) == ASSAY_OK);
}

static void play(struct show *s, const int *ends, const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	while (size >= 3 && !s->over) {
		unsigned who = data[0] % PEERS, type = 1 + data[1] % ASSAY_FRAME_GO;
		size_t n = data[2] < size - 3 ? data[2] : size - 3;
		struct peer *p = &s->peers[who];
		if (p->fd < 0)
			return;
		say(ends[who], type, data + 3, n);
		if (show_read(s, p, &err) != ASSAY_OK) {
			must(err.text[0] != '\0');
			return;
		}
		data += 3 + n;
		size -= 3 + n;
	}
	must(!s->over || s->outcome->status == ASSAY_STATUS_OK || s->outcome->reason[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_outcome outcome = {0};
	struct assay_rank world[RANKS] = {0};
	struct assay_rank_part parts[RANKS] = {0};
	struct peer *peers = calloc(PEERS, sizeof(*peers));
	const struct assay_ranks ranks = {.n = RANKS, .bind = "none"};
	int ends[PEERS];
	struct show s = {
		.ranks = &ranks,
		.roll_call = true,
		.server = {.listener = -1, .exit_fd = -1, .output = -1},
		.world = {.ranks = world},
		.parts = parts,
		.peers = peers,
		.n_peers = PEERS,
		.capacity = PEERS,
		.outcome = &outcome,
	};
	must(peers != NULL);
	for (int i = 0; i < PEERS; i++) {
		int pair[2];
		must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
		peers[i].fd = pair[0];
		ends[i] = pair[1];
	}
	play(&s, ends, data, size);
	for (int i = 0; i < PEERS; i++) {
		if (peers[i].fd >= 0)
			close(peers[i].fd);
		close(ends[i]);
		assay_frame_reader_done(&peers[i].reader);
	}
	for (int i = 0; i < RANKS; i++)
		assay_rank_part_done(&parts[i]);
	free(peers);
	return 0;
}
