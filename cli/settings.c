/* SPDX-License-Identifier: MIT */
/* settings: the keys there are, what each may hold, and the layers that set them. */
#include "cli/settings.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/settings_file.h"
#include "cli/settings_named.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"
#include "harness/engine/starter.h"
#include "harness/machine/placement.h"

enum {
	MOST_CPUS = 4096,
	MOST_SAMPLES = 1000000,
	MOST_LAUNCHES = 1000,
	LONGEST_VALUE = 4096,
	MOST_FOLDERS = 64
};

typedef enum assay_code check_fn(const char *value, struct assay_err *err);

static enum assay_code check_profile(const char *value, struct assay_err *err)
{
	/* whether there is one of that name is known when the layer has been read */
	return *value ? ASSAY_OK : assay_fail(err, ASSAY_EUSAGE, "the name is empty");
}

static enum assay_code check_color(const char *value, struct assay_err *err)
{
	static const char *const words[] = {"auto", "always", "never"};
	return config_check_word(value, words, ASSAY_COUNT_OF(words), err);
}

static enum assay_code check_samples(const char *value, struct assay_err *err)
{
	uint64_t n;
	return assay_parse_u64(value, 1, MOST_SAMPLES, &n, err);
}

static enum assay_code check_launches(const char *value, struct assay_err *err)
{
	uint64_t n;
	return assay_parse_u64(value, 1, MOST_LAUNCHES, &n, err);
}

static enum assay_code check_seed(const char *value, struct assay_err *err)
{
	uint64_t n;
	return assay_parse_u64(value, 0, UINT64_MAX, &n, err);
}

static enum assay_code check_duration(const char *value, struct assay_err *err)
{
	uint64_t ns;
	enum assay_code code = assay_parse_duration(value, &ns, err);
	if (code == ASSAY_OK && ns == 0)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is no time at all", value);
	return code;
}

static enum assay_code check_cpus(const char *value, struct assay_err *err)
{
	ASSAY_AUTO_FREE unsigned *list = calloc(MOST_CPUS, sizeof(*list));
	if (!list)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading a list of CPUs");
	struct assay_placement placement;
	return assay_placement_parse(value, list, MOST_CPUS, &placement, err);
}

/* A comma-separated list of non-empty items made of `allowed` bytes. */
static enum assay_code check_list(const char *value, const char *allowed, const char *what,
				  struct assay_err *err)
{
	for (const char *item = value;; item++) {
		size_t n = strspn(item, allowed);
		if (n == 0 || (item[n] && item[n] != ','))
			return assay_fail(err, ASSAY_EUSAGE, "'%s' is not a list of %s", value,
					  what);
		item += n;
		if (!*item)
			return ASSAY_OK;
	}
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static enum assay_code check_subjects(const char *value, struct assay_err *err)
{
	return check_list(value, LETTERS "/*", "subjects (write pool,glibc)", err);
}

static enum assay_code check_counters(const char *value, struct assay_err *err)
{
	return check_list(value, LETTERS ":-.=", "counters (write instructions,page-faults)", err);
}

/* What an item means is for its axis to say, which may take the name of a file. */
static enum assay_code check_axis_values(const char *value, struct assay_err *err)
{
	char shown[400];
	assay_sanitise(shown, sizeof(shown), value);
	bool clean = strcmp(shown, value) == 0 && *value && *value != ',';
	if (!clean || strstr(value, ",,") || value[strlen(value) - 1] == ',')
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%.80s' is not a list of values (write 16,256,4Ki or "
				  "4Ki..1Gi:x2)",
				  shown);
	return ASSAY_OK;
}

static enum assay_code check_sets(const char *value, struct assay_err *err)
{
	return check_list(value, LETTERS, "sets (write memory_optimized)", err);
}

static enum assay_code check_brief(const char *value, struct assay_err *err)
{
	char shown[200];
	assay_sanitise(shown, sizeof(shown), value);
	return strcmp(shown, value) == 0 ? ASSAY_OK
					 : assay_fail(err, ASSAY_EUSAGE,
						      "'%.40s' is not one line of fewer than %zu "
						      "bytes",
						      shown, sizeof(shown));
}

static enum assay_code check_pager(const char *value, struct assay_err *err)
{
	struct assay_argv argv;
	if (!*value)
		return ASSAY_OK;
	enum assay_code code = assay_argv_split(value, &argv, err);
	if (code == ASSAY_OK)
		assay_argv_done(&argv);
	return code;
}

