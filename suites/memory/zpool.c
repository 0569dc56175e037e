/* SPDX-License-Identifier: MIT */
/* zpool: blocks of a pool of which a share is plain and the rest compressed, asked for by a skewed law. */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/memory/data_kind.h"
#include "suites/memory/packed_pool.h"

enum { ACCESSES = 1 << 14, HOT_IN_TEN = 9 };

struct access {
	struct zpool *pool;
	size_t blocks, bytes;
	uint64_t *last; /* the last word of each block */
	uint32_t order[ACCESSES];
	size_t at;
};

/* Nine of ten accesses go to a tenth of the blocks. */
static void draw(struct access *x, uint64_t seed)
{
	struct assay_rng rng;
	size_t hot = x->blocks / 10 ? x->blocks / 10 : 1;

	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < ACCESSES; i++) {
		bool to_hot = assay_rng_below(&rng, 10) < HOT_IN_TEN;
		size_t which = assay_rng_below(&rng, to_hot ? hot : x->blocks);
		/* spread over the pool: neighbours in number are not neighbours in heat */
		x->order[i] = (uint32_t)(which * 7919u % x->blocks);
	}
}

static uint64_t last_word(const unsigned char *block, size_t bytes)
{
	uint64_t word;

	memcpy(&word, block + bytes - sizeof(word), sizeof(word));
	return word;
}

static enum assay_code fill(struct assay_run *run, struct access *x, struct assay_err *err)
{
	for (size_t i = 0; i < x->blocks; i++) {
		unsigned char *block = zpool_get(x->pool, i);
		if (!block)
			return assay_fail(err, ASSAY_ENOMEM, "no memory to fill block %zu", i);
		data_fill((enum data_kind)assay_axis(run, "data"), assay_seed(run) + i, block,
			  x->bytes);
		x->last[i] = last_word(block, x->bytes);
	}
	return ASSAY_OK;
}

static void setup(struct assay_run *run)
{
	struct access *x = calloc(1, sizeof(*x));
	struct assay_err err = {0};
	double plain = assay_axis(run, "plain");

	assay_set_thread_state(run, x);
	if (!assay_check(run, x != NULL, "no memory"))
		return;
	x->bytes = (size_t)assay_axis(run, "block");
	x->blocks = (size_t)assay_axis(run, "blocks");
	if (x->bytes < 64 || x->blocks < 10 || plain <= 0 || plain > 1) {
		assay_skip(run, "blocks are at least 10, of at least 64 bytes; plain is a share");
		return;
	}
	x->last = calloc(x->blocks, sizeof(*x->last));
	size_t n_plain = (size_t)((double)x->blocks * plain);
	enum assay_code code = x->last ? zpool_new(assay_subject(run), x->bytes, x->blocks,
						   n_plain ? n_plain : 1, &x->pool, &err)
				       : assay_fail(&err, ASSAY_ENOMEM, "no memory");
	if (code == ASSAY_OK)
		code = fill(run, x, &err);
	assay_check(run, code == ASSAY_OK, "%s", err.text);
	draw(x, assay_seed(run));
}

static void teardown(struct assay_run *run)
{
	struct access *x = assay_thread_state(run);

	if (x) {
		zpool_free(x->pool);
		free(x->last);
	}
	free(x);
}

static void body(struct assay_run *run)
{
	struct access *x = assay_thread_state(run);
	size_t at = x->at, before = at;
	uint64_t faults = zpool_faults(x->pool), wrong = 0;

	ASSAY_LOOP (run) {
		size_t index = x->order[at++ % ACCESSES];
		uint64_t stamp = assay_op_begin(run);
		const unsigned char *block = assay_keep(zpool_get(x->pool, index));
		assay_op_end(run, stamp);
		wrong += !block || last_word(block, x->bytes) != x->last[index];
	}
	x->at = at;
	if (!assay_check(run, wrong == 0, "%llu blocks were not what had been written into them",
			 (unsigned long long)wrong))
		return;
	assay_metric(run, "capacity", "ratio", ASSAY_HIGHER,
		     (double)(x->blocks * x->bytes) / (double)zpool_bytes(x->pool));
	assay_metric(run, "hit_ratio", "ratio", ASSAY_HIGHER,
		     1 - (double)(zpool_faults(x->pool) - faults) / (double)(at - before));
}

const struct assay_bench assay_bench_memory_zpool = {
	.brief = "a block of a pool of which a share is plain and the rest compressed",
	.source = "zram and zswap in Linux; CLOCK by F. J. Corbato, 1968",
	.claim = "S0.memory",
	.body = body,
	.thread_setup = setup,
	.thread_teardown = teardown,
	.axes = ASSAY_AXES({"data", "name", "float,double,records,text,random", "float"},
			   {"block", "bytes", "1Ki,4Ki,64Ki", "4Ki"}, {"blocks", "", "2000"},
			   {"plain", "", "0.1,0.3", "0.1"}),
	.subjects = MEMORY_CODEC,
	.mode = ASSAY_LATENCY,
	.version = 1,
};
