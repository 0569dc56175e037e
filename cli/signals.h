/* SPDX-License-Identifier: MIT */
/* signals: how a verb that measures for minutes is asked to stop. */
#ifndef ASSAY_CLI_SIGNALS_H
#define ASSAY_CLI_SIGNALS_H

#include <signal.h>

/*
 * From now on the first SIGINT or SIGTERM asks to stop: its number stands in what is returned, 0 before
 * that. The second one does not ask.
 */
const volatile sig_atomic_t *cli_catch_signals(void);

/* The number of the signal that was caught; SIGINT when none was, as for a terminal's Ctrl-C that a child got. */
int cli_signal_caught(void);

#endif
