/* SPDX-License-Identifier: MIT */
/* sampler: choose an engine, run it, make stacks of what it wrote. */
#include "profiler/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/base/clock.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "profiler/alloc.h"
#include "profiler/assemble.h"
#include "profiler/cost.h"
#include "profiler/debuginfo.h"
#include "profiler/preload.h"
#include "profiler/rings.h"
#include "profiler/timer.h"

/* About 1 % of the cost of the allocations themselves, for those of a few KiB. */
enum { DEFAULT_BYTES = 1024 * 1024 };
/* Samples that CPU time stands for, at least, before a word is said of the share that is missing. */
enum { MISSING_LEAST = 20 };
#define MISSING_SHARE 0.6

struct sampler {
	struct sampler_options options;
	bool timer;             /* the fallback: samples from inside the target */
	bool alloc;             /* those of its allocations */
	struct rings_plan plan; /* its registers and rate hold for the timer as well */
	struct sample_cost cost;
	struct assay_str remarks;
	uint64_t started_ns;
	double cpu_s; /* of children that were over when it started */
	struct rings *rings;
	struct timer_sampler *ticks;
};

static bool wants_dwarf(const struct sampler_options *options)
{
	return options->unwind != SAMPLER_UNWIND_FRAMES && !debuginfo_missing();
}

/* The first plan the kernel accepts, best first; the last one's refusal stands. */
static enum assay_code choose_plan(struct sampler *s, struct assay_err *err)
{
	enum assay_code rc = ASSAY_SKIP;
	size_t pairs = s->options.rate_hz ? SAMPLE_COST_FEW : SAMPLE_COST_PAIRS;
	for (int cycles = 1; rc == ASSAY_SKIP && cycles >= 0; cycles--)
		for (int kernel = 1; rc == ASSAY_SKIP && kernel >= 0; kernel--) {
			s->plan.cycles = cycles;
			s->plan.kernel = kernel;
			rc = sample_cost_measure(&s->plan, pairs, &s->cost, err);
		}
	return rc;
}

static void remark_on_perf(struct sampler *s)
{
	if (!s->plan.kernel)
		assay_str_add(&s->remarks,
			      "time inside the kernel is not seen: kernel.perf_event_paranoid "
			      "forbids it; 'sysctl kernel.perf_event_paranoid=1' would show it\n");
	if (!s->plan.registers)
		assay_str_add(
			&s->remarks,
			"callers by frame pointers%s%s: a function compiled without one hides "
			"its caller\n",
			debuginfo_missing() ? ", " : "",
			debuginfo_missing() ? debuginfo_missing() : "");
}

static enum assay_code use_perf(struct sampler *s, struct assay_err *err)
{
	enum assay_code rc = choose_plan(s, err);
	if (rc != ASSAY_OK)
		return rc;
	s->plan.rate_hz = s->options.rate_hz ? s->options.rate_hz
					     : sample_rate_hz(&s->cost, s->options.budget_ratio);
	remark_on_perf(s);
	return ASSAY_OK;
}

static enum assay_code open_preload(const struct sampler *s, struct timer_sampler **ret,
				    struct assay_err *err)
{
	return s->alloc ? timer_open(PRELOAD_ALLOC, PRELOAD_ALLOC_ENV, s->options.bytes, ret, err)
			: timer_open(PRELOAD_SAMPLER, PRELOAD_SAMPLER_ENV, s->plan.rate_hz, ret,
				     err);
}

static enum assay_code try_preload(const struct sampler *s, struct assay_err *err)
{
	struct timer_sampler *trial;
	enum assay_code rc = open_preload(s, &trial, err);
	if (rc == ASSAY_OK)
		timer_close(trial);
	return rc;
}

