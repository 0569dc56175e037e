/* SPDX-License-Identifier: MIT */
/* noise: how quiet the machine is right now, graded, and the clock a core really runs at. */
#include "harness/machine/noise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/machine/proc.h"

enum {
	GAP_NS = 1000, /* a clock read takes 25 ns: whatever takes 1 us was somebody else's work */
	SLICES = 10,   /* the run queue is read between slices of the spin */
};

/* Readings that other work leaves behind; all but the first need no clock of ours. */
static double gap_share(const struct assay_noise *n)
{
	return n->gap_share;
}

static double max_gap(const struct assay_noise *n)
{
	return n->max_gap_ns;
}

static double switch_rate(const struct assay_noise *n)
{
	return n->spin_ns > 0 ? (double)n->involuntary_switches / (n->spin_ns * 1e-9) : NAN;
}

static double steal(const struct assay_noise *n)
{
	return n->steal_share;
}

static double busy_share(const struct assay_noise *n)
{
	return n->cpus ? n->run_queue / n->cpus : NAN;
}

static double pressure(const struct assay_noise *n)
{
	return n->psi_cpu_avg10;
}

/*
 * A reading at or above limits[i] gives at best grade B, C, D. Relative figures are held against the
 * margins a gate works with (1 % and 3 %), absolute ones against the lengths of a sample (50 us and
 * more) and of a scheduler's time slice (3 to 4 ms). The bad ends were seen on a two-core virtual
 * machine with three to five tasks: a third of the bandwidth, four times the latency between
 * cores, gaps up to 52 ms, pressure 45 to 77 %.
 */
static const struct limit {
	double (*reading)(const struct assay_noise *noise);
	double limits[3];
	double scale;     /* for people */
	const char *text; /* follows the figure */
} table[] = {
	/* Time lost while running: the small margin; the large one; five times that. The kernel's own
	 * ticks take 0.1 to 0.7 % of a quiet machine, evenly. */
	{gap_share, {0.01, 0.03, 0.15}, 100, " % of the time lost to other work"},
	/* One interruption: longer than two samples; a whole time slice; several in a row. */
	{max_gap, {1e5, 4e6, 3e7}, 1e-6, " ms stopped at once"},
	/* Another task on our CPU: now and then; each slice of a loaded scheduler; every one. */
	{switch_rate, {2, 20, 100}, 1, " times a second pushed off the CPU"},
	/* The hypervisor ran someone else: as for lost time. */
	{steal, {0.01, 0.03, 0.15}, 100, " % of the CPU time stolen by the hypervisor"},
	/* Runnable tasks per CPU besides us: they share caches and memory long before they share
	 * our core; from 1 on they must. */
	{busy_share, {0.25, 0.5, 1}, 1, " other runnable tasks per CPU"},
	/* Share of the last 10 s in which some task waited for a CPU. */
	{pressure, {2, 10, 40}, 1, " % of the last 10 s some task waited for a CPU"},
};

/*
 * The kernel's average fades for half a minute after a build, say, has ended. A load that comes and goes may hide from
 * a probe as well, so with nobody else runnable the past is worth a C, and a D takes what is there now.
 */
static unsigned past_counts_less(const struct limit *limit, unsigned step,
				 const struct assay_noise *noise)
{
	bool quiet_now = busy_share(noise) < 0.25;
	return limit->reading == pressure && quiet_now && step > 2 ? 2 : step;
}

void assay_noise_grade(struct assay_noise *noise)
{
	unsigned worst = 0;
	double excess = 0;
	snprintf(noise->reason, sizeof(noise->reason), "quiet");
	for (size_t i = 0; i < ASSAY_COUNT_OF(table); i++) {
		double value = table[i].reading(noise);
		unsigned step = 0;
		while (step < 3 && value >= table[i].limits[step]) /* false for NaN: unknown */
			step++;
		step = past_counts_less(&table[i], step, noise);
		double over = step ? value / table[i].limits[step - 1] : 0;
		if (step < worst || (step == worst && over <= excess))
			continue;
		worst = step;
		excess = over;
		snprintf(noise->reason, sizeof(noise->reason), "%.3g%s", value * table[i].scale,
			 table[i].text);
	}
	noise->grade = (char)('A' + worst);
}

/* Spin for `duration_ns` and note each jump of the clock. */
static void spin(uint64_t duration_ns, struct assay_noise *noise, double *lost_ns)
{
	uint64_t start = assay_now_ns();
	uint64_t last = start;
	while (last - start < duration_ns) {
		uint64_t now = assay_now_ns();
		uint64_t gap = now - last;
		last = now;
		if (gap < GAP_NS)
			continue;
		noise->gaps++;
		*lost_ns += (double)gap;
		if ((double)gap > noise->max_gap_ns)
			noise->max_gap_ns = (double)gap;
	}
	noise->spin_ns += (double)(last - start);
}

static uint64_t own_switches(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nivcsw : 0;
}

struct system_reading {
	struct proc_ticks ticks;
	double runnable; /* besides ourselves; NaN unknown */
	bool has_ticks;
};

