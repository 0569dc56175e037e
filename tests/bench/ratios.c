/* SPDX-License-Identifier: MIT */
/* ratios: the run, and the figures. */
#include "tests/bench/ratios.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/store/store.h"
#include "tests/bench/child.h"
#include "tests/temporary.h"

enum { MAX_LAUNCHES = 32, MAX_ARGS = 64 };

/* Medians of each launch of a case; returns how many, 0 when it was not measured. */
static size_t launch_medians(const struct assay_result_list *list, const char *name,
			     const char *metric, double *ret)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct assay_result *r = &list->results[i];
		if (strcmp(r->name, name) != 0 ||
		    !(metric ? strcmp(r->metric.name, metric) == 0 : r->primary))
			continue;
		size_t from = 0, n = 0;
		for (size_t l = 0; l < r->samples.launches && n < MAX_LAUNCHES; l++) {
			size_t to = r->samples.launch_end[l];
			if (to > from)
				ret[n++] = median_of(r->samples.values + from, to - from);
			from = to;
		}
		return n;
	}
	return 0;
}

static bool show(const struct ratio_figure *f, struct assay_result_list *list)
{
	double ours[MAX_LAUNCHES], best[MAX_LAUNCHES] = {0}, ratios[MAX_LAUNCHES];
	const char *best_name = NULL;
	size_t n = launch_medians(list, f->ours, f->metric, ours), n_best = 0;
	double best_median = 0;
	for (size_t p = 0; p < MAX_PEERS && f->peers[p]; p++) {
		double peer[MAX_LAUNCHES], copy[MAX_LAUNCHES];
		size_t n_peer = launch_medians(list, f->peers[p], f->metric, peer);
		if (!n_peer)
			continue;
		memcpy(copy, peer, n_peer * sizeof(*peer));
		double median = median_of(copy, n_peer);
		/* the best: the highest rate, or the shortest time */
		if (best_name && (f->at_least ? median <= best_median : median >= best_median))
			continue;
		memcpy(best, peer, n_peer * sizeof(*peer));
		best_median = median;
		best_name = f->peers[p];
		n_best = n_peer;
	}
	for (size_t i = 0; i < n && !f->peers[0]; i++)
		best[n_best++] = 1;
	if (!n || !n_best) {
		printf("%-44s not measured\n", f->what);
		return f->wanted == 0;
	}
	n = n < n_best ? n : n_best;
	for (size_t i = 0; i < n; i++)
		ratios[i] = ours[i] / best[i];
	double median = median_of(ratios, n);
	bool met = f->wanted == 0 || (f->at_least ? median >= f->wanted : median <= f->wanted);
	printf("%-44s %7.4g  [%.4g, %.4g] over %zu launches", f->what, median, ratios[0],
	       ratios[n - 1], n);
	if (f->wanted > 0)
		printf("; %s %g: %s", f->at_least ? "at least" : "at most", f->wanted,
		       met ? "met" : "MISSED");
	if (best_name && f->peers[1])
		printf(" (best peer: %s)", strstr(best_name, "subject:") + 8);
	putchar('\n');
	return met;
}

int ratios_main(const char *const *arguments, const struct ratio_figure *figures, size_t n_figures,
		const char *launches)
{
	const char *program = getenv("BENCH_PROGRAM");
	char path[T_PATH];
	if (!program || !mkdtemp(t_path(path, "bench"))) {
		fprintf(stderr, "BENCH_PROGRAM is not set, or no temporary folder\n");
		return 2;
	}
	char db[64];
	snprintf(db, sizeof(db), "%s/bench.db", path);
	const char *args[MAX_ARGS] = {program, "run", "--db", db,      "--launches", launches,
				      "-n",    "40",  "-t",   "200ms", "--counters", "none"};
	size_t n = 12;
	while (*arguments && n < MAX_ARGS - 1)
		args[n++] = *arguments++;
	child_run(args); /* skips and unstable cases show below */
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_list runs;
	struct assay_result_list results;
	if (assay_store_open(db, ASSAY_STORE_READ, &store, &err) != ASSAY_OK ||
	    assay_store_runs(store, "@last", &runs, &err) != ASSAY_OK ||
	    assay_store_results(store, runs.runs[0].id, NULL, ASSAY_LOAD_SAMPLES, &results, &err) !=
		    ASSAY_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	bool all = true;
	for (size_t i = 0; i < n_figures; i++)
		all &= show(&figures[i], &results);
	assay_result_list_done(&results);
	assay_run_list_done(&runs);
	assay_store_close(store);
	unlink(db);
	rmdir(path);
	return !all;
}
