/* SPDX-License-Identifier: MIT */
/* shapes: one small function per figure. */
#include "profiler/shapes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"

/* Less CPU time than this, and the kernel's account of it is mostly rounding. */
#define LEAST_CPU_NS 5e7
/* As long as a batch is at least, see measure.c; shorter is one that could not be made longer. */
#define LEAST_COUNTED_NS 50000u

static const struct assay_result *result_of(const struct shape_case *c)
{
	return &c->results[c->which];
}

double shape_time_ns(const struct assay_result *r)
{
	double value = r->estimate.median, per_op = NAN;
	if (strncmp(r->metric.unit, "ns", 2) == 0)
		return value;
	if (strcmp(r->metric.unit, "op/s") == 0)
		per_op = 1;
	else if (strcmp(r->metric.unit, "B/s") == 0)
		per_op = r->bytes_per_op;
	else if (strcmp(r->metric.unit, "flop/s") == 0)
		per_op = r->flops_per_op;
	return value > 0 && per_op > 0 ? 1e9 * r->threads * per_op / value : NAN;
}

static void known(struct assay_count *ret, double value)
{
	ret->quality = isfinite(value) ? ASSAY_DERIVED : ASSAY_UNAVAILABLE;
	ret->value = isfinite(value) ? value : 0;
	if (!isfinite(value) && !ret->reason[0])
		assay_copy(ret->reason, sizeof(ret->reason), "not known of this case");
}

/* The order of cases that differ in more than their threads. */
static int by_case(const struct assay_result *a, const struct assay_result *b)
{
	int order = strcmp(a->suite, b->suite);
	if (order == 0)
		order = strcmp(a->benchmark, b->benchmark);
	if (order == 0)
		order = strcmp(a->subject, b->subject);
	if (order == 0)
		order = (a->n_params > b->n_params) - (a->n_params < b->n_params);
	for (size_t i = 0; order == 0 && i < a->n_params; i++) {
		order = strcmp(a->params[i].name, b->params[i].name);
		if (order == 0)
			order = strcmp(a->params[i].value, b->params[i].value);
	}
	return order;
}

static int by_case_in_order(const void *pa, const void *pb)
{
	const struct assay_result *a = *(const struct assay_result *const *)pa;
	const struct assay_result *b = *(const struct assay_result *const *)pb;
	return by_case(a, b);
}

static bool is_single(const struct assay_result *r)
{
	return r->threads == 1 && r->primary && assay_status_measured(r->status);
}

enum assay_code shape_singles_init(struct shape_singles *ret, const struct assay_result *results,
				   size_t n, struct assay_err *err)
{
	*ret = (struct shape_singles){calloc(n + 1, sizeof(const struct assay_result *)), 0};
	if (!ret->of)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu cases", n);
	for (size_t i = 0; i < n; i++)
		if (is_single(&results[i]))
			ret->of[ret->n++] = &results[i];
	if (ret->n)
		qsort(ret->of, ret->n, sizeof(const struct assay_result *), by_case_in_order);
	return ASSAY_OK;
}

void shape_singles_done(struct shape_singles *singles)
{
	free(singles->of);
	*singles = (struct shape_singles){0};
}

/* The same case with one thread; NULL when it was not measured with it, or is this one. */
static const struct assay_result *alone(const struct shape_case *c)
{
	const struct assay_result *r = result_of(c);
	if (r->threads == 1)
		return NULL;
	if (c->singles) {
		const struct assay_result *const *found =
			bsearch(&r, c->singles->of, c->singles->n,
				sizeof(const struct assay_result *), by_case_in_order);
		return found ? *found : NULL;
	}
	for (size_t i = 0; i < c->n; i++)
		if (is_single(&c->results[i]) && by_case(&c->results[i], r) == 0)
			return &c->results[i];
	return NULL;
}

/*
 * CPU time of one operation; NaN when it was not counted, not of all threads, or for so short that starting
 * it shows.
 */
