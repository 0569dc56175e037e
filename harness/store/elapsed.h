/* SPDX-License-Identifier: MIT */
/* elapsed: how long cases took on machines like this one, for saying how long they will take. */
#ifndef ASSAY_STORE_ELAPSED_H
#define ASSAY_STORE_ELAPSED_H

#include "harness/store/store.h"

/* The newest measured result of one case. */
struct assay_elapsed {
	const char *name;    /* of the case */
	uint64_t elapsed_ns; /* all launches, set-up included */
	uint64_t launches;   /* of that run */
	uint64_t time_ns;    /* that each was given for its samples */
};

struct assay_elapsed_list {
	struct assay_elapsed *cases; /* by name, as strcmp() orders them */
	size_t n;
	void *memory;
};
void assay_elapsed_list_done(struct assay_elapsed_list *list);

/*
 * Cases of the 20 newest runs of `assay run` on machines with this fingerprint; older ones are not looked for, so
 * that a large store costs no more than a small one.
 */
enum assay_code assay_store_elapsed(struct assay_store *store, const uint8_t fingerprint[32],
				    struct assay_elapsed_list *ret, struct assay_err *err);

#endif
