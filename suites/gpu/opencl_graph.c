/* SPDX-License-Identifier: MIT */
/* opencl_graph: finds the functions of OpenCL's command buffers. */
#include "suites/gpu/opencl_graph.h"

#include <string.h>

bool opencl_graph_load(const struct opencl *cl, struct _cl_platform_id *platform,
		       struct opencl_graph_calls *ret)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} calls[] = {
#define OPENCL_GRAPH_SYMBOL(result, field, symbol, parameters) \
	{#symbol, offsetof(struct opencl_graph_calls, field)},
		OPENCL_GRAPH_CALLS(OPENCL_GRAPH_SYMBOL)};
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		void *function = cl->get_extension(platform, calls[i].symbol);
		if (!function)
			return false;
		memcpy((char *)ret + calls[i].offset, &function, sizeof(function));
	}
	return true;
}
