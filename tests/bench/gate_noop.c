/* SPDX-License-Identifier: MIT */
/*
 * gate_noop: how often a gate flags code that did not change but moved: the same objects linked again behind
 * an odd number of bytes of other code. Gates of two sets of variants of aligned code, as docs/placement.md
 * recommends them; beside it gates of two single builds, aligned and plain, to show what sets save.
 * Arguments: gates of sets (50) and gates of single builds (15); each takes both plug-ins in turn.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/gate/variants.h"
#include "tests/bench/child.h"
#include "tests/bench/gated.h"
#include "tests/temporary.h"

enum { VARIANTS = 8, MAX_GATES = 1000, ENOUGH = 200 };

/* Bytes of other code in front: none is the base, the others are candidates in turn. */
static const unsigned shifts[] = {0, 73, 205, 1237, 4099};
enum { SHIFTS = ASSAY_COUNT_OF(shifts) };

enum recipe { ALIGNED, PLAIN, RECIPES };
static const struct {
	const char *name, *flags[2];
	uint64_t step_bytes;
} recipes[RECIPES] = {
	{"aligned", {"-falign-functions=64", "-falign-loops=32"}, 64},
	{"plain", {NULL, NULL}, 16},
};

static const struct way {
	const char *title;
	enum recipe recipe;
	bool sets;
} ways[] = {
	{"a set of variants against another, aligned", ALIGNED, true},
	{"a single build against another, aligned", ALIGNED, false},
	{"a single build against another, plain -O2", PLAIN, false},
};
enum { WAYS = ASSAY_COUNT_OF(ways) };

enum { PLUGINS = 2 };
static const char *const plugins[PLUGINS] = {"tokens", "moved"};

struct bench {
	const char *program, *compiler, *root;
	const char *sources[PLUGINS];
	char folder[64];
	struct assay_variants sets[PLUGINS][RECIPES][SHIFTS];
	struct gated sums[WAYS];
};

static bool fails(const char *what, const struct assay_err *err)
{
	fprintf(stderr, "%s%s%s\n", what, err ? ": " : "", err ? err->text : "");
	return false;
}

/* ---- building ---- */

/* An object of so many bytes of code that is never run. */
static bool write_shift(const struct bench *b, size_t shift)
{
	char source[128], object[128];
	snprintf(source, sizeof(source), "%s/shift-%u.c", b->folder, shifts[shift]);
	snprintf(object, sizeof(object), "%s/shift-%u.o", b->folder, shifts[shift]);
	FILE *file = fopen(source, "w");
	if (!file)
		return fails("no file for the shift", NULL);
	fprintf(file, "__asm__(\".text\\n\\t.skip %u, 0x90\\n\");\n", shifts[shift]);
	const char *const compile[] = {b->compiler, "-c", "-o", object, source, NULL};
	if (fclose(file) != 0 || child_run(compile) != 0)
		return fails("the shift does not compile", NULL);
	return true;
}

static bool compile(const struct bench *b, size_t plugin, enum recipe r, const char *object)
{
	const char *const words[] = {b->compiler,
				     "-O2",
				     "-fPIC",
				     "-I",
				     b->root,
				     "-c",
				     "-o",
				     object,
				     b->sources[plugin],
				     recipes[r].flags[0],
				     recipes[r].flags[1],
				     NULL};
	return child_run(words) == 0 || fails("a kernel does not compile", NULL);
}

static bool link_set(struct bench *b, size_t plugin, enum recipe r, size_t shift, char *object)
{
	char output[128], folder[128], front[128];
	struct assay_err err = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
	snprintf(output, sizeof(output), "%s/%s.so", b->folder, plugins[plugin]);
	snprintf(front, sizeof(front), "%s/shift-%u.o", b->folder, shifts[shift]);
	snprintf(folder, sizeof(folder), "%s/%s-%s-%u", b->folder, plugins[plugin], recipes[r].name,
		 shifts[shift]);
	char *words[] = {(char *)(uintptr_t)b->compiler,
			 (char *)"-shared",
			 (char *)"-o",
			 output,
			 front,
			 object};
	const struct assay_variants_request request = {
		.words = words,
		.n_words = ASSAY_COUNT_OF(words),
		.folder = folder,
		.count = VARIANTS,
		.step_bytes = recipes[r].step_bytes,
	};
	struct assay_variants *sets = b->sets[plugin][r];
	if (assay_variants_build(&request, &sets[shift], &said, &err) != ASSAY_OK)
		return fails("no variants", &err);
	if (shift && sets[shift].variants[0].code_at == sets[0].variants[0].code_at)
		return fails("the shift moved nothing", NULL);
	return true;
}

