/* SPDX-License-Identifier: MIT */
/*
 * placement: how much the time of one kernel depends on where its code lies, and what alignment takes of
 * that. Builds variants of docs/examples/tokens.c twice, plainly and aligned, launches each several times in
 * one shuffled order, and takes the differences apart. Arguments: variants and launches of each (8 9).
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "harness/gate/variants.h"
#include "harness/stats/placement_share.h"
#include "tests/bench/child.h"
#include "tests/temporary.h"

enum { SIDES = 2, MAX_VARIANTS = 16, MAX_LAUNCHES = 64, MAX_WORDS = 24 };

static const struct side {
	const char *title, *name;
	const char *flags[2]; /* of the compiler */
	uint64_t step_bytes;
} sides[SIDES] = {
	{"-O2, 16 bytes apart", "plain", {"-fPIC", "-O2"}, 16},
	{"-O2 -falign-functions=64 -falign-loops=32, 64 bytes apart",
	 "aligned",
	 {"-falign-functions=64", "-falign-loops=32"},
	 64},
};

struct bench {
	const char *program, *compiler, *source, *root;
	char folder[64];
	unsigned variants, launches;
	struct assay_variants sets[SIDES];
	double log_ns[SIDES][MAX_VARIANTS * MAX_LAUNCHES]; /* by variant, then launch; NaN lost */
};

static bool fails(const char *what, const struct assay_err *err)
{
	fprintf(stderr, "%s%s%s\n", what, err ? ": " : "", err ? err->text : "");
	return false;
}

static bool build(struct bench *b, size_t s)
{
	char object[96], output[96], folder[96];
	struct assay_err err = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
	snprintf(object, sizeof(object), "%s/%s.o", b->folder, sides[s].name);
	snprintf(output, sizeof(output), "%s/%s.so", b->folder, sides[s].name);
	snprintf(folder, sizeof(folder), "%s/%s", b->folder, sides[s].name);
	const char *const compile[] = {b->compiler,
				       "-O2",
				       "-fPIC",
				       sides[s].flags[0],
				       sides[s].flags[1],
				       "-I",
				       b->root,
				       "-c",
				       "-o",
				       object,
				       b->source,
				       NULL};
	if (child_run(compile) != 0)
		return fails("the kernel does not compile", NULL);
	char *words[] = {(char *)(uintptr_t)b->compiler, (char *)"-shared", (char *)"-o", output,
			 object};
	struct assay_variants_request request = {
		.words = words,
		.n_words = ASSAY_COUNT_OF(words),
		.folder = folder,
		.count = b->variants,
		.step_bytes = sides[s].step_bytes,
	};
	if (assay_variants_build(&request, &b->sets[s], &said, &err) != ASSAY_OK)
		return fails("no variants", &err);
	return true;
}

/* The median of a result event, or NaN for any other line. */
static double median_in(const char *line)
{
	double ns = NAN;
	json_t *json = json_loads(line, 0, NULL);
	const char *status = json_string_value(json_object_get(json, "status"));
	if (status && (strcmp(status, "ok") == 0 || strcmp(status, "unstable") == 0))
		ns = json_number_value(json_object_get(json, "median"));
	json_decref(json);
	return ns;
}

/* One launch of one variant: a fresh process. NaN when it has no result. */
static double launch(const struct bench *b, const char *plugin)
{
	char db[96];
	snprintf(db, sizeof(db), "%s/bench.db", b->folder);
	const char *const words[] = {b->program, "run",          "--db",       db,   "-q",
				     "--json=-", "--counters",   "none",       "-n", "20",
				     "-t",       "60ms",         "--launches", "1",  "--load",
				     plugin,     "tokens/count", NULL};
	struct child child;
	char line[8192];
	double ns = NAN;
	if (!child_start(&child, words, false))
		return NAN;
	while (fgets(line, sizeof(line), child.lines)) {
		double found = median_in(line);
		ns = isnan(found) ? ns : found;
	}
	return child_finish(&child) == 0 ? ns : NAN;
}

/* Every variant of both sides once per round, each round in an order of its own. */
static void measure(struct bench *b)
{
	struct assay_rng rng;
	uint32_t order[SIDES * MAX_VARIANTS];
	size_t all = (size_t)SIDES * b->variants;
	assay_rng_init(&rng, 1);
	for (size_t i = 0; i < all; i++)
		order[i] = (uint32_t)i;
	for (size_t round = 0; round < b->launches; round++) {
		assay_rng_shuffle(&rng, order, all);
		for (size_t i = 0; i < all; i++) {
			size_t s = order[i] / b->variants, v = order[i] % b->variants;
			b->log_ns[s][v * b->launches + round] =
				log(launch(b, b->sets[s].variants[v].path));
		}
	}
}

