/* SPDX-License-Identifier: MIT */
/*
 * tasks: our executors beside their peers: one interleaved run of several launches, the ratio taken launch by
 * launch. Prints each figure beside the one asked for; exits 1 when one is missed.
 */
#include "tests/bench/ratios.h"

#define SPAWN(tasks, subject, threads) \
	"concurrency/spawn/tasks:" tasks "/subject:" subject "/threads:" threads
#define PEERS(tasks, threads)                                              \
	SPAWN(tasks, "libgomp", threads), SPAWN(tasks, "libomp", threads), \
		SPAWN(tasks, "tbb", threads)

/* Ours over the peer's is below 1; asked for is the inverse. */
static const struct ratio_figure figures[] = {
	{"steal / best peer, spawn, 1 thread",
	 SPAWN("8192", "steal", "1"),
	 {PEERS("8192", "1")},
	 false,
	 1 / 8.0},
	{"steal / best peer, spawn, 2 threads",
	 SPAWN("8192", "steal", "2"),
	 {PEERS("8192", "2")},
	 false,
	 0},
	{"steal / libgomp, spawn, 2 threads",
	 SPAWN("8192", "steal", "2"),
	 {SPAWN("8192", "libgomp", "2")},
	 false,
	 1 / 15.0},
	{"steal, 64 Ki tasks, 1 thread / 2 threads",
	 SPAWN("65536", "steal", "1"),
	 {SPAWN("65536", "steal", "2")},
	 true,
	 1.9},
	{"steal, 8 Ki tasks, 1 thread / 2 threads",
	 SPAWN("8192", "steal", "1"),
	 {SPAWN("8192", "steal", "2")},
	 true,
	 0},
	{"steal / null, spawn, 1 thread",
	 SPAWN("8192", "steal", "1"),
	 {SPAWN("8192", "null", "1")},
	 false,
	 0},
};

static const char *const patterns[] = {
	"-P",
	"tasks=8Ki,64Ki",
	"concurrency/spawn/tasks:8192",
	"concurrency/spawn/tasks:65536/subject:steal",
	NULL,
};

int main(int argc, char **argv)
{
	return ratios_main(patterns, figures, sizeof(figures) / sizeof(figures[0]),
			   argc > 1 ? argv[1] : "7");
}
