/* SPDX-License-Identifier: MIT */
/* codec: blocks made smaller and back: how fast, and by how much. */
#include <stdlib.h>

#include "suites/memory/data_kind.h"
#include "suites/memory/memory.h"

/* In the order of the axis "op". */
enum codec_op { COMPRESS, EXPAND };

/* Different blocks, gone through round and round, so that nothing is learned by heart. */
enum { BLOCKS = 16 };

struct packing {
	size_t size, capacity;
	unsigned char *plain, *packed, *back; /* BLOCKS each, but for one `back` */
	size_t bytes[BLOCKS];                 /* packed */
	size_t at;
};

static void teardown(struct assay_run *run)
{
	struct packing *p = assay_thread_state(run);

	if (p) {
		free(p->plain);
		free(p->packed);
		free(p->back);
	}
	free(p);
}

static void setup(struct assay_run *run)
{
	const struct codec *codec = assay_subject(run);
	struct packing *p = calloc(1, sizeof(*p));

	assay_set_thread_state(run, p);
	if (!assay_check(run, p != NULL, "no memory"))
		return;
	p->size = (size_t)assay_axis(run, "size");
	if (p->size < 64 || p->size > 1 << 24) {
		assay_skip(run, "blocks are of 64 bytes to 16 MiB");
		return;
	}
	p->capacity = MEMORY_CODEC_BOUND(p->size);
	p->plain = malloc(BLOCKS * p->size);
	p->packed = malloc(BLOCKS * p->capacity);
	p->back = malloc(p->size);
	if (!assay_check(run, p->plain && p->packed && p->back, "no memory for the blocks"))
		return;
	for (size_t i = 0; i < BLOCKS; i++) {
		data_fill((enum data_kind)assay_axis(run, "data"), assay_seed(run) + i,
			  p->plain + i * p->size, p->size);
		p->bytes[i] = codec->compress(p->packed + i * p->capacity, p->capacity,
					      p->plain + i * p->size, p->size);
		if (!assay_check(run, p->bytes[i] > 0, "a block did not fit into its bound"))
			return;
	}
	assay_set_bytes_per_op(run, (double)p->size);
}

static void body(struct assay_run *run)
{
	const struct codec *codec = assay_subject(run);
	struct packing *p = assay_thread_state(run);
	enum codec_op op = (enum codec_op)assay_axis(run, "op");
	size_t at = p->at, total = 0;
	bool right = true;

	ASSAY_LOOP (run) {
		unsigned char *plain = p->plain + at * p->size;
		unsigned char *packed = p->packed + at * p->capacity;
		if (op == COMPRESS)
			right &= codec->compress(packed, p->capacity, plain, p->size) ==
				 p->bytes[at];
		else
			right &= codec->expand(p->back, p->size, packed, p->bytes[at]);
		at = (at + 1) % BLOCKS;
	}
	p->at = at;
	size_t last = (at + BLOCKS - 1) % BLOCKS;
	if (op == EXPAND)
		right &= memcmp(p->back, p->plain + last * p->size, p->size) == 0;
	for (size_t i = 0; i < BLOCKS; i++)
		total += p->bytes[i];
	if (assay_check(run, right, "a block did not come out as it had before"))
		assay_metric(run, "ratio", "ratio", ASSAY_HIGHER,
			     (double)(BLOCKS * p->size) / (double)total);
}

const struct assay_bench assay_bench_memory_codec = {
	.brief = "blocks made smaller and back: bytes per second of the plain side, and the ratio",
	.source = "lzbench; https://github.com/inikep/lzbench",
	.body = body,
	.thread_setup = setup,
	.thread_teardown = teardown,
	.axes = ASSAY_AXES({"op", "name", "compress,expand"},
			   {"data", "name", "float,double,records,text,random", "float"},
			   {"size", "bytes", "4Ki,64Ki", "64Ki"}),
	.subjects = MEMORY_CODEC,
	.unit = "B/s",
	.version = 1,
};
