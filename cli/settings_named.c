/* SPDX-License-Identifier: MIT */
/* settings_named: parts of profiles and sets, the sets that assay comes with, and how both take effect. */
#include "cli/settings_named.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"

static const char *const built_in_profiles[] = {"quick", "ci", "full", "card"};

/* The parts of a profile; "base" and those after it are no settings of their own. */
static const char *const profile_parts[] = {
	"samples",  "time",     "launches", "timeout", "budget",   "cpus",
	"counters", "subjects", "base",     "brief",   "patterns",
};
enum { N_FILLED = 8 }; /* the first of them fill settings that nothing else has set */

static const char *const set_parts[] = {"brief", "subjects", "params"};

/*
 * Three ways in which the code under test is set up, as axes that mean the same in every benchmark that has
 * them. docs/configuration.md says what each changes.
 */
static const struct {
	const char *key, *value;
} shipped[] = {
	{"sets.high_performance.brief", "memory is plentiful: large caches and pages, big batches"},
	{"sets.high_performance.params.batch", "16"},
	{"sets.high_performance.params.budget", "32Mi"},
	{"sets.high_performance.params.commit", "batch"},
	{"sets.high_performance.params.every", "1"},
	{"sets.high_performance.params.pages", "huge"},
	{"sets.high_performance.params.plain", "0.3"},
	{"sets.high_performance.params.tiers", "memory"},
	{"sets.memory_optimized.brief",
	 "memory is scarce: small caches, compressed, recomputed or on disk"},
	{"sets.memory_optimized.params.batch", "1"},
	{"sets.memory_optimized.params.budget", "2Mi"},
	{"sets.memory_optimized.params.every", "16"},
	{"sets.memory_optimized.params.pages", "4k"},
	{"sets.memory_optimized.params.plain", "0.1"},
	{"sets.memory_optimized.params.tiers", "disk"},
	{"sets.distributed.brief",
	 "state and work in other processes: Redis, message passing, write-through"},
	{"sets.distributed.params.commit", "each"},
	{"sets.distributed.params.peer", "redis"},
	{"sets.distributed.params.tiers", "redis"},
	{"sets.distributed.params.write", "through"},
};

/* "profiles.nightly.samples" into "nightly" and "samples"; false when it is no key under `kind`. */
static bool split(const char *key, const char *kind, char name[CONFIG_NAME], const char **ret_part)
{
	size_t n = strlen(kind);
	if (strncmp(key, kind, n) != 0 || key[n] != '.')
		return false;
	const char *begin = key + n + 1, *dot = strchr(begin, '.');
	if (!dot || dot - begin >= CONFIG_NAME)
		return false;
	memcpy(name, begin, (size_t)(dot - begin));
	name[dot - begin] = '\0';
	*ret_part = dot + 1;
	return true;
}

bool config_key_is_named(const char *key)
{
	char name[CONFIG_NAME];
	const char *part;
	return split(key, "profiles", name, &part) || split(key, "sets", name, &part);
}

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static enum assay_code unknown_part(const char *kind, const char *name, const char *part,
				    const char *const *parts, size_t n, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str list = {0};
	const char *nearest = assay_nearest(part, parts, n);
	for (size_t i = 0; i < n; i++)
		assay_str_add(&list, "%s%s", i ? ", " : "", parts[i]);
	if (nearest)
		return assay_fail(err, ASSAY_EUSAGE,
				  "%s '%s': unknown key '%.80s'; did you mean '%s'?", kind, name,
				  part, nearest);
	return assay_fail(err, ASSAY_EUSAGE, "%s '%s': unknown key '%.80s'; there are %s", kind,
			  name, part, assay_str_text(&list));
}

enum assay_code config_named_like(const char *key, const char **ret_like, struct assay_err *err)
{
	char name[CONFIG_NAME];
	const char *part = key;
	if (split(key, "profiles", name, &part)) {
		if (is_one_of(name, built_in_profiles, ASSAY_COUNT_OF(built_in_profiles)))
			return assay_fail(err, ASSAY_EUSAGE,
					  "profile '%s' is built in; give yours another name",
					  name);
		if (!is_one_of(part, profile_parts, ASSAY_COUNT_OF(profile_parts)))
			return unknown_part("profile", name, part, profile_parts,
					    ASSAY_COUNT_OF(profile_parts), err);
	} else if (split(key, "sets", name, &part)) {
		if (strncmp(part, "params.", 7) != 0 &&
		    !is_one_of(part, set_parts, ASSAY_COUNT_OF(set_parts) - 1))
			return unknown_part("set", name, part, set_parts, ASSAY_COUNT_OF(set_parts),
					    err);
	}
	*ret_like = part;
	return ASSAY_OK;
}

const char *config_named_help(const char *key)
{
	return strncmp(key, "profiles.", 9) == 0 ? "part of a profile, for -p"
						 : "part of a parameter set, for --set";
}

enum assay_code config_named_load(struct config *config, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < ASSAY_COUNT_OF(shipped); i++)
		code = config_set(config, shipped[i].key, shipped[i].value, "built-in", err);
	return code;
}

enum assay_code config_check_word(const char *value, const char *const *words, size_t n,
				  struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str list = {0};
	for (size_t i = 0; i < n; i++) {
		if (strcmp(value, words[i]) == 0)
			return ASSAY_OK;
		assay_str_add(&list, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", words[i]);
	}
	const char *nearest = assay_nearest(value, words, n);
	if (nearest)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is not %s; did you mean '%s'?", value,
				  assay_str_text(&list), nearest);
	return assay_fail(err, ASSAY_EUSAGE, "'%s' is not %s", value, assay_str_text(&list));
}

enum assay_code config_check_base(const char *value, struct assay_err *err)
{
	return config_check_word(value, built_in_profiles, ASSAY_COUNT_OF(built_in_profiles), err);
}

