/* SPDX-License-Identifier: MIT */
/*
 * kernels_rows: workloads of suites/kernels for devices, a work item a row. The sizes in the texts are those of
 * kernel.h; the reference is the plain code there.
 */
#include <math.h>

#include "suites/gpu/kernels.h"
#include "suites/kernels/kernel.h"

/* Steps in float and in double differ by less than this, so that beyond it a decision is the same. */
#define MARGIN 1e-4

_Static_assert(KERNEL_WIDTH == 16 && KERNEL_LANDMARKS == 64 && KERNEL_NEURONS == 32 &&
		       KERNEL_INPUTS == 4 && KERNEL_SPIKE_STEPS == 16,
	       "the texts below have these numbers in them");

enum { KMEANS = 0, DISTANCE = 1, RESERVOIR = 2, SPIKING = 3 };

#define HEAD(name)                                                       \
	"GPU_KERNEL void " name                                          \
	"(GPU_GLOBAL const float *shared, GPU_GLOBAL const float *in,\n" \
	"\tGPU_GLOBAL float *out, unsigned rows)\n"                      \
	"{\n"                                                            \
	"\tunsigned row = GPU_ID;\n"                                     \
	"\tif (row >= rows)\n"                                           \
	"\t\treturn;\n"
#define HOST(function, number)                                                                    \
	static void function(const union gpu_host_arg *args, size_t items)                        \
	{                                                                                         \
		size_t rows = args[3].u < items ? args[3].u : items;                              \
		kernel_scalar.rows[number](args[0].memory, args[1].memory, args[2].memory, rows); \
	}

HOST(kmeans_host, KMEANS)
HOST(distance_host, DISTANCE)
HOST(reservoir_host, RESERVOIR)
HOST(spiking_host, SPIKING)

const struct gpu_kernel_source gpu_kernel_kmeans = {
	"kmeans",
	HEAD("kmeans")
	"\tfloat point[16], least = 3.0e38f;\n"
	"\tunsigned nearest = 0;\n"
	"\tfor (unsigned j = 0; j < 16; j++)\n"
	"\t\tpoint[j] = in[row * 16 + j];\n"
	"\tfor (unsigned k = 0; k < 16; k++) {\n"
	"\t\tfloat sum = 0.0f;\n"
	"\t\tfor (unsigned j = 0; j < 16; j++) {\n"
	"\t\t\tfloat d = point[j] - shared[j * 16 + k];\n"
	"\t\t\tsum += d * d;\n"
	"\t\t}\n"
	"\t\tif (sum < least) {\n"
	"\t\t\tleast = sum;\n"
	"\t\t\tnearest = k;\n"
	"\t\t}\n"
	"\t}\n"
	"\tout[row * 2] = (float)nearest;\n"
	"\tout[row * 2 + 1] = least;\n"
	"}\n",
	"bbbu", kmeans_host, 0};

const struct gpu_kernel_source gpu_kernel_distance = {
	"distances", /* OpenCL has a function of the other name */
	HEAD("distances")
	"\tfloat point[16];\n"
	"\tfor (unsigned j = 0; j < 16; j++)\n"
	"\t\tpoint[j] = in[row * 16 + j];\n"
	"\tfor (unsigned k = 0; k < 64; k++) {\n"
	"\t\tfloat sum = 0.0f;\n"
	"\t\tfor (unsigned j = 0; j < 16; j++) {\n"
	"\t\t\tfloat d = point[j] - shared[j * 64 + k];\n"
	"\t\t\tsum += d * d;\n"
	"\t\t}\n"
	"\t\tout[row * 64 + k] = GPU_SQRT(sum);\n"
	"\t}\n"
	"}\n",
	"bbbu", distance_host, 0};

const struct gpu_kernel_source gpu_kernel_reservoir = {
	"reservoir",
	HEAD("reservoir")
	"\tfor (unsigned i = 0; i < 32; i++) {\n"
	"\t\tfloat sum = 0.0f;\n"
	"\t\tfor (unsigned j = 0; j < 36; j++)\n"
	"\t\t\tsum += shared[j * 32 + i] * in[row * 36 + j];\n"
	"\t\tout[row * 32 + i] = (1.0f - 0.3f) * in[row * 36 + i] + 0.3f * GPU_TANH(sum);\n"
	"\t}\n"
	"}\n",
	"bbbu", reservoir_host, 0};

