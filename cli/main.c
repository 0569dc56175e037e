/* SPDX-License-Identifier: MIT */
/* main: compose the parts, run one verb, print the error, exit. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/pager.h"
#include "cli/settings.h"
#include "cli/signals.h"
#include "harness/base/str.h"
#include "profiler/sources.h"
#include "suites/table.h"

/* 128 + SIGPIPE, as a shell reports a program whose reader went away. */
enum { READER_GONE = 141 };

/* What main keeps until the end. */
struct session {
	struct cli cli;
	const struct cli_verb *verb; /* NULL: none given */
	struct cli_args before;      /* the options before the verb */
	struct cli_args args;        /* the verb's own, and global ones after it */
	bool help;
	struct output json; /* its `out` is NULL: --json has no file */
	pid_t pager;        /* 0: none */
};

/*
 * A store opened as descriptor 1 would be overwritten by what is printed: fill the gaps first, in
 * the mode that makes their use an error.
 */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

static void ignore(int signal_number)
{
	(void)signal_number;
}

/*
 * Writes that are refused, for want of a reader or by a limit on the size of files, are errors with a sentence. A handler
 * rather than SIG_IGN, because a handler ends with exec: workers get the default back.
 */
static void survive_refused_writes(void)
{
	struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_RESTART};
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGXFSZ, &action, NULL);
}

/* Whoever started us may have had its children ended unseen, and we inherit that: our workers are to be waited for. */
static void see_children_end(void)
{
	signal(SIGCHLD, SIG_DFL);
}

