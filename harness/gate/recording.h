/* SPDX-License-Identifier: MIT */
/*
 * recording: launches of one program as they came, and whole gates replayed over them. What they compare is the
 * same code, so that every red gate is a false alarm; a change is injected by multiplying the candidate's
 * launches. Each gate begins somewhere else in the recording, and takes launches in their order: drift
 * and bursts stay as they were. Google Benchmark's compare.py is judged on the same launches by its own rule.
 */
#ifndef ASSAY_GATE_RECORDING_H
#define ASSAY_GATE_RECORDING_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/gate/session.h"

/* Samples of one launch that the rule of compare.py looks at: its documentation asks for 9 repetitions. */
enum { ASSAY_RECORDED_SAMPLES = 9 };

struct assay_recorded_launch {
	double summary; /* see assay_gate_launch() */
	double samples[ASSAY_RECORDED_SAMPLES];
};

struct assay_recorded_case {
	char *name;
	enum assay_better better;
	struct assay_recorded_launch *launches;
	size_t n;
};

/* Zero-initialise. */
struct assay_gate_recording {
	struct assay_recorded_case *cases;
	size_t n;
};
void assay_gate_recording_done(struct assay_gate_recording *recording);

/* {"cases": [{"name", "better", "launches": [[summary, sample...]...]}...]}; new reference. */
json_t *assay_gate_recording_json(const struct assay_gate_recording *recording);
/* Read that; of a launch the summary alone will do, and compare.py flags nothing then. ASSAY_EPARSE with the case that makes no sense. */
enum assay_code assay_gate_recording_read(const json_t *json, struct assay_gate_recording *ret,
					  struct assay_err *err);

struct assay_gate_experiment {
	struct assay_gate_policy policy;
	size_t benchmarks; /* per gate, drawn from the cases with replacement */
	size_t gates;
	double injected; /* the first benchmark's candidate is slower by this, ratio minus one; 0: none */
	size_t case_index; /* the first benchmark is this case; SIZE_MAX: any */
	uint64_t seed;
};

/* How often, of all gates. */
struct assay_gate_score {
	double red;       /* a benchmark was called REGRESSED that was not slowed down */
	double caught;    /* the one that was slowed down is REGRESSED */
	double undecided; /* it is INCONCLUSIVE */
	double missed;    /* it is OK */
	double launches;  /* mean per benchmark and gate */
	/* compare.py: one launch of each side, base first, two-sided U test at 5 %, slower */
	double peer_red;    /* it flags one that was not slowed down */
	double peer_caught; /* it flags the one that was */
};

/*
 * Replay. The recording needs a case, and every case at least as many launches as the longest gate takes pairs.
 * ASSAY_EUSAGE when it is shorter; ASSAY_ENOMEM.
 */
enum assay_code assay_gate_replay(const struct assay_gate_recording *recording,
				  const struct assay_gate_experiment *experiment,
				  struct assay_gate_score *ret, struct assay_err *err);

#endif
