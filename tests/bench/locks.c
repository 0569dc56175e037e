/* SPDX-License-Identifier: MIT */
/* locks: our lock beside its two extremes at each think time, and locks, ways to read and to wake beside peers. */
#include "tests/bench/ratios.h"

#define LOCK(inside, think, subject) \
	"concurrency/lock/inside:" inside "/think:" think "/subject:" subject "/threads:2"
#define EXTREMES(inside, think)                                                      \
	{                                                                            \
		LOCK(inside, think, "futex_spin"), LOCK(inside, think, "futex_park") \
	}
#define OTHERS(inside, think)                                                               \
	{                                                                                   \
		LOCK(inside, think, "mutex"), LOCK(inside, think, "mutex_adaptive"),        \
			LOCK(inside, think, "pthread_spin"), LOCK(inside, think, "ck_fas"), \
			LOCK(inside, think, "ck_ticket"), LOCK(inside, think, "ck_mcs")     \
	}
#define READ(subject)       "concurrency/read_mostly/reads:0.999/subject:" subject "/threads:2"
#define WAKE(idle, subject) "concurrency/wake/idle:" idle "/subject:" subject "/threads:2"
#define SHARING(layout)     "concurrency/false_sharing/layout:" layout "/threads:2"

/* 1 / 1.2: our rate over that of the better one. */
#define WITHIN (1 / 1.2)

static const struct ratio_figure figures[] = {
	{"futex / better extreme, think 0", LOCK("0", "0", "futex"), EXTREMES("0", "0"), true,
	 WITHIN},
	{"think 100 ns", LOCK("0", "100", "futex"), EXTREMES("0", "100"), true, WITHIN},
	{"think 1 us", LOCK("0", "1000", "futex"), EXTREMES("0", "1000"), true, WITHIN},
	{"think 10 us", LOCK("0", "10000", "futex"), EXTREMES("0", "10000"), true, WITHIN},
	{"inside 100 ns, think 0", LOCK("100", "0", "futex"), EXTREMES("100", "0"), true, WITHIN},
	{"inside 100 ns, think 100 ns", LOCK("100", "100", "futex"), EXTREMES("100", "100"), true,
	 WITHIN},
	{"inside 100 ns, think 1 us", LOCK("100", "1000", "futex"), EXTREMES("100", "1000"), true,
	 WITHIN},
	{"inside 100 ns, think 10 us", LOCK("100", "10000", "futex"), EXTREMES("100", "10000"),
	 true, WITHIN},
	{"futex / best peer, think 0", LOCK("0", "0", "futex"), OTHERS("0", "0"), true, 0},
	{"futex / best peer, think 1 us", LOCK("0", "1000", "futex"), OTHERS("0", "1000"), true, 0},
	{"fairness of futex, think 0", LOCK("0", "0", "futex"), {NULL}, true, 0, "fairness"},
	{"fairness of mutex, think 0", LOCK("0", "0", "mutex"), {NULL}, true, 0, "fairness"},
	{"reading: epochs / best of liburcu",
	 READ("epochs"),
	 {READ("urcu_memb"), READ("urcu_mb"), READ("urcu_qsbr"), READ("urcu_bp")},
	 true,
	 0},
	{"reading: seqlock / best of liburcu",
	 READ("seqlock"),
	 {READ("urcu_memb"), READ("urcu_mb"), READ("urcu_qsbr"), READ("urcu_bp")},
	 true,
	 0},
	{"reading: epochs / rwlock", READ("epochs"), {READ("read_rwlock")}, true, 0},
	{"waking after 20 us: event / semaphore",
	 WAKE("20", "event"),
	 {WAKE("20", "wake_semaphore")},
	 false,
	 0},
	{"after 200 us", WAKE("200", "event"), {WAKE("200", "wake_semaphore")}, false, 0},
	{"counters two lines apart / in one line",
	 SHARING("apart"),
	 {SHARING("one_line")},
	 true,
	 0},
	{"counters in neighbouring lines / in one line",
	 SHARING("next_line"),
	 {SHARING("one_line")},
	 true,
	 0},
};

static const char *const arguments[] = {
	"-P",
	"inside=0,100",
	"-P",
	"think=0,100,1000,10000",
	"-P",
	"idle=20,200",
	"concurrency/lock/*/threads:2",
	"concurrency/read_mostly/reads:0.999/*/threads:2",
	"concurrency/wake",
	"concurrency/false_sharing/*/threads:2",
	NULL,
};

int main(int argc, char **argv)
{
	return ratios_main(arguments, figures, sizeof(figures) / sizeof(figures[0]),
			   argc > 1 ? argv[1] : "7");
}
