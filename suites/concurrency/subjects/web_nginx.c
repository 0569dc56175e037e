/* SPDX-License-Identifier: MIT */
/*
 * web_nginx: nginx with one process and the same static answer, started in a folder of its own on a free
 * port of loopback, stopped after. It may use every processor, as ours may.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "suites/concurrency/site.h"
#include "suites/concurrency/web_server.h"

enum { START_MS = 2000, STOP_MS = 1000, STEP_MS = 2, PATH_BYTES = 64 };

extern char **environ;

struct web_server {
	char folder[PATH_BYTES], conf[PATH_BYTES + 16], log[PATH_BYTES + 16];
	pid_t pid;
	uint16_t port;
};

/* Debian puts it where the path of ordinary users does not lead. */
static const char *const programs[] = {"/usr/sbin/nginx", "/usr/bin/nginx",
				       "/usr/local/sbin/nginx"};

static const char *program(void)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(programs); i++)
		if (access(programs[i], X_OK) == 0)
			return programs[i];
	return NULL;
}

static enum assay_code probe(struct assay_err *err)
{
	return program() ? ASSAY_OK
			 : assay_fail(err, ASSAY_SKIP,
				      "there is no nginx in /usr/sbin; install nginx-light");
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

/* One that was free a moment ago; should another program take it, nginx says so and is skipped. */
static uint16_t free_port(void)
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

static bool write_conf(const struct web_server *s, unsigned connections)
{
	char text[SITE_STATIC_BYTES + 1] = {0};
	FILE *out = fopen(s->conf, "we");
	if (!out)
		return false;
	memset(text, 'x', SITE_STATIC_BYTES);
	fprintf(out,
		"daemon off; master_process off; pid pid; error_log log;\n"
		"events { worker_connections %u; }\n"
		"http { access_log off; keepalive_requests 1000000000; default_type text/plain;\n"
		"client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n"
		"uwsgi_temp_path t4; scgi_temp_path t5;\n"
		"server { listen 127.0.0.1:%u backlog=1024; location = /static { return 200 %s; } } }\n",
		connections + 32, s->port, text);
	return fclose(out) == 0;
}

/* On all processors, though the caller is pinned. */
static int launch(struct web_server *s)
{
	const char *const argv[] = {"nginx", "-p", s->folder, "-c", "conf", "-e", "log", NULL};
	posix_spawn_file_actions_t actions;
	cpu_set_t all, before;
	memset(&all, 0xff, sizeof(all));
	bool moved = sched_getaffinity(0, sizeof(before), &before) == 0 &&
		     sched_setaffinity(0, sizeof(all), &all) == 0;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	int rc = posix_spawn(&s->pid, program(), &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (moved)
		sched_setaffinity(0, sizeof(before), &before);
	return rc;
}

/* It ended by itself: then there is nothing to stop. */
static bool has_ended(struct web_server *s)
{
	if (s->pid > 0 && waitpid(s->pid, NULL, WNOHANG) != 0)
		s->pid = 0;
	return s->pid <= 0;
}

static void stop(struct web_server *s)
{
	static const char *const names[] = {"conf", "log", "pid"};
	static const char *const folders[] = {"t1", "t2", "t3", "t4", "t5"};
	char path[PATH_BYTES + 16];
	if (!has_ended(s))
		kill(s->pid, SIGTERM);
	uint64_t until_ns = assay_now_ns() + STOP_MS * 1000000ull;
	while (!has_ended(s) && assay_now_ns() < until_ns)
		poll(NULL, 0, STEP_MS);
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, names[i]);
		unlink(path);
	}
	for (size_t i = 0; i < ASSAY_COUNT_OF(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, folders[i]);
		rmdir(path);
	}
	rmdir(s->folder);
	free(s);
}

static bool answers(struct web_server *s)
{
	uint64_t until_ns = assay_now_ns() + START_MS * 1000000ull;
	while (!has_ended(s) && assay_now_ns() < until_ns) {
		int fd = open_port(s->port, true);
		if (fd >= 0) {
			close(fd);
			return true;
		}
		poll(NULL, 0, STEP_MS);
	}
	return false;
}

/* The first line of its log, for the reason. */
static void first_line(const struct web_server *s, char *text, size_t size)
{
	FILE *in = fopen(s->log, "re");
	text[0] = '\0';
	if (in && fgets(text, (int)size, in))
		text[strcspn(text, "\n")] = '\0';
	if (in)
		fclose(in);
}

static enum assay_code start(unsigned workers, unsigned connections, struct web_server **ret,
			     uint16_t *ret_port, struct assay_err *err)
{
	char line[200];
	struct web_server *s = calloc(1, sizeof(*s));
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a server");
	snprintf(s->folder, sizeof(s->folder), "/tmp/assay-nginx-XXXXXX");
	if (!mkdtemp(s->folder)) {
		free(s);
		return assay_fail(err, ASSAY_EIO, "make a folder in /tmp: %s", strerror(errno));
	}
	snprintf(s->conf, sizeof(s->conf), "%s/conf", s->folder);
	snprintf(s->log, sizeof(s->log), "%s/log", s->folder);
	s->port = free_port();
	int rc = s->port && write_conf(s, connections) ? launch(s) : EIO;
	if (rc == 0 && answers(s)) {
		*ret = s;
		*ret_port = s->port;
		return ASSAY_OK;
	}
	first_line(s, line, sizeof(line));
	stop(s);
	return assay_fail(err, ASSAY_SKIP, "nginx did not start: %s", rc ? strerror(rc) : line);
}

static const struct web_server_ops ops = {.start = start, .stop = stop};

const struct assay_subject assay_subject_concurrency_web_nginx = {
	.interface = WEB_SERVER_INTERFACE,
	.brief = "nginx, one process, the same static answer",
	.ops = &ops,
	.probe = probe,
};
