/* SPDX-License-Identifier: MIT */
/* signals: one flag, set from the handler and hence global. */
#include "cli/signals.h"

#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	if (interrupted)
		_exit(128 + number);
	interrupted = number;
}

const volatile sig_atomic_t *cli_catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return &interrupted;
}

int cli_signal_caught(void)
{
	return interrupted ? (int)interrupted : SIGINT;
}
