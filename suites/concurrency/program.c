/* SPDX-License-Identifier: MIT */
/* program: spawn, wait for the port, stop, remove the folder. */
#include "suites/concurrency/program.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"

enum { START_MS = 2000, STOP_MS = 1000, STEP_MS = 2, PATH_BYTES = 80 };

extern char **environ;

struct program {
	char folder[PATH_BYTES];
	pid_t pid;    /* 0: has ended */
	bool removed; /* the folder */
};

/* Debian puts servers where the path of ordinary users does not lead. */
static bool find(const char *name, char *path, size_t size)
{
	static const char *const folders[] = {"/usr/sbin", "/usr/bin", "/usr/local/sbin"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(folders); i++) {
		int n = snprintf(path, size, "%s/%s", folders[i], name);
		if (n > 0 && (size_t)n < size && access(path, X_OK) == 0)
			return true;
	}
	return false;
}

enum assay_code program_probe(const char *name, const char *package, struct assay_err *err)
{
	char path[PATH_BYTES];
	return find(name, path, sizeof(path))
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_SKIP, "there is no %s in /usr/sbin; install %s",
				    name, package);
}

static int open_port(uint16_t port, bool connects)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (connects ? connect(fd, (struct sockaddr *)&at, sizeof(at))
				 : bind(fd, (struct sockaddr *)&at, sizeof(at))) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

uint16_t program_free_port(void)
{
	struct sockaddr_in at = {0};
	socklen_t size = sizeof(at);
	int fd = open_port(0, false);
	if (fd < 0)
		return 0;
	bool ok = getsockname(fd, (struct sockaddr *)&at, &size) == 0;
	close(fd);
	return ok ? ntohs(at.sin_port) : 0;
}

static bool write_conf(const struct program *p, const char *conf)
{
	char path[PATH_BYTES + 8];
	snprintf(path, sizeof(path), "%s/conf", p->folder);
	FILE *out = fopen(path, "we");
	if (!out)
		return false;
	bool ok = fputs(conf, out) >= 0;
	return fclose(out) == 0 && ok;
}

/* On all processors, though the caller is pinned. */
static int launch(struct program *p, const char *const argv[])
{
	char path[PATH_BYTES];
	posix_spawn_file_actions_t actions;
	cpu_set_t all, before;
	if (!find(argv[0], path, sizeof(path)))
		return ENOENT;
	memset(&all, 0xff, sizeof(all));
	bool moved = sched_getaffinity(0, sizeof(before), &before) == 0 &&
		     sched_setaffinity(0, sizeof(all), &all) == 0;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, p->folder);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "log", O_WRONLY | O_CREAT | O_APPEND, 0600);
	int rc =
		posix_spawn(&p->pid, path, &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (moved)
		sched_setaffinity(0, sizeof(before), &before);
	if (rc != 0)
		p->pid = 0;
	return rc;
}

static bool has_ended(struct program *p)
{
	if (p->pid > 0 && waitpid(p->pid, NULL, WNOHANG) != 0)
		p->pid = 0;
	return p->pid == 0;
}

/* It makes files, and folders that are empty again when it ends. */
static void remove_folder(const struct program *p)
{
	DIR *folder = opendir(p->folder);
	for (const struct dirent *entry; folder && (entry = readdir(folder));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
	if (folder)
		closedir(folder);
	rmdir(p->folder);
}

void program_stop(struct program *p)
{
	if (!p)
		return;
	if (!has_ended(p))
		kill(p->pid, SIGTERM);
	uint64_t until_ns = assay_now_ns() + STOP_MS * 1000000ull;
	while (!has_ended(p) && assay_now_ns() < until_ns)
		poll(NULL, 0, STEP_MS);
	if (!has_ended(p)) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	if (!p->removed)
		remove_folder(p);
	free(p);
}

pid_t program_pid(const struct program *p)
{
	return p->pid;
}

/* Whatever it says, it has got as far as saying something: connections are taken long before that. */
static bool says_something(int fd, int most_ms)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	return send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0 &&
	       poll(&wait, 1, most_ms) == 1;
}

static bool answers(struct program *p, uint16_t port)
{
	uint64_t until_ns = assay_now_ns() + START_MS * 1000000ull;
	while (!has_ended(p) && assay_now_ns() < until_ns) {
		int fd = open_port(port, true);
		bool yes = fd >= 0 && says_something(fd, START_MS);
		if (fd >= 0)
			close(fd);
		if (yes)
			return !has_ended(p);
		poll(NULL, 0, STEP_MS);
	}
	return false;
}

/* The first line of its log, for the reason. */
static void first_line(const struct program *p, char *to, size_t size)
{
	char path[PATH_BYTES + 8], line[200] = "it printed nothing";
	snprintf(path, sizeof(path), "%s/log", p->folder);
	FILE *in = fopen(path, "re");
	if (in && fgets(line, sizeof(line), in))
		line[strcspn(line, "\n")] = '\0';
	if (in)
		fclose(in);
	assay_sanitise(to, size, line);
}

enum assay_code program_start(const char *const argv[], const char *conf, uint16_t port,
			      struct program **ret, struct assay_err *err)
{
	char line[200];
	struct program *p = calloc(1, sizeof(*p));
	if (!p)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a server");
	snprintf(p->folder, sizeof(p->folder), "/tmp/assay-%s-XXXXXX", argv[0]);
	if (!mkdtemp(p->folder)) {
		free(p);
		return assay_fail(err, ASSAY_EIO, "make a folder in /tmp: %s", strerror(errno));
	}
	int rc = port && write_conf(p, conf) ? launch(p, argv) : EIO;
	if (rc == 0 && answers(p, port)) {
		/* it has read and opened what it needs: so nothing is left should the caller be killed */
		remove_folder(p);
		p->removed = true;
		*ret = p;
		return ASSAY_OK;
	}
	first_line(p, line, sizeof(line));
	program_stop(p);
	return assay_fail(err, ASSAY_SKIP, "%s did not start: %s", argv[0],
			  rc ? strerror(rc) : line);
}
