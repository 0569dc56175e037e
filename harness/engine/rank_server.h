/* SPDX-License-Identifier: MIT */
/* rank_server: a door for ranks to come in by, and the launcher that sends them. For ranks.c alone. */
#ifndef ASSAY_ENGINE_RANK_SERVER_H
#define ASSAY_ENGINE_RANK_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/base/err.h"
#include "harness/engine/argv.h"
#include "harness/engine/reap.h"

struct rank_server {
	int listener;
	char key[33];               /* whoever comes must know it */
	char address[320];          /* "_ASSAY_LINK=HOST:PORT/KEY" */
	struct assay_leader leader; /* the launcher */
	int exit_fd;                /* its pidfd, or -1 */
	int output;                 /* what it and the ranks print */
	char tail[2048];            /* the last of it */
};

/* Listen, on the loopback device alone when `near`. rank_server_done() is due also after a failure. */
enum assay_code rank_server_init(struct rank_server *server, bool near, struct assay_err *err);
/* Start the launcher in a session of its own. ASSAY_EENV when there is no such program. */
enum assay_code rank_server_spawn(struct rank_server *server, const struct assay_argv *argv,
				  const struct assay_argv *environment, struct assay_err *err);
/* Whoever waits at the door, or -1. */
int rank_server_accept(struct rank_server *server);
/* Take what was printed, and look whether the launcher has ended. */
void rank_server_look(struct rank_server *server);
/* The last line that was printed, or of a rank itself if there is one, safe to show, after giving it `patience_ms` to
 * come; "" when there is none. */
const char *rank_server_words(struct rank_server *server, unsigned patience_ms, char *text,
			      size_t size);
/*
 * End the launcher and all below it: it is asked first, because only it can end ranks on other hosts. With `patience_ms`
 * it may end by itself before. Returns how many processes could not be ended.
 */
int rank_server_done(struct rank_server *server, unsigned patience_ms);

#endif
