/* SPDX-License-Identifier: MIT */
/*
 * cli: what the verbs share: options, exit codes, where output goes. One static table of options per
 * verb feeds getopt_long and --help alike.
 */
#ifndef ASSAY_CLI_H
#define ASSAY_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/err.h"
#include "harness/engine/registry.h"

/* The exit codes are a contract: docs/exit-codes.md. */
enum cli_exit {
	CLI_OK = 0,
	CLI_REGRESSION = 1,
	CLI_USAGE = 2,
	CLI_FAILED = 3,
	CLI_UNDECIDED = 4,
	CLI_COVERAGE = 5,
	CLI_ENVIRONMENT = 6,
	CLI_STORE = 7,
	CLI_INTERRUPTED = 130,
	CLI_TERMINATED = 143,
};

struct cli_option {
	const char *name;     /* "samples" */
	char letter;          /* 'n', or 0 */
	const char *argument; /* "N"; NULL: a flag; "[FILE]": optional, given as --name=FILE */
	const char *help;     /* one line */
};

/* One option as given. */
struct cli_given {
	const struct cli_option *option;
	const char *value; /* NULL for a flag */
	bool letter;       /* given as -n, not as --samples */
};

struct cli_args {
	struct cli_given *given;
	size_t n_given;
	char **positional; /* after the options; for `run -- CMD` what follows the -- as well */
	int n_positional;
	int n_before; /* how many of them stood before a "--", or all */
	bool dashes;  /* there was a "--": positional[n_before] and on stood after it */
	char **words; /* private: what `positional` points into */
};

struct cli {
	const char *program; /* argv[0], for workers: /proc/self/exe */
	const char *db;      /* path of the store */
	FILE *json;          /* NULL, or where --json goes */
	bool json_is_stdout; /* then nothing else may be written there */
	bool quiet;
	int verbose;
	bool color_out, color_err; /* may stdout, stderr carry colour? */
	bool tty_err;
	struct assay_registry *registry;
	struct config *config; /* effective settings, see cli/settings.h */
	int argc;
	char **argv;
};

struct cli_verb {
	const char *name;
	const char *usage;                /* "[PATTERN...]" */
	const char *brief;                /* one line for the overview; NULL: hidden */
	const char *details;              /* paragraphs after the options; may be NULL */
	const struct cli_option *options; /* ends with { 0 }; may be NULL */
	int on_error; /* its exit code for every error, usage among them; 0: by the kind of error */
	bool paged;   /* prints much for people and starts no workers: a pager may stand behind */
	bool streams; /* its --json are events as they happen, to be had while it runs; else one document */
	bool bare; /* needs neither registry nor configuration: started as fast as possible */
	/* *ret_exit is CLI_OK on entry; on failure the code of the return value decides. */
	enum assay_code (*run)(struct cli *cli, const struct cli_args *args, int *ret_exit,
			       struct assay_err *err);
};

/* NULL-terminated, written by the build. */
extern const struct cli_verb *const cli_verbs[];

/* All suites, benchmarks, subjects and counter sources of this build. */
extern const struct assay_table cli_built_in;

/* The options that every verb takes, before or after the verb; ends with { 0 }. */
extern const struct cli_option cli_globals[];

/* The verb of that name; ASSAY_EUSAGE with the nearest one. */
enum assay_code cli_verb_find(const char *name, const struct cli_verb **ret, struct assay_err *err);

/* The last value given for an option, or NULL; for a flag "" when given. */
const char *cli_value(const struct cli_args *args, const char *name);
bool cli_flag(const struct cli_args *args, const char *name);

/*
 * Parse argv[argc] (without the verb) against the verb's options and the global ones. Unknown or
 * incomplete options: ASSAY_EUSAGE naming the nearest known one.
 */
enum assay_code cli_parse(const struct cli_verb *verb, int argc, char **argv, struct cli_args *ret,
			  struct assay_err *err);
/*
 * The same for the options before the verb: stops at the first word that is no option and sets
 * *ret_used to how many words it took.
 */
enum assay_code cli_parse_globals(int argc, char **argv, struct cli_args *ret, int *ret_used,
				  struct assay_err *err);
void cli_args_done(struct cli_args *args);

/* The exit code that goes with an error code. */
int cli_exit_of(enum assay_code code);

/* Print the page of one verb, or the overview when NULL. At most 80 columns. */
void cli_help(const struct cli_verb *verb, FILE *out);

/* Print `text` filled to 80 columns, starting at column `at`, further lines at column `indent`. */
void cli_fill(FILE *out, int at, int indent, const char *text);

/* What `assay` alone prints: the three commands to try on this machine. */
void cli_guide(const struct cli *cli, FILE *out);

/* What --version prints: version, compilers, what this build has and lacks. */
void cli_version(FILE *out);

/* Where stderr is no terminal, a verb that takes long writes a line this often: logs of CI show it is alive. */
#define CLI_HEARTBEAT_NS UINT64_C(30000000000)

struct assay_str;
/* " --db FILE", quoted for a shell, where the command line named the store: a proposed command needs it, too. */
void cli_store_option(const struct cli *cli, struct assay_str *to);

/* Progress and hints to stderr, unless -q. */
void cli_note(const struct cli *cli, const char *fmt, ...) ASSAY_PRINTF(2, 3);
void cli_warn(const struct cli *cli, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/*
 * A table for people: columns line up, numbers to the right, the text of cells escaped for the
 * terminal. Cells are copied.
 */
struct cli_table;
/*
 * `columns`: titles, that may start with a '?' when a narrow terminal can do without the column, then with
 * '>' for numbers, aligned right, or with '/' for names of cases: a narrow terminal shows in a line of its
 * own what neighbours share. NULL when out of memory, which the other functions accept: cli_table_print
 * says so.
 */
struct cli_table *cli_table_new(const char *const *columns, size_t n);
/* One text per column; NULL is shown as "-". */
void cli_table_row(struct cli_table *table, const char *const *cells);
/* A line across the table, e.g. a heading or a remark, in its place between rows. */
void cli_table_line(struct cli_table *table, const char *text);
/* Print and free. Cut to the terminal's width only when `out` is one; numbers are never cut. */
void cli_table_print(struct cli_table *table, FILE *out);
/* Give a table up unprinted; takes NULL. */
void cli_table_free(struct cli_table *table);
/* Columns of the terminal behind `out`, also through our pager; 0 when it is none. */
unsigned cli_terminal_width(FILE *out);
/* A line with text from outside, escaped for the terminal and broken to its width; whole in a file. */
void cli_print_line(const char *text, FILE *out);

#endif
