/* SPDX-License-Identifier: MIT */
/* queues: our queues beside their peers, in one interleaved run; rates per item or pair, 2 threads. */
#include "tests/bench/ratios.h"

#define FLOW(subject, batch) \
	"concurrency/queue/think:0/batch:" batch "/subject:" subject "/threads:2"
#define PAIRS(subject, batch) \
	"concurrency/queue_pairs/fill:0/think:0/batch:" batch "/subject:" subject "/threads:2"
#define LATENCY(subject) "concurrency/queue_latency/think:1000/subject:" subject "/threads:2"
#define PEERS(NAME, ...)                                                            \
	{                                                                           \
		NAME("vyukov", __VA_ARGS__), NAME("mutex_ring", __VA_ARGS__),       \
			NAME("ck_mpmc", __VA_ARGS__), NAME("wfcqueue", __VA_ARGS__) \
	}

static const struct ratio_figure figures[] = {
	{"spsc_ring / ck_ring, one to one",
	 FLOW("spsc_ring", "1"),
	 {FLOW("ck_spsc", "1")},
	 true,
	 1.5},
	{"the same, 16 at once", FLOW("spsc_ring", "16"), {FLOW("ck_spsc", "16")}, true, 0},
	{"claim_ring / best peer, pairs", PAIRS("claim_ring", "1"), PEERS(PAIRS, "1"), true, 1.2},
	{"the same, 16 at once", PAIRS("claim_ring", "16"), PEERS(PAIRS, "16"), true, 1.2},
	{"claim_ring / best peer, one to one", FLOW("claim_ring", "1"), PEERS(FLOW, "1"), true, 0},
	{"the same, 16 at once", FLOW("claim_ring", "16"), PEERS(FLOW, "16"), true, 0},
	{"claim_ring / mutex ring, pairs",
	 PAIRS("claim_ring", "1"),
	 {PAIRS("mutex_ring", "1")},
	 true,
	 0},
	{"claim_ring / fetch-and-add bound, pairs",
	 PAIRS("claim_ring", "1"),
	 {PAIRS("queue_bound", "1")},
	 true,
	 0},
	{"fairness of claim_ring, pairs", PAIRS("claim_ring", "1"), {NULL}, true, 0, "fairness"},
	{"fairness of mutex ring, pairs", PAIRS("mutex_ring", "1"), {NULL}, true, 0, "fairness"},
	{"latency: spsc_ring / ck_ring", LATENCY("spsc_ring"), {LATENCY("ck_spsc")}, false, 0},
	{"latency: claim_ring / vyukov", LATENCY("claim_ring"), {LATENCY("vyukov")}, false, 0},
};

static const char *const arguments[] = {
	"-P",
	"think=0,1000",
	"-P",
	"batch=1,16",
	"-P",
	"fill=0",
	"concurrency/queue/think:0",
	"concurrency/queue_pairs/fill:0/think:0/*/threads:2",
	"concurrency/queue_latency/think:1000",
	NULL,
};

int main(int argc, char **argv)
{
	return ratios_main(arguments, figures, sizeof(figures) / sizeof(figures[0]),
			   argc > 1 ? argv[1] : "7");
}
