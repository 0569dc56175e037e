/* SPDX-License-Identifier: MIT */
/* rendezvous: two futex words, one for the start and one for the end. */
#include "suites/scaling/rendezvous.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/clock.h"

/*
 * Looks at a word before sleeping: about as long as two trips through the kernel, so that short waits
 * do not pay for one and long waits do not burn a CPU that another worker may need.
 */
enum { SPINS = 1000 };

/* Sleep while *word is `value`, at most `patience_ns`. Not FUTEX_PRIVATE: others are processes. */
static void sleep_on(_Atomic uint32_t *word, uint32_t value, uint64_t patience_ns)
{
	struct timespec patience = {.tv_sec = (time_t)(patience_ns / 1000000000u),
				    .tv_nsec = (long)(patience_ns % 1000000000u)};
	syscall(SYS_futex, word, FUTEX_WAIT, value, &patience, NULL, 0);
}

static void wake(_Atomic uint32_t *word, int n)
{
	syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);
}

void rendezvous_post(struct rendezvous *r, team_part part, void *context, unsigned parts)
{
	r->part = part;
	r->context = context;
	r->parts = parts;
	atomic_store_explicit(&r->left, parts - 1, memory_order_relaxed);
	/* Releases all of the above to the workers. */
	atomic_fetch_add_explicit(&r->generation, 1, memory_order_release);
	wake(&r->generation, INT32_MAX);
}

bool rendezvous_wait(struct rendezvous *r, uint64_t patience_ns)
{
	uint32_t left;
	for (int i = 0; i < SPINS; i++) {
		if (atomic_load_explicit(&r->left, memory_order_acquire) == 0)
			return true;
		assay_cpu_relax();
	}
	uint64_t deadline = assay_now_ns() + patience_ns;
	while ((left = atomic_load_explicit(&r->left, memory_order_acquire)) != 0) {
		uint64_t now = assay_now_ns();
		if (now >= deadline)
			return false;
		sleep_on(&r->left, left, deadline - now);
	}
	return true;
}

void rendezvous_stop(struct rendezvous *r)
{
	r->stop = true;
	atomic_fetch_add_explicit(&r->generation, 1, memory_order_release);
	wake(&r->generation, INT32_MAX);
}

/* Wait for a generation other than `seen`. */
static uint32_t next_generation(struct rendezvous *r, uint32_t seen)
{
	uint32_t now;
	for (int i = 0; i < SPINS; i++) {
		now = atomic_load_explicit(&r->generation, memory_order_acquire);
		if (now != seen)
			return now;
		assay_cpu_relax();
	}
	while ((now = atomic_load_explicit(&r->generation, memory_order_acquire)) == seen)
		sleep_on(&r->generation, seen, 1000000000u);
	return now;
}

void rendezvous_serve(struct rendezvous *r, unsigned number)
{
	uint32_t seen = 0;
	for (;;) {
		seen = next_generation(r, seen);
		if (r->stop)
			return;
		r->part(r->context, number, r->parts);
		/* The last one out wakes the leader; releases what the part wrote. */
		if (atomic_fetch_sub_explicit(&r->left, 1, memory_order_acq_rel) == 1)
			wake(&r->left, 1);
	}
}
