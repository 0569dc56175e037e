/* SPDX-License-Identifier: MIT */
/* memoised: requests, of which some are known ones again. */
#include "suites/cache/memoised.h"

#include <stdlib.h>

enum { KNOWN = 64, ENTRIES = 1024 };

static bool answer(struct memoised *m, uint64_t number, bool *ret_hit)
{
	*ret_hit = false;
	m->kind->make_input(m->context, number, m->input);
	if (m->null)
		return true;
	const double *kept = m->memo ? memo_get(m->memo, m->input) : NULL;
	if (kept) {
		*ret_hit = true;
		memcpy(m->output, kept, m->n_output * sizeof(*kept));
		return true;
	}
	if (!m->kind->compute(m->context, m->input, m->output))
		return false;
	if (m->memo)
		memo_put(m->memo, m->input, m->output);
	return true;
}

bool memoised_init(struct memoised *m, struct assay_run *run)
{
	struct assay_err err = {0};
	const char *way = assay_axis_text(run, "way");
	m->repeat = assay_axis(run, "repeat");
	m->null = strcmp(way, "null") == 0;
	m->fresh = KNOWN;
	assay_rng_init(&m->rng, assay_seed(run));
	m->input = calloc(m->n_input, sizeof(*m->input));
	m->output = calloc(m->n_output, sizeof(*m->output));
	if (!assay_check(run, m->input && m->output, "out of memory"))
		return false;
	if (strcmp(way, "memo") == 0 &&
	    !assay_check(run,
			 memo_new(ENTRIES, m->n_input, m->n_output, &m->memo, &err) == ASSAY_OK,
			 "%s", err.text))
		return false;
	bool ok = true, hit;
	for (uint64_t known = 0; m->memo && known < KNOWN; known++)
		ok &= answer(m, known, &hit);
	return assay_check(run, ok, "the computation failed on a known input");
}

void memoised_done(struct memoised *m)
{
	memo_free(m->memo);
	free(m->input);
	free(m->output);
}

/* The last answer, computed once more, is the same to the bit. */
static void check_last(struct assay_run *run, struct memoised *m)
{
	double *again = calloc(m->n_output, sizeof(*again));
	bool same = again && m->kind->compute(m->context, m->input, again) &&
		    memcmp(again, m->output, m->n_output * sizeof(*again)) == 0;
	assay_check(run, same, "a result that was kept is not the one that is computed");
	free(again);
}

void memoised_body(struct assay_run *run, struct memoised *m)
{
	uint64_t hits = 0, requests = 0, failed = 0;

	ASSAY_LOOP (run) {
		bool known = assay_rng_unit(&m->rng) < m->repeat, hit;
		uint64_t number = known ? assay_rng_below(&m->rng, KNOWN) : m->fresh++;
		failed += !answer(m, number, &hit);
		hits += hit;
		requests++;
	}
	if (!assay_check(run, failed == 0, "%llu of %llu computations failed",
			 (unsigned long long)failed, (unsigned long long)requests) ||
	    m->null)
		return;
	check_last(run, m);
	assay_metric(run, "hit_ratio", "ratio", ASSAY_HIGHER, (double)hits / (double)requests);
}
