/* SPDX-License-Identifier: MIT */
/* settings: which layer wins, where a value came from, and what is refused with file and line. */
#include "tests/t.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/settings.h"
#include "cli/settings_file.h"
#include "cli/settings_named.h"

const struct cli_verb *const cli_verbs[] = {NULL};

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

/* Each test in a folder of its own, with a user's folder beside it. */
static int enter(void **state)
{
	char folder[T_PATH];
	if (!mkdtemp(t_path(folder, "settings")) || chdir(folder) < 0 || mkdir("xdg", 0700) < 0 ||
	    mkdir("xdg/assay", 0700) < 0 || mkdir("project", 0700) < 0 ||
	    mkdir("project/sub", 0700) < 0)
		return -1;
	char xdg[sizeof(folder) + 4];
	snprintf(xdg, sizeof(xdg), "%s/xdg", folder);
	setenv("XDG_CONFIG_HOME", xdg, 1);
	*state = strdup(folder);
	return chdir("project/sub");
}

static int leave(void **state)
{
	unsetenv("ASSAY_SAMPLES");
	unsetenv("ASSAY_PARAMS_LOAD_FACTOR");
	unsetenv("ASSAY_SAMPELS");
	int rc = chdir("/") < 0 ? -1 : nftw(*state, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return rc;
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static const struct config_setting *setting(const struct config *config, const char *key)
{
	size_t n;
	const struct config_setting *settings = config_settings(config, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(settings[i].key, key) == 0)
			return &settings[i];
	fail_msg("no setting '%s'", key);
	return NULL;
}

static void built_in_values(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	assert_ok(config_load(&config, &err));
	assert_string_equal(config_get(config, "profile"), "quick");
	assert_string_equal(setting(config, "db")->origin, "built-in");
	assert_null(config_get(config, "samples"));
	assert_null(setting(config, "samples")->origin);
	assert_null(config_get(config, "no such key"));
	assert_int_equal(config_duration(config, "timeout", 7), 7);
	assert_ok(config_set(config, "timeout", "1.5s", "--timeout", &err));
	assert_int_equal(config_duration(config, "timeout", 7), 1500000000);
	config_free(config);
	config_free(NULL);
}

static void later_layers_win(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	write_file("../../xdg/assay/assay.yaml", "samples: 10\ntime: 1s\nlaunches: 2\nseed: 1\n");
	write_file("../assay.yaml", "# ours\nsamples: 20\n\ntime: 2s\nlaunches: 3\n");
	setenv("ASSAY_SAMPLES", "30", 1);
	assert_ok(config_load(&config, &err));
	assert_ok(config_set(config, "launches", "7", "--launches", &err));
	assert_string_equal(config_get(config, "samples"), "30");
	assert_string_equal(setting(config, "samples")->origin, "ASSAY_SAMPLES");
	assert_string_equal(config_get(config, "time"), "2s");
	assert_string_equal(setting(config, "time")->origin, "../assay.yaml:4");
	assert_string_equal(config_get(config, "launches"), "7");
	assert_string_equal(setting(config, "launches")->origin, "--launches");
	assert_string_equal(config_get(config, "seed"), "1");
	assert_non_null(strstr(setting(config, "seed")->origin, "xdg/assay/assay.yaml:4"));
	config_free(config);
}

static void the_nearest_project_file_counts(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	write_file("../assay.yaml", "samples: 1\ntime: 2s\n");
	write_file("assay.yaml", "samples: 2\n");
	assert_ok(config_load(&config, &err));
	assert_string_equal(config_get(config, "samples"), "2");
	assert_string_equal(setting(config, "samples")->origin, "assay.yaml:1");
	assert_null(config_get(config, "time"));
	config_free(config);
}

static void a_project_keeps_its_store_beside_its_file(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	write_file("../assay.yaml", "db: perf/results.db\n");
	assert_ok(config_load(&config, &err));
	assert_string_equal(config_get(config, "db"), "../perf/results.db");
	config_free(config);
	write_file("../assay.yaml", "db: /var/lib/results.db\n");
	assert_ok(config_load(&config, &err));
	assert_string_equal(config_get(config, "db"), "/var/lib/results.db");
	config_free(config);
}

static void axes_and_lists(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	write_file("assay.yaml",
		   "params:\n  size: [16, 4Ki]\n  depth: 1..4\nsubjects: [pool, glibc]\n");
	setenv("ASSAY_PARAMS_LOAD_FACTOR", "1,2", 1);
	assert_ok(config_load(&config, &err));
	assert_string_equal(config_get(config, "params.size"), "16,4Ki");
	assert_string_equal(setting(config, "params.size")->origin, "assay.yaml:2");
	assert_string_equal(config_get(config, "params.load_factor"), "1,2");
	assert_string_equal(config_get(config, "subjects"), "pool,glibc");
	const struct config_setting *depth = setting(config, "params.depth"); /* sorted */
	assert_string_equal(depth[-1].key, "probe"); /* after the fixed keys */
	assert_string_equal(depth[1].key, "params.load_factor");
	assert_string_equal(depth[2].key, "params.size");
	config_free(config);
}

static void launchers_are_commands(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	write_file("assay.yaml", "launchers:\n  site: \"go -n {ranks} 'a,b' {program}\"\n");
	assert_ok(config_load(&config, &err));
	assert_string_equal(config_get(config, "launchers.site"), "go -n {ranks} 'a,b' {program}");
	assert_null(config_get(config, "launchers.other"));
	config_free(config);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"profile: ci\nsampels: 3\n",
		 "assay.yaml:2: unknown key 'sampels'; did you mean 'samples'?"},
		{"\nsamples: many\n", "assay.yaml:2: samples: 'many' is not a whole number"},
		{"samples: 0\n", "assay.yaml:1: samples: 0 is outside 1 to"},
		{"profile: quik\n",
		 "assay.yaml:1: profile: 'quik' is not quick, ci, full or card; did you "
		 "mean 'quick'?"},
		{"time: 5\n", "assay.yaml:1: time: '5' is not a duration"},
		{"time: 0s\n", "assay.yaml:1: time: '0s' is no time at all"},
		{"cpus: a b\n", "assay.yaml:1: cpus: unknown placement 'a b'"},
		{"subjects: a b\n", "assay.yaml:1: subjects: 'a b' is not a list of subjects"},
		{"subjects: [a, '']\n", "assay.yaml:1: subjects: 'a,' is not a list"},
		{"subjects: [a, [b]]\n", "assay.yaml:1: a list where a value is expected"},
		{"seed:\n", "assay.yaml:1: there is no value"},
		{"seed: ~\n", "assay.yaml:1: there is no value"},
		{"db: \"a\\0b\"\n", "assay.yaml:1: a NUL byte cannot be part of a value"},
		{"samples: 1\nseed: 2\nsamples: 1\n",
		 "assay.yaml:3: 'samples' stands here a second time"},
		{"params:\n  size: 1\n  size: 2\n",
		 "assay.yaml:3: 'size' stands here a second time"},
		{"params: 3\n", "assay.yaml:1: params: expected"},
		{"profiles: 3\n", "assay.yaml:1: profiles: expected 'name:' lines"},
		{"profiles:\n  a:\n", "assay.yaml:2: profiles.a: expected 'key: value' lines"},
		{"profiles:\n  Night: {samples: 1}\n",
		 "assay.yaml:2: 'Night' cannot be such a name"},
		{"profiles:\n  ci: {samples: 1}\n", "assay.yaml:2: profile 'ci' is built in"},
		{"profiles:\n  a:\n    sampels: 1\n",
		 "assay.yaml:3: profile 'a': unknown key 'sampels'; did you mean 'samples'?"},
		{"profiles:\n  a:\n    samples: x\n",
		 "assay.yaml:3: profiles.a.samples: 'x' is not a whole number"},
		{"profiles:\n  a:\n    base: slow\n",
		 "assay.yaml:3: profiles.a.base: 'slow' is not quick, ci, full or card"},
		{"profiles:\n  a:\n    params: {size: 1}\n",
		 "assay.yaml:3: profile 'a': unknown key 'params'"},
		{"profile: b\nprofiles:\n  a: {samples: 1}\n",
		 "assay.yaml:1: profile: 'b' is not quick, ci, full, card or a"},
		{"sets:\n  a:\n    param: {size: 1}\n",
		 "assay.yaml:3: set 'a': unknown key 'param'; did you mean 'params'?"},
		{"sets:\n  a:\n    params: 1\n", "assay.yaml:3: sets.a.params: expected"},
		{"sets:\n  a:\n    params: {Size: 1}\n",
		 "assay.yaml:3: 'Size' cannot be the name of an axis"},
		{"set: distributd\n",
		 "assay.yaml:1: set: 'distributd' is not distributed, high_performance or "
		 "memory_optimized; did you mean 'distributed'?"},
		{"params.size: 3\n", "assay.yaml:1: write 'params:'"},
		{"launchers: 3\n", "assay.yaml:1: launchers: expected"},
		{"launchers.x: 3\n", "assay.yaml:1: write 'launchers:'"},
		{"launchers:\n  x: go {program}\n", "assay.yaml:2: launchers.x: no {ranks}"},
		{"params:\n  Size: 3\n", "assay.yaml:2: 'Size' cannot be the name of an axis"},
		{"params:\n  size: '1,,2'\n", "assay.yaml:2: params.size: '1,,2' is not a list"},
		{"- samples\n", "assay.yaml:1: expected 'key: value' lines"},
		{"text\n", "assay.yaml:1: expected 'key: value' lines"},
		{"? [a]\n: 3\n", "assay.yaml:1: a key must be a word"},
		{"samples: [\n", "not YAML"},
		{"samples: *x\n", "assay.yaml:1: not YAML"},
		{"samples: 1\n---\nseed: 1\n", "assay.yaml:3: a second document"},
		{"samples: 1\n--- [\n", "not YAML"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct assay_err err = {0};
		struct config *config = NULL;
		write_file("assay.yaml", bad[i].text);
		assert_fails(config_load(&config, &err), ASSAY_EUSAGE, bad[i].message);
		assert_null(config);
	}
}

static void a_profile_fills_what_nothing_else_has_set(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	write_file("assay.yaml",
		   "profile: nightly\nlaunches: 9\nprofiles:\n  nightly:\n"
		   "    base: full\n    samples: 12\n    launches: 2\n"
		   "    patterns: [memory, cache/get]\n");
	assert_ok(config_load(&config, &err));
	assert_string_equal(config_profile_base(config), "full");
	assert_null(config_get(config, "samples"));
	assert_ok(config_apply_profile(config, &err));
	assert_string_equal(config_get(config, "samples"), "12");
	assert_string_equal(setting(config, "samples")->origin, "profile nightly (assay.yaml:6)");
	assert_string_equal(config_get(config, "launches"), "9");
	assert_null(config_get(config, "time"));
	assert_string_equal(config_named_get(config, "profiles", "nightly", "patterns"),
			    "memory,cache/get");
	assert_ok(config_set(config, "profile", "ci", "-p", &err));
	assert_string_equal(config_profile_base(config), "ci");
	assert_ok(config_apply_profile(config, &err)); /* what nightly said is gone */
	assert_null(config_get(config, "samples"));
	assert_string_equal(config_get(config, "launches"), "9");
	assert_fails(config_set(config, "profile", "nihtly", "-p", &err), ASSAY_EUSAGE,
		     "did you mean 'nightly'?");
	config_free(config);
}

static void a_set_wins_over_files_and_loses_to_what_follows(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	write_file("../../xdg/assay/assay.yaml",
		   "sets:\n  small:\n    subjects: pool\n"
		   "    params: {size: 16, depth: 3}\n");
	write_file("assay.yaml",
		   "params: {size: 4Ki, load: 1}\nsubjects: glibc\nsets:\n  small:\n"
		   "    params:\n      size: 64\n");
	assert_ok(config_load(&config, &err));
	assert_string_equal(config_get(config, "params.size"), "4Ki");
	assert_ok(config_set(config, "set", "small,memory_optimized", "--set", &err));
	assert_ok(config_apply_sets(config, &err));
	assert_string_equal(config_get(config, "params.size"), "64"); /* the nearer layer's */
	assert_string_equal(setting(config, "params.size")->origin, "set small (assay.yaml:6)");
	assert_true(config_is_from_set(setting(config, "params.size")));
	assert_string_equal(config_get(config, "params.depth"), "3");
	assert_string_equal(config_get(config, "params.budget"), "2Mi");
	assert_string_equal(config_get(config, "params.load"), "1");
	assert_false(config_is_from_set(setting(config, "params.load")));
	assert_string_equal(config_get(config, "subjects"), "pool");
	assert_ok(config_set(config, "params.size", "1Ki", "-P", &err));
	assert_false(config_is_from_set(setting(config, "params.size")));
	assert_fails(config_set(config, "set", "smal", "--set", &err), ASSAY_EUSAGE,
		     "did you mean 'small'?");
	config_free(config);
}

static void names_come_one_by_one(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	char name[CONFIG_NAME];
	size_t at = 0;
	write_file("assay.yaml", "profiles:\n  b: {samples: 1, time: 1s}\n  a: {brief: short}\n");
	assert_ok(config_load(&config, &err));
	assert_true(config_next_name(config, "profiles", &at, name));
	assert_string_equal(name, "a");
	assert_true(config_next_name(config, "profiles", &at, name));
	assert_string_equal(name, "b");
	assert_false(config_next_name(config, "profiles", &at, name));
	config_free(config);
}

static void files_that_say_nothing(void **state)
{
	static const char *const texts[] = {"", "# remark\n", "---\n", "{}\n", "\n\n"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(texts); i++) {
		struct assay_err err = {0};
		struct config *config;
		write_file("assay.yaml", texts[i]);
		assert_ok(config_load(&config, &err));
		assert_null(config_get(config, "samples"));
		config_free(config);
	}
}

static void json_is_yaml_too(void **state)
{
	struct assay_err err = {0};
	struct config *config;
	write_file("assay.yaml", "{\n \"samples\": 5,\n \"params\": {\"size\": [1, 2]}\n}\n");
	assert_ok(config_load(&config, &err));
	assert_string_equal(config_get(config, "samples"), "5");
	assert_string_equal(setting(config, "params.size")->origin, "assay.yaml:3");
	config_free(config);
}

static void what_is_no_file_of_reasonable_size(void **state)
{
	struct assay_err err = {0};
	struct config *config = NULL;
	assert_int_equal(mkdir("assay.yaml", 0700), 0);
	assert_fails(config_load(&config, &err), ASSAY_EUSAGE, "'assay.yaml' is not a file");
	assert_int_equal(rmdir("assay.yaml"), 0);
	assert_int_equal(mkfifo("assay.yaml", 0600), 0); /* and nobody writes into it */
	assert_fails(config_load(&config, &err), ASSAY_EUSAGE, "'assay.yaml' is not a file");
	assert_int_equal(remove("assay.yaml"), 0);
	char *text = malloc(70000);
	assert_non_null(text);
	memset(text, '#', 69999);
	text[69999] = '\0';
	write_file("assay.yaml", text);
	free(text);
	assert_fails(config_load(&config, &err), ASSAY_EUSAGE, "larger than 64 KiB");
}

static void variables_and_options_are_checked(void **state)
{
	struct assay_err err = {0};
	struct config *config = NULL;
	setenv("ASSAY_SAMPELS", "3", 1);
	assert_fails(config_load(&config, &err), ASSAY_EUSAGE,
		     "ASSAY_SAMPELS: unknown key 'sampels'");
	unsetenv("ASSAY_SAMPELS");
	setenv("ASSAY_SAMPLES", "x", 1);
	assert_fails(config_load(&config, &err), ASSAY_EUSAGE, "ASSAY_SAMPLES: 'x' is not");
	unsetenv("ASSAY_SAMPLES");
	assert_ok(config_load(&config, &err));
	assert_fails(config_set(config, "color", "alway", "--color", &err), ASSAY_EUSAGE,
		     "--color: 'alway' is not auto, always or never; did you mean 'always'?");
	assert_fails(config_set(config, "params.X", "1", "-P X=1", &err), ASSAY_EUSAGE,
		     "-P X=1: 'X' cannot be the name of an axis");
	assert_string_equal(config_get(config, "color"), "auto"); /* untouched by failures */
	assert_null(config_get(config, "params.X"));
	config_free(config);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(built_in_values),
		in_folder(later_layers_win),
		in_folder(the_nearest_project_file_counts),
		in_folder(a_project_keeps_its_store_beside_its_file),
		in_folder(axes_and_lists),
		in_folder(launchers_are_commands),
		in_folder(what_is_wrong_is_named_with_its_line),
		in_folder(a_profile_fills_what_nothing_else_has_set),
		in_folder(a_set_wins_over_files_and_loses_to_what_follows),
		in_folder(names_come_one_by_one),
		in_folder(files_that_say_nothing),
		in_folder(json_is_yaml_too),
		in_folder(what_is_no_file_of_reasonable_size),
		in_folder(variables_and_options_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
