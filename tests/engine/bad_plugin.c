/* SPDX-License-Identifier: MIT */
/* bad_plugin: benchmarks that do everything a benchmark must not do. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/bench.h"

static void empty_loop(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_clobber();
}

static void good(struct assay_run *run)
{
	empty_loop(run);
}

static void crash(struct assay_run *run)
{
	empty_loop(run);
	signal(SIGSEGV, SIG_DFL); /* a sanitizer would report it and exit */
	raise(SIGSEGV);
}

static void hang(struct assay_run *run)
{
	(void)run;
	signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
}

static void leave(struct assay_run *run)
{
	(void)run;
	fprintf(stderr, "so long\n");
	_exit(7);
}

/* A clean exit without a result is no success. */
static void leave_quietly(struct assay_run *run)
{
	(void)run;
	exit(0);
}

/* Prints without end; its timeout must end it, and memory must not grow here or there. */
static void flood_output(struct assay_run *run)
{
	(void)run;
	static char text[65536];
	memset(text, 'x', sizeof(text));
	for (;;)
		if (write(1, text, sizeof(text)) < 0)
			return;
}

/* Writes garbage where the records go. */
static void garbage(struct assay_run *run)
{
	empty_loop(run);
	for (int fd = 3; fd < 8; fd++)
		if (write(fd, "this is not a record, it is only text", 37) < 0)
			continue;
}

static void eat_memory(struct assay_run *run)
{
	(void)run;
	for (;;) {
		char *block = mmap(NULL, 1 << 26, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (block == MAP_FAILED)
			abort();
		memset(block, 1, 1 << 26);
	}
}

/* Children in sessions of their own that ignore all they can and outlive the body. */
static void fork_away(struct assay_run *run)
{
	empty_loop(run);
	for (int i = 0; i < 3; i++) {
		if (fork() != 0)
			continue;
		setsid();
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		if (fork() == 0)
			setsid();
		for (;;)
			pause();
	}
}

static void wrong(struct assay_run *run)
{
	empty_loop(run);
	assay_check(run, 6 * 9 == 42, "six by nine is %d\x1b[31m", 6 * 9);
}

/* What the constructor found: rights are dropped before a worker loads anything. */
static int rights_kept_at_load = -1;

static __attribute__((constructor)) void look_around(void)
{
	rights_kept_at_load = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static void confined(struct assay_run *run)
{
	struct rlimit core = {1, 1}, file = {0, RLIM_INFINITY}, open_files = {0, RLIM_INFINITY},
		      tasks = {0, RLIM_INFINITY};
	empty_loop(run);
	getrlimit(RLIMIT_CORE, &core);
	getrlimit(RLIMIT_FSIZE, &file);
	getrlimit(RLIMIT_NOFILE, &open_files);
	getrlimit(RLIMIT_NPROC, &tasks);
	assay_check(run, rights_kept_at_load == 0, "rights were there when it was loaded");
	assay_check(run, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "rights can be had");
	assay_check(run, core.rlim_max == 0, "a core may be left");
	assay_check(run, file.rlim_max <= (rlim_t)64 << 30, "files without end");
	assay_check(run, open_files.rlim_max <= 1 << 20, "descriptors without end");
	assay_check(run, tasks.rlim_max != RLIM_INFINITY, "processes without end");
}

/* More processes than the test lets it have. */
static void multiply(struct assay_run *run)
{
	enum { MANY = 60 };
	int n = 0;
	empty_loop(run);
	for (pid_t pid; n < MANY && (pid = fork()) != -1; n++)
		if (pid == 0)
			for (;;)
				pause();
	assay_check(run, n == MANY, "not as many processes as it wanted");
}

static enum assay_code refuse(struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "not on a %s", "Saturday");
}

static enum assay_code check(const struct assay_subject *subject, uint64_t seed,
			     struct assay_err *err)
{
	const char *kind = subject->ops;
	(void)seed;
	if (strcmp(kind, "wrong") == 0)
		return assay_fail(err, ASSAY_ECHECK, "lost an element");
	if (strcmp(kind, "crashing") == 0)
		raise(SIGABRT);
	return ASSAY_OK;
}

#define BENCH(function)                                                                    \
	{                                                                                  \
#function, &(const struct assay_bench)                                     \
		{                                                                          \
			.brief = #function, .body = function, .subjects = ASSAY_NO_SUBJECT \
		}                                                                          \
	}

static const struct assay_bench with_subjects = {.brief = "takes subjects", .body = good};
static const struct assay_subject wrong_subject = {.brief = "wrong", .ops = "wrong"};
static const struct assay_subject crashing = {.brief = "crashing", .ops = "crashing"};
static const struct assay_subject right = {.brief = "right", .ops = "right"};
static const struct assay_subject absent = {.brief = "absent", .ops = "a", .probe = refuse};
static const struct assay_suite suite = {.brief = "bad", .interface = "kind", .check = check};

ASSAY_API const struct assay_plugin assay_plugin = {
	.abi = ASSAY_ABI,
	.suite = "bad",
	.description = &suite,
	.benches =
		(const struct assay_plugin_bench[]){
			BENCH(good),
			BENCH(crash),
			BENCH(hang),
			BENCH(leave),
			BENCH(leave_quietly),
			BENCH(flood_output),
			BENCH(garbage),
			BENCH(eat_memory),
			BENCH(fork_away),
			BENCH(wrong),
			BENCH(confined),
			BENCH(multiply),
			{"subjects", &with_subjects},
			{0},
		},
	.subjects =
		(const struct assay_plugin_subject[]){
			{"wrong", &wrong_subject},
			{"crashing", &crashing},
			{"right", &right},
			{"absent", &absent},
			{0},
		},
};
