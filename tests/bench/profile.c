/* SPDX-License-Identifier: MIT */
/*
 * profile: what sampling costs, and whether it is right. A program of fixed work (this one, started again)
 * runs in turns without and with the sampler at its own rate; its hottest function's share is compared
 * with that of perf record. usage: bench_profile [PAIRS]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/stats/estimate.h"
#include "profiler/sampler.h"
#include "tests/bench/child.h"
#include "tests/temporary.h"

enum { MOST_PAIRS = 101, PAIRS = 21 };
#define WANTED_OVERHEAD 0.01
#define WANTED_POINTS   2.0

static ASSAY_NOIPA uint64_t heavy(uint64_t n)
{
	uint64_t x = 1;
	for (uint64_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + i;
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

static ASSAY_NOIPA uint64_t light(uint64_t n)
{
	uint64_t x = 3;
	for (uint64_t i = 0; i < n; i++) {
		x = x * 2862933555777941757u + i;
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

/* About half a second, 70 % of it in heavy(); prints how long it took. */
static int target(void)
{
	uint64_t began = assay_now_ns(), x = 0;
	for (int i = 0; i < 400; i++)
		x += heavy(700000) + light(300000);
	printf("%llu %llu\n", (unsigned long long)(assay_now_ns() - began),
	       (unsigned long long)(x & 1));
	return 0;
}

static double run_target(void)
{
	static const char *const argv[] = {"/proc/self/exe", "target", NULL};
	struct child child;
	unsigned long long ns = 0;
	if (!child_start(&child, argv, false))
		return NAN;
	if (fscanf(child.lines, "%llu", &ns) != 1)
		ns = 0;
	return child_finish(&child) == 0 && ns ? (double)ns : NAN;
}

static double share_of(const struct assay_stacks *s, const char *function)
{
	uint64_t *self = calloc(s->n_frames + 1, 8), *total = calloc(s->n_frames + 1, 8);
	double share = NAN;
	if (self && total && assay_stacks_by_frame(s, self, total, NULL) == ASSAY_OK)
		for (size_t i = 0; i < s->n_frames; i++)
			if (strcmp(s->frames[i].function, function) == 0)
				share = (double)self[i] / (double)s->facts.samples;
	free(self);
	free(total);
	return share;
}

struct totals {
	double ratios[MOST_PAIRS], shares[MOST_PAIRS];
	size_t n;
	uint64_t samples, lost;
};

static bool one_pair(struct sampler *sampler, struct totals *t, bool sampled_first)
{
	double with = NAN, without = NAN;
	for (int i = 0; i < 2; i++) {
		const char *const *environment;
		struct assay_stacks *s;
		const struct sampler_view view = {.title = "bench"};
		if ((i == 0) != sampled_first) {
			without = run_target();
			continue;
		}
		if (sampler_start(sampler, &environment, NULL) != ASSAY_OK)
			return false;
		with = run_target();
		if (sampler_finish(sampler, &view, &s, NULL) != ASSAY_OK)
			return false;
		t->samples += s->facts.samples;
		t->lost += s->facts.lost;
		t->shares[t->n] = share_of(s, "heavy");
		assay_stacks_free(s);
	}
	t->ratios[t->n] = with / without - 1;
	return isfinite(t->ratios[t->n++]);
}

/* Share of heavy() by perf, in percent; NaN when it is not there. */
static double perf_share(void)
{
	char data[T_PATH], line[512];
	const char *const record[] = {"perf", "record", "-q", "-e", "task-clock:u",   "-F",
				      "997",  "-o",     data, "--", "/proc/self/exe", "target",
				      NULL};
	const char *const report[] = {"perf", "report",          "-i", data, "--stdio", "-q",
				      "-F",   "overhead,symbol", NULL};
	struct child child;
	double share = NAN, percent;
	char program[4096];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *argv[16];
	memcpy(argv, record, sizeof(record));
	int fd = mkstemp(t_path(data, "bench-perf"));
	if (fd < 0 || n <= 0)
		return NAN;
	close(fd);
	program[n] = '\0';
	argv[10] = program;
	if (child_run(argv) == 0 && child_start(&child, report, false)) {
		while (fgets(line, sizeof(line), child.lines))
			if (strstr(line, "heavy") && sscanf(line, " %lf%%", &percent) == 1)
				share = percent;
		child_finish(&child);
	}
	unlink(data);
	return share;
}

int main(int argc, char **argv)
{
	struct assay_err err = {0};
	struct sampler *sampler;
	struct totals t = {.n = 0};
	const struct sampler_options options = {.budget_ratio = 0.0075};
	char text[80];
	if (argc > 1 && strcmp(argv[1], "target") == 0)
		return target();
	long pairs = argc > 1 ? strtol(argv[1], NULL, 10) : PAIRS;
	if (pairs < 1 || pairs > MOST_PAIRS || sampler_new(&options, &sampler, &err) != ASSAY_OK) {
		fprintf(stderr, "bench_profile: %s\n", err.text[0] ? err.text : "1 to 101 pairs");
		return 2;
	}
	run_target(); /* warm */
	for (long i = 0; i < pairs; i++)
		if (!one_pair(sampler, &t, i % 2))
			return 2;
	double lo, hi;
	assay_sort(t.ratios, t.n);
	assay_median_interval(t.ratios, t.n, 0.95, &lo, &hi);
	double overhead = assay_median(t.ratios, t.n), ours = 100 * median_of(t.shares, t.n);
	printf("%s, %zu pairs\n", sampler_describe(sampler, text, sizeof(text)), t.n);
	printf("overhead of sampling    %6.2f %%  [%.2f, %.2f]; at most %g %%: %s\n",
	       100 * overhead, 100 * lo, 100 * hi, 100 * WANTED_OVERHEAD,
	       overhead <= WANTED_OVERHEAD ? "met" : "MISSED");
	printf("samples lost            %6llu of %llu: %s\n", (unsigned long long)t.lost,
	       (unsigned long long)(t.samples + t.lost), t.lost ? "MISSED" : "met");
	double perf = perf_share();
	bool agrees = isnan(perf) || fabs(perf - ours) <= WANTED_POINTS;
	if (isnan(perf))
		printf("hottest function        %6.2f %%; perf record is not there\n", ours);
	else
		printf("hottest function        %6.2f %%, by perf record %.2f %%; within %g points: "
		       "%s\n",
		       ours, perf, WANTED_POINTS, agrees ? "met" : "MISSED");
	sampler_free(sampler);
	return !(overhead <= WANTED_OVERHEAD && !t.lost && agrees);
}
