/* SPDX-License-Identifier: MIT */
/* caller: what tests of servers send by hand; every wait has an end. */
#ifndef ASSAY_TESTS_SUITES_CONCURRENCY_CALLER_H
#define ASSAY_TESTS_SUITES_CONCURRENCY_CALLER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/t.h"

enum { WAIT_MS = 5000 };

static inline int connect_to(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval wait = {WAIT_MS / 1000, 0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static inline void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All until the server closes, terminated. */
static inline void read_all(int fd, char *text, size_t size)
{
	size_t at = 0;
	ssize_t n;
	while (at < size - 1 && (n = recv(fd, text + at, size - 1 - at, 0)) > 0)
		at += (size_t)n;
	text[at] = '\0';
}

/* The status of the first answer to these bytes. */
static inline int status_of(uint16_t port, const char *text)
{
	char answer[8192];
	int fd = connect_to(port), status = 0;
	send_text(fd, text);
	shutdown(fd, SHUT_WR);
	read_all(fd, answer, sizeof(answer));
	close(fd);
	return sscanf(answer, "HTTP/1.1 %d", &status) == 1 ? status : -1;
}

#endif
