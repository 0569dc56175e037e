/* SPDX-License-Identifier: MIT */
/* server: a peer that is a program of its own, started on a private unix socket and stopped after. */
#ifndef ASSAY_SUITES_REMOTE_SERVER_H
#define ASSAY_SUITES_REMOTE_SERVER_H

#include "harness/base/err.h"

struct server;

/* In an argument of the command: replaced by the path of the socket, or of its folder. */
#define SERVER_SOCKET "@socket@"
#define SERVER_FOLDER "@folder@"

/* ASSAY_SKIP with what to install when there is no program of that name on the path. */
enum assay_code server_probe(const char *program, const char *package, struct assay_err *err);

/*
 * Start argv[0] (looked up on the path, never through a shell) in a temporary folder of its own and wait
 * until its socket accepts connections. ASSAY_SKIP with the reason, which includes the last line it
 * printed, when it ends or does not answer within two seconds. It may use every processor, also when
 * the caller is pinned. Stop it with server_stop().
 */
enum assay_code server_start(const char *const *argv, struct server **ret, struct assay_err *err);

/* Path of its socket, valid until it is stopped. */
const char *server_socket(const struct server *server);

/* Its process, for tests that kill it. */
int server_pid(const struct server *server);

/* Ask it to end, make it end after a second, remove its folder. NULL is fine. */
void server_stop(struct server *server);

#endif