static void read_system(struct system_reading *ret)
{
	*ret = (struct system_reading){.runnable = NAN};
	ASSAY_AUTO_FREE char *stat = proc_read("", "/proc/stat", NULL);
	if (!stat)
		return;
	ret->has_ticks = proc_stat_ticks(stat, &ret->ticks);
	ASSAY_AUTO_FREE char *running = proc_field(stat, "procs_running", ' ');
	if (running)
		ret->runnable = strtod(running, NULL) - 1;
	if (ret->runnable < 0)
		ret->runnable = 0;
}

/*
 * Steal over the probe. Ticks are 10 ms, so one of them may have been nearly complete before: it
 * does not count, and short probes see only what is worth several.
 */
static double steal_between(const struct system_reading *a, const struct system_reading *b)
{
	if (!a->has_ticks || !b->has_ticks || b->ticks.total <= a->ticks.total ||
	    b->ticks.steal < a->ticks.steal)
		return NAN;
	uint64_t stolen = b->ticks.steal - a->ticks.steal;
	stolen -= stolen > 0;
	return (double)stolen / (double)(b->ticks.total - a->ticks.total);
}

static double read_pressure(void)
{
	ASSAY_AUTO_FREE char *text = proc_read("", "/proc/pressure/cpu", NULL);
	return text ? proc_pressure_avg10(text, "some") : NAN;
}

void assay_noise_probe(uint64_t duration_ns, struct assay_noise *ret)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	*ret = (struct assay_noise){.cpus = cpus > 0 ? (unsigned)cpus : 1};
	struct system_reading before, now;
	read_system(&before);
	uint64_t switches = own_switches();
	double lost_ns = 0, runnable = 0;
	for (int i = 0; i < SLICES; i++) {
		spin(duration_ns / SLICES, ret, &lost_ns);
		read_system(&now);
		runnable += now.runnable;
	}
	ret->involuntary_switches = own_switches() - switches;
	ret->gap_share = ret->spin_ns > 0 ? lost_ns / ret->spin_ns : 0;
	ret->run_queue = runnable / SLICES;
	ret->steal_share = steal_between(&before, &now);
	ret->psi_cpu_avg10 = read_pressure();
	assay_noise_grade(ret);
}

json_t *assay_noise_json(const struct assay_noise *noise)
{
	char grade[2] = {noise->grade, '\0'};
	json_t *json = json_object();
	json_object_set_new(json, "grade", assay_json_text(grade));
	json_object_set_new(json, "reason", assay_json_text(noise->reason));
	json_object_set_new(json, "spin_ns", assay_json_real(noise->spin_ns));
	json_object_set_new(json, "gaps", json_integer((json_int_t)noise->gaps));
	json_object_set_new(json, "gap_share", assay_json_real(noise->gap_share));
	json_object_set_new(json, "max_gap_ns", assay_json_real(noise->max_gap_ns));
	json_object_set_new(json, "involuntary_switches",
			    json_integer((json_int_t)noise->involuntary_switches));
	json_object_set_new(json, "steal_share", assay_json_real(noise->steal_share));
	json_object_set_new(json, "run_queue", assay_json_real(noise->run_queue));
	json_object_set_new(json, "psi_cpu_avg10", assay_json_real(noise->psi_cpu_avg10));
	json_object_set_new(json, "cpus", json_integer(noise->cpus));
	return json;
}

#define FOUR(text)    text text text text
#define CHAIN_OF(add) FOUR(FOUR(FOUR(add)))

/*
 * The addend is a register, not a constant: recent cores (Golden Cove) do additions of small
 * constants while renaming, in no time. The loop's own two instructions run beside the chain.
 */
bool assay_add_chain(uint64_t turns, uint64_t *value)
{
#if defined(__x86_64__)
	uint64_t addend = 3;
	if (!turns) /* the loop tests at its end */
		return true;
	__asm__ volatile("1:\n\t" CHAIN_OF("add %[addend], %[value]\n\t") "dec %[turns]\n\t"
									  "jnz 1b"
			 : [value] "+r"(*value), [turns] "+r"(turns)
			 : [addend] "r"(addend)
			 : "cc");
	return true;
#elif defined(__aarch64__)
	uint64_t addend = 3;
	if (!turns) /* the loop tests at its end */
		return true;
	__asm__ volatile("1:\n\t" CHAIN_OF("add %[value], %[value], %[addend]\n\t")
			 "subs %[turns], %[turns], #1\n\t"
			 "b.ne 1b"
			 : [value] "+r"(*value), [turns] "+r"(turns)
			 : [addend] "r"(addend)
			 : "cc");
	return true;
#else
	(void)turns;
	(void)value;
	return false;
#endif
}

double assay_core_clock_hz(void)
{
	/* 24 windows of about 0.2 ms: short enough to fall between two ticks of the kernel, long
	 * enough that 25 ns of clock reading are 0.01 %. */
	enum { WINDOWS = 24, TURNS = 12000 };
	double best = 0;
	uint64_t value = 1;
	for (int i = 0; i < WINDOWS; i++) {
		uint64_t start = assay_now_ns();
		if (!assay_add_chain(TURNS, &value))
			return 0;
		uint64_t ns = assay_now_ns() - start;
		double hz = ns ? (double)TURNS * ASSAY_CHAIN_ADDS / ((double)ns * 1e-9) : 0;
		if (hz > best)
			best = hz;
	}
	return best;
}
