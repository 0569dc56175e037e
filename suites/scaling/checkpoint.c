/* SPDX-License-Identifier: MIT */
/* checkpoint: one operation writes the state of a computation to a file, so that a death does not lose it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/bench.h"
#include "suites/scaling/snapshot.h"

struct state {
	char path[256], folder[200];
	enum snapshot_way way;
	uint64_t *data, *back;
	size_t size;
	uint64_t step;
};

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	assay_set_state(run, s);
	const char *tmp = getenv("TMPDIR");
	snprintf(s->folder, sizeof(s->folder), "%s/assay-checkpoint-XXXXXX",
		 tmp && *tmp == '/' && strlen(tmp) < 100 ? tmp : "/tmp");
	if (!mkdtemp(s->folder)) {
		s->folder[0] = '\0';
		assay_skip(run, "no folder can be made in %s", tmp ? tmp : "/tmp");
		return;
	}
	snprintf(s->path, sizeof(s->path), "%s/state", s->folder);
	s->way = (enum snapshot_way)assay_axis(run, "way");
	s->size = (size_t)assay_axis(run, "size") / 8 * 8;
	s->data = malloc(s->size + 8);
	s->back = malloc(s->size + 8);
	if (!assay_check(run, s->data && s->back && s->size, "no memory for %zu bytes", s->size))
		return;
	struct assay_rng rng;
	assay_rng_init(&rng, assay_seed(run));
	for (size_t i = 0; i < s->size / 8; i++)
		s->data[i] = assay_rng_next(&rng);
	assay_set_bytes_per_op(run, (double)s->size);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	if (s->folder[0]) {
		char partial[300];
		snprintf(partial, sizeof(partial), "%s.partial", s->path);
		unlink(partial);
		unlink(s->path);
		rmdir(s->folder);
	}
	free(s->data);
	free(s->back);
	free(s);
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	ASSAY_LOOP (run) {
		s->data[0] = ++s->step;
		enum assay_code one =
			snapshot_write(s->path, s->way, s->step, s->data, s->size, &err);
		code = code == ASSAY_OK ? one : code;
	}
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text))
		return;
	uint64_t step = 0, begin = assay_now_ns();
	code = snapshot_read(s->path, &step, s->back, s->size, &err);
	uint64_t ns = assay_now_ns() - begin;
	if (assay_check(run, code == ASSAY_OK, "%s", err.text) &&
	    assay_check(run, step == s->step && memcmp(s->data, s->back, s->size) == 0,
			"what came back is not what was written"))
		assay_metric(run, "restore", "ns", ASSAY_LOWER, (double)ns);
}

const struct assay_bench assay_bench_scaling_checkpoint = {
	.brief = "the state of a computation to a file, complete or not at all",
	.source = "Pillai et al., All File Systems Are Not Created Equal, OSDI 2014",
	.claim = "S4.slurm",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"way", "name", "replace,unsynced,in_place"},
			   {"size", "bytes", "1Mi,64Mi"}),
	.subjects = ASSAY_NO_SUBJECT,
	.max_ops = 64,
	.thorough = true,
	.version = 1,
};
