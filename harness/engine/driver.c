/* SPDX-License-Identifier: MIT */
/* driver: native and gbench behind one seam. */
#include "harness/engine/driver.h"

#include <math.h>
#include <string.h>

#include "harness/engine/gbench.h"

const struct assay_driver assay_driver_native = {.name = "native", .batch = gang_batch};

struct request {
	struct gang *gang;
	uint64_t n;
	struct gang_batch *ret;
};

static void one_batch(void *context)
{
	const struct request *request = context;
	gang_batch(request->gang, request->n, 0, request->ret);
}

static void batch_under_gbench(struct gang *gang, uint64_t n, uint64_t window_ns,
			       struct gang_batch *ret)
{
	struct request request = {gang, n, ret};
	struct gbench_times times;
	(void)window_ns;
	gang->hooks = (struct loop_hooks){.begin = gbench_begin, .end = gbench_end};
	bool ran = gbench_run(n, one_batch, &request, &times);
	gang->hooks = (struct loop_hooks){0};
	if (!ran) {
		gang_fail(gang, ASSAY_STATUS_FAILED, "Google Benchmark did not time the loop");
		return;
	}
	if (isnan(gang->elapsed_ns)) /* a time stated by the body beats any clock around it */
		ret->wall_ns = times.real_ns;
	ret->cpu_ns = times.cpu_ns;
}

const struct assay_driver assay_driver_gbench = {.name = "gbench", .batch = batch_under_gbench};

/* Why gbench cannot run this case, or NULL. */
static const char *gbench_unfit(const struct assay_case *c)
{
	if (!gbench_version())
		return "this assay was built without Google Benchmark";
	if (c->bench->bench->mode != ASSAY_RATE)
		return "it only measures RATE";
	if (c->threads != 1)
		return "its times of several threads are wrong";
	return NULL;
}

enum assay_code assay_driver_choose(const char *name, const struct assay_case *c,
				    const struct assay_driver **ret, struct assay_err *err)
{
	const char *unfit = gbench_unfit(c);
	if (!name) {
		*ret = unfit ? &assay_driver_native : &assay_driver_gbench;
		return ASSAY_OK;
	}
	if (strcmp(name, "native") == 0) {
		*ret = &assay_driver_native;
		return ASSAY_OK;
	}
	if (strcmp(name, "gbench") != 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "unknown driver '%.40s'; there are native and gbench", name);
	if (unfit)
		return assay_fail(err, ASSAY_EUSAGE, "driver gbench cannot run this case: %s",
				  unfit);
	*ret = &assay_driver_gbench;
	return ASSAY_OK;
}