static double cpu_ns(const struct assay_result *r)
{
	for (size_t i = 0; i < r->n_counters; i++) {
		const struct assay_count *c = &r->counters[i];
		bool brief = c->enabled_ns && c->enabled_ns < r->threads * LEAST_COUNTED_NS;
		if (strcmp(c->event, "task_clock") == 0 && c->quality != ASSAY_UNAVAILABLE)
			return brief || strcmp(c->reason, ASSAY_PARTIAL_COUNT) == 0 ? NAN
										    : c->value;
	}
	return NAN;
}

static void no_sibling(const struct shape_case *c, struct assay_count *ret)
{
	const struct assay_result *r = result_of(c);
	if (r->threads == 1)
		assay_copy(ret->reason, sizeof(ret->reason), "a single thread");
	else
		snprintf(ret->reason, sizeof(ret->reason),
			 "needs the same case with 1 thread: -P threads=1,%u", r->threads);
}

static void find_time(const struct shape_case *c, struct assay_count *ret)
{
	known(ret, shape_time_ns(result_of(c)));
}

static void find_threads(const struct shape_case *c, struct assay_count *ret)
{
	known(ret, result_of(c)->threads);
}

/* CPU time of one operation with all threads over that with one: what sharing adds. */
static void find_thread_growth(const struct shape_case *c, struct assay_count *ret)
{
	const struct assay_result *one = alone(c);
	if (!one)
		no_sibling(c, ret);
	else
		assay_copy(ret->reason, sizeof(ret->reason),
			   "CPU time was not counted, or for too short");
	known(ret, one ? cpu_ns(result_of(c)) / cpu_ns(one) : NAN);
	if (ret->quality != ASSAY_UNAVAILABLE)
		ret->reason[0] = '\0';
}

/* Operations per second with all threads over those with one, per thread: 1 is perfect. */
static void find_efficiency(const struct shape_case *c, struct assay_count *ret)
{
	const struct assay_result *one = alone(c), *r = result_of(c);
	if (!one)
		no_sibling(c, ret);
	known(ret, one && strcmp(r->metric.unit, "ns") != 0 ? shape_time_ns(one) / shape_time_ns(r)
							    : NAN);
}

static void find_running_share(const struct shape_case *c, struct assay_count *ret)
{
	known(ret, result_of(c)->cpu_ratio);
}

/* 1 when so many samples were preempted that the estimate had to use them. */
static void find_preempted(const struct shape_case *c, struct assay_count *ret)
{
	known(ret, (result_of(c)->flags & ASSAY_RESULT_PREEMPTED_USED) != 0);
}

static void find_unpinned(const struct shape_case *c, struct assay_count *ret)
{
	known(ret, (result_of(c)->flags & ASSAY_RESULT_UNPINNED) != 0);
}

static void find_bytes(const struct shape_case *c, struct assay_count *ret)
{
	known(ret, result_of(c)->bytes_per_op);
}

static void find_flops(const struct shape_case *c, struct assay_count *ret)
{
	known(ret, result_of(c)->flops_per_op);
}

/* Where a benchmark is about a size, that is what it goes through. */
static uint64_t working_set(const struct assay_result *r)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < r->n_params; i++)
		if (strcmp(r->params[i].name, "size") == 0 &&
		    assay_parse_size(r->params[i].value, &bytes, NULL) == ASSAY_OK)
			return bytes;
	return 0;
}

static const char *param_of(const struct assay_result *r, const char *name, const char *otherwise)
{
	for (size_t i = 0; i < r->n_params; i++)
		if (strcmp(r->params[i].name, name) == 0)
			return r->params[i].value;
	return otherwise;
}

/* Benchmarks of suites/gpu by what carries their bytes; what is between devices bounds itself. */
static bool about_memory(const char *benchmark)
{
	return strcmp(benchmark, "stream") == 0 || strcmp(benchmark, "triad") == 0 ||
	       strcmp(benchmark, "occupancy") == 0 || strcmp(benchmark, "roofline") == 0;
}

static bool about_link(const char *benchmark)
{
	return strcmp(benchmark, "transfer") == 0 || strcmp(benchmark, "overlap") == 0 ||
	       strcmp(benchmark, "util") == 0;
}

