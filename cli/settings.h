/* SPDX-License-Identifier: MIT */
/*
 * settings: effective settings and where each came from. Order of precedence: built-in < system file <
 * user file < project file < ASSAY_* environment < command line. Files are YAML.
 */
#ifndef ASSAY_CLI_SETTINGS_H
#define ASSAY_CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct config;

/* One setting as it stands. Texts are valid as long as the config. */
struct config_setting {
	const char *key;    /* "samples" */
	const char *value;  /* text in the same grammar as on the command line; NULL: not set */
	const char *origin; /* "built-in", "assay.yaml:3", "ASSAY_SAMPLES", "--samples" */
	const char *help;
};

/*
 * Read every layer but the command line. Keys: profile, set, samples, time, launches, timeout, budget,
 * cpus, counters, seed, db, color, pager, subjects, anchor, probe, and the map `params` (axis name: values, as with -P), kept
 * as keys "params.NAME"; the maps `profiles` and `sets` are kept likewise, see settings_named.h. Unknown keys and malformed values: ASSAY_EUSAGE with file, line and the
 * nearest known key.
 */
enum assay_code config_load(struct config **ret, struct assay_err *err);
/* The project's file: the nearest assay.yaml from the working directory upwards, relative to it. False: there is none. */
enum { CONFIG_PATH = 256 };
bool config_project_file(char ret[CONFIG_PATH]);
void config_free(struct config *config);

/* Set from the command line; `origin` is the option as typed. The value is checked like any other. */
enum assay_code config_set(struct config *config, const char *key, const char *value,
			   const char *origin, struct assay_err *err);

/* As if nothing had set it, not even the build; a key that is not there is fine. */
void config_unset(struct config *config, const char *key);

/* ASSAY_EUSAGE "unknown key 'sampels'; did you mean 'samples'?" */
enum assay_code config_unknown_key(const char *key, struct assay_err *err);

/* The value of a key, or NULL when nothing set it. Unknown key: NULL. */
const char *config_get(const struct config *config, const char *key);

/* The same as a duration; `otherwise_ns` when nothing set it. */
uint64_t config_duration(const struct config *config, const char *key, uint64_t otherwise_ns);

/* All settings in a fixed order, set or not. */
const struct config_setting *config_settings(const struct config *config, size_t *ret_n);

#endif