static enum assay_code use_timer(struct sampler *s, const char *why, struct assay_err *err)
{
	unsigned limit = timer_limit_hz();
	s->timer = true;
	s->cost = (struct sample_cost){NAN, NAN, NAN, 0};
	s->plan.rate_hz =
		s->options.rate_hz && s->options.rate_hz < limit ? s->options.rate_hz : limit;
	if (why)
		assay_str_add(&s->remarks, "perf_event is not used: %s\n", why);
	assay_str_add(
		&s->remarks,
		"samples by a CPU-time timer in the target: at most %u per second and process, "
		"none of programs that are static, setuid or use SIGPROF themselves; time inside "
		"the kernel counts for its caller\n",
		limit);
	if (!wants_dwarf(&s->options))
		assay_str_add(&s->remarks, "callers are not known: %s\n",
			      debuginfo_missing() ? debuginfo_missing()
						  : "frame pointers need perf_event");
	return try_preload(s, err);
}

static enum assay_code use_alloc(struct sampler *s, struct assay_err *err)
{
	char size[24];
	s->timer = s->alloc = true;
	s->cost = (struct sample_cost){NAN, NAN, NAN, 0};
	if (!s->options.bytes)
		s->options.bytes = DEFAULT_BYTES;
	assay_str_add(&s->remarks,
		      "allocations through malloc and its relatives, a stack every %sB on average; "
		      "none of programs that are static or setuid, or have an allocator of their "
		      "own\n",
		      assay_format_size(s->options.bytes, size, sizeof(size)));
	return try_preload(s, err);
}

enum assay_code sampler_new(const struct sampler_options *options, struct sampler **ret,
			    struct assay_err *err)
{
	struct sampler *s = calloc(1, sizeof(*s));
	*ret = NULL;
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a sampler");
	s->options = *options;
	if (options->unwind == SAMPLER_UNWIND_DWARF && debuginfo_missing()) {
		free(s);
		return assay_fail(err, ASSAY_SKIP, "no unwinding by dwarf: %s",
				  debuginfo_missing());
	}
	s->plan.registers = wants_dwarf(options) ? debuginfo_registers() : 0;
	struct assay_err why = {0}, second = {0};
	enum assay_code rc = ASSAY_SKIP;
	if (options->engine == SAMPLER_ALLOC)
		rc = use_alloc(s, &why);
	else if (options->engine != SAMPLER_TIMER)
		rc = use_perf(s, &why);
	if (rc == ASSAY_SKIP && options->engine != SAMPLER_ALLOC &&
	    options->engine != SAMPLER_PERF) {
		rc = use_timer(s, why.text[0] ? why.text : NULL, &second);
		if (rc != ASSAY_OK)
			rc = assay_fail(err, rc, "%s%s%s", why.text, why.text[0] ? "; and " : "",
					second.text);
	} else if (rc != ASSAY_OK) {
		rc = assay_fail(err, rc, "%s", why.text);
	}
	if (rc != ASSAY_OK) {
		sampler_free(s);
		return rc;
	}
	*ret = s;
	return ASSAY_OK;
}

static void stop(struct sampler *s)
{
	rings_close(s->rings);
	timer_close(s->ticks);
	s->rings = NULL;
	s->ticks = NULL;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	stop(s);
	assay_str_done(&s->remarks);
	free(s);
}

