/* SPDX-License-Identifier: MIT */
/* viewer: a file shown by whatever program the desktop has for its kind. */
#ifndef ASSAY_CLI_VIEWER_H
#define ASSAY_CLI_VIEWER_H

#include "harness/base/err.h"

/*
 * Hand the file to xdg-open, without a shell and not waiting for a program that stays. ASSAY_EENV when there is
 * no xdg-open, or when it says within 2 s that it failed.
 */
enum assay_code viewer_open(const char *path, struct assay_err *err);

#endif
