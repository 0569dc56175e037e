/* SPDX-License-Identifier: MIT */
/* config: show the effective settings, and where each came from. */
#include <string.h>

#include "cli/cli.h"
#include "cli/settings.h"
#include "cli/settings_named.h"
#include "harness/base/json.h"
#include "harness/base/str.h"

/* Is it the key `below`, or under it? Without one: all but the sets that assay comes with. */
static bool shown(const struct config_setting *setting, const char *below)
{
	size_t n = below ? strlen(below) : 0;
	if (!below)
		return !config_key_is_named(setting->key) ||
		       strcmp(setting->origin, "built-in") != 0;
	return strncmp(setting->key, below, n) == 0 && (!setting->key[n] || setting->key[n] == '.');
}

static enum assay_code print_json(const struct config_setting *settings, size_t n,
				  const char *below, FILE *out, struct assay_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		if (!below || shown(&settings[i], below))
			json_array_append_new(
				list, json_pack("{s:o, s:o, s:o}", "key",
						assay_json_text(settings[i].key), "value",
						assay_json_text(settings[i].value), "origin",
						assay_json_text(settings[i].origin)));
	return assay_json_document(json_pack("{s:s, s:o}", "schema", "assay/1", "settings", list),
				   out, err);
}

static void print_table(const struct config_setting *settings, size_t n, bool origin,
			const char *below)
{
	const char *const titles[] = {"KEY", "VALUE", origin ? "ORIGIN" : "MEANING"};
	struct cli_table *table = cli_table_new(titles, ASSAY_COUNT_OF(titles));
	for (size_t i = 0; i < n; i++) {
		const struct config_setting *s = &settings[i];
		if (!shown(s, below))
			continue;
		cli_table_row(table,
			      (const char *[]){s->key, s->value, origin ? s->origin : s->help});
	}
	cli_table_print(table, stdout);
}

/* One value alone, for scripts. */
static void print_value(const struct cli *cli, const struct config_setting *setting, bool origin)
{
	if (!setting->value) {
		cli_note(cli, "%s is not set (%s)", setting->key, setting->help);
		return;
	}
	char clean[8192];
	assay_sanitise(clean, sizeof(clean), setting->value);
	printf("%s", clean);
	if (origin) {
		assay_sanitise(clean, sizeof(clean), setting->origin);
		printf("\t%s", clean);
	}
	putchar('\n');
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)ret_exit;
	size_t n;
	enum assay_code rc = config_apply_sets(cli->config, err);
	if (rc == ASSAY_OK)
		rc = config_apply_profile(cli->config, err);
	if (rc != ASSAY_OK)
		return rc;
	const struct config_setting *settings = config_settings(cli->config, &n);
	bool origin = cli_flag(args, "show-origin");
	if (args->n_positional > 1)
		return assay_fail(err, ASSAY_EUSAGE, "one KEY at a time; '%s' is one too many",
				  args->positional[1]);
	const char *below = args->n_positional ? args->positional[0] : NULL;
	size_t first = 0, count = 0;
	for (size_t i = 0; below && i < n; i++) {
		if (!shown(&settings[i], below))
			continue;
		first = i;
		count++;
	}
	if (below && !count)
		return config_unknown_key(below, err);
	if (cli->json)
		rc = print_json(settings, n, below, cli->json, err);
	if (rc != ASSAY_OK || cli->json_is_stdout)
		return rc;
	if (count == 1 && strcmp(settings[first].key, below) == 0)
		print_value(cli, &settings[first], origin);
	else
		print_table(settings, n, origin, below);
	return ASSAY_OK;
}

static const struct cli_option options[] = {
	{"show-origin", 0, NULL, "where each value was set: file and line, variable or option"},
	{0},
};

const struct cli_verb cli_verb_config = {
	.name = "config",
	.usage = "[--show-origin] [KEY]",
	.brief = "show the effective settings and where each came from",
	.options = options,
	.details =
		"Settings are read, the later winning, from /etc/assay.yaml,\n"
		"~/.config/assay/assay.yaml, the nearest assay.yaml from here upwards, and\n"
		"ASSAY_* variables (ASSAY_SAMPLES=50 sets samples, ASSAY_PARAMS_SIZE=4Ki sets\n"
		"params.size). Options on the command line win over all of them.\n"
		"\n"
		"With KEY only its value is printed, or all that is below it: 'assay config sets'\n"
		"lists the parameter sets, those that assay comes with among them.\n",
	.paged = true,
	.run = run,
};