static bool reader_gone(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

static bool given(const struct session *s, const char *name)
{
	return cli_flag(&s->before, name) || cli_flag(&s->args, name);
}

/* The value of a global option, wherever it stood; the later one counts. */
static const char *global(const struct session *s, const char *name)
{
	const char *value = cli_value(&s->args, name);
	return value ? value : cli_value(&s->before, name);
}

static int times(const struct cli_args *args, const char *name)
{
	int n = 0;
	for (size_t i = 0; i < args->n_given; i++)
		n += strcmp(args->given[i].option->name, name) == 0;
	return n;
}

static enum assay_code parse_command_line(struct session *s, struct assay_err *err)
{
	int argc = s->cli.argc - (s->cli.argc > 0), used = 0;
	char **argv = s->cli.argv + (s->cli.argc > 0);
	enum assay_code code = cli_parse_globals(argc, argv, &s->before, &used, err);
	if (code != ASSAY_OK || used == argc)
		return code;
	s->help = strcmp(argv[used], "help") == 0; /* `assay help run` is what many type first */
	if (s->help && ++used == argc)
		return ASSAY_OK;
	code = cli_verb_find(argv[used], &s->verb, err);
	if (code != ASSAY_OK)
		return code;
	return cli_parse(s->verb, argc - used - 1, argv + used + 1, &s->args, err);
}

static bool wants_color(const char *when, int fd)
{
	if (strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fd) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

static enum assay_code open_json(struct session *s, struct assay_err *err)
{
	const char *path = global(s, "json");
	if (!path)
		return ASSAY_OK;
	s->cli.json_is_stdout = !*path || strcmp(path, "-") == 0;
	if (s->cli.json_is_stdout) {
		s->cli.json = stdout;
		return ASSAY_OK;
	}
	bool streams = s->verb && s->verb->streams;
	enum assay_code code = streams ? output_open_growing(&s->json, path, err)
				       : output_open(&s->json, path, err);
	s->cli.json = s->json.out;
	return assay_context(err, code, "--json");
}

static enum assay_code apply_settings(struct session *s, struct assay_err *err)
{
	struct cli *cli = &s->cli;
	enum assay_code code = config_load(&cli->config, err);
	if (code == ASSAY_OK && global(s, "db"))
		code = config_set(cli->config, "db", global(s, "db"), "--db", err);
	if (code == ASSAY_OK && global(s, "color"))
		code = config_set(cli->config, "color", global(s, "color"), "--color", err);
	if (code != ASSAY_OK)
		return code;
	cli->db = config_get(cli->config, "db");
	cli->color_out = wants_color(config_get(cli->config, "color"), STDOUT_FILENO);
	cli->color_err = wants_color(config_get(cli->config, "color"), STDERR_FILENO);
	return ASSAY_OK;
}

const struct assay_table cli_built_in = {
	.suites = assay_suite_table,
	.benches = assay_bench_table,
	.subjects = assay_subject_table,
	.sources = assay_source_table,
};

static enum assay_code compose(struct session *s, struct assay_err *err)
{
	s->cli.quiet = given(s, "quiet");
	s->cli.verbose = times(&s->before, "verbose") + times(&s->args, "verbose");
	s->cli.tty_err = isatty(STDERR_FILENO);
	enum assay_code code = apply_settings(s, err);
	if (code == ASSAY_OK)
		code = open_json(s, err);
	if (code == ASSAY_OK && s->verb)
		code = assay_registry_new(&cli_built_in, &s->cli.registry, err);
	return code;
}

static enum assay_code run(struct session *s, int *ret_exit, struct assay_err *err)
{
	enum assay_code code = parse_command_line(s, err);
	if (code != ASSAY_OK)
		return code;
	s->help |= given(s, "help");
	if (s->verb && s->verb->bare && !s->help) {
		signal(SIGPIPE,
		       SIG_DFL); /* a worker has nothing to live for once its reader is gone */
		return s->verb->run(&s->cli, &s->args, ret_exit, err);
	}
	if (s->help) {
		cli_help(s->verb, stdout);
		return ASSAY_OK;
	}
	if (given(s, "version")) {
		cli_version(stdout);
		return ASSAY_OK;
	}
	code = compose(s, err);
	if (code != ASSAY_OK)
		return code;
	if (s->verb && s->verb->paged && !s->cli.json_is_stdout && !given(s, "no-pager"))
		s->pager = pager_start(config_get(s->cli.config, "pager"));
	if (s->verb)
		return s->verb->run(&s->cli, &s->args, ret_exit, err);
	if (s->cli.json)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--json of what? 'assay --help' lists the verbs");
	cli_guide(&s->cli, stdout);
	return ASSAY_OK;
}

static void complain(const struct session *s, const struct assay_err *err)
{
	char clean[sizeof(err->text)];
	assay_sanitise(clean, sizeof(clean), err->text);
	fprintf(stderr, "assay: %s%s%s\n", s->verb ? s->verb->name : "", s->verb ? ": " : "",
		clean);
}

/* 130 or 143 whatever the verb: it is no error of its own. */
static int exit_of(const struct session *s, enum assay_code code)
{
	if (code == ASSAY_EINTR)
		return 128 + cli_signal_caught();
	return s->verb && s->verb->on_error ? s->verb->on_error : cli_exit_of(code);
}

/* What is still buffered counts too: a full disk must not look like success. Returns `code`, or what went wrong after it. */
static enum assay_code close_outputs(struct session *s, enum assay_code code, struct assay_err *err)
{
	if (s->json.out) {
		enum assay_code closed = output_close(&s->json, code, err);
		code = code == ASSAY_OK ? assay_context(err, closed, "--json") : code;
	}
	bool failed = fflush(stdout) != 0 || ferror(stdout);
	if (code == ASSAY_OK && failed)
		return assay_fail(err, ASSAY_EIO, "write to standard output: %s", strerror(errno));
	return code;
}

/*
 * With the rights of another than the caller's, every file and library named in the environment or on the command
 * line would be a way to use them.
 */
static bool borrowed_rights(void)
{
	return getuid() != geteuid() || getgid() != getegid();
}

int main(int argc, char **argv)
{
	struct assay_err err = {0};
	struct session s = {.cli = {.program = "/proc/self/exe", .argc = argc, .argv = argv}};
	int exit_code = CLI_OK;
	fill_standard_descriptors();
	if (borrowed_rights()) {
		fputs("assay: it is set-user-ID or set-group-ID and must not be: it runs what it is "
		      "told to, 'chmod ug-s' it\n",
		      stderr);
		return CLI_USAGE;
	}
	survive_refused_writes();
	see_children_end();
	setlocale(LC_CTYPE, "C.UTF-8"); /* for the width of characters; numbers keep their dot */
	enum assay_code code = run(&s, &exit_code, &err);
	code = close_outputs(&s, code, &err);
	if (code == ASSAY_EIO && reader_gone())
		exit_code =
			s.pager ? CLI_OK : READER_GONE; /* whoever leaves a pager has seen enough */
	else if (code != ASSAY_OK) {
		complain(&s, &err);
		exit_code = exit_of(&s, code);
	}
	pager_wait(s.pager);
	assay_registry_free(s.cli.registry);
	config_free(s.cli.config);
	cli_args_done(&s.before);
	cli_args_done(&s.args);
	return exit_code;
}