bool config_next_name(const struct config *config, const char *kind, size_t *at,
		      char ret[CONFIG_NAME])
{
	size_t n;
	const struct config_setting *settings = config_settings(config, &n);
	char before[CONFIG_NAME] = "";
	const char *part;
	if (*at) /* its parts stand together */
		split(settings[*at - 1].key, kind, before, &part);
	for (; *at < n; ++*at) {
		if (!split(settings[*at].key, kind, ret, &part) || strcmp(ret, before) == 0)
			continue;
		++*at;
		return true;
	}
	return false;
}

const char *config_named_get(const struct config *config, const char *kind, const char *name,
			     const char *part)
{
	ASSAY_AUTO(assay_str_done) struct assay_str key = {0};
	assay_str_add(&key, "%s.%s.%s", kind, name, part);
	return config_get(config, assay_str_text(&key));
}

/* Is `value` one of words[n], or defined under `kind`? */
static enum assay_code check_known(const struct config *config, const char *kind,
				   const char *const *words, size_t n, const char *value,
				   struct assay_err *err)
{
	size_t most;
	config_settings(config, &most);
	char(*names)[CONFIG_NAME] = calloc(most + 1, sizeof(*names));
	const char **all = calloc(most + n + 1, sizeof(*all));
	enum assay_code code = ASSAY_ENOMEM;
	if (names && all) {
		size_t defined = 0;
		for (size_t i = 0; i < n; i++)
			all[i] = words[i];
		for (size_t at = 0; config_next_name(config, kind, &at, names[defined]); defined++)
			all[n + defined] = names[defined];
		code = config_check_word(value, all, n + defined, err);
	} else {
		assay_fail(err, code, "out of memory while reading settings");
	}
	free(names);
	free(all);
	return code;
}

enum assay_code config_check_defined(const struct config *config, const char *key,
				     const char *value, struct assay_err *err)
{
	if (strcmp(key, "profile") == 0)
		return check_known(config, "profiles", built_in_profiles,
				   ASSAY_COUNT_OF(built_in_profiles), value, err);
	if (strcmp(key, "set") != 0)
		return ASSAY_OK;
	ASSAY_AUTO_FREE char *copy = strdup(value);
	char *cursor = copy, *name;
	if (!copy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading settings");
	enum assay_code code = ASSAY_OK;
	while (code == ASSAY_OK && (name = strsep(&cursor, ",")))
		code = check_known(config, "sets", NULL, 0, name, err);
	return code;
}

const char *config_profile_base(const struct config *config)
{
	const char *name = config_get(config, "profile");
	if (is_one_of(name, built_in_profiles, ASSAY_COUNT_OF(built_in_profiles)))
		return name;
	const char *base = config_named_get(config, "profiles", name, "base");
	return base ? base : built_in_profiles[0];
}

/* Make settings[i], a part of the profile or set `name`, the setting `key`. */
static enum assay_code take_over(struct config *config, const struct config_setting *from,
				 const char *what, const char *name, const char *key,
				 struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str origin = {0};
	assay_str_add(&origin, "%s %s (%s)", what, name, from->origin);
	return config_set(config, key, from->value, assay_str_text(&origin), err);
}

static enum assay_code apply_set(struct config *config, const char *name, struct assay_err *err)
{
	size_t n;
	const struct config_setting *settings = config_settings(config, &n);
	enum assay_code code = ASSAY_OK;
	/* A new axis moves what follows up by one, so that a part may be seen a second time: no harm. */
	for (size_t i = 0; code == ASSAY_OK && i < n; settings = config_settings(config, &n), i++) {
		char owner[CONFIG_NAME];
		const char *part;
		if (!settings[i].value || !split(settings[i].key, "sets", owner, &part) ||
		    strcmp(owner, name) != 0 || strcmp(part, "brief") == 0)
			continue;
		code = take_over(config, &settings[i], "set", name, part, err);
	}
	return code;
}

enum assay_code config_apply_sets(struct config *config, struct assay_err *err)
{
	const char *sets = config_get(config, "set");
	ASSAY_AUTO_FREE char *copy = strdup(sets ? sets : "");
	char *cursor = copy, *name;
	if (!copy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading settings");
	enum assay_code code = ASSAY_OK;
	while (code == ASSAY_OK && *copy && (name = strsep(&cursor, ",")))
		code = apply_set(config, name, err);
	return code;
}

bool config_is_from_set(const struct config_setting *setting)
{
	return setting->origin && strncmp(setting->origin, "set ", 4) == 0;
}

/* What an earlier profile has filled in is no longer set: one process may measure more than once. */
static void withdraw_profile(struct config *config)
{
	size_t n;
	const struct config_setting *settings = config_settings(config, &n);
	for (size_t i = 0; i < n; i++)
		if (settings[i].origin && strncmp(settings[i].origin, "profile ", 8) == 0)
			config_unset(config, settings[i].key);
}

enum assay_code config_apply_profile(struct config *config, struct assay_err *err)
{
	withdraw_profile(config);
	ASSAY_AUTO_FREE char *name = strdup(config_get(config, "profile"));
	if (!name)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading settings");
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < N_FILLED; i++) {
		ASSAY_AUTO(assay_str_done) struct assay_str key = {0};
		assay_str_add(&key, "profiles.%s.%s", name, profile_parts[i]);
		size_t n, at = 0;
		const struct config_setting *settings = config_settings(config, &n);
		while (at < n && strcmp(settings[at].key, assay_str_text(&key)) != 0)
			at++;
		if (at < n && settings[at].value && !config_get(config, profile_parts[i]))
			code = take_over(config, &settings[at], "profile", name, profile_parts[i],
					 err);
	}
	return code;
}
