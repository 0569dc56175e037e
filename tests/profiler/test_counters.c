/* SPDX-License-Identifier: MIT */
/*
 * test_counters: every default counter on every chip that an installed CUPTI knows, within the budget of passes, which
 * needs no device; then the helping process, on good names and on those that make the library crash.
 * usage: test_counters [cupti_host]
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "profiler/cupti_range.h"
#include "tests/t.h"

enum { MOST_CHIPS = 64 };

/* Of the newest toolkit that is installed, whatever the stand-ins say. */
/* It opens its parts in a way that ends a process under AddressSanitizer. */
static const char *real_library(void)
{
	if (ASSAY_ASAN)
		return NULL;
	static const char *const paths[] = {
		"/usr/local/cuda/lib64/libcupti.so.13",
		"/usr/local/cuda/extras/CUPTI/lib64/libcupti.so.13",
		"/usr/local/cuda/extras/CUPTI/lib64/libcupti.so.12",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(paths); i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	return NULL;
}

/* On chips that are no processors' parts all of them; those have no memory of their own to count. */
static void check_chip(const char *library, const char *chip, unsigned *seen)
{
	struct cupti_request request;
	static struct cupti_answer answer;
	uint8_t *image;
	cupti_request_all(library, chip, &request);
	cupti_host_answer(&request, NULL, &answer, &image);
	if (answer.refused) { /* listed, and yet not supported: Xavier */
		print_message("# %s: %s\n", chip, answer.text);
		assert_non_null(strstr(answer.text, "does not have it"));
		return;
	}
	bool integrated = strcmp(chip + 2, "10B") == 0 || strcmp(chip + 2, "20B") == 0;
	assert_in_range(answer.passes, 1, CUPTI_MOST_PASSES);
	assert_true(answer.image_bytes > 0 && image);
	for (size_t i = 0; i < request.n; i++)
		if (!answer.names[i][0] &&
		    !(integrated && strncmp(request.names[i][0], "dram__", 6) == 0))
			fail_msg("%s has no %s", chip, request.names[i][0]);
	free(image);
	(*seen)++;
}

static void every_chip_has_every_counter_in_three_passes(void **state)
{
	char chips[MOST_CHIPS][32];
	struct assay_err err = {0};
	size_t n = 0;
	unsigned seen = 0;
	const char *library = real_library();
	if (!library) {
		print_message("# no CUPTI that can be used here\n");
		skip();
	}
	assert_ok(cupti_host_chips(library, chips, MOST_CHIPS, &n, &err));
	for (size_t i = 0; i < n; i++)
		check_chip(library, chips[i], &seen);
	assert_true(seen >= 20);
}

static void a_made_up_name_is_left_out(void **state)
{
	struct cupti_request request;
	static struct cupti_answer answer;
	struct assay_err err = {0};
	uint8_t *image;
	const char *library = real_library();
	if (!library)
		skip();
	cupti_request_all(library, "GH100", &request);
	snprintf(request.names[3][0], CUPTI_METRIC_NAME, "sm__no_such_thing.sum");
	assert_ok(cupti_host_ask(&request, NULL, &answer, &image, &err));
	assert_string_equal(answer.names[3], "");
	assert_string_equal(answer.names[0], "dram__bytes_read.sum");
	free(image);
	/* The newest chips call some of them otherwise. */
	cupti_request_all(library, "GB202", &request);
	assert_ok(cupti_host_ask(&request, NULL, &answer, &image, &err));
	assert_string_equal(answer.names[0], "dram__bytes_op_read.sum");
	free(image);
	cupti_request_all(library, "XX999", &request);
	assert_fails(cupti_host_ask(&request, NULL, &answer, &image, &err), ASSAY_SKIP, "CUPTI");
	assert_null(image);
	/* What is no counter data at all makes the library crash, or say so: here it is a sentence either way. */
	uint8_t data[64] = {1, 2, 3};
	cupti_request_all(library, "GH100", &request);
	request.data_bytes = sizeof(data);
	assert_fails(cupti_host_ask(&request, data, &answer, &image, &err), ASSAY_SKIP, "CUPTI");
}

static void a_library_that_is_none_is_a_sentence(void **state)
{
	struct cupti_request request;
	static struct cupti_answer answer;
	struct assay_err err = {0};
	uint8_t *image;
	cupti_request_all("/nowhere/libcupti.so.13", "GH100", &request);
	assert_fails(cupti_host_ask(&request, NULL, &answer, &image, &err), ASSAY_SKIP, "no CUPTI");
	cupti_request_all("libm.so.6", "GH100", &request);
	assert_fails(cupti_host_ask(&request, NULL, &answer, &image, &err), ASSAY_SKIP,
		     "libm.so.6 has no cuptiProfilerHostGetSupportedChips");
}

static void every_event_has_its_metric(void **state)
{
	for (size_t i = 0; i < cupti_n_metrics; i++)
		assert_string_equal(cupti_metric_events[i], cupti_metrics[i].event);
	assert_null(cupti_metric_events[cupti_n_metrics]);
	assert_true(cupti_n_metrics <= CUPTI_MOST_METRICS);
	assert_null(cupti_metric_find("gpu_nothing"));
	/* One is divided by the other: both are those of all multiprocessors. */
	assert_string_equal(cupti_metric_find("gpu_instructions")->names[0],
			    "sm__inst_executed.sum");
	assert_string_equal(cupti_metric_find("gpu_sm_cycles")->names[0], "sm__cycles_active.sum");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_its_metric),
		cmocka_unit_test(a_library_that_is_none_is_a_sentence),
		cmocka_unit_test(a_made_up_name_is_left_out),
		cmocka_unit_test(every_chip_has_every_counter_in_three_passes),
	};
	if (argc > 1 && strcmp(argv[1], CUPTI_HOST_VERB) == 0)
		return cupti_host_serve(STDIN_FILENO, STDOUT_FILENO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
