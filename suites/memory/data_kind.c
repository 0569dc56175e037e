/* SPDX-License-Identifier: MIT */
/* data_kind: making bytes up. */
#include "suites/memory/data_kind.h"

#include <math.h>
#include <string.h>

#include "harness/base/rng.h"

/* Three waves, the shortest of 400 points: what a grid that resolves its field looks like. */
static double field(double x, double phase)
{
	return 20 + 8 * sin(x * 0.0011 + phase) + 3 * sin(x * 0.005 + 2 * phase) +
	       0.5 * sin(x * 0.0157 + 3 * phase);
}

static void fill_field(unsigned char *bytes, size_t n, double phase, size_t width)
{
	for (size_t i = 0; i < n; i += width) {
		double value = field((double)(i / width), phase);
		float narrow = (float)value;
		const void *from = width == sizeof(narrow) ? (const void *)&narrow : &value;
		memcpy(bytes + i, from, n - i < width ? n - i : width);
	}
}

static void fill_records(unsigned char *bytes, size_t n, struct assay_rng *rng)
{
	uint32_t record[4] = {(uint32_t)assay_rng_next(rng), 1600000000, 0, 500};

	for (size_t i = 0; i < n; i += sizeof(record)) {
		record[0]++;
		record[1] += (uint32_t)assay_rng_below(rng, 4);
		record[2] = (uint32_t)assay_rng_below(rng, 5);
		record[3] += (uint32_t)assay_rng_below(rng, 21) - 10;
		memcpy(bytes + i, record, n - i < sizeof(record) ? n - i : sizeof(record));
	}
}

/* Word k has rank k; a rank is drawn as the smaller of two, which favours the frequent. */
static void fill_text(unsigned char *bytes, size_t n, struct assay_rng *rng)
{
	enum { WORDS = 2000 };

	for (size_t i = 0; i < n;) {
		uint64_t a = assay_rng_below(rng, WORDS), b = assay_rng_below(rng, WORDS);
		uint64_t state = (a < b ? a : b) / 2 * 7 + 1, letters = assay_splitmix(&state);
		unsigned length = 2 + (unsigned)(letters >> 60) / 2;
		for (unsigned k = 0; k < length && i < n; k++, letters >>= 4)
			bytes[i++] = (unsigned char)"etaoinshrdlucmfw"[letters & 15];
		if (i < n)
			bytes[i++] = ' ';
	}
}

static void fill_random(unsigned char *bytes, size_t n, struct assay_rng *rng)
{
	for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
		uint64_t word = assay_rng_next(rng);
		memcpy(bytes + i, &word, n - i < sizeof(word) ? n - i : sizeof(word));
	}
}

void data_fill(enum data_kind kind, uint64_t seed, void *bytes, size_t n)
{
	struct assay_rng rng;

	assay_rng_init(&rng, seed);
	switch (kind) {
	case DATA_FLOAT:
		fill_field(bytes, n, 6.28 * assay_rng_unit(&rng), sizeof(float));
		break;
	case DATA_DOUBLE:
		fill_field(bytes, n, 6.28 * assay_rng_unit(&rng), sizeof(double));
		break;
	case DATA_RECORDS:
		fill_records(bytes, n, &rng);
		break;
	case DATA_TEXT:
		fill_text(bytes, n, &rng);
		break;
	case DATA_RANDOM:
		fill_random(bytes, n, &rng);
		break;
	}
}
