/* SPDX-License-Identifier: MIT */
/* main: compose the parts, run one verb, print the error, exit. */
#include "cli/cli.h"

int main(void)
{
	return cli_verbs[0] == NULL;
}
