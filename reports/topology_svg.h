/* SPDX-License-Identifier: MIT */
/* topology_svg: a machine as a drawing. */
#ifndef ASSAY_REPORTS_TOPOLOGY_SVG_H
#define ASSAY_REPORTS_TOPOLOGY_SVG_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/str.h"

/*
 * Append the packages, caches and cores of a machine, as assay_topology_json() tells them and runs record them. Above 64
 * cores one box stands for those under a last-level cache. `alone`: a file of its own, with its own style, else
 * an element of a page. False, and nothing is appended, when there are no processing units or more than 1,024.
 */
bool assay_topology_svg(struct assay_str *to, const json_t *machine, bool alone);

#endif
