/* SPDX-License-Identifier: MIT */
/* cupti_metrics: the counters that are asked for by default. All of them together take three passes on every chip. */
#include <string.h>

#include "harness/base/str.h"
#include "profiler/cupti_range.h"

#define FLOPS(name, letter, what)                                                      \
	{                                                                              \
		name, "", 1,                                                           \
		{                                                                      \
			"sm__sass_thread_inst_executed_op_" letter what "_pred_on.sum" \
		}                                                                      \
	}

const struct cupti_metric cupti_metrics[] = {
	{"gpu_dram_read", "B", 1, {"dram__bytes_read.sum", "dram__bytes_op_read.sum"}},
	{"gpu_dram_write", "B", 1, {"dram__bytes_write.sum", "dram__bytes_op_write.sum"}},
	{"gpu_dram_share", "ratio", 0.01, {"dram__throughput.avg.pct_of_peak_sustained_elapsed"}},
	{"gpu_l2_bytes", "B", 1, {"lts__t_bytes.sum"}},
	{"gpu_l1_bytes", "B", 1, {"l1tex__t_bytes.sum"}},
	{"gpu_l2_hits", "ratio", 0.01, {"lts__t_sector_hit_rate.pct"}},
	{"gpu_l1_hits", "ratio", 0.01, {"l1tex__t_sector_hit_rate.pct"}},
	{"gpu_range_time", "ns", 1, {"gpu__time_duration.sum"}},
	{"gpu_occupancy", "ratio", 0.01, {"sm__warps_active.avg.pct_of_peak_sustained_active"}},
	{"gpu_sm_cycles", "", 1, {"sm__cycles_active.sum"}}, /* of all, as the instructions are */
	{"gpu_instructions", "", 1, {"sm__inst_executed.sum"}},
	{"gpu_tensor_share",
	 "ratio",
	 0.01,
	 {"sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active"}},
	FLOPS("gpu_f32_add", "f", "add"),
	FLOPS("gpu_f32_mul", "f", "mul"),
	FLOPS("gpu_f32_fma", "f", "fma"),
	FLOPS("gpu_f64_add", "d", "add"),
	FLOPS("gpu_f64_mul", "d", "mul"),
	FLOPS("gpu_f64_fma", "d", "fma"),
	/* One of these computes on two numbers, in a word (HADD2, HMUL2, HFMA2). */
	FLOPS("gpu_f16_add", "h", "add"),
	FLOPS("gpu_f16_mul", "h", "mul"),
	FLOPS("gpu_f16_fma", "h", "fma"),
};

const size_t cupti_n_metrics = ASSAY_COUNT_OF(cupti_metrics);

const char *const cupti_metric_events[] = {
	"gpu_dram_read",    "gpu_dram_write",
	"gpu_dram_share",   "gpu_l2_bytes",
	"gpu_l1_bytes",     "gpu_l2_hits",
	"gpu_l1_hits",      "gpu_range_time",
	"gpu_occupancy",    "gpu_sm_cycles",
	"gpu_instructions", "gpu_tensor_share",
	"gpu_f32_add",      "gpu_f32_mul",
	"gpu_f32_fma",      "gpu_f64_add",
	"gpu_f64_mul",      "gpu_f64_fma",
	"gpu_f16_add",      "gpu_f16_mul",
	"gpu_f16_fma",      NULL,
};

const struct cupti_metric *cupti_metric_find(const char *event)
{
	for (size_t i = 0; i < cupti_n_metrics; i++)
		if (strcmp(cupti_metrics[i].event, event) == 0)
			return &cupti_metrics[i];
	return NULL;
}

void cupti_request_all(const char *library, const char *chip, struct cupti_request *ret)
{
	*ret = (struct cupti_request){.n = (uint32_t)cupti_n_metrics};
	assay_copy(ret->library, sizeof(ret->library), library);
	assay_copy(ret->chip, sizeof(ret->chip), chip);
	for (size_t i = 0; i < cupti_n_metrics; i++)
		for (size_t k = 0; k < CUPTI_ALIASES && cupti_metrics[i].names[k]; k++)
			assay_copy(ret->names[i][k], CUPTI_METRIC_NAME, cupti_metrics[i].names[k]);
}
