/* SPDX-License-Identifier: MIT */
/* stacks: call stacks in the formats that people and other tools read. */
#ifndef ASSAY_REPORTS_STACKS_H
#define ASSAY_REPORTS_STACKS_H

#include <stdio.h>

#include "harness/stacks.h"

/* All of them: ASSAY_EIO when writing fails, ASSAY_ENOMEM. */

/* One line per stack, outermost first: "main;work;memcpy 42". What Brendan Gregg's tools read. */
enum assay_code assay_stacks_folded(const struct assay_stacks *stacks, FILE *out,
				    struct assay_err *err);
/*
 * A flame graph as one SVG document that needs nothing else: titles on hover, readable without a
 * script; where scripts run, a click zooms and a search marks. With `before` the widths are those of
 * `stacks` and the colours say what grew and what shrank against `before`, in share of the whole.
 */
enum assay_code assay_stacks_svg(const struct assay_stacks *stacks,
				 const struct assay_stacks *before, FILE *out,
				 struct assay_err *err);
/* JSON for https://www.speedscope.app, its file format of type "sampled". */
enum assay_code assay_stacks_speedscope(const struct assay_stacks *stacks, FILE *out,
					struct assay_err *err);
/* Gzipped protocol buffer for pprof [google/pprof, proto/profile.proto]. */
enum assay_code assay_stacks_pprof(const struct assay_stacks *stacks, FILE *out,
				   struct assay_err *err);

#endif
