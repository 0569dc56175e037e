/* SPDX-License-Identifier: MIT */
/* server: start, wait for the socket, stop; everything with a deadline. */
#include "suites/remote/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"

enum { START_MS = 2000, STOP_MS = 1000, STEP_MS = 2, ARGS_MAX = 32, PATH_BYTES = 80 };

extern char **environ;

struct server {
	char folder[PATH_BYTES];
	char socket[PATH_BYTES + 8];
	char log[PATH_BYTES + 8];
	pid_t pid;
	bool ended;
};

static bool is_program(const char *folder, size_t length, const char *name)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%.*s/%s", (int)length, folder, name);
	return n > 0 && (size_t)n < sizeof(path) && access(path, X_OK) == 0;
}

enum assay_code server_probe(const char *program, const char *package, struct assay_err *err)
{
	const char *path = getenv("PATH");
	for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
		size_t n = strcspn(at, ":");
		if (n && is_program(at, n, program))
			return ASSAY_OK;
		at += n + (at[n] == ':');
	}
	return assay_fail(err, ASSAY_SKIP, "there is no %s on the path; install %s", program,
			  package);
}

static void wait_ms(unsigned ms)
{
	poll(NULL, 0, (int)ms);
}

static bool has_ended(struct server *s)
{
	if (!s->ended)
		s->ended = waitpid(s->pid, NULL, WNOHANG) != 0;
	return s->ended;
}

static bool accepts(const struct server *s)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	if (!assay_copy(to.sun_path, sizeof(to.sun_path), s->socket))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* The last line it printed, for the reason. */
static void last_line(const struct server *s, char *to, size_t size)
{
	char line[200], last[200] = "it printed nothing";
	FILE *log = fopen(s->log, "re");
	while (log && fgets(line, sizeof(line), log)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			memcpy(last, line, sizeof(last));
	}
	if (log)
		fclose(log);
	assay_sanitise(to, size, last);
}

static void remove_folder(const struct server *s)
{
	DIR *folder = opendir(s->folder);
	for (const struct dirent *entry; folder && (entry = readdir(folder));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(s->folder);
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	if (s->pid > 0 && !has_ended(s)) {
		kill(s->pid, SIGTERM);
		for (unsigned ms = 0; ms < STOP_MS && !has_ended(s); ms += STEP_MS)
			wait_ms(STEP_MS);
	}
	if (s->pid > 0 && !has_ended(s)) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	remove_folder(s);
	free(s);
}

static enum assay_code spawn(struct server *s, const char *const *argv, struct assay_err *err)
{
	char *args[ARGS_MAX + 1] = {0};
	for (size_t i = 0; argv[i] && i < ARGS_MAX; i++) {
		const char *arg = strcmp(argv[i], SERVER_SOCKET) == 0   ? s->socket
				  : strcmp(argv[i], SERVER_FOLDER) == 0 ? s->folder
									: argv[i];
		args[i] = strdup(arg);
	}
	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, s->log,
					 O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
	int error = posix_spawnp(&s->pid, args[0], &files, NULL, args, environ);
	posix_spawn_file_actions_destroy(&files);
	for (size_t i = 0; i < ARGS_MAX; i++)
		free(args[i]);
	if (error) {
		s->pid = 0;
		return assay_fail(err, ASSAY_SKIP, "%s: %s", argv[0], strerror(error));
	}
	cpu_set_t all;
	CPU_ZERO(&all);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		CPU_SET(cpu, &all);
	sched_setaffinity(s->pid, sizeof(all), &all); /* refused: it stays where we are */
	return ASSAY_OK;
}

static enum assay_code wait_for_socket(struct server *s, const char *name, struct assay_err *err)
{
	uint64_t until = assay_now_ns() + START_MS * UINT64_C(1000000);
	char line[160];
	while (!accepts(s)) {
		if (has_ended(s)) {
			last_line(s, line, sizeof(line));
			return assay_fail(err, ASSAY_SKIP, "%s ended at once: %s", name, line);
		}
		if (assay_now_ns() > until) {
			last_line(s, line, sizeof(line));
			return assay_fail(err, ASSAY_SKIP,
					  "%s did not answer on its socket within %d ms: %s", name,
					  START_MS, line);
		}
		wait_ms(STEP_MS);
	}
	return ASSAY_OK;
}

enum assay_code server_start(const char *const *argv, struct server **ret, struct assay_err *err)
{
	struct server *s = calloc(1, sizeof(*s));
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a server");
	const char *tmp = getenv("TMPDIR");
	bool fits = tmp && *tmp == '/' && strlen(tmp) < PATH_BYTES / 2;
	snprintf(s->folder, sizeof(s->folder), "%s/assay-server-XXXXXX", fits ? tmp : "/tmp");
	if (!mkdtemp(s->folder)) {
		enum assay_code rc =
			assay_fail(err, ASSAY_SKIP, "folder '%s': %s", s->folder, strerror(errno));
		free(s);
		return rc;
	}
	snprintf(s->socket, sizeof(s->socket), "%s/socket", s->folder);
	snprintf(s->log, sizeof(s->log), "%s/log", s->folder);
	enum assay_code rc = spawn(s, argv, err);
	if (rc == ASSAY_OK)
		rc = wait_for_socket(s, argv[0], err);
	if (rc != ASSAY_OK)
		server_stop(s);
	else
		*ret = s;
	return rc;
}

const char *server_socket(const struct server *server)
{
	return server->socket;
}

int server_pid(const struct server *server)
{
	return server->pid;
}
