/* SPDX-License-Identifier: MIT */
/*
 * check_handoff: the oracle of handoffs: two threads in turns. Each writes an entry of its own before a
 * turn ends; the other must find it when its next turn is over. Nothing else guards the entries, so a
 * thread sanitizer sees whether the handoff orders memory as well.
 */
#include <pthread.h>

#include "suites/memory/memory.h"

enum { TURNS = 800 }; /* of both sides together */

struct rally {
	const struct handoff *handoff;
	void *state;
	uint64_t seed;
	uint64_t entry[TURNS];
};

struct player {
	struct rally *rally;
	unsigned side;
	uint32_t wrong_at; /* the turn that went wrong, TURNS when none did */
};

static void *play(void *argument)
{
	struct player *p = argument;
	struct rally *r = p->rally;

	p->wrong_at = TURNS;
	for (uint32_t v = p->side; v < TURNS; v += 2) {
		r->entry[v] = r->seed + v;
		bool passed = r->handoff->turn(r->state, p->side, v);
		bool seen = v == 0 || r->entry[v - 1] == r->seed + v - 1;
		if ((!passed || !seen) && p->wrong_at == TURNS)
			p->wrong_at = v;
		if (!passed)
			break;
	}
	return NULL;
}

static enum assay_code rally(struct rally *r, struct assay_err *err)
{
	struct player players[2] = {{r, 0, TURNS}, {r, 1, TURNS}};
	pthread_t other;
	int error = pthread_create(&other, NULL, play, &players[1]);

	if (error)
		return assay_fail(err, ASSAY_EIO, "start a thread: %s", strerror(error));
	play(&players[0]);
	pthread_join(other, NULL);
	for (int side = 0; side < 2; side++)
		if (players[side].wrong_at < TURNS)
			return assay_fail(err, ASSAY_ECHECK,
					  "side %d did not wait for turn %u, or did not see what "
					  "was written before it (seed %llu)",
					  side, players[side].wrong_at,
					  (unsigned long long)r->seed);
	return ASSAY_OK;
}

enum assay_code memory_check_handoff(const struct handoff *handoff, uint64_t seed,
				     struct assay_err *err)
{
	struct rally r = {.handoff = handoff, .seed = seed | 1};

	if (handoff->is_null)
		return ASSAY_OK;
	enum assay_code code = handoff->open(&r.state, err);
	if (code == ASSAY_OK) {
		code = rally(&r, err);
		handoff->close(r.state);
	}
	return code;
}
