/* SPDX-License-Identifier: MIT */
/* moved: a plug-in of short, branchy kernels, whose time depends on where their code lies; see gate_noop.c. */
#include "harness/bench.h"

#include <stdlib.h>

enum { VALUES = 256, TABLE = 1024, TEXT_BYTES = 2048 };

struct data {
	uint32_t values[VALUES], sorted[VALUES];
	uint32_t table[TABLE];     /* ascending, every third number */
	char text[TEXT_BYTES];     /* numbers with a space after each */
	uint64_t bits, found, sum; /* what the kernels must find */
};

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static void write_numbers(struct data *d, uint64_t *random)
{
	size_t at = 0;
	while (at + 8 < TEXT_BYTES) {
		uint64_t number = 0;
		for (uint32_t digits = 1 + next_random(random) % 6; digits; digits--) {
			uint32_t digit = next_random(random) % 10;
			d->text[at++] = (char)('0' + digit);
			number = number * 10 + digit;
		}
		d->text[at++] = ' ';
		d->sum += number;
	}
}

static void setup(struct assay_run *run)
{
	struct data *d = calloc(1, sizeof(*d));
	uint64_t random = 12345; /* the same data always: only the placement shall differ */

	if (!d) {
		assay_skip(run, "no memory for the data");
		return;
	}
	for (uint32_t i = 0; i < TABLE; i++)
		d->table[i] = 3 * i;
	for (size_t i = 0; i < VALUES; i++) {
		d->values[i] = next_random(&random) % (3 * TABLE);
		d->bits += (uint64_t)__builtin_popcount(d->values[i]);
		d->found += d->values[i] % 3 == 0;
	}
	write_numbers(d, &random);
	assay_set_state(run, d);
}

static void teardown(struct assay_run *run)
{
	free(assay_state(run));
}

/* ---- bits: one step for each that is set ---- */

static ASSAY_NOIPA uint64_t count_bits(const uint32_t *values)
{
	uint64_t n = 0;
	for (size_t i = 0; i < VALUES; i++)
		for (uint32_t x = values[i]; x; x &= x - 1)
			n++;
	return n;
}

static void bits(struct assay_run *run)
{
	const struct data *d = assay_state(run);
	uint64_t n = 0;

	ASSAY_LOOP (run) {
		const uint32_t *values = assay_keep(d->values);
		n = assay_keep(count_bits(values));
	}
	assay_check(run, n == d->bits, "%llu bits of %llu", (unsigned long long)n,
		    (unsigned long long)d->bits);
}

/* ---- search: by halves ---- */

static ASSAY_NOIPA bool contains(const uint32_t *table, uint32_t value)
{
	size_t low = 0, high = TABLE;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (table[middle] == value)
			return true;
		if (table[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static void search(struct assay_run *run)
{
	const struct data *d = assay_state(run);
	uint64_t n = 0;

	ASSAY_LOOP (run) {
		n = 0;
		for (size_t i = 0; i < VALUES; i++)
			n += contains(d->table, d->values[i]);
		n = assay_keep(n);
	}
	assay_check(run, n == d->found, "%llu found of %llu", (unsigned long long)n,
		    (unsigned long long)d->found);
}

/* ---- sort: by insertion ---- */

static ASSAY_NOIPA void insert_all(const uint32_t *values, uint32_t *sorted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = i;
		for (; at && sorted[at - 1] > values[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = values[i];
	}
}

static void sort(struct assay_run *run)
{
	struct data *d = assay_state(run);
	bool ascending = true;

	ASSAY_LOOP (run)
		insert_all(assay_keep(d->values), assay_keep(d->sorted), VALUES);
	for (size_t i = 1; i < VALUES; i++)
		ascending &= d->sorted[i - 1] <= d->sorted[i];
	assay_check(run, ascending, "not in order");
}

/* ---- numbers: read from text ---- */

static ASSAY_NOIPA uint64_t add_numbers(const char *text)
{
	uint64_t sum = 0;
	while (*text) {
		uint64_t number = 0;
		for (; *text >= '0' && *text <= '9'; text++)
			number = number * 10 + (uint64_t)(*text - '0');
		sum += number;
		while (*text == ' ')
			text++;
	}
	return sum;
}

static void numbers(struct assay_run *run)
{
	const struct data *d = assay_state(run);
	uint64_t sum = 0;

	ASSAY_LOOP (run) {
		const char *text = assay_keep(d->text);
		sum = assay_keep(add_numbers(text));
	}
	assay_check(run, sum == d->sum, "%llu instead of %llu", (unsigned long long)sum,
		    (unsigned long long)d->sum);
}

#define MOVED(what, function)                                                          \
	&(const struct assay_bench)                                                    \
	{                                                                              \
		.brief = what, .setup = setup, .teardown = teardown, .body = function, \
		.subjects = ASSAY_NO_SUBJECT,                                          \
	}

ASSAY_API extern const struct assay_plugin assay_plugin;
const struct assay_plugin assay_plugin = {
	.abi = ASSAY_ABI,
	.suite = "moved",
	.description = &(const struct assay_suite){.brief = "kernels to be moved about"},
	.benches =
		(const struct assay_plugin_bench[]){
			{"bits", MOVED("bits set in 256 words, counted", bits)},
			{"search", MOVED("256 binary searches among 1024", search)},
			{"sort", MOVED("256 words sorted by insertion", sort)},
			{"numbers", MOVED("the numbers in 2 KiB of text, added", numbers)},
			{0},
		},
};
