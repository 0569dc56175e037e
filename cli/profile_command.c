/* SPDX-License-Identifier: MIT */
/* profile_command: a command under the sampler, with its threads and children, in a sandbox if that is asked for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/profile.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"
#include "harness/engine/child.h"
#include "harness/engine/guard.h"

extern char **environ;

/* The environment of what we start is our own: the pairs go there for as long as it takes. */
static void export(const char *const *pairs, bool set)
{
	for (size_t i = 0; pairs[i]; i++) {
		ASSAY_AUTO_FREE char *name = strndup(pairs[i], strcspn(pairs[i], "="));
		if (name && set)
			setenv(name, pairs[i] + strlen(name) + 1, 1);
		else if (name)
			unsetenv(name);
	}
}

static enum assay_code read_command(const struct cli_args *args, struct assay_argv *argv,
				    struct assay_str *title, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	if (args->n_before)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' stands before the --: a pattern and a command cannot be "
				  "profiled together",
				  args->positional[0]);
	for (int i = 0; rc == ASSAY_OK && i < args->n_positional; i++)
		rc = assay_argv_add(argv, args->positional[i], err);
	if (rc == ASSAY_OK && !argv->n)
		rc = assay_fail(err, ASSAY_EUSAGE, "no command after the --");
	for (size_t i = 0; rc == ASSAY_OK && i < argv->n; i++)
		assay_str_add(title, "%s%s", i ? " " : "", argv->words[i]);
	return rc;
}

/* bubblewrap and its words before those of the command, and of our environment what it lets through. */
static enum assay_code run_inside(const struct profile_means *means,
				  const struct assay_child *child, const char *const *pairs,
				  struct assay_child_end *ret, struct assay_err *err)
{
	const char *const *writes = sampler_writes(means->sampler);
	const char *written[8] = {profile_regions_path(means->regions)};
	ASSAY_AUTO(assay_argv_done) struct assay_argv argv = {0};
	size_t n = 0, passed = 0;
	for (size_t i = 0; writes[i] && i + 2 < ASSAY_COUNT_OF(written); i++)
		written[i + 1] = writes[i];
	while (environ[n])
		n++;
	ASSAY_AUTO_FREE char **environment = calloc(n + 1, sizeof(*environment));
	if (!environment)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for an environment");
	for (size_t i = 0; i < n; i++)
		if (assay_sandbox_passes(environ[i]))
			environment[passed++] = environ[i];
	const struct assay_sandbox_needs needs = {
		.reads = sampler_reads(means->sampler),
		.writes = written,
		.environment = pairs,
	};
	enum assay_code rc = assay_sandbox_words(means->bwrap, child->path, &needs, &argv, err);
	for (size_t i = 1; rc == ASSAY_OK && i < child->argv->n; i++)
		rc = assay_argv_add(&argv, child->argv->words[i], err);
	struct assay_child inside = *child;
	inside.path = means->bwrap;
	inside.argv = &argv;
	inside.environment = environment;
	if (rc == ASSAY_OK)
		rc = assay_child_run(&inside, 0, ret, err);
	/* It tells a signal as a shell does. */
	if (rc == ASSAY_OK && WIFEXITED(ret->wait_status) && WEXITSTATUS(ret->wait_status) > 128)
		ret->wait_status = W_EXITCODE(0, WEXITSTATUS(ret->wait_status) - 128);
	return rc;
}

static enum assay_code run_sampled(const struct profile_means *means,
				   const struct assay_child *child, struct assay_child_end *ret,
				   struct assay_err *err)
{
	const char *const *environment;
	enum assay_code rc = assay_guard_start(err);
	if (rc == ASSAY_OK)
		rc = sampler_start(means->sampler, &environment, err);
	fflush(stdout);
	if (rc != ASSAY_OK || means->bwrap)
		return rc == ASSAY_OK ? run_inside(means, child, environment, ret, err) : rc;
	const char *preload = getenv("LD_PRELOAD");
	ASSAY_AUTO_FREE char *before = preload ? strdup(preload) : NULL;
	export(environment, true);
	rc = assay_child_run(child, 0, ret, err);
	export(environment, false);
	if (before)
		setenv("LD_PRELOAD", before, 1);
	return rc;
}

enum assay_code profile_command(const struct cli *cli, const struct cli_args *args,
				const struct profile_means *means, struct profile_list *ret,
				int *ret_exit, struct assay_err *err)
{
	struct assay_argv argv = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str title = {0};
	ASSAY_AUTO_FREE char *path = NULL;
	ASSAY_AUTO_CLOSE int input = -1;
	const char *file = cli_value(args, "input");
	struct assay_child_end end = {0};
	struct assay_stacks *stacks;
	char text[100];
	enum assay_code rc = read_command(args, &argv, &title, err);
	if (rc == ASSAY_OK)
		rc = assay_child_find(argv.words[0], &path, err);
	if (rc == ASSAY_OK && file && (input = open(file, O_RDONLY | O_CLOEXEC)) < 0)
		rc = assay_fail(err, ASSAY_EUSAGE, "--input: open '%s': %s", file, strerror(errno));
	/* What it prints goes where it always goes; but a JSON document of ours stays whole. */
	const struct assay_child child = {
		.path = path,
		.argv = &argv,
		.in = file ? input : STDIN_FILENO,
		.out = cli->json_is_stdout ? STDERR_FILENO : STDOUT_FILENO,
		.errors = STDERR_FILENO,
		.signalled = means->interrupted,
	};
	if (rc == ASSAY_OK)
		rc = run_sampled(means, &child, &end, err);
	profile_regions_end(means->regions);
	const struct sampler_view view = {.title = assay_str_text(&title), .processes = true};
	if (rc == ASSAY_OK)
		rc = sampler_finish(means->sampler, &view, &stacks, err);
	if (rc == ASSAY_OK)
		rc = profile_list_add(ret, stacks, err);
	const struct shape_command used = {end.wall_ns, end.usage};
	if (rc == ASSAY_OK && !cli_flag(args, "allocations"))
		rc = profile_judge_last(&used, ret, err);
	if (rc == ASSAY_OK && assay_child_complaint(&end, text, sizeof(text))) {
		cli_warn(cli, "%s: %s", argv.words[0], text);
		*ret_exit = CLI_FAILED;
	}
	assay_argv_done(&argv);
	return rc;
}
