/* SPDX-License-Identifier: MIT */
/*
 * tasks: our executors beside their peers: one interleaved run of several launches, the ratio taken launch by
 * launch. Prints each figure beside the one asked for; exits 1 when one is missed.
 */
#include "tests/bench/ratios.h"

/* The three peers of a case that is called `head`SUBJECT`tail`. */
#define PEERS(head, tail) head "libgomp" tail, head "libomp" tail, head "tbb" tail

#define SPAWN        "concurrency/spawn/tasks:8192/subject:"
#define SPAWN_MORE   "concurrency/spawn/tasks:65536/subject:"
#define SMALLEST     "concurrency/granularity/subject:"
#define BINOMIAL     "concurrency/irregular/tree:binomial/subject:"
#define GEOMETRIC    "concurrency/irregular/tree:geometric/subject:"
#define SUBMIT       "concurrency/submit/jobs:100/subject:"
#define REGION       "concurrency/fork_join/subject:"
#define BURST(pool)  "concurrency/burst/pool:" pool "/threads:1"
#define ASYNC(order) "concurrency/async_tasks/tasks:100/permits:8/order:" order "/threads:1"
#define MODE(jobs)   "concurrency/mode_select/jobs:" jobs "/threads:2"
#define ON_1         "/threads:1"
#define ON_2         "/threads:2"

/* Of times ours over the peer's is below 1: asked for is the inverse of "so many times as fast". */
static const struct ratio_figure figures[] = {
	{"spawn, 1 thread: steal / best peer",
	 SPAWN "steal" ON_1,
	 {PEERS(SPAWN, ON_1)},
	 false,
	 1 / 8.0},
	{"spawn, 2 threads: steal / best peer", SPAWN "steal" ON_2, {PEERS(SPAWN, ON_2)}, false, 0},
	{"spawn, 2 threads: steal / libgomp",
	 SPAWN "steal" ON_2,
	 {SPAWN "libgomp" ON_2},
	 false,
	 1 / 15.0},
	{"spawn, 64 Ki: steal on 1 / on 2",
	 SPAWN_MORE "steal" ON_1,
	 {SPAWN_MORE "steal" ON_2},
	 true,
	 1.9},
	{"spawn, 8 Ki: steal on 1 / on 2", SPAWN "steal" ON_1, {SPAWN "steal" ON_2}, true, 0},
	{"spawn, 1 thread: steal / null", SPAWN "steal" ON_1, {SPAWN "null" ON_1}, false, 0},
	{"smallest task, 1 thread: steal / best peer",
	 SMALLEST "steal" ON_1,
	 {PEERS(SMALLEST, ON_1)},
	 false,
	 0},
	{"smallest task, 2 threads: steal / best peer",
	 SMALLEST "steal" ON_2,
	 {PEERS(SMALLEST, ON_2)},
	 false,
	 0},
	{"smallest task, 2 threads: steal, ns", SMALLEST "steal" ON_2, {NULL}, false, 0},
	{"binomial tree, 2 threads: steal / best peer",
	 BINOMIAL "steal" ON_2,
	 {PEERS(BINOMIAL, ON_2)},
	 false,
	 0},
	{"binomial tree: steal on 1 / on 2",
	 BINOMIAL "steal" ON_1,
	 {BINOMIAL "steal" ON_2},
	 true,
	 0},
	{"geometric tree, 2 threads: steal / best peer",
	 GEOMETRIC "steal" ON_2,
	 {PEERS(GEOMETRIC, ON_2)},
	 false,
	 0},
	{"geometric tree: steal on 1 / on 2",
	 GEOMETRIC "steal" ON_1,
	 {GEOMETRIC "steal" ON_2},
	 true,
	 0},
	{"submit, 2 threads: steal / best peer",
	 SUBMIT "steal_jobs" ON_2,
	 {PEERS(SUBMIT, "_jobs" ON_2)},
	 false,
	 0},
	{"submit, 2 threads: adaptive / fixed pool",
	 SUBMIT "adaptive_pool" ON_2,
	 {SUBMIT "fixed_pool" ON_2},
	 false,
	 0},
	{"submit, 2 threads: adaptive / thread per task",
	 SUBMIT "adaptive_pool" ON_2,
	 {SUBMIT "thread_per_task" ON_2},
	 false,
	 0},
	{"region, 2 threads: steal / best peer",
	 REGION "steal_jobs" ON_2,
	 {PEERS(REGION, "_jobs" ON_2)},
	 false,
	 0},
	{"burst: adaptive / 16 threads", BURST("adaptive"), {BURST("sixteen")}, false, 0},
	{"burst: adaptive / 1 thread", BURST("adaptive"), {BURST("one")}, false, 0},
	{"burst: threads held, adaptive / 16",
	 BURST("adaptive"),
	 {BURST("sixteen")},
	 false,
	 0,
	 "held"},
	{"async: by priority / first come", ASYNC("priority"), {ASYNC("fifo")}, false, 0},
	{"async: urgent ones, priority / first come",
	 ASYNC("priority"),
	 {ASYNC("fifo")},
	 false,
	 0,
	 "urgent"},
	{"async: inversions, by priority", ASYNC("priority"), {NULL}, false, 0, "inversions"},
	{"async: inversions, first come", ASYNC("fifo"), {NULL}, false, 0, "inversions"},
	{"regret, tiny jobs", MODE("tiny"), {NULL}, false, 0, "regret"},
	{"regret, jobs that compute", MODE("compute"), {NULL}, false, 0, "regret"},
	{"regret, jobs that wait", MODE("waiting"), {NULL}, false, 0, "regret"},
	{"regret, jobs with one lock", MODE("locked"), {NULL}, false, 0, "regret"},
};

static const char *const arguments[] = {
	"-P",
	"tasks=100,8Ki,64Ki",
	"concurrency/spawn/tasks:8192",
	"concurrency/spawn/tasks:65536/subject:steal",
	"concurrency/granularity",
	"concurrency/irregular",
	"concurrency/submit/jobs:100",
	"concurrency/fork_join",
	"concurrency/burst",
	"concurrency/async_tasks/tasks:100/permits:8",
	"concurrency/mode_select",
	NULL,
};

int main(int argc, char **argv)
{
	return ratios_main(arguments, figures, sizeof(figures) / sizeof(figures[0]),
			   argc > 1 ? argv[1] : "7");
}
