/* SPDX-License-Identifier: MIT */
/*
 * program: someone else's server, started in a folder of its own on a free port of loopback, stopped after;
 * everything with a deadline. It may use every processor, though its caller is pinned.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_PROGRAM_H
#define ASSAY_SUITES_CONCURRENCY_PROGRAM_H

#include <stdint.h>
#include <sys/types.h>

#include "harness/base/err.h"

enum { PROGRAM_CONF_MAX = 16384 };

struct program;

/* ASSAY_OK, or ASSAY_SKIP that names the package to install. */
enum assay_code program_probe(const char *name, const char *package, struct assay_err *err);

/* One that was free a moment ago; 0: none. Should another take it, the program will not start. */
uint16_t program_free_port(void);

/*
 * Run argv[0], an HTTP server, in a new folder that holds `conf` as a file of that name; what it prints goes to
 * the file "log". Returns when it answers at `port`, and removes the folder then, so that nothing is left
 * however the caller ends; ASSAY_SKIP with the first line of its log when it does not within two seconds.
 */
enum assay_code program_start(const char *const argv[], const char *conf, uint16_t port,
			      struct program **ret, struct assay_err *err);
pid_t program_pid(const struct program *program);
/* Asked to end, then made to. NULL is fine. */
void program_stop(struct program *program);

#endif