const struct gpu_kernel_source gpu_kernel_spiking = {
	"spiking",
	HEAD("spiking")
	"\tfor (unsigned i = 0; i < 32; i++) {\n"
	"\t\tfloat v = in[row * 64 + i], current = in[row * 64 + 32 + i];\n"
	"\t\tint spikes = 0;\n"
	"\t\tfor (unsigned step = 0; step < 16; step++) {\n"
	"\t\t\tv += 0.1f * (current - v);\n"
	"\t\t\tif (v >= 1.0f) {\n"
	"\t\t\t\tv = 0.0f;\n"
	"\t\t\t\tspikes++;\n"
	"\t\t\t}\n"
	"\t\t}\n"
	"\t\tout[row * 64 + i] = v;\n"
	"\t\tout[row * 64 + 32 + i] = (float)spikes;\n"
	"\t}\n"
	"}\n",
	"bbbu", spiking_host, 0};

/* Are the two nearest centroids so near each other that rounding decides which it is? */
static bool tie(const float *shared, const float *in, const float *got, const float *want)
{
	double distance[2] = {0, 0};
	const float labels[2] = {got[0], want[0]};
	for (int which = 0; which < 2; which++) {
		/* Whatever a wrong kernel leaves there is no number of a centroid. */
		if (!(labels[which] >= 0 && labels[which] < KERNEL_WIDTH))
			return false;
		int k = (int)labels[which];
		for (int j = 0; j < KERNEL_WIDTH; j++) {
			double d = (double)in[j] - shared[j * KERNEL_WIDTH + k];
			distance[which] += d * d;
		}
	}
	return fabs(distance[0] - distance[1]) <= MARGIN && fabs(got[1] - distance[0]) <= MARGIN;
}

/* Did this neuron come so near its threshold that rounding decides whether it fired? */
static bool near_threshold(double v, double current)
{
	for (int step = 0; step < KERNEL_SPIKE_STEPS; step++) {
		v += (double)KERNEL_SPIKE_DT * (current - v);
		if (fabs(v - 1) <= MARGIN)
			return true;
		if (v >= 1)
			v = 0;
	}
	return false;
}

/* A neuron that fired at another step, or once more: whatever else is there is no answer. */
static bool plausible(const float *got, const float *want, int i)
{
	return isfinite(got[i]) && got[i] <= 1 + MARGIN &&
	       fabsf(got[KERNEL_NEURONS + i] - want[KERNEL_NEURONS + i]) <= 1;
}

static bool near_all_thresholds(const float *in, const float *got, const float *want)
{
	for (int i = 0; i < KERNEL_NEURONS; i++) {
		bool same = fabsf(got[i] - want[i]) <= MARGIN &&
			    got[KERNEL_NEURONS + i] == want[KERNEL_NEURONS + i];
		if (!same &&
		    !(plausible(got, want, i) && near_threshold(in[i], in[KERNEL_NEURONS + i])))
			return false;
	}
	return true;
}

enum assay_code gpu_rows_check(const struct gpu_row_kernel *row, const float *shared,
			       const float *in, const float *got, const float *want, size_t rows,
			       struct assay_err *err)
{
	const struct kernel *kernel = &kernels[row->number];
	for (size_t r = 0; r < rows; r++) {
		struct assay_err differs = {0};
		enum assay_code code = kernel_compare(kernel, got, want, kernel->out, &differs);
		bool excused = (row->number == KMEANS && tie(shared, in, got, want)) ||
			       (row->number == SPIKING && near_all_thresholds(in, got, want));
		if (code != ASSAY_OK && !excused)
			return assay_fail(err, code, "row %zu of %zu: %s", r, rows, differs.text);
		in += kernel->in;
		got += kernel->out;
		want += kernel->out;
	}
	return ASSAY_OK;
}

const struct gpu_row_kernel gpu_row_kernels[GPU_ROW_KERNELS] = {
	{&gpu_kernel_kmeans, KMEANS},
	{&gpu_kernel_distance, DISTANCE},
	{&gpu_kernel_reservoir, RESERVOIR},
	{&gpu_kernel_spiking, SPIKING},
};
