/* SPDX-License-Identifier: MIT */
/*
 * test_alloc: the trend of live memory, with both of its error rates on planted series; and the counter
 * itself in a program of known allocations: this one, started again with the library preloaded.
 */
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "profiler/alloc.h"
#include "profiler/preload.h"
#include "profiler/sampler.h"
#include "tests/t.h"

extern char **environ;

/* A sanitiser's library insists on being loaded first, before any that is preloaded. */
static const bool preloads = !ASSAY_ASAN;

enum { SERIES = 400, POINTS = 120 };

/* Does a run whose live bytes are base + slope * i + noise get a word about a leak? */
static bool is_called_a_leak(uint64_t seed, double slope, double noise, bool sawtooth)
{
	struct assay_rng rng;
	struct assay_err err = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str in = {0}, out = {0};
	assay_rng_init(&rng, seed);
	assay_str_add(&in, "process 7 1000 900 500000 1000000 2000000\n");
	for (int i = 0; i < POINTS; i++) {
		double at = 1e6 + slope * i + noise * (assay_rng_unit(&rng) - 0.5) +
			    (sawtooth ? 2e4 * (i % 13) : 0);
		assay_str_add(&in, "live %d %.0f\n", i * 10000000, at);
	}
	FILE *file = fmemopen(in.text, in.length, "r");
	assert_non_null(file);
	assert_ok(alloc_read(file, &out, &err));
	fclose(file);
	assert_non_null(strstr(assay_str_text(&out),
			       "process 7: 1000 allocations of 500.0 kB, 900 "
			       "freed; at most 2.000 MB live at once"));
	return strstr(assay_str_text(&out), "a leak") != NULL;
}

static void leaks_are_found_and_innocents_left_alone(void **state)
{
	(void)state;
	int found = 0, false_alarms = 0, sawtooth_alarms = 0;
	for (uint64_t seed = 0; seed < SERIES; seed++) {
		found += is_called_a_leak(seed, 3000, 2e5, false); /* 180 kB in the half */
		false_alarms += is_called_a_leak(seed, 0, 2e5, false);
		sawtooth_alarms += is_called_a_leak(seed, 0, 2e4, true);
	}
	print_message("of %d each: %d leaks found, %d and %d false alarms\n", SERIES, found,
		      false_alarms, sawtooth_alarms);
	assert_true(found >= SERIES * 95 / 100);
	assert_true(false_alarms <= SERIES * 3 / 100);
	assert_true(sawtooth_alarms <= SERIES * 3 / 100);
}

static void malformed_lines_are_left_out(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "nonsense\n", "live 1 2\n", "process x\n", "process 1 2 3\n", "live\nlive 1\n"};
	for (size_t i = 1; i < ASSAY_COUNT_OF(texts); i++) {
		struct assay_err err = {0};
		ASSAY_AUTO(assay_str_done) struct assay_str out = {0};
		FILE *file = fmemopen((char *)(uintptr_t)texts[i], strlen(texts[i]), "r");
		assert_ok(alloc_read(file, &out, &err));
		assert_int_equal(out.length, 0);
		fclose(file);
	}
}

enum { BLOCKS = 1000, BLOCK = 1000 };

static ASSAY_NOIPA void *hungry(size_t size)
{
	char *p = malloc(size);
	if (p)
		p[0] = 1;
	return p;
}

static void *on_a_thread(void *unused)
{
	for (int i = 0; i < BLOCKS; i++)
		free(hungry(BLOCK));
	return unused;
}

/* 3 * BLOCKS through hungry(), two thirds given back; and one of each relative of malloc. */
static int target(void)
{
	static void *kept[BLOCKS];
	pthread_t thread;
	void *p = NULL;
	if (pthread_create(&thread, NULL, on_a_thread, NULL) != 0)
		return 1;
	pthread_join(thread, NULL);
	for (int i = 0; i < BLOCKS; i++)
		kept[i] = hungry(BLOCK);
	on_a_thread(NULL);
	char *zero = calloc(10, 10);
	for (int i = 0; zero && i < 100; i++)
		if (zero[i])
			return 2;
	zero = realloc(zero, 5000);
	free(zero);
	if (posix_memalign(&p, 256, 100) != 0 || (uintptr_t)p % 256)
		return 3;
	free(p);
	if (posix_memalign(&p, 3, 100) == 0)
		return 4;
	free(aligned_alloc(64, 640));
	free(NULL);
	return kept[0] == NULL || malloc_usable_size(kept[0]) < BLOCK;
}

/* What the thread takes the main thread gives back, 1 MB; then a child that takes 2 MB at once, and gives it back. */
static void *fill(void *blocks)
{
	for (int i = 0; i < BLOCKS; i++)
		((void **)blocks)[i] = hungry(BLOCK);
	return blocks;
}

static int family(void)
{
	static void *blocks[2 * BLOCKS];
	pthread_t thread;
	if (pthread_create(&thread, NULL, fill, blocks) != 0)
		return 1;
	pthread_join(thread, NULL);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		fill(blocks);
		fill(blocks + BLOCKS);
		for (int i = 0; i < 2 * BLOCKS; i++)
			free(blocks[i]);
		return 0;
	}
	int status;
	return waitpid(pid, &status, 0) != pid || status != 0;
}

