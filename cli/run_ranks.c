/* SPDX-License-Identifier: MIT */
/* run_ranks: from options to ranks that are there. */
#include "cli/run_ranks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/settings.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"

void run_ranks_letter(const struct cli_args *args)
{
	if (!cli_value(args, "launcher"))
		return;
	for (size_t i = 0; i < args->n_given; i++) {
		const struct cli_option *o = args->given[i].option;
		if (!args->given[i].letter || o->letter != 'n')
			continue;
		while (o->name &&
		       strcmp(o->name, "ranks") != 0) /* further down in the same table */
			o++;
		if (o->name)
			args->given[i].option = o;
	}
}

static const struct assay_starter *built_in(const char *name)
{
	size_t n;
	const struct assay_starter *all = assay_starters(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

/* The user's own comes first: a site may have a better mpirun. */
static const char *template_of(const struct cli *cli, const char *name)
{
	char key[96];
	snprintf(key, sizeof(key), "launchers.%s", name);
	const char *own = config_get(cli->config, key);
	const struct assay_starter *starter = built_in(name);
	return own ? own : starter ? starter->template : NULL;
}

static enum assay_code unknown_launcher(const struct cli *cli, const char *name,
					struct assay_err *err)
{
	const char *names[64];
	size_t n, n_settings, n_names = 0;
	const struct assay_starter *all = assay_starters(&n);
	const struct config_setting *settings = config_settings(cli->config, &n_settings);
	ASSAY_AUTO(assay_str_done) struct assay_str list = {0};
	for (size_t i = 0; i < n; i++)
		names[n_names++] = all[i].name;
	names[n_names++] = "slurm"; /* see batch.h */
	for (size_t i = 0; i < n_settings && n_names < ASSAY_COUNT_OF(names); i++)
		if (strncmp(settings[i].key, "launchers.", 10) == 0)
			names[n_names++] = settings[i].key + 10;
	for (size_t i = 0; i < n_names; i++)
		assay_str_add(&list, "%s%s", i ? ", " : "", names[i]);
	const char *nearest = assay_nearest(name, names, n_names);
	return assay_fail(err, ASSAY_EUSAGE, "there is no launcher '%.40s'; %s%s%s", name,
			  nearest ? "did you mean '" : "there are ",
			  nearest ? nearest : assay_str_text(&list), nearest ? "'?" : "");
}

static enum assay_code check_together(const struct cli_args *args, const struct run_request *q,
				      struct assay_err *err)
{
	if (q->n_programs)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"--launcher is for benchmarks; a command that starts its own ranks "
			"is measured as it is: assay run -- mpirun ...");
	if (cli_value(args, "anchor"))
		return assay_fail(err, ASSAY_EUSAGE, "--anchor and --launcher exclude each other");
	if (q->counts)
		return assay_fail(err, ASSAY_EUSAGE, "--counts and --launcher exclude each other");
	return ASSAY_OK;
}

enum assay_code run_ranks_read(const struct cli *cli, const struct cli_args *args,
			       struct run_request *q, struct assay_err *err)
{
	const char *launcher = cli_value(args, "launcher"), *ranks = cli_value(args, "ranks");
	const char *bind = cli_value(args, "bind");
	static const char *const of_jobs[] = {"array", "job-time", "job-wait", "poll"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(of_jobs); i++)
		if (cli_value(args, of_jobs[i])) /* what is a job is read elsewhere, see batch.h */
			return assay_fail(err, ASSAY_EUSAGE, "--%s is for jobs: --launcher slurm",
					  of_jobs[i]);
	if (!launcher && (ranks || bind))
		return assay_fail(err, ASSAY_EUSAGE, "--%s wants a --launcher, such as local",
				  ranks ? "ranks" : "bind");
	if (!launcher)
		return ASSAY_OK;
	if (!template_of(cli, launcher))
		return unknown_launcher(cli, launcher, err);
	if (!ranks)
		return assay_fail(err, ASSAY_EUSAGE, "--launcher %s wants to know how many: -n N",
				  launcher);
	if (bind && strcmp(bind, "cores") != 0 && strcmp(bind, "none") != 0)
		return assay_fail(err, ASSAY_EUSAGE, "--bind is cores or none, not '%.40s'", bind);
	enum assay_code code = assay_parse_u64(ranks, 1, ASSAY_MAX_RANKS, &q->ranks, err);
	if (code != ASSAY_OK)
		return assay_context(err, ASSAY_EUSAGE, "--ranks");
	code = check_together(args, q, err);
	q->launcher = strdup(launcher);
	q->bind = strdup(bind ? bind : "cores");
	if (code == ASSAY_OK && (!q->launcher || !q->bind))
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory for a run");
	return code;
}

static void say_who(const struct cli *cli, const struct assay_ranks *ranks)
{
	const struct assay_world *w = &ranks->world;
	cli_note(cli, "%u ranks on %u host%s by launcher %s, binding %s", w->n, w->hosts,
		 w->hosts == 1 ? "" : "s", ranks->launcher, w->binding);
	for (unsigned i = 0; cli->verbose && i < w->n; i++)
		cli_note(cli, "  rank %u on %s, process %" PRId64 ", CPUs %s", i, w->ranks[i].host,
			 w->ranks[i].pid, w->ranks[i].bound);
}

enum assay_code run_ranks_call(const struct cli *cli, const struct run_request *q,
			       const volatile sig_atomic_t *interrupted, struct assay_ranks *ret,
			       struct assay_err *err)
{
	const struct assay_starter *starter = built_in(q->launcher);
	const char *template = template_of(cli, q->launcher);
	if (!template)
		return unknown_launcher(cli, q->launcher, err);
	ret->launcher = q->launcher;
	ret->bind = q->bind;
	ret->near = starter && starter->near && template == starter->template;
	ssize_t n = readlink(cli->program, ret->program, sizeof(ret->program) - 1);
	if (n <= 0)
		return assay_fail(err, ASSAY_EIO, "find this program: %s", strerror(errno));
	ret->program[n] = '\0';
	const struct assay_launch launch = {
		.program = ret->program,
		.plugins = assay_registry_plugins(cli->registry),
		.timeout_ns = q->timeout_ns,
		.interrupted = interrupted,
	};
	enum assay_code code = assay_starter_parse(template, &ret->template, err);
	if (code != ASSAY_OK)
		return code;
	ret->n = (unsigned)q->ranks;
	code = assay_ranks_call(ret, &launch, err);
	if (code == ASSAY_OK)
		say_who(cli, ret);
	return code;
}

enum assay_code run_ranks_store(struct assay_store *store, int64_t run,
				const struct assay_ranks *ranks, struct assay_err *err)
{
	json_t *json = assay_world_json(&ranks->world);
	ASSAY_AUTO_FREE char *text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(json);
	if (!text)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the run's record");
	const struct assay_attachment attachment = {
		.kind = "ranks",
		.name = "world",
		.bytes = text,
		.size = strlen(text),
	};
	return assay_store_attach(store, run, &attachment, err);
}
