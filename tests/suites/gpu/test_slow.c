/* SPDX-License-Identifier: MIT */
/*
 * test_slow: a device that is 3 % slower is found, and one that is not is left alone: launches of the CUDA device on the
 * stand-in for its driver, whose clock has noise of its own, and gates replayed over them. Seeds are fixed, so a rate
 * either holds or does not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/gate/recording.h"
#include "harness/stats/gate_math.h"
#include "suites/gpu/kernels.h"
#include "suites/table.h"
#include "tests/t.h"

enum { LAUNCHES = 160, ITEMS = 4096, GATES = 200 };

static const struct gpu_ops *cuda_ops(void)
{
	for (const struct assay_subject_entry *e = assay_subject_table; e->suite; e++)
		if (strcmp(e->suite, "gpu") == 0 && strcmp(e->name, "cuda") == 0)
			return e->subject->ops;
	return NULL;
}

/* One launch of a benchmark: the device opened, a copy in its memory timed by its events. */
static void launch(unsigned seed, unsigned slow_permille, struct assay_recorded_launch *ret)
{
	char settings[80];
	double scratch[ASSAY_RECORDED_SAMPLES];
	bool preempted;
	struct assay_err err = {0};
	struct gpu_session s = {.ops = cuda_ops()};
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[2];
	struct gpu_arg args[3] = {[2] = {GPU_UINT, {.u = ITEMS}}};
	snprintf(settings, sizeof(settings), "noise=8,seed=%u,slow=%u", seed, slow_permille);
	setenv("FAKE_CUDA", settings, 1);
	assert_ok(gpu_open(&s, &err));
	assert_ok(s.ops->build(s.device, &gpu_kernel_strided, &kernel, &err));
	for (int i = 0; i < 2; i++) {
		assert_ok(s.ops->alloc(s.device, GPU_PLAIN, ITEMS * sizeof(float), &buffers[i],
				       &err));
		args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = buffers[i]}};
	}
	struct gpu_launch what = gpu_over(kernel, args, 3, ITEMS);
	for (size_t i = 0; i < ASSAY_RECORDED_SAMPLES; i++)
		assert_ok(gpu_run(&s, &what, &ret->samples[i], &err));
	ret->summary = assay_gate_launch(ret->samples, NULL, ASSAY_RECORDED_SAMPLES, ASSAY_LOWER,
					 scratch, &preempted);
	for (int i = 0; i < 2; i++)
		s.ops->release(s.device, buffers[i]);
	s.ops->unbuild(s.device, kernel);
	gpu_close(&s);
}

static double mean_of(const struct assay_recorded_launch *launches)
{
	double sum = 0;
	for (size_t i = 0; i < LAUNCHES; i++)
		sum += launches[i].summary;
	return sum / LAUNCHES;
}

static struct assay_gate_score replay(const struct assay_gate_recording *recording, double injected)
{
	const struct assay_gate_experiment experiment = {
		.policy = assay_gate_policy(ASSAY_GATE_NORMAL),
		.benchmarks = 10,
		.gates = GATES,
		.injected = injected,
		.case_index = SIZE_MAX,
		.seed = 5,
	};
	struct assay_gate_score score = {0};
	struct assay_err err = {0};
	assert_ok(assay_gate_replay(recording, &experiment, &score, &err));
	return score;
}

static void a_slower_device_is_found(void **state)
{
	static struct assay_recorded_launch same[LAUNCHES], slower[LAUNCHES];
	char name[] = "gpu/copy";
	struct assay_recorded_case recorded = {name, ASSAY_LOWER, same, LAUNCHES};
	const struct assay_gate_recording recording = {&recorded, 1};
	for (unsigned i = 0; i < LAUNCHES; i++) {
		launch(i + 1, 1000, &same[i]);
		launch(i + 1, 1030, &slower[i]);
	}
	/* The device's clock, from its events to the summary, carries it through. */
	assert_close(mean_of(slower) / mean_of(same), 1.03, 2e-3);
	struct assay_gate_score three = replay(&recording, 0.03), none = replay(&recording, 0);
	print_message("# 3 %% found in %.1f %%; red without a change %.1f %%\n", 100 * three.caught,
		      100 * none.red);
	assert_true(three.caught >= 0.95);
	assert_true(none.red <= 0.01 && three.red <= 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_slower_device_is_found)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
