/* SPDX-License-Identifier: MIT */
/* comm_shm: flags and direct copies. */
#include "suites/scaling/comm_shm.h"

#include <sched.h>

#include "harness/base/clock.h"
#include "suites/scaling/comm_sum.h"

/* Results beyond this leave the caches before anybody reads them. */
enum { STREAM_ABOVE_BYTES = 1024 * 1024 };
/* Looks at a flag before the processor is offered to others: with more ranks than CPUs somebody needs it. */
enum { SPINS = 2000 };
/* Shares begin on multiples of this many floats: whole cache lines. */
enum { GRAIN = 16 };

/* Wait until `flag` of rank `of` is at least `value`. */
static bool await_flag(struct comm_group *g, _Atomic uint64_t *flag, uint64_t value, unsigned of)
{
	uint64_t until = 0;
	for (unsigned spins = 0;; spins++) {
		if (atomic_load_explicit(flag, memory_order_acquire) >= value)
			return true;
		if (spins < SPINS) {
			assay_cpu_relax();
			continue;
		}
		if (atomic_load_explicit(&g->missing, memory_order_relaxed))
			return false;
		uint64_t now = assay_now_ns();
		until = until ? until : now + g->patience_ns;
		if (now > until) {
			unsigned none = 0;
			atomic_compare_exchange_strong(&g->missing, &none, of + 1);
			return false;
		}
		sched_yield();
	}
}

bool comm_barrier(struct comm_group *g, unsigned rank)
{
	_Atomic uint64_t *mine = &g->slots[rank].arrived;
	uint64_t turn = atomic_load_explicit(mine, memory_order_relaxed) + 1;
	atomic_store_explicit(mine, turn, memory_order_release);
	for (unsigned i = 1; i < g->ranks; i++) {
		unsigned other = (rank + i) % g->ranks;
		if (!await_flag(g, &g->slots[other].arrived, turn, other))
			return false;
	}
	return true;
}

/* Two barriers: nobody reads before it is written, nobody writes again before it is read. */
bool comm_broadcast(struct comm_group *g, unsigned rank)
{
	if (!comm_barrier(g, rank))
		return false;
	memcpy(g->receive[rank], g->send[0], g->count * sizeof(float));
	return comm_barrier(g, rank);
}

static size_t share_begin(const struct comm_group *g, unsigned rank)
{
	if (rank == g->ranks)
		return g->count;
	return (size_t)((unsigned __int128)g->count * rank / g->ranks) / GRAIN * GRAIN;
}

bool comm_allreduce(struct comm_group *g, unsigned rank)
{
	if (!comm_barrier(g, rank))
		return false;
	comm_sum((const float *const *)g->send, g->receive, g->ranks, share_begin(g, rank),
		 share_begin(g, rank + 1), g->count * sizeof(float) > STREAM_ABOVE_BYTES);
	return comm_barrier(g, rank);
}

bool comm_message(struct comm_group *g, unsigned rank, uint64_t i)
{
	unsigned from = (unsigned)(i % 2), to = 1 - from;
	_Atomic uint64_t *sent = &g->slots[from].sent;
	if (rank == from) {
		/* Messages alternate: this rank has received the one before, so its buffer is free. */
		atomic_store_explicit(sent, atomic_load_explicit(sent, memory_order_relaxed) + 1,
				      memory_order_release);
		return true;
	}
	if (rank != to)
		return true;
	uint64_t due = atomic_load_explicit(&g->slots[to].sent, memory_order_relaxed) +
		       (from == 0 ? 1 : 0);
	if (!await_flag(g, sent, due, from))
		return false;
	memcpy(g->receive[to], g->send[from], g->count * sizeof(float));
	return true;
}
