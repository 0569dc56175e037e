/* SPDX-License-Identifier: MIT */
/* devices: the hidden verb that looks at drivers and their devices, and the call that starts it. */
#include "cli/devices.h"

#include <string.h>

#include "harness/base/json.h"
#include "harness/engine/child.h"
#include "harness/engine/registry.h"
#include "harness/machine/toolkit.h"
#include "suites/gpu/gpu.h"

/* A driver that is started for the first time may compile something. */
#define PATIENCE_NS 30000000000ull
enum { LIMIT_BYTES = 1 << 16, MOST_TOOLKITS = 16 };

static json_t *limits_json(const struct gpu_info *info)
{
	static const char *const names[GPU_LIMITS] = {"memory", "link",  "fp32", "fp64",
						      "fp16",   "int32", "int8"};
	json_t *limits = json_object();
	for (size_t i = 0; i < GPU_LIMITS; i++)
		json_object_set_new(limits, names[i],
				    info->limits[i] > 0 ? json_real(info->limits[i]) : json_null());
	return limits;
}

static json_t *lacks_json(const struct gpu_info *info)
{
	json_t *lacks = json_array();
	for (size_t i = 0; i < GPU_FEATURES; i++)
		if (info->lacks[i])
			json_array_append_new(lacks, assay_json_text(info->lacks[i]));
	return lacks;
}

static json_t *device_json(const struct assay_subject_entry *entry)
{
	const struct gpu_ops *ops = entry->subject->ops;
	struct gpu_device *device = NULL;
	struct assay_err err = {0};
	enum assay_code code = entry->subject->probe(&err);
	if (code == ASSAY_OK)
		code = ops->open(0, &device, &err);
	if (code != ASSAY_OK)
		return json_pack("{s:s, s:b, s:o}", "subject", entry->name, "usable", 0, "reason",
				 assay_json_text(err.text));
	const struct gpu_info *info = ops->info(device);
	json_t *ret =
		json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "subject", entry->name, "usable",
			  1, "text", assay_json_text(info->text), "compiler",
			  assay_json_text(info->compiler), "limits", limits_json(info), "no_limit",
			  assay_json_text(info->no_limit), "lacks", lacks_json(info));
	ops->close(device);
	return ret;
}

static json_t *toolkits_json(void)
{
	struct assay_toolkit list[MOST_TOOLKITS];
	json_t *toolkits = json_array();
	size_t n = assay_toolkit_list(ASSAY_TOOLKIT_ROOT, "libnvrtc", list, MOST_TOOLKITS);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(toolkits,
				      json_pack("{s:o, s:i}", "path", assay_json_text(list[i].path),
						"major", list[i].major));
	return toolkits;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	static const char *const subjects[] = {"opencl", "cuda"};
	json_t *devices = json_array();
	(void)args;
	for (size_t i = 0; i < ASSAY_COUNT_OF(subjects); i++) {
		const struct assay_subject_entry *entry =
			assay_registry_subject(cli->registry, "gpu", subjects[i]);
		if (entry)
			json_array_append_new(devices, device_json(entry));
	}
	json_t *document = json_pack("{s:o, s:o}", "devices", devices, "toolkits", toolkits_json());
	if (!document || json_dumpf(document, stdout, JSON_COMPACT) != 0 || fflush(stdout) != 0)
		*ret_exit = CLI_FAILED;
	json_decref(document);
	(void)err;
	return ASSAY_OK;
}

static json_t *problem(const char *why)
{
	return json_pack("{s:o}", "problem", assay_json_text(why));
}

json_t *devices_look(const struct cli *cli)
{
	struct assay_err err = {0};
	struct assay_argv argv = {0};
	struct assay_child_end end = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str output = {0};
	char complaint[80];
	enum assay_code rc = assay_argv_add(&argv, "assay", &err);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(&argv, DEVICES_VERB, &err);
	const struct assay_child child = {
		.path = cli->program, .argv = &argv, .in = -1, .errors = -1};
	if (rc == ASSAY_OK)
		rc = assay_child_capture(&child, PATIENCE_NS, LIMIT_BYTES, &output, &end, &err);
	assay_argv_done(&argv);
	if (rc != ASSAY_OK)
		return problem(err.text);
	if (end.timed_out)
		return problem("a driver does not answer: it was given 30 s");
	if (assay_child_complaint(&end, complaint, sizeof(complaint)))
		return problem(complaint);
	json_t *document = json_loads(assay_str_text(&output), 0, NULL);
	return document ? document : problem("what was said of the devices cannot be read");
}

const struct cli_verb cli_verb_devices = {
	.name = DEVICES_VERB,
	.usage = "",
	.options = (const struct cli_option[]){{0}},
	.run = run,
};
