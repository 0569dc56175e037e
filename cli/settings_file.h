/* SPDX-License-Identifier: MIT */
/* settings_file: one YAML file of settings. */
#ifndef ASSAY_CLI_SETTINGS_FILE_H
#define ASSAY_CLI_SETTINGS_FILE_H

#include "cli/settings.h"

/*
 * Apply the settings in the file at `path`, if there is one, to *config; the origin of each is
 * "<path>:<line>". A relative path of a store or anchor in it means a file in the folder of `path`; NULL for
 * `folder` leaves it relative to the working directory. ASSAY_EUSAGE with file and line for
 * what is no YAML, an unknown or repeated key, and a value that does not fit; ASSAY_EIO.
 */
enum assay_code config_read_file(struct config *config, const char *path, const char *folder,
				 struct assay_err *err);

#endif
