/* SPDX-License-Identifier: MIT */
/* advice: any text is rules of the advisor, or refused in words; any rule can be held against any figures. */
#include "profiler/advisor.h"
#include "tests/fuzz/fuzz.h"

static const char groups[] = "[g] x\nipc ratio higher 1 = instructions / cycles | slow\n";

static void judge(const struct advisor *advisor, double cycles)
{
	struct assay_err err = {0};
	struct advice_list list;
	char text[200];
	const struct assay_count counts[] = {
		{.event = "cycles", .quality = ASSAY_EXACT, .value = cycles},
		{.event = "instructions", .quality = ASSAY_SIMULATED, .value = 3}};
	const struct assay_result result = {.name = "a/b/threads:1",
					    .suite = "a",
					    .benchmark = "b",
					    .subject = "",
					    .threads = 1,
					    .metric = {"time", "ns/op", ASSAY_LOWER},
					    .primary = true,
					    .estimate.median = 2,
					    .counters = counts,
					    .n_counters = 2};
	const struct shape_case c = {&result, 1, 0, NULL};
	const struct advice_subject subject = {.shape_case = &c, .what = result.name};
	must(advisor_judge(advisor, &subject, &list, &err) == ASSAY_OK);
	for (size_t i = 0; i < list.n; i++) {
		must(list.advice[i].rule[0] && list.advice[i].next[0]);
		must(list.advice[i].n_figures > 0);
		must(advice_because(&list.advice[i], text, sizeof(text))[0] != '\0');
	}
	for (size_t i = 0; i < list.n_open; i++)
		must(list.open[i].reason[0] != '\0');
	advice_list_done(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct advisor *advisor;
	char *text = fuzz_text(data, size);
	if (advisor_new(text, groups, &advisor, &err) == ASSAY_OK) {
		judge(advisor, 9);
		judge(advisor, 0);
	} else {
		must(err.text[0] != '\0');
	}
	advisor_free(advisor);
	free(text);
	return 0;
}
