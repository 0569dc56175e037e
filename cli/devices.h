/* SPDX-License-Identifier: MIT */
/* devices: what suites/gpu would measure here, looked at by a process of its own: drivers crash, hang and keep threads. */
#ifndef ASSAY_CLI_DEVICES_H
#define ASSAY_CLI_DEVICES_H

#include <jansson.h>

#include "cli/cli.h"

#define DEVICES_VERB "devices"

/*
 * {"devices": [{"subject", "usable", "text", "reason", "compiler", "limits": {NAME: per second}, "no_limit", "lacks": [..]}],
 * "toolkits": [{"path", "major"}]}; when the look failed only {"problem": why}. Free with json_decref(); NULL: no memory.
 */
json_t *devices_look(const struct cli *cli);

#endif
