/* SPDX-License-Identifier: MIT */
/* failing_sqlite: SQLite's allocator with a hand on it; the size stands before the block. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tests/failing.h"

enum { HEAD = 16 };

static void *sqlite_malloc(int n)
{
	char *block = failing_now() ? NULL : __real_malloc((size_t)n + HEAD);
	if (!block)
		return NULL;
	memcpy(block, &n, sizeof(n));
	return block + HEAD;
}

static void sqlite_free(void *block)
{
	if (block)
		free((char *)block - HEAD);
}

static int sqlite_size(void *block)
{
	int n = 0;
	if (block)
		memcpy(&n, (char *)block - HEAD, sizeof(n));
	return n;
}

static void *sqlite_realloc(void *block, int n)
{
	char *grown = failing_now() ? NULL : __real_realloc((char *)block - HEAD, (size_t)n + HEAD);
	if (!grown)
		return NULL;
	memcpy(grown, &n, sizeof(n));
	return grown + HEAD;
}

static int sqlite_roundup(int n)
{
	return (n + 7) & ~7;
}

static int sqlite_init(void *unused)
{
	(void)unused;
	return SQLITE_OK;
}

static void sqlite_shutdown(void *unused)
{
	(void)unused;
}

bool failing_sqlite(void)
{
	static const sqlite3_mem_methods methods = {
		sqlite_malloc,  sqlite_free, sqlite_realloc,  sqlite_size,
		sqlite_roundup, sqlite_init, sqlite_shutdown, NULL,
	};
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK;
}
