/* SPDX-License-Identifier: MIT */
/* map_io: all of a file added up: read into a buffer, or mapped, from its opening to its closing. */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/memory/chase.h"
#include "suites/memory/memory_use.h"
#include "suites/memory/scratch_file.h"

/* In the order of the axes "order" and "cache". */
enum { SEQUENTIAL, RANDOM };
enum { WARM, COLD };

#define SEQUENTIAL_PIECE ((size_t)256 << 10)
#define RANDOM_PIECE     ((size_t)4096)

struct reading {
	struct scratch_file file;
	struct file_pass pass;
	uint64_t *offsets;
	size_t base_rss;
};

static enum assay_code lay_out(struct reading *r, bool random, uint64_t seed, struct assay_err *err)
{
	struct assay_rng rng;
	size_t piece = random ? RANDOM_PIECE : SEQUENTIAL_PIECE, n = r->file.size / piece;
	uint32_t *order = malloc(n * sizeof(*order));

	r->offsets = malloc(n * sizeof(*r->offsets));
	if (!order || !r->offsets) {
		free(order);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the order of %zu pieces", n);
	}
	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	assay_rng_init(&rng, seed);
	if (random)
		assay_rng_shuffle(&rng, order, n);
	for (size_t i = 0; i < n; i++)
		r->offsets[i] = (uint64_t)order[i] * piece;
	free(order);
	r->pass = (struct file_pass){r->file.path, r->file.size, r->offsets, n, piece};
	return ASSAY_OK;
}

static void setup(struct assay_run *run)
{
	struct reading *r = calloc(1, sizeof(*r));
	struct assay_err err = {0};
	uint64_t size = (uint64_t)assay_axis(run, "size");

	assay_set_state(run, r);
	if (!assay_check(run, r != NULL, "no memory"))
		return;
	r->file.fd = -1;
	if (size == 0 || size % SEQUENTIAL_PIECE) {
		assay_skip(run, "size must be a multiple of 256Ki");
		return;
	}
	enum assay_code code = scratch_file_make(&r->file, size, assay_seed(run), &err);
	if (code == ASSAY_OK)
		code = lay_out(r, assay_axis(run, "order") == RANDOM, assay_seed(run), &err);
	if (code == ASSAY_OK && assay_axis(run, "cache") == COLD)
		code = scratch_file_drop_cache(&r->file, &err);
	assay_set_bytes_per_op(run, (double)size);
	r->base_rss = memory_rss();
	memory_settle(run, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct reading *r = assay_state(run);

	if (r) {
		scratch_file_done(&r->file);
		free(r->offsets);
	}
	free(r);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	const struct reading *r = assay_state(run);

	struct assay_err err = {0};

	(void)n;
	if (assay_axis(run, "cache") == COLD)
		memory_settle(run, scratch_file_drop_cache(&r->file, &err), &err);
}

static void body(struct assay_run *run)
{
	const struct file_reader *reader = assay_subject(run);
	const struct reading *r = assay_state(run);
	enum assay_code code = ASSAY_OK;
	struct assay_err err = {0};
	uint64_t sum = 0;
	bool reset = memory_peak_reset();
	long faults = memory_faults();

	ASSAY_LOOP (run)
		code = reader->pass(&r->pass, &sum, &err);
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text) ||
	    !assay_check(run, sum == r->file.sum || reader->is_null,
			 "the words of the file come to %llx, not %llx",
			 (unsigned long long)r->file.sum, (unsigned long long)sum))
		return;
	size_t peak = memory_peak();
	if (reset && peak)
		assay_metric(run, "peak_rss", "B", ASSAY_LOWER,
			     peak > r->base_rss ? (double)(peak - r->base_rss) : 0);
	assay_metric(run, "faults", "per op", ASSAY_LOWER, (double)(memory_faults() - faults));
}

const struct assay_bench assay_bench_memory_map_io = {
	.brief = "a file opened, added up and closed: read, pread, mapped, io_uring",
	.source =
		"A. Crotty et al., \"Are you sure you want to use mmap in your DBMS?\", CIDR 2022",
	.claim = "S3.memory",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"size", "bytes", "1Mi,16Mi,48Mi,64Mi,256Mi", "64Mi"},
			   {"order", "name", "sequential,random", "sequential"},
			   {"cache", "name", "warm,cold", "warm"}),
	.subjects = MEMORY_FILE_READER,
	.unit = "B/s",
	.mode = ASSAY_ONCE,
};
