/* SPDX-License-Identifier: MIT */
/*
 * recompute: the backward pass through a stack of dense layers needs the activations of the forward pass. Kept
 * are those of every n-th layer; the others are computed again, a segment at a time. Time against memory, with
 * the same gradient to the last bit.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/memory/memory.h"

enum { LAYERS = 48, WIDTH = 48, BATCH = 16 };

typedef float matrix[BATCH][WIDTH];

struct stack {
	float weights[LAYERS][WIDTH][WIDTH];
	matrix input, gradient;
	float want[WIDTH]; /* of the first layer's input, everything kept */
	size_t live, peak; /* activations held */
};

/* y = max(x W, x W / 8) */
static ASSAY_NOIPA void forward(const float w[WIDTH][WIDTH], matrix x, matrix y)
{
	for (int b = 0; b < BATCH; b++) {
		float sum[WIDTH] = {0};
		for (int i = 0; i < WIDTH; i++)
			for (int j = 0; j < WIDTH; j++)
				sum[j] += x[b][i] * w[i][j];
		for (int j = 0; j < WIDTH; j++)
			y[b][j] = sum[j] > 0 ? sum[j] : sum[j] / 8;
	}
}

/* The gradient of the layer's input from that of its output y, in place. */
static ASSAY_NOIPA void backward(const float w[WIDTH][WIDTH], matrix y, matrix gradient)
{
	for (int b = 0; b < BATCH; b++) {
		float slope[WIDTH], sum[WIDTH] = {0};
		for (int j = 0; j < WIDTH; j++)
			slope[j] = y[b][j] > 0 ? gradient[b][j] : gradient[b][j] / 8;
		for (int i = 0; i < WIDTH; i++)
			for (int j = 0; j < WIDTH; j++)
				sum[i] += w[i][j] * slope[j];
		memcpy(gradient[b], sum, sizeof(sum));
	}
}

static matrix *hold(struct stack *s)
{
	matrix *activation = malloc(sizeof(*activation));

	if (activation && ++s->live > s->peak)
		s->peak = s->live;
	return activation;
}

static void drop(struct stack *s, matrix **activation)
{
	if (*activation)
		s->live--;
	free(*activation);
	*activation = NULL;
}

/*
 * Forward from layer `from` to `to`; of the activations kept[l], what layer l was given, those of every
 * `every`-th layer stay. False when there is no memory.
 */
static bool run_forward(struct stack *s, matrix **kept, int from, int to, int every)
{
	for (int l = from; l < to; l++) {
		matrix *next = kept[l + 1] ? kept[l + 1] : hold(s);
		if (!next)
			return false;
		forward(s->weights[l], *kept[l], *next);
		kept[l + 1] = next;
		if (l % every != 0)
			drop(s, &kept[l]);
	}
	return true;
}

static bool train(struct stack *s, int every)
{
	matrix *kept[LAYERS + 1] = {0};
	bool right = (kept[0] = hold(s)) != NULL;

	if (right)
		memcpy(kept[0], s->input, sizeof(s->input));
	right = right && run_forward(s, kept, 0, LAYERS, every);
	for (int b = 0; b < BATCH; b++)
		for (int j = 0; j < WIDTH; j++)
			s->gradient[b][j] = 1;
	for (int l = LAYERS - 1; right && l >= 0; l--) {
		/* What this layer gave and, for the next, what it was given: again from the last kept. */
		int from = l / every * every;
		if (!kept[l])
			right = run_forward(s, kept, from, l, 1);
		if (!right)
			break;
		backward(s->weights[l], *kept[l + 1], s->gradient);
		drop(s, &kept[l + 1]);
	}
	for (int l = 0; l <= LAYERS; l++)
		drop(s, &kept[l]);
	return right;
}

static void setup(struct assay_run *run)
{
	struct stack *s = calloc(1, sizeof(*s));
	struct assay_rng rng;
	double every = assay_axis(run, "every");

	assay_set_state(run, s);
	if (!assay_check(run, s != NULL, "no memory"))
		return;
	if (every < 1 || every > LAYERS || every != (int)every) {
		assay_skip(run, "every is a whole number from 1 to %d", LAYERS);
		return;
	}
	assay_rng_init(&rng, assay_seed(run));
	for (int l = 0; l < LAYERS; l++)
		for (int i = 0; i < WIDTH; i++)
			for (int j = 0; j < WIDTH; j++)
				s->weights[l][i][j] = (float)(assay_rng_unit(&rng) - 0.5) * 0.5f;
	for (int b = 0; b < BATCH; b++)
		for (int j = 0; j < WIDTH; j++)
			s->input[b][j] = (float)assay_rng_unit(&rng) - 0.5f;
	if (assay_check(run, train(s, 1), "no memory for the activations"))
		memcpy(s->want, s->gradient[0], sizeof(s->want));
}

static void teardown(struct assay_run *run)
{
	free(assay_state(run));
}

static void body(struct assay_run *run)
{
	struct stack *s = assay_state(run);
	int every = (int)assay_axis(run, "every");
	bool done = true;

	s->peak = s->live;
	ASSAY_LOOP (run)
		done &= train(s, every);
	if (!assay_check(run, done, "no memory for the activations") ||
	    !assay_check(run, memcmp(s->want, s->gradient[0], sizeof(s->want)) == 0,
			 "the gradient is not the one that keeping everything gives"))
		return;
	assay_metric(run, "activations", "B", ASSAY_LOWER, (double)(s->peak * sizeof(matrix)));
	assay_metric(run, "saved", "ratio", ASSAY_HIGHER,
		     1 - (double)s->peak / (double)(LAYERS + 1));
}

const struct assay_bench assay_bench_memory_recompute = {
	.brief = "activations kept of every n-th layer, the others computed again",
	.source = "T. Chen et al., \"Training deep nets with sublinear memory cost\", 2016",
	.claim = "S4.checkpoint",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"every", "layers", "1,2,4,8,16,48", "1,8"}),
	.subjects = ASSAY_NO_SUBJECT,
};