/* Median of the values that are there; NaN when none is. */
static double median(const double *x, size_t n)
{
	double kept[MAX_VARIANTS * MAX_LAUNCHES];
	size_t m = 0;
	for (size_t i = 0; i < n; i++)
		if (isfinite(x[i]))
			kept[m++] = x[i];
	return m ? median_of(kept, m) : NAN;
}

static bool show(const struct bench *b, size_t s, struct assay_placement *ret)
{
	size_t n = (size_t)b->variants * b->launches;
	unsigned variant[MAX_VARIANTS * MAX_LAUNCHES];
	struct assay_err err = {0};
	double levels[MAX_VARIANTS];
	for (size_t i = 0; i < n; i++)
		variant[i] = (unsigned)(i / b->launches);
	if (assay_placement_of(b->log_ns[s], variant, n, ret, &err) != ASSAY_OK)
		return fails("no statistics", &err);
	for (size_t v = 0; v < b->variants; v++)
		levels[v] = median(b->log_ns[s] + v * b->launches, b->launches);
	double middle = median(levels, b->variants);
	printf("%s\n  pad  code at        time  / median\n", sides[s].title);
	for (size_t v = 0; v < b->variants; v++) {
		const struct assay_variant *it = &b->sets[s].variants[v];
		printf("%5llu  %#7llx  %7.2f us  %8.3f\n", (unsigned long long)it->pad_bytes,
		       (unsigned long long)it->code_at, exp(levels[v]) / 1e3,
		       exp(levels[v] - middle));
	}
	printf("  sd across variants %.2f %%, within a variant %.2f %%; "
	       "%.0f %% of the differences between %zu launches is placement\n"
	       "  two builds of this code may differ by %.1f %% for no other reason\n\n",
	       100 * ret->sd, 100 * ret->sd_within, 100 * ret->share, ret->n,
	       100 * expm1(assay_placement_reach(ret->sd, ret->sd, 0.95)));
	return true;
}

static bool verdict(const char *what, double got, double wanted, bool at_least)
{
	bool met = at_least ? got >= wanted : got <= wanted;
	printf("%-60s %6.3f; at %s %g: %s\n", what, got, at_least ? "least" : "most", wanted,
	       met ? "met" : "MISSED");
	return met;
}

static bool run(struct bench *b)
{
	struct assay_placement got[SIDES];
	for (size_t s = 0; s < SIDES; s++)
		if (!build(b, s))
			return false;
	printf("tokens/count: %u variants each way, %u launches of each\n\n", b->variants,
	       b->launches);
	measure(b);
	for (size_t s = 0; s < SIDES; s++)
		if (!show(b, s, &got[s]))
			return false;
	bool met = verdict("share of placement, plain build", got[0].share, 0.5, true);
	met &= verdict("sd across variants, aligned / plain", got[1].sd / got[0].sd, 0.5, false);
	return met;
}

/* A whole number between 3 and `most`, or `otherwise` when there is no argument; 0 for any other. */
static unsigned number(const char *text, unsigned otherwise, unsigned most)
{
	char *end;
	unsigned long n = text ? strtoul(text, &end, 10) : otherwise;
	return (text && *end) || n < 3 || n > most ? 0 : (unsigned)n;
}

int main(int argc, char **argv)
{
	static struct bench b;
	b.program = getenv("BENCH_PROGRAM");
	b.compiler = getenv("BENCH_CC");
	b.root = getenv("BENCH_ROOT");
	b.source = getenv("BENCH_TOKENS");
	b.variants = number(argc > 1 ? argv[1] : NULL, 8, MAX_VARIANTS);
	b.launches = number(argc > 2 ? argv[2] : NULL, 9, MAX_LAUNCHES);
	if (!b.program || !b.compiler || !b.root || !b.source || !b.variants || !b.launches ||
	    !mkdtemp(t_path(b.folder, "bench"))) {
		fprintf(stderr,
			"usage: placement [VARIANTS 3-16 [LAUNCHES 3-64]], with BENCH_PROGRAM, "
			"BENCH_CC, BENCH_ROOT and BENCH_TOKENS set\n");
		return 2;
	}
	bool met = run(&b);
	for (size_t s = 0; s < SIDES; s++)
		assay_variants_done(&b.sets[s]);
	return !met;
}
