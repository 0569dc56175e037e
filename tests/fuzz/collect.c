/* SPDX-License-Identifier: MIT */
/*
 * collect: whatever records a worker sends, their case ends in results that can be shown, or in a reason.
 * The input is records: a type, two bytes of length, the payload; a type of 0 ends a launch.
 */
#include <math.h>

#include "harness/engine/collect.h"
#include "tests/engine/toy.h"
#include "tests/fuzz/fuzz.h"

static enum assay_code on_result(void *context, const struct assay_result *result,
				 struct assay_err *err)
{
	size_t *n = context;
	(void)err;
	(*n)++;
	must(result->name && result->metric.name && result->reason);
	must(strlen(result->metric.name) < 64 && strlen(result->metric.unit) < 16);
	must(result->status <= ASSAY_STATUS_UNSTABLE);
	must(!assay_status_measured(result->status) || result->samples.n > 0 ||
	     result->histogram.n > 0);
	for (size_t i = 0; i < result->n_counters; i++) {
		const struct assay_count *c = &result->counters[i];
		must(memchr(c->event, '\0', sizeof(c->event)) &&
		     memchr(c->reason, '\0', sizeof(c->reason)) &&
		     memchr(c->unit, '\0', sizeof(c->unit)) &&
		     memchr(c->source, '\0', sizeof(c->source)));
	}
	return ASSAY_OK;
}

static void finish(struct assay_collect *collect, const struct assay_planned *planned)
{
	struct assay_err err = {0};
	size_t n = 0;
	if (assay_collect_results(collect, planned, 'A', on_result, &n, &err) == ASSAY_OK)
		must(n >= 1);
	else
		must(err.text[0]);
}

/* False when the records are refused. */
static bool feed(struct assay_collect *collect, const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	assay_collect_begin(collect);
	while (size >= 3) {
		size_t length = data[1] | (size_t)data[2] << 8;
		if (length > size - 3)
			length = size - 3;
		if (data[0] == 0) {
			if (assay_collect_end(collect, ASSAY_STATUS_OK, "", &err) != ASSAY_OK)
				return false;
			assay_collect_begin(collect);
		} else {
			uint8_t *payload = malloc(length ? length : 1);
			must(payload);
			memcpy(payload, data + 3, length);
			enum assay_code code = assay_collect_record(
				collect, (enum assay_frame_type)data[0], payload, length, &err);
			free(payload);
			if (code != ASSAY_OK) {
				must(err.text[0]);
				return false;
			}
		}
		data += 3 + length;
		size -= 3 + length;
	}
	return assay_collect_end(collect, ASSAY_STATUS_OK, "", &err) == ASSAY_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct assay_registry *registry = NULL;
	struct assay_planned planned = {0};
	struct assay_collect *collect = calloc(1, sizeof(*collect));
	must(collect && assay_registry_new(&toy_table, &registry, &err) == ASSAY_OK);
	must(assay_case_parse(registry, "toy/empty/threads:1", &planned.c, &err) == ASSAY_OK);
	if (!feed(collect, data, size))
		must(assay_collect_end(collect, ASSAY_STATUS_FAILED, "garbage", &err) == ASSAY_OK);
	finish(collect, &planned);
	assay_collect_done(collect);
	free(collect);
	assay_case_done(&planned.c);
	assay_registry_free(registry);
	return 0;
}
