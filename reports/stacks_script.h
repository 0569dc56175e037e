/* SPDX-License-Identifier: MIT */
/* stacks_script: what a flame graph is dressed in, and what it does when it is clicked. */
#ifndef ASSAY_REPORTS_STACKS_SCRIPT_H
#define ASSAY_REPORTS_STACKS_SCRIPT_H

/* Whole elements, for inside <svg>; nothing in them comes from outside. */
extern const char stacks_svg_style[];
extern const char stacks_svg_script[];

#endif
