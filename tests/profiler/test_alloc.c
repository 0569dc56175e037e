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

static void allocations_are_counted_and_sampled(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct sampler *sampler = NULL;
	struct assay_stacks *s;
	const char *const *pairs;
	const struct sampler_options options = {.engine = SAMPLER_ALLOC, .bytes = 4096};
	const struct sampler_view view = {.title = "target"};
	char *const argv[] = {(char *)"test_alloc", (char *)"target", NULL};
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
	unsigned long long allocations = 0, freed = 0;
	double peak = 0, at_end = 0;
	const char *line = strstr(s->facts.remarks, "process ");
	assert_non_null(line);
	const char *colon = strchr(line, ':');
	assert_non_null(colon);
	assert_int_equal(sscanf(colon,
				": %llu allocations of %*f %*s %llu freed; at most %lf MB "
				"live at once, %lf MB",
				&allocations, &freed, &peak, &at_end),
			 4);
	/* The C library and the loader allocate a little themselves. */
	assert_in_range(allocations, 3 * BLOCKS + 3, 3 * BLOCKS + 100);
	assert_in_range(allocations - freed, BLOCKS, BLOCKS + 60);
	assert_true(at_end >= 1.0 && at_end < 1.3 && peak >= at_end && peak < 1.4);
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
	};
	if (argc == 2 && strcmp(argv[1], "target") == 0)
		return target();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
