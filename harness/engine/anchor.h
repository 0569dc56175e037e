/* SPDX-License-Identifier: MIT */
/*
 * anchor: a frozen plug-in, build of this program or Google Benchmark executable that is measured beside everything else in
 * a run. The ratio to it is what a history can follow: a machine that has become slower slows both sides,
 * and so does its successor. docs/decisions/0008-anchor.md says how the ratio is stored.
 */
#ifndef ASSAY_ENGINE_ANCHOR_H
#define ASSAY_ENGINE_ANCHOR_H

#include "harness/engine/collect.h"
#include "harness/engine/registry.h"

enum { ASSAY_ANCHOR_ID = 10 }; /* hexadecimal digits; with them a metric's name must still fit */

struct assay_anchor {
	char *path;                   /* absolute */
	uint8_t digest[32];           /* SHA-256 of the file */
	char id[ASSAY_ANCHOR_ID + 1]; /* its first digits: who the anchor is, in names of metrics */
	const char *program;          /* executed for its workers */
	const char *plugins[2];       /* what they load; NULL-terminated */
	bool gbench;                  /* it is an executable that they run */
};

/*
 * Open the anchor at `path`: a plug-in when its name ends in ".so", to be loaded by `program` beside
 * `table`; else a build of this program. ASSAY_EUSAGE when it is neither, or the plug-in is refused.
 */
enum assay_code assay_anchor_open(const char *path, const char *program,
				  const struct assay_table *table, struct assay_anchor *ret,
				  struct assay_err *err);
/* The Google Benchmark executable at `path`, to be run by `program`. ASSAY_EUSAGE when it is none. */
enum assay_code assay_anchor_open_gbench(const char *path, const char *program,
					 struct assay_anchor *ret, struct assay_err *err);
void assay_anchor_done(struct assay_anchor *anchor);

/* Could it have this benchmark at all? Benchmarks of executables are not those of plug-ins, and commands nobody's. */
bool assay_anchor_may_have(const struct assay_anchor *anchor,
			   const struct assay_bench_entry *bench);
/* The description of its own program for a benchmark of an executable; *ret is malloc'd. */
enum assay_code assay_anchor_describe(const struct assay_anchor *anchor,
				      const struct assay_bench_entry *bench, char **ret,
				      struct assay_err *err);

/*
 * Hand out what `ours` is in units of `theirs`, both complete, launch l of one beside launch l of the other: one
 * result per metric, of unit "ratio", named as in assay_anchor_metric(): the primary metric, and every other
 * that is a time or a rate. Each launch is summed up as in a gate; the estimate is that of Hodges and
 * Lehmann on the logarithms of the ratios. Nothing when `ours` is not ok, or the anchor knows no such case;
 * a skipped result with the reason when the anchor could not be measured or is another version.
 */
enum assay_code
assay_anchor_results(const struct assay_anchor *anchor, const struct assay_collect *ours,
		     const struct assay_collect *theirs, const struct assay_planned *planned,
		     char noise, assay_result_fn on_result, void *context, struct assay_err *err);

/* "time" and an id to "time_vs_anchor_3f9c0a12b4", as a name[64]; false when that is too long. */
bool assay_anchor_metric(const char *metric, const char *id, char name[64]);
/* The way back: false when `name` is no such metric; else the length of "time", and *ret_id is its id. */
bool assay_anchor_metric_parse(const char *name, size_t *ret_length, const char **ret_id);

#endif