static double share_below(const struct assay_stacks *s, const char *function)
{
	struct assay_err err = {0};
	uint64_t *self = calloc(s->n_frames + 1, 8), *total = calloc(s->n_frames + 1, 8);
	double share = 0;
	assert_ok(assay_stacks_by_frame(s, self, total, &err));
	for (size_t i = 0; i < s->n_frames; i++)
		if (strcmp(s->frames[i].function, function) == 0)
			share += (double)total[i] / (double)(s->facts.samples * 4096);
	free(self);
	free(total);
	return share;
}

/* A profile of this test, started again with a word. New; skips where there is no such engine. */
static struct assay_stacks *profile(const char *word)
{
	struct assay_err err = {0};
	struct sampler *sampler = NULL;
	struct assay_stacks *s;
	const char *const *pairs;
	const struct sampler_options options = {.engine = SAMPLER_ALLOC, .bytes = 4096};
	const struct sampler_view view = {.title = word};
	char *const argv[] = {(char *)"test_alloc", (char *)(uintptr_t)word, NULL};
	char *env[256];
	size_t n = 0;
	pid_t pid;
	int status;
	if (!preloads || sampler_new(&options, &sampler, &err) == ASSAY_SKIP)
		skip();
	assert_ok(sampler_start(sampler, &pairs, &err));
	for (size_t i = 0; pairs[i]; i++)
		env[n++] = (char *)(uintptr_t)pairs[i];
	for (size_t i = 0; environ[i] && n < 255; i++)
		env[n++] = environ[i];
	env[n] = NULL;
	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, env), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(sampler_finish(sampler, &view, &s, &err));
	sampler_free(sampler);
	return s;
}

struct sums {
	unsigned long long allocations, freed;
	double peak, at_end;
	char peak_unit[8], end_unit[8];
};

/* Of the process whose line is the `which`-th. */
static struct sums sums_of(const struct assay_stacks *s, int which)
{
	struct sums sums = {0};
	const char *line = strstr(s->facts.remarks, "process ");
	for (; which > 0 && line; which--)
		line = strstr(line + 1, "\nprocess ");
	assert_non_null(line);
	const char *colon = strchr(line, ':');
	assert_non_null(colon);
	assert_int_equal(sscanf(colon,
				": %llu allocations of %*f %*s %llu freed; at most %lf %7s live at "
				"once, %lf %7s",
				&sums.allocations, &sums.freed, &sums.peak, sums.peak_unit,
				&sums.at_end, sums.end_unit),
			 6);
	return sums;
}

static void threads_and_children_are_counted_apart_and_together(void **state)
{
	(void)state;
	struct assay_stacks *s = profile("family");
	struct sums child = sums_of(s, 0), parent = sums_of(s, 1); /* in the order of their ends */
	assert_in_range(child.allocations, 2 * BLOCKS, 2 * BLOCKS + 30);
	assert_in_range(child.freed, 2 * BLOCKS, 2 * BLOCKS + 30);
	assert_in_range(parent.allocations, BLOCKS, BLOCKS + 60);
	assert_string_equal(parent.peak_unit, "MB");
	assert_string_not_equal(parent.end_unit, "MB");
	/* 1008 bytes each are set aside; to 64 KiB per thread. */
	assert_true(parent.peak > 0.94 && parent.peak < 1.1);
	assert_true(child.peak > 1.94 && child.peak < 2.1);
	assay_stacks_free(s);
}

static void allocations_are_counted_and_sampled(void **state)
{
	(void)state;
	struct assay_stacks *s = profile("target");
	struct sums sums = sums_of(s, 0);
	/* The C library and the loader allocate a little themselves. */
	assert_in_range(sums.allocations, 3 * BLOCKS + 3, 3 * BLOCKS + 100);
	assert_in_range(sums.allocations - sums.freed, BLOCKS, BLOCKS + 60);
	assert_string_equal(sums.peak_unit, "MB");
	assert_string_equal(sums.end_unit, "MB");
	assert_true(sums.at_end >= 1.0 && sums.at_end < 1.3);
	assert_true(sums.peak >= sums.at_end && sums.peak < 1.4);
	assert_string_equal(s->facts.unit, "B");
	assert_true(s->facts.samples > 300); /* 3 MB by 4 KiB */
	if (strstr(s->facts.unwind, "dwarf"))
		assert_true(share_below(s, "hungry") > 0.9);
	assay_stacks_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaks_are_found_and_innocents_left_alone),
		cmocka_unit_test(malformed_lines_are_left_out),
		cmocka_unit_test(allocations_are_counted_and_sampled),
		cmocka_unit_test(threads_and_children_are_counted_apart_and_together),
	};
	if (argc == 2 && strcmp(argv[1], "target") == 0)
		return target();
	if (argc == 2 && strcmp(argv[1], "family") == 0)
		return family();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