/* What a device reached is a limit for that device, and what the processor reached never is. */
static const struct ceiling *device_ceiling(const struct shape_case *c, enum ceiling_kind kind,
					    struct assay_count *ret)
{
	const struct assay_result *r = result_of(c);
	const char *key = param_of(r, "cache", "hot");
	uint64_t bytes = working_set(r);
	if (kind == CEILING_FLOPS) {
		key = param_of(r, "type", "fp32");
		bytes = 0;
	} else if (about_link(r->benchmark)) {
		kind = CEILING_LINK;
		key = param_of(r, "way", "both");
	} else if (!about_memory(r->benchmark)) {
		assay_copy(ret->reason, sizeof(ret->reason),
			   "what carries its bytes is measured by nothing else");
		return NULL;
	}
	const struct ceiling *found =
		c->ceilings ? ceiling_of_device(c->ceilings, kind, r->subject, key, bytes) : NULL;
	if (!found)
		snprintf(ret->reason, sizeof(ret->reason),
			 "not measured on this device (%s %s): " CEILINGS_OF_DEVICES, r->subject,
			 key);
	return found;
}

static const struct ceiling *cpu_ceiling(const struct shape_case *c, enum ceiling_kind kind,
					 struct assay_count *ret)
{
	const struct assay_result *r = result_of(c);
	const struct ceiling *found =
		c->ceilings ? ceiling_of(c->ceilings, kind, r->threads, working_set(r)) : NULL;
	if (!found)
		snprintf(ret->reason, sizeof(ret->reason),
			 "no ceiling was measured on this machine: %s", CEILINGS_COMMAND);
	return found;
}

static void find_ceiling(const struct shape_case *c, enum ceiling_kind kind,
			 struct assay_count *ret)
{
	bool on_device = strcmp(result_of(c)->suite, "gpu") == 0;
	const struct ceiling *ceiling =
		on_device ? device_ceiling(c, kind, ret) : cpu_ceiling(c, kind, ret);
	known(ret, ceiling ? ceiling->per_ns : NAN);
	if (ceiling)
		snprintf(ret->reason, sizeof(ret->reason), "%.130s%s", ceiling->from,
			 ceiling->stable ? "" : ", unstable");
}

static void find_bandwidth(const struct shape_case *c, struct assay_count *ret)
{
	find_ceiling(c, CEILING_BANDWIDTH, ret);
}

static void find_flop_rate(const struct shape_case *c, struct assay_count *ret)
{
	find_ceiling(c, CEILING_FLOPS, ret);
}

/* The least that one operation of a thread can take by what it moves and computes [roofline model]. */
static void find_bound(const struct shape_case *c, struct assay_count *ret)
{
	const struct assay_result *r = result_of(c);
	struct assay_count bandwidth = {.value = 0}, flops = {.value = 0};
	double bytes_ns = 0, flops_ns = 0;
	if (r->bytes_per_op > 0) {
		find_bandwidth(c, &bandwidth);
		bytes_ns = bandwidth.quality == ASSAY_UNAVAILABLE
				   ? NAN
				   : r->threads * r->bytes_per_op / bandwidth.value;
	}
	if (r->flops_per_op > 0) {
		find_flop_rate(c, &flops);
		flops_ns = flops.quality == ASSAY_UNAVAILABLE
				   ? NAN
				   : r->threads * r->flops_per_op / flops.value;
	}
	bool missing = isnan(bytes_ns) || isnan(flops_ns);
	if (missing)
		assay_copy(ret->reason, sizeof(ret->reason),
			   isnan(bytes_ns) ? bandwidth.reason : flops.reason);
	known(ret, missing ? NAN : fmax(bytes_ns, flops_ns));
	if (!missing)
		snprintf(ret->reason, sizeof(ret->reason), "by its %s",
			 bytes_ns >= flops_ns ? "bytes" : "flops");
}

static void find_clock(const struct shape_case *c, struct assay_count *ret)
{
	double hz = c->ceilings ? c->ceilings->clock_hz : 0;
	if (!(hz > 0))
		snprintf(ret->reason, sizeof(ret->reason),
			 "the clock was not measured on this machine: %s", CEILINGS_COMMAND);
	known(ret, hz > 0 ? hz / 1e9 : NAN);
}

