/* SPDX-License-Identifier: MIT */
/* open_opencl: OpenCL's first device for tests, which are skipped where there is none. */
#ifndef ASSAY_TESTS_SUITES_GPU_OPEN_OPENCL_H
#define ASSAY_TESTS_SUITES_GPU_OPEN_OPENCL_H

#include "suites/gpu/gpu.h"
#include "suites/table.h"
#include "tests/t.h"

/* A way to devices, or the host's processor, by its name. */
static inline const struct assay_subject *subject(const char *name)
{
	for (const struct assay_subject_entry *e = assay_subject_table; e->suite; e++)
		if (strcmp(e->suite, "gpu") == 0 && strcmp(e->name, name) == 0)
			return e->subject;
	return NULL;
}

/* OpenCL's device, or skip the test when there is none here. */
static inline struct gpu_device *open_opencl(const struct gpu_ops **ops)
{
	struct assay_err err = {0};
	struct gpu_device *device = NULL;
	if (subject("opencl")->probe(&err) != ASSAY_OK) {
		print_message("# no OpenCL: %s\n", err.text);
		assert_int_equal(err.code, ASSAY_SKIP);
		assert_true(err.text[0] != '\0');
		skip();
	}
	*ops = subject("opencl")->ops;
	assert_ok((*ops)->open(0, &device, &err));
	return device;
}

#endif
