/* SPDX-License-Identifier: MIT */
/* owner: which process is measuring a run, and whether it still lives. */
#ifndef ASSAY_STORE_OWNER_H
#define ASSAY_STORE_OWNER_H

#include <stdbool.h>
#include <stddef.h>

enum { STORE_OWNER_SIZE = 96 };

/* "pid start-time boot-id" of this process. */
void store_owner_self(char owner[STORE_OWNER_SIZE]);
/* Does that very process still run? A pid alone may have been reused, before or after a reboot. */
bool store_owner_alive(const char *owner);

#endif
