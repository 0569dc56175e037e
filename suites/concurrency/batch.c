/* SPDX-License-Identifier: MIT */
/*
 * batch: a ring of arrival times. The sizes of AIMD are those of Clipper [Crankshaw et al., NSDI 2017, 4.3];
 * what a batch will take is guessed from the last one, so that it can begin in time.
 */
#include "suites/concurrency/batch.h"

#include <stdlib.h>

#define BACK_OFF 0.9

struct batcher {
	struct batcher_config config;
	uint64_t *arrived_ns; /* [room] */
	uint32_t at, waiting;
	double size;
	double took_ns; /* by the last batch, of `done` requests; 0: none yet */
	uint32_t done;
	/* the batch under way: 0 none */
	uint32_t taken, wanted;
	uint64_t began_ns, oldest_ns;
};

static enum assay_code check_config(const struct batcher_config *c, struct assay_err *err)
{
	if (c->least < 1 || c->least > c->most || c->most > c->room || c->room > BATCHER_ROOM_MAX)
		return assay_fail(err, ASSAY_EUSAGE,
				  "batches of %u to %u with room for %u: 1 <= least <= most <= "
				  "room <= %d",
				  c->least, c->most, c->room, BATCHER_ROOM_MAX);
	if (c->rule == BATCHER_GROWTH && !(c->growth > 1 && c->growth <= 16))
		return assay_fail(err, ASSAY_EUSAGE, "a growth of %g: above 1, at most 16",
				  c->growth);
	if (!c->deadline_ns)
		return assay_fail(err, ASSAY_EUSAGE, "a deadline of 0: nothing can keep it");
	return ASSAY_OK;
}

enum assay_code batcher_new(const struct batcher_config *config, struct batcher **ret,
			    struct assay_err *err)
{
	enum assay_code rc = check_config(config, err);
	if (rc != ASSAY_OK)
		return rc;
	struct batcher *b = calloc(1, sizeof(*b));
	if (b)
		b->arrived_ns = calloc(config->room, sizeof(*b->arrived_ns));
	if (!b || !b->arrived_ns) {
		batcher_free(b);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %u requests", config->room);
	}
	b->config = *config;
	b->size = config->least;
	*ret = b;
	return ASSAY_OK;
}

void batcher_free(struct batcher *b)
{
	if (!b)
		return;
	free(b->arrived_ns);
	free(b);
}

bool batcher_add(struct batcher *b, uint64_t now_ns)
{
	if (b->waiting == b->config.room)
		return false;
	uint32_t end = b->at + b->waiting++;
	b->arrived_ns[end < b->config.room ? end : end - b->config.room] = now_ns;
	return true;
}

/*
 * When the oldest must go, that its batch may end in time. A smaller batch than the last takes at most as
 * long, a larger one at most longer in proportion, wherever a batch costs something once.
 */
static uint64_t latest_ns(const struct batcher *b)
{
	double took_ns = b->took_ns;
	if (b->waiting > b->done && b->done)
		took_ns *= (double)b->waiting / b->done;
	double slack_ns = (double)b->config.deadline_ns - took_ns;
	return b->arrived_ns[b->at] + (slack_ns > 0 ? (uint64_t)slack_ns : 0);
}

uint32_t batcher_take(struct batcher *b, uint64_t now_ns, uint64_t *ret_until_ns)
{
	uint32_t size = b->config.rule == BATCHER_GREEDY ? b->config.most : batcher_size(b);
	bool full = b->waiting >= size;
	*ret_until_ns = b->waiting ? latest_ns(b) : UINT64_MAX;
	if (!b->waiting || (b->config.rule != BATCHER_GREEDY && !full && now_ns < *ret_until_ns))
		return 0;
	b->wanted = size;
	b->taken = full ? size : b->waiting;
	b->oldest_ns = b->arrived_ns[b->at];
	b->began_ns = now_ns;
	b->waiting -= b->taken;
	b->at += b->taken;
	b->at -= b->at < b->config.room ? 0 : b->config.room;
	return b->taken;
}

static double clamp(const struct batcher_config *c, double size)
{
	return size < c->least ? c->least : size > c->most ? c->most : size;
}

static void adapt(struct batcher *b, bool late)
{
	const struct batcher_config *c = &b->config;
	bool pressed = b->waiting >= b->wanted, full = b->taken == b->wanted;
	if (c->rule == BATCHER_GROWTH && pressed)
		b->size *= c->growth;
	else if (c->rule == BATCHER_GROWTH && !full)
		b->size /= c->growth;
	else if (c->rule == BATCHER_AIMD)
		b->size = late ? b->size * BACK_OFF : b->size + c->least;
	b->size = clamp(c, b->size);
}

void batcher_done(struct batcher *b, uint64_t now_ns)
{
	b->took_ns = (double)(now_ns - b->began_ns);
	b->done = b->taken;
	adapt(b, now_ns - b->oldest_ns > b->config.deadline_ns);
	b->taken = 0;
}

uint32_t batcher_size(const struct batcher *b)
{
	return (uint32_t)b->size;
}

uint32_t batcher_waiting(const struct batcher *b)
{
	return b->waiting;
}
