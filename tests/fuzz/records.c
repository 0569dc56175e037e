/* SPDX-License-Identifier: MIT */
/* records: samples from a ring that anybody might have written. The first byte: registers or none. */
#include "profiler/records.h"
#include "tests/fuzz/fuzz.h"

struct bounds {
	const uint8_t *begin, *end;
	uint64_t last_ns;
};

static void within(const struct bounds *b, const void *at, size_t n)
{
	const uint8_t *p = at;
	must(n == 0 || (p >= b->begin && p <= b->end && n <= (size_t)(b->end - p)));
}

static enum assay_code see(void *context, const struct record *r, struct assay_err *err)
{
	struct bounds *b = context;
	(void)err;
	must(r->time_ns >= b->last_ns);
	b->last_ns = r->time_ns;
	within(b, r->chain, r->n_chain * sizeof(*r->chain));
	within(b, r->registers, r->n_registers * sizeof(*r->registers));
	within(b, r->stack, r->stack_size);
	if (r->name)
		within(b, r->name, strlen(r->name) + 1);
	return ASSAY_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const struct record_layout layout = {.registers = data[0] & 1 ? 0x1ff : 0};
	size_t n = size - 1;
	uint8_t *bytes = malloc(n + 1); /* aligned, and of its own */
	must(bytes);
	memcpy(bytes, data + 1, n);
	struct bounds b = {bytes, bytes + n, 0};
	struct assay_err err = {0};
	enum assay_code rc = records_read(bytes, n, &layout, see, &b, &err);
	must(rc == ASSAY_OK || (rc == ASSAY_EPARSE && err.text[0]));
	free(bytes);
	return 0;
}
