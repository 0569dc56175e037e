/* SPDX-License-Identifier: MIT */
/* child: spawn, wait, and keep the deadline. */
#include "harness/engine/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/engine/reap.h"

enum {
	ALARM_AGAIN_US = 50000,
	EXIT_POLL_MS = 20, /* only where the kernel has no pidfd */
	DRAIN_ROUNDS = 16, /* then look at the clock and the limit again */
};

extern char **environ;

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static enum assay_code not_found(const char *program, struct assay_err *err)
{
	char shown[100];
	assay_sanitise(shown, sizeof(shown), program);
	if (strchr(program, ' '))
		return assay_fail(
			err, ASSAY_EUSAGE,
			"there is no program '%s'; write each word of a command by itself, "
			"without quotes around all of it, and ::: between commands",
			shown);
	if (!strchr(program, '/') && is_program(program))
		return assay_fail(err, ASSAY_EUSAGE,
				  "there is no program '%s' in PATH; did you mean './%s'?", shown,
				  shown);
	if (strchr(program, '/') && access(program, F_OK) == 0)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is not an executable file", shown);
	return assay_fail(err, ASSAY_EUSAGE, "there is no program '%s'", shown);
}

enum assay_code assay_child_find(const char *program, char **ret, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str path = {0};
	const char *folder = getenv("PATH");
	if (!folder)
		folder = "/usr/local/bin:/bin:/usr/bin";
	if (strchr(program, '/')) {
		assay_str_add(&path, "%s", program);
		folder = NULL;
	}
	while (folder && *program) {
		size_t n = strcspn(folder, ":");
		assay_str_clear(&path);
		if (n)
			assay_str_add(&path, "%.*s/%s", (int)n, folder, program);
		else /* an empty entry is the current folder */
			assay_str_add(&path, "./%s", program);
		if (is_program(assay_str_text(&path)))
			break;
		folder = folder[n] ? folder + n + 1 : NULL;
	}
	if (path.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a path");
	if (!is_program(assay_str_text(&path)))
		return not_found(program, err);
	*ret = strdup(assay_str_text(&path));
	return *ret ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "out of memory for a path");
}

static char *const *environment_of(const struct assay_child *child)
{
	return child->environment ? child->environment : environ;
}

static void add_descriptor(posix_spawn_file_actions_t *actions, int from, int to)
{
	if (from < 0)
		posix_spawn_file_actions_addopen(actions, to, "/dev/null",
						 to == 0 ? O_RDONLY : O_WRONLY, 0);
	else
		posix_spawn_file_actions_adddup2(actions, from, to);
}

/* What is prepared before the clock starts. */
struct launchpad {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
};

