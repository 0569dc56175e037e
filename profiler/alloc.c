/* SPDX-License-Identifier: MIT */
/* alloc: sums of allocations, and the trend of what is live. */
#include "profiler/alloc.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/stats/trend.h"

enum { POINTS = 512, POINTS_AT_LEAST = 8 };
/* A rise below this share of the peak over the half that is looked at is not worth a word. */
#define RISE_LEAST 0.01

struct process {
	uint64_t pid, allocations, frees, bytes;
	int64_t live, peak;
	double time_s[POINTS], at[POINTS];
	size_t n;
};

static enum assay_code add_trend(const struct process *p, struct assay_str *text,
				 struct assay_err *err)
{
	size_t half = p->n / 2, n = p->n - half;
	struct assay_line line;
	char slope[32], lo[32], hi[32];
	if (n < POINTS_AT_LEAST)
		return ASSAY_OK;
	enum assay_code rc = assay_theil_sen(p->time_s + half, p->at + half, n, 0.95, &line, err);
	double rise = line.lo * (p->time_s[p->n - 1] - p->time_s[half]);
	if (rc != ASSAY_OK || !(line.lo > 0) || rise < RISE_LEAST * (double)p->peak)
		return rc;
	assay_str_add(text,
		      "process %" PRIu64
		      ": what is live rises by %s [%s, %s] in the second half of "
		      "the run: a leak, or something that is still filling\n",
		      p->pid, assay_format_value(line.slope, "B/s", slope, sizeof(slope)),
		      assay_format_value(line.lo, "B/s", lo, sizeof(lo)),
		      assay_format_value(line.hi, "B/s", hi, sizeof(hi)));
	return ASSAY_OK;
}

static enum assay_code add_process(const struct process *p, struct assay_str *text,
				   struct assay_err *err)
{
	char bytes[32], live[32], peak[32];
	if (!p->pid)
		return ASSAY_OK;
	assay_str_add(text,
		      "process %" PRIu64 ": %" PRIu64 " allocations of %s, %" PRIu64
		      " freed; at most %s live at once, %s at the end\n",
		      p->pid, p->allocations,
		      assay_format_value((double)p->bytes, "B", bytes, sizeof(bytes)), p->frees,
		      assay_format_value((double)p->peak, "B", peak, sizeof(peak)),
		      assay_format_value((double)p->live, "B", live, sizeof(live)));
	return add_trend(p, text, err);
}

enum assay_code alloc_read(FILE *file, struct assay_str *text, struct assay_err *err)
{
	struct process p = {0};
	char line[256];
	enum assay_code rc = ASSAY_OK;
	while (rc == ASSAY_OK && fgets(line, sizeof(line), file)) {
		struct process next = {0};
		uint64_t time_ns;
		int64_t at;
		if (sscanf(line,
			   "process %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64
			   " %" SCNd64,
			   &next.pid, &next.allocations, &next.frees, &next.bytes, &next.live,
			   &next.peak) == 6) {
			rc = add_process(&p, text, err);
			p = next;
		} else if (p.n < POINTS &&
			   sscanf(line, "live %" SCNu64 " %" SCNd64, &time_ns, &at) == 2) {
			p.time_s[p.n] = (double)time_ns / 1e9;
			p.at[p.n++] = (double)at;
		}
	}
	return rc == ASSAY_OK ? add_process(&p, text, err) : rc;
}

enum assay_code alloc_sums(struct timer_sampler *timer, struct assay_str *text,
			   struct assay_err *err)
{
	FILE *file = timer_sums(timer);
	if (!file)
		return ASSAY_OK;
	size_t before = text->length;
	enum assay_code rc = alloc_read(file, text, err);
	fclose(file);
	if (rc == ASSAY_OK && text->length == before)
		assay_str_add(
			text,
			"no sums: a process hands them over when it exits, and this one was killed or "
			"left by _exit()\n");
	return rc;
}