/* How ranks are started; see harness/engine/starter.h. */
static enum assay_code check_launcher(const char *value, struct assay_err *err)
{
	struct assay_argv template;
	enum assay_code code = assay_starter_parse(value, &template, err);
	if (code == ASSAY_OK)
		assay_argv_done(&template);
	return code;
}

static enum assay_code check_path(const char *value, struct assay_err *err)
{
	return *value ? ASSAY_OK : assay_fail(err, ASSAY_EUSAGE, "the path is empty");
}

/* The keys, in the order in which they are shown. */
static const struct spec {
	const char *key;
	const char *built_in; /* NULL: the profile or the verb decides */
	check_fn *check;
	const char *help;
} specs[] = {
	{"profile", "quick", check_profile, "how thoroughly: quick, ci, full, card or your own"},
	{"set", NULL, check_sets, "parameter sets to measure with, see sets below"},
	{"samples", NULL, check_samples, "samples per launch"},
	{"time", NULL, check_duration, "time to spend on one launch of a case"},
	{"launches", NULL, check_launches, "fresh processes per case"},
	{"timeout", NULL, check_duration, "deadline of one launch"},
	{"budget", NULL, check_duration, "time to spend on a whole run"},
	{"cpus", NULL, check_cpus, "CPUs or placement policy, e.g. 0-3 or spread"},
	{"counters", NULL, check_counters, "events to count in a pass of their own"},
	{"seed", NULL, check_seed, "seed of schedule and workloads; default: random"},
	{"db", "results.db", check_path, "the result store"},
	{"color", "auto", check_color, "auto, always or never"},
	{"pager", NULL, check_pager, "what shows long output; not set: $PAGER or less"},
	{"subjects", NULL, check_subjects, "subjects to measure; default: all"},
	{"anchor", NULL, check_path, "frozen plug-in or build to hold every result against"},
	{"probe", "250ms", check_duration, "time to listen for noise before measuring"},
};

enum { N_SPECS = ASSAY_COUNT_OF(specs) };

/* What only profiles and sets have. */
static const struct spec inner[] = {
	{"base", NULL, config_check_base, NULL},
	{"brief", NULL, check_brief, NULL},
	{"patterns", NULL, check_axis_values, NULL},
};

/* Maps: keys under them are the user's own. */
static const struct family {
	const char *prefix, *what, *help;
	check_fn *check;
} families[] = {
	{"params.", "an axis", "values of this axis, as with -P", check_axis_values},
	{"launchers.", "a launcher", "how --launcher of this name starts ranks", check_launcher},
};

struct config {
	struct config_setting *settings; /* specs first, then the others sorted by key */
	size_t n;
	bool loaded; /* every layer but the command line has been read */
};

/* The map that the key is in, or NULL. */
static const struct family *family_of(const char *key)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(families); i++)
		if (strncmp(key, families[i].prefix, strlen(families[i].prefix)) == 0)
			return &families[i];
	return NULL;
}

static struct config_setting *find(const struct config *config, const char *key)
{
	for (size_t i = 0; i < config->n; i++)
		if (strcmp(config->settings[i].key, key) == 0)
			return &config->settings[i];
	return NULL;
}

enum assay_code config_unknown_key(const char *key, struct assay_err *err)
{
	const char *names[N_SPECS + 4];
	for (size_t i = 0; i < N_SPECS; i++)
		names[i] = specs[i].key;
	names[N_SPECS] = "params";
	names[N_SPECS + 1] = "profiles";
	names[N_SPECS + 2] = "sets";
	names[N_SPECS + 3] = "launchers";
	const char *nearest = assay_nearest(key, names, ASSAY_COUNT_OF(names));
	if (nearest)
		return assay_fail(err, ASSAY_EUSAGE, "unknown key '%s'; did you mean '%s'?", key,
				  nearest);
	return assay_fail(err, ASSAY_EUSAGE, "unknown key '%s'; 'assay config' lists them", key);
}

/* Whatever a parser calls it, here it is the user's setting that is wrong. An option and a variable name
 * the key already, a line in a file does not. */
static enum assay_code wrong(const char *key, const char *origin, enum assay_code code,
			     struct assay_err *err)
{
	bool named = origin[0] == '-' || strncmp(origin, "ASSAY_", 6) == 0;
	if (code == ASSAY_OK || code == ASSAY_ENOMEM)
		return code;
	return assay_context(err, ASSAY_EUSAGE, "%s%s%s", origin, named ? "" : ": ",
			     named ? "" : key);
}