/* The child starts with the signals of a program started by hand: a worker ignores some. */
static void launchpad_init(struct launchpad *pad, int in, int out, int errors)
{
	sigset_t none, normal;
	posix_spawn_file_actions_init(&pad->actions);
	add_descriptor(&pad->actions, in, 0);
	add_descriptor(&pad->actions, out, 1);
	add_descriptor(&pad->actions, errors, 2);
	sigemptyset(&none);
	sigemptyset(&normal);
	sigaddset(&normal, SIGPIPE);
	sigaddset(&normal, SIGINT);
	sigaddset(&normal, SIGTERM);
	posix_spawnattr_init(&pad->attr);
	posix_spawnattr_setsigmask(&pad->attr, &none);
	posix_spawnattr_setsigdefault(&pad->attr, &normal);
	posix_spawnattr_setflags(&pad->attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static void launchpad_done(struct launchpad *pad)
{
	posix_spawnattr_destroy(&pad->attr);
	posix_spawn_file_actions_destroy(&pad->actions);
}

static enum assay_code cannot_start(const struct assay_child *child, int error,
				    struct assay_err *err)
{
	char shown[200];
	assay_sanitise(shown, sizeof(shown), child->path);
	return assay_fail(err, ASSAY_EIO, "start '%s': %s", shown, strerror(error));
}

static void wake_up(int signal_number)
{
	(void)signal_number; /* its arrival ends the wait */
}

/* The signal comes again and again, in case the first one finds nobody waiting yet. */
static void set_alarm(uint64_t after_ns)
{
	struct itimerval timer = {
		.it_value = {(time_t)(after_ns / 1000000000u),
			     (suseconds_t)(after_ns % 1000000000u / 1000)},
		.it_interval.tv_usec = after_ns ? ALARM_AGAIN_US : 0,
	};
	if (after_ns && !timer.it_value.tv_sec && !timer.it_value.tv_usec)
		timer.it_value.tv_usec = 1;
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* True when the child has been told to end. */
static bool pass_on(const struct assay_child *child, pid_t pid, bool passed_on)
{
	if (passed_on || !child->signalled || *child->signalled != SIGTERM)
		return passed_on;
	kill(pid, SIGTERM);
	return true;
}

enum assay_code assay_child_run(const struct assay_child *child, uint64_t timeout_ns,
				struct assay_child_end *ret, struct assay_err *err)
{
	struct launchpad pad;
	struct sigaction action = {.sa_handler = wake_up}, before;
	launchpad_init(&pad, child->in, child->out, child->errors);
	sigaction(SIGALRM, &action, &before);
	set_alarm(timeout_ns);
	*ret = (struct assay_child_end){0};
	pid_t pid;
	uint64_t begin_ns = assay_now_ns();
	int error = posix_spawn(&pid, child->path, &pad.actions, &pad.attr, child->argv->words,
				environment_of(child));
	bool passed_on = !error && pass_on(child, pid, false);
	while (!error && wait4(pid, &ret->wait_status, 0, &ret->usage) < 0 && errno == EINTR) {
		if (timeout_ns && assay_now_ns() - begin_ns >= timeout_ns) {
			kill(pid, SIGKILL);
			ret->timed_out = true;
		}
		passed_on = pass_on(child, pid, passed_on);
	}
	ret->wall_ns = assay_now_ns() - begin_ns;
	set_alarm(0);
	sigaction(SIGALRM, &before, NULL);
	launchpad_done(&pad);
	return error ? cannot_start(child, error, err) : ASSAY_OK;
}

/* Take what is there, not for ever. False at the end of the stream. */
static bool drain(int fd, struct assay_str *output)
{
	char bytes[16384];
	for (int rounds = 0; rounds < DRAIN_ROUNDS; rounds++) {
		ssize_t n = read(fd, bytes, sizeof(bytes));
		if (n > 0)
			assay_str_put(output, bytes, (size_t)n);
		else if (n == 0 || (errno != EINTR && errno != EAGAIN))
			return false;
		else if (errno == EAGAIN)
			return true;
	}
	return true;
}

/* Read until the child is gone, its time is up or it has written too much; true when it is gone. */
static bool follow(pid_t pid, int fd, uint64_t deadline_ns, size_t limit, struct assay_str *output,
		   struct assay_child_end *ret)
{
	ASSAY_AUTO_CLOSE int exit_fd = assay_exit_fd(pid);
	bool open = true, gone = false;
	while (!gone && output->length <= limit) {
		uint64_t now = assay_now_ns();
		if (now >= deadline_ns) {
			ret->timed_out = true;
			return false;
		}
		uint64_t left_ms = (deadline_ns - now) / 1000000u + 1;
		int wait_ms = exit_fd < 0         ? EXIT_POLL_MS
			      : left_ms > 3600000 ? 3600000
						  : (int)left_ms;
		struct pollfd fds[] = {
			{.fd = open ? fd : -1, .events = POLLIN},
			{.fd = exit_fd, .events = POLLIN},
		};
		poll(fds, ASSAY_COUNT_OF(fds), wait_ms);
		gone = wait4(pid, &ret->wait_status, WNOHANG, &ret->usage) == pid;
		open = open && drain(fd, output);
	}
	return gone;
}

enum assay_code assay_child_capture(const struct assay_child *child, uint64_t timeout_ns,
				    size_t limit, struct assay_str *output,
				    struct assay_child_end *ret, struct assay_err *err)
{
	int ends[2];
	struct launchpad pad;
	*ret = (struct assay_child_end){0};
	if (pipe2(ends, O_CLOEXEC) != 0)
		return assay_fail(err, ASSAY_EIO, "make a pipe: %s", strerror(errno));
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	launchpad_init(&pad, child->in, ends[1], child->errors);
	pid_t pid;
	int error = posix_spawn(&pid, child->path, &pad.actions, &pad.attr, child->argv->words,
				environment_of(child));
	launchpad_done(&pad);
	close(ends[1]);
	uint64_t deadline_ns = timeout_ns ? assay_now_ns() + timeout_ns : UINT64_MAX;
	if (!error && !follow(pid, ends[0], deadline_ns, limit, output, ret)) {
		kill(pid, SIGKILL);
		while (wait4(pid, &ret->wait_status, 0, &ret->usage) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	if (error)
		return cannot_start(child, error, err);
	if (output->failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for what it printed");
	if (output->length > limit)
		return assay_fail(err, ASSAY_EIO, "it printed more than %zu bytes", limit);
	return ASSAY_OK;
}

const char *assay_child_complaint(const struct assay_child_end *end, char *text, size_t size)
{
	if (WIFSIGNALED(end->wait_status))
		snprintf(text, size, "killed by signal %d (%s)", WTERMSIG(end->wait_status),
			 strsignal(WTERMSIG(end->wait_status)));
	else if (WEXITSTATUS(end->wait_status))
		snprintf(text, size, "exit status %d", WEXITSTATUS(end->wait_status));
	else
		return NULL;
	return text;
}
