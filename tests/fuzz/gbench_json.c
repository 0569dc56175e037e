/* SPDX-License-Identifier: MIT */
/* gbench_json: a report is read whole or refused with a reason. */
#include "harness/engine/gbench_json.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct assay_gbench_report report;
	char *text = fuzz_text(data, size);
	text = realloc(text, size ? size : 1); /* it is not terminated where it comes from */
	must(text);
	if (assay_gbench_read(text, size, &report, &err) == ASSAY_OK) {
		must(strlen(report.version) < sizeof(report.version));
		for (size_t i = 0; i < report.n; i++) {
			const struct assay_gbench_run *run = &report.runs[i];
			must(run->name && run->threads >= 1);
			must(run->n_counters <= ASSAY_GBENCH_MAX_COUNTERS);
			must(!run->error || *run->error);
			must(!run->skip || *run->skip);
		}
		assay_gbench_divides_wall_time(report.version);
		assay_gbench_report_done(&report);
	} else {
		must(err.code == ASSAY_EPARSE && err.text[0] && !report.runs && !report.n);
	}
	free(text);
	return 0;
}