static check_fn *check_of(const char *key)
{
	for (size_t i = 0; i < N_SPECS; i++)
		if (strcmp(specs[i].key, key) == 0)
			return specs[i].check;
	for (size_t i = 0; i < ASSAY_COUNT_OF(inner); i++)
		if (strcmp(inner[i].key, key) == 0)
			return inner[i].check;
	const struct family *family = family_of(key);
	return family ? family->check : check_axis_values;
}

static enum assay_code check(const struct config *config, const char *key, const char *value,
			     const char *origin, struct assay_err *err)
{
	const char *like = key;
	if (strlen(value) > LONGEST_VALUE)
		return assay_fail(err, ASSAY_EUSAGE, "%s: %s: longer than %d bytes", origin, key,
				  LONGEST_VALUE);
	if (config_key_is_named(key) && config_named_like(key, &like, err) != ASSAY_OK)
		return assay_context(err, ASSAY_EUSAGE, "%s", origin);
	const struct family *family = family_of(like);
	if (family && !assay_name_valid(like + strlen(family->prefix)))
		return assay_fail(err, ASSAY_EUSAGE, "%s: '%s' cannot be the name of %s", origin,
				  like + strlen(family->prefix), family->what);
	enum assay_code code = check_of(like)(value, err);
	if (code == ASSAY_OK && config->loaded)
		code = config_check_defined(config, key, value, err);
	return wrong(key, origin, code, err);
}

/* Do the profile and the sets that were asked for exist by now? */
static enum assay_code check_choices(const struct config *config, struct assay_err *err)
{
	static const char *const keys[] = {"profile", "set"};
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < ASSAY_COUNT_OF(keys); i++) {
		const struct config_setting *setting = find(config, keys[i]);
		if (setting->value)
			code = wrong(keys[i], setting->origin,
				     config_check_defined(config, keys[i], setting->value, err),
				     err);
	}
	return code;
}

static const char *help_of(const char *key)
{
	const struct family *family = family_of(key);
	return family ? family->help : config_named_help(key);
}

/* Make room for a further key, keeping them sorted; NULL when out of memory. */
static struct config_setting *insert(struct config *config, const char *key)
{
	struct config_setting *grown =
		reallocarray(config->settings, config->n + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	config->settings = grown;
	char *copy = strdup(key);
	if (!copy)
		return NULL;
	size_t at = config->n++;
	for (; at > N_SPECS && strcmp(grown[at - 1].key, key) > 0; at--)
		grown[at] = grown[at - 1];
	grown[at] = (struct config_setting){.key = copy, .help = help_of(key)};
	return &grown[at];
}

static enum assay_code store(struct config_setting *setting, const char *value, const char *origin,
			     struct assay_err *err)
{
	char *value_copy = strdup(value);
	char *origin_copy = strdup(origin);
	if (!value_copy || !origin_copy) {
		free(value_copy);
		free(origin_copy);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading settings");
	}
	free((char *)setting->value);
	free((char *)setting->origin);
	setting->value = value_copy;
	setting->origin = origin_copy;
	return ASSAY_OK;
}

enum assay_code config_set(struct config *config, const char *key, const char *value,
			   const char *origin, struct assay_err *err)
{
	struct config_setting *setting = find(config, key);
	if (!setting && !family_of(key) && !config_key_is_named(key))
		return assay_context(err, config_unknown_key(key, err), "%s", origin);
	enum assay_code code = check(config, key, value, origin, err);
	if (code != ASSAY_OK)
		return code;
	if (!setting)
		setting = insert(config, key);
	if (!setting)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading settings");
	return store(setting, value, origin, err);
}

void config_unset(struct config *config, const char *key)
{
	struct config_setting *setting = find(config, key);
	if (!setting)
		return;
	free((char *)setting->value);
	free((char *)setting->origin);
	setting->value = setting->origin = NULL;
}

const char *config_get(const struct config *config, const char *key)
{
	const struct config_setting *setting = find(config, key);
	return setting ? setting->value : NULL;
}

uint64_t config_duration(const struct config *config, const char *key, uint64_t otherwise_ns)
{
	uint64_t ns = otherwise_ns;
	const char *text = config_get(config, key);
	if (text) /* checked when it was set */
		assay_parse_duration(text, &ns, NULL);
	return ns;
}

const struct config_setting *config_settings(const struct config *config, size_t *ret_n)
{
	*ret_n = config->n;
	return config->settings;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->n; i++) {
		free((char *)config->settings[i].value);
		free((char *)config->settings[i].origin);
		if (i >= N_SPECS)
			free((char *)config->settings[i].key);
	}
	free(config->settings);
	free(config);
}