static bool build(struct bench *b)
{
	char object[128];
	for (size_t s = 0; s < SHIFTS; s++)
		if (!write_shift(b, s))
			return false;
	for (size_t p = 0; p < PLUGINS; p++) {
		for (enum recipe r = 0; r < RECIPES; r++) {
			snprintf(object, sizeof(object), "%s/%s-%s.o", b->folder, plugins[p],
				 recipes[r].name);
			if (!compile(b, p, r, object))
				return false;
			for (size_t s = 0; s < SHIFTS; s++)
				if (!link_set(b, p, r, s, object))
					return false;
		}
	}
	return true;
}

/* ---- gating ---- */

/* The i-th gate in one of the ways, of every plug-in. */
static bool gate(struct bench *b, size_t way, size_t i)
{
	for (size_t p = 0; p < PLUGINS; p++) {
		const struct assay_variants *sets = b->sets[p][ways[way].recipe];
		const struct assay_variants *base = &sets[0], *cand = &sets[1 + i % (SHIFTS - 1)];
		const char *words[] = {"--base", base->folder, "--cand", cand->folder, NULL};
		if (!ways[way].sets) {
			words[1] = base->variants[i % VARIANTS].path;
			words[3] = cand->variants[(3 + 5 * i) % VARIANTS].path;
		}
		if (!gated_run(b->program, b->folder, words, &b->sums[way]))
			return false;
		fflush(stdout);
	}
	return true;
}

static void show(const struct gated *sum, const struct way *way)
{
	printf("%s\n  %zu gates, %.1f s each; %zu verdicts: ", way->title, sum->gates,
	       sum->seconds / (double)sum->gates, sum->series);
	gated_print(sum);
	printf("; flagged %.2f %%\n", 100.0 * (double)gated_flagged(sum) / (double)sum->series);
}

static bool run(struct bench *b, size_t gates, size_t singles)
{
	if (!build(b))
		return false;
	for (size_t i = 0; i < gates || i < singles; i++)
		for (size_t way = 0; way < WAYS; way++)
			if (i < (ways[way].sets ? gates : singles) && !gate(b, way, i))
				return false;
	for (size_t way = 0; way < WAYS; way++)
		if (b->sums[way].series)
			show(&b->sums[way], &ways[way]);
	const struct gated *sets = &b->sums[0];
	double percent = 100.0 * (double)gated_flagged(sets) / (double)sets->series;
	bool met = percent <= 1;
	printf("flagged of a rebuild that only moved, %%: %.2f of %zu; at most 1 of at least %d: "
	       "%s\n",
	       percent, sets->series, ENOUGH,
	       sets->series < ENOUGH ? "too few to say"
	       : met                 ? "met"
				     : "MISSED");
	return met;
}

int main(int argc, char **argv)
{
	static struct bench b;
	b.program = getenv("BENCH_PROGRAM");
	b.compiler = getenv("BENCH_CC");
	b.root = getenv("BENCH_ROOT");
	b.sources[0] = getenv("BENCH_TOKENS");
	b.sources[1] = getenv("BENCH_MOVED");
	size_t gates = gated_number(argc > 1 ? argv[1] : NULL, 50, MAX_GATES);
	size_t singles = gated_number(argc > 2 ? argv[2] : NULL, 15, MAX_GATES);
	if (!b.program || !b.compiler || !b.root || !b.sources[0] || !b.sources[1] || gates < 1 ||
	    gates > MAX_GATES || singles > MAX_GATES || !mkdtemp(t_path(b.folder, "bench"))) {
		fprintf(stderr,
			"usage: gate_noop [GATES 1-1000 [GATES OF SINGLE BUILDS]], with "
			"BENCH_PROGRAM, BENCH_CC, BENCH_ROOT, BENCH_TOKENS and "
			"BENCH_MOVED set\n");
		return 2;
	}
	bool met = run(&b, gates, singles);
	for (size_t p = 0; p < PLUGINS; p++)
		for (size_t r = 0; r < RECIPES; r++)
			for (size_t s = 0; s < SHIFTS; s++)
				assay_variants_done(&b.sets[p][r][s]);
	return !met;
}