static double about_bytes(const struct assay_result *r)
{
	return r->bytes_per_op;
}

static double about_flops(const struct assay_result *r)
{
	return r->flops_per_op;
}

static double about_either(const struct assay_result *r)
{
	return r->bytes_per_op + r->flops_per_op;
}

static const struct shape {
	const char *name, *unit;
	void (*find)(const struct shape_case *c, struct assay_count *ret);
	double (*about)(const struct assay_result *result); /* > 0: worth saying; NULL: always */
} shapes[] = {
	{"time_ns", "ns", find_time, NULL},
	{"threads", "", find_threads, NULL},
	{"thread_growth", "ratio", find_thread_growth, NULL},
	{"efficiency", "ratio", find_efficiency, NULL},
	{"running_share", "ratio", find_running_share, NULL},
	{"preempted", "", find_preempted, NULL},
	{"unpinned", "", find_unpinned, NULL},
	{"machine_clock", "GHz", find_clock, NULL},
	{"bytes_per_op", "B", find_bytes, about_bytes},
	{"bandwidth_ceiling", "GB/s", find_bandwidth, about_bytes},
	{"flops_per_op", "", find_flops, about_flops},
	{"flops_ceiling", "/ns", find_flop_rate, about_flops},
	{"bound_ns", "ns", find_bound, about_either},
};

static void name_shape(struct assay_count *ret, const char *name, const char *unit)
{
	*ret = (struct assay_count){.quality = ASSAY_UNAVAILABLE};
	assay_copy(ret->event, sizeof(ret->event), name);
	assay_copy(ret->source, sizeof(ret->source), "shape");
	assay_copy(ret->unit, sizeof(ret->unit), unit);
}

size_t shapes_of_case(const struct shape_case *c, struct assay_count *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < ASSAY_COUNT_OF(shapes); i++) {
		const struct shape *s = &shapes[i];
		if (s->about && !(s->about(result_of(c)) > 0))
			continue;
		name_shape(&ret[n], s->name, s->unit);
		s->find(c, &ret[n++]);
	}
	return n;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* What a command used, as rates; in the order of command_shapes. */
static void command_rates(const struct shape_command *c, double ret[])
{
	const struct rusage *u = &c->usage;
	double cpu_s = seconds(u->ru_utime) + seconds(u->ru_stime);
	double wall_s = (double)c->wall_ns / 1e9;
	bool enough = cpu_s * 1e9 >= LEAST_CPU_NS;
	ret[0] = cpu_s / wall_s;
	ret[1] = enough ? seconds(u->ru_stime) / cpu_s : NAN;
	ret[2] = enough ? (double)(u->ru_minflt + u->ru_majflt) / (1e3 * cpu_s) : NAN;
	ret[3] = (double)u->ru_nvcsw / wall_s;
	ret[4] = enough ? (double)u->ru_nivcsw / wall_s : NAN;
}

static const struct {
	const char *name, *unit;
} command_shapes[] = {
	{"command_cpus", ""},    {"command_system", "ratio"},  {"command_faults", "/ms"},
	{"command_waits", "/s"}, {"command_pushed_off", "/s"},
};

size_t shapes_of_command(const struct shape_command *command, struct assay_count *ret)
{
	double rates[ASSAY_COUNT_OF(command_shapes)];
	command_rates(command, rates);
	for (size_t i = 0; i < ASSAY_COUNT_OF(command_shapes); i++) {
		name_shape(&ret[i], command_shapes[i].name, command_shapes[i].unit);
		if (isnan(rates[i]))
			assay_copy(ret[i].reason, sizeof(ret[i].reason),
				   "less than 50 ms of CPU time: too little to say");
		known(&ret[i], rates[i]);
	}
	return ASSAY_COUNT_OF(command_shapes);
}

bool shapes_know(const char *name)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(shapes); i++)
		if (strcmp(shapes[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < ASSAY_COUNT_OF(command_shapes); i++)
		if (strcmp(command_shapes[i].name, name) == 0)
			return true;
	return false;
}
