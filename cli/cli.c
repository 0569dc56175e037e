/* SPDX-License-Identifier: MIT */
/* cli: verbs by name, exit codes, and what is said on stderr. */
#include "cli/cli.h"

#include <stdarg.h>
#include <string.h>

#include "cli/settings.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"

enum assay_code cli_verb_find(const char *name, const struct cli_verb **ret, struct assay_err *err)
{
	const char *names[32];
	size_t n = 0;
	for (size_t i = 0; cli_verbs[i]; i++) {
		if (strcmp(cli_verbs[i]->name, name) == 0) {
			*ret = cli_verbs[i];
			return ASSAY_OK;
		}
		if (cli_verbs[i]->brief && n < ASSAY_COUNT_OF(names))
			names[n++] = cli_verbs[i]->name;
	}
	const char *nearest = assay_nearest(name, names, n);
	if (nearest)
		return assay_fail(err, ASSAY_EUSAGE, "unknown verb '%s'; did you mean '%s'?", name,
				  nearest);
	return assay_fail(err, ASSAY_EUSAGE, "unknown verb '%s'; 'assay --help' lists them", name);
}

int cli_exit_of(enum assay_code code)
{
	switch (code) {
	case ASSAY_OK:
		return CLI_OK;
	case ASSAY_EUSAGE:
	case ASSAY_EPARSE:
		return CLI_USAGE;
	case ASSAY_ESTORE:
		return CLI_STORE;
	case ASSAY_EENV:
	case ASSAY_SKIP: /* what was asked for cannot be done on this machine */
		return CLI_ENVIRONMENT;
	case ASSAY_EINTR:
		return CLI_INTERRUPTED;
	case ASSAY_ENOMEM:
	case ASSAY_EIO:
	case ASSAY_ECHECK:
	case ASSAY_EBUG:
		return CLI_FAILED;
	}
	return CLI_FAILED;
}

/* Each line of the message becomes one safe line; `lead` stands before the first. */
ASSAY_PRINTF(4, 0)
static void say(const struct cli *cli, const char *lead, const char *color, const char *fmt,
		va_list args)
{
	char text[2048], clean[2048];
	vsnprintf(text, sizeof(text), fmt, args);
	bool colored = cli->color_err && *color;
	fprintf(stderr, "%s%s%s", colored ? color : "", lead, colored ? "\033[0m" : "");
	for (char *line = text, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		assay_sanitise(clean, sizeof(clean), line);
		fprintf(stderr, "%s\n", clean);
		if (end && !*end)
			break;
	}
}

void cli_store_option(const struct cli *cli, struct assay_str *to)
{
	size_t n;
	const struct config_setting *settings = config_settings(cli->config, &n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(settings[i].key, "db") != 0 || strcmp(settings[i].origin, "--db") != 0)
			continue;
		char *words[] = {(char *)settings[i].value, NULL}; /* only read */
		assay_str_add(to, " --db ");
		assay_argv_quote(&(struct assay_argv){.words = words, .n = 1}, to);
	}
}

void cli_note(const struct cli *cli, const char *fmt, ...)
{
	if (cli->quiet)
		return;
	va_list args;
	va_start(args, fmt);
	say(cli, "", "", fmt, args);
	va_end(args);
}

void cli_warn(const struct cli *cli, const char *fmt, ...)
{
	if (cli->quiet)
		return;
	va_list args;
	va_start(args, fmt);
	say(cli, "warning: ", "\033[33m", fmt, args);
	va_end(args);
}