/* CPU time of the children that have been waited for, and of theirs; the kernel's where it is sampled. */
static double children_s(const struct sampler *s)
{
	struct rusage usage;
	if (getrusage(RUSAGE_CHILDREN, &usage) != 0)
		return 0;
	double user = (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
	double system = (double)usage.ru_stime.tv_sec + 1e-6 * (double)usage.ru_stime.tv_usec;
	return s->timer || s->plan.kernel ? user + system : user;
}

/*
 * A thread's clock begins anew with the thread, so that one that ends before its first sample is due is never
 * seen, however many of them there are.
 */
static void remark_on_missing(const struct sampler *s, const struct assay_stacks_facts *facts,
			      struct assay_str *remarks)
{
	double cpu_s = children_s(s) - s->cpu_s, rate = s->plan.rate_hz;
	double seen_s = (double)(facts->samples + facts->outside + facts->lost) / rate;
	if (s->alloc || cpu_s * rate < MISSING_LEAST || seen_s >= MISSING_SHARE * cpu_s)
		return;
	assay_str_add(remarks,
		      "samples stand for %.3f s of %.3f s of CPU time: threads and processes that "
		      "take less than %.1f ms, the time between two samples, are not seen; a "
		      "higher --rate sees more of them\n",
		      seen_s, cpu_s, 1000 / rate);
}

enum assay_code sampler_start(struct sampler *s, const char *const **ret_environment,
			      struct assay_err *err)
{
	static const char *const none[] = {NULL};
	stop(s);
	*ret_environment = none;
	enum assay_code rc =
		s->timer ? open_preload(s, &s->ticks, err) : rings_open(&s->plan, &s->rings, err);
	if (rc == ASSAY_OK && s->timer)
		*ret_environment = timer_environment(s->ticks);
	s->cpu_s = children_s(s);
	s->started_ns = assay_now_ns();
	return rc;
}

static const char *const no_files[] = {NULL};

const char *const *sampler_reads(const struct sampler *s)
{
	return s->ticks ? timer_reads(s->ticks) : no_files;
}

const char *const *sampler_writes(const struct sampler *s)
{
	return s->ticks ? timer_writes(s->ticks) : no_files;
}

static const char *engine_name(const struct sampler *s)
{
	return s->alloc         ? "allocation counting"
	       : s->timer       ? "CPU-time timer"
	       : s->plan.cycles ? "perf_event cycles"
				: "perf_event task-clock";
}

const char *sampler_describe(const struct sampler *s, char *text, size_t size)
{
	if (s->alloc)
		snprintf(text, size, "%s", engine_name(s));
	else
		snprintf(text, size, "%s at %u Hz", engine_name(s), s->plan.rate_hz);
	return text;
}

static enum assay_code describe(const struct sampler *s, const struct sampler_view *view,
				const struct assay_str *remarks, uint64_t wall_ns,
				struct assay_stacks *stacks, struct assay_err *err)
{
	struct assay_stacks_facts facts = stacks->facts;
	facts.title = view->title;
	facts.engine = engine_name(s);
	facts.unit = s->alloc ? "B" : "samples";
	facts.unwind = s->plan.registers ? "dwarf" : s->timer ? "none" : "frame pointers";
	facts.rate_hz = s->alloc ? 0 : s->plan.rate_hz;
	facts.cost_ns = s->cost.ns;
	facts.cost_lo_ns = s->cost.lo_ns;
	facts.cost_hi_ns = s->cost.hi_ns;
	facts.wall_ns = wall_ns;
	facts.remarks = assay_str_text(remarks);
	return assay_stacks_describe(stacks, &facts, err);
}

enum assay_code sampler_finish(struct sampler *s, const struct sampler_view *view,
			       struct assay_stacks **ret, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str remarks = {0};
	const void *bytes;
	size_t size;
	uint64_t dropped = 0, wall_ns = assay_now_ns() - s->started_ns;
	*ret = NULL;
	assay_str_add(&remarks, "%s", assay_str_text(&s->remarks));
	enum assay_code rc = s->timer ? timer_finish(s->ticks, &bytes, &size, err)
				      : rings_finish(s->rings, &bytes, &size, &dropped, err);
	if (rc == ASSAY_OK)
		rc = assay_stacks_new(ret, err);
	/* The timer writes registers and stack whether or not they are used. */
	const struct record_layout layout = {s->timer ? debuginfo_registers() : s->plan.registers};
	if (rc == ASSAY_OK)
		rc = assemble(bytes, size, &layout, s->plan.registers != 0, view,
			      s->alloc ? s->options.bytes : 1, *ret, &remarks, err);
	if (rc == ASSAY_OK && s->alloc)
		rc = alloc_sums(s->ticks, &remarks, err);
	if (rc == ASSAY_OK)
		remark_on_missing(s, &(*ret)->facts, &remarks);
	if (dropped)
		assay_str_add(&remarks,
			      "%llu bytes of samples found no space in the temporary folder: the "
			      "end of the run is missing\n",
			      (unsigned long long)dropped);
	if (rc == ASSAY_OK)
		rc = describe(s, view, &remarks, wall_ns, *ret, err);
	if (rc != ASSAY_OK) {
		assay_stacks_free(*ret);
		*ret = NULL;
	}
	stop(s);
	return rc;
}
