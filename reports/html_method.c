/* SPDX-License-Identifier: MIT */
/* html_method: the end of a run's part of the page: what to try, how it was measured, in which environment. */
#include <inttypes.h>

#include "reports/escape.h"
#include "reports/html.h"

enum { LINE_LIMIT = 300, VALUE_LIMIT = 600 };

static void text(struct assay_str *to, const char *content)
{
	assay_escape_html(to, content, VALUE_LIMIT);
}

static void method_words(struct assay_str *to, const struct assay_report_run *run)
{
	assay_str_add(to, "<ul>\n");
	if (run->info->status == ASSAY_RUN_IMPORTED) {
		assay_str_add(to,
			      "<li>These results were imported: the tool that made them knows "
			      "how they were measured.</li>\n");
	} else {
		assay_str_add(to, "<li>Every case ran in a fresh process, ");
		if (run->launches_max && run->launches_max == run->launches_min)
			assay_str_add(to,
				      run->launches_max == 1 ? "launched once, "
							     : "launched %zu times, ",
				      run->launches_max);
		else if (run->launches_max)
			assay_str_add(to, "launched %zu to %zu times, ", run->launches_min,
				      run->launches_max);
		assay_str_add(to, "in an order drawn from seed %" PRIu64 ".</li>\n",
			      run->info->seed);
	}
	assay_str_add(to,
		      "<li>A figure is the median of n samples; ± is the larger side of its "
		      "95 %% interval, which rests on ranks and assumes no distribution.</li>\n"
		      "<li><em>vs best</em> divides by the best subject of the same case. "
		      "<em>null</em> is the cost of the harness itself and <em>bound</em> a "
		      "limit: neither is ranked.</li>\n"
		      "<li><em>preempted</em>: too few undisturbed samples, so disturbed ones "
		      "were used. <em>drifting</em>: the last third of the samples differs from "
		      "the first. <em>not pinned</em>: threads could not be bound to their "
		      "CPUs. <em>unstable</em>: too noisy or drifting to compare.</li>\n"
		      "<li>Counters come from a pass of their own, which is not timed.</li>\n");
	if (*run->clocks) {
		assay_str_add(to, "<li>Clock: ");
		text(to, run->clocks);
		assay_str_add(to, ". Driver: ");
		text(to, *run->drivers ? run->drivers : "not recorded");
		assay_str_add(to, ".</li>\n");
	}
	assay_str_add(to, "</ul>\n");
}

void assay_html_method(struct assay_str *to, const struct assay_report_run *run, int level)
{
	assay_str_add(to, "<section class=\"plain method\">\n<h%d>Method</h%d>\n", level, level);
	method_words(to, run);
	if (*run->command) {
		assay_str_add(to, "<p class=\"lead\">To measure the same again:</p>\n<pre><code>");
		assay_escape_html(to, run->command, 4000);
		assay_str_add(to, "</code></pre>\n");
	}
	if (run->n_environment) {
		assay_str_add(to, "<details><summary>Environment: %zu facts</summary>\n<dl>\n",
			      run->n_environment);
		for (size_t i = 0; i < run->n_environment; i++) {
			const struct assay_report_fact *fact = &run->environment[i];
			assay_str_add(to, "<dt>");
			assay_escape_html(to, fact->key, LINE_LIMIT);
			assay_str_add(to, fact->value ? "</dt><dd>"
						      : "</dt><dd class=\"why\">unavailable: ");
			text(to, fact->value ? fact->value : fact->unavailable);
			assay_str_add(to, "</dd>\n");
		}
		assay_str_add(to, "</dl>\n</details>\n");
	}
	assay_str_add(to, "</section>\n");
}

void assay_html_advice(struct assay_str *to, const struct assay_report_run *run, int level)
{
	if (!run->n_advice)
		return;
	assay_str_add(to,
		      "<section class=\"plain\">\n<h%d>Advice</h%d>\n<p class=\"lead\">From the "
		      "counters of this run, each with the figures that say so.</p>\n<dl>\n",
		      level, level);
	for (size_t i = 0; i < run->n_advice; i++) {
		const struct assay_report_advice *a = &run->advice[i];
		assay_str_add(to, "<dt>");
		assay_escape_html(to, a->rule, LINE_LIMIT);
		assay_str_add(to, " (%s%s, %zu case%s)</dt><dd>", a->confidence,
			      a->machine ? ", about the machine" : "", a->n_cases,
			      a->n_cases == 1 ? "" : "s");
		text(to, a->text);
		assay_str_add(to, "<br/><code>");
		text(to, a->example);
		assay_str_add(to, "</code>: ");
		text(to, a->because);
		assay_str_add(to, "<br/>Try: ");
		text(to, a->next);
		assay_str_add(to, "</dd>\n");
	}
	assay_str_add(to, "</dl>\n</section>\n");
}
