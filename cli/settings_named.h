/* SPDX-License-Identifier: MIT */
/*
 * settings_named: what assay.yaml defines under a name of its own: profiles, which say how thoroughly to
 * measure, and parameter sets, which say what. Their parts are settings like any other, with the keys
 * "profiles.NAME.KEY", "sets.NAME.KEY" and "sets.NAME.params.AXIS", so every layer may add to them.
 */
#ifndef ASSAY_CLI_SETTINGS_NAMED_H
#define ASSAY_CLI_SETTINGS_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/settings.h"

enum { CONFIG_NAME = 64 }; /* bytes of the name of a profile or set, with its end */

bool config_key_is_named(const char *key);

/*
 * *ret_like is the setting whose values `key` takes: "samples", "params.AXIS", "brief", "patterns", or "base".
 * It points into `key`. ASSAY_EUSAGE: a profile of a built-in name, or a part that there is not, with the
 * nearest one.
 */
enum assay_code config_named_like(const char *key, const char **ret_like, struct assay_err *err);

/* One line on what a part is, for lists of settings. */
const char *config_named_help(const char *key);

/* The sets that assay comes with, as built-in settings. */
enum assay_code config_named_load(struct config *config, struct assay_err *err);

/* ASSAY_EUSAGE "'quik' is not quick, ci, full or card; did you mean 'quick'?" */
enum assay_code config_check_word(const char *value, const char *const *words, size_t n,
				  struct assay_err *err);
/* One of the four built-in profiles? */
enum assay_code config_check_base(const char *value, struct assay_err *err);
/* Is the value of the setting "profile" or "set" defined so far? Any other key: yes. */
enum assay_code config_check_defined(const struct config *config, const char *key,
				     const char *value, struct assay_err *err);

/*
 * The names under `kind`, "profiles" or "sets", one at each call: begin with *at = 0; false after the last.
 * Valid as long as the config is not changed.
 */
bool config_next_name(const struct config *config, const char *kind, size_t *at,
		      char ret[CONFIG_NAME]);
/* A part of what is defined under a name, or NULL. */
const char *config_named_get(const struct config *config, const char *kind, const char *name,
			     const char *part);

/* The built-in profile that the profile in use is or goes back to: never NULL. */
const char *config_profile_base(const struct config *config);

/*
 * What the sets in use say becomes the setting: params and subjects, over whatever was there. To be called
 * before the command line's own are set. The origin becomes "set NAME (...)".
 */
enum assay_code config_apply_sets(struct config *config, struct assay_err *err);
/* Did a set bring this setting? */
bool config_is_from_set(const struct config_setting *setting);
/* What the profile in use says becomes the setting where nothing else has set it. */
enum assay_code config_apply_profile(struct config *config, struct assay_err *err);

#endif
