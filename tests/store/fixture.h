/* SPDX-License-Identifier: MIT */
/* fixture: a folder for one test, and runs and results to put into a store. */
#ifndef ASSAY_TESTS_STORE_FIXTURE_H
#define ASSAY_TESTS_STORE_FIXTURE_H

#include <stdint.h>

#include "harness/store/store.h"

struct folder {
	char path[64];
	char db[96]; /* path/results.db */
};
/* cmocka set-up and teardown: *state is a struct folder, made before each test and removed after. */
int folder_setup(void **state);
int folder_teardown(void **state);

/* A complete run description; texts are static. `which` makes uuid, time and machine differ. */
struct assay_run_info sample_run(unsigned which);

enum { FIXTURE_SAMPLES = 64, FIXTURE_LAUNCHES = 3 };
/* Storage behind a result. */
struct sample {
	struct assay_result result;
	struct assay_param params[2];
	double values[FIXTURE_SAMPLES];
	uint8_t flags[FIXTURE_SAMPLES];
	uint32_t ends[FIXTURE_LAUNCHES];
	struct assay_count counts[2];
	uint32_t index[3];
	uint64_t tally[3];
	char name[160], size[16];
};
/* A result of series `which` with every field set to something. */
void sample_result(struct sample *sample, unsigned which);

/* The whole file: *ret_size bytes, to free(); NULL when unreadable. */
unsigned char *slurp(const char *path, size_t *ret_size);
/* Write a file anew. 0 when all went well. */
int spit(const char *path, const void *bytes, size_t size);

#endif