static enum assay_code load_built_in(struct config *config, struct assay_err *err)
{
	config->settings = calloc(N_SPECS, sizeof(*config->settings));
	if (!config->settings)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading settings");
	config->n = N_SPECS;
	for (size_t i = 0; i < N_SPECS; i++)
		config->settings[i] =
			(struct config_setting){.key = specs[i].key, .help = specs[i].help};
	for (size_t i = 0; i < N_SPECS; i++) {
		if (!specs[i].built_in)
			continue;
		enum assay_code code =
			config_set(config, specs[i].key, specs[i].built_in, "built-in", err);
		if (code != ASSAY_OK)
			return code;
	}
	return config_named_load(config, err);
}

/* "ASSAY_SAMPLES=30" sets samples, "ASSAY_PARAMS_SIZE=4Ki" sets params.size. */
static enum assay_code set_from_environment(struct config *config, const char *variable,
					    struct assay_err *err)
{
	static const char prefix[] = "ASSAY_";
	char name[96], key[96];
	size_t length = strcspn(variable, "=");
	if (strncmp(variable, prefix, sizeof(prefix) - 1) != 0 || variable[length] != '=')
		return ASSAY_OK;
	snprintf(name, sizeof(name), "%.*s", (int)length, variable);
	assay_copy(key, sizeof(key), name + sizeof(prefix) - 1);
	for (char *c = key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (strncmp(key, "params_", 7) == 0)
		key[6] = '.';
	return config_set(config, key, variable + length + 1, name, err);
}

static enum assay_code load_environment(struct config *config, struct assay_err *err)
{
	for (char **variable = environ; *variable; variable++) {
		enum assay_code code = set_from_environment(config, *variable, err);
		if (code != ASSAY_OK)
			return code;
	}
	return ASSAY_OK;
}

static enum assay_code load_system_file(struct config *config, struct assay_err *err)
{
	return config_read_file(config, "/etc/assay.yaml", NULL, err);
}

/* $XDG_CONFIG_HOME/assay/assay.yaml; a relative path there is ignored, as its specification says. */
static enum assay_code load_user_file(struct config *config, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str path = {0};
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (xdg && xdg[0] == '/')
		assay_str_add(&path, "%s/assay/assay.yaml", xdg);
	else if (home && home[0] == '/')
		assay_str_add(&path, "%s/.config/assay/assay.yaml", home);
	else
		return ASSAY_OK;
	return config_read_file(config, assay_str_text(&path), NULL, err);
}

static bool is_root(const char *folder)
{
	char above[MOST_FOLDERS * 3 + 8];
	struct stat here, up;
	snprintf(above, sizeof(above), "%s..", folder);
	return stat(*folder ? folder : ".", &here) < 0 || stat(above, &up) < 0 ||
	       (here.st_dev == up.st_dev && here.st_ino == up.st_ino);
}

bool config_project_file(char ret[CONFIG_PATH])
{
	char folder[MOST_FOLDERS * 3 + 1] = "";
	_Static_assert(sizeof(folder) + sizeof("assay.yaml") <= CONFIG_PATH, "room for the path");
	for (int i = 0; i <= MOST_FOLDERS; i++) {
		snprintf(ret, CONFIG_PATH, "%sassay.yaml", folder);
		if (access(ret, F_OK) == 0)
			return true;
		if (i == MOST_FOLDERS || is_root(folder))
			break;
		memcpy(folder + 3 * i, "../", 4);
	}
	return false;
}

static enum assay_code load_project_file(struct config *config, struct assay_err *err)
{
	char path[CONFIG_PATH], folder[CONFIG_PATH];
	if (!config_project_file(path))
		return ASSAY_OK;
	assay_copy(folder, sizeof(folder), path);
	*strstr(folder, "assay.yaml") = '\0';
	return config_read_file(config, path, folder, err);
}

typedef enum assay_code load_fn(struct config *config, struct assay_err *err);

enum assay_code config_load(struct config **ret, struct assay_err *err)
{
	struct config *config = calloc(1, sizeof(*config));
	if (!config)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while reading settings");
	static load_fn *const layers[] = {load_built_in, load_system_file, load_user_file,
					  load_project_file, load_environment};
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < ASSAY_COUNT_OF(layers); i++) {
		code = layers[i](config, err);
		if (code == ASSAY_OK)
			code = check_choices(config, err);
	}
	if (code != ASSAY_OK) {
		config_free(config);
		return code;
	}
	config->loaded = true;
	*ret = config;
	return ASSAY_OK;
}
